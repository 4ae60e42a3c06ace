// SPDX-License-Identifier: GPL-2.0-or-later
#include "user/view/report.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/cleanup.h"

#define SEGMENTS_PER_PROCESS 12

static const char *const process_shown[] = {
	"pid", "footprint_bytes", "rss_anon_bytes", "rss_file_bytes", "rss_shmem_bytes",
	"swap_bytes", "hiwater_rss_bytes", "growth_total_bytes", "threads", "cpu_ns", "comm",
	"unit", NULL,
};
static const char *const growing_shown[] = {
	"pid", "growth_total_bytes", "growth_1m_bytes_per_minute", "growth_10m_bytes_per_minute",
	"growth_1h_bytes_per_minute", "growth_8h_bytes_per_minute", "footprint_bytes",
	"footprint_series_bytes", "comm", "unit", NULL,
};
static const char *const group_shown[] = {
	"processes", "footprint_bytes", "rss_anon_bytes", "rss_file_bytes", "rss_shmem_bytes",
	"swap_bytes", "growth_total_bytes", "born", "died", "oom_kills", "name", "unit", NULL,
};
static const char *const growing_group_shown[] = {
	"processes", "growth_total_bytes", "growth_1m_bytes_per_minute",
	"growth_10m_bytes_per_minute", "growth_1h_bytes_per_minute", "growth_8h_bytes_per_minute",
	"footprint_bytes", "footprint_series_bytes", "name", "unit", NULL,
};
static const char *const segment_shown[] = {
	"pid", "kind", "vmas", "virtual_bytes", "rss_bytes", "rss_anon_bytes", "rss_file_bytes",
	"rss_shmem_bytes", "swap_bytes", "growth_bytes", "perms", "name", NULL,
};
static const char *const dead_shown[] = {
	"pid", "hiwater_rss_bytes", "growth_total_bytes", "start_time", "exit_time", "exit_status",
	"exit_signal", "oom_killed", "comm", "unit", NULL,
};

const struct pw_document_shape pw_document_report = {
	.schema = "pagewarden.report",
	.version = 1,
	.about = "What a machine's memory did in the time that was observed.",
	.header = pw_machine_columns,
	.tables = {
		[PW_REPORT_PROCESSES] = { "processes", "Largest processes", pw_process_columns,
			"processes that run, the largest footprint first", process_shown },
		[PW_REPORT_GROWING] = { "growing_processes", "Growing processes",
			pw_process_columns, "processes that grew, the most first", growing_shown },
		[PW_REPORT_GROUPS] = { "groups", "Largest groups (program and cgroup)",
			pw_group_columns, "groups, the largest footprint first", group_shown },
		[PW_REPORT_GROWING_GROUPS] = { "growing_groups", "Growing groups",
			pw_group_columns, "groups that grew, the most first", growing_group_shown },
		[PW_REPORT_SEGMENTS] = { "segments", "Segments", pw_segment_columns,
			"largest segments of the processes that were inspected", segment_shown },
		[PW_REPORT_DEAD] = { "dead_processes", "Ended processes", pw_process_columns,
			"processes that ended, the highest peak first", dead_shown },
		[PW_REPORT_OOM_KILLS] = { "oom_kills", "OOM kills", pw_event_columns,
			"all that the log of events still has, oldest first", NULL },
		[PW_REPORT_EVENTS] = { "events", "Last events", pw_event_columns,
			"the newest forks, execs, exits and OOM kills, oldest first", NULL },
		[PW_REPORT_LOSSES] = { "losses", "Lost", pw_loss_columns,
			"what was not counted, by cause; empty: nothing", NULL },
		[PW_REPORT_COVERAGE] = { "coverage_parts", "Coverage", pw_coverage_columns,
			"what this source sees, and what it costs where it does not", NULL },
	},
};

struct order {
	const struct pw_column *column;
	const struct pw_model *model;
};

static int by_column(const void *a, const void *b, void *ctx)
{
	const struct order *o = ctx;
	const void *ra = *(const void *const *)a, *rb = *(const void *const *)b;

	return pw_column_compare(o->column, o->model, ra, rb, true);
}

