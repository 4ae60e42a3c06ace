/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The documents that Pagewarden prints: which tables, under which names. The
 * emitters and the JSON schemas of docs/schema/ derive from these shapes.
 *
 * A shape's version grows by one when a name or a unit changes or goes away;
 * added columns keep it.
 */
#ifndef PW_VIEW_DOCUMENT_H
#define PW_VIEW_DOCUMENT_H

#include "user/view/emit.h"
#include "user/view/tables.h"

#define PW_DOCUMENT_TABLES 20

struct pw_table_shape {
	const char *name; /* NULL ends the list */
	const char *title; /* text's heading; NULL: none */
	const struct pw_column *columns;
	const char *about;
	const char *const *shown; /* see struct pw_table */
};

struct pw_document_shape {
	const char *schema; /* "pagewarden.processes" */
	unsigned int version;
	const char *about;
	const struct pw_column *header; /* NULL: none */
	struct pw_table_shape tables[PW_DOCUMENT_TABLES + 1];
	size_t csv_table;
};

/* Header: the machine. Tables: the rows, then the losses. */
extern const struct pw_document_shape pw_document_processes; /* top, replay */
extern const struct pw_document_shape pw_document_groups;
extern const struct pw_document_shape pw_document_events;
extern const struct pw_document_shape pw_document_segments; /* of all processes that were scanned */
extern const struct pw_document_shape pw_document_machine; /* the rows are the coverage */
/* One process. Header: it and its scan. Tables: enum pw_inspect_table. */
extern const struct pw_document_shape pw_document_inspect;
enum pw_inspect_table {
	PW_INSPECT_PROCESS, /* one row: who it is, and its counters */
	PW_INSPECT_SEGMENTS,
	PW_INSPECT_EVENTS,
	PW_INSPECT_TIMELINE,
	PW_INSPECT_TRENDS,
	PW_INSPECT_ALERTS,
	PW_INSPECT_WIPES,
	PW_INSPECT_SECRETS,
	PW_INSPECT_WIPE_NOTES,
	PW_INSPECT_LOSSES,
	PW_INSPECT_TABLES
};
/* Header: what was looked at. Table: the checks. */
extern const struct pw_document_shape pw_document_doctor;
/* Header: the machine. Tables: see report.h, wipe_report.h, secret_report.h. */
extern const struct pw_document_shape pw_document_report;
extern const struct pw_document_shape pw_document_period; /* header: struct pw_period_report */
extern const struct pw_document_shape pw_document_wipes;
extern const struct pw_document_shape pw_document_alerts;
extern const struct pw_document_shape pw_document_secrets;
extern const struct pw_document_shape pw_document_leaks; /* see leak_report.h */
extern const struct pw_document_shape pw_document_explain;

extern const struct pw_document_shape *const pw_document_shapes[]; /* ends with NULL */

struct pw_rows {
	const void *const *rows;
	size_t count;
};

/* Room for rows that are added one by one. 0 or -ENOMEM; free takes zeroed ones. */
int pw_rows_make(struct pw_rows *r, size_t room);
void pw_rows_add(struct pw_rows *r, const void *row);
void pw_rows_keep_last(struct pw_rows *r, size_t count);
void pw_rows_free(struct pw_rows *r);
/* Makes the rows of what the model lost; they stand on losses[]. */
int pw_rows_of_losses(struct pw_rows *r, const struct pw_model *m,
		      struct pw_loss_row losses[PW_LOSS_CAUSES]);

/* A document of a shape, and what it stands on: not to be copied or moved. */
struct pw_shaped_document {
	struct pw_document doc;
	struct pw_table header;
	const void *header_row;
	struct pw_table tables[PW_DOCUMENT_TABLES];
	struct pw_loss_row losses[PW_LOSS_CAUSES];
	const void *loss_rows[PW_LOSS_CAUSES];
};

/* rows: one entry for each table of the shape, in its order. */
void pw_document_build(struct pw_shaped_document *d, const struct pw_document_shape *shape,
		       const void *ctx, const void *header_row, const struct pw_rows *rows);

/*
 * The usual documents of a model: rows for the first table; the losses come
 * from the model, and so does the header where header_row is NULL.
 */
void pw_document_build_model(struct pw_shaped_document *d, const struct pw_document_shape *shape,
			     const struct pw_model *m, const void *header_row,
			     const void *const *rows, size_t count);

#endif
