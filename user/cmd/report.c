// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <getopt.h>
#include <langinfo.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/clock.h"
#include "user/base/replace.h"
#include "user/cmd/interrupt.h"
#include "user/cmd/past.h"
#include "user/cmd/session.h"
#include "user/daemon/daemon.h"
#include "user/view/listing.h"
#include "user/view/report.h"

#define DURATION_DEFAULT_NS (10 * PW_NSEC_PER_SEC)
#define SEGMENTS_DEFAULT 5
#define SEGMENTS_MAX 256

enum {
	OPT_DURATION = PW_OPT_OWN,
	OPT_LIMIT,
	OPT_SEGMENTS,
	OPT_SINCE,
	OPT_HISTORY,
};

struct report {
	struct pw_common common;
	uint64_t duration_ns;
	uint64_t limit;
	uint64_t segments; /* processes whose segments are looked at, live */
	uint64_t since_ns; /* from the history: so long back; 0: not asked for */
	const char *history;
	struct pw_session *session;
	struct pw_model *past; /* made from the history */
};

static const struct pw_model *model_of(const struct report *r)
{
	return r->past ? r->past : r->session->model;
}

/* ---- looking --------------------------------------------------------------------- */

/* The segments of the largest processes; who may not look or finds nobody goes on without. */
static int look_at_segments(struct report *r)
{
	struct pw_listing_options opt = {
		.sort = pw_column_find(pw_process_columns, "footprint_bytes"),
		.descending = true,
		.limit = (size_t)r->segments,
	};
	struct pw_key keys[SEGMENTS_MAX];
	struct pw_listing l = { 0 };
	size_t count;
	int rc;

	if (!r->segments || r->common.input)
		return 0;
	rc = pw_listing_init(&l, r->session->model, &opt);
	count = rc ? 0 : l.item_count;
	for (size_t i = 0; i < count; i++)
		keys[i] = ((const struct pw_process *)l.items[i])->key;
	pw_listing_deinit(&l);
	for (size_t i = 0; i < count && rc != -ENOMEM; i++) {
		struct pw_error ignored;

		rc = pw_session_segments(r->session, &keys[i], 0, &ignored);
	}
	return rc == -ENOMEM ? rc : 0;
}

static bool is_done(const struct report *r)
{
	const struct pw_model *m = r->session->model;

	return pw_interrupted() ||
	       (!r->common.input && m->sequence && m->now_ns >= m->first_ns + r->duration_ns);
}

static int look(struct report *r, struct pw_error *err)
{
	while (!is_done(r)) {
		enum pw_session_event event;
		int rc = pw_session_next(r->session, &event, err);

		if (rc)
			return rc;
		if (event == PW_SESSION_END || event == PW_SESSION_WAKE)
			break;
		if (r->session->model->sequence == 1 && look_at_segments(r))
			return pw_error_set(err, -ENOMEM, "no memory for the segments");
	}
	if (!r->session->model->sequence)
		return pw_error_set(err, -ENODATA, "%s holds no whole interval",
				    r->common.input ? r->common.input : "the source");
	if (look_at_segments(r)) /* again: their growth */
		return pw_error_set(err, -ENOMEM, "no memory for the segments");
	return 0;
}

/* ---- printing -------------------------------------------------------------------- */

static int print(const struct report *r, FILE *out)
{
	struct pw_emit_options opt = {
		.format = r->common.format,
		.ascii = strcmp(nl_langinfo(CODESET), "UTF-8") != 0,
	};
	struct pw_report report;
	int rc = pw_report_init(&report, model_of(r), (size_t)r->limit);

	if (rc)
		return rc;
	rc = pw_report_emit(&report, &opt, out);
	pw_report_deinit(&report);
	return rc;
}

static int print_to_file(const struct report *r, const char *path)
{
	struct pw_replace file;
	int rc = pw_replace_begin(&file, path);

	if (rc)
		return rc;
	rc = print(r, file.file);
	if (!rc)
		return pw_replace_commit(&file);
	pw_replace_abort(&file);
	return rc;
}

static int print_report(const struct report *r, struct pw_error *err)
{
	const char *path = r->common.output;
	int rc = path ? print_to_file(r, path) : print(r, stdout);

	if (!rc || rc == -EPIPE)
		return rc;
	pw_error_set(err, rc, "cannot write the report to %s: %s", path ? path : "standard output",
		     strerror(-rc));
	if (rc == -ENOSPC)
		pw_error_remedy(err, "make room there, or give -o a file on another disk");
	return rc;
}

