// SPDX-License-Identifier: GPL-2.0-or-later
#include "user/view/screen_grid.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/text.h"
#include "user/view/emit.h"
#include "user/view/emitter.h"

struct layout {
	const struct pw_column *column[PW_GRID_COLUMNS];
	int width[PW_GRID_COLUMNS];
	size_t count;
};

/* ---- columns that fit -------------------------------------------------------------- */

#define NARROW 60

static int wanted_rest(const struct pw_grid *g, int line)
{
	return line < NARROW ? g->rest_min / 2 : g->rest_min;
}

/* line: the terminal's width. */
static int wanted_width(const struct pw_grid *g, const struct pw_column *c, int line)
{
	int title = (int)pw_text_width(c->title), width = c->width;

	if (g->rest && strcmp(c->name, g->rest) == 0)
		return wanted_rest(g, line);
	return width > title ? width : title;
}

static bool is_known_frozen(const struct pw_grid *g, const struct pw_column *c)
{
	for (size_t i = 0; i < g->frozen_column_count; i++) {
		if (g->frozen_columns[i] == c)
			return true;
	}
	return !pw_grid_is_frozen(g);
}

/* The first columns of the priority list that fit; a narrower one further down may still. */
static size_t choose(const struct pw_grid *g, int width, const struct pw_column **chosen)
{
	int used = -1; /* no gap before the first */
	size_t n = 0;

	for (const char *const *name = g->priority; *name && n < PW_GRID_COLUMNS; name++) {
		const struct pw_column *c = pw_column_find(g->columns, *name);
		int want = c ? wanted_width(g, c, width) : 0;

		if (!c || !is_known_frozen(g, c) || (n && used + 1 + want > width))
			continue;
		used += 1 + want;
		chosen[n++] = c;
	}
	return n;
}

static int by_declaration(const void *a, const void *b)
{
	const struct pw_column *x = *(const struct pw_column *const *)a;
	const struct pw_column *y = *(const struct pw_column *const *)b;

	return (x > y) - (x < y); /* of one array */
}

static void lay_out(const struct pw_grid *g, int width, struct layout *l)
{
	int used = -1;
	size_t rest = 0;

	l->count = choose(g, width, l->column);
	if (!g->in_priority_order)
		qsort(l->column, l->count, sizeof(l->column[0]), by_declaration);
	for (size_t i = 0; i < l->count; i++) {
		l->width[i] = wanted_width(g, l->column[i], width);
		used += 1 + l->width[i];
		if (g->rest && strcmp(l->column[i]->name, g->rest) == 0)
			rest = i + 1;
	}
	/* the rest column stands last and takes what is left */
	if (rest && !g->in_priority_order) {
		const struct pw_column *c = l->column[rest - 1];

		for (size_t i = rest; i < l->count; i++) {
			l->column[i - 1] = l->column[i];
			l->width[i - 1] = l->width[i];
		}
		rest = l->count;
		l->column[rest - 1] = c;
		l->width[rest - 1] = wanted_rest(g, width);
	}
	if (rest && width > used)
		l->width[rest - 1] += width - used;
}

/* ---- cells ------------------------------------------------------------------------- */

static size_t frozen_index(const struct pw_grid *g, size_t row, const struct pw_column *c)
{
	size_t i = 0;

	while (i < g->frozen_column_count && g->frozen_columns[i] != c)
		i++;
	return row * (g->frozen_column_count + 1) + i;
}

static enum pw_style row_style(const struct pw_grid *g, size_t row)
{
	if (pw_grid_is_frozen(g)) /* the slot behind the row's last cell */
		return g->frozen_styles[frozen_index(g, row, NULL)];
	return g->rows.row_style ? g->rows.row_style(g->rows.ctx, row) : PW_STYLE_PLAIN;
}

static enum pw_style live_cell(const struct pw_grid *g, size_t row, const struct pw_column *c,
			       int width, char *out, size_t size)
{
	enum pw_style style = PW_STYLE_PLAIN;
	struct pw_value v;

	g->rows.value(g->rows.ctx, row, c, &v, &style);
	pw_emit_cell(c, &v, (unsigned int)width, pw_terminal_ascii(), out, size);
	return style;
}

static enum pw_style cell(const struct pw_grid *g, size_t row, const struct pw_column *c, int width,
			  char *out, size_t size)
{
	size_t i;

	if (!pw_grid_is_frozen(g))
		return live_cell(g, row, c, width, out, size);
	i = frozen_index(g, row, c);
	pw_text_fit(out, size, g->frozen[i], (size_t)width, pw_emit_right_aligned(c->unit));
	return g->frozen_styles[i];
}

/* ---- drawing ------------------------------------------------------------------------ */

static void draw_titles(const struct pw_grid *g, const struct layout *l, int row, int width)
{
	char title[PW_GRID_CELL], text[64];
	int column = 0;

	pw_terminal_put(row, 0, width, PW_STYLE_HEADER, "");
	for (size_t i = 0; i < l->count; i++) {
		const struct pw_column *c = l->column[i];
		bool sorted = c == g->sort;
		/* the mark may take the gap before a right-aligned title */
		int extra = sorted && column && pw_emit_right_aligned(c->unit) ? 1 : 0;

		snprintf(text, sizeof(text), "%s%s", sorted ? (g->descending ? "v" : "^") : "",
			 c->title);
		pw_text_fit(title, sizeof(title), text, (size_t)(l->width[i] + extra),
			    pw_emit_right_aligned(c->unit));
		pw_terminal_put(row, column - extra, l->width[i] + extra, PW_STYLE_HEADER, title);
		column += l->width[i] + 1;
	}
}

