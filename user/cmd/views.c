// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "user/analysis/rank.h"
#include "user/analysis/trends.h"
#include "user/base/cleanup.h"
#include "user/base/key.h"
#include "user/cmd/views.h"
#include "user/view/document.h"
#include "user/view/secret_report.h"
#include "user/view/tables.h"
#include "user/view/wipe_report.h"

const char *const pw_view_names[PW_VIEWS] = {
	[PW_VIEW_PROCESSES] = "processes", [PW_VIEW_GROUPS] = "groups",
	[PW_VIEW_SEGMENTS] = "segments",   [PW_VIEW_EVENTS] = "events",
	[PW_VIEW_MACHINE] = "machine",
};

const struct pw_column *pw_view_columns(enum pw_view view)
{
	switch (view) {
	case PW_VIEW_GROUPS:
		return pw_group_columns;
	case PW_VIEW_SEGMENTS:
		return pw_segment_columns;
	case PW_VIEW_EVENTS:
		return pw_event_columns;
	case PW_VIEW_MACHINE:
		return pw_machine_columns;
	default:
		return pw_process_columns;
	}
}

static bool is_text(const struct pw_column *c)
{
	return c->unit == PW_UNIT_TEXT;
}

int pw_view_option(const struct pw_command *c, struct pw_view_args *a, int code)
{
	struct pw_filter filter;
	struct pw_error err;

	switch (code) {
	case PW_OPT_SORT:
		a->sort = optarg;
		return PW_OPTION_TAKEN;
	case PW_OPT_REVERSE:
		a->reverse = true;
		return PW_OPTION_TAKEN;
	case PW_OPT_FILTER:
		if (pw_filter_parse(optarg, &filter, &err))
			return pw_usage_error(c, "%s: %s", err.what, err.remedy);
		a->filter = optarg;
		return PW_OPTION_TAKEN;
	case PW_OPT_DEAD:
		a->dead = true;
		return PW_OPTION_TAKEN;
	case PW_OPT_LIMIT:
		return pw_option_number(c, "--limit", optarg, 1, SIZE_MAX, &a->limit) ?
			       PW_OPTION_TAKEN :
			       PW_EXIT_USAGE;
	}
	return PW_OPTION_OWN;
}

int pw_view_request_init(struct pw_view_request *r, const struct pw_command *c, enum pw_view view,
			 const struct pw_view_args *a)
{
	const struct pw_column *sort =
		pw_column_find(pw_view_columns(view), a->sort ? a->sort : "footprint_bytes");

	if (!sort && a->sort)
		return pw_usage_error(
			c, "--sort: there is no column '%s'; --columns help lists them", a->sort);
	*r = (struct pw_view_request){
		.view = view,
		.list = {
			.groups = view == PW_VIEW_GROUPS,
			.with_dead = a->dead,
			.sort = sort,
			/* the largest number and the first word come first */
			.descending = sort && is_text(sort) == a->reverse,
			.filter = a->filter,
			.limit = (size_t)a->limit,
		},
	};
	return PW_OPTION_TAKEN;
}

/* Some rows below the machine's header, and what was lost. */
static int print_rows(const struct pw_document_shape *shape, const void *const *rows, size_t count,
		      const struct pw_model *m, struct pw_output *o, struct pw_error *err)
{
	struct pw_shaped_document d;

	pw_document_build_model(&d, shape, m, NULL, rows, count);
	return pw_output_emit(o, &d.doc, err);
}

/* ---- the documents --------------------------------------------------------------- */

static int print_listing(const struct pw_view_request *r, const struct pw_model *m,
			 struct pw_output *o, struct pw_error *err)
{
	struct pw_listing listing;
	int rc;

	rc = pw_listing_init(&listing, m, &r->list);
	if (rc)
		return pw_error_set(err, rc, "no memory for the table");
	rc = print_rows(r->list.groups ? &pw_document_groups : &pw_document_processes,
			listing.items, listing.item_count, m, o, err);
	pw_listing_deinit(&listing);
	return rc;
}

static int collect_segments(const struct pw_view_request *r, const struct pw_model *m,
			    const void ***ret, size_t *ret_count)
{
	pw_auto_free struct pw_process **processes = NULL;
	const void **rows = NULL;
	size_t count, total = 0, n = 0;
	int rc = pw_model_processes(m, true, &processes, &count);

	for (int pass = 0; !rc && pass < 2; pass++) {
		if (pass && !(rows = calloc(total ? total : 1, sizeof(*rows))))
			return -ENOMEM;
		for (size_t i = 0; i < count; i++) {
			const struct pw_segment_set *s = processes[i]->segments;

			if (!s || (r->pid && processes[i]->key.pid != r->pid))
				continue;
			for (size_t k = 0; pass && k < s->count; k++)
				rows[n++] = &s->rows[k];
			total += pass ? 0 : s->count;
		}
	}
	*ret = rows;
	*ret_count = n;
	return rc;
}

