// SPDX-License-Identifier: GPL-2.0-or-later
#include "user/cmd/period.h"

#include <errno.h>
#include <langinfo.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "user/base/cleanup.h"
#include "user/base/clock.h"
#include "user/base/rotation.h"
#include "user/base/text.h"
#include "user/cmd/whole.h"
#include "user/store/period.h"
#include "user/store/replay_wipes.h"
#include "user/view/mail.h"

#define WIPES_SLICES 64 /* a query is bounded in time */
#define FILE_PREFIX "pagewarden"

PW_DEFINE_CLEANUP(struct pw_period, pw_period_destroy)
PW_DEFINE_CLEANUP(struct pw_store, pw_store_close)
PW_DEFINE_CLEANUP(struct pw_model, pw_model_destroy)
#define auto_report __attribute__((cleanup(pw_period_report_deinit)))

bool pw_period_table_find(const char *name, enum pw_period_table *ret)
{
	for (int i = 0; i < PW_PERIOD_TABLES; i++) {
		if (strcmp(pw_document_period.tables[i].name, name) == 0) {
			*ret = (enum pw_period_table)i;
			return true;
		}
	}
	return false;
}

/* ---- the past -------------------------------------------------------------------- */

/* The wipe ledger of the period, in a model of its own: times are realtime there. */
static int load_wipes(struct pw_store *s, const struct pw_period *p, struct pw_model **ret)
{
	pw_cleanup(pw_model_destroyp) struct pw_model *m = NULL;
	struct pw_machine machine = {
		.rec = { .type = PW_REC_MACHINE, .size = sizeof(machine), .time_ns = p->from_ns },
		.page_size = (uint32_t)sysconf(_SC_PAGESIZE),
	};
	struct pw_tick tick = {
		.rec = { .type = PW_REC_TICK, .size = sizeof(tick), .time_ns = p->to_ns },
		.sequence = 1,
	};
	const uint64_t slice = (p->to_ns - p->from_ns) / WIPES_SLICES + 1;
	int rc = pw_model_create(NULL, &m);

	rc = rc ? rc : pw_model_ingest(m, &machine.rec);
	for (uint64_t from = p->from_ns; !rc && from < p->to_ns; from += slice) {
		uint64_t to = from + slice < p->to_ns ? from + slice : p->to_ns;

		rc = pw_store_replay_wipes(s, from, to, pw_model_ingest, m);
	}
	rc = rc ? rc : pw_model_ingest(m, &tick.rec);
	if (!rc)
		*ret = pw_steal(m);
	return rc;
}

static int open_history(const struct pw_period_request *q, struct pw_store **ret, struct pw_error *err)
{
	struct pw_store_options options = { .read_only = true };
	int rc = pw_store_open(q->history, &options, ret, err);

	if (rc == -ENOENT)
		pw_error_remedy(err, "the daemon keeps it: systemctl start pagewarden; or name "
				     "another with --history");
	return rc;
}

static int load(const struct pw_period_request *q, struct pw_period **period,
		struct pw_model **wipes, struct pw_error *err)
{
	pw_cleanup(pw_store_closep) struct pw_store *s = NULL;
	uint64_t to = q->until_ns ? q->until_ns : pw_clock_real_ns();
	int rc = open_history(q, &s, err);

	rc = rc ? rc : pw_store_period(s, to > q->since_ns ? to - q->since_ns : 0, to, period, err);
	if (rc)
		return rc;
	rc = load_wipes(s, *period, wipes);
	return rc ? pw_error_set(err, rc, "cannot read the wipes of the history %s: %s", q->history,
				 strerror(-rc)) :
		    0;
}

/* ---- printing -------------------------------------------------------------------- */

struct printing {
	const struct pw_period_request *request;
	const struct pw_period_report *report;
};

static int emit_as(const struct printing *p, enum pw_format format, FILE *out)
{
	const struct pw_emit_options opt = {
		.format = format,
		/* a mail says itself what it is written in */
		.ascii = !p->request->mail && strcmp(nl_langinfo(CODESET), "UTF-8") != 0,
	};

	return pw_period_report_emit(p->report, &opt, p->request->csv_table, out);
}

