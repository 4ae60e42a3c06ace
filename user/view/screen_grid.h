/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A table on the terminal: columns that fit, rows that scroll, one selected.
 * Where the rows come from is the owner's business. A frozen grid keeps the
 * texts of all its rows, so that it stands while the model moves on.
 */
#ifndef PW_VIEW_SCREEN_GRID_H
#define PW_VIEW_SCREEN_GRID_H

#include <stdbool.h>
#include <stddef.h>

#include "user/view/column.h"
#include "user/view/terminal.h"

#define PW_GRID_COLUMNS 64
#define PW_GRID_CELL 512 /* bytes of a cell's text */

struct pw_grid_rows {
	const void *ctx;
	size_t count;
	/* A cell's value; the style is plain unless set. */
	void (*value)(const void *ctx, size_t row, const struct pw_column *c, struct pw_value *ret,
		      enum pw_style *ret_style);
	/* The style of a row that has no other; NULL: plain. */
	enum pw_style (*row_style)(const void *ctx, size_t row);
};

struct pw_grid {
	const struct pw_column *columns; /* all that there are */
	/*
	 * Names in the order of importance, NULL-terminated: the first that fit
	 * are shown, in the order of `columns`. The last one named by `rest`
	 * takes what is left of the line.
	 */
	const char *const *priority;
	const char *rest;
	int rest_min; /* what it wants at least; half of that on a narrow terminal */
	bool in_priority_order; /* shown in that order: somebody chose them */
	const struct pw_column *sort; /* marked in the head; may be NULL */
	bool descending;
	struct pw_grid_rows rows;
	size_t selected, top;
	/* frozen texts: NULL when live */
	char **frozen;
	enum pw_style *frozen_styles;
	size_t frozen_rows;
	const struct pw_column *frozen_columns[PW_GRID_COLUMNS];
	size_t frozen_column_count;
};

/* Draws into rows [row, row + height), over the whole width. */
void pw_grid_draw(struct pw_grid *g, int row, int height, int width);
/* Moves the selection; true when the key was one of its own. */
bool pw_grid_key(struct pw_grid *g, int key, int height);
/* 0 or -ENOMEM. */
int pw_grid_freeze(struct pw_grid *g);
void pw_grid_thaw(struct pw_grid *g);
static inline bool pw_grid_is_frozen(const struct pw_grid *g)
{
	return g->frozen != NULL;
}

#endif
