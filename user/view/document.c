// SPDX-License-Identifier: GPL-2.0-or-later
#include "user/view/document.h"
#include "user/view/leak_table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define LOSSES                                                                                       \
	{                                                                                            \
		"losses", "Lost", pw_loss_columns, "What was not counted, by cause; empty: nothing." \
	}

const struct pw_document_shape pw_document_processes = {
	.schema = "pagewarden.processes",
	.version = 1,
	.about = "The machine's processes at the end of an interval.",
	.header = pw_machine_columns,
	.tables = { { "processes", NULL, pw_process_columns, "One object per process." }, LOSSES },
};

const struct pw_document_shape pw_document_groups = {
	.schema = "pagewarden.groups",
	.version = 1,
	.about = "Processes of one program in one control group, together.",
	.header = pw_machine_columns,
	.tables = { { "groups", NULL, pw_group_columns, "One object per program and cgroup." },
		    LOSSES },
};

const struct pw_document_shape pw_document_events = {
	.schema = "pagewarden.events",
	.version = 1,
	.about = "The newest forks, execs, exits and OOM kills, oldest first.",
	.header = pw_machine_columns,
	.tables = { { "events", NULL, pw_event_columns, "One object per event." }, LOSSES },
};

const struct pw_document_shape pw_document_segments = {
	.schema = "pagewarden.segments",
	.version = 1,
	.about = "The address spaces of the processes that were scanned.",
	.header = pw_machine_columns,
	.tables = { { "segments", NULL, pw_segment_columns, "One object per segment.",
		      pw_segment_shown },
		    LOSSES },
};

static const char *const process_shown[] = {
	"footprint_bytes",
	"rss_anon_bytes",
	"rss_file_bytes",
	"rss_shmem_bytes",
	"swap_bytes",
	"growth_1m_bytes_per_minute",
	"growth_10m_bytes_per_minute",
	"footprint_series_bytes",
	"minor_faults_per_second",
	"freed_pages_per_second",
	"threads",
	"uid",
	"unit",
	NULL,
};

const struct pw_document_shape pw_document_inspect = {
	.schema = "pagewarden.inspect",
	.version = 1,
	.about = "One process: its address space, its counters, what happened to it.",
	.header = pw_scan_columns,
	.tables = {
		[PW_INSPECT_PROCESS] = { "process", NULL, pw_process_columns,
			"One object: who it is, and its counters.", process_shown },
		[PW_INSPECT_SEGMENTS] = { "segments", "Segments", pw_segment_columns,
			"One object per segment." },
		[PW_INSPECT_EVENTS] = { "events", "Events", pw_event_columns,
			"What happened to it and its children, oldest first." },
		[PW_INSPECT_TIMELINE] = { "timeline", "Timeline", pw_timeline_columns,
			"Its footprint over time, oldest first; when asked for." },
		[PW_INSPECT_TRENDS] = { "trends", "Trends", pw_leak_columns,
			"Its series that ever changed and what is said of them, the worst first.",
			pw_leak_summary_shown },
		[PW_INSPECT_ALERTS] = { "alerts", "Alerts", pw_alert_columns,
			"What somebody should act on, with the evidence." },
		[PW_INSPECT_WIPES] = { "wipes", "Wipes", pw_wipe_columns,
			"Its calls of observed wipe functions, oldest first." },
		[PW_INSPECT_SECRETS] = { "secrets", "Registered secrets", pw_secret_columns,
			"Its ranges that are registered with the module." },
		[PW_INSPECT_WIPE_NOTES] = { "wipe_notes", "Wipes: what cannot be seen",
			pw_wipe_note_columns, "The blind spots, a sentence each." },
		[PW_INSPECT_LOSSES] = LOSSES,
	},
	.csv_table = PW_INSPECT_SEGMENTS,
};

const struct pw_document_shape pw_document_machine = {
	.schema = "pagewarden.machine",
	.version = 1,
	.about = "The machine, what Pagewarden costs, and what it sees.",
	.header = pw_machine_columns,
	.tables = { { "coverage_parts", "Coverage", pw_coverage_columns,
		      "What this source sees, and what it costs where it does not." },
		    LOSSES },
};

const struct pw_document_shape pw_document_doctor = {
	.schema = "pagewarden.doctor",
	.version = 1,
	.about = "What this kernel and these privileges allow.",
	.header = pw_doctor_host_columns,
	.tables = { { "checks", NULL, pw_doctor_columns, "One object per thing that was tried." } },
};

const struct pw_document_shape *const pw_document_shapes[] = {
	&pw_document_processes, &pw_document_groups,  &pw_document_events,
	&pw_document_segments,	&pw_document_inspect, &pw_document_machine,
	&pw_document_doctor,	&pw_document_report,  &pw_document_wipes,
	&pw_document_alerts,	&pw_document_secrets, &pw_document_leaks,
	&pw_document_explain,	&pw_document_period,  NULL,
};

int pw_rows_make(struct pw_rows *r, size_t room)
{
	r->rows = calloc(room + 1, sizeof(*r->rows));
	r->count = 0;
	return r->rows ? 0 : -ENOMEM;
}

void pw_rows_add(struct pw_rows *r, const void *row)
{
	((const void **)r->rows)[r->count++] = row;
}

void pw_rows_keep_last(struct pw_rows *r, size_t count)
{
	if (r->count <= count)
		return;
	memmove((void *)r->rows, r->rows + r->count - count, count * sizeof(*r->rows));
	r->count = count;
}

void pw_rows_free(struct pw_rows *r)
{
	free((void *)r->rows);
	*r = (struct pw_rows){ 0 };
}

int pw_rows_of_losses(struct pw_rows *r, const struct pw_model *m,
		      struct pw_loss_row losses[PW_LOSS_CAUSES])
{
	size_t count = pw_loss_rows(m, losses, PW_LOSS_CAUSES);
	int err = pw_rows_make(r, count);

	for (size_t i = 0; !err && i < count; i++)
		pw_rows_add(r, &losses[i]);
	return err;
}

void pw_document_build(struct pw_shaped_document *d, const struct pw_document_shape *shape,
		       const void *ctx, const void *header_row, const struct pw_rows *rows)
{
	size_t n = 0;

	d->header_row = header_row;
	d->header = (struct pw_table){
		.columns = shape->header,
		.ctx = ctx,
		.rows = &d->header_row,
		.count = 1,
	};
	for (; shape->tables[n].name; n++) {
		const struct pw_table_shape *t = &shape->tables[n];

		d->tables[n] = (struct pw_table){
			.name = t->name,
			.title = t->title,
			.columns = t->columns,
			.shown = t->shown,
			.ctx = ctx,
			.rows = rows[n].rows,
			.count = rows[n].count,
		};
	}
	d->doc = (struct pw_document){
		.schema = shape->schema,
		.schema_version = shape->version,
		.header = shape->header ? &d->header : NULL,
		.tables = d->tables,
		.table_count = n,
		.csv_table = shape->csv_table,
	};
}

void pw_document_build_model(struct pw_shaped_document *d, const struct pw_document_shape *shape,
			     const struct pw_model *m, const void *header_row,
			     const void *const *rows, size_t count)
{
	size_t losses = pw_loss_rows(m, d->losses, PW_LOSS_CAUSES);
	struct pw_rows all[] = { { rows, count }, { d->loss_rows, losses } };

	for (size_t i = 0; i < losses; i++)
		d->loss_rows[i] = &d->losses[i];
	pw_document_build(d, shape, m, header_row ? header_row : m, all);
}
