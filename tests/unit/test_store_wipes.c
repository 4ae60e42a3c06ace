// SPDX-License-Identifier: GPL-2.0-or-later
/* links: rest */
/* The history of wipes: what is written, thinned, aged, bounded, and told again. */
#include <time.h>

#include "lib/history.h"
#include "user/analysis/forgotten.h"
#include "user/store/replay.h"

#define LIB "/usr/lib/libkeys.so"

static struct {
	size_t count;
	uint64_t calls; /* with those that a row stands for */
	struct pw_store_wipe rows[4096];
	union {
		struct pw_record rec;
		struct pw_wipe wipe;
		struct pw_release release;
		struct pw_secret secret;
	} records[4096];
	char exe[4096][32], file[4096][32], symbol[4096][40];
} got;

static int take_wipe(void *ctx, const struct pw_store_wipe *w)
{
	size_t i = got.count++;

	(void)ctx;
	assert_true(i < 4096);
	got.rows[i] = *w;
	memcpy(&got.records[i], w->rec, w->rec->size);
	snprintf(got.exe[i], sizeof(got.exe[i]), "%s", w->exe);
	snprintf(got.file[i], sizeof(got.file[i]), "%s", w->file);
	snprintf(got.symbol[i], sizeof(got.symbol[i]), "%s", w->symbol);
	got.calls += 1 + w->skipped;
	return 0;
}

static size_t wipes_in(struct fixture *f, uint64_t from_s, uint64_t to_s)
{
	got.count = got.calls = 0;
	assert_int_equal(pw_store_each_wipe(f->s, real(from_s), real(to_s), take_wipe, NULL), 0);
	return got.count;
}

static size_t all_wipes(struct fixture *f)
{
	assert_int_equal(pw_store_flush(f->s, NULL), 0);
	return wipes_in(f, 0, 1ull << 30);
}

static void begin_at(struct fixture *f, uint64_t seconds)
{
	f->t.now_ns = seconds * TRACE_SECOND;
	trace_identity(&f->t, trace_key(7), "/usr/sbin/keyd", "/", "", "keyd");
	grow(f, 7, 100);
}

static struct pw_wipe *wipe(struct fixture *f, uint64_t address)
{
	f->t.now_ns++;
	return trace_wipe(&f->t, trace_key(7), address, 32, LIB, 0x1a2b, "free_key");
}

/* ---- what is written ------------------------------------------------------------- */

static void records_come_back(void **state)
{
	struct fixture *f = *state;
	struct pw_secret *s;

	begin_at(f, 95);
	trace_wiped_in_part(wipe(f, 0x1000), 24, 8);
	f->t.now_ns++;
	trace_wiped_before(trace_release(&f->t, trace_key(7), 0x1000, LIB, 0x1b00, "free_key"),
			   95 * TRACE_SECOND + 1, 32);
	f->t.now_ns++;
	s = trace_secret(&f->t, trace_key(7), 5, PW_SECRET_ENDED, "0123456789abcdef0123456789abcdef");
	s->verdict = PW_SECRET_DIRTY;
	s->pages_dirty = 3;
	assert_int_equal(tick_at(f, 100), 0);
	assert_int_equal(all_wipes(f), 3);
	assert_int_equal(got.rows[0].time_ns, real(95) + 1);
	assert_int_equal(got.rows[0].skipped, 0);
	assert_int_equal(got.records[0].rec.type, PW_REC_WIPE);
	assert_int_equal(got.records[0].rec.time_ns, 95 * TRACE_SECOND + 1);
	assert_int_equal(got.records[0].wipe.first_dirty, 24);
	assert_int_equal(got.records[0].wipe.caller_offset, 0x1a2b);
	assert_string_equal(got.exe[0], "/usr/sbin/keyd");
	assert_string_equal(got.file[0], LIB);
	assert_string_equal(got.symbol[0], "free_key");
	assert_int_equal(got.records[1].rec.type, PW_REC_RELEASE);
	assert_int_equal(got.records[1].release.wipe_size, 32);
	assert_int_equal(got.records[2].rec.type, PW_REC_SECRET);
	assert_int_equal(got.records[2].secret.pages_dirty, 3);
	assert_string_equal(got.symbol[2], "0123456789abcdef0123456789abcdef");
	assert_int_equal(wipes_in(f, 96, 200), 0);
	/* A tick without anything new writes nothing twice. */
	assert_int_equal(tick_at(f, 110), 0);
	assert_int_equal(all_wipes(f), 3);
	assert_int_equal(pw_store_lost_rows(f->s), 0);
}