static bool is_positive(const struct order *o, const void *row)
{
	struct pw_value v;

	o->column->get(o->model, row, &v);
	return v.known && v.i > 0;
}

/*
 * Keeps the `limit` rows that a column puts first. The rows come ordered by
 * key, and glibc's qsort_r is stable as long as it finds memory: ties keep
 * that order.
 */
static void keep_first(struct pw_report *r, enum pw_report_table t, const struct pw_column *columns,
		       const char *name, bool positive_only, size_t limit)
{
	struct order o = { pw_column_find(columns, name), r->model };
	size_t count = r->tables[t].count;
	size_t kept = 0;

	if (!count)
		return;
	qsort_r(r->rows[t], count, sizeof(void *), by_column, &o);
	while (kept < count && kept < limit && (!positive_only || is_positive(&o, r->rows[t][kept])))
		kept++;
	r->tables[t].count = kept;
}

static int copy_rows(struct pw_report *r, enum pw_report_table t, void *const *items, size_t count)
{
	const void **rows = calloc(count + 1, sizeof(*rows));

	if (!rows)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		rows[i] = items[i];
	r->rows[t] = rows;
	r->tables[t] = (struct pw_rows){ rows, count };
	return 0;
}

/* Splits into the living and the dead, in place; returns the living. */
static size_t living_first(struct pw_process **all, size_t count, struct pw_process **dead)
{
	size_t alive = 0, gone = 0;

	for (size_t i = 0; i < count; i++) {
		if (all[i]->alive)
			all[alive++] = all[i];
		else
			dead[gone++] = all[i];
	}
	return alive;
}

static int choose_processes(struct pw_report *r, size_t limit)
{
	pw_auto_free struct pw_process **all = NULL;
	pw_auto_free struct pw_process **dead = NULL;
	size_t count, alive;
	int err = pw_model_processes(r->model, true, &all, &count);

	if (err)
		return err;
	dead = calloc(count + 1, sizeof(struct pw_process *));
	if (!dead)
		return -ENOMEM;
	alive = living_first(all, count, dead);
	err = copy_rows(r, PW_REPORT_PROCESSES, (void **)all, alive);
	err = err ? err : copy_rows(r, PW_REPORT_GROWING, (void **)all, alive);
	err = err ? err : copy_rows(r, PW_REPORT_DEAD, (void **)dead, count - alive);
	if (err)
		return err;
	keep_first(r, PW_REPORT_PROCESSES, pw_process_columns, "footprint_bytes", false, limit);
	keep_first(r, PW_REPORT_GROWING, pw_process_columns, "growth_total_bytes", true, limit);
	keep_first(r, PW_REPORT_DEAD, pw_process_columns, "hiwater_rss_bytes", false, limit);
	return 0;
}

static int choose_groups(struct pw_report *r, size_t limit)
{
	pw_auto_free struct pw_group **all = NULL;
	size_t count;
	int err = pw_model_groups(r->model, &all, &count);

	err = err ? err : copy_rows(r, PW_REPORT_GROUPS, (void **)all, count);
	err = err ? err : copy_rows(r, PW_REPORT_GROWING_GROUPS, (void **)all, count);
	if (err)
		return err;
	keep_first(r, PW_REPORT_GROUPS, pw_group_columns, "footprint_bytes", false, limit);
	keep_first(r, PW_REPORT_GROWING_GROUPS, pw_group_columns, "growth_total_bytes", true, limit);
	return 0;
}

static int larger_segment(const void *a, const void *b)
{
	uint64_t sa = pw_segment_resident(&(*(const struct pw_segment_row *const *)a)->seg);
	uint64_t sb = pw_segment_resident(&(*(const struct pw_segment_row *const *)b)->seg);

	sa = sa == PW_UNKNOWN ? 0 : sa;
	sb = sb == PW_UNKNOWN ? 0 : sb;
	return (sa < sb) - (sa > sb);
}

