// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The tables, and how an older file becomes a newer one. Migration N brings
 * version N to N + 1 inside one transaction with its PRAGMA user_version, so a
 * crash leaves the old or the new schema and nothing between.
 *
 * point is clustered by (tier, time, process): a flush appends to a few pages,
 * ageing and trimming cut from the front. The price, a scan over the range when
 * one process is asked for, is paid by the rare reader and not by the writer.
 */
#include <errno.h>
#include <string.h>

#include "user/store/private.h"

static const char *const migrations[PW_STORE_SCHEMA_VERSION] = {
	"CREATE TABLE meta(key TEXT PRIMARY KEY, value INTEGER) WITHOUT ROWID;"
	"CREATE TABLE boot(id INTEGER PRIMARY KEY, boot_id TEXT NOT NULL UNIQUE,"
	" hostname TEXT, release TEXT);"
	/* start_tick: key.start_ns / PW_TICK_NS, equal for every source and unmoved by clock changes */
	"CREATE TABLE process(id INTEGER PRIMARY KEY, boot INTEGER NOT NULL, pid INTEGER NOT NULL,"
	" start_tick INTEGER NOT NULL, start_ns INTEGER NOT NULL, end_ns INTEGER, run INTEGER NOT "
	"NULL,"
	" uid INTEGER, comm BLOB, exe BLOB, cgroup BLOB, unit BLOB, container BLOB, build_id TEXT,"
	/* footprint at the end of the last aged step, by tier: what a silent step repeats */
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
	"CREATE INDEX event_time ON event(time_ns);",

	/* offset: of the caller in its file; symbol: of a secret its label */
	"CREATE TABLE wipe_place(id INTEGER PRIMARY KEY, exe BLOB NOT NULL, file BLOB NOT NULL,"
	" symbol BLOB NOT NULL, offset INTEGER NOT NULL, UNIQUE(exe, file, symbol, offset));"
	/* kind: what may be merged (pw_store_wipe_kind); record: the struct of the ABI */
	"CREATE TABLE wipe(id INTEGER PRIMARY KEY, time_ns INTEGER NOT NULL, class INTEGER NOT NULL,"
	" kind INTEGER NOT NULL, place INTEGER NOT NULL, skipped INTEGER NOT NULL,"
	" record BLOB NOT NULL);"
	"CREATE INDEX wipe_time ON wipe(time_ns);"
	"CREATE INDEX wipe_class ON wipe(class, time_ns);",

	/* bpf_ms, user_ms, lost: totals of the run; lost as write.c writes it */
	"ALTER TABLE machine_point ADD COLUMN run INTEGER;"
	"ALTER TABLE machine_point ADD COLUMN memory INTEGER;"
	"ALTER TABLE machine_point ADD COLUMN slab INTEGER;"
	"ALTER TABLE machine_point ADD COLUMN swap_total INTEGER;"
	"ALTER TABLE machine_point ADD COLUMN bpf_ms INTEGER;"
	"ALTER TABLE machine_point ADD COLUMN user_ms INTEGER;"
	"ALTER TABLE machine_point ADD COLUMN own_rss INTEGER;"
	"ALTER TABLE machine_point ADD COLUMN coverage INTEGER;"
	"ALTER TABLE machine_point ADD COLUMN lost TEXT;"
	/* id and bytes: as pw_trends_save() gives them */
	"CREATE TABLE trend(id INTEGER PRIMARY KEY, bytes BLOB NOT NULL);"
	/* a pw_verdict_event; from_class, to_class, series, limit_kind: words, which no new class moves */
	"CREATE TABLE verdict(id INTEGER PRIMARY KEY, time_ns INTEGER NOT NULL, boot_id TEXT,"
	" type TEXT NOT NULL, pid INTEGER, start_ns INTEGER, comm BLOB, exe BLOB, cgroup BLOB,"
	" unit BLOB, container BLOB, series TEXT NOT NULL, from_class TEXT NOT NULL,"
	" to_class TEXT NOT NULL, ended INTEGER NOT NULL, covered INTEGER NOT NULL,"
	" confidence REAL, slope REAL, slope_low REAL, slope_high REAL, since_ns INTEGER,"
	" window_ns INTEGER, value INTEGER, limit_kind TEXT NOT NULL, limit_value INTEGER,"
	" limit_used INTEGER, seconds REAL, seconds_low REAL, seconds_high REAL,"
	" reason TEXT NOT NULL);"
	"CREATE INDEX verdict_time ON verdict(time_ns);",
};

static int migrate_one(struct pw_store *s, int64_t version)
{
	char sql[64];
	int r = pw_store_exec(s, "BEGIN IMMEDIATE");

	if (r)
		return r;
	snprintf(sql, sizeof(sql), "PRAGMA user_version = %lld", (long long)version + 1);
	r = pw_store_exec(s, migrations[version]);
	r = r ? r : pw_store_exec(s, sql);
	r = r ? r : pw_store_exec(s, "COMMIT");
	if (r)
		pw_store_exec(s, "ROLLBACK");
	return r;
}