static uint64_t cpu_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (uint64_t)ts.tv_sec * TRACE_SECOND + (uint64_t)ts.tv_nsec;
}

/* 50,000 in a second overrun the model's ring six times; none is lost from the counts. */
static void a_busy_server_is_thinned_and_counted(void **state)
{
	struct fixture *f = *state;
	uint64_t took = 0, longest = 0;

	begin_at(f, 1);
	assert_int_equal(tick_at(f, 999), 0);
	for (uint64_t t = 1000; t < 1060; t++) {
		f->t.now_ns = t * TRACE_SECOND;
		for (unsigned int i = 0; i < 50000; i++) {
			struct pw_wipe *w = wipe(f, 0x1000 + i);

			if (t == 1030 && i == 25000) /* the ring will have passed it */
				trace_wiped_in_part(w, 24, 8);
			if (i % 1000 == 0)
				assert_int_equal(trace_flush(&f->t, pw_model_ingest, f->m), 0);
		}
		f->t.now_ns = (t + 1) * TRACE_SECOND - TRACE_SECOND;
		trace_tick(&f->t);
		assert_int_equal(trace_flush(&f->t, pw_model_ingest, f->m), 0);
		took = cpu_ns();
		assert_int_equal(pw_store_tick(f->s, f->m), 0);
		took = cpu_ns() - took;
		longest = took > longest ? took : longest;
	}
	assert_int_equal(tick_at(f, 1070), 0);
	all_wipes(f);
	assert_int_equal(got.calls, 60 * 50000);
	assert_in_range(got.count, 6, 7 * 17 + 1);
	assert_int_equal(pw_store_lost_rows(f->s), 0);
	print_message("60 s of 50,000 wipes: %zu rows, longest tick %.1f ms of CPU\n", got.count,
		      (double)longest / 1e6);
	assert_in_range(longest, 1, 200000000);
	for (size_t i = 0; i < got.count; i++) {
		if (got.records[i].wipe.verdict != PW_WIPED_PART)
			continue;
		assert_int_equal(got.rows[i].skipped, 0);
		assert_int_equal(got.records[i].wipe.first_dirty, 24);
		assert_int_equal(got.records[i].wipe.address, 0x1000 + 25000);
		return;
	}
	fail_msg("the partial wipe has no row");
}

static void what_matters_keeps_its_rows(void **state)
{
	struct fixture *f = *state;
	size_t bad = 0, good = 0;

	begin_at(f, 1);
	for (unsigned int i = 0; i < 200; i++) {
		wipe(f, 0x1000);
		trace_wiped_in_part(wipe(f, 0x1000), 24, 8);
	}
	assert_int_equal(tick_at(f, 10), 0);
	assert_int_equal(tick_at(f, 20), 0);
	all_wipes(f);
	assert_int_equal(got.calls, 400);
	for (size_t i = 0; i < got.count; i++) {
		bad += got.records[i].wipe.verdict == PW_WIPED_PART;
		good += got.records[i].wipe.verdict == PW_WIPED_WHOLE;
	}
	assert_int_equal(bad, 200);
	assert_int_equal(good, 16);
}

static void many_callers_stay_within_a_step(void **state)
{
	struct fixture *f = *state;

	begin_at(f, 1);
	for (unsigned int i = 0; i < 7000; i++) /* more than the model has room for */
		trace_wipe(&f->t, trace_key(7), 0x1000, 32, LIB, i, "f");
	assert_int_equal(tick_at(f, 10), 0);
	assert_int_equal(tick_at(f, 20), 0);
	assert_int_equal(tick_at(f, 30), 0);
	assert_int_equal(tick_at(f, 40), 0);
	all_wipes(f);
	assert_in_range(got.count, PW_WIPE_CALLERS_MAX, 7000);
	/* Those without a caller's row that found the step full are lost, and said so. */
	assert_int_equal(got.calls + pw_store_lost_rows(f->s), 7000);
	assert_in_range(pw_store_lost_rows(f->s), 1, 7000 - PW_WIPE_CALLERS_MAX);
}

static void a_model_that_ran_before_is_taken_from_its_ring(void **state)
{
	struct fixture *f = *state;

	begin_at(f, 1);
	for (unsigned int i = 0; i < 10000; i++)
		wipe(f, 0x1000);
	assert_int_equal(trace_flush(&f->t, pw_model_ingest, f->m), 0);
	assert_int_equal(tick_at(f, 10), 0);
	assert_int_equal(tick_at(f, 20), 0);
	all_wipes(f);
	assert_int_equal(got.calls, PW_WIPES_MAX); /* the first ones were before this file */
}

