// SPDX-License-Identifier: GPL-2.0-or-later
#include "user/view/report.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/cleanup.h"
#include "user/view/listing.h"

#define SEGMENTS_PER_PROCESS 12

static const char *const process_shown[] = {
	"pid",
	"footprint_bytes",
	"rss_anon_bytes",
	"rss_file_bytes",
	"rss_shmem_bytes",
	"swap_bytes",
	"hiwater_rss_bytes",
	"growth_total_bytes",
	"threads",
	"cpu_ns",
	"comm",
	"unit",
	NULL,
};
static const char *const growing_shown[] = {
	"pid",
	"growth_total_bytes",
	"growth_1m_bytes_per_minute",
	"growth_10m_bytes_per_minute",
	"growth_1h_bytes_per_minute",
	"growth_8h_bytes_per_minute",
	"footprint_bytes",
	"footprint_series_bytes",
	"comm",
	"unit",
	NULL,
};
static const char *const group_shown[] = {
	"processes",
	"footprint_bytes",
	"rss_anon_bytes",
	"rss_file_bytes",
	"rss_shmem_bytes",
	"swap_bytes",
	"growth_total_bytes",
	"born",
	"died",
	"oom_kills",
	"name",
	"cgroup",
	NULL,
};
static const char *const growing_group_shown[] = {
	"processes",
	"growth_total_bytes",
	"growth_1m_bytes_per_minute",
	"growth_10m_bytes_per_minute",
	"growth_1h_bytes_per_minute",
	"growth_8h_bytes_per_minute",
	"footprint_bytes",
	"footprint_series_bytes",
	"name",
	"cgroup",
	NULL,
};
static const char *const dead_shown[] = {
	"pid",	       "hiwater_rss_bytes", "growth_total_bytes", "start_time", "exit_time",
	"exit_status", "exit_signal",	    "oom_killed",	  "comm",	"unit",
	NULL,
};

const struct pw_document_shape pw_document_report = {
	.schema = "pagewarden.report",
	.version = 1,
	.about = "What a machine's memory did in the time that was observed.",
	.header = pw_machine_columns,
	.tables = {
		[PW_REPORT_PROCESSES] = { "processes", "Largest processes", pw_process_columns,
			"Processes that run, the largest footprint (anonymous and shared "
			"resident memory plus swap) first.", process_shown },
		[PW_REPORT_GROWING] = { "growing_processes", "Growing processes",
			pw_process_columns, "Processes whose footprint grew, the most first; +/m 10m is the growth "
			"per minute over the last 10 minutes.", growing_shown },
		[PW_REPORT_GROUPS] = { "groups", "Largest groups (program and cgroup)",
			pw_group_columns, "Processes of one program in one control group, the largest first.", group_shown },
		[PW_REPORT_GROWING_GROUPS] = { "growing_groups", "Growing groups",
			pw_group_columns, "Groups whose footprint grew, the most first.", growing_group_shown },
		[PW_REPORT_SEGMENTS] = { "segments", "Segments", pw_segment_columns,
			"The largest segments of the processes that were looked into.", pw_segment_shown },
		[PW_REPORT_DEAD] = { "dead_processes", "Ended processes", pw_process_columns,
			"Processes that ended, the highest peak of resident memory first.", dead_shown },
		[PW_REPORT_OOM_KILLS] = { "oom_kills", "OOM kills", pw_event_columns,
			"All that the log of events still has, oldest first.", NULL },
		[PW_REPORT_EVENTS] = { "events", "Last events", pw_event_columns,
			"The newest forks, execs, exits and OOM kills, oldest first.", NULL },
		[PW_REPORT_ALERTS] = { "alerts", "Alerts", pw_alert_columns,
			"Secrets that went dirty, wipes in part, forgotten wipes, with the evidence.", NULL },
		[PW_REPORT_WIPE_FUNCTIONS] = { "wipe_functions", "Wipes by observed function",
			pw_wipe_function_columns, "Calls of the functions that are observed, by "
			"what was read back after them.", NULL },
		[PW_REPORT_WIPE_CALLERS] = { "wipe_callers", "Callers of wipe functions",
			pw_wipe_caller_columns, "Those that did not always wipe whole first, then "
			"the busiest.", NULL },
		[PW_REPORT_FORGOTTEN] = { "forgotten_wipes", "Suspected forgotten wipes",
			pw_wipe_site_columns, "Sites that nearly always wipe a buffer before they "
			"give it back, and once did not.", NULL },
		[PW_REPORT_SECRETS] = { "secrets", "Registered secrets", pw_secret_columns,
			"Ranges registered with the module, and what became of their pages.", NULL },
		[PW_REPORT_WIPE_NOTES] = { "wipe_notes", "Wipes: what cannot be seen",
			pw_wipe_note_columns, "The blind spots, a sentence each.", NULL },
		[PW_REPORT_LOSSES] = { "losses", "Lost", pw_loss_columns,
			"What was not counted, by cause; empty: nothing.", NULL },
		[PW_REPORT_COVERAGE] = { "coverage_parts", "Coverage", pw_coverage_columns,
			"What this source sees, and what it costs where it does not.", NULL },
	},
};

