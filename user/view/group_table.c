// SPDX-License-Identifier: GPL-2.0-or-later
/* The columns of a group: sums over its living members, growth of the whole. */
#include "user/view/tables.h"

#include "user/analysis/trends.h"
#include "user/view/table_values.h"

#define GROUP_VALUE(name, condition, set, expression)                                  \
	static void get_##name(const void *ctx, const void *row, struct pw_value *ret) \
	{                                                                              \
		const struct pw_model *m = ctx;                                        \
		const struct pw_group *g = row;                                        \
                                                                                       \
		(void)m;                                                               \
		(void)g;                                                               \
		if (condition)                                                         \
			set(ret, expression);                                          \
		else                                                                   \
			pw_value_unknown(ret);                                         \
	}

#define LEDGER (m->machine.coverage & PW_COVER_LEDGER)
#define PAGES(n) ((n) * (uint64_t)m->machine.page_size)
#define FOOTPRINT (g->anon_pages + g->shmem_pages + g->swap_pages)
/* rates need two samples of each member */
#define RATED (m->sequence > 1)
/* a history keeps no threads: whoever lives has one */
#define WHOLE (g->threads || !g->alive)
#define LEDGER_RATED (LEDGER && RATED)

/* "/usr/sbin/nginx" -> "nginx": what fits a line. */
static const char *base_name(const char *path)
{
	const char *base = path;

	for (const char *p = path; p && *p; p++) {
		if (*p == '/' && p[1])
			base = p + 1;
	}
	return base;
}

GROUP_VALUE(name, true, pw_value_text_or_unknown, base_name(g->exe))
GROUP_VALUE(exe, true, pw_value_text_or_unknown, g->exe)
GROUP_VALUE(cgroup, true, pw_value_text_or_unknown, g->cgroup)
GROUP_VALUE(unit, true, pw_value_text_or_unknown, g->unit)
GROUP_VALUE(container, true, pw_value_text_or_unknown, g->container)
GROUP_VALUE(processes, true, pw_value_u, g->alive)
GROUP_VALUE(born, true, pw_value_u, g->born)
GROUP_VALUE(died, true, pw_value_u, g->died)
GROUP_VALUE(oom_kills, true, pw_value_u, g->oom_kills)
GROUP_VALUE(threads, WHOLE, pw_value_u, g->threads)
GROUP_VALUE(first_seen_time, true, pw_value_u, pw_model_realtime(m, g->first_seen_ns))
GROUP_VALUE(footprint_bytes, true, pw_value_u, PAGES(FOOTPRINT))
GROUP_VALUE(rss_bytes, true, pw_value_u, PAGES(g->anon_pages + g->file_pages + g->shmem_pages))
GROUP_VALUE(rss_anon_bytes, true, pw_value_u, PAGES(g->anon_pages))
GROUP_VALUE(rss_file_bytes, true, pw_value_u, PAGES(g->file_pages))
GROUP_VALUE(rss_shmem_bytes, true, pw_value_u, PAGES(g->shmem_pages))
GROUP_VALUE(swap_bytes, true, pw_value_u, PAGES(g->swap_pages))
GROUP_VALUE(page_table_bytes, true, pw_value_u, g->page_table_bytes)
GROUP_VALUE(virtual_bytes, WHOLE, pw_value_u, PAGES(g->virtual_pages))
GROUP_VALUE(growth_total_bytes, true, pw_value_i,
	    (int64_t)(FOOTPRINT - g->first_footprint_pages) * (int64_t)m->machine.page_size)