static int emit_to_memory(const struct printing *p, enum pw_format format, char **ret)
{
	pw_auto_free char *bytes = NULL;
	size_t size;
	FILE *out = open_memstream(&bytes, &size);
	int rc;

	if (!out)
		return -ENOMEM;
	rc = emit_as(p, format, out);
	if (fclose(out) != 0 && !rc)
		rc = -ENOMEM;
	if (!rc)
		*ret = pw_steal(bytes);
	return rc;
}

static int emit_mail(const struct printing *p, FILE *out)
{
	pw_auto_free char *text = NULL, *html = NULL;
	char host[4 * 65], subject[sizeof(host) + 512];
	const char *name = p->report->period->last_boot.host;
	int rc = emit_to_memory(p, PW_FORMAT_TEXT, &text);

	if (!rc && p->request->format == PW_FORMAT_HTML)
		rc = emit_to_memory(p, PW_FORMAT_HTML, &html);
	if (rc)
		return rc;
	pw_text_escape(host, sizeof(host), name, strnlen(name, 64));
	snprintf(subject, sizeof(subject), "Memory of %s: %s", host[0] ? host : "a machine",
		 p->report->summary);
	return pw_mail_emit(&(struct pw_mail){ p->request->mail, subject, text, html }, out);
}

static int emit(const void *ctx, FILE *out)
{
	const struct printing *p = ctx;

	return p->request->mail ? emit_mail(p, out) : emit_as(p, p->request->format, out);
}

/* ---- keeping --------------------------------------------------------------------- */

static const char *suffix_of(enum pw_format f)
{
	static const char *const suffixes[] = {
		[PW_FORMAT_TEXT] = ".txt",
		[PW_FORMAT_JSON] = ".json",
		[PW_FORMAT_CSV] = ".csv",
		[PW_FORMAT_HTML] = ".html",
	};

	return suffixes[f];
}

static int make_directory(const char *path, struct pw_error *err)
{
	int rc = mkdir(path, 0750) == 0 || errno == EEXIST ? 0 : -errno;

	if (!rc)
		return 0;
	pw_error_set(err, rc, "cannot make the directory %s: %s", path, strerror(-rc));
	pw_error_remedy(err, "make the one above it, or run as root");
	return rc;
}

/* The new one first: when there is no room for it, the old ones stay. */
static int keep(const struct printing *p, struct pw_error *err)
{
	const struct pw_period_request *q = p->request;
	const struct pw_rotation files = {
		.directory = q->directory,
		.prefix = FILE_PREFIX,
		.suffix = suffix_of(q->format),
		.files = q->keep_files,
		.bytes = q->keep_bytes,
	};
	pw_auto_free char *path = pw_rotation_path(&files, p->report->period->to_ns);
	size_t removed;
	int rc = path ? make_directory(q->directory, err) : -ENOMEM;

	rc = rc ? rc : pw_whole_write(path, emit, p, err);
	if (rc) {
		if (rc == -ENOSPC)
			pw_error_remedy(err, "make room there; the earlier reports are untouched");
		return rc;
	}
	printf("%s\n", path);
	rc = pw_rotation_trim(&files, &removed);
	return rc ? pw_error_set(err, rc, "cannot remove old reports from %s: %s", q->directory,
				 strerror(-rc)) :
		    0;
}

int pw_period_run(const struct pw_period_request *q, struct pw_error *err)
{
	pw_cleanup(pw_period_destroyp) struct pw_period *period = NULL;
	pw_cleanup(pw_model_destroyp) struct pw_model *wipes = NULL;
	auto_report struct pw_period_report report = { 0 };
	const struct printing p = { q, &report };
	int rc = load(q, &period, &wipes, err);

	if (rc)
		return rc;
	rc = pw_period_report_init(&report, period, wipes, q->limit);
	if (rc)
		return pw_error_set(err, rc, "no memory for the report");
	return q->directory ? keep(&p, err) : pw_whole_write(q->output, emit, &p, err);
}
