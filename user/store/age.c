// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Ageing: points of tier N older than its keep time become one point for each
 * step of tier N + 1, with the last of every amount and the lowest and highest
 * footprint. The floor matters most: leaks are told from the minima of a
 * series. A process that was silent at the step's start stood at what it had
 * before (its carry), so the carry counts into both.
 *
 * Trimming: what is oldest goes first, whatever its tier, until the file fits.
 */
#include <errno.h>
#include <string.h>

#include "user/store/private.h"

#define STEPS_PER_CALL 32 /* bounds the pause of the daemon's loop */
#define TRIM_ROWS 4096
#define TRIM_ROUNDS 16
#define VACUUM_PAGES 1024

struct bucket {
	struct pw_store *s;
	int tier; /* of the rows read */
	int64_t start;
	int64_t watched_from; /* first machine point inside; INT64_MAX: none */
	sqlite3_stmt *put;
	sqlite3_stmt *carry_get;
	sqlite3_stmt *carry_put;
};

struct extent {
	bool any;
	int64_t process, low, high, last;
	struct pw_store_amounts amounts;
};

static void widen(struct extent *e, int64_t low, int64_t high)
{
	if (!e->any || low < e->low)
		e->low = low;
	if (!e->any || high > e->high)
		e->high = high;
	e->any = true;
}

static int run(struct pw_store *s, sqlite3_stmt *st)
{
	int rc = sqlite3_step(st);

	sqlite3_reset(st);
	return pw_store_errno(s, rc);
}

static void read_amounts(sqlite3_stmt *st, int i, struct pw_store_amounts *a)
{
	a->anon = sqlite3_column_int64(st, i);
	a->file = sqlite3_column_int64(st, i + 1);
	a->shmem = sqlite3_column_int64(st, i + 2);
	a->swap = sqlite3_column_int64(st, i + 3);
	a->page_table = sqlite3_column_int64(st, i + 4);
	a->minor_faults = sqlite3_column_int64(st, i + 5);
	a->major_faults = sqlite3_column_int64(st, i + 6);
	a->cpu_ms = sqlite3_column_int64(st, i + 7);
}

static void bind_point(sqlite3_stmt *st, int64_t key, const struct bucket *b, const struct extent *e)
{
	const struct pw_store_amounts *a = &e->amounts;
	const int64_t values[] = { b->tier + 1,	    b->start,	     key,	a->anon,
				   a->file,	    a->shmem,	     a->swap,	a->page_table,
				   a->minor_faults, a->major_faults, a->cpu_ms, e->low,
				   e->high };

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		sqlite3_bind_int64(st, i + 1, values[i]);
}

static int finish_process(struct bucket *b, const struct extent *e)
{
	int r;

	if (!e->any)
		return 0;
	bind_point(b->put, e->process, b, e);
	r = run(b->s, b->put);
	if (r)
		return r;
	sqlite3_bind_int64(b->carry_put, 1, e->process);
	sqlite3_bind_int64(b->carry_put, 2, e->last);
	return run(b->s, b->carry_put);
}

/* The carry holds if somebody watched in this step before the process's first row. */
static int apply_carry(struct bucket *b, struct extent *e, int64_t first_row)
{
	int rc;

	if (b->watched_from >= first_row)
		return 0;
	sqlite3_bind_int64(b->carry_get, 1, e->process);
	rc = sqlite3_step(b->carry_get);
	if (rc == SQLITE_ROW && sqlite3_column_type(b->carry_get, 0) != SQLITE_NULL) {
		int64_t carry = sqlite3_column_int64(b->carry_get, 0);

		widen(e, carry, carry);
	}
	sqlite3_reset(b->carry_get);
	return pw_store_errno(b->s, rc);
}

