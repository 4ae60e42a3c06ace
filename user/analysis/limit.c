// SPDX-License-Identifier: GPL-2.0-or-later
#include "user/analysis/limit.h"

#include <math.h>

#define BIT(kind) (1u << (kind))

/* Which series run into which limit; see limit.h. */
#define ADDRESS_SPACE                                                        \
	(BIT(PW_SERIES_ANON) | BIT(PW_SERIES_HEAP) | BIT(PW_SERIES_MAPPED) | \
	 BIT(PW_SERIES_STACK) | BIT(PW_SERIES_SHMEM))
#define PRIVATE_WRITABLE (BIT(PW_SERIES_ANON) | BIT(PW_SERIES_HEAP) | BIT(PW_SERIES_MAPPED))
#define RESIDENT                                                            \
	(BIT(PW_SERIES_ANON) | BIT(PW_SERIES_HEAP) | BIT(PW_SERIES_SHMEM) | \
	 BIT(PW_SERIES_PAGE_TABLES) | BIT(PW_SERIES_KERNEL))

const char *const pw_limit_names[PW_LIMIT_KINDS] = {
	[PW_LIMIT_NONE] = "none",
	[PW_LIMIT_CGROUP] = "cgroup",
	[PW_LIMIT_ADDRESS_SPACE] = "rlimit-as",
	[PW_LIMIT_DATA] = "rlimit-data",
	[PW_LIMIT_OPEN_FILES] = "rlimit-nofile",
	[PW_LIMIT_THREADS] = "pids",
	[PW_LIMIT_MACHINE] = "machine",
};

/* ---- which ------------------------------------------------------------------------ */

/* The tightest so far against another; an unknown one never wins. */
static void tighten(struct pw_limit *best, enum pw_limit_kind kind, uint64_t limit, uint64_t used)
{
	uint64_t left = limit > used ? limit - used : 0;

	if (limit == PW_UNKNOWN || used == PW_UNKNOWN)
		return;
	if (best->kind != PW_LIMIT_NONE && best->left <= left)
		return;
	*best = (struct pw_limit){ .kind = kind, .limit = limit, .used = used, .left = left };
}

static void add_machine(struct pw_limit *best, const struct pw_model *m)
{
	uint64_t page = m->machine.page_size;
	uint64_t all = m->machine.memory_pages + m->machine.swap_pages;
	uint64_t left = m->tick.available_pages + m->tick.swap_free_pages;

	/* no machine runs with nothing available: a history that does not know */
	if (!m->has_machine || !m->tick.available_pages || !all)
		return;
	if (left > all) /* memory that came later, or a record that lies */
		left = all;
	tighten(best, PW_LIMIT_MACHINE, all * page, (all - left) * page);
}

/* What a cgroup and the machine set. row may be NULL. */
static void add_shared(struct pw_limit *best, const struct pw_model *m,
		       const struct pw_cgroup_row *row, enum pw_series_kind kind)
{
	bool row_lives = row && !(row->last.flags & PW_CGROUP_GONE);

	if (BIT(kind) & RESIDENT) {
		if (row_lives)
			tighten(best, PW_LIMIT_CGROUP, row->last.max_bytes, row->last.max_used_bytes);
		add_machine(best, m);
	}
	if (kind == PW_SERIES_THREADS && row_lives)
		tighten(best, PW_LIMIT_THREADS, row->last.pids_max, row->last.pids_max_used);
}

/* What a process's own limits set. */
static void add_own(struct pw_limit *best, const struct pw_model *m, const struct pw_process *p,
		    enum pw_series_kind kind)
{
	const struct pw_resources *r = &p->resources;
	bool has_sizes = p->has_counters && !(p->now.flags & PW_COUNTERS_PARTIAL);
	uint64_t page = m->machine.page_size;

	if (!(r->flags & PW_RESOURCES_LIMITS))
		return;
	if (BIT(kind) & ADDRESS_SPACE && has_sizes)
		tighten(best, PW_LIMIT_ADDRESS_SPACE, r->limit_address_space_bytes,
			p->now.virtual_pages * page);
	if (BIT(kind) & PRIVATE_WRITABLE && has_sizes)
		tighten(best, PW_LIMIT_DATA, r->limit_data_bytes, p->now.data_pages * page);
	if (kind == PW_SERIES_OPEN_FILES && r->flags & PW_RESOURCES_FILES)
		tighten(best, PW_LIMIT_OPEN_FILES, r->limit_open_files, r->open_files);
}

void pw_limit_of_process(const struct pw_model *m, const struct pw_process *p,
			 enum pw_series_kind kind, struct pw_limit *ret)
{
	struct pw_limit best = { .kind = PW_LIMIT_NONE };

	add_own(&best, m, p, kind);
	add_shared(&best, m, pw_model_cgroup_of(m, p), kind);
	*ret = best;
}

void pw_limit_of_group(const struct pw_model *m, const struct pw_group *g, enum pw_series_kind kind,
		       struct pw_limit *ret)
{
	struct pw_limit best = { .kind = PW_LIMIT_NONE };

	for (const struct pw_process *p = g->members; p; p = p->next_in_group) {
		if (p->alive)
			add_own(&best, m, p, kind);
	}
	add_shared(&best, m, pw_model_cgroup_at(m, g->cgroup), kind);
	*ret = best;
}

void pw_limit_of_cgroup(const struct pw_model *m, uint64_t cgroup_id, enum pw_series_kind kind,
			struct pw_limit *ret)
{
	struct pw_limit best = { .kind = PW_LIMIT_NONE };

	add_shared(&best, m, pw_model_cgroup(m, cgroup_id), kind);
	*ret = best;
}

/* ---- when ------------------------------------------------------------------------- */

/* Real seconds until `left` is used at `slope` units per hour of the series' time. */
static double seconds_at(uint64_t left, double slope, double time_scale)
{
	return slope > 0 ? (double)left / slope * 3600 / time_scale : INFINITY;
}

void pw_limit_time(const struct pw_limit *limit, const struct pw_verdict *v, double time_scale,
		   struct pw_time_to_limit *ret)
{
	double scale = time_scale > 0 ? time_scale : 1;
	double slow = fmin(v->slope_low, v->slope), fast = fmax(v->slope_high, v->slope);
	struct pw_time_to_limit t = {
		.seconds = INFINITY,
		.seconds_low = INFINITY,
		.seconds_high = INFINITY,
	};

	if (limit->kind == PW_LIMIT_NONE || isnan(v->slope)) {
		*ret = t;
		return;
	}
	if (!limit->left) {
		*ret = (struct pw_time_to_limit){ .known = true };
		return;
	}
	t.seconds = seconds_at(limit->left, v->slope, scale);
	t.seconds_low = PW_LIMIT_SOONER * seconds_at(limit->left, fast, scale);
	t.seconds_high = PW_LIMIT_LATER * seconds_at(limit->left, slow, scale);
	t.known = isfinite(t.seconds);
	*ret = t;
}
