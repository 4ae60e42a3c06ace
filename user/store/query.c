// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reading the past. Silent steps are filled here: a process stands at its last
 * point in every step that the machine was watched in (that has a machine
 * point), so a gap of the daemon stays a gap.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "user/store/private.h"
#include "user/store/reading.h"

static int64_t seconds(uint64_t ns)
{
	return ns / PW_NSEC_PER_SEC;
}

/* The end of a half-open range, rounded up; UINT64_MAX stays "ever". */
static int64_t seconds_up(uint64_t ns)
{
	return ns / PW_NSEC_PER_SEC + (ns % PW_NSEC_PER_SEC != 0);
}

static int prepare(struct pw_store *s, sqlite3_stmt **st, const char *sql)
{
	return pw_store_errno(s, sqlite3_prepare_v2(s->db, sql, -1, st, NULL));
}

int pw_store_each_process(struct pw_store *s, uint64_t from_ns, uint64_t to_ns,
			  int (*fn)(void *ctx, const struct pw_store_process *p), void *ctx)
{
	PW_QUERY_SCOPE(s);
	pw_auto_statement sqlite3_stmt *st = NULL;
	struct pw_text_cell text[7];
	int rc, r;

	r = prepare(s, &st,
		    "SELECT process.id, pid, start_ns, coalesce(end_ns, 0), uid, boot_id, comm, exe,"
		    " cgroup, unit, container, build_id FROM process JOIN boot ON boot.id = "
		    "process.boot"
		    " WHERE start_ns < ?2 AND (end_ns IS NULL OR end_ns >= ?1) ORDER BY process.id");
	if (r)
		return r;
	sqlite3_bind_int64(st, 1, pw_clamp_ns(from_ns));
	sqlite3_bind_int64(st, 2, pw_clamp_ns(to_ns));
	while ((rc = sqlite3_step(st)) == SQLITE_ROW) {
		struct pw_store_process p = {
			.id = sqlite3_column_int64(st, 0),
			.pid = sqlite3_column_int64(st, 1),
			.start_ns = sqlite3_column_int64(st, 2),
			.end_ns = sqlite3_column_int64(st, 3),
			.uid = sqlite3_column_int64(st, 4),
			.boot_id = pw_text_cell(st, 5, &text[0]),
			.comm = pw_text_cell(st, 6, &text[1]),
			.exe = pw_text_cell(st, 7, &text[2]),
			.cgroup = pw_text_cell(st, 8, &text[3]),
			.unit = pw_text_cell(st, 9, &text[4]),
			.container = pw_text_cell(st, 10, &text[5]),
			.build_id = pw_text_cell(st, 11, &text[6]),
		};

		r = fn(ctx, &p);
		if (r)
			return r;
	}
	return pw_store_errno(s, rc);
}

/* ---- points ------------------------------------------------------------------ */

/* Columns i...: the amounts, then low and high. */
static void read_point(sqlite3_stmt *st, int i, struct pw_store_point *p)
{
	uint64_t *const bytes[] = { &p->anon_bytes, &p->file_bytes, &p->shmem_bytes, &p->swap_bytes,
				    &p->page_table_bytes };

	for (size_t k = 0; k < sizeof(bytes) / sizeof(bytes[0]); k++)
		*bytes[k] = (uint64_t)sqlite3_column_int64(st, i + k) * 1024;
	p->minor_faults = sqlite3_column_int64(st, i + 5);
	p->major_faults = sqlite3_column_int64(st, i + 6);
	p->cpu_ns = (uint64_t)sqlite3_column_int64(st, i + 7) * PW_NSEC_PER_MSEC;
	p->low_bytes = (uint64_t)sqlite3_column_int64(st, i + 8) * 1024;
	p->high_bytes = (uint64_t)sqlite3_column_int64(st, i + 9) * 1024;
}

static void settle(struct pw_store_point *p)
{
	p->low_bytes = p->high_bytes = p->anon_bytes + p->shmem_bytes + p->swap_bytes;
}

