// SPDX-License-Identifier: GPL-2.0-or-later
/* links: rest */
/* The history: what is written, filled, aged, bounded, and what survives crashes, damage, a full disk. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
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

static void fresh_model(struct fixture *f, const char *boot_id)
{
	pw_model_destroy(f->m);
	trace_free(&f->t);
	assert_int_equal(pw_model_create(NULL, &f->m), 0);
	trace_machine(&f->t, boot_id);
}

static int open_store(struct fixture *f, uint64_t max_bytes, struct pw_error *err)
{
	const struct pw_store_options opt = { .max_bytes = max_bytes };

	memset(err, 0, sizeof(*err));
	return pw_store_open(f->path, &opt, &f->s, err);
}

static void must_open(struct fixture *f, uint64_t max_bytes)
{
	struct pw_error err;
	int r = open_store(f, max_bytes, &err);

	if (r)
		print_message("%s\n", err.what);
	assert_int_equal(r, 0);
}

static int setup(void **state)
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

static int teardown(void **state)
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
static int tick_at(struct fixture *f, uint64_t seconds)
{
	f->t.now_ns = seconds * TRACE_SECOND - TRACE_SECOND; /* trace_tick() adds one */
	trace_tick(&f->t);
	assert_int_equal(trace_flush(&f->t, pw_model_ingest, f->m), 0);
	return pw_store_tick(f->s, f->m);
}

static void grow(struct fixture *f, uint32_t pid, uint64_t pages)
{
	trace_counters(&f->t, trace_key(pid), pages);
}

static int maintain_at(struct fixture *f, uint64_t seconds)
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
};

static struct list list;

static int take_point(void *ctx, const struct pw_store_point *p)
{
	(void)ctx;
	assert_true(list.count < 20000);
	list.points[list.count++] = *p;
	return 0;
}

static int take_machine(void *ctx, const struct pw_store_point *p, uint64_t available)
{
	list.available[list.count] = available;
	return take_point(ctx, p);
}

static int take_process(void *ctx, const struct pw_store_process *p)
{
	(void)ctx;
	assert_true(list.count < 256);
	snprintf(list.exe[list.count], sizeof(list.exe[0]), "%s", p->exe);
	list.processes[list.count++] = *p;
	return 0;
}

static int take_event(void *ctx, const struct pw_store_event *e)
{
	(void)ctx;
	assert_true(list.count < 64);
	snprintf(list.event_types[list.count], sizeof(list.event_types[0]), "%s", e->type);
	list.events[list.count++] = *e;
	return 0;
}

static int stop_at_once(void *ctx, const struct pw_store_point *p)
{
	(void)ctx;
	(void)p;
	return 42;
}

static uint64_t real(uint64_t seconds)
{
	return REAL_AT_BOOT + seconds * TRACE_SECOND;
}

static size_t processes_in(struct fixture *f, uint64_t from_s, uint64_t to_s)
{
	list.count = 0;
	assert_int_equal(pw_store_each_process(f->s, real(from_s), real(to_s), take_process, NULL),
			 0);
	return list.count;
}

static int64_t id_of(struct fixture *f, uint32_t pid)
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

static size_t points_of(struct fixture *f, uint32_t pid, uint64_t from_s, uint64_t to_s)
{
	int64_t id = id_of(f, pid);

	list.count = 0;
	assert_int_equal(pw_store_each_point(f->s, id, real(from_s), real(to_s), take_point, NULL),
			 0);
	return list.count;
}

static int64_t sql_number(struct fixture *f, const char *sql)
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

static void assert_intact(struct fixture *f)
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

/* ---- what is written ------------------------------------------------------------- */

