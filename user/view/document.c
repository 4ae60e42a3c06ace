// SPDX-License-Identifier: GPL-2.0-or-later
#include "user/view/document.h"

#include <string.h>

#define LOSSES                                                                                     \
	{                                                                                          \
		"losses", "Lost", pw_loss_columns, "what was not counted, by cause; empty: nothing" \
	}

const struct pw_document_shape pw_document_processes = {
	.schema = "pagewarden.processes",
	.version = 1,
	.about = "The machine's processes at the end of an interval.",
	.header = pw_machine_columns,
	.tables = { { "processes", NULL, pw_process_columns, "one object per process" }, LOSSES },
};

const struct pw_document_shape pw_document_groups = {
	.schema = "pagewarden.groups",
	.version = 1,
	.about = "Processes of one program in one control group, together.",
	.header = pw_machine_columns,
	.tables = { { "groups", NULL, pw_group_columns, "one object per program and cgroup" },
		    LOSSES },
};

const struct pw_document_shape pw_document_events = {
	.schema = "pagewarden.events",
	.version = 1,
	.about = "The newest forks, execs, exits and OOM kills, oldest first.",
	.header = pw_machine_columns,
	.tables = { { "events", NULL, pw_event_columns, "one object per event" }, LOSSES },
};

const struct pw_document_shape pw_document_segments = {
	.schema = "pagewarden.segments",
	.version = 1,
	.about = "The address space of one process.",
	.header = pw_scan_columns,
	.tables = { { "segments", NULL, pw_segment_columns, "one object per segment" }, LOSSES },
};

const struct pw_document_shape pw_document_doctor = {
	.schema = "pagewarden.doctor",
	.version = 1,
	.about = "What this kernel and these privileges allow.",
	.header = pw_doctor_host_columns,
	.tables = { { "checks", NULL, pw_doctor_columns, "one object per thing that was tried" } },
};

const struct pw_document_shape *const pw_document_shapes[] = {
	&pw_document_processes, &pw_document_groups, &pw_document_events, &pw_document_segments,
	&pw_document_doctor,	&pw_document_report, NULL,
};

int pw_document_emit(const struct pw_document_shape *shape, const void *ctx,
		     const void *header_row, const struct pw_rows *rows,
		     const struct pw_emit_options *opt, FILE *out)
{
	struct pw_table tables[PW_DOCUMENT_TABLES];
	const void *header_rows[] = { header_row };
	struct pw_table header = {
		.columns = shape->header,
		.ctx = ctx,
		.rows = header_rows,
		.count = header_row ? 1 : 0,
	};
	struct pw_document doc = {
		.schema = shape->schema,
		.schema_version = shape->version,
		.header = shape->header ? &header : NULL,
		.tables = tables,
		.csv_table = shape->csv_table,
	};

	for (; shape->tables[doc.table_count].name; doc.table_count++) {
		const struct pw_table_shape *t = &shape->tables[doc.table_count];

		tables[doc.table_count] = (struct pw_table){
			.name = t->name,
			.title = t->title,
			.columns = t->columns,
			.shown = t->shown,
			.ctx = ctx,
			.rows = rows[doc.table_count].rows,
			.count = rows[doc.table_count].count,
		};
	}
	return pw_emit(&doc, opt, out);
}

int pw_document_emit_model(const struct pw_document_shape *shape, const struct pw_model *m,
			   const void *header_row, const void *const *rows, size_t count,
			   const struct pw_emit_options *opt, FILE *out)
{
	struct pw_loss_row losses[PW_LOSS_CAUSES];
	const void *loss_rows[PW_LOSS_CAUSES];
	struct pw_rows all[] = {
		{ rows, count },
		{ loss_rows, pw_loss_rows(m, losses, PW_LOSS_CAUSES) },
	};

	for (size_t i = 0; i < all[1].count; i++)
		loss_rows[i] = &losses[i];
	return pw_document_emit(shape, m, header_row ? header_row : m, all, opt, out);
}
