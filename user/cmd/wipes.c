// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/key.h"
#include "user/base/text.h"
#include "user/cmd/interrupt.h"
#include "user/cmd/output.h"
#include "user/cmd/past.h"
#include "user/cmd/wipe_source.h"
#include "user/daemon/daemon.h"
#include "user/view/wipe_report.h"

#define TEXT_CALLERS 25 /* JSON has all */

enum {
	OPT_PID = PW_OPT_OWN,
	OPT_CGROUP,
	OPT_DURATION,
	OPT_SINCE,
	OPT_HISTORY,
	OPT_RELEASES,
	OPT_PROCESS,
	OPT_FUNCTION,
	OPT_VERDICT,
	OPT_READ_BACK,
	OPT_NO_KERNEL,
};

struct wipes {
	struct pw_common common;
	struct pw_wipe_wish wish;
	struct pw_wipe_filter filter;
	struct pw_wipe_tally tally;
	uint64_t duration_ns; /* 0: until interrupted */
	uint64_t since_ns; /* from the history; 0: not asked for */
	const char *history;
	uint64_t limit; /* 0: none */
	struct pw_session *session;
	struct pw_model *past;
	struct pw_output out;
	struct pw_key key; /* of --pid, once it was seen */
	uint64_t printed; /* sequence of the newest event that was printed, or passed over */
	uint64_t shown; /* rows */
};

static const struct pw_model *model_of(const struct wipes *w)
{
	return w->past ? w->past : w->session->model;
}

static bool is_live(const struct wipes *w)
{
	return !w->past && !w->common.input;
}

/* Rows as they come; else one document at the end. */
static bool prints_along(const struct wipes *w)
{
	if (w->past || (w->common.input && w->limit))
		return false;
	return w->common.format != PW_FORMAT_JSON || (is_live(w) && !w->duration_ns);
}

static bool limit_reached(const struct wipes *w)
{
	return w->limit && w->shown >= w->limit;
}

/* ---- printing -------------------------------------------------------------------- */

static int emit(struct wipes *w, bool summary, struct pw_error *err)
{
	struct pw_wipe_report_options opt = {
		.filter = &w->filter,
		.tally = w->past ? NULL : &w->tally,
		.after = w->printed,
		.limit = w->limit ? w->limit - w->shown : 0,
		.no_events = limit_reached(w),
		.no_summary = !summary,
	};
	struct pw_shaped_document d;
	struct pw_wipe_report r;
	int rc = pw_wipe_report_init(&r, model_of(w), &opt);

	if (rc)
		return pw_error_set(err, rc, "no memory for the events");
	w->printed = model_of(w)->wipes.total;
	w->shown += r.tables[PW_WIPES_EVENTS].count;
	pw_wipe_report_document(&r, &d);
	rc = pw_output_emit(&w->out, &d.doc, err);
	pw_wipe_report_deinit(&r);
	return rc;
}

/* The tables below the log: the rows were printed, and the probes are a list for programs. */
static int emit_text_summary(struct wipes *w, struct pw_error *err)
{
	struct pw_wipe_report_options opt = {
		.filter = &w->filter,
		.tally = w->past ? NULL : &w->tally,
		.no_events = true,
		.callers = TEXT_CALLERS,
	};
	struct pw_shaped_document d;
	struct pw_wipe_report r;
	int rc = pw_wipe_report_init(&r, model_of(w), &opt);

	if (rc)
		return pw_error_set(err, rc, "no memory for the summary");
	pw_wipe_report_document(&r, &d);
	d.tables[PW_WIPES_PROBES].count = 0;
	d.doc.tables++;
	d.doc.table_count--;
	w->out.emit.log = false;
	rc = pw_output_emit(&w->out, &d.doc, err);
	pw_wipe_report_deinit(&r);
	return rc;
}