struct fill {
	struct pw_store *s;
	int64_t process, start_ns, end_ns; /* its life; end INT64_MAX: not over */
	int64_t from_s, to_s;
	bool known;
	struct pw_store_point now;
	int (*fn)(void *ctx, const struct pw_store_point *p);
	void *ctx;
};

static int emit_step(struct fill *f, int64_t time_s, int64_t step_s)
{
	int64_t begin = time_s * (int64_t)PW_NSEC_PER_SEC;
	int64_t end = begin + step_s * (int64_t)PW_NSEC_PER_SEC;

	if (!f->known || time_s < f->from_s || end <= f->start_ns || begin >= f->end_ns)
		return 0;
	f->now.time_ns = begin;
	f->now.step_ns = end - begin;
	return f->fn(f->ctx, &f->now);
}

/*
 * Walks the watched steps of one tier with the process's rows beside them. A
 * LEFT JOIN keeps both in time order and lets SQLite use both primary keys.
 */
static int fill_tier(struct fill *f, int tier)
{
	pw_auto_statement sqlite3_stmt *st = NULL;
	int rc, r;

	r = prepare(f->s, &st,
		    "SELECT m.time, p.time, p.anon, p.file, p.shmem, p.swap, p.page_table,"
		    " p.minor_faults, p.major_faults, p.cpu_ms, p.low, p.high FROM machine_point m"
		    " LEFT JOIN point p ON p.tier = m.tier AND p.time = m.time AND p.process = ?4"
		    " WHERE m.tier = ?1 AND m.time >= ?2 AND m.time < ?3 ORDER BY m.time");
	if (r)
		return r;
	sqlite3_bind_int64(st, 1, tier);
	/* A silent process speaks once an hour: its last word lies at most that far back. */
	sqlite3_bind_int64(st, 2, f->from_s - PW_STORE_HEARTBEAT_S - pw_store_step_s[tier]);
	sqlite3_bind_int64(st, 3, f->to_s);
	sqlite3_bind_int64(st, 4, f->process);
	while ((rc = sqlite3_step(st)) == SQLITE_ROW) {
		if (sqlite3_column_type(st, 1) != SQLITE_NULL) {
			read_point(st, 2, &f->now);
			if (sqlite3_column_type(st, 10) == SQLITE_NULL)
				settle(&f->now);
			f->known = true;
		}
		r = emit_step(f, sqlite3_column_int64(st, 0), pw_store_step_s[tier]);
		if (r)
			return r;
		settle(&f->now); /* the next step repeats the last value, not the extremes */
	}
	return pw_store_errno(f->s, rc);
}

static int read_life(struct fill *f)
{
	pw_auto_statement sqlite3_stmt *st = NULL;
	int r = prepare(f->s, &st, "SELECT start_ns, end_ns FROM process WHERE id = ?");
	int rc;

	if (r)
		return r;
	sqlite3_bind_int64(st, 1, f->process);
	rc = sqlite3_step(st);
	if (rc != SQLITE_ROW)
		return rc == SQLITE_DONE ? -ESRCH : pw_store_errno(f->s, rc);
	f->start_ns = sqlite3_column_int64(st, 0);
	f->end_ns = sqlite3_column_type(st, 1) == SQLITE_NULL ? INT64_MAX :
								sqlite3_column_int64(st, 1);
	return 0;
}

int pw_store_each_point(struct pw_store *s, int64_t process_id, uint64_t from_ns, uint64_t to_ns,
			int (*fn)(void *ctx, const struct pw_store_point *p), void *ctx)
{
	PW_QUERY_SCOPE(s);
	struct fill f = {
		.s = s,
		.process = process_id,
		.from_s = seconds(from_ns),
		.to_s = seconds_up(to_ns),
		.fn = fn,
		.ctx = ctx,
	};
	int r = read_life(&f);

	/* Older tiers hold older times: together they are in order. */
	for (int tier = PW_STORE_TIERS - 1; !r && tier >= 0; tier--)
		r = fill_tier(&f, tier);
	return r;
}

