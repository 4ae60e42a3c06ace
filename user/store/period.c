// SPDX-License-Identifier: GPL-2.0-or-later
#include "user/store/period.h"

#include <errno.h>
#include <string.h>

#include "user/base/cleanup.h"
#include "user/analysis/period_suspect.h"
#include "user/model/event.h"
#include "user/store/private.h"
#include "user/store/trends.h"

#define CURVE_NS (3600 * PW_NSEC_PER_SEC) /* of a victim, before the kill */

PW_DEFINE_CLEANUP(struct pw_period, pw_period_destroy)

static int64_t seconds(uint64_t ns)
{
	return (int64_t)(ns / PW_NSEC_PER_SEC);
}

/* ---- who and what ----------------------------------------------------------------- */

static const char *text(sqlite3_stmt *st, int i)
{
	const char *t = (const char *)sqlite3_column_text(st, i);

	return t ? t : "";
}

/* When a machine booted is told by its first process. */
static int load_boots(struct pw_store *s, struct pw_period *p)
{
	pw_auto_statement sqlite3_stmt *st = NULL;
	int rc = sqlite3_prepare_v2(
		s->db,
		"SELECT boot_id, hostname, release, coalesce((SELECT start_ns FROM process"
		" WHERE boot = boot.id AND pid = 1 ORDER BY start_tick LIMIT 1), 0)"
		" FROM boot ORDER BY id",
		-1, &st, NULL);
	int r = pw_store_errno(s, rc);

	while (!r && (rc = sqlite3_step(st)) == SQLITE_ROW)
		r = pw_period_add_boot(p, text(st, 0), text(st, 1), text(st, 2),
				       (uint64_t)sqlite3_column_int64(st, 3));
	return r ? r : pw_store_errno(s, rc);
}

static int take_process(void *ctx, const struct pw_store_process *row)
{
	const struct pw_period_identity who = {
		.id = row->id,
		.pid = row->pid,
		.uid = row->uid,
		.start_ns = row->start_ns,
		.end_ns = row->end_ns,
		.boot_id = row->boot_id,
		.comm = row->comm,
		.exe = row->exe,
		.cgroup = row->cgroup,
		.unit = row->unit,
		.container = row->container,
	};

	return pw_period_add_process(ctx, &who);
}

static int take_event(void *ctx, const struct pw_store_event *e)
{
	if (strcmp(e->type, pw_event_type_name(PW_REC_EXIT)) == 0)
		return pw_period_add_exit(ctx, e->time_ns, e->pid, (int32_t)e->value);
	if (strcmp(e->type, pw_event_type_name(PW_REC_OOM)) == 0)
		return pw_period_add_oom(ctx, e->time_ns, e->pid, e->comm, (uint64_t)e->value);
	return 0;
}

static int take_verdict(void *ctx, const struct pw_verdict_event *ev)
{
	return pw_period_add_verdict(ctx, ev);
}

/* ---- points ----------------------------------------------------------------------- */

static int take_machine_point(void *ctx, const struct pw_store_machine_point *row)
{
	struct pw_period_moment m = {
		.time_ns = row->point.time_ns,
		.step_ns = row->point.step_ns,
		.available_bytes = row->available_bytes,
		.lowest_available_bytes = row->point.low_bytes,
		.swap_bytes = row->point.swap_bytes,
		.detailed = row->detailed,
		.run = row->run,
		.memory_bytes = row->memory_bytes,
		.slab_bytes = row->slab_bytes,
		.bpf_ns = row->bpf_ns,
		.user_ns = row->user_ns,
		.own_rss_bytes = row->own_rss_bytes,
		.coverage = row->coverage,
	};

	memcpy(m.lost, row->lost, sizeof(m.lost));
	return pw_period_add_moment(ctx, &m);
}

/* The rows of a tier in the order in which they lie there. */
static int load_tier(struct pw_store *s, struct pw_period *p, int tier)
{
	pw_auto_statement sqlite3_stmt *st = NULL;
	const int64_t step_s = pw_store_step_s[tier];
	const uint64_t step_ns = (uint64_t)step_s * PW_NSEC_PER_SEC;
	int rc = sqlite3_prepare_v2(s->db,
				    "SELECT time, process, anon + shmem + swap, high FROM point"
				    " WHERE tier = ?1 AND time >= ?2 AND time < ?3"
				    " ORDER BY time, process",
				    -1, &st, NULL);
	int r = pw_store_errno(s, rc);

	if (r)
		return r;
	sqlite3_bind_int64(st, 1, tier);
	/* A silent process speaks once an hour: its last word lies at most that far back. */
	sqlite3_bind_int64(st, 2, seconds(p->from_ns) - PW_STORE_HEARTBEAT_S - step_s);
	sqlite3_bind_int64(st, 3, seconds(p->to_ns) + 1);
	while (!r && (rc = sqlite3_step(st)) == SQLITE_ROW)
		r = pw_period_add_point(p, sqlite3_column_int64(st, 1),
					(uint64_t)sqlite3_column_int64(st, 0) * PW_NSEC_PER_SEC,
					step_ns, (uint64_t)sqlite3_column_int64(st, 2) * 1024,
					(uint64_t)sqlite3_column_int64(st, 3) * 1024);
	return r ? r : pw_store_errno(s, rc);
}

