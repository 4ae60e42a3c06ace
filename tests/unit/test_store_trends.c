// SPDX-License-Identifier: GPL-2.0-or-later
/* links: rest */
/* The history of suspicions: changes of verdicts come back, windows outlive a crash, both are bounded. */
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "lib/history.h"
#include "user/store/trends.h"

#define MINUTE 60u

/* ---- a machine with a leak ------------------------------------------------------------- */

/* Ten seconds at `seconds` after boot: pid 7 leaks 4 MiB a minute, pid 8 stands still. */
static void live_at(struct fixture *f, struct pw_trends *t, uint64_t seconds)
{
	if (!f->m->sequence) {
		trace_identity(&f->t, trace_key(7), "/usr/bin/leaky", "/a", "a.service", "leaky");
		trace_identity(&f->t, trace_key(8), "/usr/bin/calm", "/b", "b.service", "calm");
		trace_counters(&f->t, trace_key(8), 5000);
	}
	trace_counters(&f->t, trace_key(7), 2560 + seconds * 1024 / MINUTE);
	assert_int_equal(tick_at(f, seconds), 0);
	assert_int_equal(pw_trends_tick(t, f->m), 0);
	pw_store_take_verdicts(f->s, t);
}

static struct pw_trends *fresh_trends(void)
{
	struct pw_trends *t;

	assert_int_equal(pw_trends_create(NULL, &t), 0);
	return t;
}

static void live_until_suspected(struct fixture *f, struct pw_trends *t, uint64_t *seconds)
{
	struct pw_trends_cost cost = { 0 };

	for (*seconds = 1000; *seconds < 1000 + 120 * MINUTE && !cost.suspects; *seconds += 10) {
		live_at(f, t, *seconds);
		pw_trends_cost(t, &cost);
	}
	assert_int_equal(cost.suspects, 1);
}

/* ---- reading back ----------------------------------------------------------------------- */

static struct {
	size_t count;
	struct pw_verdict_event events[256];
	char exe[256][64], boot_id[256][64];
} got;

static int take_verdict(void *ctx, const struct pw_verdict_event *ev)
{
	(void)ctx;
	assert_true(got.count < 256);
	snprintf(got.exe[got.count], sizeof(got.exe[0]), "%s", ev->subject.exe);
	snprintf(got.boot_id[got.count], sizeof(got.boot_id[0]), "%s", ev->subject.boot_id);
	got.events[got.count++] = *ev;
	return 0;
}

static size_t verdicts_in(struct fixture *f, uint64_t from_ns, uint64_t to_ns)
{
	got.count = 0;
	assert_int_equal(pw_store_each_verdict(f->s, from_ns, to_ns, take_verdict, NULL), 0);
	return got.count;
}

/* ---- verdicts ---------------------------------------------------------------------------- */

static void changes_come_back(void **state)
{
	struct fixture *f = *state;
	struct pw_trends *t = fresh_trends();
	const struct pw_verdict_event *told[4];
	uint64_t seconds, lost;

	live_until_suspected(f, t, &seconds);
	trace_exit(&f->t, trace_key(7), 0);
	assert_int_equal(tick_at(f, seconds), 0);
	assert_int_equal(pw_trends_tick(t, f->m), 0);
	pw_store_take_verdicts(f->s, t);
	pw_store_take_verdicts(f->s, t); /* each once */
	assert_int_equal(pw_store_flush(f->s, NULL), 0);
	assert_int_equal(pw_trends_events(t, 0, told, 4, &lost), 2);
	assert_int_equal(verdicts_in(f, 0, UINT64_MAX), 2);
	for (size_t i = 0; i < 2; i++) {
		const struct pw_verdict_event *a = told[i], *b = &got.events[i];

		assert_int_equal(a->time_ns, b->time_ns);
		assert_int_equal(a->from, b->from);
		assert_int_equal(a->to, b->to);
		assert_int_equal(a->ended, b->ended);
		assert_int_equal(a->kind, b->kind);
		assert_int_equal(a->value, b->value);
		assert_int_equal(a->subject.type, b->subject.type);
		assert_int_equal(a->subject.key.pid, b->subject.key.pid);
		assert_int_equal(a->subject.key.start_ns, b->subject.key.start_ns);
		assert_int_equal(a->limit.kind, b->limit.kind);
		assert_int_equal(a->limit.limit, b->limit.limit);
		assert_true(a->verdict.slope == b->verdict.slope);
		assert_true(a->verdict.confidence == b->verdict.confidence);
		assert_int_equal(a->verdict.since_ns, b->verdict.since_ns);
		assert_int_equal(a->time_to_limit.known, b->time_to_limit.known);
		assert_true(a->time_to_limit.seconds == b->time_to_limit.seconds);
		assert_string_equal(a->reason, b->reason);
		assert_string_equal(a->subject.comm, b->subject.comm);
		assert_string_equal(got.exe[i], "/usr/bin/leaky");
		assert_string_equal(got.boot_id[i], "boot-1");
	}
	assert_int_equal(verdicts_in(f, got.events[0].time_ns + 1, got.events[1].time_ns), 0);
	assert_int_equal(verdicts_in(f, got.events[0].time_ns, got.events[1].time_ns), 1);
	pw_trends_destroy(t);
}

