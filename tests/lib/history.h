/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A store in a directory of its own, a model to feed it, and lists of what it gives back. */
#ifndef TESTS_LIB_HISTORY_H
#define TESTS_LIB_HISTORY_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>
#include <cmocka.h>
#include <sqlite3.h>

#include "lib/trace.h"
#include "user/store/store.h"

#define REAL_AT_BOOT (1700000000ull * TRACE_SECOND) /* trace_machine's; a multiple of 10 s */
#define PAGE 4096ull
#define STEP (10 * TRACE_SECOND)
#define HOUR 2800ull /* after boot, a full hour of realtime */

struct fixture {
	char dir[64];
	char path[96];
	struct pw_store *s;
	struct pw_model *m;
	struct trace t;
};

/* ---- driving a store ------------------------------------------------------------- */

static inline void fresh_model(struct fixture *f, const char *boot_id)
{
	pw_model_destroy(f->m);
	trace_free(&f->t);
	assert_int_equal(pw_model_create(NULL, &f->m), 0);
	trace_machine(&f->t, boot_id);
}

static inline int open_store(struct fixture *f, uint64_t max_bytes, struct pw_error *err)
{
	const struct pw_store_options opt = { .max_bytes = max_bytes };

	memset(err, 0, sizeof(*err));
	return pw_store_open(f->path, &opt, &f->s, err);
}

static inline void must_open(struct fixture *f, uint64_t max_bytes)
{
	struct pw_error err;
	int r = open_store(f, max_bytes, &err);

	if (r)
		print_message("%s\n", err.what);
	assert_int_equal(r, 0);
}

static inline int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	strcpy(f->dir, "/tmp/pagewarden-store.XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	snprintf(f->path, sizeof(f->path), "%s/history.db", f->dir);
	fresh_model(f, "boot-1");
	must_open(f, 0);
	*state = f;
	return 0;
}

static inline int teardown(void **state)
{
	struct fixture *f = *state;
	char command[128];

	pw_store_close(f->s);
	pw_model_destroy(f->m);
	trace_free(&f->t);
	snprintf(command, sizeof(command), "rm -rf %s", f->dir);
	assert_int_equal(system(command), 0);
	free(f);
	return 0;
}

/* Ends an interval at `seconds` after boot and shows it to the store. */
static inline int tick_at(struct fixture *f, uint64_t seconds)
{
	f->t.now_ns = seconds * TRACE_SECOND - TRACE_SECOND; /* trace_tick() adds one */
	trace_tick(&f->t);
	assert_int_equal(trace_flush(&f->t, pw_model_ingest, f->m), 0);
	return pw_store_tick(f->s, f->m);
}

static inline void grow(struct fixture *f, uint32_t pid, uint64_t pages)
{
	trace_counters(&f->t, trace_key(pid), pages);
}

static inline int maintain_at(struct fixture *f, uint64_t seconds)
{
	return pw_store_maintain(f->s, REAL_AT_BOOT + seconds * TRACE_SECOND, NULL);
}

/* ---- reading back ---------------------------------------------------------------- */

struct list {
	size_t count;
	struct pw_store_point points[20000];
	struct pw_store_process processes[256];
	char exe[256][64];
	struct pw_store_event events[64];
	char event_types[64][16];
	uint64_t available[20000];
	struct pw_store_machine_point machine;
};

static struct list list;

static inline int take_point(void *ctx, const struct pw_store_point *p)
{
	(void)ctx;
	assert_true(list.count < 20000);
	list.points[list.count++] = *p;
	return 0;
}

static inline int take_machine(void *ctx, const struct pw_store_machine_point *p)
{
	list.available[list.count] = p->available_bytes;
	list.machine = *p; /* the last */
	return take_point(ctx, &p->point);
}

static inline int take_process(void *ctx, const struct pw_store_process *p)
{
	(void)ctx;
	assert_true(list.count < 256);
	snprintf(list.exe[list.count], sizeof(list.exe[0]), "%s", p->exe);
	list.processes[list.count++] = *p;
	return 0;
}

static inline int take_event(void *ctx, const struct pw_store_event *e)
{
	(void)ctx;
	assert_true(list.count < 64);
	snprintf(list.event_types[list.count], sizeof(list.event_types[0]), "%s", e->type);
	list.events[list.count++] = *e;
	return 0;
}

static inline int stop_at_once(void *ctx, const struct pw_store_point *p)
{
	(void)ctx;
	(void)p;
	return 42;
}

static inline uint64_t real(uint64_t seconds)
{
	return REAL_AT_BOOT + seconds * TRACE_SECOND;
}

static inline size_t processes_in(struct fixture *f, uint64_t from_s, uint64_t to_s)
{
	list.count = 0;
	assert_int_equal(pw_store_each_process(f->s, real(from_s), real(to_s), take_process, NULL),
			 0);
	return list.count;
}

static inline int64_t id_of(struct fixture *f, uint32_t pid)
{
	list.count = 0;
	assert_int_equal(pw_store_each_process(f->s, 0, UINT64_MAX, take_process, NULL), 0);
	for (size_t i = 0; i < list.count; i++) {
		if (list.processes[i].pid == pid)
			return list.processes[i].id;
	}
	fail_msg("no process %u in the history", pid);
	return 0;
}

static inline size_t points_of(struct fixture *f, uint32_t pid, uint64_t from_s, uint64_t to_s)
{
	int64_t id = id_of(f, pid);

	list.count = 0;
	assert_int_equal(pw_store_each_point(f->s, id, real(from_s), real(to_s), take_point, NULL),
			 0);
	return list.count;
}

static inline int64_t sql_number(struct fixture *f, const char *sql)
{
	sqlite3_stmt *st = NULL;
	sqlite3 *db = NULL;
	int64_t n = -1;

	assert_int_equal(sqlite3_open_v2(f->path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &st, NULL), SQLITE_OK);
	if (sqlite3_step(st) == SQLITE_ROW)
		n = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	sqlite3_close(db);
	return n;
}

static inline void assert_intact(struct fixture *f)
{
	sqlite3_stmt *st = NULL;
	sqlite3 *db = NULL;

	assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, "PRAGMA integrity_check", -1, &st, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(st), SQLITE_ROW);
	assert_string_equal((const char *)sqlite3_column_text(st, 0), "ok");
	sqlite3_finalize(st);
	sqlite3_close(db);
}

#define HISTORY_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