static void points_come_back(void **state)
{
	struct fixture *f = *state;
	struct pw_counters *c;

	trace_identity(&f->t, trace_key(7), "/usr/bin/seven", "/system.slice/seven.service",
		       "seven.service", "seven --days");
	c = trace_counters(&f->t, trace_key(7), 101);
	c->file_pages = 11;
	c->shmem_pages = 13;
	c->swap_pages = 17;
	c->page_table_bytes = 19 * PAGE;
	c->minor_faults = 23;
	c->major_faults = 29;
	c->cpu_ns = 31 * 1000000;
	assert_int_equal(tick_at(f, 100), 0);
	assert_int_equal(pw_store_flush(f->s, NULL), 0);

	assert_int_equal(processes_in(f, 0, 1000), 1);
	assert_int_equal(list.processes[0].pid, 7);
	assert_int_equal(list.processes[0].end_ns, 0);
	assert_string_equal(list.exe[0], "/usr/bin/seven");
	assert_int_equal(list.processes[0].start_ns, REAL_AT_BOOT + 7 * PW_TICK_NS);

	assert_int_equal(points_of(f, 7, 0, 1000), 1);
	assert_int_equal(list.points[0].time_ns, real(100));
	assert_int_equal(list.points[0].step_ns, STEP);
	assert_int_equal(list.points[0].anon_bytes, 101 * PAGE);
	assert_int_equal(list.points[0].file_bytes, 11 * PAGE);
	assert_int_equal(list.points[0].shmem_bytes, 13 * PAGE);
	assert_int_equal(list.points[0].swap_bytes, 17 * PAGE);
	assert_int_equal(list.points[0].page_table_bytes, 19 * PAGE);
	assert_int_equal(list.points[0].minor_faults, 23);
	assert_int_equal(list.points[0].major_faults, 29);
	assert_int_equal(list.points[0].cpu_ns, 31 * 1000000);
	assert_int_equal(list.points[0].low_bytes, (101 + 13 + 17) * PAGE);
}

static void a_silent_process_takes_no_rows_and_queries_fill(void **state)
{
	struct fixture *f = *state;

	grow(f, 7, 100);
	for (uint64_t t = 100; t <= 400; t += 10) {
		if (t == 250)
			grow(f, 7, 200);
		assert_int_equal(tick_at(f, t), 0);
	}
	assert_int_equal(pw_store_flush(f->s, NULL), 0);
	assert_int_equal(sql_number(f, "SELECT count(*) FROM point"), 2);
	/* Steps 100 .. 390: the first tick writes its own step, each later one the step before. */
	assert_int_equal(points_of(f, 7, 0, 1000), 30);
	for (size_t i = 0; i < list.count; i++) {
		assert_int_equal(list.points[i].time_ns, real(100 + 10 * i));
		assert_int_equal(list.points[i].anon_bytes, (i < 14 ? 100 : 200) * PAGE);
	}
	/* A range that begins in silence starts with the last word before it. */
	assert_int_equal(points_of(f, 7, 200, 220), 2);
	assert_int_equal(list.points[0].anon_bytes, 100 * PAGE);
}

static void a_query_stops_with_the_callers_result(void **state)
{
	struct fixture *f = *state;

	grow(f, 7, 100);
	tick_at(f, 100);
	assert_int_equal(pw_store_each_point(f->s, id_of(f, 7), 0, UINT64_MAX, stop_at_once, NULL),
			 42);
	assert_int_equal(pw_store_each_point(f->s, 9999, 0, UINT64_MAX, stop_at_once, NULL), -ESRCH);
}

static void a_gap_of_the_daemon_stays_a_gap(void **state)
{
	struct fixture *f = *state;

	grow(f, 7, 100);
	tick_at(f, 100);
	tick_at(f, 110);
	pw_store_close(f->s);
	f->s = NULL;
	must_open(f, 0);
	tick_at(f, 500); /* the same process, another run */
	tick_at(f, 510);
	assert_int_equal(pw_store_flush(f->s, NULL), 0);
	assert_int_equal(sql_number(f, "SELECT count(*) FROM process"), 1);
	/* 100 twice (its own step, and as the step that ended), then the second run's */
	assert_int_equal(points_of(f, 7, 0, 1000), 2);
	assert_int_equal(list.points[0].time_ns, real(100));
	assert_int_equal(list.points[1].time_ns, real(500));
}

static void ends_are_written(void **state)
{
	struct fixture *f = *state;

	grow(f, 7, 100);
	grow(f, 8, 100);
	tick_at(f, 100);
	f->t.now_ns = 104 * TRACE_SECOND;
	trace_exit(&f->t, trace_key(7), 9);
	tick_at(f, 110);
	assert_int_equal(pw_store_flush(f->s, NULL), 0);
	assert_int_equal(processes_in(f, 0, 1000), 2);
	assert_int_equal(list.processes[0].end_ns, real(104));
	assert_int_equal(list.processes[1].end_ns, 0);
	assert_int_equal(processes_in(f, 105, 1000), 1); /* 7 had ended before */

	/* 8 is not met again by the next run: it ended when the last one stopped looking. */
	pw_store_close(f->s);
	f->s = NULL;
	fresh_model(f, "boot-2");
	must_open(f, 0);
	grow(f, 9, 1);
	tick_at(f, 1000);
	assert_int_equal(pw_store_flush(f->s, NULL), 0);
	assert_int_equal(processes_in(f, 0, 2000), 3);
	assert_int_equal(list.processes[1].end_ns, real(110));
}