static void verdicts_are_bounded(void **state)
{
	struct fixture *f = *state;
	struct pw_trends *t = fresh_trends();
	sqlite3 *db = NULL;
	uint64_t seconds;
	int64_t rows;

	pw_store_close(f->s);
	must_open(f, 2 << 20);
	live_until_suspected(f, t, &seconds);
	assert_int_equal(pw_store_flush(f->s, NULL), 0);
	/* a thousand like it, a second apart */
	assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
	assert_int_equal(
		sqlite3_exec(db,
			     "WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n"
			     " WHERE i < 1000) INSERT INTO verdict SELECT max.id + i,"
			     " time_ns + i * 1000000000, boot_id, type, pid, start_ns, comm,"
			     " exe, cgroup, unit, container, series, from_class, to_class,"
			     " ended, covered, confidence, slope, slope_low, slope_high,"
			     " since_ns, window_ns, value, limit_kind, limit_value, limit_used,"
			     " seconds, seconds_low, seconds_high, reason FROM verdict AS max, n",
			     NULL, NULL, NULL),
		SQLITE_OK);
	sqlite3_close(db);
	assert_int_equal(maintain_at(f, seconds + 2000), 0);
	rows = (int64_t)verdicts_in(f, 0, real(seconds + 1e6)) ? (int64_t)got.count : 0;
	assert_in_range(rows, 100, 200); /* a sixteenth of 1.5 MiB by 640 bytes, less a tenth */
	/* the newest stayed */
	assert_int_equal(got.events[rows - 1].time_ns - got.events[0].time_ns,
			 (rows - 1) * TRACE_SECOND);
	assert_int_equal(sql_number(f, "SELECT max(id) - min(id) FROM verdict"), rows - 1);
	assert_intact(f);
	pw_trends_destroy(t);
}

/* ---- windows ----------------------------------------------------------------------------- */

static void windows_outlive_the_daemon(void **state)
{
	struct fixture *f = *state;
	struct pw_trends *t = fresh_trends(), *next = fresh_trends();
	struct pw_suspect *before, *after;
	size_t count, refused = 99;
	uint64_t seconds;

	live_until_suspected(f, t, &seconds);
	assert_int_equal(pw_store_save_trends(f->s, t, false, NULL), 0);
	assert_int_equal(pw_trends_suspects(t, NULL, &before, &count), 0);
	pw_store_close(f->s);
	must_open(f, 0);
	assert_int_equal(pw_store_restore_trends(f->s, next, &refused, NULL), 0);
	assert_int_equal(refused, 0);
	assert_int_equal(pw_trends_suspects(next, NULL, &after, &count), 0);
	assert_int_equal(count, 1);
	assert_int_equal(after->subject->key.pid, 7);
	assert_true(after->subject->restored);
	assert_int_equal(after->suspected_since_ns, before->suspected_since_ns);
	assert_int_equal(after->verdict.verdict, PW_VERDICT_GROWING);
	assert_int_equal(after->limit.limit, before->limit.limit);
	free(before);
	free(after);
	/* and its windows go on: it stays what it was */
	for (uint64_t end = seconds + 300; seconds < end; seconds += 10)
		live_at(f, next, seconds);
	assert_int_equal(pw_trends_suspects(next, NULL, &after, &count), 0);
	assert_int_equal(count, 1);
	assert_false(after->subject->restored);
	free(after);
	pw_trends_destroy(t);
	pw_trends_destroy(next);
}