static int take_tick(struct wipes *w, struct pw_error *err)
{
	const struct pw_model *m = w->session->model;

	/* what a daemon's model knows from before is no news */
	if (m->sequence == 1 && is_live(w) && !w->session->source->live)
		w->tally.seen = w->printed = m->wipes.total;
	pw_wipe_tally_add(&w->tally, m, &w->filter);
	if (!prints_along(w) || limit_reached(w))
		return 0;
	if (w->common.format == PW_FORMAT_JSON && m->sequence == 1)
		return 0;
	return emit(w, false, err);
}

static int finish(struct wipes *w, struct pw_error *err)
{
	int rc = 0;

	if (!prints_along(w) || w->common.format == PW_FORMAT_JSON)
		rc = emit(w, w->common.format == PW_FORMAT_JSON, err);
	if (!rc && w->common.format == PW_FORMAT_TEXT)
		rc = emit_text_summary(w, err);
	return rc;
}

/* ---- looking --------------------------------------------------------------------- */

/* Whether the process of --pid lived and has ended. */
static bool target_ended(struct wipes *w)
{
	const struct pw_process *p;

	if (!w->filter.pid || !is_live(w))
		return false;
	if (!w->key.pid) {
		p = pw_model_pid(w->session->model, w->filter.pid);
		if (p && p->alive)
			w->key = p->key;
		return false;
	}
	p = pw_model_process(w->session->model, &w->key);
	return !p || !p->alive;
}

static bool is_done(struct wipes *w)
{
	const struct pw_model *m = w->session->model;

	return pw_interrupted() || limit_reached(w) || target_ended(w) ||
	       (w->duration_ns && m->now_ns >= m->first_ns + w->duration_ns) ||
	       (w->common.count && m->sequence > w->common.count);
}

static int look(struct wipes *w, struct pw_error *err)
{
	enum pw_session_event event = PW_SESSION_TICK;
	int rc;

	do {
		rc = pw_session_next(w->session, &event, err);
		if (!rc && event == PW_SESSION_TICK && is_live(w) && w->session->model->sequence == 1)
			rc = pw_wipe_source_check(w->session, err);
		if (!rc && event == PW_SESSION_TICK)
			rc = take_tick(w, err);
	} while (!rc && event == PW_SESSION_TICK && !is_done(w));
	if (rc || event == PW_SESSION_TICK)
		return rc;
	if (!w->session->model->sequence)
		return pw_error_set(err, -ENODATA, "%s holds no whole interval",
				    w->common.input ? w->common.input : "the source");
	/* interrupted within an interval: what came in it counts */
	if (event == PW_SESSION_WAKE && w->session->source->live)
		rc = pw_session_collect(w->session, err);
	return rc ? rc : take_tick(w, err);
}

static int look_live(struct wipes *w, struct pw_error *err)
{
	int rc = 0;

	if (!w->common.input) {
		rc = pw_wipe_wish_check(&w->wish, "pagewarden wipes --pid", err);
		if (!rc)
			pw_wipe_source_choose(&w->common, &w->wish);
	}
	rc = rc ? rc : pw_session_open(&w->common, &w->session, err);
	return rc ? rc : look(w, err);
}

static int wipes(struct wipes *w, struct pw_error *err)
{
	int rc = pw_output_open(&w->out, &w->common, err), closed;

	if (rc)
		return rc;
	w->out.emit.log = true;
	if (prints_along(w) && w->common.format == PW_FORMAT_JSON)
		pw_output_repeat(&w->out);
	if (w->since_ns)
		rc = pw_past_open(w->history, w->since_ns, NULL, &w->past, err);
	else
		rc = look_live(w, err);
	if (!rc)
		rc = finish(w, err);
	closed = pw_output_close(&w->out, rc ? NULL : err);
	return rc ? rc : closed;
}

/* ---- options --------------------------------------------------------------------- */

static int refused(const struct pw_error *err, const char *option)
{
	return pw_usage_error(&pw_command_wipes, "%s: %s; %s", option, err->what, err->remedy);
}

