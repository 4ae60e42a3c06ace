/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The widgets of the terminal: one file each. update takes what is shown from
 * the model, draw puts it on the terminal, key answers what was typed; none
 * does the work of another, so that a paused screen is one that is not
 * updated.
 */
#ifndef PW_VIEW_SCREEN_H
#define PW_VIEW_SCREEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "user/model/model.h"
#include "user/view/listing.h"
#include "user/view/screen_grid.h"
#include "user/view/tables.h"

/* ---- lines of text (screen_lines.c) --------------------------------------------------- */

#define PW_SCREEN_LINES 10
#define PW_SCREEN_LINE_BYTES 1024

struct pw_screen_lines {
	size_t count;
	struct {
		enum pw_style style;
		char text[PW_SCREEN_LINE_BYTES];
	} line[PW_SCREEN_LINES];
};

/* Begins a line; beyond the last it is dropped. */
void pw_screen_line(struct pw_screen_lines *l, enum pw_style style, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* Appends to the last line. */
void pw_screen_append(struct pw_screen_lines *l, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* Appends "TITLE value" for a column of a row, two spaces before it; nothing when unknown. */
void pw_screen_append_value(struct pw_screen_lines *l, const struct pw_column *columns,
			    const char *name, const char *title, const void *ctx, const void *row);
/* Draws at most height lines; returns how many. */
int pw_screen_lines_draw(const struct pw_screen_lines *l, int row, int height, int width);

/* ---- the machine and Pagewarden itself (screen_status.c) ------------------------------ */

struct pw_screen_status {
	struct pw_screen_lines lines;
};

struct pw_screen_origin {
	const char *input; /* the recording; NULL: live */
	const char *why; /* why a better source was not taken; "" */
	bool ended; /* nothing more will come */
};

void pw_screen_status_update(struct pw_screen_status *s, const struct pw_model *m,
			     const struct pw_screen_origin *origin, int width);

/* ---- processes or groups (screen_table.c) --------------------------------------------- */

#define PW_SCREEN_FILTER 64

struct pw_screen_table {
	struct pw_listing_options opt; /* .filter is the text below */
	char filter[PW_SCREEN_FILTER];
	const struct pw_column *sorts[2]; /* of processes, of groups */
	const char *const *chosen; /* columns that somebody chose; NULL: what fits */
	const struct pw_model *model;
	struct pw_listing listing;
	struct pw_grid grid;
	struct pw_key *keys; /* of the rows; pid 0: no process */
	size_t key_count;
	bool follows; /* the selection stays on its process */
	struct pw_key followed;
};

/* columns and sort may be NULL; filter is copied. */
void pw_screen_table_init(struct pw_screen_table *t, const struct pw_listing_options *opt,
			  const char *const *columns);
void pw_screen_table_deinit(struct pw_screen_table *t);
int pw_screen_table_update(struct pw_screen_table *t, const struct pw_model *m); /* 0 or -ENOMEM */
void pw_screen_table_draw(struct pw_screen_table *t, int row, int height, int width);
/* true: it was one of the table's keys, and an update is due. */
bool pw_screen_table_key(struct pw_screen_table *t, int key, int height);
void pw_screen_table_filter(struct pw_screen_table *t, const char *text);
void pw_screen_table_sort(struct pw_screen_table *t, const struct pw_column *c);
const struct pw_column *pw_screen_table_columns(const struct pw_screen_table *t);
/* The selected process; false: a cgroup, a group, or none. */
bool pw_screen_table_selected(const struct pw_screen_table *t, struct pw_key *ret);
/* "sort", "filter", "tree" as they are now, for the title line. */
void pw_screen_table_describe(const struct pw_screen_table *t, struct pw_screen_lines *l);

/* ---- one process (screen_process.c) ---------------------------------------------------- */

struct pw_screen_process {
	struct pw_key key;
	struct pw_screen_lines head;
	struct pw_screen_lines events;
	const struct pw_model *model;
	const struct pw_segment_row **rows;
	struct pw_grid grid;
	const struct pw_column *sort; /* NULL: by kind and address */
	unsigned int timeline; /* tier of the series */
	const char *problem; /* why there is no fresh view; "" */
};

void pw_screen_process_init(struct pw_screen_process *p, const struct pw_key *key);
void pw_screen_process_deinit(struct pw_screen_process *p);
int pw_screen_process_update(struct pw_screen_process *p, const struct pw_model *m, int width);
void pw_screen_process_draw(struct pw_screen_process *p, int row, int height, int width);
bool pw_screen_process_key(struct pw_screen_process *p, int key, int height);

/* ---- a list of columns to sort by (screen_sort.c) --------------------------------------- */

struct pw_screen_sort {
	const struct pw_column *columns;
	size_t selected;
};

void pw_screen_sort_init(struct pw_screen_sort *s, const struct pw_column *columns,
			 const struct pw_column *current);
void pw_screen_sort_draw(const struct pw_screen_sort *s, int row, int height, int width);
/* The chosen column; NULL with *ret_done: none; else it goes on. */
const struct pw_column *pw_screen_sort_key(struct pw_screen_sort *s, int key, bool *ret_done);

/* ---- help (screen_help.c) ----------------------------------------------------------------- */

int pw_screen_help_scroll(int scroll, int height); /* kept within the text */
void pw_screen_help_draw(int row, int height, int width, int scroll);

#endif
