// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <getopt.h>
#include <langinfo.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/clock.h"
#include "user/base/text.h"
#include "user/cmd/interrupt.h"
#include "user/cmd/period.h"
#include "user/cmd/session.h"
#include "user/cmd/whole.h"
#include "user/daemon/daemon.h"
#include "user/view/listing.h"
#include "user/view/mail.h"
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
	OPT_UNTIL,
	OPT_TABLE,
	OPT_MAIL,
	OPT_OUTPUT_DIR,
	OPT_KEEP,
	OPT_KEEP_BYTES,
};

struct report {
	struct pw_common common;
	uint64_t duration_ns;
	uint64_t limit;
	uint64_t segments; /* processes whose segments are looked at, live */
	struct pw_session *session;
	struct pw_period_request period; /* since_ns 0: not asked for */
	const char *of_period; /* the last option that only a period knows; NULL: none */
};

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

static int print(const void *ctx, FILE *out)
{
	const struct report *r = ctx;
	struct pw_emit_options opt = {
		.format = r->common.format,
		.ascii = strcmp(nl_langinfo(CODESET), "UTF-8") != 0,
	};
	struct pw_report report;
	int rc = pw_report_init(&report, r->session->model, (size_t)r->limit);

	if (rc)
		return rc;
	rc = pw_report_emit(&report, &opt, out);
	pw_report_deinit(&report);
	return rc;
}

static int report(struct report *r, struct pw_error *err)
{
	int rc;

	if (r->period.since_ns) {
		r->period.format = r->common.format;
		r->period.output = r->common.output;
		r->period.limit = (size_t)r->limit;
		return pw_period_run(&r->period, err);
	}
	rc = pw_session_open(&r->common, &r->session, err);
	if (rc)
		return rc;
	if (r->session->why.what[0])
		pw_error_print(&r->session->why, stderr);
	rc = look(r, err);
	return rc ? rc : pw_whole_write(r->common.output, print, r, err);
}

/* ---- options --------------------------------------------------------------------- */

static bool take_until(struct pw_period_request *q)
{
	if (pw_clock_parse_rfc3339(optarg, &q->until_ns) == 0)
		return true;
	pw_usage_error(&pw_command_report,
		       "--until: '%s' is not a time such as 2026-01-31T06:00:00Z", optarg);
	return false;
}

static bool take_table(struct pw_period_request *q)
{
	char names[512] = "";
	size_t used = 0;

	if (pw_period_table_find(optarg, &q->csv_table))
		return true;
	for (int i = 0; i < PW_PERIOD_TABLES && used < sizeof(names); i++)
		used += (size_t)snprintf(names + used, sizeof(names) - used, "%s%s", i ? ", " : "",
					 pw_document_period.tables[i].name);
	pw_usage_error(&pw_command_report, "--table: '%s' is none of %s", optarg, names);
	return false;
}

static bool take_mail(struct pw_period_request *q)
{
	q->mail = optarg;
	if (pw_mail_address_is_sane(optarg))
		return true;
	pw_usage_error(&pw_command_report, "--mail: this is no address such as admin@example.org");
	return false;
}

static bool take_keep_bytes(struct pw_period_request *q)
{
	if (pw_text_parse_size(optarg, &q->keep_bytes) == 0 && q->keep_bytes)
		return true;
	pw_usage_error(&pw_command_report, "--keep-bytes: '%s' is not a size such as 64M", optarg);
	return false;
}

static bool take_directory(struct pw_period_request *q)
{
	q->directory = optarg;
	if (*optarg)
		return true;
	pw_usage_error(&pw_command_report, "--output-dir: an empty name is no directory");
	return false;
}

/* Of a period of the history. */
static int take_period_option(struct report *r, int code, char **argv)
{
	struct pw_period_request *q = &r->period;
	uint64_t n = 0;
	bool taken = false;

	switch (code) {
	case OPT_UNTIL:
		taken = take_until(q);
		break;
	case OPT_TABLE:
		taken = take_table(q);
		break;
	case OPT_MAIL:
		taken = take_mail(q);
		break;
	case OPT_OUTPUT_DIR:
		taken = take_directory(q);
		break;
	case OPT_KEEP:
		taken = pw_option_number(&pw_command_report, "--keep", optarg, 1, 100000, &n);
		q->keep_files = (size_t)n;
		break;
	case OPT_KEEP_BYTES:
		taken = take_keep_bytes(q);
		break;
	}
	r->of_period = argv[optind - 1] == optarg ? argv[optind - 2] : argv[optind - 1];
	return taken ? PW_OPTION_TAKEN : PW_EXIT_USAGE;
}

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
		taken = pw_option_duration(c, "--since", optarg, &r->period.since_ns);
		break;
	case OPT_HISTORY:
		r->period.history = optarg;
		taken = true;
		break;
	case OPT_SEGMENTS:
		taken = pw_option_number(c, "--segments", optarg, 0, SEGMENTS_MAX, &r->segments);
		break;
	}
	return taken ? PW_OPTION_TAKEN : PW_EXIT_USAGE;
}

