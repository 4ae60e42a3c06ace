// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "user/cmd/interrupt.h"
#include "user/cmd/live.h"
#include "user/cmd/session.h"
#include "user/cmd/verdicts.h"
#include "user/cmd/views.h"

enum {
	OPT_TREE = PW_OPT_OWN,
	OPT_SPEED,
};

struct top {
	struct pw_common common;
	struct pw_view_args args;
	struct pw_view_request request;
	bool groups;
	bool tree;
	double speed; /* of a recording, on a terminal */
	struct pw_session *session;
};

/* ---- without a terminal ----------------------------------------------------------- */

static int print_each_interval(struct top *t, struct pw_output *out, struct pw_error *err)
{
	uint64_t printed = 0;
	int rc = 0;

	while (!rc && (!t->common.count || printed < t->common.count)) {
		enum pw_session_event event;

		rc = pw_session_next(t->session, &event, err);
		if (rc || event != PW_SESSION_TICK)
			break;
		if (t->session->model->sequence < 2)
			continue; /* the first tick has no interval behind it, hence no rates */
		rc = pw_view_print(&t->request, t->session->model, out, err);
		printed++;
	}
	/* a recording of one tick still shows what it has */
	if (!rc && !printed && t->session->ended && t->session->model->sequence)
		rc = pw_view_print(&t->request, t->session->model, out, err);
	return rc;
}

static int print(struct top *t, struct pw_error *err)
{
	struct pw_output out;
	int rc = pw_output_open(&out, &t->common, err), closed;

	if (rc)
		return rc;
	if (t->common.count != 1)
		pw_output_repeat(&out);
	if (t->session->why.what[0])
		pw_error_print(&t->session->why, stderr);
	rc = print_each_interval(t, &out, err);
	closed = pw_output_close(&out, rc ? NULL : err);
	return rc ? rc : closed;
}

/* ---- options ----------------------------------------------------------------------- */

static bool on_terminal(const struct top *t)
{
	return !t->common.format_given && !t->common.output && !t->common.count &&
	       isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
}

static int show(struct top *t, struct pw_error *err)
{
	int rc = pw_session_open(&t->common, &t->session, err);

	rc = rc ? rc : pw_verdicts_along(t->session, &t->common, err);
	if (rc)
		return rc;
	if (!on_terminal(t))
		return print(t, err);
	pw_session_set_speed(t->session, t->speed);
	t->request.list.tree = t->tree;
	return pw_live_run(t->session,
			   &(struct pw_live_options){ .list = t->request.list,
						      .columns = t->common.columns },
			   err);
}

static int take_option(struct top *t, int code)
{
	switch (code) {
	case 'g':
		t->groups = true;
		return PW_OPTION_TAKEN;
	case OPT_TREE:
		t->tree = true;
		return PW_OPTION_TAKEN;
	case OPT_SPEED:
		return pw_option_speed(&pw_command_top, optarg, &t->speed) ? PW_OPTION_TAKEN :
									     PW_EXIT_USAGE;
	}
	return pw_view_option(&pw_command_top, &t->args, code);
}

static int parse(struct top *t, int argc, char **argv)
{
	static const struct option options[] = {
		PW_COMMON_LONG_OPTIONS,
		PW_VIEW_LONG_OPTIONS,
		{ "groups", no_argument, NULL, 'g' },
		{ "tree", no_argument, NULL, OPT_TREE },
		{ "speed", required_argument, NULL, OPT_SPEED },
		{ NULL, 0, NULL, 0 },
	};
	const struct pw_column *tables[2] = { NULL };
	enum pw_view view;
	int code, rc;

	while ((code = getopt_long(argc, argv, PW_COMMON_SHORT "g", options, NULL)) != -1) {
		rc = pw_common_option(&t->common, code, argv);
		if (rc == PW_OPTION_OWN)
			rc = take_option(t, code);
		if (rc != PW_OPTION_TAKEN)
			return rc;
	}
	if (optind < argc)
		return pw_usage_error(&pw_command_top, "unexpected argument '%s'", argv[optind]);
	view = t->groups ? PW_VIEW_GROUPS : PW_VIEW_PROCESSES;
	tables[0] = pw_view_columns(view);
	rc = pw_columns_check(&t->common, tables);
	if (rc == PW_OPTION_TAKEN)
		rc = pw_view_request_init(&t->request, &pw_command_top, view, &t->args);
	return rc;
}

static int run(int argc, char **argv)
{
	struct top t = { .speed = 1 };
	struct pw_error err = { 0 };
	int rc;

	pw_common_init(&t.common, &pw_command_top,
		       PW_TAKES_FORMAT | PW_TAKES_OUTPUT | PW_TAKES_COLUMNS | PW_TAKES_PACE |
			       PW_TAKES_REPLAY | PW_TAKES_SOURCE);
	rc = parse(&t, argc, argv);
	if (rc != PW_OPTION_TAKEN)
		return rc;
	rc = show(&t, &err);
	return pw_session_end(t.session, rc, &err);
}

const struct pw_command pw_command_top = {
	.name = "top",
	.summary = "Show which process holds and gains how much memory, live",
	.usage = "pagewarden top [options]",
	.help = "On a terminal a screen that keys steer ('h' lists them). Without one, or with\n"
		"--format, --output or --count, the table once an interval.\n"
		"\n"
		"Options:\n"
		"  -g, --groups           one row for all processes of a program in a cgroup\n"
		"      --tree             below the cgroups they run in (terminal)\n"
		"      --speed X          play a recording X times as fast as it was (terminal)\n" PW_HELP_VIEW
			PW_HELP_FORMAT PW_HELP_OUTPUT PW_HELP_COLUMNS PW_HELP_PACE PW_HELP_REPLAY
				PW_HELP_SOURCE PW_HELP_HELP "\n"
		"Examples:\n"
		"  pagewarden top\n"
		"  pagewarden top --groups --sort growth_10m_bytes_per_minute\n"
		"  pagewarden top --count 1 --limit 10\n"
		"  pagewarden top --format json --interval 10s --filter nginx.service\n"
		"  pagewarden top --replay monday.pwr --speed 60\n",
	.run = run,
};
