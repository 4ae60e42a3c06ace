// SPDX-License-Identifier: GPL-2.0-or-later
#include "user/daemon/history.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/cleanup.h"
#include "user/daemon/answer.h"
#include "user/daemon/api.h"
#include "user/daemon/documents.h"
#include "user/store/replay_wipes.h"
#include "user/store/trends.h"

/* Rows of one size, gathered from a query; each may own its strings. */
struct gather {
	char *rows;
	size_t size, count, capacity, limit;
	size_t strings_at; /* offset of a char * that a row owns; SIZE_MAX: none */
	const void *ctx; /* of the columns' getters */
	const struct pw_wipe_filter *wipes;
	struct pw_history_range range;
};

#define STOP 1 /* a row function's way to say "enough" */

static void gather_deinit(struct gather *g)
{
	for (size_t i = 0; g->strings_at != SIZE_MAX && i < g->count; i++)
		free(*(char **)(g->rows + i * g->size + g->strings_at));
	free(g->rows);
}
#define auto_gather __attribute__((cleanup(gather_deinit)))

static void *add_row(struct gather *g, int *err)
{
	if (g->count == g->limit) {
		g->range.truncated = true;
		*err = STOP;
		return NULL;
	}
	if (g->count == g->capacity) {
		size_t capacity = g->capacity ? 2 * g->capacity : 256;
		char *rows = realloc(g->rows, capacity * g->size);

		if (!rows) {
			*err = -ENOMEM;
			return NULL;
		}
		g->rows = rows;
		g->capacity = capacity;
	}
	*err = 0;
	return memset(g->rows + g->count++ * g->size, 0, g->size);
}

/* Copies n strings into one block and points at the copies. */
static char *own_strings(const char **strings[], size_t n)
{
	size_t len = 0;
	char *block, *p;

	for (size_t i = 0; i < n; i++)
		len += strlen(*strings[i]) + 1;
	p = block = malloc(len);
	for (size_t i = 0; block && i < n; i++) {
		const char *copy = p;

		p = stpcpy(p, *strings[i]) + 1;
		*strings[i] = copy;
	}
	return block;
}

static void answer(struct gather *g, int err, const struct pw_document_shape *shape,
		   struct pw_http_answer *ret)
{
	pw_auto_free const void **rows = NULL;
	struct pw_rows table;
	struct pw_shaped_document d;

	if (err == -ESRCH) {
		pw_api_error(ret, 404, "/v1/history/processes lists the ids",
			     "no such process in the history");
		return;
	}
	rows = calloc(g->count + 1, sizeof(*rows));
	if (!rows && !err)
		err = -ENOMEM;
	if (err && err != STOP) {
		pw_api_error(ret, err == -ETIMEDOUT ? 503 : 500,
			     err == -ETIMEDOUT ? "ask for a shorter range" : NULL,
			     "cannot read the history: %s",
			     err == -ETIMEDOUT ? "it took longer than 2 s" : strerror(-err));
		return;
	}
	for (size_t i = 0; i < g->count; i++)
		rows[i] = g->rows + i * g->size;
	table = (struct pw_rows){ rows, g->count };
	pw_document_build(&d, shape, g->ctx, &g->range, &table);
	pw_answer_document(ret, &d.doc);
}

static struct gather begin(const struct pw_history_query *q, size_t size, size_t strings_at)
{
	return (struct gather){
		.size = size,
		.limit = q->limit,
		.strings_at = strings_at,
		.range = { q->from_ns, q->to_ns, false },
	};
}

static int take_process(void *ctx, const struct pw_store_process *p)
{
	struct pw_history_process *row;
	int err;

	row = add_row(ctx, &err);
	if (!row)
		return err;
	row->process = *p;
	const char **strings[] = { &row->process.boot_id, &row->process.comm,
				   &row->process.exe,	  &row->process.cgroup,
				   &row->process.unit,	  &row->process.container,
				   &row->process.build_id };

	row->strings = own_strings(strings, sizeof(strings) / sizeof(strings[0]));
	return row->strings ? 0 : -ENOMEM;
}

void pw_history_processes(struct pw_daemon *d, const struct pw_history_query *q,
			  struct pw_http_answer *ret)
{
	auto_gather struct gather g = begin(q, sizeof(struct pw_history_process),
					    offsetof(struct pw_history_process, strings));
	int err = pw_store_each_process(d->store, q->from_ns, q->to_ns, take_process, &g);

	answer(&g, err, &pw_document_history_processes, ret);
}

static int add_point(void *ctx, const struct pw_store_point *p, uint64_t available_bytes)
{
	struct pw_history_point *row;
	int err;

	row = add_row(ctx, &err);
	if (row)
		*row = (struct pw_history_point){ *p, available_bytes };
	return err;
}

static int take_machine_point(void *ctx, const struct pw_store_machine_point *p)
{
	return add_point(ctx, &p->point, p->available_bytes);
}

static int take_point(void *ctx, const struct pw_store_point *p)
{
	return add_point(ctx, p, 0);
}

void pw_history_points(struct pw_daemon *d, const struct pw_history_query *q,
		       struct pw_http_answer *ret)
{
	auto_gather struct gather g = begin(q, sizeof(struct pw_history_point), SIZE_MAX);
	int err = pw_store_each_point(d->store, q->process, q->from_ns, q->to_ns, take_point, &g);

	answer(&g, err, &pw_document_history_points, ret);
}

void pw_history_machine(struct pw_daemon *d, const struct pw_history_query *q,
			struct pw_http_answer *ret)
{
	auto_gather struct gather g = begin(q, sizeof(struct pw_history_point), SIZE_MAX);
	int err = pw_store_each_machine_point(d->store, q->from_ns, q->to_ns, take_machine_point, &g);