static int print_segments(const struct pw_view_request *r, const struct pw_model *m,
			  struct pw_output *o, struct pw_error *err)
{
	pw_auto_free const void **rows = NULL;
	size_t count;
	int rc = collect_segments(r, m, &rows, &count);

	if (rc)
		return pw_error_set(err, rc, "no memory for the segments");
	return print_rows(&pw_document_segments, rows, count, m, o, err);
}

/* Oldest first; of one process and its children when key is not NULL. Free the array. */
static int collect_events(const struct pw_model *m, const struct pw_key *key, const void ***ret,
			  size_t *ret_count)
{
	const struct pw_event_log *log = &m->events;
	uint64_t first = log->total > PW_EVENTS_MAX ? log->total - PW_EVENTS_MAX : 0;
	const void **rows = calloc(log->total - first + 1, sizeof(*rows));
	size_t n = 0;

	if (!rows)
		return -ENOMEM;
	for (uint64_t i = first; i < log->total; i++) {
		const struct pw_event *e = &log->ring[i % PW_EVENTS_MAX];

		if (!key || pw_key_same(&e->key, key) || pw_key_same(&e->parent, key))
			rows[n++] = e;
	}
	*ret = rows;
	*ret_count = n;
	return 0;
}

static int print_events(const struct pw_view_request *r, const struct pw_model *m,
			struct pw_output *o, struct pw_error *err)
{
	const struct pw_process *p = r->pid ? pw_model_pid(m, r->pid) : NULL;
	pw_auto_free const void **rows = NULL;
	size_t count;
	int rc = collect_events(m, p ? &p->key : NULL, &rows, &count);

	if (rc)
		return pw_error_set(err, rc, "no memory for the events");
	return print_rows(&pw_document_events, rows, count, m, o, err);
}

static int print_machine(const struct pw_model *m, struct pw_output *o, struct pw_error *err)
{
	struct pw_coverage_row parts[PW_COVERAGE_ROWS_MAX];
	const void *rows[PW_COVERAGE_ROWS_MAX];
	size_t n = pw_coverage_rows(m, parts, PW_COVERAGE_ROWS_MAX);
	struct pw_shaped_document d;

	for (size_t i = 0; i < n; i++)
		rows[i] = &parts[i];
	pw_document_build_model(&d, &pw_document_machine, m, NULL, rows, n);
	if (o->emit.format == PW_FORMAT_CSV) { /* the machine is the table there */
		d.doc.tables = &d.header;
		d.doc.csv_table = 0;
	}
	return pw_output_emit(o, &d.doc, err);
}

#define TEXT_WIPES 50 /* a person sees the newest; JSON has all */

/* What the wipe ledger has of one process. */
struct ledger_parts {
	struct pw_wipe_filter filter;
	struct pw_wipe_report wipes;
	struct pw_secret_report secrets;
};

static void ledger_parts_deinit(struct ledger_parts *l)
{
	pw_wipe_report_deinit(&l->wipes);
	pw_secret_report_deinit(&l->secrets);
}

static int ledger_parts_init(struct ledger_parts *l, const struct pw_model *m, uint32_t pid,
			     size_t limit)
{
	const struct pw_wipe_report_options wipes = { .filter = &l->filter, .limit = limit };
	const struct pw_secret_report_options secrets = { .filter = &l->filter };
	struct pw_rows *notes = &l->wipes.tables[PW_WIPES_NOTES];
	int rc;

	l->filter.pid = pid;
	rc = pw_wipe_report_init(&l->wipes, m, &wipes);
	rc = rc ? rc : pw_secret_report_init(&l->secrets, m, &secrets);
	/* the blind spots belong to wipes: where there are none they would be noise */
	if (!rc && pw_wipes_observed(m) && !l->wipes.tables[PW_WIPES_EVENTS].count)
		notes->count = 0;
	return rc;
}

/* What is said of the growth of its series. */
struct trend_parts {
	struct pw_suspect *series;
	struct pw_rows rows;
};