static void events_that_matter_are_kept(void **state)
{
	struct fixture *f = *state;
	struct pw_oom *oom;

	grow(f, 7, 100);
	tick_at(f, 100);
	trace_fork(&f->t, trace_key(20), trace_key(7)); /* lives and ends within a step */
	trace_exit(&f->t, trace_key(20), 0);
	oom = trace_oom(&f->t, trace_key(7));
	oom->anon_pages = 3;
	trace_exit(&f->t, trace_key(7), 9);
	tick_at(f, 102);
	assert_int_equal(pw_store_flush(f->s, NULL), 0);
	list.count = 0;
	assert_int_equal(pw_store_each_event(f->s, 0, UINT64_MAX, take_event, NULL), 0);
	assert_int_equal(list.count, 2);
	assert_string_equal(list.event_types[0], "oom-kill");
	assert_int_equal(list.events[0].value, 3 * PAGE);
	assert_string_equal(list.event_types[1], "exit");
	assert_int_equal(list.events[1].value, 9);
	assert_int_equal(list.events[1].pid, 7);
}

static void the_machine_has_points(void **state)
{
	struct fixture *f = *state;

	tick_at(f, 100);
	tick_at(f, 110);
	tick_at(f, 120);
	list.count = 0;
	assert_int_equal(pw_store_each_machine_point(f->s, real(0), real(1000), take_machine, NULL),
			 0);
	assert_int_equal(list.count, 2);
	assert_int_equal(list.available[0], (1 << 19) * PAGE);
}

/* ---- ageing ---------------------------------------------------------------------- */

/*
 * A saw-tooth between 100 and 159 pages within each 5 minutes, a floor of 50 in
 * one step only, and a silent stretch: the aged points must keep the floor.
 */
static void ageing_keeps_the_floor(void **state)
{
	struct fixture *f = *state;
	const uint64_t day = 86400, h = HOUR;

	for (uint64_t t = h; t < h + 900; t += 10) {
		if (t < h + 300)
			grow(f, 7, t == h + 150 ? 50 : 100 + t / 10 % 30);
		if (t == h + 600)
			grow(f, 7, 500); /* silent since h + 290 */
		tick_at(f, t);
	}
	assert_int_equal(maintain_at(f, h + day + 900), 0);
	assert_int_equal(sql_number(f, "SELECT count(*) FROM point WHERE tier = 0"), 0);
	assert_int_equal(sql_number(f, "SELECT count(*) FROM machine_point WHERE tier = 0"), 0);
	assert_int_equal(points_of(f, 7, h, h + 2000), 3);
	assert_int_equal(list.points[0].time_ns, real(h));
	assert_int_equal(list.points[0].step_ns, 300 * TRACE_SECOND);
	assert_int_equal(list.points[0].low_bytes, 50 * PAGE);
	assert_int_equal(list.points[0].high_bytes, 129 * PAGE);
	/* The tick at h + 600 tells the step of h + 590: silence, then 500. */
	assert_int_equal(list.points[1].low_bytes, (100 + (h + 290) / 10 % 30) * PAGE);
	assert_int_equal(list.points[1].high_bytes, 500 * PAGE);
	assert_int_equal(list.points[1].anon_bytes, 500 * PAGE);
	/* Silent all through; filled with one value. */
	assert_int_equal(list.points[2].low_bytes, 500 * PAGE);
	assert_int_equal(list.points[2].high_bytes, 500 * PAGE);

	/* A month later: one point for the hour, the same floor. */
	assert_int_equal(maintain_at(f, h + 31 * day), 0);
	assert_int_equal(sql_number(f, "SELECT count(*) FROM point WHERE tier = 1"), 0);
	assert_int_equal(points_of(f, 7, h, h + 3600), 1);
	assert_int_equal(list.points[0].step_ns, 3600 * TRACE_SECOND);
	assert_int_equal(list.points[0].low_bytes, 50 * PAGE);
	assert_int_equal(list.points[0].high_bytes, 500 * PAGE);

	/* And a year later nothing. */
	assert_int_equal(maintain_at(f, 400 * day), 0);
	assert_int_equal(sql_number(f, "SELECT count(*) FROM point"), 0);
	assert_int_equal(sql_number(f, "SELECT count(*) FROM machine_point"), 0);
}