static int report(struct report *r, struct pw_error *err)
{
	int rc;

	if (r->since_ns) {
		rc = pw_past_open(r->history, r->since_ns, r->common.source.root, &r->past, err);
		return rc ? rc : print_report(r, err);
	}
	rc = pw_session_open(&r->common, &r->session, err);
	if (rc)
		return rc;
	if (r->session->why.what[0])
		pw_error_print(&r->session->why, stderr);
	rc = look(r, err);
	return rc ? rc : print_report(r, err);
}

/* ---- options --------------------------------------------------------------------- */

static int take_option(struct report *r, int code)
{
	const struct pw_command *c = &pw_command_report;
	bool taken = false;

	switch (code) {
	case OPT_DURATION:
		taken = pw_option_duration(c, "--duration", optarg, &r->duration_ns);
		break;
	case OPT_LIMIT:
		taken = pw_option_number(c, "--limit", optarg, 1, 100000, &r->limit);
		break;
	case OPT_SINCE:
		taken = pw_option_duration(c, "--since", optarg, &r->since_ns);
		break;
	case OPT_HISTORY:
		r->history = optarg;
		taken = true;
		break;
	case OPT_SEGMENTS:
		taken = pw_option_number(c, "--segments", optarg, 0, SEGMENTS_MAX, &r->segments);
		break;
	}
	return taken ? PW_OPTION_TAKEN : PW_EXIT_USAGE;
}

static int parse(struct report *r, int argc, char **argv)
{
	static const struct option options[] = {
		PW_COMMON_LONG_OPTIONS,
		{ "duration", required_argument, NULL, OPT_DURATION },
		{ "limit", required_argument, NULL, OPT_LIMIT },
		{ "segments", required_argument, NULL, OPT_SEGMENTS },
		{ "since", required_argument, NULL, OPT_SINCE },
		{ "history", required_argument, NULL, OPT_HISTORY },
		{ NULL, 0, NULL, 0 },
	};
	int code;

	while ((code = getopt_long(argc, argv, PW_COMMON_SHORT, options, NULL)) != -1) {
		int rc = pw_common_option(&r->common, code, argv);

		if (rc == PW_OPTION_OWN)
			rc = take_option(r, code);
		if (rc != PW_OPTION_TAKEN)
			return rc;
	}
	if (optind < argc)
		return pw_usage_error(&pw_command_report, "unexpected argument '%s'", argv[optind]);
	if (r->since_ns && r->common.input)
		return pw_usage_error(&pw_command_report,
				      "--since asks the history, --replay a recording: "
				      "give one of them");
	return PW_OPTION_TAKEN;
}

static int run(int argc, char **argv)
{
	struct report r = {
		.duration_ns = DURATION_DEFAULT_NS,
		.segments = SEGMENTS_DEFAULT,
		.history = PW_DAEMON_HISTORY,
	};
	struct pw_error err = { 0 };
	int rc;

	pw_common_init(&r.common, &pw_command_report,
		       PW_TAKES_FORMAT | PW_TAKES_HTML | PW_TAKES_OUTPUT | PW_TAKES_INTERVAL |
			       PW_TAKES_REPLAY | PW_TAKES_SOURCE);
	rc = parse(&r, argc, argv);
	if (rc != PW_OPTION_TAKEN)
		return rc;
	rc = report(&r, &err);
	rc = pw_session_end(r.session, rc, &err);
	pw_model_destroy(r.past);
	return rc;
}

/* clang-format off */
const struct pw_command pw_command_report = {
	.name = "report",
	.summary = "Summarise a time of the machine: who holds, who grew, who died",
	.usage = "pagewarden report [options]",
	.help =
		"Options:\n"
		"  -f, --format FORMAT    text, json, csv (the largest processes) or html\n"
		PW_HELP_OUTPUT
		"      --duration TIME    how long to look at the live machine (default 10s)\n"
		PW_HELP_INTERVAL
		"      --limit N          at most N rows in each table (default 25)\n"
		"      --segments N       look at the segments of the N largest processes\n"
		"                         (default 5; a recording has what was recorded)\n"
		"      --since TIME       report on the daemon's history, so long back (24h, 7d)\n"
		"      --history FILE     that history (default " PW_DAEMON_HISTORY ")\n"
		PW_HELP_REPLAY
		PW_HELP_SOURCE
		PW_HELP_HELP
		"\n"
		"FILE is replaced whole or, when the disk is full, not at all. The HTML page needs no\n"
		"network and runs no script.\n"
		"\n"
		"Examples:\n"
		"  pagewarden report\n"
		"  pagewarden report --duration 10m -f html -o report.html\n"
		"  pagewarden report --replay monday.pwr -f json\n"
		"  pagewarden report --since 24h -f html -o yesterday.html\n",
	.run = run,
};
/* clang-format on */
