// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "user/base/clock.h"
#include "user/base/procfs.h"
#include "user/cmd/live.h"
#include "user/cmd/pid.h"
#include "user/cmd/session.h"
#include "user/cmd/verdicts.h"
#include "user/cmd/views.h"
#include "user/view/tables.h"

enum {
	OPT_SMAPS = PW_OPT_OWN,
	OPT_VMAS,
	OPT_TIMELINE,
};

struct inspect {
	struct pw_common common;
	uint32_t pid;
	struct pw_key key; /* whose view it is: a reused PID has another start */
	bool watch;
	bool timeline;
	unsigned int flags; /* PW_SEGMENT_* */
	struct pw_procfs fs;
	struct pw_session *session;
};

/* ---- which process ------------------------------------------------------------------ */

static int not_there(const struct inspect *in, struct pw_error *err)
{
	if (in->common.input)
		return pw_error_set(err, -ESRCH, "%s knows no process %u", in->common.input, in->pid);
	return pw_pid_not_there(&in->fs, in->pid, err);
}

static void describe_end(const struct pw_process *p, char *out, size_t size)
{
	if (!p->exit_ns)
		snprintf(out, size, "it has ended");
	else if (WIFSIGNALED(p->exit_code))
		snprintf(out, size, "it was ended by signal %d%s", WTERMSIG(p->exit_code),
			 p->oom_killed ? " (out of memory)" : "");
	else
		snprintf(out, size, "it has ended with status %d", WEXITSTATUS(p->exit_code));
}

/* The process, alive; -ESRCH with the sentence that tells what became of it. */
static int find(const struct inspect *in, const struct pw_process **ret, struct pw_error *err)
{
	const struct pw_model *m = in->session->model;
	const struct pw_process *now = pw_model_pid(m, in->pid);
	const struct pw_process *p = in->key.pid ? pw_model_process(m, &in->key) : now;
	char end[96];

	if (!p)
		return not_there(in, err);
	if (p->alive || in->common.input) {
		*ret = p;
		return 0;
	}
	describe_end(p, end, sizeof(end));
	pw_error_set(err, -ESRCH, "process %u is gone: %s", in->pid, end);
	if (now && now != p && now->alive)
		pw_error_remedy(err, "its PID belongs to another process now, which started later");
	return -ESRCH;
}

/* ---- looking -------------------------------------------------------------------------- */

static int look(struct inspect *in, const struct pw_process *p, struct pw_error *err)
{
	int rc;

	if (in->common.input) {
		if (!p->segments)
			fprintf(stderr, "pagewarden: %s holds no segment view of process %u\n",
				in->common.input, in->pid);
		return 0;
	}
	rc = pw_session_segments(in->session, &p->key, in->flags, err);
	if (rc == -ESRCH)
		pw_error_set(err, rc, "process %u is gone: it ended while it was looked at", in->pid);
	return rc;
}

static int show(struct inspect *in, struct pw_output *out, struct pw_error *err)
{
	const struct pw_process *p;
	int rc = find(in, &p, err);

	if (rc)
		return rc;
	in->key = p->key;
	rc = look(in, p, err);
	if (rc)
		return rc;
	return pw_view_print_inspect(&(struct pw_inspect_request){ .process = p,
								   .timeline = in->timeline },
				     in->session->model, out, err);
}

/* Once after the first tick (a recording: at its end), or after each. */
static int print_views(struct inspect *in, struct pw_output *out, struct pw_error *err)
{
	uint64_t printed = 0;
	int rc = 0;

	while (!rc && (!in->common.count || printed < in->common.count)) {
		enum pw_session_event event;

		rc = pw_session_next(in->session, &event, err);
		if (rc || event == PW_SESSION_WAKE)
			return rc;
		if (event == PW_SESSION_END)
			return printed || in->watch ? 0 : show(in, out, err);
		if (in->common.input && !in->watch)
			continue;
		rc = show(in, out, err);
		printed++;
		if (!in->watch)
			break;
	}
	return rc;
}

static int print(struct inspect *in, struct pw_error *err)
{
	struct pw_output out;
	int rc = pw_output_open(&out, &in->common, err), closed;

	if (rc)
		return rc;
	if (in->watch && in->common.count != 1)
		pw_output_repeat(&out);
	rc = print_views(in, &out, err);
	closed = pw_output_close(&out, rc ? NULL : err);
	return rc ? rc : closed;
}

/* On the terminal: the first tick tells which process has this PID. */
static int live(struct inspect *in, struct pw_error *err)
{
	enum pw_session_event event;
	const struct pw_process *p = NULL;
	int rc = pw_session_next(in->session, &event, err);

	while (!rc && event == PW_SESSION_TICK && in->common.input &&
	       !pw_model_pid(in->session->model, in->pid))
		rc = pw_session_next(in->session, &event, err);
	if (rc || event == PW_SESSION_WAKE)
		return rc;
	rc = find(in, &p, err);
	if (rc)
		return rc;
	in->key = p->key;
	pw_session_set_speed(in->session, 1);
	return pw_live_run(in->session,
			   &(struct pw_live_options){ .process = &in->key,
						      .segment_flags = in->flags,
						      .list = { .descending = true } },
			   err);
}