static void a_new_process_brings_no_carry(void **state)
{
	struct fixture *f = *state;

	for (uint64_t t = 0; t <= 300; t += 10) {
		if (t >= 150)
			grow(f, 7, 1000 - t);
		tick_at(f, HOUR + t);
	}
	assert_int_equal(maintain_at(f, HOUR + 86400 + 300), 0);
	assert_int_equal(points_of(f, 7, HOUR, HOUR + 300), 1);
	assert_int_equal(list.points[0].low_bytes, 700 * PAGE); /* not 0: it was not there */
	assert_int_equal(list.points[0].high_bytes, 850 * PAGE);
}

static void the_file_stays_within_its_bound(void **state)
{
	struct fixture *f = *state;
	const uint64_t bound = 1 << 20;
	uint64_t most = 0, t;

	pw_store_close(f->s);
	f->s = NULL;
	must_open(f, bound);
	for (t = 1000; t < 3500; t += 10) {
		for (uint32_t pid = 1; pid <= 200; pid++)
			grow(f, pid, t + pid);
		assert_int_equal(tick_at(f, t), 0);
		assert_int_equal(pw_store_flush(f->s, NULL), 0);
		assert_int_equal(maintain_at(f, t), 0);
		if (pw_store_bytes(f->s) > most)
			most = pw_store_bytes(f->s);
	}
	assert_int_equal(pw_store_lost_rows(f->s), 0);
	assert_true(most <= bound - bound / 4);
	assert_true(most > bound / 2); /* the bound was met, so something had to go */
	/* The newest is there, the oldest went. */
	assert_true(points_of(f, 100, t - 50, t) > 0);
	assert_int_equal(points_of(f, 100, 1000, 1100), 0);
	assert_int_equal(list.count, 0);
	assert_intact(f);
}

/* ---- faults ---------------------------------------------------------------------- */

static void a_second_writer_is_refused(void **state)
{
	struct fixture *f = *state;
	struct pw_store *other = NULL;
	struct pw_error err = { 0 };
	char pid[32];

	snprintf(pid, sizeof(pid), "(pid %d)", (int)getpid());
	assert_int_equal(pw_store_open(f->path, NULL, &other, &err), -EBUSY);
	assert_null(other);
	assert_non_null(strstr(err.what, pid));
	assert_true(err.remedy[0] != '\0');
	/* Readers are welcome. */
	grow(f, 7, 1);
	tick_at(f, 100);
	assert_int_equal(pw_store_flush(f->s, NULL), 0);
	const struct pw_store_options read_only = { .read_only = true };

	assert_int_equal(pw_store_open(f->path, &read_only, &other, &err), 0);
	list.count = 0;
	assert_int_equal(pw_store_each_process(other, 0, UINT64_MAX, take_process, NULL), 0);
	assert_int_equal(list.count, 1);
	assert_int_equal(pw_store_tick(other, f->m), -EACCES);
	pw_store_close(other);
}

static void a_newer_schema_is_refused(void **state)
{
	struct fixture *f = *state;
	struct pw_error err;
	sqlite3 *db;

	pw_store_close(f->s);
	f->s = NULL;
	assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "PRAGMA user_version = 99", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	assert_int_equal(open_store(f, 0, &err), -EPROTONOSUPPORT);
	assert_non_null(strstr(err.what, "schema 99"));
	assert_true(err.remedy[0] != '\0');
	assert_int_equal(access(f->path, F_OK), 0); /* untouched */
}

static void overwrite(const char *path, off_t at, size_t len)
{
	char junk[512];
	int fd = open(path, O_WRONLY);

	memset(junk, 0x5a, sizeof(junk));
	assert_true(fd >= 0);
	for (; len; len -= sizeof(junk), at += sizeof(junk))
		assert_int_equal(pwrite(fd, junk, sizeof(junk), at), sizeof(junk));
	close(fd);
}