	answer(&g, err, &pw_document_history_machine, ret);
}

static int take_event(void *ctx, const struct pw_store_event *e)
{
	struct pw_history_event *row;
	int err;

	row = add_row(ctx, &err);
	if (!row)
		return err;
	row->event = *e;
	const char **strings[] = { &row->event.type, &row->event.comm, &row->event.detail };

	row->strings = own_strings(strings, sizeof(strings) / sizeof(strings[0]));
	return row->strings ? 0 : -ENOMEM;
}

void pw_history_events(struct pw_daemon *d, const struct pw_history_query *q,
		       struct pw_http_answer *ret)
{
	auto_gather struct gather g = begin(q, sizeof(struct pw_history_event),
					    offsetof(struct pw_history_event, strings));
	int err = pw_store_each_event(d->store, q->from_ns, q->to_ns, take_event, &g);

	answer(&g, err, &pw_document_history_events, ret);
}

static int take_verdict(void *ctx, const struct pw_verdict_event *ev)
{
	struct pw_history_verdict *row;
	int err;

	row = add_row(ctx, &err);
	if (!row)
		return err;
	row->event = *ev;
	struct pw_subject *s = &row->event.subject;
	const char **strings[] = { &s->exe, &s->cgroup, &s->unit, &s->container, &s->boot_id };

	row->strings = own_strings(strings, sizeof(strings) / sizeof(strings[0]));
	return row->strings ? 0 : -ENOMEM;
}

void pw_history_verdicts(struct pw_daemon *d, const struct pw_history_query *q,
			 struct pw_http_answer *ret)
{
	auto_gather struct gather g = begin(q, sizeof(struct pw_history_verdict),
					    offsetof(struct pw_history_verdict, strings));
	int err = pw_store_each_verdict(d->store, q->from_ns, q->to_ns, take_verdict, &g);

	answer(&g, err, &pw_document_history_verdicts, ret);
}

/* ---- the wipe ledger --------------------------------------------------------------- */

/* Its getters take the boot's time from a model; the records' times are realtime already. */
static const struct pw_model no_boot;

/* Copies a string that stands at *at without a NUL, and moves on. */
static const char *take_string(const char **at, size_t len, char **room)
{
	const char *copy = *room;

	memcpy(*room, *at, len);
	(*room)[len] = '\0';
	*at += len;
	*room += len + 1;
	return copy;
}

/* The strings behind a record: the row's own from now on. */
static int own_event(struct pw_history_wipe *row, const char *behind, size_t file, size_t symbol,
		     size_t exe)
{
	char *room = row->strings = malloc(file + symbol + exe + 3);

	if (!room)
		return -ENOMEM;
	row->event.file = take_string(&behind, file, &room);
	row->event.symbol = take_string(&behind, symbol, &room);
	row->event.exe = take_string(&behind, exe, &room);
	return 0;
}

static int own_wipe(struct pw_history_wipe *row, const struct pw_record *rec)
{
	const struct pw_wipe *wipe = (const struct pw_wipe *)rec;
	const struct pw_release *rel = (const struct pw_release *)rec;

	row->event.release = rec->type == PW_REC_RELEASE;
	if (row->event.release) {
		row->event.rel = *rel;
		return own_event(row, (const char *)(rel + 1), rel->file_len, rel->symbol_len,
				 rel->exe_len);
	}
	row->event.wipe = *wipe;
	return own_event(row, (const char *)(wipe + 1), wipe->file_len, wipe->symbol_len,
			 wipe->exe_len);
}

static int take_wipe(void *ctx, const struct pw_record *rec)
{
	struct pw_history_wipe event = { .strings = NULL }, *row;
	struct gather *g = ctx;
	int err;

	if (rec->type != PW_REC_WIPE && rec->type != PW_REC_RELEASE)
		return 0;
	err = own_wipe(&event, rec);
	if (err || !pw_wipe_filter_passes(g->wipes, &event.event)) {
		free(event.strings);
		return err;
	}
	row = add_row(g, &err);
	if (row)
		*row = event;
	else
		free(event.strings);
	return err;
}

static int take_secret(void *ctx, const struct pw_record *rec)
{
	const struct pw_secret *s = (const struct pw_secret *)rec;
	char comm[PW_COMM_LEN + 1] = "";
	struct gather *g = ctx;
	struct pw_secret *row;
	int err = 0;

	if (rec->type != PW_REC_SECRET)
		return 0;
	memcpy(comm, s->comm, PW_COMM_LEN);
	if (!pw_wipe_filter_process(g->wipes, s->key.pid, comm, ""))
		return 0;
	row = add_row(g, &err);
	if (row)
		*row = *s;
	return err;
}

static void answer_ledger(struct pw_daemon *d, struct gather *g, const struct pw_history_query *q,
			  pw_sink take, const struct pw_document_shape *shape,
			  struct pw_http_answer *ret)
{
	g->ctx = &no_boot;
	g->wipes = q->wipes;
	answer(g, pw_store_replay_wipes(d->store, q->from_ns, q->to_ns, take, g), shape, ret);
}

void pw_history_wipes(struct pw_daemon *d, const struct pw_history_query *q,
		      struct pw_http_answer *ret)
{
	auto_gather struct gather g =
		begin(q, sizeof(struct pw_history_wipe), offsetof(struct pw_history_wipe, strings));

	answer_ledger(d, &g, q, take_wipe, &pw_document_history_wipes, ret);
}

void pw_history_secrets(struct pw_daemon *d, const struct pw_history_query *q,
			struct pw_http_answer *ret)
{
	auto_gather struct gather g = begin(q, sizeof(struct pw_secret), SIZE_MAX);

	answer_ledger(d, &g, q, take_secret, &pw_document_history_secrets, ret);
}