static bool on_terminal(const struct inspect *in)
{
	return !in->common.format_given && !in->common.output && !in->common.count &&
	       !in->common.columns && !in->timeline && isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
}

static int inspect(struct inspect *in, struct pw_error *err)
{
	int rc;

	pw_procfs_init(&in->fs, in->common.source.root);
	rc = in->common.input ? 0 : pw_pid_check(&in->fs, in->pid, "pagewarden inspect", err);
	if (rc)
		return rc;
	/* one look at one process loads no BPF program for it */
	if (!in->watch && !on_terminal(in))
		in->common.source.only_pid = in->pid;
	rc = pw_session_open(&in->common, &in->session, err);
	rc = rc ? rc : pw_verdicts_along(in->session, &in->common, err);
	if (rc)
		return rc;
	return on_terminal(in) ? live(in, err) : print(in, err);
}

/* ---- options ---------------------------------------------------------------------------- */

static int take_option(struct inspect *in, int code)
{
	switch (code) {
	case 'w':
		in->watch = true;
		in->common.interval_given = true;
		return pw_option_duration(&pw_command_inspect, "--watch", optarg,
					  &in->common.interval_ns) ?
			       PW_OPTION_TAKEN :
			       PW_EXIT_USAGE;
	case OPT_SMAPS:
		in->flags |= PW_SEGMENT_SMAPS;
		return PW_OPTION_TAKEN;
	case OPT_VMAS:
		in->flags |= PW_SEGMENT_EACH_VMA;
		return PW_OPTION_TAKEN;
	case OPT_TIMELINE:
		in->timeline = true;
		return PW_OPTION_TAKEN;
	}
	return PW_EXIT_USAGE;
}

static int parse(struct inspect *in, int argc, char **argv)
{
	static const struct option options[] = {
		PW_COMMON_LONG_OPTIONS,
		{ "watch", required_argument, NULL, 'w' },
		{ "smaps", no_argument, NULL, OPT_SMAPS },
		{ "vmas", no_argument, NULL, OPT_VMAS },
		{ "timeline", no_argument, NULL, OPT_TIMELINE },
		{ NULL, 0, NULL, 0 },
	};
	const struct pw_column *const tables[] = { pw_segment_columns, pw_process_columns, NULL };
	uint64_t pid;
	int code, rc;

	while ((code = getopt_long(argc, argv, PW_COMMON_SHORT "w:", options, NULL)) != -1) {
		rc = pw_common_option(&in->common, code, argv);
		if (rc == PW_OPTION_OWN)
			rc = take_option(in, code);
		if (rc != PW_OPTION_TAKEN)
			return rc;
	}
	rc = pw_columns_check(&in->common, tables);
	if (rc != PW_OPTION_TAKEN)
		return rc;
	if (optind + 1 != argc)
		return pw_usage_error(&pw_command_inspect, optind < argc ?
								   "one process at a time" :
								   "which process? Give its PID");
	if (!pw_option_number(&pw_command_inspect, "PID", argv[optind], 1, INT32_MAX, &pid))
		return PW_EXIT_USAGE;
	in->pid = (uint32_t)pid;
	return PW_OPTION_TAKEN;
}

static int run(int argc, char **argv)
{
	struct inspect in = { 0 };
	struct pw_error err = { 0 };
	int rc;

	pw_common_init(&in.common, &pw_command_inspect,
		       PW_TAKES_FORMAT | PW_TAKES_OUTPUT | PW_TAKES_COLUMNS | PW_TAKES_COUNT |
			       PW_TAKES_REPLAY | PW_TAKES_SOURCE);
	rc = parse(&in, argc, argv);
	if (rc != PW_OPTION_TAKEN)
		return rc;
	rc = inspect(&in, &err);
	return pw_session_end(in.session, rc, &err);
}

const struct pw_command pw_command_inspect = {
	.name = "inspect",
	.summary = "Show the segments of one process: what is where, and what grows",
	.usage = "pagewarden inspect [options] PID",
	.help = "On a terminal live, with the growth since it was opened; else once.\n"
		"\n"
		"Options:\n"
		"  -w, --watch TIME       again and again, after this time; growth since the first\n" PW_HELP_COUNT
		"      --smaps            read smaps: dirty pages too; stalls a big process\n"
		"      --vmas             a row for each mapping, not for each segment\n"
		"      --timeline         print the footprint's history too\n" PW_HELP_FORMAT PW_HELP_OUTPUT
			PW_HELP_COLUMNS PW_HELP_REPLAY PW_HELP_SOURCE PW_HELP_HELP "\n"
		"Without root: processes of one's own, seen through /proc.\n"
		"\n"
		"Examples:\n"
		"  pagewarden inspect 4711\n"
		"  pagewarden inspect 4711 --watch 10s --format csv -o segments.csv\n"
		"  pagewarden inspect 4711 --columns kind,rss_bytes,name | sort\n"
		"  pagewarden inspect --replay monday.pwr 4711\n",
	.run = run,
};
