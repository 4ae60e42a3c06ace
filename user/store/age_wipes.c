// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Ageing of wipes. Rows of one place and kind that are old become one for each
 * hour, the newest of it, which counts the others; then nobody asks for the
 * address any more, but still how often it happened.
 */
#include "user/store/private.h"

#define HOUR_S 3600
#define HOURS_PER_CALL 8 /* bounds the pause of the daemon's loop */
#define TRIM_ROWS 4096

static const int64_t keep_s[] = { 86400, 30 * 86400 }; /* by class: a day, a month */

static int run(struct pw_store *s, const char *sql, const int64_t *values, int count)
{
	pw_auto_statement sqlite3_stmt *st = NULL;
	int rc = sqlite3_prepare_v2(s->db, sql, -1, &st, NULL);

	for (int i = 0; rc == SQLITE_OK && i < count; i++)
		sqlite3_bind_int64(st, i + 1, values[i]);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(st);
	return pw_store_errno(s, rc);
}

/* What was merged up to here, in hours since 1970, is kept in meta. */
static const char *const merged_key[] = { "wipes_merged_0", "wipes_merged_1" };

#define IN_HOUR "class = ?1 AND time_ns >= ?2 AND time_ns < ?3"
static int merge_hour(struct pw_store *s, int wipe_class, int64_t hour)
{
	const int64_t values[] = { wipe_class, hour * HOUR_S * (int64_t)PW_NSEC_PER_SEC,
				   (hour + 1) * HOUR_S * (int64_t)PW_NSEC_PER_SEC };
	/* max(id) is the newest; the other columns of a group are never looked at */
	int r = run(s,
		    "UPDATE wipe SET skipped = merged.n - 1 FROM (SELECT max(id) AS newest,"
		    " sum(skipped + 1) AS n FROM wipe WHERE " IN_HOUR " GROUP BY place, kind) AS merged"
		    " WHERE wipe.id = merged.newest",
		    values, 3);

	return r ? r :
		   run(s,
		       "DELETE FROM wipe WHERE " IN_HOUR " AND id NOT IN (SELECT max(id) FROM wipe"
		       " WHERE " IN_HOUR " GROUP BY place, kind)",
		       values, 3);
}

/* The first hour at or after `hour` that has rows of this class; INT64_MAX: none. */
static int next_hour(struct pw_store *s, int wipe_class, int64_t hour, int64_t *ret)
{
	char sql[160];
	int64_t time;
	int r;

	snprintf(sql, sizeof(sql),
		 "SELECT min(time_ns) / 1000000000 FROM wipe WHERE class = %d AND time_ns >= %lld",
		 wipe_class, (long long)(hour * HOUR_S * (int64_t)PW_NSEC_PER_SEC));
	r = pw_store_scalar(s, sql, INT64_MAX, &time);
	if (!r)
		*ret = time == INT64_MAX ? INT64_MAX : time / HOUR_S;
	return r;
}

static int merge(struct pw_store *s, int wipe_class, int64_t now_s)
{
	int64_t end = (now_s - keep_s[wipe_class]) / HOUR_S, hour = end, from = end;
	char sql[96];
	int r;

	snprintf(sql, sizeof(sql), "SELECT value FROM meta WHERE key = '%s'", merged_key[wipe_class]);
	r = pw_store_scalar(s, sql, 0, &from);
	if (from > end) /* the clock was set back */
		return r;
	for (int n = 0; !r && n < HOURS_PER_CALL && from < end; n++) {
		r = next_hour(s, wipe_class, from, &hour);
		if (!r && hour < end)
			r = merge_hour(s, wipe_class, hour);
		from = hour < end ? hour + 1 : end;
	}
	snprintf(sql, sizeof(sql), "INSERT OR REPLACE INTO meta VALUES('%s', ?1)",
		 merged_key[wipe_class]);
	return r ? r : run(s, sql, &from, 1);
}

/* The oldest of what matters least, until the table is in its share. */
static int trim(struct pw_store *s)
{
	int64_t most = s->max_bytes / PW_STORE_WIPE_SHARE / PW_STORE_WIPE_ROW_BYTES, rows, excess;
	int r = pw_store_scalar(s, "SELECT count(*) FROM wipe", 0, &rows);

	for (int64_t wipe_class = 0; !r && rows > most && wipe_class <= 1; wipe_class++) {
		/* below it by a tenth, so that it does not run at each call */
		excess = rows - most + most / 10;
		excess = excess < TRIM_ROWS ? excess : TRIM_ROWS;
		r = run(s,
			"DELETE FROM wipe WHERE id IN (SELECT id FROM wipe WHERE class = ?1"
			" ORDER BY time_ns LIMIT ?2)",
			(const int64_t[]){ wipe_class, excess }, 2);
		rows -= sqlite3_changes(s->db);
	}
	return r;
}

/* Places that no row is at any more. */
static int drop_places(struct pw_store *s)
{
	int64_t places = 0;
	int r = pw_store_scalar(s, "SELECT count(*) FROM wipe_place", 0, &places);

	if (r || places < 2 * (PW_WIPE_CALLERS_MAX + PW_WIPE_SITES_MAX))
		return r;
	return run(s, "DELETE FROM wipe_place WHERE id NOT IN (SELECT place FROM wipe)", NULL, 0);
}

int pw_age_wipes(struct pw_store *s, int64_t now_s)
{
	int before = sqlite3_total_changes(s->db);
	int r = merge(s, 0, now_s);

	r = r ? r : merge(s, 1, now_s);
	r = r ? r : trim(s);
	/* The two marks of merge() are changes of their own. */
	return r || sqlite3_total_changes(s->db) <= before + 2 ? r : drop_places(s);
}
