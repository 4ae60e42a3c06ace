// SPDX-License-Identifier: GPL-2.0-or-later
/* The windows behind the verdicts: a row for each subject, replaced as it changes. */
#include "user/store/trends.h"

#include <errno.h>
#include <string.h>

#include "user/store/private.h"
#include "user/store/reading.h"

/* Bytes that are there under this id; 0: none. */
static int64_t bytes_of(struct pw_store *s, uint64_t id)
{
	sqlite3_stmt *st = s->stmt[PW_STMT_TREND_SIZE];
	int64_t size;

	sqlite3_bind_int64(st, 1, (int64_t)id);
	size = sqlite3_step(st) == SQLITE_ROW ? sqlite3_column_int64(st, 0) : 0;
	sqlite3_reset(st);
	return size;
}

static int failure_of(const struct pw_store *s)
{
	return s->failure ? s->failure : -EIO;
}

static int put_piece(void *ctx, uint64_t id, const void *bytes, size_t size)
{
	struct pw_store *s = ctx;
	sqlite3_stmt *st = s->stmt[PW_STMT_TREND_PUT];
	int64_t most = s->max_bytes / PW_STORE_TREND_SHARE;
	int64_t more = (int64_t)size - bytes_of(s, id);

	if (more > 0 && s->trend_bytes + more > most) {
		s->lost_rows++;
		return 0;
	}
	sqlite3_bind_int64(st, 1, (int64_t)id);
	sqlite3_bind_blob(st, 2, bytes, size, SQLITE_STATIC);
	if (!pw_write_put(s, PW_STMT_TREND_PUT))
		return failure_of(s);
	s->trend_bytes += more;
	return 0;
}

static int drop_piece(void *ctx, uint64_t id)
{
	struct pw_store *s = ctx;
	int64_t size = bytes_of(s, id);

	sqlite3_bind_int64(s->stmt[PW_STMT_TREND_DROP], 1, (int64_t)id);
	if (!pw_write_put(s, PW_STMT_TREND_DROP))
		return failure_of(s);
	s->trend_bytes -= size;
	return 0;
}

/* All of them are written anew: what is not in the table of trends goes. */
static int drop_all(struct pw_store *s)
{
	s->trend_bytes = 0;
	return pw_write_put(s, PW_STMT_TREND_DROP_ALL) ? 0 : failure_of(s);
}

int pw_store_save_trends(struct pw_store *s, struct pw_trends *t, bool all, struct pw_error *err)
{
	int r = pw_store_flush(s, err), flushed;

	if (r)
		return r;
	r = all ? drop_all(s) : 0;
	if (!r && s->trend_bytes < 0)
		r = pw_store_scalar(s, "SELECT sum(length(bytes)) FROM trend", 0, &s->trend_bytes);
	r = r ? r : pw_trends_each_forgotten(t, drop_piece, s);
	r = r ? r : pw_trends_save(t, !all, put_piece, s);
	flushed = pw_store_flush(s, err);
	if (r || flushed)
		s->trend_bytes = -1;
	if (r && !flushed)
		pw_store_error(s, err, r, "save trends in");
	return flushed ? flushed : r;
}

int pw_store_restore_trends(struct pw_store *s, struct pw_trends *t, size_t *ret_refused,
			    struct pw_error *err)
{
	PW_QUERY_SCOPE(s);
	pw_auto_statement sqlite3_stmt *st = NULL;
	size_t refused = 0;
	int rc, r;

	*ret_refused = 0;
	if (s->schema < 3)
		return 0;
	rc = sqlite3_prepare_v2(s->db, "SELECT bytes FROM trend", -1, &st, NULL);
	if (rc != SQLITE_OK)
		return pw_store_error(s, err, pw_store_errno(s, rc), "read trends of");
	while ((rc = sqlite3_step(st)) == SQLITE_ROW) {
		r = pw_trends_restore(t, sqlite3_column_blob(st, 0), sqlite3_column_bytes(st, 0));
		if (r == -ENOMEM)
			return pw_error_set(err, r, "no memory for the trends of history %s",
					    s->path);
		refused += r != 0;
	}
	*ret_refused = refused;
	r = pw_store_errno(s, rc);
	return r ? pw_store_error(s, err, r, "read trends of") : 0;
}