/* One step's rows, ordered by process and time, into one point for each process. */
static int merge_points(struct bucket *b, sqlite3_stmt *rows)
{
	struct extent e = { .process = -1 };
	int rc, r;

	while ((rc = sqlite3_step(rows)) == SQLITE_ROW) {
		int64_t process = sqlite3_column_int64(rows, 1);

		if (process != e.process) {
			r = finish_process(b, &e);
			e = (struct extent){ .process = process };
			r = r ? r : apply_carry(b, &e, sqlite3_column_int64(rows, 0));
			if (r)
				return r;
		}
		read_amounts(rows, 2, &e.amounts);
		e.last = e.amounts.anon + e.amounts.shmem + e.amounts.swap;
		if (sqlite3_column_type(rows, 10) == SQLITE_NULL)
			widen(&e, e.last, e.last);
		else
			widen(&e, sqlite3_column_int64(rows, 10), sqlite3_column_int64(rows, 11));
	}
	r = pw_store_errno(b->s, rc);
	return r ? r : finish_process(b, &e);
}

static int prepare(struct pw_store *s, sqlite3_stmt **st, const char *sql)
{
	return pw_store_errno(s, sqlite3_prepare_v2(s->db, sql, -1, st, NULL));
}

static int prepare_range(struct pw_store *s, sqlite3_stmt **st, const char *sql,
			 const struct bucket *b)
{
	int r = prepare(s, st, sql);

	if (r)
		return r;
	sqlite3_bind_int64(*st, 1, b->tier);
	sqlite3_bind_int64(*st, 2, b->start);
	sqlite3_bind_int64(*st, 3, b->start + pw_store_step_s[b->tier + 1]);
	return 0;
}