/* ---- ageing and the bound ---------------------------------------------------------- */

#define DAY 86400ull

static void rows_are_merged_by_the_hour(void **state)
{
	struct fixture *f = *state;

	begin_at(f, HOUR);
	for (uint64_t t = HOUR + 10; t <= HOUR + 7200; t += 10) {
		f->t.now_ns = (t - 2) * TRACE_SECOND;
		wipe(f, 0x1000 + t);
		if (t == HOUR + 600) {
			trace_wiped_in_part(wipe(f, 0x9000), 24, 8);
			trace_wiped_in_part(wipe(f, 0x9010), 24, 8);
		}
		assert_int_equal(tick_at(f, t), 0);
	}
	all_wipes(f);
	assert_int_equal(got.count, 722);
	assert_int_equal(maintain_at(f, HOUR + DAY + 3600), 0);
	all_wipes(f); /* the first hour: one row for its whole wipes, the others as they were */
	assert_int_equal(got.count, 1 + 2 + 360);
	assert_int_equal(got.calls, 722);
	assert_int_equal(got.records[0].wipe.address, 0x9000);
	assert_int_equal(got.rows[2].skipped, 359);
	assert_int_equal(got.records[2].wipe.more, 359);
	assert_int_equal(got.records[2].wipe.address, 0x1000 + HOUR + 3600); /* the newest */
	/* Again, and much later. */
	assert_int_equal(maintain_at(f, HOUR + DAY + 3600), 0);
	all_wipes(f);
	assert_int_equal(got.count, 1 + 2 + 360);
	assert_int_equal(maintain_at(f, HOUR + 40 * DAY), 0);
	all_wipes(f);
	assert_int_equal(got.count, 3);
	assert_int_equal(got.calls, 722);
	assert_int_equal(got.records[0].wipe.verdict, PW_WIPED_PART);
	assert_int_equal(got.rows[0].skipped, 1);
	assert_int_equal(maintain_at(f, HOUR + 400 * DAY), 0);
	assert_int_equal(all_wipes(f), 0);
	/* The time goes back: nothing breaks. */
	assert_int_equal(maintain_at(f, HOUR), 0);
}

static void the_share_holds_and_what_matters_stays(void **state)
{
	struct fixture *f = *state;
	const uint64_t most = ((4ull << 20) - (1 << 20)) / 8;
	size_t bad = 0;

	pw_store_close(f->s);
	f->s = NULL;
	must_open(f, 4 << 20);
	begin_at(f, 1);
	for (uint64_t t = 10; t <= 3000; t += 10) {
		f->t.now_ns = (t - 5) * TRACE_SECOND;
		for (unsigned int place = 0; place < 16; place++)
			trace_wipe(&f->t, trace_key(7), 0x1000, 32, LIB, place, "some_function_name");
		if (t % 100 == 0)
			trace_wiped_in_part(wipe(f, 0x1000), 24, 8);
		assert_int_equal(tick_at(f, t), 0);
		assert_int_equal(maintain_at(f, t), 0);
	}
	all_wipes(f);
	for (size_t i = 0; i < got.count; i++)
		bad += got.records[i].wipe.verdict == PW_WIPED_PART;
	assert_int_equal(bad, 30);
	assert_in_range(got.count, most / 320 * 8 / 10, most / 320);
	assert_int_equal(got.rows[got.count - 1].time_ns, real(2995) + 1);
	print_message("%zu rows in a share of %llu KiB take %lld KiB\n", got.count,
		      (unsigned long long)most / 1024,
		      (long long)sql_number(
			      f, "SELECT sum(pgsize) / 1024 FROM dbstat WHERE name LIKE 'wipe%'"));
	assert_in_range(sql_number(f, "SELECT sum(pgsize) FROM dbstat WHERE name LIKE 'wipe%'"), 1,
			most + most / 8);
}

/* ---- a file of the version before ---------------------------------------------------- */