int pw_schema_migrate(struct pw_store *s, struct pw_error *err)
{
	int64_t version;
	int r = pw_store_scalar(s, "PRAGMA user_version", 0, &version);

	if (r)
		return pw_store_error(s, err, r, "read");
	if (version < 0 || version > PW_STORE_SCHEMA_VERSION) {
		pw_error_set(err, -EPROTONOSUPPORT,
			     "history %s has schema %lld, this pagewarden knows %d", s->path,
			     (long long)version, PW_STORE_SCHEMA_VERSION);
		pw_error_remedy(err, "run the newer pagewarden that wrote it, or move the file away");
		return -EPROTONOSUPPORT;
	}
	s->schema = version;
	/* A reader makes do with the tables there are. */
	if (version == PW_STORE_SCHEMA_VERSION || (s->read_only && version > 0))
		return 0;
	if (s->read_only)
		return pw_error_set(err, -EPROTONOSUPPORT,
				    "history %s has the older schema %lld and may not be written",
				    s->path, (long long)version);
	while (version < PW_STORE_SCHEMA_VERSION) {
		r = migrate_one(s, version++);
		if (r)
			return pw_store_error(s, err, r, "bring the schema up to date");
	}
	s->schema = version;
	return 0;
}

/* clang-format off */
static const char *const statements[PW_STATEMENTS] = {
	[PW_STMT_BEGIN] = "BEGIN IMMEDIATE",
	[PW_STMT_COMMIT] = "COMMIT",
	[PW_STMT_ROLLBACK] = "ROLLBACK",
	[PW_STMT_PROCESS_FIND] =
		"SELECT id FROM process WHERE boot = ? AND pid = ? AND start_tick = ?",
	[PW_STMT_PROCESS_PUT] =
		"INSERT INTO process(id, boot, pid, start_tick, start_ns, run, uid, comm, exe, cgroup,"
		" unit, container, build_id) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
		" ON CONFLICT(id) DO UPDATE SET run = excluded.run, end_ns = NULL, uid = excluded.uid,"
		" comm = excluded.comm, exe = excluded.exe, cgroup = excluded.cgroup,"
		" unit = excluded.unit, container = excluded.container, build_id = excluded.build_id",
	[PW_STMT_PROCESS_END] = "UPDATE process SET end_ns = ?2 WHERE id = ?1",
	[PW_STMT_PROCESS_END_STALE] =
		"UPDATE process SET end_ns = max(?2, start_ns) WHERE end_ns IS NULL AND run <> ?1",
	[PW_STMT_POINT_PUT] =
		"INSERT OR REPLACE INTO point(tier, time, process, " PW_STORE_AMOUNT_COLUMNS ", low, high)"
		" VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
	[PW_STMT_MACHINE_PUT] =
		"INSERT OR REPLACE INTO machine_point(tier, time, available, " PW_STORE_AMOUNT_COLUMNS
		", low, high, " PW_STORE_WATCH_COLUMNS
		") VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL, NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
	[PW_STMT_EVENT_PUT] =
		"INSERT INTO event(time_ns, type, pid, comm, detail, value) VALUES(?, ?, ?, ?, ?, ?)",
	[PW_STMT_WIPE_PLACE_PUT] =
		"INSERT OR IGNORE INTO wipe_place(exe, file, symbol, offset) VALUES(?, ?, ?, ?)",
	[PW_STMT_WIPE_PUT] =
		"INSERT INTO wipe(time_ns, class, kind, place, skipped, record) VALUES(?5, ?6, ?7,"
		" (SELECT id FROM wipe_place WHERE exe = ?1 AND file = ?2 AND symbol = ?3"
		" AND offset = ?4), ?8, ?9)",
	[PW_STMT_TREND_PUT] = "INSERT OR REPLACE INTO trend(id, bytes) VALUES(?, ?)",
	[PW_STMT_TREND_DROP] = "DELETE FROM trend WHERE id = ?",
	[PW_STMT_TREND_DROP_ALL] = "DELETE FROM trend",
	[PW_STMT_TREND_SIZE] = "SELECT length(bytes) FROM trend WHERE id = ?",
	[PW_STMT_VERDICT_PUT] =
		"INSERT INTO verdict(" PW_STORE_VERDICT_COLUMNS ") VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?,"
		" ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
	[PW_STMT_WIPE_MORE] = "UPDATE wipe SET skipped = skipped + ?2 WHERE id = ?1",
};
/* clang-format on */

int pw_schema_prepare(struct pw_store *s, struct pw_error *err)
{
	for (int i = 0; i < PW_STATEMENTS; i++) {
		int rc = sqlite3_prepare_v3(s->db, statements[i], -1, SQLITE_PREPARE_PERSISTENT,
					    &s->stmt[i], NULL);

		if (rc != SQLITE_OK)
			return pw_store_error(s, err, pw_store_errno(s, rc), "prepare");
	}
	return 0;
}
