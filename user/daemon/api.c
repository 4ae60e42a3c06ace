// SPDX-License-Identifier: GPL-2.0-or-later
#include "user/daemon/api.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/cleanup.h"
#include "user/base/clock.h"
#include "user/daemon/answer.h"
#include "user/daemon/api_leaks.h"
#include "user/daemon/api_wipes.h"
#include "user/daemon/documents.h"
#include "user/daemon/history.h"
#include "user/daemon/memory_tape.h"
#include "user/daemon/metrics.h"
#include "user/daemon/state.h"
#include "user/daemon/status.h"
#include "user/model/export.h"
#include "user/view/listing.h"

#define ROWS_DEFAULT 10000
#define ROWS_MAX 100000
#define RANGE_DEFAULT_NS (3600 * PW_NSEC_PER_SEC)
#define SEGMENTS_BYTES_MAX (16u << 20)

/* ---- answers --------------------------------------------------------------------- */

void pw_answer_document(struct pw_http_answer *ret, const struct pw_document *doc)
{
	const struct pw_emit_options opt = { .format = PW_FORMAT_JSON };
	FILE *out;
	int r;

	free(ret->bytes);
	ret->bytes = NULL;
	ret->len = 0;
	out = open_memstream(&ret->bytes, &ret->len);
	r = out ? pw_emit(doc, &opt, out) : -ENOMEM;
	if (out && fclose(out))
		r = -ENOMEM;
	if (!r)
		return;
	free(ret->bytes);
	ret->bytes = NULL;
	ret->len = 0;
	ret->status = 500;
}

void pw_api_error(struct pw_http_answer *ret, unsigned int status, const char *remedy,
		  const char *text, ...)
{
	struct pw_shaped_document d;
	char what[512];
	const struct pw_error_row row = { status, what, remedy };
	va_list ap;

	va_start(ap, text);
	vsnprintf(what, sizeof(what), text, ap);
	va_end(ap);
	pw_document_build(&d, &pw_document_error, NULL, &row, NULL);
	pw_answer_document(ret, &d.doc);
	ret->status = status;
	ret->type = NULL;
}

/* ---- parameters ------------------------------------------------------------------ */

/* What the query of a URL may say; a path takes some of them. */
enum {
	TAKES_DEAD = 1 << 0,
	TAKES_SORT = 1 << 1,
	TAKES_LIMIT = 1 << 2,
	TAKES_RANGE = 1 << 3,
	TAKES_SMAPS = 1 << 4,
	TAKES_EACH_VMA = 1 << 5,
	TAKES_PROCESS = 1 << 6, /* pid, process */
	TAKES_WIPE = 1 << 7, /* function, verdict */
	TAKES_STATE = 1 << 8,
	TAKES_ALL = 1 << 9,
	TAKES_SUBJECT = 1 << 10, /* pid, cgroup */
	TAKES_SERIES = 1 << 11, /* exe, series */
};

struct query {
	bool dead, smaps, each_vma;
	const char *sort, *accept;
	uint64_t limit; /* 0: the default */
	uint64_t from_ns, to_ns;
	uint64_t id; /* the number in the path */
	struct pw_ledger_query ledger;
	struct pw_leak_query leaks;
};

static int parse_number(const char *text, uint64_t max, uint64_t *ret)
{
	uint64_t n = 0;

	if (!*text)
		return -EINVAL;
	for (; *text; text++) {
		unsigned int digit = (unsigned char)*text - '0';

		if (digit > 9)
			return -EINVAL;
		if (digit > max || n > (max - digit) / 10)
			return -ERANGE;
		n = n * 10 + digit;
	}
	*ret = n;
	return 0;
}

static int parse_flag(const char *text, bool *ret)
{
	uint64_t n;
	int r = parse_number(text, 1, &n);

	if (!r)
		*ret = n;
	return r;
}

/* Seconds since 1970, or "-24h" back from now. */
static int parse_time(const char *text, uint64_t *ret_ns)
{
	uint64_t n, now = pw_clock_real_ns();
	int r;

	if (text[0] == '-') {
		r = pw_clock_parse_duration(text + 1, &n);
		if (!r)
			*ret_ns = n < now ? now - n : 0;
		return r;
	}
	r = parse_number(text, UINT64_MAX / 4 / PW_NSEC_PER_SEC, &n);
	if (!r)
		*ret_ns = n * PW_NSEC_PER_SEC;
	return r;
}

