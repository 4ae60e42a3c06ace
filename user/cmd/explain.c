// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <getopt.h>
#include <string.h>

#include "user/cmd/output.h"
#include "user/cmd/verdicts.h"
#include "user/view/leak_report.h"

enum {
	OPT_GROUP = PW_OPT_OWN,
	OPT_CGROUP,
	OPT_SERIES,
};

struct explain {
	struct pw_common common;
	struct pw_verdicts_wish wish;
	struct pw_explain_target target;
	struct pw_verdicts verdicts;
};

/* ---- printing ----------------------------------------------------------------------- */

static int emit(struct explain *e, struct pw_output *out, struct pw_error *err)
{
	bool text = e->common.format == PW_FORMAT_TEXT;
	struct pw_leak_material material;
	struct pw_shaped_document d;
	struct pw_explain_report r;
	int rc = pw_verdicts_material(&e->verdicts, &material);

	if (rc)
		return pw_error_set(err, rc, "no memory for the verdicts");
	rc = pw_explain_report_init(&r, &material, &e->target, err);
	if (rc == -ESRCH && e->target.pid && e->target.kind < 0)
		return pw_verdicts_nobody(&e->verdicts, e->target.pid, err);
	if (rc)
		return rc;
	pw_explain_report_document(&r, text && !out->emit.columns, out->emit.ascii, &d);
	rc = pw_output_emit(out, &d.doc, err);
	pw_explain_report_deinit(&r);
	return rc;
}

static int explain(struct explain *e, struct pw_error *err)
{
	struct pw_output out;
	int rc = pw_output_open(&out, &e->common, err), closed;

	if (rc)
		return rc;
	rc = pw_verdicts_open(&e->verdicts, &e->common, &e->wish, err);
	if (!rc)
		rc = emit(e, &out, err);
	closed = pw_output_close(&out, rc ? NULL : err);
	return rc ? rc : closed;
}

/* ---- options -------------------------------------------------------------------------- */

static int take_series(struct explain *e, const char *word)
{
	for (int kind = 0; kind < PW_SERIES_KINDS; kind++) {
		if (strcmp(pw_series_names[kind], word) == 0) {
			e->target.kind = kind;
			return PW_OPTION_TAKEN;
		}
	}
	return pw_usage_error(&pw_command_explain,
			      "--series: '%s' is not anon, heap, mapped, stack, threads, shmem, "
			      "page-tables, open-files or kernel",
			      word);
}

static int take_option(struct explain *e, int code)
{
	switch (code) {
	case OPT_GROUP:
		if (!optarg[0])
			return pw_usage_error(&pw_command_explain, "--group: which program?");
		e->target.exe = optarg;
		return PW_OPTION_TAKEN;
	case OPT_CGROUP:
		if (optarg[0] != '/')
			return pw_usage_error(&pw_command_explain,
					      "--cgroup: '%s' is no path below /sys/fs/cgroup such as "
					      "/system.slice/nginx.service",
					      optarg);
		e->target.cgroup = optarg;
		return PW_OPTION_TAKEN;
	case OPT_SERIES:
		return take_series(e, optarg);
	}
	return pw_verdicts_option(&pw_command_explain, &e->wish, code);
}

static int take_pid(struct explain *e, int argc, char **argv)
{
	const struct pw_command *c = &pw_command_explain;
	bool named = e->target.exe || e->target.cgroup;
	uint64_t pid = 0;

	if (optind + 1 < argc)
		return pw_usage_error(c, "one process at a time");
	if (optind == argc && !named)
		return pw_usage_error(c,
				      "whose growth? Give a PID, --group PROGRAM or --cgroup PATH");
	if (optind < argc && named)
		return pw_usage_error(c, "a PID, or --group or --cgroup: give one of them");
	if (optind < argc && !pw_option_number(c, "PID", argv[optind], 1, INT32_MAX, &pid))
		return PW_EXIT_USAGE;
	e->target.pid = (uint32_t)pid;
	return PW_OPTION_TAKEN;
}

static int parse(struct explain *e, int argc, char **argv)
{
	static const struct option options[] = {
		PW_COMMON_LONG_OPTIONS,
		PW_VERDICTS_LONG_OPTIONS,
		{ "group", required_argument, NULL, OPT_GROUP },
		{ "cgroup", required_argument, NULL, OPT_CGROUP },
		{ "series", required_argument, NULL, OPT_SERIES },
		{ NULL, 0, NULL, 0 },
	};
	int code, rc;

	while ((code = getopt_long(argc, argv, PW_COMMON_SHORT, options, NULL)) != -1) {
		rc = pw_common_option(&e->common, code, argv);
		if (rc == PW_OPTION_OWN)
			rc = take_option(e, code);
		if (rc != PW_OPTION_TAKEN)
			return rc == PW_OPTION_OWN ? PW_EXIT_USAGE : rc;
	}
	rc = take_pid(e, argc, argv);
	if (rc != PW_OPTION_TAKEN)
		return rc;
	return pw_verdicts_check(&pw_command_explain, &e->wish, &e->common);
}

static int run(int argc, char **argv)
{
	struct explain e = { .target = { .kind = -1 } };
	struct pw_error err = { 0 };
	int rc;

	pw_verdicts_wish_init(&e.wish);
	pw_common_init(&e.common, &pw_command_explain,
		       PW_TAKES_FORMAT | PW_TAKES_OUTPUT | PW_TAKES_INTERVAL | PW_TAKES_REPLAY |
			       PW_TAKES_SOCKET);
	rc = parse(&e, argc, argv);
	if (rc != PW_OPTION_TAKEN)
		return rc;
	rc = explain(&e, &err);
	pw_verdicts_deinit(&e.verdicts);
	return pw_session_end(e.verdicts.session, rc, &err);
}

/* clang-format off */
const struct pw_command pw_command_explain = {
	.name = "explain",
	.summary = "Tell the whole story of one verdict, gate by gate, with the plot",
	.usage = "pagewarden explain [options] PID | --group PROGRAM | --cgroup PATH",
	.help =
		"What was asked of the growth of one process, and what each answer was; its floors over\n"
		"time, all its series, its limit, the history of its verdicts, and what to do next. A\n"
		"process that has ended is still told of, as long as it is remembered.\n"
		"\n"
		"Options:\n"
		"      --group PROGRAM    all processes of this program in a cgroup, together\n"
		"      --cgroup PATH      with --group: in this cgroup; alone: what the kernel holds for it\n"
		"      --series NAME      explain this one, not the worst: anon, heap, mapped, stack,\n"
		"                         threads, shmem, page-tables, open-files, kernel\n"
		PW_HELP_INTERVAL
		PW_HELP_VERDICTS
		PW_HELP_REPLAY
		"  -f, --format FORMAT    text, json or csv (the gates)\n"
		PW_HELP_OUTPUT
		PW_HELP_SOCKET
		PW_HELP_HELP
		"\n"
		"docs/leaks.md tells what each gate asks and why.\n"
		"\n"
		"Examples:\n"
		"  pagewarden explain 4711\n"
		"  pagewarden explain 4711 --series open-files\n"
		"  pagewarden explain --group nginx --cgroup /system.slice/nginx.service\n"
		"  pagewarden explain --replay monday.pwr 4711 --format json\n",
	.run = run,
};
/* clang-format on */