static void assert_kept_aside(struct fixture *f, const char *said)
{
	char aside[128];

	snprintf(aside, sizeof(aside), "%s.damaged-1", f->path);
	assert_int_equal(access(aside, F_OK), 0);
	assert_non_null(strstr(said, aside));
	grow(f, 7, 1);
	assert_int_equal(tick_at(f, 2000), 0);
	assert_int_equal(pw_store_flush(f->s, NULL), 0);
	assert_intact(f);
}

static void a_damaged_header_is_kept_aside(void **state)
{
	struct fixture *f = *state;
	struct pw_error err;

	pw_store_close(f->s);
	f->s = NULL;
	overwrite(f->path, 0, 1024);
	assert_int_equal(open_store(f, 0, &err), 0);
	assert_kept_aside(f, err.what);
}

/* Damage inside is looked for after a run that did not end cleanly. */
static void damage_after_a_crash_is_kept_aside(void **state)
{
	struct fixture *f = *state;
	struct pw_error err;
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		for (uint64_t t = 100; t < 400; t += 10) {
			for (uint32_t p = 1; p < 100; p++)
				grow(f, p, t + p);
			tick_at(f, t);
			pw_store_flush(f->s, NULL);
		}
		raise(SIGKILL);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	/* SQLite must not carry a connection over a fork: this one did nothing since. */
	pw_store_close(f->s);
	f->s = NULL;
	must_open(f, 0);
	pw_store_close(f->s);
	f->s = NULL;
	/* Mark it unclean again, and hit pages behind the schema's. */
	sqlite3 *db;

	assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db,
				      "UPDATE meta SET value = 0 WHERE key = 'clean';"
				      "PRAGMA wal_checkpoint(TRUNCATE)",
				      NULL, NULL, NULL),
			 SQLITE_OK);
	sqlite3_close(db);
	struct stat st;

	assert_int_equal(stat(f->path, &st), 0);
	assert_true(st.st_size > 20 * 4096);
	overwrite(f->path, 16 * 4096, 4 * 4096);
	assert_int_equal(open_store(f, 0, &err), 0);
	assert_kept_aside(f, err.what);
}

static void unusable_paths_are_told(void **state)
{
	struct fixture *f = *state;
	struct pw_store *other = NULL;
	struct pw_error err = { 0 };
	char path[128];

	snprintf(path, sizeof(path), "%s/no/such/dir/h.db", f->dir);
	assert_int_equal(pw_store_open(path, NULL, &other, &err), -ENOENT);
	assert_non_null(strstr(err.what, path));
	snprintf(path, sizeof(path), "%s/link.db", f->dir);
	assert_int_equal(symlink("/etc/passwd", path), 0);
	memset(&err, 0, sizeof(err));
	assert_true(pw_store_open(path, NULL, &other, &err) < 0);
	assert_null(other);
}

/* ---- SIGKILL --------------------------------------------------------------------- */

#define KILLS 50

/* Writes and flushes for ever, and publishes each step that a flush has committed. */
static void write_until_killed(const char *path, unsigned int round, volatile uint64_t *flushed)
{
	struct fixture f = { 0 };
	struct pw_error err;

	snprintf(f.path, sizeof(f.path), "%s", path);
	fresh_model(&f, "boot-1");
	if (open_store(&f, 0, &err)) {
		fprintf(stderr, "round %u: %s\n", round, err.what);
		_exit(1);
	}
	for (uint64_t t = 100000ull * (round + 1);; t += 10) {
		for (uint32_t pid = 1; pid <= 50; pid++)
			grow(&f, pid, t + pid);
		if (tick_at(&f, t) || pw_store_flush(f.s, &err))
			_exit(2);
		if (t % 100 == 0 && maintain_at(&f, t))
			_exit(3);
		*flushed = t;
	}
}

static void sigkill_loses_only_what_was_not_flushed(void **state)
{
	struct fixture *f = *state;
	volatile uint64_t *flushed =
		mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	unsigned int seed = 4711, with_work = 0;

	pw_store_close(f->s);
	f->s = NULL;
	for (unsigned int round = 0; round < KILLS; round++) {
		char sql[128];
		uint64_t newest;
		int status;
		pid_t pid;

		*flushed = 0;
		pid = fork();
		if (pid == 0)
			write_until_killed(f->path, round, flushed);
		/* Two in three strike a writer at work, the others anywhere, opening included. */
		for (int i = 0; i < 10000 && round % 3 && *flushed <= 100000ull * (round + 1); i++)
			usleep(1000);
		usleep(rand_r(&seed) % 20000);
		kill(pid, SIGKILL);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFSIGNALED(status)); /* an error would have ended it by itself */
		newest = *flushed;
		assert_intact(f);
		if (!newest || newest == 100000ull * (round + 1))
			continue; /* killed before its second flush */
		with_work++;
		/* The tick at `newest` wrote the step before it, for all 50. */
		snprintf(sql, sizeof(sql),
			 "SELECT count(*) FROM point WHERE tier = 0 AND time = %llu",
			 (unsigned long long)(real(newest - 10) / TRACE_SECOND));
		assert_int_equal(sql_number(f, sql), 50);
	}
	print_message("%u of %d kills hit a writer at work\n", with_work, KILLS);
	assert_true(with_work >= KILLS / 2);
	munmap((void *)flushed, 4096);
	must_open(f, 0);
}