/* "0=12 5=1", see write.c; what this program did not write is skipped. */
static void read_losses(const char *text, uint64_t lost[PW_LOSS_CAUSES])
{
	while (text && *text) {
		unsigned long long count;
		unsigned int cause;

		if (sscanf(text, "%u=%llu", &cause, &count) == 2 && cause < PW_LOSS_CAUSES)
			lost[cause] = count;
		text = strchr(text, ' ');
		text += text ? 1 : 0;
	}
}

/* Columns i...: PW_STORE_WATCH_COLUMNS. */
static void read_watch(sqlite3_stmt *st, int i, struct pw_store_machine_point *p)
{
	if (sqlite3_column_type(st, i) == SQLITE_NULL)
		return;
	p->detailed = true;
	p->run = sqlite3_column_int64(st, i);
	p->memory_bytes = (uint64_t)sqlite3_column_int64(st, i + 1) * 1024;
	p->slab_bytes = (uint64_t)sqlite3_column_int64(st, i + 2) * 1024;
	p->swap_total_bytes = (uint64_t)sqlite3_column_int64(st, i + 3) * 1024;
	p->bpf_ns = (uint64_t)sqlite3_column_int64(st, i + 4) * PW_NSEC_PER_MSEC;
	p->user_ns = (uint64_t)sqlite3_column_int64(st, i + 5) * PW_NSEC_PER_MSEC;
	p->own_rss_bytes = (uint64_t)sqlite3_column_int64(st, i + 6) * 1024;
	p->coverage = (uint32_t)sqlite3_column_int64(st, i + 7);
	read_losses((const char *)sqlite3_column_text(st, i + 8), p->lost);
}

#define MACHINE_RANGE                                                              \
	" FROM machine_point WHERE tier IN (0, 1, 2) AND time >= ?1 AND time < ?2" \
	" ORDER BY time"
int pw_store_each_machine_point(struct pw_store *s, uint64_t from_ns, uint64_t to_ns,
				int (*fn)(void *ctx, const struct pw_store_machine_point *p),
				void *ctx)
{
	static const char plain[] =
		"SELECT tier, time, available, " PW_STORE_AMOUNT_COLUMNS
		", coalesce(low, available), coalesce(high, available), NULL" MACHINE_RANGE;
	static const char detailed[] =
		"SELECT tier, time, available, " PW_STORE_AMOUNT_COLUMNS
		", coalesce(low, available), coalesce(high, available), " PW_STORE_WATCH_COLUMNS MACHINE_RANGE;
	PW_QUERY_SCOPE(s);
	pw_auto_statement sqlite3_stmt *st = NULL;
	int rc, r;

	r = prepare(s, &st, s->schema < 3 ? plain : detailed);
	if (r)
		return r;
	sqlite3_bind_int64(st, 1, seconds(from_ns));
	sqlite3_bind_int64(st, 2, seconds_up(to_ns));
	while ((rc = sqlite3_step(st)) == SQLITE_ROW) {
		int tier = sqlite3_column_int(st, 0);
		struct pw_store_machine_point p = {
			.point.time_ns = (uint64_t)sqlite3_column_int64(st, 1) * PW_NSEC_PER_SEC,
			.available_bytes = (uint64_t)sqlite3_column_int64(st, 2) * 1024,
		};

		if (tier >= 0 && tier < PW_STORE_TIERS)
			p.point.step_ns = pw_store_step_s[tier] * PW_NSEC_PER_SEC;
		read_point(st, 3, &p.point);
		read_watch(st, 13, &p);
		r = fn(ctx, &p);
		if (r)
			return r;
	}
	return pw_store_errno(s, rc);
}