static void who_is_forgotten_has_no_row(void **state)
{
	struct fixture *f = *state;
	struct pw_trends *t = fresh_trends();
	uint64_t seconds = 1000;
	int64_t rows;

	for (; seconds < 1300; seconds += 10)
		live_at(f, t, seconds);
	assert_int_equal(pw_store_save_trends(f->s, t, false, NULL), 0);
	rows = sql_number(f, "SELECT count(*) FROM trend");
	assert_int_equal(rows, 1 + 2 + 2); /* the table, processes, groups */
	trace_exit(&f->t, trace_key(8), 0);
	live_at(f, t, seconds);
	assert_int_equal(pw_store_save_trends(f->s, t, false, NULL), 0);
	assert_int_equal(sql_number(f, "SELECT count(*) FROM trend"), rows - 1);
	/* the counted bytes are those of the table */
	assert_int_equal(pw_store_save_trends(f->s, t, true, NULL), 0);
	assert_int_equal(sql_number(f, "SELECT count(*) FROM trend"), rows - 1);
	pw_trends_destroy(t);
}

static void damaged_rows_are_refused(void **state)
{
	struct fixture *f = *state;
	struct pw_trends *t = fresh_trends(), *next = fresh_trends();
	struct pw_trends_cost cost;
	sqlite3 *db = NULL;
	size_t refused;

	for (uint64_t seconds = 1000; seconds < 1300; seconds += 10)
		live_at(f, t, seconds);
	assert_int_equal(pw_store_save_trends(f->s, t, false, NULL), 0);
	assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
	assert_int_equal(
		sqlite3_exec(db,
			     "UPDATE trend SET bytes = x'00' WHERE id = (SELECT max(id) FROM trend);"
			     "INSERT INTO trend VALUES(4711, x'');",
			     NULL, NULL, NULL),
		SQLITE_OK);
	sqlite3_close(db);
	assert_int_equal(pw_store_restore_trends(f->s, next, &refused, NULL), 0);
	assert_int_equal(refused, 2);
	pw_trends_cost(next, &cost);
	assert_int_equal(cost.subjects, 3);
	assert_int_equal(pw_store_save_trends(f->s, next, true, NULL), 0);
	assert_int_equal(sql_number(f, "SELECT count(*) FROM trend"), 1 + 3);
	pw_trends_destroy(t);
	pw_trends_destroy(next);
}

static void windows_take_their_share(void **state)
{
	struct fixture *f = *state;
	struct pw_trends *t = fresh_trends();
	uint64_t lost;

	pw_store_close(f->s);
	must_open(f, 1 << 20); /* a quarter of what is left beside the WAL: 192 KiB */
	for (uint64_t seconds = 1000; seconds < 1030; seconds += 10) {
		for (uint32_t pid = 100; pid < 1107; pid++) {
			if (seconds == 1000)
				trace_identity(&f->t, trace_key(pid), "/usr/bin/many", "/many", "",
					       "");
			trace_counters(&f->t, trace_key(pid), 100);
		}
		live_at(f, t, seconds);
	}
	assert_int_equal(pw_store_flush(f->s, NULL), 0);
	lost = pw_store_lost_rows(f->s);
	assert_int_equal(pw_store_save_trends(f->s, t, true, NULL), 0);
	assert_in_range(sql_number(f, "SELECT sum(length(bytes)) FROM trend"), 150 << 10, 192 << 10);
	assert_int_equal(pw_store_lost_rows(f->s) - lost,
			 1 + 1007 + 1 + 2 + 2 - sql_number(f, "SELECT count(*) FROM trend"));
	pw_trends_destroy(t);
}

/* ---- crashes, older files ------------------------------------------------------------------ */

static void save_until_killed(const char *path, volatile uint64_t *saves)
{
	struct fixture f = { 0 };
	struct pw_trends *t = fresh_trends();
	struct pw_error err;

	snprintf(f.path, sizeof(f.path), "%s", path);
	assert_int_equal(pw_store_open(f.path, NULL, &f.s, &err), 0);
	fresh_model(&f, "boot-1");
	for (uint64_t seconds = 1000;; seconds += 10) {
		live_at(&f, t, seconds);
		assert_int_equal(pw_store_save_trends(f.s, t, seconds % 70 == 0, NULL), 0);
		*saves += 1;
	}
}