static int parse_pid(const char *text, uint32_t *ret)
{
	uint64_t n;
	int r = parse_number(text, INT32_MAX, &n);

	if (!r)
		*ret = (uint32_t)n;
	return r;
}

/* Whose wipes and secrets, and which. */
static int take_ledger_parameter(const struct pw_http_parameter *p, unsigned int takes,
				 struct pw_ledger_query *q)
{
	struct pw_error ignored;

	if ((takes & TAKES_PROCESS) && strcmp(p->name, "pid") == 0)
		return parse_pid(p->value, &q->filter.pid);
	if ((takes & TAKES_PROCESS) && strcmp(p->name, "process") == 0) {
		q->filter.process = p->value;
		return 0;
	}
	if ((takes & TAKES_WIPE) && strcmp(p->name, "function") == 0)
		return pw_wipe_filter_functions(&q->filter, p->value, &ignored);
	if ((takes & TAKES_WIPE) && strcmp(p->name, "verdict") == 0)
		return pw_wipe_filter_verdicts(&q->filter, p->value, &ignored);
	if ((takes & TAKES_STATE) && strcmp(p->name, "state") == 0)
		return pw_secret_report_states(&q->secrets, p->value, &ignored);
	return -ENOENT;
}

static int parse_series(const char *text, int *ret_kind_plus_1)
{
	for (int kind = 0; kind < PW_SERIES_KINDS; kind++) {
		if (strcmp(text, pw_series_names[kind]) == 0) {
			*ret_kind_plus_1 = kind + 1;
			return 0;
		}
	}
	return -EINVAL;
}

/* Whose growth. */
static int take_leak_parameter(const struct pw_http_parameter *p, unsigned int takes,
			       struct pw_leak_query *q)
{
	if ((takes & TAKES_ALL) && strcmp(p->name, "all") == 0)
		return parse_flag(p->value, &q->options.all);
	if ((takes & TAKES_SUBJECT) && strcmp(p->name, "pid") == 0)
		return parse_pid(p->value, &q->target.pid);
	if ((takes & TAKES_SERIES) && strcmp(p->name, "series") == 0)
		return parse_series(p->value, &q->target.kind);
	if ((takes & TAKES_SUBJECT) && strcmp(p->name, "cgroup") == 0)
		q->target.cgroup = p->value;
	else if ((takes & TAKES_SERIES) && strcmp(p->name, "exe") == 0)
		q->target.exe = p->value;
	else
		return -ENOENT;
	return 0;
}

static int take_parameter(const struct pw_http_parameter *p, unsigned int takes, struct query *q)
{
	if ((takes & TAKES_DEAD) && strcmp(p->name, "dead") == 0)
		return parse_flag(p->value, &q->dead);
	if ((takes & TAKES_SMAPS) && strcmp(p->name, "smaps") == 0)
		return parse_flag(p->value, &q->smaps);
	if ((takes & TAKES_EACH_VMA) && strcmp(p->name, "each_vma") == 0)
		return parse_flag(p->value, &q->each_vma);
	if ((takes & TAKES_LIMIT) && strcmp(p->name, "limit") == 0)
		return parse_number(p->value, ROWS_MAX, &q->limit);
	if ((takes & TAKES_RANGE) && strcmp(p->name, "from") == 0)
		return parse_time(p->value, &q->from_ns);
	if ((takes & TAKES_RANGE) && strcmp(p->name, "to") == 0)
		return parse_time(p->value, &q->to_ns);
	if ((takes & TAKES_SORT) && strcmp(p->name, "sort") == 0) {
		q->sort = p->value;
		return 0;
	}
	if (takes & (TAKES_SUBJECT | TAKES_ALL | TAKES_SERIES))
		return take_leak_parameter(p, takes, &q->leaks);
	return take_ledger_parameter(p, takes, &q->ledger);
}

static bool take_parameters(const struct pw_http_request *req, unsigned int takes, struct query *q,
			    struct pw_http_answer *ret)
{
	q->to_ns = pw_clock_real_ns();
	q->from_ns = q->to_ns - RANGE_DEFAULT_NS;
	for (size_t i = 0; i < req->parameter_count; i++) {
		const struct pw_http_parameter *p = &req->parameters[i];
		int r = take_parameter(p, takes, q);

		if (!r)
			continue;
		pw_api_error(ret, 400, "docs/api.md lists the parameters", "%.64s=%.64s: %s",
			     p->name, p->value,
			     r == -ENOENT ? "there is no such parameter here" :
			     r == -ERANGE ? "out of range" :
					    "not a value of this parameter");
		return false;
	}
	if (q->from_ns > q->to_ns)
		pw_api_error(ret, 400, NULL, "from lies behind to");
	q->ledger.limit = q->leaks.options.limit = q->limit;
	return q->from_ns <= q->to_ns;
}

