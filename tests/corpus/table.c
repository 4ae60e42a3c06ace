// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/corpus/table.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/text.h"

void table_begin(struct table *t, const char *title)
{
	memset(t, 0, sizeof(*t));
	t->title = title;
}

void table_row(struct table *t)
{
	if (t->rows == TABLE_ROWS_MAX)
		abort();
	t->rows++;
}

static size_t used(const struct table *t, size_t row)
{
	size_t n = 0;

	while (n < TABLE_COLUMNS_MAX && t->cells[row][n][0])
		n++;
	return n;
}

void table_cell(struct table *t, const char *format, ...)
{
	size_t row, column;
	va_list ap;

	if (!t->rows)
		table_row(t);
	row = t->rows - 1;
	column = used(t, row);
	if (column == TABLE_COLUMNS_MAX)
		abort();
	va_start(ap, format);
	vsnprintf(t->cells[row][column], TABLE_CELL_MAX, format, ap);
	va_end(ap);
	/* An empty cell still takes its place. */
	if (!t->cells[row][column][0])
		strcpy(t->cells[row][column], " ");
	if (column + 1 > t->columns)
		t->columns = column + 1;
}

static size_t width_of(const struct table *t, size_t column)
{
	size_t widest = 3;

	for (size_t i = 0; i < t->rows; i++) {
		size_t width = pw_text_width(t->cells[i][column]);

		widest = width > widest ? width : widest;
	}
	return widest;
}

static void print_row(const struct table *t, size_t row, bool markdown, FILE *out)
{
	fputs(markdown ? "|" : " ", out);
	for (size_t c = 0; c < t->columns; c++) {
		const char *cell = t->cells[row][c];
		int pad = (int)(width_of(t, c) - pw_text_width(cell));

		if (c && !t->texts)
			fprintf(out, " %*s%s", pad, "", cell);
		else
			fprintf(out, " %s%*s", cell, pad, "");
		fputs(markdown ? " |" : " ", out);
	}
	fputc('\n', out);
}

void table_print(const struct table *t, bool markdown, FILE *out)
{
	fprintf(out, markdown ? "\n### %s\n\n" : "\n%s\n", t->title);
	for (size_t i = 0; i < t->rows; i++) {
		print_row(t, i, markdown, out);
		if (i)
			continue;
		fputs(markdown ? "|" : "", out);
		for (size_t c = 0; markdown && c < t->columns; c++)
			fputs(c && !t->texts ? "---:|" : "---|", out);
		fputs(markdown ? "\n" : "", out);
	}
}