int pw_store_each_event(struct pw_store *s, uint64_t from_ns, uint64_t to_ns,
			int (*fn)(void *ctx, const struct pw_store_event *e), void *ctx)
{
	PW_QUERY_SCOPE(s);
	pw_auto_statement sqlite3_stmt *st = NULL;
	struct pw_text_cell text[3];
	int rc, r;

	r = prepare(s, &st,
		    "SELECT time_ns, type, comm, detail, pid, value FROM event"
		    " WHERE time_ns >= ?1 AND time_ns < ?2 ORDER BY time_ns, rowid");
	if (r)
		return r;
	sqlite3_bind_int64(st, 1, pw_clamp_ns(from_ns));
	sqlite3_bind_int64(st, 2, pw_clamp_ns(to_ns));
	while ((rc = sqlite3_step(st)) == SQLITE_ROW) {
		struct pw_store_event e = {
			.time_ns = sqlite3_column_int64(st, 0),
			.type = pw_text_cell(st, 1, &text[0]),
			.comm = pw_text_cell(st, 2, &text[1]),
			.detail = pw_text_cell(st, 3, &text[2]),
			.pid = sqlite3_column_int64(st, 4),
			.value = sqlite3_column_int64(st, 5),
		};

		r = fn(ctx, &e);
		if (r)
			return r;
	}
	return pw_store_errno(s, rc);
}

/* ---- wipes --------------------------------------------------------------------- */

union wipe_record {
	struct pw_record rec;
	struct pw_wipe wipe;
	struct pw_release release;
	struct pw_secret secret;
};

static uint32_t at_most_u32(uint64_t n)
{
	return n < UINT32_MAX ? (uint32_t)n : UINT32_MAX;
}

/* false: not what this program wrote. */
static bool read_record(sqlite3_stmt *st, int i, uint64_t skipped, union wipe_record *ret)
{
	const void *blob = sqlite3_column_blob(st, i);
	size_t size = sqlite3_column_bytes(st, i);

	if (!blob || size < sizeof(ret->rec) || size > sizeof(*ret))
		return false;
	memcpy(ret, blob, size);
	switch (ret->rec.type) {
	case PW_REC_WIPE:
		ret->wipe.more = at_most_u32(skipped);
		ret->wipe.file_len = ret->wipe.symbol_len = ret->wipe.exe_len = 0;
		return size == sizeof(ret->wipe) && ret->rec.size == size;
	case PW_REC_RELEASE:
		ret->release.more = at_most_u32(skipped);
		ret->release.file_len = ret->release.symbol_len = ret->release.exe_len = 0;
		return size == sizeof(ret->release) && ret->rec.size == size;
	case PW_REC_SECRET:
		return size == sizeof(ret->secret) && ret->rec.size == size;
	}
	return false;
}

int pw_store_each_wipe(struct pw_store *s, uint64_t from_ns, uint64_t to_ns,
		       int (*fn)(void *ctx, const struct pw_store_wipe *w), void *ctx)
{
	PW_QUERY_SCOPE(s);
	pw_auto_statement sqlite3_stmt *st = NULL;
	struct pw_text_cell text[3];
	union wipe_record record;
	int rc, r;

	if (s->schema < 2)
		return 0;
	r = prepare(s, &st,
		    "SELECT time_ns, skipped, record, exe, file, symbol FROM wipe LEFT JOIN wipe_place"
		    " ON wipe_place.id = place WHERE time_ns >= ?1 AND time_ns < ?2"
		    " ORDER BY time_ns, wipe.id");
	if (r)
		return r;
	sqlite3_bind_int64(st, 1, pw_clamp_ns(from_ns));
	sqlite3_bind_int64(st, 2, pw_clamp_ns(to_ns));
	while ((rc = sqlite3_step(st)) == SQLITE_ROW) {
		struct pw_store_wipe w = {
			.time_ns = sqlite3_column_int64(st, 0),
			.skipped = sqlite3_column_int64(st, 1),
			.rec = &record.rec,
			.exe = pw_text_cell(st, 3, &text[0]),
			.file = pw_text_cell(st, 4, &text[1]),
			.symbol = pw_text_cell(st, 5, &text[2]),
		};

		r = read_record(st, 2, w.skipped, &record) ? fn(ctx, &w) : 0;
		if (r)
			return r;
	}
	return pw_store_errno(s, rc);
}