/* ---- the model's documents ------------------------------------------------------- */

static void answer_listing(struct pw_daemon *d, const struct query *q, bool groups,
			   struct pw_http_answer *ret)
{
	const struct pw_column *columns = groups ? pw_group_columns : pw_process_columns;
	struct pw_listing_options opt = { .groups = groups, .with_dead = q->dead, .limit = q->limit };
	struct pw_shaped_document doc;
	struct pw_listing listing;
	int r;

	if (q->sort) {
		opt.sort = pw_column_find(columns, q->sort);
		if (!opt.sort) {
			pw_api_error(ret, 400, NULL, "there is no column '%.64s'", q->sort);
			return;
		}
		opt.descending = opt.sort->unit != PW_UNIT_TEXT;
	}
	r = pw_listing_init(&listing, d->model, &opt);
	if (r) {
		pw_api_error(ret, 500, NULL, "out of memory");
		return;
	}
	pw_document_build_model(&doc, groups ? &pw_document_groups : &pw_document_processes,
				d->model, NULL, listing.items, listing.item_count);
	pw_answer_document(ret, &doc.doc);
	pw_listing_deinit(&listing);
}

static void answer_processes(struct pw_daemon *d, const struct query *q, struct pw_http_answer *ret)
{
	answer_listing(d, q, false, ret);
}

static void answer_groups(struct pw_daemon *d, const struct query *q, struct pw_http_answer *ret)
{
	answer_listing(d, q, true, ret);
}

static const struct pw_process *find_process(struct pw_daemon *d, const struct query *q,
					     struct pw_http_answer *ret)
{
	const struct pw_process *p = q->id && q->id <= UINT32_MAX ? pw_model_pid(d->model, q->id) :
								    NULL;

	if (!p)
		pw_api_error(ret, 404, "/v1/processes lists them", "there is no process %llu",
			     (unsigned long long)q->id);
	return p;
}

static void answer_process(struct pw_daemon *d, const struct query *q, struct pw_http_answer *ret)
{
	const struct pw_process *p = find_process(d, q, ret);
	struct pw_shaped_document doc;
	const void *row = p;

	if (!p)
		return;
	pw_document_build_model(&doc, &pw_document_processes, d->model, NULL, &row, 1);
	pw_answer_document(ret, &doc.doc);
}

static void answer_events(struct pw_daemon *d, const struct query *q, struct pw_http_answer *ret)
{
	const struct pw_event_log *log = &d->model->events;
	uint64_t limit = q->limit && q->limit < PW_EVENTS_MAX ? q->limit : PW_EVENTS_MAX;
	uint64_t first = log->total > limit ? log->total - limit : 0;
	pw_auto_free const void **rows = calloc(PW_EVENTS_MAX + 1, sizeof(*rows));
	struct pw_shaped_document doc;

	if (!rows) {
		pw_api_error(ret, 500, NULL, "out of memory");
		return;
	}
	for (uint64_t i = first; i < log->total; i++)
		rows[i - first] = &log->ring[i % PW_EVENTS_MAX];
	pw_document_build_model(&doc, &pw_document_events, d->model, NULL, rows, log->total - first);
	pw_answer_document(ret, &doc.doc);
}

static void answer_status(struct pw_daemon *d, const struct query *q, struct pw_http_answer *ret)
{
	(void)q;
	pw_status_answer(d, ret);
}

static void answer_metrics(struct pw_daemon *d, const struct query *q, struct pw_http_answer *ret)
{
	pw_metrics_answer(d, q->accept, ret);
}

static void answer_wipes(struct pw_daemon *d, const struct query *q, struct pw_http_answer *ret)
{
	pw_api_wipes(d, &q->ledger, ret);
}

static void answer_wipe_summary(struct pw_daemon *d, const struct query *q, struct pw_http_answer *ret)
{
	pw_api_wipe_summary(d, &q->ledger, ret);
}

static void answer_alerts(struct pw_daemon *d, const struct query *q, struct pw_http_answer *ret)
{
	pw_api_alerts(d, &q->ledger, ret);
}

static void answer_secrets(struct pw_daemon *d, const struct query *q, struct pw_http_answer *ret)
{
	pw_api_secrets(d, &q->ledger, ret);
}