GROUP_VALUE(minor_faults, true, pw_value_u, g->minor_faults)
GROUP_VALUE(major_faults, true, pw_value_u, g->major_faults)
GROUP_VALUE(minor_faults_per_second, RATED, pw_value_d, g->minor_faults_rate)
GROUP_VALUE(major_faults_per_second, RATED, pw_value_d, g->major_faults_rate)
GROUP_VALUE(touched_pages_per_second, LEDGER_RATED, pw_value_d, g->touched_rate)
GROUP_VALUE(freed_pages_per_second, LEDGER_RATED, pw_value_d, g->freed_rate)
GROUP_VALUE(cpu_ratio, RATED, pw_value_d, g->cpu_share)
GROUP_VALUE(ledger_live_bytes, LEDGER, pw_value_u, PAGES(g->ledger_live_pages))
GROUP_VALUE(ledger_touched_bytes, LEDGER, pw_value_u, PAGES(g->ledger_touched_pages))
GROUP_VALUE(ledger_freed_bytes, LEDGER, pw_value_u, PAGES(g->ledger_freed_pages))

static enum pw_verdict_class verdict_of(const struct pw_model *m, const struct pw_group *g)
{
	return m->trends ? pw_trends_of_group(m->trends, g) : PW_VERDICT_UNKNOWN;
}

GROUP_VALUE(verdict, verdict_of(m, g) != PW_VERDICT_UNKNOWN, pw_table_verdict, verdict_of(m, g))

#define GROUP_GROWTH(name, horizon)                                                    \
	static void get_##name(const void *ctx, const void *row, struct pw_value *ret) \
	{                                                                              \
		const struct pw_group *g = row;                                        \
                                                                                       \
		pw_table_growth(ctx, &g->footprint, horizon, ret);                     \
	}
GROUP_GROWTH(growth_1m_bytes_per_minute, PW_HORIZON_1M)
GROUP_GROWTH(growth_10m_bytes_per_minute, PW_HORIZON_10M)
GROUP_GROWTH(growth_1h_bytes_per_minute, PW_HORIZON_1H)
GROUP_GROWTH(growth_8h_bytes_per_minute, PW_HORIZON_8H)

static void get_footprint_series_bytes(const void *ctx, const void *row, struct pw_value *ret)
{
	pw_table_spark(ctx, &((const struct pw_group *)row)->footprint, ret);
}

const struct pw_column pw_group_columns[] = {
#define C(name, title, unit, width, standard, help)                             \
	{                                                                       \
#name, title, help, PW_UNIT_##unit, width, standard, get_##name \
	}
	C(processes, "PROCS", COUNT, 5, true, "members that run"),
	PW_SHARED_COLUMNS(C) C(name, "PROGRAM", TEXT, 15, true, "last part of the program's path"),
	C(unit, "UNIT", TEXT, 28, false, "systemd unit"),
	C(exe, "EXE", TEXT, 40, false, "path of the program, in the process's own root"),
	C(cgroup, "CGROUP", TEXT, 40, false, "path of the control group"),
	C(container, "CONTAINER", TEXT, 12, false, "container id"),
	C(born, "BORN", COUNT, 6, false, "members ever seen"),
	C(died, "DIED", COUNT, 6, false, "members that ended"),
	C(oom_kills, "OOM", COUNT, 3, false, "members that the OOM killer chose"),
	C(threads, "THR", COUNT, 6, false, "threads"),
	C(first_seen_time, "SINCE", TIME, 24, false, "when its first member was seen"),
	C(page_table_bytes, "PTBL", BYTES, 6, false, "memory that the page tables take"),
	C(virtual_bytes, "VIRT", BYTES, 6, false, "size of the address spaces"),
	C(minor_faults, "MINFLT", COUNT, 9, false, "minor page faults of the living members"),
	C(major_faults, "MAJFLT", COUNT, 7, false, "major page faults of the living members"),
	C(ledger_live_bytes, "LEDGER", BYTES, 6, false,
	  "pages that members touched first and that are still in use, from the ledger"),
	C(ledger_touched_bytes, "TOUCHED", BYTES, 7, false, "first touches since the ledger began"),
	C(ledger_freed_bytes, "FREED", BYTES, 6, false, "pages given back since the ledger began"),
	{ NULL },
#undef C
};