static int take_victim_point(void *ctx, const struct pw_store_point *row)
{
	struct pw_period_kill *k = ctx;
	uint64_t bin = (row->time_ns - k->curve_from_ns) / (CURVE_NS / PW_PERIOD_BINS);
	uint64_t kib = (row->anon_bytes + row->shmem_bytes + row->swap_bytes) / 1024;

	if (bin < PW_PERIOD_BINS)
		k->curve[bin] = kib < PW_PERIOD_GAP ? (uint32_t)kib : PW_PERIOD_GAP - 1;
	return 0;
}

/* What aged has points further apart than the curve's: they are joined in the drawing. */
static int load_victims(struct pw_store *s, struct pw_period *p)
{
	int r = 0;

	for (size_t i = 0; !r && i < p->kill_count; i++) {
		struct pw_period_kill *k = &p->kills[i];

		if (!k->victim || k->time_ns < CURVE_NS)
			continue;
		k->curve_from_ns = k->time_ns - CURVE_NS;
		k->curve_from_ns -= k->curve_from_ns % (10 * PW_NSEC_PER_SEC);
		r = pw_store_each_point(s, k->victim->id, k->curve_from_ns, k->time_ns,
					take_victim_point, k);
	}
	return r;
}

/* ---- all of it -------------------------------------------------------------------- */

static int load_range(struct pw_store *s, struct pw_period *p)
{
	int64_t oldest;
	int r = pw_store_scalar(s,
				"SELECT min(time) FROM (SELECT min(time) AS time FROM machine_point"
				" WHERE tier = 0 UNION ALL SELECT min(time) FROM machine_point"
				" WHERE tier = 1 UNION ALL SELECT min(time) FROM machine_point"
				" WHERE tier = 2)",
				0, &oldest);

	if (!r)
		p->history_from_ns = (uint64_t)oldest * PW_NSEC_PER_SEC;
	return r;
}

static int load(struct pw_store *s, struct pw_period *p)
{
	int r = load_range(s, p);

	r = r ? r : load_boots(s, p);
	r = r ? r : pw_store_each_process(s, p->from_ns, p->to_ns, take_process, p);
	r = r ? r : pw_store_each_event(s, p->from_ns, p->to_ns, take_event, p);
	r = r ? r : pw_store_each_machine_point(s, p->from_ns, p->to_ns, take_machine_point, p);
	/* Older tiers hold older times: together they are in order. */
	for (int tier = PW_STORE_TIERS - 1; !r && tier >= 0; tier--)
		r = load_tier(s, p, tier);
	r = r ? r : load_victims(s, p);
	/* what stands may have begun at any time before */
	r = r ? r : pw_store_each_verdict(s, 0, p->to_ns, take_verdict, p);
	return r ? r : pw_period_finish(p);
}

static int nothing_there(const struct pw_period *p, struct pw_error *err)
{
	char from[PW_RFC3339_LEN];

	pw_error_set(err, -ENODATA, "the history holds nothing of that time");
	if (p->history_from_ns)
		pw_error_remedy(err, "it begins at %s; ask for a time behind that",
				pw_clock_rfc3339(p->history_from_ns, from));
	else
		pw_error_remedy(err, "it is empty: the daemon writes it every few seconds");
	return -ENODATA;
}

int pw_store_period(struct pw_store *s, uint64_t from_ns, uint64_t to_ns, struct pw_period **ret,
		    struct pw_error *err)
{
	pw_cleanup(pw_period_destroyp) struct pw_period *p = NULL;
	int r = pw_period_create(from_ns, to_ns, &p);

	if (r)
		return pw_error_set(err, r, "cannot sum up that time: %s",
				    r == -EINVAL ? "it is empty" : strerror(-r));
	r = pw_store_exec(s, "BEGIN"); /* the daemon may age rows meanwhile */
	if (!r) {
		s->unhurried = true;
		r = load(s, p);
		s->unhurried = false;
		pw_store_exec(s, "ROLLBACK");
	}
	if (r)
		return pw_error_set(err, r, "cannot read the history %s: %s", s->path, strerror(-r));
	if (!p->watch.last_ns)
		return nothing_there(p, err);
	*ret = pw_steal(p);
	return 0;
}