static void draw_row(const struct pw_grid *g, const struct layout *l, size_t index, int row, int width)
{
	bool selected = index == g->selected;
	enum pw_style base = selected ? PW_STYLE_SELECTED : row_style(g, index);
	int column = 0;

	if (selected)
		pw_terminal_put(row, 0, width, base, "");
	for (size_t i = 0; i < l->count; i++) {
		char text[4 * PW_GRID_CELL];
		enum pw_style style = cell(g, index, l->column[i], l->width[i], text, sizeof(text));

		if (selected || base == PW_STYLE_DIM || style == PW_STYLE_PLAIN)
			style = base;
		pw_terminal_put(row, column, l->width[i], style, text);
		column += l->width[i] + 1;
	}
}

static size_t row_count(const struct pw_grid *g)
{
	return pw_grid_is_frozen(g) ? g->frozen_rows : g->rows.count;
}

static void keep_in_view(struct pw_grid *g, int height)
{
	size_t count = row_count(g), visible = height > 0 ? (size_t)height : 1;

	if (g->selected >= count)
		g->selected = count ? count - 1 : 0;
	if (g->top > g->selected)
		g->top = g->selected;
	if (g->selected >= g->top + visible)
		g->top = g->selected - visible + 1;
	if (g->top + visible > count)
		g->top = count > visible ? count - visible : 0;
}

void pw_grid_draw(struct pw_grid *g, int row, int height, int width)
{
	struct layout l;

	lay_out(g, width, &l);
	draw_titles(g, &l, row, width);
	keep_in_view(g, height - 1);
	for (int i = 1; i < height && g->top + (size_t)i - 1 < row_count(g); i++)
		draw_row(g, &l, g->top + (size_t)i - 1, row + i, width);
}

bool pw_grid_key(struct pw_grid *g, int key, int height)
{
	size_t page = height > 2 ? (size_t)height - 2 : 1, count = row_count(g);

	switch (key) {
	case PW_KEY_UP:
		g->selected -= g->selected > 0;
		return true;
	case PW_KEY_DOWN:
		g->selected += g->selected + 1 < count;
		return true;
	case PW_KEY_PAGE_UP:
		g->selected -= g->selected > page ? page : g->selected;
		return true;
	case PW_KEY_PAGE_DOWN:
		g->selected += page; /* drawing brings it back */
		return true;
	case PW_KEY_HOME:
		g->selected = 0;
		return true;
	case PW_KEY_END:
		g->selected = count ? count - 1 : 0;
		return true;
	}
	return false;
}

/* ---- freezing ------------------------------------------------------------------------ */

static int freeze_row(struct pw_grid *g, char **texts, enum pw_style *text_styles, size_t row)
{
	char text[4 * PW_GRID_CELL];

	for (size_t i = 0; i < g->frozen_column_count; i++) {
		const struct pw_column *c = g->frozen_columns[i];
		int width = g->rest && strcmp(c->name, g->rest) == 0 ? 0 : wanted_width(g, c, NARROW);
		size_t at = row * (g->frozen_column_count + 1) + i;

		text_styles[at] = live_cell(g, row, c, width, text, sizeof(text));
		texts[at] = strdup(text);
		if (!texts[at])
			return -ENOMEM;
	}
	text_styles[row * (g->frozen_column_count + 1) + g->frozen_column_count] = row_style(g, row);
	return 0;
}

static void free_texts(char **texts, size_t count)
{
	for (size_t i = 0; texts && i < count; i++)
		free(texts[i]);
	free(texts);
}

int pw_grid_freeze(struct pw_grid *g)
{
	size_t cells, rows = g->rows.count;
	char **texts;
	enum pw_style *text_styles;
	int rc = 0;

	pw_grid_thaw(g);
	/* wider than any terminal: all of the list's columns */
	g->frozen_column_count = choose(g, 1 << 20, g->frozen_columns);
	cells = (rows + 1) * (g->frozen_column_count + 1);
	texts = calloc(cells, sizeof(*texts));
	text_styles = calloc(cells, sizeof(*text_styles));
	if (!texts || !text_styles)
		rc = -ENOMEM;
	for (size_t i = 0; !rc && i < rows; i++)
		rc = freeze_row(g, texts, text_styles, i);
	if (rc) {
		free_texts(texts, cells);
		free(text_styles);
		return rc;
	}
	g->frozen = texts;
	g->frozen_styles = text_styles;
	g->frozen_rows = rows;
	return 0;
}

void pw_grid_thaw(struct pw_grid *g)
{
	if (!g->frozen)
		return;
	free_texts(g->frozen, (g->frozen_rows + 1) * (g->frozen_column_count + 1));
	free(g->frozen_styles);
	g->frozen = NULL;
	g->frozen_styles = NULL;
}