static int take_read_back(struct wipes *w, const char *text)
{
	uint64_t bytes;

	if (pw_text_parse_size(text, &bytes) || bytes == 0 || bytes > 1u << 30)
		return pw_usage_error(&pw_command_wipes,
				      "--read-back: '%s' is not a size from 1 to 1G", text);
	w->wish.options.read_back_bytes = (uint32_t)bytes;
	return PW_OPTION_TAKEN;
}

static int take_filter(struct wipes *w, int code)
{
	struct pw_error err;

	switch (code) {
	case OPT_PROCESS:
		w->filter.process = optarg;
		return PW_OPTION_TAKEN;
	case OPT_FUNCTION:
		return pw_wipe_filter_functions(&w->filter, optarg, &err) ?
			       refused(&err, "--function") :
			       PW_OPTION_TAKEN;
	case OPT_VERDICT:
		return pw_wipe_filter_verdicts(&w->filter, optarg, &err) ?
			       refused(&err, "--verdict") :
			       PW_OPTION_TAKEN;
	}
	return PW_OPTION_OWN;
}

static int take_option(struct wipes *w, int code)
{
	const struct pw_command *c = &pw_command_wipes;
	bool taken = true;
	uint64_t n;
	int rc = take_filter(w, code);

	if (rc != PW_OPTION_OWN)
		return rc;
	switch (code) {
	case OPT_PID:
		taken = pw_option_number(c, "--pid", optarg, 1, INT32_MAX, &n);
		w->filter.pid = w->wish.options.pid = taken ? (uint32_t)n : 0;
		break;
	case OPT_CGROUP:
		w->wish.cgroup = optarg;
		break;
	case OPT_DURATION:
		taken = pw_option_duration(c, "--duration", optarg, &w->duration_ns);
		break;
	case OPT_SINCE:
		taken = pw_option_duration(c, "--since", optarg, &w->since_ns);
		break;
	case OPT_HISTORY:
		w->history = optarg;
		break;
	case OPT_RELEASES:
		w->wish.options.releases = true;
		break;
	case PW_OPT_LIMIT:
		taken = pw_option_number(c, "--limit", optarg, 1, SIZE_MAX, &w->limit);
		break;
	case OPT_READ_BACK:
		return take_read_back(w, optarg);
	case OPT_NO_KERNEL:
		w->wish.options.no_kernel = true;
		break;
	default:
		return PW_EXIT_USAGE;
	}
	return taken ? PW_OPTION_TAKEN : PW_EXIT_USAGE;
}

/* Options that make no sense together. */
static int check_options(const struct wipes *w)
{
	const struct pw_command *c = &pw_command_wipes;
	bool live_only = w->wish.cgroup || w->wish.options.releases ||
			 w->wish.options.read_back_bytes || w->wish.options.no_kernel ||
			 w->duration_ns;

	if (w->since_ns && w->common.input)
		return pw_usage_error(c, "--since asks the history, --replay a recording: "
					 "give one of them");
	if ((w->since_ns || w->common.input) && live_only)
		return pw_usage_error(c,
				      "--cgroup, --duration, --releases, --read-back and "
				      "--no-kernel say how to look at the live machine; %s has "
				      "what it has",
				      w->since_ns ? "the history" : "a recording");
	return pw_wipe_wish_bounded(&w->wish, c);
}

