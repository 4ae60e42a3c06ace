/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the store's files share. Times in tables are realtime seconds, amounts
 * KiB: small integers make small rows.
 *
 * A row of tier 0 holds what was last seen in the 10 s step that starts at
 * `time`; it is written when something changed. A process whose memory did not
 * change but that used CPU is written every 5 minutes, a silent one every hour
 * (HEARTBEAT_S), so that a query needs to look back no further.
 */
#ifndef PW_STORE_PRIVATE_H
#define PW_STORE_PRIVATE_H

#include <sqlite3.h>

#include "user/base/clock.h"
#include "user/base/hash.h"
#include "user/store/store.h"

#define PW_STORE_TIERS 3
#define PW_STORE_HEARTBEAT_S 3600
#define PW_STORE_TOTALS_S 300

extern const int64_t pw_store_step_s[PW_STORE_TIERS]; /* 10, 300, 3600 */
extern const int64_t pw_store_keep_s[PW_STORE_TIERS]; /* a day, a month, a year */

enum pw_store_statement {
	PW_STMT_BEGIN,
	PW_STMT_COMMIT,
	PW_STMT_ROLLBACK,
	PW_STMT_PROCESS_FIND,
	PW_STMT_PROCESS_PUT,
	PW_STMT_PROCESS_END,
	PW_STMT_PROCESS_END_STALE,
	PW_STMT_POINT_PUT,
	PW_STMT_MACHINE_PUT,
	PW_STMT_EVENT_PUT,
	PW_STMT_WIPE_PLACE_PUT,
	PW_STMT_WIPE_PUT,
	PW_STMT_WIPE_MORE,
	PW_STMT_TREND_PUT,
	PW_STMT_TREND_DROP,
	PW_STMT_TREND_DROP_ALL,
	PW_STMT_TREND_SIZE,
	PW_STMT_VERDICT_PUT,
	PW_STATEMENTS
};

/* The columns of a point, in KiB, counts and milliseconds; in the order of the table. */
struct pw_store_amounts {
	int64_t anon, file, shmem, swap, page_table;
	int64_t minor_faults, major_faults, cpu_ms;
};
#define PW_STORE_AMOUNTS 8
#define PW_STORE_AMOUNT_COLUMNS \
	"anon, file, shmem, swap, page_table, minor_faults, major_faults, cpu_ms"

/* What a machine's point says of the watching; see struct pw_store_machine_point. */
#define PW_STORE_WATCH_COLUMNS \
	"run, memory, slab, swap_total, bpf_ms, user_ms, own_rss, coverage, lost"

/* 29 of them, in the order of verdicts.c. */
#define PW_STORE_VERDICT_COLUMNS                                                                  \
	"time_ns, boot_id, type, pid, start_ns, comm, exe, cgroup, unit, container, series,"      \
	" from_class, to_class, ended, covered, confidence, slope, slope_low, slope_high,"        \
	" since_ns, window_ns, value, limit_kind, limit_value, limit_used, seconds, seconds_low," \
	" seconds_high, reason"

struct pw_store {
	sqlite3 *db;
	sqlite3_stmt *stmt[PW_STATEMENTS];
	char *path;
	int lock_fd; /* -1: read-only */
	bool read_only;
	int64_t schema; /* of the file: an older one may be read */
	uint64_t max_bytes; /* of the main file; the WAL's share is taken off */
	bool unhurried; /* a reader of its own: no query has a deadline */
	uint64_t deadline_ns; /* CLOCK_BOOTTIME; a query over it is interrupted. 0: none */
	/* this run */
	int64_t run;
	int64_t boot; /* row of this boot; 0 before the first tick */
	int64_t next_process;
	int64_t previous_end_s; /* end of the last machine point before this run; 0: none */
	/* writer */
	bool in_txn;
	bool failed; /* this transaction is lost: rows are only counted until the flush */
	int failure; /* -errno of the first failure since the last flush */
	char failure_text[128];
	uint64_t txn_rows;
	uint64_t lost_rows;
	int64_t step; /* last raw step taken, in steps since 1970; 0: none */
	uint32_t generation;
	bool stale_ended; /* processes that earlier runs left open are closed */
	uint64_t events_taken;
	struct pw_hash seen; /* struct pw_store_seen */
	struct pw_store_seen *ended; /* ended in this transaction */
	struct pw_store_amounts machine_totals;
	struct pw_store_wipes *wipes; /* write_wipes.c; NULL before the first */
	bool wipes_from_start; /* this run saw the model before its first wipe */
	uint64_t verdicts_taken; /* the last event of the table of trends that has a row */
	int64_t trend_bytes; /* in the table trend; -1: to be counted */
};

/* ---- store.c ---- */
/* -errno of an SQLite result. */
int pw_store_errno(const struct pw_store *s, int rc);
int pw_store_exec(struct pw_store *s, const char *sql);
/* One integer; `otherwise` when there is no row or it is NULL. 0 or -errno. */
int pw_store_scalar(struct pw_store *s, const char *sql, int64_t otherwise, int64_t *ret);
/* Fills err from the database's last message. */
int pw_store_error(const struct pw_store *s, struct pw_error *err, int rc, const char *doing);

static inline void pw_store_finalizep(sqlite3_stmt **st)
{
	sqlite3_finalize(*st);
}
#define pw_auto_statement __attribute__((cleanup(pw_store_finalizep)))

/* ---- schema.c ---- */
/* Brings an empty or older file to PW_STORE_SCHEMA_VERSION. */
int pw_schema_migrate(struct pw_store *s, struct pw_error *err);
int pw_schema_prepare(struct pw_store *s, struct pw_error *err);

/* ---- write.c ---- */
int pw_write_init(struct pw_store *s, struct pw_error *err);
void pw_write_deinit(struct pw_store *s);
/* Runs a bound statement that writes one row, or counts the row as lost; whether it was written. */
bool pw_write_put(struct pw_store *s, enum pw_store_statement which);

/* ---- write_wipes.c ---- */
/*
 * A row of the table wipe is one record, or stands for `skipped` more of its
 * place and kind. Class 1 is what somebody may have to act on: it is kept
 * longer, and thinned and trimmed last.
 */
#define PW_STORE_WIPE_SHARE 8 /* the table gets this part of max_bytes */
#define PW_STORE_WIPE_ROW_BYTES 320 /* with its share of index and places: measured, rounded up */

/* Takes what came since the last tick. */
void pw_write_wipes(struct pw_store *s, const struct pw_model *m);
/* The step is over: what was thinned in it is counted. */
void pw_write_wipes_step(struct pw_store *s, const struct pw_model *m);
/* The rows of this transaction are gone. */
void pw_write_wipes_lost(struct pw_store *s);

/* ---- age_wipes.c ---- */
/* Merges rows beyond their time by the hour, and keeps the table in its share. Inside a transaction. */
int pw_age_wipes(struct pw_store *s, int64_t now_s);

/* ---- verdicts.c ---- */
#define PW_STORE_VERDICT_SHARE 16 /* the table gets this part of max_bytes */
#define PW_STORE_VERDICT_ROW_BYTES 640 /* measured with long names, rounded up */
/* Keeps the table in its share, the newest rows. Inside a transaction. */
int pw_age_verdicts(struct pw_store *s);

/* ---- trends.c ---- */
#define PW_STORE_TREND_SHARE 4 /* the table gets this part of max_bytes */

#endif