/* Schema 1 as it was: never changed any more. */
static const char schema_1[] =
	"CREATE TABLE meta(key TEXT PRIMARY KEY, value INTEGER) WITHOUT ROWID;"
	"CREATE TABLE boot(id INTEGER PRIMARY KEY, boot_id TEXT NOT NULL UNIQUE,"
	" hostname TEXT, release TEXT);"
	"CREATE TABLE process(id INTEGER PRIMARY KEY, boot INTEGER NOT NULL, pid INTEGER NOT NULL,"
	" start_tick INTEGER NOT NULL, start_ns INTEGER NOT NULL, end_ns INTEGER, run INTEGER NOT "
	"NULL, uid INTEGER, comm BLOB, exe BLOB, cgroup BLOB, unit BLOB, container BLOB, build_id TEXT,"
	" carry0 INTEGER, carry1 INTEGER, UNIQUE(boot, pid, start_tick));"
	"CREATE INDEX process_end ON process(end_ns);"
	"CREATE TABLE point(tier INTEGER NOT NULL, time INTEGER NOT NULL, process INTEGER NOT NULL,"
	" anon INTEGER, file INTEGER, shmem INTEGER, swap INTEGER, page_table INTEGER,"
	" minor_faults INTEGER, major_faults INTEGER, cpu_ms INTEGER, low INTEGER, high INTEGER,"
	" PRIMARY KEY(tier, time, process)) WITHOUT ROWID;"
	"CREATE TABLE machine_point(tier INTEGER NOT NULL, time INTEGER NOT NULL,"
	" available INTEGER, anon INTEGER, file INTEGER, shmem INTEGER, swap INTEGER,"
	" page_table INTEGER, minor_faults INTEGER, major_faults INTEGER, cpu_ms INTEGER,"
	" low INTEGER, high INTEGER, PRIMARY KEY(tier, time)) WITHOUT ROWID;"
	"CREATE TABLE event(time_ns INTEGER NOT NULL, type TEXT NOT NULL, pid INTEGER,"
	" comm BLOB, detail BLOB, value INTEGER);"
	"CREATE INDEX event_time ON event(time_ns);"
	"PRAGMA user_version = 1;"
	"INSERT INTO meta VALUES('run', 3), ('clean', 1);"
	"INSERT INTO boot VALUES(1, 'boot-0', 'host', '6.1.0');"
	"INSERT INTO process(id, boot, pid, start_tick, start_ns, end_ns, run, uid, comm, exe) VALUES"
	" (1, 1, 7, 7, 1700000000070000000, 1700000200000000000, 3, 0, x'6f6c64', x'2f6f6c64');"
	"INSERT INTO machine_point VALUES(0, 1700000100, 5, 4, 3, 2, 1, 1, 1, 1, 1, NULL, NULL);"
	"INSERT INTO point VALUES(0, 1700000100, 1, 44, 3, 2, 1, 1, 1, 1, 1, NULL, NULL);";