/* Adds one process's largest segments; returns how many. */
static size_t add_segments(const struct pw_segment_set *set, const void **out, size_t room)
{
	pw_auto_free const struct pw_segment_row **rows = calloc(set->count + 1, sizeof(*rows));
	size_t n = 0;

	if (!rows)
		return 0;
	for (size_t i = 0; i < set->count; i++)
		rows[i] = &set->rows[i];
	qsort(rows, set->count, sizeof(*rows), larger_segment);
	while (n < set->count && n < SEGMENTS_PER_PROCESS && n < room) {
		out[n] = rows[n];
		n++;
	}
	return n;
}

static int choose_segments(struct pw_report *r, size_t limit)
{
	pw_auto_free struct pw_process **all = NULL;
	size_t room = limit * SEGMENTS_PER_PROCESS;
	const void **rows;
	size_t count, used = 0;
	int err = pw_model_processes(r->model, true, &all, &count);

	if (err)
		return err;
	rows = calloc(room + 1, sizeof(*rows));
	if (!rows)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		if (all[i]->segments)
			used += add_segments(all[i]->segments, rows + used, room - used);
	}
	r->rows[PW_REPORT_SEGMENTS] = rows;
	r->tables[PW_REPORT_SEGMENTS] = (struct pw_rows){ rows, used };
	return 0;
}

static int choose_events(struct pw_report *r, enum pw_report_table t, bool oom_only, size_t limit)
{
	const struct pw_event_log *log = &r->model->events;
	size_t have = log->total < PW_EVENTS_MAX ? (size_t)log->total : PW_EVENTS_MAX;
	const void **rows = calloc(limit + 1, sizeof(*rows));
	size_t used = 0;

	if (!rows)
		return -ENOMEM;
	/* newest first, from the end of the room, so that they stand oldest first */
	for (size_t i = 1; i <= have && used < limit; i++) {
		const struct pw_event *e = &log->ring[(log->total - i) % PW_EVENTS_MAX];

		if (!oom_only || e->type == PW_REC_OOM)
			rows[limit - ++used] = e;
	}
	memmove(rows, rows + limit - used, used * sizeof(*rows));
	r->rows[t] = rows;
	r->tables[t] = (struct pw_rows){ rows, used };
	return 0;
}

static int choose_losses(struct pw_report *r)
{
	size_t losses = pw_loss_rows(r->model, r->losses, PW_LOSS_CAUSES);
	size_t parts = pw_coverage_rows(r->model, r->coverage, PW_COVERAGE_ROWS_MAX);
	void *loss_rows[PW_LOSS_CAUSES], *part_rows[PW_COVERAGE_ROWS_MAX];
	int err;

	for (size_t i = 0; i < losses; i++)
		loss_rows[i] = &r->losses[i];
	for (size_t i = 0; i < parts; i++)
		part_rows[i] = &r->coverage[i];
	err = copy_rows(r, PW_REPORT_LOSSES, loss_rows, losses);
	return err ? err : copy_rows(r, PW_REPORT_COVERAGE, part_rows, parts);
}

int pw_report_init(struct pw_report *r, const struct pw_model *m, size_t limit)
{
	int err;

	memset(r, 0, sizeof(*r));
	r->model = m;
	limit = limit ? limit : PW_REPORT_LIMIT;
	err = choose_processes(r, limit);
	err = err ? err : choose_groups(r, limit);
	err = err ? err : choose_segments(r, limit);
	err = err ? err : choose_events(r, PW_REPORT_EVENTS, false, limit);
	err = err ? err : choose_events(r, PW_REPORT_OOM_KILLS, true, PW_EVENTS_MAX);
	err = err ? err : choose_losses(r);
	if (err)
		pw_report_deinit(r);
	return err;
}

void pw_report_deinit(struct pw_report *r)
{
	for (size_t i = 0; i < PW_REPORT_TABLES; i++)
		free(r->rows[i]);
	memset(r, 0, sizeof(*r));
}

int pw_report_emit(const struct pw_report *r, const struct pw_emit_options *opt, FILE *out)
{
	if (opt->format == PW_FORMAT_HTML)
		return pw_report_html(r, out);
	return pw_document_emit(&pw_document_report, r->model, r->model, r->tables, opt, out);
}