static void answer_secret_records(struct pw_daemon *d, const struct query *q,
				  struct pw_http_answer *ret)
{
	(void)q;
	pw_api_secret_records(d, ret);
}

static void answer_leaks(struct pw_daemon *d, const struct query *q, struct pw_http_answer *ret)
{
	pw_api_leaks(d, &q->leaks, ret);
}

static void answer_explain(struct pw_daemon *d, const struct query *q, struct pw_http_answer *ret)
{
	pw_api_explain(d, &q->leaks, ret);
}

static void answer_trends(struct pw_daemon *d, const struct query *q, struct pw_http_answer *ret)
{
	(void)q;
	pw_api_trends(d, ret);
}

/* ---- segments -------------------------------------------------------------------- */

static void segments_failed(const struct pw_process *p, int r, const struct pw_error *err,
			    struct pw_http_answer *ret)
{
	if (r == -ESRCH)
		pw_api_error(ret, 404, "/v1/processes lists them", "process %u is gone", p->key.pid);
	else
		pw_api_error(ret, r == -EFBIG ? 503 : 500, err->remedy[0] ? err->remedy : NULL,
			     "%s", err->what[0] ? err->what : strerror(-r));
}

static unsigned int segment_flags(const struct query *q)
{
	return (q->smaps ? PW_SEGMENT_SMAPS : 0) | (q->each_vma ? PW_SEGMENT_EACH_VMA : 0);
}

static void answer_segment_records(struct pw_daemon *d, const struct query *q,
				   struct pw_http_answer *ret)
{
	const struct pw_process *p = find_process(d, q, ret);
	struct pw_memory_tape tape;
	struct pw_error err = { 0 };
	int r;

	if (!p)
		return;
	r = pw_memory_tape_init(&tape, SEGMENTS_BYTES_MAX);
	r = r ? r :
		pw_source_segments(d->source, &p->key, segment_flags(q), pw_memory_tape_sink, &tape,
				   &err);
	r = r ? r : pw_recording_flush(tape.writer);
	if (r) {
		segments_failed(p, r, &err, ret);
	} else {
		ret->type = "application/octet-stream";
		ret->bytes = pw_steal(tape.bytes);
		ret->len = tape.len;
	}
	pw_memory_tape_deinit(&tape);
}

/* In a model of its own: the daemon's would keep the rows of every process ever asked for. */
static void answer_segments(struct pw_daemon *d, const struct query *q, struct pw_http_answer *ret)
{
	const struct pw_process *p = find_process(d, q, ret);
	const struct pw_process *scanned;
	pw_auto_free const void **rows = NULL;
	struct pw_model *m = NULL;
	struct pw_shaped_document doc;
	struct pw_error err = { 0 };
	int r;

	if (!p)
		return;
	r = pw_model_create(NULL, &m);
	r = r ? r : pw_model_export_process(d->model, p, pw_model_ingest, m);
	r = r ? r :
		pw_source_segments(d->source, &p->key, segment_flags(q), pw_model_ingest, m, &err);
	scanned = r ? NULL : pw_model_process(m, &p->key);
	if (scanned && scanned->segments) {
		size_t n = scanned->segments->count;

		if (q->limit && q->limit < n)
			n = q->limit;
		rows = calloc(n + 1, sizeof(*rows));
		for (size_t i = 0; rows && i < n; i++)
			rows[i] = &scanned->segments->rows[i];
		pw_document_build_model(&doc, &pw_document_segments, m, NULL, rows, rows ? n : 0);
		pw_answer_document(ret, &doc.doc);
	} else {
		segments_failed(p, r ? r : -ESRCH, &err, ret);
	}
	pw_model_destroy(m);
}

/* ---- history and stream ---------------------------------------------------------- */

typedef void (*history_fn)(struct pw_daemon *d, const struct pw_history_query *q,
			   struct pw_http_answer *ret);

static void answer_history(struct pw_daemon *d, const struct query *q, history_fn fn,
			   struct pw_http_answer *ret)
{
	const struct pw_history_query h = {
		.from_ns = q->from_ns,
		.to_ns = q->to_ns,
		.limit = q->limit ? q->limit : ROWS_DEFAULT,
		.process = q->id,
		.wipes = &q->ledger.filter,
	};

	if (!d->store)
		pw_api_error(ret, 404, "set history_path and see the daemon's log",
			     "there is no history: %s",
			     d->store_error.what[0] ? d->store_error.what : "it is switched off");
	else
		fn(d, &h, ret);
}