static int parse(struct wipes *w, int argc, char **argv)
{
	static const struct option options[] = {
		PW_COMMON_LONG_OPTIONS,
		{ "pid", required_argument, NULL, OPT_PID },
		{ "cgroup", required_argument, NULL, OPT_CGROUP },
		{ "duration", required_argument, NULL, OPT_DURATION },
		{ "since", required_argument, NULL, OPT_SINCE },
		{ "history", required_argument, NULL, OPT_HISTORY },
		{ "releases", no_argument, NULL, OPT_RELEASES },
		{ "process", required_argument, NULL, OPT_PROCESS },
		{ "function", required_argument, NULL, OPT_FUNCTION },
		{ "verdict", required_argument, NULL, OPT_VERDICT },
		{ "limit", required_argument, NULL, PW_OPT_LIMIT },
		{ "read-back", required_argument, NULL, OPT_READ_BACK },
		{ "no-kernel", no_argument, NULL, OPT_NO_KERNEL },
		{ NULL, 0, NULL, 0 },
	};
	const struct pw_column *const tables[] = { pw_wipe_columns, NULL };
	int code, rc;

	while ((code = getopt_long(argc, argv, PW_COMMON_SHORT, options, NULL)) != -1) {
		rc = pw_common_option(&w->common, code, argv);
		if (rc == PW_OPTION_OWN)
			rc = take_option(w, code);
		if (rc != PW_OPTION_TAKEN)
			return rc;
	}
	rc = pw_columns_check(&w->common, tables);
	if (rc != PW_OPTION_TAKEN)
		return rc;
	if (optind < argc)
		return pw_usage_error(&pw_command_wipes, "unexpected argument '%s'", argv[optind]);
	return check_options(w);
}

static int run(int argc, char **argv)
{
	struct wipes w = { .history = PW_DAEMON_HISTORY };
	struct pw_error err = { 0 };
	int rc;

	pw_common_init(&w.common, &pw_command_wipes,
		       PW_TAKES_FORMAT | PW_TAKES_OUTPUT | PW_TAKES_COLUMNS | PW_TAKES_PACE |
			       PW_TAKES_REPLAY | PW_TAKES_SOCKET);
	rc = parse(&w, argc, argv);
	if (rc != PW_OPTION_TAKEN)
		return rc;
	rc = wipes(&w, &err);
	rc = pw_session_end(w.session, rc, &err);
	pw_model_destroy(w.past);
	return rc;
}

/* clang-format off */
const struct pw_command pw_command_wipes = {
	.name = "wipes",
	.summary = "Show which buffers programs clear, and whether they cleared them whole",
	.usage = "pagewarden wipes [options]",
	.help =
		"Prints a row for each call of an observed wipe function, with what was read back\n"
		"after it; until Ctrl-C, then the totals, the alerts and what cannot be seen.\n"
		"\n"
		"Options:\n"
		"      --pid PID          of this process alone; ends with it\n"
		"      --cgroup PATH      of this cgroup and those below it alone\n"
		"      --duration TIME    end after this long (5m; a bare number is seconds)\n"
		PW_HELP_PACE
		"      --releases         also frees and munmaps of wiped buffers, so that forgotten\n"
		"                         wipes show; needs --pid or --cgroup\n"
		"      --process TEXT     rows with TEXT in the command or the program's path\n"
		"      --function NAMES   of these functions, such as explicit_bzero,OPENSSL_cleanse\n"
		"      --verdict NAMES    wiped, wiped-in-part, not-wiped, unknown\n"
		"      --limit N          at most N rows\n"
		"      --read-back SIZE   read back at most this much of one range (default 1M)\n"
		"      --no-kernel        leave out kfree_sensitive and kvfree_sensitive\n"
		"      --since TIME       from the daemon's history, so long back (24h, 7d)\n"
		"      --history FILE     that history (default " PW_DAEMON_HISTORY ")\n"
		PW_HELP_REPLAY
		PW_HELP_FORMAT
		PW_HELP_OUTPUT
		PW_HELP_COLUMNS
		PW_HELP_SOCKET
		PW_HELP_HELP
		"\n"
		"JSON is one document at the end with --duration, else one a line for each interval;\n"
		"the last has the summary. Observing needs root, or a daemon with wipes = on.\n"
		"\n"
		"Examples:\n"
		"  pagewarden wipes --duration 10s\n"
		"  pagewarden wipes --pid 4711 --releases\n"
		"  pagewarden wipes --verdict wiped-in-part,not-wiped -f json --duration 1h\n"
		"  pagewarden wipes --since 24h --process openssl\n",
	.run = run,
};
/* clang-format on */