static void make_schema_1(struct fixture *f)
{
	char command[128];
	sqlite3 *db;

	pw_store_close(f->s);
	f->s = NULL;
	snprintf(command, sizeof(command), "rm -f %s*", f->path);
	assert_int_equal(system(command), 0);
	assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, schema_1, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

static void an_older_file_is_brought_up_to_date(void **state)
{
	struct fixture *f = *state;

	make_schema_1(f);
	must_open(f, 0);
	assert_int_equal(sql_number(f, "PRAGMA user_version"), PW_STORE_SCHEMA_VERSION);
	assert_int_equal(points_of(f, 7, 0, 1000), 1);
	assert_int_equal(list.points[0].anon_bytes, 44 * 1024);
	assert_int_equal(all_wipes(f), 0);
	begin_at(f, 500);
	wipe(f, 0x1000);
	assert_int_equal(tick_at(f, 510), 0);
	assert_int_equal(all_wipes(f), 1);
	assert_int_equal(processes_in(f, 0, 1000), 2);
	assert_int_equal(maintain_at(f, 520), 0);
}

static void an_older_file_is_read_as_it_is(void **state)
{
	const struct pw_store_options opt = { .read_only = true };
	struct fixture *f = *state;
	struct pw_error err;

	make_schema_1(f);
	assert_int_equal(pw_store_open(f->path, &opt, &f->s, &err), 0);
	assert_int_equal(points_of(f, 7, 0, 1000), 1);
	assert_int_equal(wipes_in(f, 0, 1ull << 30), 0);
	assert_int_equal(sql_number(f, "PRAGMA user_version"), 1);
}

/* ---- told again -------------------------------------------------------------------- */

static void the_past_is_told_with_true_totals(void **state)
{
	struct fixture *f = *state;
	struct pw_machine machine = f->m->machine;
	const struct pw_wipe_ledger *was, *is;
	const struct pw_wipe_site **sites;
	struct pw_release *r;
	struct pw_secret *s;
	struct pw_model *past;
	size_t count;

	/* 7 has a row in the history, 9 lives too shortly for one */
	begin_at(f, HOUR);
	assert_int_equal(tick_at(f, HOUR + 1), 0);
	trace_identity(&f->t, trace_key(9), "/usr/bin/short", "/", "", "short");
	for (unsigned int i = 0; i < 300; i++)
		wipe(f, 0x1000);
	trace_wiped_in_part(wipe(f, 0x2000), 24, 8);
	trace_wipe(&f->t, trace_key(9), 0x1000, 8, LIB, 0x1a2b, "free_key");
	for (unsigned int i = 0; i < 99; i++)
		trace_wiped_before(trace_release(&f->t, trace_key(7), 0x1000, LIB, 0x1b00, "x"),
				   f->t.now_ns - 1, 32);
	r = trace_release(&f->t, trace_key(7), 0x3000, LIB, 0x1b00, "x");
	trace_comm(r->comm, "worker");
	trace_secret(&f->t, trace_key(7), 1, PW_SECRET_REGISTERED, "tls");
	s = trace_secret(&f->t, trace_key(7), 1, PW_SECRET_ENDED, "tls");
	s->verdict = PW_SECRET_DIRTY;
	s->pages_dirty = 2;
	trace_exit(&f->t, trace_key(9), 0);
	f->t.now_ns += 1000;
	trace_exit(&f->t, trace_key(7), 0);
	for (uint64_t t = HOUR + 10; t <= HOUR + 100; t += 10)
		assert_int_equal(tick_at(f, t), 0);
	assert_int_equal(pw_store_flush(f->s, NULL), 0);

	assert_int_equal(pw_model_create(NULL, &past), 0);
	assert_int_equal(pw_store_replay(f->s, real(HOUR), real(HOUR + 100), &machine,
					 pw_model_ingest, past, NULL),
			 0);
	assert_int_equal(past->invalid_records, 0);
	was = &f->m->wipes;
	is = &past->wipes;
	assert_int_equal(is->wipes, was->wipes);
	assert_int_equal(is->releases, was->releases);
	assert_memory_equal(is->by_verdict, was->by_verdict, sizeof(is->by_verdict));
	assert_memory_equal(is->by_function_verdict, was->by_function_verdict,
			    sizeof(is->by_function_verdict));
	assert_int_equal(is->bytes, was->bytes);
	assert_true(is->total < was->total / 2);
	assert_int_equal(is->caller_count, 2);
	for (size_t i = 0; i < is->caller_count; i++) {
		size_t k = strcmp(is->callers[i].exe, was->callers[0].exe) ? 1 : 0;

		assert_int_equal(is->callers[i].id, was->callers[k].id);
		assert_memory_equal(is->callers[i].by_verdict, was->callers[k].by_verdict,
				    sizeof(is->callers[i].by_verdict));
	}
	assert_string_equal(pw_wipe_after_name(pw_wipe_event_at(is, 16)->after), "exited");

	assert_int_equal(pw_forgotten_sites(past, 7, &sites, &count), 0);
	assert_int_equal(count, 1);
	assert_int_equal(sites[0]->wiped, 99);
	assert_int_equal(sites[0]->unwiped, 1);
	assert_string_equal(sites[0]->last_unwiped_comm, "worker");
	free(sites);
	assert_int_equal(past->secrets.count, 1);
	assert_int_equal(past->secrets.rows[0].state, PW_SECRET_ENDED_DIRTY);
	assert_string_equal(past->secrets.rows[0].exe, "/usr/sbin/keyd");
	assert_string_equal((const char *)past->secrets.rows[0].sums.label, "tls");
	pw_model_destroy(past);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		HISTORY_TEST(records_come_back),
		HISTORY_TEST(a_busy_server_is_thinned_and_counted),
		HISTORY_TEST(what_matters_keeps_its_rows),
		HISTORY_TEST(many_callers_stay_within_a_step),
		HISTORY_TEST(a_model_that_ran_before_is_taken_from_its_ring),
		HISTORY_TEST(rows_are_merged_by_the_hour),
		HISTORY_TEST(the_share_holds_and_what_matters_stays),
		HISTORY_TEST(an_older_file_is_brought_up_to_date),
		HISTORY_TEST(an_older_file_is_read_as_it_is),
		HISTORY_TEST(the_past_is_told_with_true_totals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