static int give_rows(struct pw_report *r, enum pw_report_table t, const void **rows, size_t count)
{
	r->rows[t] = rows;
	r->tables[t] = (struct pw_rows){ rows, count };
	return 0;
}

/* The rows of a listing from the column's largest down, for as long as `keep` says so. */
static int choose(struct pw_report *r, enum pw_report_table t, const struct pw_listing_options *opt,
		  bool (*keep)(const void *item))
{
	struct pw_listing l = { 0 };
	size_t kept = 0;
	int err = pw_listing_init(&l, r->model, opt);

	for (size_t i = 0; !err && i < l.item_count; i++) {
		if (!keep || keep(l.items[i]))
			l.items[kept++] = l.items[i];
	}
	if (!err)
		err = give_rows(r, t, pw_steal(l.items), kept < r->limit ? kept : r->limit);
	pw_listing_deinit(&l);
	return err;
}

static bool is_dead(const void *item)
{
	return !((const struct pw_process *)item)->alive;
}

static bool process_grew(const void *item)
{
	const struct pw_process *p = item;

	return pw_process_footprint(p) > p->first_footprint_pages;
}

static bool group_grew(const void *item)
{
	const struct pw_group *g = item;

	return g->anon_pages + g->shmem_pages + g->swap_pages > g->first_footprint_pages;
}

static int choose_processes(struct pw_report *r)
{
	struct pw_listing_options opt = { .descending = true };
	int err;

	opt.sort = pw_column_find(pw_process_columns, "footprint_bytes");
	err = choose(r, PW_REPORT_PROCESSES, &opt, NULL);
	opt.sort = pw_column_find(pw_process_columns, "growth_total_bytes");
	err = err ? err : choose(r, PW_REPORT_GROWING, &opt, process_grew);
	opt.sort = pw_column_find(pw_process_columns, "hiwater_rss_bytes");
	opt.with_dead = true;
	return err ? err : choose(r, PW_REPORT_DEAD, &opt, is_dead);
}