static void trend_parts_deinit(struct trend_parts *t)
{
	pw_rows_free(&t->rows);
	free(t->series);
}

static int trend_parts_init(struct trend_parts *t, const struct pw_model *m,
			    const struct pw_process *p)
{
	const struct pw_trends_query query = { .all = true, .pid = p->key.pid };
	size_t count = 0;
	int rc = m->trends ? pw_trends_suspects(m->trends, &query, &t->series, &count) : 0;

	rc = rc ? rc : pw_rows_make(&t->rows, count);
	for (size_t i = 0; !rc && i < count; i++) {
		const struct pw_subject *s = t->series[i].subject;

		if (s->type == PW_SUBJECT_PROCESS && pw_key_same(&s->key, &p->key))
			pw_rows_add(&t->rows, &t->series[i]);
	}
	return rc;
}

static int print_inspect(const struct pw_inspect_request *r, const struct pw_model *m,
			 const struct ledger_parts *ledger, const struct trend_parts *trends,
			 struct pw_output *o, struct pw_error *err)
{
	const struct pw_process *p = r->process;
	const struct pw_segment_set *set = p->segments;
	size_t segment_count = set ? set->count : 0, event_count, losses;
	pw_auto_free const void **segments = calloc(segment_count + 1, sizeof(*segments));
	pw_auto_free const void **events = NULL;
	const void *process[] = { p }, *points[PW_TIMELINE_ROWS_MAX];
	struct pw_timeline_row timeline[PW_TIMELINE_ROWS_MAX];
	size_t n = r->timeline ? pw_timeline_rows(&p->footprint, m->now_ns, timeline) : 0;
	struct pw_shaped_document d;

	if (!segments || collect_events(m, &p->key, &events, &event_count))
		return pw_error_set(err, -ENOMEM, "no memory for the segments");
	for (size_t i = 0; i < segment_count; i++)
		segments[i] = &set->rows[i];
	for (size_t i = 0; i < n; i++)
		points[i] = &timeline[i];
	losses = pw_loss_rows(m, d.losses, PW_LOSS_CAUSES);
	for (size_t i = 0; i < losses; i++)
		d.loss_rows[i] = &d.losses[i];
	pw_document_build(&d, &pw_document_inspect, m, p,
			  (const struct pw_rows[PW_INSPECT_TABLES]){
				  [PW_INSPECT_PROCESS] = { process, 1 },
				  [PW_INSPECT_SEGMENTS] = { segments, segment_count },
				  [PW_INSPECT_EVENTS] = { events, event_count },
				  [PW_INSPECT_TIMELINE] = { points, n },
				  [PW_INSPECT_TRENDS] = trends->rows,
				  [PW_INSPECT_ALERTS] = ledger->wipes.tables[PW_WIPES_ALERTS],
				  [PW_INSPECT_WIPES] = ledger->wipes.tables[PW_WIPES_EVENTS],
				  [PW_INSPECT_SECRETS] = ledger->secrets.tables[PW_SECRETS_RANGES],
				  [PW_INSPECT_WIPE_NOTES] = ledger->wipes.tables[PW_WIPES_NOTES],
				  [PW_INSPECT_LOSSES] = { d.loss_rows, losses },
			  });
	return pw_output_emit(o, &d.doc, err);
}

int pw_view_print_inspect(const struct pw_inspect_request *r, const struct pw_model *m,
			  struct pw_output *o, struct pw_error *err)
{
	pw_cleanup(ledger_parts_deinit) struct ledger_parts ledger = { 0 };
	pw_cleanup(trend_parts_deinit) struct trend_parts trends = { 0 };
	size_t limit = o->emit.format == PW_FORMAT_TEXT ? TEXT_WIPES : 0;

	if (ledger_parts_init(&ledger, m, r->process->key.pid, limit))
		return pw_error_set(err, -ENOMEM, "no memory for the wipes");
	if (trend_parts_init(&trends, m, r->process))
		return pw_error_set(err, -ENOMEM, "no memory for the trends");
	return print_inspect(r, m, &ledger, &trends, o, err);
}

int pw_view_print(const struct pw_view_request *r, const struct pw_model *m, struct pw_output *o,
		  struct pw_error *err)
{
	switch (r->view) {
	case PW_VIEW_SEGMENTS:
		return print_segments(r, m, o, err);
	case PW_VIEW_EVENTS:
		return print_events(r, m, o, err);
	case PW_VIEW_MACHINE:
		return print_machine(m, o, err);
	default:
		return print_listing(r, m, o, err);
	}
}
