// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Aligned text. A column is as wide as declared, and wider where a number
 * needs it. With line_width 0 nothing is cut, so that a pipe sees whole names.
 */
#include "user/view/emitter.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/cleanup.h"
#include "user/base/text.h"

#define COLUMNS_MAX 128
#define HEADER_WIDTH 100 /* where the header's words wrap when the line has no limit */

struct text_out {
	FILE *file;
	const struct pw_emit_options *opt;
	char *cell; /* PW_CELL_MAX bytes */
	char *line; /* LINE_MAX_BYTES, the row so far */
	size_t used;
};

#define LINE_MAX_BYTES (4 * PW_CELL_MAX)

struct layout {
	const struct pw_column *column[COLUMNS_MAX];
	unsigned int width[COLUMNS_MAX];
	size_t count;
};

static bool may_grow(const struct pw_column *c, const struct pw_emit_options *opt)
{
	if (c->unit == PW_UNIT_SPARK)
		return false;
	return c->unit != PW_UNIT_TEXT || !opt->line_width || !c->width;
}

static void layout_measure(struct layout *l, const struct pw_table *t, struct text_out *o)
{
	for (size_t i = 0; i < l->count; i++) {
		const struct pw_column *c = l->column[i];
		size_t width = pw_text_width(c->title);

		if (c->width > width)
			width = c->width;
		for (size_t k = 0; k < t->count && may_grow(c, o->opt); k++) {
			struct pw_value v;
			size_t need;

			c->get(t->ctx, t->rows[k], &v);
			pw_emit_cell(c, &v, 0, o->opt->ascii, o->cell, PW_CELL_MAX);
			need = pw_text_width(o->cell);
			width = need > width ? need : width;
		}
		l->width[i] = (unsigned int)width;
	}
}

static void append(struct text_out *o, const char *bytes)
{
	size_t len = strlen(bytes);

	if (len > LINE_MAX_BYTES - 1 - o->used)
		len = LINE_MAX_BYTES - 1 - o->used;
	memcpy(o->line + o->used, bytes, len);
	o->used += len;
	o->line[o->used] = '\0';
}

static void end_line(struct text_out *o)
{
	unsigned int limit = o->opt->line_width;

	if (limit && pw_text_width(o->line) > limit) {
		o->used = pw_text_fit(o->cell, PW_CELL_MAX, o->line, limit, 0);
		memcpy(o->line, o->cell, o->used);
	}
	while (o->used && o->line[o->used - 1] == ' ')
		o->used--;
	o->line[o->used] = '\0';
	fprintf(o->file, "%s\n", o->line);
	o->used = 0;
	o->line[0] = '\0';
}

static void put_titles(struct text_out *o, const struct layout *l)
{
	for (size_t i = 0; i < l->count; i++) {
		append(o, i ? " " : "");
		pw_text_fit(o->cell, PW_CELL_MAX, l->column[i]->title, l->width[i],
			    pw_emit_right_aligned(l->column[i]->unit));
		append(o, o->cell);
	}
	end_line(o);
}

/* Lines of a drawing have no titles, and then no line for them. */
static bool has_titles(const struct layout *l)
{
	for (size_t i = 0; i < l->count; i++) {
		if (l->column[i]->title[0])
			return true;
	}
	return false;
}

static void put_row(struct text_out *o, const struct layout *l, const struct pw_table *t,
		    const void *row)
{
	for (size_t i = 0; i < l->count; i++) {
		struct pw_value v;

		append(o, i ? " " : "");
		l->column[i]->get(t->ctx, row, &v);
		pw_emit_cell(l->column[i], &v, l->width[i], o->opt->ascii, o->cell, PW_CELL_MAX);
		append(o, o->cell);
	}
	end_line(o);
}

/* A table that has no rows is not mentioned, except the one that was asked for. */
static int put_table(struct text_out *o, const struct pw_table *t, bool first)
{
	struct layout l;

	if (!t->count && !first)
		return 0;
	if (t->title && !o->opt->log)
		fprintf(o->file, "%s%s\n", first ? "" : "\n", t->title);
	l.count = pw_emit_shown(t, o->opt->columns, l.column, COLUMNS_MAX);
	layout_measure(&l, t, o);
	if (!(o->opt->log && o->opt->continued) && has_titles(&l))
		put_titles(o, &l);
	for (size_t i = 0; i < t->count && !pw_emit_status(o->file); i++)
		put_row(o, &l, t, t->rows[i]);
	return pw_emit_status(o->file);
}

/* "TITLE value  TITLE value": the header's standard columns, wrapped. */
static void put_header(struct text_out *o, const struct pw_table *t)
{
	unsigned int limit = o->opt->line_width ? o->opt->line_width : HEADER_WIDTH;

	for (const struct pw_column *c = t->columns; c->name; c++) {
		struct pw_value v;
		size_t need;

		if (!c->standard)
			continue;
		c->get(t->ctx, t->rows[0], &v);
		if (!v.known)
			continue;
		pw_emit_cell(c, &v, 0, o->opt->ascii, o->cell, PW_CELL_MAX);
		need = pw_text_width(c->title) + 1 + pw_text_width(o->cell);
		if (o->used && pw_text_width(o->line) + 2 + need > limit) {
			end_line(o); /* may use the cell */
			pw_emit_cell(c, &v, 0, o->opt->ascii, o->cell, PW_CELL_MAX);
		}
		append(o, o->used ? "  " : "");
		append(o, c->title);
		append(o, " ");
		append(o, o->cell);
		append(o, c->unit == PW_UNIT_RATIO ? "%" : "");
	}
	if (o->used)
		end_line(o);
	putc('\n', o->file);
}

int pw_emit_text(const struct pw_document *doc, const struct pw_emit_options *opt, FILE *out)
{
	pw_auto_free char *cell = malloc(PW_CELL_MAX);
	pw_auto_free char *line = malloc(LINE_MAX_BYTES);
	struct text_out o = { .file = out, .opt = opt, .cell = cell, .line = line };
	int err = 0;

	if (!cell || !line)
		return -ENOMEM;
	line[0] = '\0';
	if (opt->log)
		return put_table(&o, &doc->tables[doc->csv_table], true);
	if (doc->header && doc->header->count)
		put_header(&o, doc->header);
	for (size_t i = 0; i < doc->table_count && !err; i++)
		err = put_table(&o, &doc->tables[i], i == 0);
	return err ? err : pw_emit_status(out);
}
