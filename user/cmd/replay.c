// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/clock.h"
#include "user/cmd/interrupt.h"
#include "user/cmd/session.h"
#include "user/cmd/verdicts.h"
#include "user/cmd/views.h"

enum {
	OPT_VIEW = PW_OPT_OWN,
	OPT_AT,
	OPT_TICK,
	OPT_SPEED,
	OPT_PID,
};

struct replay {
	struct pw_common common;
	struct pw_view_args args;
	struct pw_view_request request;
	enum pw_view view;
	uint32_t pid; /* 0: all */
	const char *at; /* a time of day, or a duration since the first tick */
	uint64_t tick; /* 0: none */
	double speed; /* 0: as fast as it reads */
	struct pw_session *session;
	struct pw_output out;
	uint64_t printed;
};

/* ---- where to stop --------------------------------------------------------------- */

static bool prints_along(const struct replay *r)
{
	return !r->at && !r->tick && (r->speed > 0 || r->common.interval_given || r->common.count);
}

/* Whether the interval in the model is the one that --at or --tick names. */
static bool is_there(const struct replay *r)
{
	const struct pw_model *m = r->session->model;
	uint64_t ns;

	if (r->tick)
		return m->tick.sequence >= r->tick;
	if (!r->at)
		return false;
	if (pw_clock_parse_duration(r->at, &ns) == 0)
		return m->now_ns >= m->first_ns + ns;
	return pw_clock_parse_rfc3339(r->at, &ns) == 0 && pw_model_realtime(m, m->now_ns) >= ns;
}

static int not_reached(const struct replay *r, struct pw_error *err)
{
	const struct pw_model *m = r->session->model;
	char first[PW_RFC3339_LEN], last[PW_RFC3339_LEN];

	if (!m->sequence)
		return pw_error_set(err, -ENOENT, "%s holds no whole interval", r->common.input);
	if (!r->at && !r->tick)
		return 0;
	pw_error_set(err, -ENOENT, "%s ends before that: %" PRIu64 " ticks from %s to %s",
		     r->common.input, m->sequence,
		     pw_clock_rfc3339(pw_model_realtime(m, m->first_ns), first),
		     pw_clock_rfc3339(pw_model_realtime(m, m->now_ns), last));
	return -ENOENT;
}

/* ---- the run --------------------------------------------------------------------- */

static int print(struct replay *r, struct pw_error *err)
{
	r->printed++;
	return pw_view_print(&r->request, r->session->model, &r->out, err);
}

static int play(struct replay *r, struct pw_error *err)
{
	bool along = prints_along(r), there = false;
	int rc = 0;

	while (!rc && !there && !pw_interrupted()) {
		enum pw_session_event event;

		rc = pw_session_next(r->session, &event, err);
		if (rc || event != PW_SESSION_TICK)
			break;
		there = is_there(r);
		/* the first tick has no interval behind it, hence no rates */
		if (along && r->session->model->sequence > 1)
			rc = print(r, err);
		there |= r->common.count && r->printed == r->common.count;
	}
	if (!rc && !there)
		rc = not_reached(r, err);
	if (!rc && !r->printed)
		rc = print(r, err);
	return rc;
}

static int check_pid(const struct replay *r, struct pw_error *err)
{
	if (!r->pid || pw_model_pid(r->session->model, r->pid))
		return 0;
	return pw_error_set(err, -ESRCH, "%s knows no process %u", r->common.input, r->pid);
}

static int replay(struct replay *r, struct pw_error *err)
{
	int rc = pw_session_open(&r->common, &r->session, err);
	int closed;

	rc = rc ? rc : pw_verdicts_along(r->session, &r->common, err);

	if (rc)
		return rc;
	pw_session_set_speed(r->session, r->speed);
	rc = pw_output_open(&r->out, &r->common, err);
	if (rc)
		return rc;
	if (prints_along(r) && r->common.count != 1)
		pw_output_repeat(&r->out);
	rc = play(r, err);
	if (!rc)
		rc = check_pid(r, err);
	closed = pw_output_close(&r->out, rc ? NULL : err);
	return rc ? rc : closed;
}

/* ---- options --------------------------------------------------------------------- */

static int take_view(struct replay *r, const char *word)
{
	for (r->view = 0; r->view < PW_VIEWS; r->view++) {
		if (strcmp(pw_view_names[r->view], word) == 0)
			return PW_OPTION_TAKEN;
	}
	return pw_usage_error(&pw_command_replay,
			      "--view: '%s' is not processes, groups, segments, events or machine",
			      word);
}