/* ---- a full disk ----------------------------------------------------------------- */

static void fill(const char *path)
{
	char block[4096] = { 1 };
	int fd = open(path, O_WRONLY | O_CREAT, 0600);

	assert_true(fd >= 0);
	while (write(fd, block, sizeof(block)) > 0)
		;
	close(fd);
}

static bool mount_small_disk(const char *dir)
{
	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("tmpfs", dir, "tmpfs", 0, "size=2m")) {
		print_message("cannot mount a small tmpfs: %s\n", strerror(errno));
		return false;
	}
	return true;
}

static void a_full_disk_loses_rows_and_recovers(void **state)
{
	struct fixture *f = *state;
	char filler[128];
	struct pw_error err = { 0 };
	uint64_t t = 100, lost;
	int r = 0;

	pw_store_close(f->s);
	f->s = NULL;
	if (!mount_small_disk(f->dir))
		skip();
	must_open(f, 0);
	snprintf(filler, sizeof(filler), "%s/filler", f->dir);
	grow(f, 7, 100);
	assert_int_equal(tick_at(f, t), 0);
	assert_int_equal(pw_store_flush(f->s, NULL), 0);
	fill(filler);
	/* The WAL has some room left in its last page; soon it has none. */
	for (unsigned int i = 0; i < 200 && !r; i++) {
		t += 10;
		for (uint32_t pid = 1; pid <= 100; pid++)
			grow(f, pid, t + pid);
		tick_at(f, t);
		r = pw_store_flush(f->s, &err);
	}
	assert_int_equal(r, -ENOSPC);
	assert_non_null(strstr(err.what, f->path));
	assert_true(err.remedy[0] != '\0');
	lost = pw_store_lost_rows(f->s);
	assert_true(lost >= 100);
	/* More of the same: counted, and still alive. */
	for (unsigned int i = 0; i < 5; i++) {
		t += 10;
		grow(f, 7, t);
		tick_at(f, t);
		pw_store_flush(f->s, NULL);
	}
	assert_true(pw_store_lost_rows(f->s) > lost);
	lost = pw_store_lost_rows(f->s);
	/* Room again: the next step writes the whole state, whatever changed. */
	assert_int_equal(unlink(filler), 0);
	t += 10;
	assert_int_equal(tick_at(f, t), 0);
	assert_int_equal(pw_store_flush(f->s, &err), 0);
	assert_int_equal(pw_store_lost_rows(f->s), lost);
	assert_int_equal(points_of(f, 42, t - 10, t), 1);
	assert_int_equal(points_of(f, 7, t - 10, t), 1);
	assert_int_equal(list.points[0].anon_bytes, (t - 10) * PAGE);
	assert_intact(f);
	pw_store_close(f->s);
	f->s = NULL;
	assert_int_equal(umount2(f->dir, MNT_DETACH), 0);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(points_come_back),
		T(a_silent_process_takes_no_rows_and_queries_fill),
		T(a_query_stops_with_the_callers_result),
		T(a_gap_of_the_daemon_stays_a_gap),
		T(ends_are_written),
		T(events_that_matter_are_kept),
		T(the_machine_has_points),
		T(ageing_keeps_the_floor),
		T(a_new_process_brings_no_carry),
		T(the_file_stays_within_its_bound),
		T(a_second_writer_is_refused),
		T(a_newer_schema_is_refused),
		T(a_damaged_header_is_kept_aside),
		T(damage_after_a_crash_is_kept_aside),
		T(unusable_paths_are_told),
		T(sigkill_loses_only_what_was_not_flushed),
		T(a_full_disk_loses_rows_and_recovers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
