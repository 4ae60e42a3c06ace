/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A table of texts, printed for a terminal or as Markdown. Columns after the first are
 * right-aligned, unless they are texts. */
#ifndef CORPUS_TABLE_H
#define CORPUS_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define TABLE_COLUMNS_MAX 16
#define TABLE_ROWS_MAX 160
#define TABLE_CELL_MAX 160

struct table {
	const char *title;
	size_t columns, rows;
	bool texts;
	char cells[TABLE_ROWS_MAX][TABLE_COLUMNS_MAX][TABLE_CELL_MAX]; /* row 0: the headings */
};

void table_begin(struct table *t, const char *title);
/* The next row's cells come after this. */
void table_row(struct table *t);
/* The next cell of the last row. */
void table_cell(struct table *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
void table_print(const struct table *t, bool markdown, FILE *out);

#endif