static int age_points(struct bucket *b)
{
	pw_auto_statement sqlite3_stmt *rows = NULL, *get = NULL, *put = NULL, *carry = NULL;
	struct pw_store *s = b->s;
	int r;

	r = prepare_range(s, &rows,
			  "SELECT time, process, " PW_STORE_AMOUNT_COLUMNS ", low, high FROM point"
			  " WHERE tier = ? AND time >= ? AND time < ? ORDER BY process, time",
			  b);
	r = r ? r :
		prepare(s, &put,
			"INSERT OR REPLACE INTO point(tier, time, process, " PW_STORE_AMOUNT_COLUMNS
			", low, high) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
	r = r ? r :
		prepare(s, &get,
			b->tier ? "SELECT carry1 FROM process WHERE id = ?" :
				  "SELECT carry0 FROM process WHERE id = ?");
	r = r ? r :
		prepare(s, &carry,
			b->tier ? "UPDATE process SET carry1 = ?2 WHERE id = ?1" :
				  "UPDATE process SET carry0 = ?2 WHERE id = ?1");
	b->put = put;
	b->carry_get = get;
	b->carry_put = carry;
	return r ? r : merge_points(b, rows);
}

/* Machine rows are the watch itself and have no carry: the last row with the step's extremes. */
#define MACHINE_STEP "FROM machine_point WHERE tier = ?1 AND time >= ?2 AND time < ?3"
static int age_machine(struct bucket *b)
{
	pw_auto_statement sqlite3_stmt *st = NULL;
	int r = prepare_range(b->s, &st,
			      "INSERT OR REPLACE INTO machine_point(tier, time,"
			      " available, " PW_STORE_AMOUNT_COLUMNS ", " PW_STORE_WATCH_COLUMNS
			      ", low, high) SELECT tier + 1, ?2,"
			      " available, " PW_STORE_AMOUNT_COLUMNS ", " PW_STORE_WATCH_COLUMNS ","
			      " (SELECT min(coalesce(low, available)) " MACHINE_STEP "),"
			      " (SELECT max(coalesce(high, available)) " MACHINE_STEP
			      ") " MACHINE_STEP " ORDER BY time DESC LIMIT 1",
			      b);

	return r ? r : run(b->s, st);
}

static int drop_range(struct bucket *b, const char *sql)
{
	pw_auto_statement sqlite3_stmt *st = NULL;
	int r = prepare_range(b->s, &st, sql, b);

	return r ? r : run(b->s, st);
}

static int first_watched(struct bucket *b)
{
	pw_auto_statement sqlite3_stmt *st = NULL;
	int r = prepare_range(
		b->s, &st,
		"SELECT min(time) FROM machine_point WHERE tier = ? AND time >= ? AND time < ?", b);

	if (r)
		return r;
	r = pw_store_errno(b->s, sqlite3_step(st));
	b->watched_from = !r && sqlite3_column_type(st, 0) != SQLITE_NULL ?
				  sqlite3_column_int64(st, 0) :
				  INT64_MAX;
	return r;
}

static int age_bucket(struct pw_store *s, int tier, int64_t start)
{
	struct bucket b = { .s = s, .tier = tier, .start = start };
	int r = first_watched(&b);

	r = r ? r : age_points(&b);
	r = r ? r : drop_range(&b, "DELETE FROM point WHERE tier = ? AND time >= ? AND time < ?");
	r = r ? r : age_machine(&b);
	r = r ? r :
		drop_range(&b, "DELETE FROM machine_point WHERE tier = ? AND time >= ? AND time < ?");
	return r;
}

/* Oldest time in a tier, of processes or the machine; INT64_MAX: empty. */
static int oldest_of(struct pw_store *s, int tier, int64_t *ret)
{
	char sql[200];
	int64_t a = INT64_MAX, b = INT64_MAX;
	int r;

	snprintf(sql, sizeof(sql), "SELECT time FROM point WHERE tier = %d ORDER BY time LIMIT 1",
		 tier);
	r = pw_store_scalar(s, sql, INT64_MAX, &a);
	snprintf(sql, sizeof(sql),
		 "SELECT time FROM machine_point WHERE tier = %d ORDER BY time LIMIT 1", tier);
	r = r ? r : pw_store_scalar(s, sql, INT64_MAX, &b);
	if (!r)
		*ret = a < b ? a : b;
	return r;
}

static int age_tier(struct pw_store *s, int tier, int64_t now_s)
{
	int64_t step = pw_store_step_s[tier + 1], oldest;

	for (int n = 0; n < STEPS_PER_CALL; n++) {
		int r = oldest_of(s, tier, &oldest);

		if (r || oldest == INT64_MAX)
			return r;
		oldest -= oldest % step;
		if (oldest + step > now_s - pw_store_keep_s[tier])
			return 0;
		r = age_bucket(s, tier, oldest);
		if (r)
			return r;
	}
	return 0;
}

/* Everything that ended before `before`. */
static int drop_before(struct pw_store *s, int64_t before)
{
	static const char *const sql[] = {
		"DELETE FROM point WHERE tier IN (0, 1, 2) AND time < ?1",
		"DELETE FROM machine_point WHERE tier IN (0, 1, 2) AND time < ?1",
		"DELETE FROM event WHERE time_ns < ?1 * 1000000000",
		"DELETE FROM wipe WHERE time_ns < ?1 * 1000000000",
		"DELETE FROM verdict WHERE time_ns < ?1 * 1000000000",
		"DELETE FROM process WHERE end_ns < ?1 * 1000000000",
	};

	for (size_t i = 0; i < sizeof(sql) / sizeof(sql[0]); i++) {
		pw_auto_statement sqlite3_stmt *st = NULL;
		int r = prepare(s, &st, sql[i]);

		if (r)
			return r;
		sqlite3_bind_int64(st, 1, before);
		r = run(s, st);
		if (r)
			return r;
	}
	return 0;
}

static int used_bytes(struct pw_store *s, uint64_t *ret)
{
	int64_t pages, free_pages, size;
	int r = pw_store_scalar(s, "PRAGMA page_count", 0, &pages);

	r = r ? r : pw_store_scalar(s, "PRAGMA freelist_count", 0, &free_pages);
	r = r ? r : pw_store_scalar(s, "PRAGMA page_size", 4096, &size);
	if (!r)
		*ret = (uint64_t)(pages - free_pages) * size;
	return r;
}

/* A time below which about TRIM_ROWS of the oldest rows lie. */
static int trim_cut(struct pw_store *s, int64_t *ret)
{
	int64_t oldest = INT64_MAX, t, cut, last;
	int oldest_tier = 0, r;
	char sql[160];

	for (int tier = 0; tier < PW_STORE_TIERS; tier++) {
		r = oldest_of(s, tier, &t);
		if (r)
			return r;
		if (t < oldest) {
			oldest = t;
			oldest_tier = tier;
		}
	}
	r = pw_store_scalar(s, "SELECT min(end_ns) / 1000000000 FROM process", INT64_MAX, &t);
	r = r ? r :
		pw_store_scalar(s, "SELECT min(time_ns) / 1000000000 FROM event", INT64_MAX, &cut);
	if (r)
		return r;
	t = t < cut ? t : cut;
	r = pw_store_scalar(s, "SELECT min(time_ns) / 1000000000 FROM wipe", INT64_MAX, &cut);
	if (r)
		return r;
	t = t < cut ? t : cut;
	r = pw_store_scalar(s, "SELECT min(time_ns) / 1000000000 FROM verdict", INT64_MAX, &cut);
	if (r)
		return r;
	t = t < cut ? t : cut;
	if (t == INT64_MAX && oldest == INT64_MAX)
		return -ENODATA;
	if (t < oldest) { /* rows without points any more */
		*ret = oldest == INT64_MAX ? t + 3600 : oldest;
		return 0;
	}
	snprintf(sql, sizeof(sql),
		 "SELECT time FROM point WHERE tier = %d ORDER BY time LIMIT 1 OFFSET %d",
		 oldest_tier, TRIM_ROWS);
	r = pw_store_scalar(s, sql, INT64_MAX, &cut);
	if (r)
		return r;
	snprintf(sql, sizeof(sql), "SELECT max(time) FROM machine_point WHERE tier = %d",
		 oldest_tier);
	r = pw_store_scalar(s, sql, oldest, &last);
	if (cut == INT64_MAX) /* fewer rows than that: the whole tier but its newest step */
		cut = last;
	*ret = cut > oldest ? cut : oldest + pw_store_step_s[oldest_tier];
	return r;
}

static int trim(struct pw_store *s)
{
	uint64_t used;
	int64_t cut;

	for (int n = 0; n < TRIM_ROUNDS; n++) {
		int r = used_bytes(s, &used);

		/* An eighth stays free, so that a flush always finds room below the hard limit. */
		if (r || used <= s->max_bytes - s->max_bytes / 8)
			return r;
		r = trim_cut(s, &cut);
		if (r)
			return r == -ENODATA ? 0 : r;
		r = drop_before(s, cut);
		if (r)
			return r;
	}
	return 0;
}

/* Gives free pages back when the file is over its bound or a quarter of it is empty. */
static int shrink(struct pw_store *s)
{
	int64_t pages, free_pages;
	char sql[64];
	int r = pw_store_scalar(s, "PRAGMA page_count", 0, &pages);

	r = r ? r : pw_store_scalar(s, "PRAGMA freelist_count", 0, &free_pages);
	if (r || (free_pages < pages / 4 && pages * 4096 <= (int64_t)s->max_bytes))
		return r;
	if (free_pages == 0)
		return 0;
	snprintf(sql, sizeof(sql), "PRAGMA incremental_vacuum(%d)", VACUUM_PAGES);
	return pw_store_exec(s, sql);
}

int pw_store_maintain(struct pw_store *s, uint64_t now_realtime_ns, struct pw_error *err)
{
	int64_t now_s = now_realtime_ns / PW_NSEC_PER_SEC;
	int r = s->read_only ? -EACCES : pw_store_flush(s, err);

	if (r)
		return r;
	r = pw_store_exec(s, "BEGIN IMMEDIATE");
	for (int tier = 0; !r && tier < PW_STORE_TIERS - 1; tier++)
		r = age_tier(s, tier, now_s);
	r = r ? r : pw_age_wipes(s, now_s);
	r = r ? r : pw_age_verdicts(s);
	r = r ? r : drop_before(s, now_s - pw_store_keep_s[PW_STORE_TIERS - 1]);
	r = r ? r : trim(s);
	r = r ? r : shrink(s);
	r = r ? r : pw_store_exec(s, "COMMIT");
	if (!r)
		return 0;
	pw_store_error(s, err, r, "age");
	if (!sqlite3_get_autocommit(s->db))
		pw_store_exec(s, "ROLLBACK");
	return r;
}

uint64_t pw_store_bytes(struct pw_store *s)
{
	int64_t pages = 0, size = 0;

	if (pw_store_scalar(s, "PRAGMA page_count", 0, &pages) ||
	    pw_store_scalar(s, "PRAGMA page_size", 0, &size))
		return 0;
	return (uint64_t)pages * size;
}