static int choose_groups(struct pw_report *r)
{
	struct pw_listing_options opt = { .groups = true, .with_dead = true, .descending = true };
	int err;

	opt.sort = pw_column_find(pw_group_columns, "footprint_bytes");
	err = choose(r, PW_REPORT_GROUPS, &opt, NULL);
	opt.sort = pw_column_find(pw_group_columns, "growth_total_bytes");
	return err ? err : choose(r, PW_REPORT_GROWING_GROUPS, &opt, group_grew);
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

static int choose_segments(struct pw_report *r)
{
	pw_auto_free struct pw_process **all = NULL;
	size_t room = r->limit * SEGMENTS_PER_PROCESS;
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
	return give_rows(r, PW_REPORT_SEGMENTS, rows, used);
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
	return give_rows(r, t, rows, used);
}

static int choose_losses(struct pw_report *r)
{
	size_t losses = pw_loss_rows(r->model, r->losses, PW_LOSS_CAUSES);
	size_t parts = pw_coverage_rows(r->model, r->coverage, PW_COVERAGE_ROWS_MAX);
	const void **loss_rows = calloc(PW_LOSS_CAUSES, sizeof(*loss_rows));
	const void **part_rows = calloc(PW_COVERAGE_ROWS_MAX, sizeof(*part_rows));

	give_rows(r, PW_REPORT_LOSSES, loss_rows, loss_rows ? losses : 0);
	give_rows(r, PW_REPORT_COVERAGE, part_rows, part_rows ? parts : 0);
	if (!loss_rows || !part_rows)
		return -ENOMEM;
	for (size_t i = 0; i < losses; i++)
		loss_rows[i] = &r->losses[i];
	for (size_t i = 0; i < parts; i++)
		part_rows[i] = &r->coverage[i];
	return 0;
}

/* The tables of the wipe ledger, each cut to the limit. */
static int choose_wipes(struct pw_report *r)
{
	static const struct {
		enum pw_report_table to;
		enum pw_wipe_table from;
	} tables[] = {
		{ PW_REPORT_ALERTS, PW_WIPES_ALERTS },
		{ PW_REPORT_WIPE_FUNCTIONS, PW_WIPES_FUNCTIONS },
		{ PW_REPORT_WIPE_CALLERS, PW_WIPES_CALLERS },
		{ PW_REPORT_FORGOTTEN, PW_WIPES_FORGOTTEN },
		{ PW_REPORT_WIPE_NOTES, PW_WIPES_NOTES },
	};
	const struct pw_wipe_report_options wipes = { .no_events = true };
	const struct pw_secret_report_options secrets = { .limit = r->limit };
	int err = pw_wipe_report_init(&r->wipes, r->model, &wipes);

	for (size_t i = 0; !err && i < sizeof(tables) / sizeof(tables[0]); i++) {
		struct pw_rows *to = &r->tables[tables[i].to];

		*to = r->wipes.tables[tables[i].from];
		if (to->count > r->limit && tables[i].to != PW_REPORT_WIPE_NOTES)
			to->count = r->limit;
	}
	err = err ? err : pw_secret_report_init(&r->secrets, r->model, &secrets);
	if (!err)
		r->tables[PW_REPORT_SECRETS] = r->secrets.tables[PW_SECRETS_RANGES];
	return err;
}

int pw_report_init(struct pw_report *r, const struct pw_model *m, size_t limit)
{
	int err;

	memset(r, 0, sizeof(*r));
	r->model = m;
	r->limit = limit ? limit : PW_REPORT_LIMIT;
	err = choose_processes(r);
	err = err ? err : choose_groups(r);
	err = err ? err : choose_segments(r);
	err = err ? err : choose_events(r, PW_REPORT_EVENTS, false, r->limit);
	err = err ? err : choose_events(r, PW_REPORT_OOM_KILLS, true, PW_EVENTS_MAX);
	err = err ? err : choose_wipes(r);
	err = err ? err : choose_losses(r);
	if (err)
		pw_report_deinit(r);
	return err;
}

void pw_report_deinit(struct pw_report *r)
{
	for (size_t i = 0; i < PW_REPORT_TABLES; i++)
		free(r->rows[i]);
	pw_wipe_report_deinit(&r->wipes);
	pw_secret_report_deinit(&r->secrets);
	memset(r, 0, sizeof(*r));
}

int pw_report_emit(const struct pw_report *r, const struct pw_emit_options *opt, FILE *out)
{
	struct pw_shaped_document d;

	if (opt->format == PW_FORMAT_HTML)
		return pw_report_html(r, out);
	pw_document_build(&d, &pw_document_report, r->model, r->model, r->tables);
	return pw_emit(&d.doc, opt, out);
}
