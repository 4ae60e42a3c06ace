// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/clock.h"
#include "user/cmd/interrupt.h"
#include "user/cmd/output.h"
#include "user/cmd/verdicts.h"
#include "user/view/leak_report.h"

enum {
	OPT_ALL = PW_OPT_OWN,
	OPT_PID,
	OPT_CGROUP,
	OPT_EXIT_CODE,
};

struct leaks {
	struct pw_common common;
	struct pw_verdicts_wish wish;
	struct pw_leak_options options;
	bool watch;
	bool exit_code;
	struct pw_verdicts verdicts;
	struct pw_output out;
	uint64_t printed;
	/* of the last document */
	size_t suspects;
	bool too_little; /* was seen for any verdict */
};

/* ---- printing ----------------------------------------------------------------------- */

/* A PID of nobody: neither is there such a process, nor was one seen. */
static bool is_stranger(const struct pw_leak_material *m, uint32_t pid)
{
	const struct pw_trends_query q = { .all = true, .pid = pid, .limit = 1 };
	struct pw_suspect *rows = NULL;
	size_t count = 0;

	for (size_t i = 0; pid && i < m->event_count; i++) {
		if (m->events[i]->subject.key.pid == pid)
			return false;
	}
	if (!pid || pw_model_pid(m->model, pid) || pw_trends_suspects(m->trends, &q, &rows, &count))
		return false;
	free(rows);
	return !count;
}

/* A process that has ended: its changes are what there is. */
static bool is_remembered(const struct pw_leak_material *m, uint32_t pid)
{
	const struct pw_process *p = pid ? pw_model_pid(m->model, pid) : NULL;

	return pid && (!p || !p->alive);
}

static int emit(struct leaks *l, struct pw_error *err)
{
	bool text = l->common.format == PW_FORMAT_TEXT;
	struct pw_leak_options options = l->options;
	struct pw_leak_material material;
	struct pw_shaped_document d;
	struct pw_leak_report r;
	int rc = pw_verdicts_material(&l->verdicts, &material);

	if (!rc && is_stranger(&material, options.pid))
		return pw_verdicts_nobody(&l->verdicts, options.pid, err);
	if (!l->wish.since_ns && !is_remembered(&material, options.pid))
		material.event_count = 0; /* nobody asked for the past */
	rc = rc ? rc : pw_leak_report_init(&r, &material, &options);
	if (rc)
		return pw_error_set(err, rc, "no memory for the series");
	pw_leak_report_document(&r, text && !l->out.emit.columns, &d);
	rc = pw_output_emit(&l->out, &d.doc, err);
	l->printed++;
	l->suspects = r.suspects_shown;
	l->too_little = pw_leak_too_little(&r.header);
	pw_leak_report_deinit(&r);
	return rc;
}

static int print_each(struct leaks *l, struct pw_error *err)
{
	bool more = true;
	int rc = 0;

	while (!rc && more && (!l->common.count || l->printed < l->common.count)) {
		rc = emit(l, err);
		if (rc || !l->watch)
			break;
		rc = pw_verdicts_next(&l->verdicts, &more, err);
	}
	return rc;
}

static int leaks(struct leaks *l, struct pw_error *err)
{
	int rc = pw_output_open(&l->out, &l->common, err), closed;

	if (rc)
		return rc;
	if (l->watch && l->common.count != 1)
		pw_output_repeat(&l->out);
	rc = pw_verdicts_open(&l->verdicts, &l->common, &l->wish, err);
	if (!rc)
		rc = print_each(l, err);
	closed = pw_output_close(&l->out, rc ? NULL : err);
	return rc ? rc : closed;
}

/* ---- options -------------------------------------------------------------------------- */

static int take_watch(struct leaks *l)
{
	l->watch = true;
	l->common.interval_given = true;
	return pw_option_duration(&pw_command_leaks, "--watch", optarg, &l->common.interval_ns) ?
		       PW_OPTION_TAKEN :
		       PW_EXIT_USAGE;
}

static int take_option(struct leaks *l, int code)
{
	const struct pw_command *c = &pw_command_leaks;
	uint64_t n = 0;

	switch (code) {
	case 'w':
		return take_watch(l);
	case 'a':
		l->options.all = true;
		return PW_OPTION_TAKEN;
	case OPT_EXIT_CODE:
		l->exit_code = true;
		return PW_OPTION_TAKEN;
	case OPT_CGROUP:
		if (optarg[0] != '/')
			return pw_usage_error(c,
					      "--cgroup: '%s' is no path below /sys/fs/cgroup such as "
					      "/system.slice/nginx.service",
					      optarg);
		l->options.cgroup = optarg;
		return PW_OPTION_TAKEN;
	case OPT_PID:
		if (!pw_option_number(c, "--pid", optarg, 1, INT32_MAX, &n))
			return PW_EXIT_USAGE;
		l->options.pid = (uint32_t)n;
		return PW_OPTION_TAKEN;
	case PW_OPT_LIMIT:
		if (!pw_option_number(c, "--limit", optarg, 1, SIZE_MAX, &n))
			return PW_EXIT_USAGE;
		l->options.limit = (size_t)n;
		return PW_OPTION_TAKEN;
	}
	return pw_verdicts_option(c, &l->wish, code);
}