static void sigkill_leaves_a_whole_table(void **state)
{
	struct fixture *f = *state;
	volatile uint64_t *saves =
		mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	size_t refused;

	pw_store_close(f->s);
	f->s = NULL;
	for (unsigned int round = 0; round < 7; round++) {
		struct pw_trends *t = fresh_trends();
		struct pw_trends_cost cost;
		pid_t child = fork();
		uint64_t at;

		if (!child)
			save_until_killed(f->path, saves);
		at = *saves;
		while (*saves < at + 5 + round * 13)
			usleep(100);
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
		must_open(f, 0);
		assert_int_equal(pw_store_restore_trends(f->s, t, &refused, NULL), 0);
		assert_int_equal(refused, 0);
		pw_trends_cost(t, &cost);
		assert_int_equal(cost.subjects, 4); /* never half of a save */
		pw_trends_destroy(t);
		pw_store_close(f->s);
		f->s = NULL;
	}
	munmap((void *)saves, 4096);
	must_open(f, 0);
	assert_intact(f);
}

/* A file as it was before there were suspicions. */
static void make_older(struct fixture *f, const char *sql)
{
	sqlite3 *db = NULL;

	pw_store_close(f->s);
	f->s = NULL;
	assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

#define WITHOUT_3                                                                                  \
	"DROP TABLE trend; DROP TABLE verdict;"                                                    \
	"ALTER TABLE machine_point DROP COLUMN run; ALTER TABLE machine_point DROP COLUMN memory;" \
	"ALTER TABLE machine_point DROP COLUMN slab;"                                              \
	"ALTER TABLE machine_point DROP COLUMN swap_total;"                                        \
	"ALTER TABLE machine_point DROP COLUMN bpf_ms;"                                            \
	"ALTER TABLE machine_point DROP COLUMN user_ms;"                                           \
	"ALTER TABLE machine_point DROP COLUMN own_rss;"                                           \
	"ALTER TABLE machine_point DROP COLUMN coverage;"                                          \
	"ALTER TABLE machine_point DROP COLUMN lost;"
#define WITHOUT_2 "DROP TABLE wipe; DROP TABLE wipe_place;"

static void older_files_are_brought_up_to_date(void **state)
{
	static const char *const versions[] = { WITHOUT_3 "PRAGMA user_version = 2",
						WITHOUT_3 WITHOUT_2 "PRAGMA user_version = 1" };
	struct fixture *f = *state;

	for (size_t i = 0; i < 2; i++) {
		struct pw_store_options read_only = { .read_only = true };
		struct pw_trends *t = fresh_trends();
		struct pw_error err;
		size_t refused;

		fresh_model(f, "boot-1");
		grow(f, 7, 100);
		assert_int_equal(tick_at(f, 500 + 100 * i), 0);
		make_older(f, versions[i]);
		/* read as it is */
		assert_int_equal(pw_store_open(f->path, &read_only, &f->s, &err), 0);
		assert_int_equal(verdicts_in(f, 0, UINT64_MAX), 0);
		assert_int_equal(pw_store_restore_trends(f->s, t, &refused, NULL), 0);
		assert_int_equal(processes_in(f, 0, 10000), 1);
		pw_store_close(f->s);
		/* and written as the new one */
		must_open(f, 0);
		assert_int_equal(sql_number(f, "PRAGMA user_version"), PW_STORE_SCHEMA_VERSION);
		assert_int_equal(processes_in(f, 0, 10000), 1);
		assert_int_equal(pw_store_save_trends(f->s, t, true, NULL), 0);
		assert_int_equal(sql_number(f, "SELECT count(*) FROM trend"), 1);
		pw_trends_destroy(t);
	}
	assert_intact(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		HISTORY_TEST(changes_come_back),
		HISTORY_TEST(verdicts_are_bounded),
		HISTORY_TEST(windows_outlive_the_daemon),
		HISTORY_TEST(who_is_forgotten_has_no_row),
		HISTORY_TEST(damaged_rows_are_refused),
		HISTORY_TEST(windows_take_their_share),
		HISTORY_TEST(sigkill_leaves_a_whole_table),
		HISTORY_TEST(older_files_are_brought_up_to_date),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