static struct pw_stream *open_stream(struct pw_daemon *d, void (*wake)(void *), void *ctx, int *err)
{
	struct pw_stream *s = NULL;

	*err = pw_stream_create(d->broadcast, d->model, wake, ctx, &s);
	return s;
}

static void answer_stream(struct pw_daemon *d, const struct query *q, struct pw_http_answer *ret)
{
	(void)d;
	(void)q;
	ret->type = "application/octet-stream";
	ret->stream = open_stream;
}

/* ---- paths ----------------------------------------------------------------------- */

/* '#' stands for a number, which goes to query.id. One of the two answers. */
static const struct {
	const char *path;
	unsigned int takes;
	void (*answer)(struct pw_daemon *d, const struct query *q, struct pw_http_answer *ret);
	history_fn history;
} routes[] = {
	{ PW_METRICS_PATH, 0, answer_metrics },
	{ "/v1/status", 0, answer_status },
	{ "/v1/processes", TAKES_DEAD | TAKES_SORT | TAKES_LIMIT, answer_processes },
	{ "/v1/processes/#", 0, answer_process },
	{ "/v1/processes/#/segments", TAKES_SMAPS | TAKES_EACH_VMA | TAKES_LIMIT, answer_segments },
	{ "/v1/groups", TAKES_SORT | TAKES_LIMIT, answer_groups },
	{ "/v1/segments/#", TAKES_SMAPS | TAKES_EACH_VMA, answer_segment_records },
	{ "/v1/events", TAKES_LIMIT, answer_events },
	{ "/v1/leaks", TAKES_ALL | TAKES_SUBJECT | TAKES_LIMIT, answer_leaks },
	{ "/v1/explain", TAKES_SUBJECT | TAKES_SERIES, answer_explain },
	{ "/v1/trends", 0, answer_trends },
	{ "/v1/wipes", TAKES_PROCESS | TAKES_WIPE | TAKES_LIMIT, answer_wipes },
	{ "/v1/wipes/summary", TAKES_PROCESS | TAKES_WIPE, answer_wipe_summary },
	{ "/v1/secrets", TAKES_PROCESS | TAKES_STATE | TAKES_LIMIT, answer_secrets },
	{ "/v1/secrets/records", 0, answer_secret_records },
	{ "/v1/alerts", TAKES_PROCESS, answer_alerts },
	{ "/v1/history/processes", TAKES_RANGE | TAKES_LIMIT, NULL, pw_history_processes },
	{ "/v1/history/processes/#", TAKES_RANGE | TAKES_LIMIT, NULL, pw_history_points },
	{ "/v1/history/machine", TAKES_RANGE | TAKES_LIMIT, NULL, pw_history_machine },
	{ "/v1/history/events", TAKES_RANGE | TAKES_LIMIT, NULL, pw_history_events },
	{ "/v1/history/verdicts", TAKES_RANGE | TAKES_LIMIT, NULL, pw_history_verdicts },
	{ "/v1/history/wipes", TAKES_RANGE | TAKES_LIMIT | TAKES_PROCESS | TAKES_WIPE, NULL,
	  pw_history_wipes },
	{ "/v1/history/secrets", TAKES_RANGE | TAKES_LIMIT | TAKES_PROCESS, NULL, pw_history_secrets },
	{ "/v1/stream", 0, answer_stream },
};

static bool path_matches(const char *pattern, const char *path, uint64_t *id)
{
	char number[20];

	while (*pattern && *pattern != '#') {
		if (*pattern++ != *path++)
			return false;
	}
	if (!*pattern)
		return !*path;
	size_t n = strcspn(path, "/");

	if (n >= sizeof(number))
		return false;
	memcpy(number, path, n);
	number[n] = '\0';
	return !parse_number(number, INT64_MAX, id) && strcmp(pattern + 1, path + n) == 0;
}

void pw_api_answer(struct pw_daemon *d, const struct pw_http_request *req, struct pw_http_answer *ret)
{
	struct query q = { .accept = req->accept };

	for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
		if (!path_matches(routes[i].path, req->path, &q.id))
			continue;
		if (!take_parameters(req, routes[i].takes, &q, ret))
			return;
		if (q.smaps && req->uid != 0)
			pw_api_error(ret, 403, "ask without smaps=1",
				     "smaps stalls big targets: only root may ask for it");
		else if (routes[i].history)
			answer_history(d, &q, routes[i].history, ret);
		else
			routes[i].answer(d, &q, ret);
		return;
	}
	pw_api_error(ret, 404, "docs/api.md lists the paths", "there is no %.128s here", req->path);
}