static int parse(struct leaks *l, int argc, char **argv)
{
	static const struct option options[] = {
		PW_COMMON_LONG_OPTIONS,
		PW_VERDICTS_LONG_OPTIONS,
		{ "all", no_argument, NULL, 'a' },
		{ "pid", required_argument, NULL, OPT_PID },
		{ "cgroup", required_argument, NULL, OPT_CGROUP },
		{ "limit", required_argument, NULL, PW_OPT_LIMIT },
		{ "watch", required_argument, NULL, 'w' },
		{ "exit-code", no_argument, NULL, OPT_EXIT_CODE },
		{ NULL, 0, NULL, 0 },
	};
	const struct pw_column *const tables[] = { pw_leak_columns, NULL };
	int code, rc;

	while ((code = getopt_long(argc, argv, PW_COMMON_SHORT "aw:", options, NULL)) != -1) {
		rc = pw_common_option(&l->common, code, argv);
		if (rc == PW_OPTION_OWN)
			rc = take_option(l, code);
		if (rc != PW_OPTION_TAKEN)
			return rc == PW_OPTION_OWN ? PW_EXIT_USAGE : rc;
	}
	rc = pw_columns_check(&l->common, tables);
	if (rc != PW_OPTION_TAKEN)
		return rc;
	if (optind < argc)
		return pw_usage_error(&pw_command_leaks, "unexpected argument '%s'", argv[optind]);
	if (l->watch && l->common.input)
		return pw_usage_error(&pw_command_leaks, "--watch looks at what goes on, --replay at "
							 "what is over: give one of them");
	return pw_verdicts_check(&pw_command_leaks, &l->wish, &l->common);
}

/* With --exit-code: whether somebody should look. */
static int exit_code(const struct leaks *l, int code)
{
	if (!l->exit_code || code != PW_EXIT_OK)
		return code;
	if (l->suspects)
		return PW_EXIT_SUSPECTS;
	return l->too_little ? PW_EXIT_DEGRADED : PW_EXIT_OK;
}

static int run(int argc, char **argv)
{
	struct leaks l = { 0 };
	struct pw_error err = { 0 };
	int rc;

	pw_verdicts_wish_init(&l.wish);
	pw_common_init(&l.common, &pw_command_leaks,
		       PW_TAKES_FORMAT | PW_TAKES_OUTPUT | PW_TAKES_COLUMNS | PW_TAKES_PACE |
			       PW_TAKES_REPLAY | PW_TAKES_SOCKET);
	rc = parse(&l, argc, argv);
	if (rc != PW_OPTION_TAKEN)
		return rc;
	rc = leaks(&l, &err);
	pw_verdicts_deinit(&l.verdicts);
	return exit_code(&l, pw_session_end(l.verdicts.session, rc, &err));
}

/* clang-format off */
const struct pw_command pw_command_leaks = {
	.name = "leaks",
	.summary = "Show whose memory grows as leaks grow, how sure that is, and why",
	.usage = "pagewarden leaks [options]",
	.help =
		"The suspects, the nearest to its limit first: which memory of which process or group,\n"
		"how fast it grows, when its limit is reached, and the sentence that decided. Asks the\n"
		"daemon, else its history; without either it watches by itself, which takes hours for\n"
		"a verdict worth having.\n"
		"\n"
		"Options:\n"
		"  -a, --all              also what is no suspect, and why not\n"
		"      --pid PID          of this process and its group alone\n"
		"      --cgroup PATH      of this cgroup and those below it alone\n"
		"      --limit N          at most N rows\n"
		"  -w, --watch TIME       again and again, after this time\n"
		PW_HELP_PACE
		PW_HELP_VERDICTS
		"      --exit-code        end with 7 when there are suspects, with 6 when too little was\n"
		"                         seen for any verdict; for cron and scripts\n"
		PW_HELP_REPLAY
		PW_HELP_FORMAT
		PW_HELP_OUTPUT
		PW_HELP_COLUMNS
		PW_HELP_SOCKET
		PW_HELP_HELP
		"\n"
		"A suspect is a suspicion, no proof: docs/leaks.md tells how to read a verdict.\n"
		"\n"
		"Examples:\n"
		"  pagewarden leaks\n"
		"  pagewarden leaks --all --pid 4711\n"
		"  pagewarden leaks --cgroup /system.slice --since 24h\n"
		"  pagewarden leaks --format json --limit 20\n"
		"  pagewarden leaks --duration 20m --time-scale 60\n"
		"  pagewarden leaks --replay monday.pwr --all\n",
	.run = run,
};
/* clang-format on */
