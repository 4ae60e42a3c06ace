// SPDX-License-Identifier: GPL-2.0-or-later
#include "user/daemon/history.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/cleanup.h"
#include "user/daemon/answer.h"
#include "user/daemon/api.h"
#include "user/daemon/documents.h"

/* Rows of one size, gathered from a query; each may own its strings. */
struct gather {
	char *rows;
	size_t size, count, capacity, limit;
	size_t strings_at; /* offset of a char * that a row owns; SIZE_MAX: none */
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
	pw_document_build(&d, shape, NULL, &g->range, &table);
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

static int take_machine_point(void *ctx, const struct pw_store_point *p, uint64_t available_bytes)
{
	struct pw_history_point *row;
	int err;

	row = add_row(ctx, &err);
	if (row)
		*row = (struct pw_history_point){ *p, available_bytes };
	return err;
}

static int take_point(void *ctx, const struct pw_store_point *p)
{
	return take_machine_point(ctx, p, 0);
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