static int take_at(struct replay *r, const char *text)
{
	uint64_t ns;

	if (pw_clock_parse_duration(text, &ns) && pw_clock_parse_rfc3339(text, &ns))
		return pw_usage_error(&pw_command_replay,
				      "--at: '%s' is neither a time such as 2026-01-31T23:59:59Z nor "
				      "one since the start such as 90s",
				      text);
	r->at = text;
	return PW_OPTION_TAKEN;
}

static int take_number(const char *name, uint64_t max, uint64_t *ret)
{
	return pw_option_number(&pw_command_replay, name, optarg, 1, max, ret) ? PW_OPTION_TAKEN :
										 PW_EXIT_USAGE;
}

static int take_option(struct replay *r, int code)
{
	uint64_t pid;
	int rc;

	switch (code) {
	case OPT_VIEW:
		return take_view(r, optarg);
	case OPT_AT:
		return take_at(r, optarg);
	case OPT_SPEED:
		return pw_option_speed(&pw_command_replay, optarg, &r->speed) ? PW_OPTION_TAKEN :
										PW_EXIT_USAGE;
	case OPT_TICK:
		return take_number("--tick", UINT64_MAX, &r->tick);
	case OPT_PID:
		rc = take_number("--pid", INT32_MAX, &pid);
		r->pid = rc == PW_OPTION_TAKEN ? (uint32_t)pid : 0;
		return rc;
	}
	return pw_view_option(&pw_command_replay, &r->args, code);
}

static int parse(struct replay *r, int argc, char **argv)
{
	static const struct option options[] = {
		PW_COMMON_LONG_OPTIONS,
		PW_VIEW_LONG_OPTIONS,
		{ "view", required_argument, NULL, OPT_VIEW },
		{ "at", required_argument, NULL, OPT_AT },
		{ "tick", required_argument, NULL, OPT_TICK },
		{ "speed", required_argument, NULL, OPT_SPEED },
		{ "pid", required_argument, NULL, OPT_PID },
		{ NULL, 0, NULL, 0 },
	};
	const struct pw_column *tables[2] = { NULL };
	int code, rc;

	while ((code = getopt_long(argc, argv, PW_COMMON_SHORT, options, NULL)) != -1) {
		rc = pw_common_option(&r->common, code, argv);
		if (rc == PW_OPTION_OWN)
			rc = take_option(r, code);
		if (rc != PW_OPTION_TAKEN)
			return rc;
	}
	tables[0] = pw_view_columns(r->view);
	rc = pw_columns_check(&r->common, tables);
	if (rc == PW_OPTION_TAKEN)
		rc = pw_view_request_init(&r->request, &pw_command_replay, r->view, &r->args);
	if (rc != PW_OPTION_TAKEN)
		return rc;
	r->request.pid = r->pid;
	if (optind + 1 != argc)
		return pw_usage_error(&pw_command_replay, optind < argc ?
								  "one recording at a time" :
								  "which recording? Give its FILE");
	r->common.input = argv[optind];
	return PW_OPTION_TAKEN;
}

static int run(int argc, char **argv)
{
	struct replay r = { .view = PW_VIEW_PROCESSES };
	struct pw_error err = { 0 };
	int rc;

	pw_common_init(&r.common, &pw_command_replay,
		       PW_TAKES_FORMAT | PW_TAKES_OUTPUT | PW_TAKES_COLUMNS | PW_TAKES_PACE);
	rc = parse(&r, argc, argv);
	if (rc != PW_OPTION_TAKEN)
		return rc;
	rc = replay(&r, &err);
	return pw_session_end(r.session, rc, &err);
}

const struct pw_command pw_command_replay = {
	.name = "replay",
	.summary = "Show a recording as the live machine would have been shown",
	.usage = "pagewarden replay [options] FILE",
	.help = "Without --interval, --count or --speed: the state at the end, or at --at or --tick.\n"
		"With one of them: a document for each interval.\n"
		"\n"
		"Options:\n"
		"      --view VIEW        processes, groups, segments, events or machine\n"
		"      --at TIME          stop there: 2026-01-31T23:59:59Z, or 90s since the start\n"
		"      --tick N           stop at this tick\n"
		"      --speed X          X times as fast as it was; 0: as fast as it reads\n"
		"      --pid PID          segments and events of this process alone\n" PW_HELP_VIEW
			PW_HELP_FORMAT PW_HELP_OUTPUT PW_HELP_COLUMNS PW_HELP_PACE PW_HELP_HELP "\n"
		"A damaged file shows what is whole, says so, and ends with exit code 5.\n"
		"\n"
		"Examples:\n"
		"  pagewarden replay monday.pwr\n"
		"  pagewarden replay monday.pwr --view segments --pid 4711 --at 10m\n"
		"  pagewarden replay monday.pwr --view groups --interval 1m --format json\n",
	.run = run,
};