/* Options that contradict each other. */
static int check(const struct report *r)
{
	const struct pw_command *c = &pw_command_report;
	const struct pw_period_request *q = &r->period;
	enum pw_format f = r->common.format;

	if (q->since_ns && r->common.input)
		return pw_usage_error(c, "--since asks the history, --replay a recording: "
					 "give one of them");
	if (r->of_period && !q->since_ns)
		return pw_usage_error(c, "%s is for a period of the history: give --since too",
				      r->of_period);
	if (q->mail && f != PW_FORMAT_TEXT && f != PW_FORMAT_HTML)
		return pw_usage_error(c, "--mail wants --format text or html");
	if (q->directory && (q->mail || r->common.output))
		return pw_usage_error(c, "--output-dir names the file itself: without --output, "
					 "without --mail");
	return PW_OPTION_TAKEN;
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
		{ "until", required_argument, NULL, OPT_UNTIL },
		{ "table", required_argument, NULL, OPT_TABLE },
		{ "mail", required_argument, NULL, OPT_MAIL },
		{ "output-dir", required_argument, NULL, OPT_OUTPUT_DIR },
		{ "keep", required_argument, NULL, OPT_KEEP },
		{ "keep-bytes", required_argument, NULL, OPT_KEEP_BYTES },
		{ NULL, 0, NULL, 0 },
	};
	int code;

	while ((code = getopt_long(argc, argv, PW_COMMON_SHORT, options, NULL)) != -1) {
		int rc = pw_common_option(&r->common, code, argv);

		if (rc == PW_OPTION_OWN)
			rc = code >= OPT_UNTIL ? take_period_option(r, code, argv) :
						 take_option(r, code);
		if (rc != PW_OPTION_TAKEN)
			return rc;
	}
	if (optind < argc)
		return pw_usage_error(&pw_command_report, "unexpected argument '%s'", argv[optind]);
	return check(r);
}

static int run(int argc, char **argv)
{
	struct report r = {
		.duration_ns = DURATION_DEFAULT_NS,
		.segments = SEGMENTS_DEFAULT,
		.period = {
			.history = PW_DAEMON_HISTORY,
			.csv_table = PW_PERIOD_GROWN_GROUPS,
			.keep_files = PW_PERIOD_KEEP_FILES,
			.keep_bytes = PW_PERIOD_KEEP_BYTES,
		},
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
	return pw_session_end(r.session, rc, &err);
}

/* clang-format off */
const struct pw_command pw_command_report = {
	.name = "report",
	.summary = "Summarise a time of the machine: who holds, who grew, who died",
	.usage = "pagewarden report [options]",
	.help =
		"Options:\n"
		"  -f, --format FORMAT    text, json, csv (the largest processes; of a period\n"
		"                         the programs that grew) or html\n"
		PW_HELP_OUTPUT
		"      --duration TIME    how long to look at the live machine (default 10s)\n"
		PW_HELP_INTERVAL
		"      --limit N          at most N rows in each table (default 25; of a period 10)\n"
		"      --segments N       look at the segments of the N largest processes\n"
		"                         (default 5; a recording has what was recorded)\n"
		PW_HELP_REPLAY
		PW_HELP_SOURCE
		PW_HELP_HELP
		"\n"
		"Of a period of the daemon's history:\n"
		"      --since TIME       so long back (24h, 7d)\n"
		"      --until TIME       from there, not from now (2026-01-31T06:00:00Z)\n"
		"      --history FILE     that history (default " PW_DAEMON_HISTORY ")\n"
		"      --table NAME       the table that csv prints; a wrong name lists them\n"
		"      --mail ADDRESS     a mail for sendmail -t: text, and HTML with -f html\n"
		"      --output-dir DIR   a file in DIR, named by the period's end\n"
		"      --keep N           then keep the newest N of them (default 30) ...\n"
		"      --keep-bytes SIZE  ... of at most so much together (default 64M)\n"
		"\n"
		"FILE is replaced whole or, when the disk is full, not at all. The HTML page needs no\n"
		"network and runs no script.\n"
		"\n"
		"Examples:\n"
		"  pagewarden report\n"
		"  pagewarden report --duration 10m -f html -o report.html\n"
		"  pagewarden report --replay monday.pwr -f json\n"
		"  pagewarden report --since 24h -f html -o yesterday.html\n"
		"  pagewarden report --since 24h -f html --mail admin@example.org | sendmail -t\n",
	.run = run,
};
/* clang-format on */
