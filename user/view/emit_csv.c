// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * CSV as RFC 4180 quotes it, with a header line of column names and lines that
 * end in LF, as the tools of this system do.
 *
 * A spreadsheet runs a cell that begins with = + - @ as a formula, and anybody
 * may name a process "=cmd|...". The first byte of such a *text* is written as
 * \xHH, the escape that every unprintable byte gets: nothing is lost, and one
 * rule undoes all escapes. Numbers keep their sign.
 */
#include "user/view/emitter.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/cleanup.h"
#include "user/base/text.h"

static void put_quoted(const char *text, FILE *out)
{
	if (!strpbrk(text, ",\"\r\n")) {
		fputs(text, out);
		return;
	}
	putc('"', out);
	for (; *text; text++) {
		if (*text == '"')
			putc('"', out);
		putc(*text, out);
	}
	putc('"', out);
}

static void put_text(const struct pw_value *v, char *buf, FILE *out)
{
	bool formula = v->text.len && memchr("=+-@", v->text.bytes[0], 4);
	size_t used = 0;

	if (formula)
		used = (size_t)snprintf(buf, PW_CELL_MAX, "\\x%02x",
					(unsigned int)(unsigned char)v->text.bytes[0]);
	pw_text_escape(buf + used, PW_CELL_MAX - used, v->text.bytes + formula,
		       v->text.len - formula);
	put_quoted(buf, out);
}

static void put_row(const struct pw_table *t, const void *row, char *buf, FILE *out)
{
	const char *comma = "";

	for (const struct pw_column *c = t->columns; c->name; c++) {
		char plain[PW_PLAIN_MAX];
		struct pw_value v;

		if (c->unit == PW_UNIT_SPARK)
			continue;
		fputs(comma, out);
		comma = ",";
		c->get(t->ctx, row, &v);
		if (!v.known)
			continue;
		if (c->unit == PW_UNIT_TEXT)
			put_text(&v, buf, out);
		else
			fputs(pw_emit_plain(c->unit, &v, plain), out);
	}
	putc('\n', out);
}

static void put_names(const struct pw_table *t, FILE *out)
{
	const char *comma = "";

	for (const struct pw_column *c = t->columns; c->name; c++) {
		if (c->unit == PW_UNIT_SPARK)
			continue;
		fprintf(out, "%s%s", comma, c->name);
		comma = ",";
	}
	putc('\n', out);
}

int pw_emit_csv(const struct pw_document *doc, const struct pw_emit_options *opt, FILE *out)
{
	pw_auto_free char *buf = malloc(PW_CELL_MAX);
	const struct pw_table *t;

	if (!buf)
		return -ENOMEM;
	if (doc->csv_table >= doc->table_count)
		return -EINVAL;
	t = &doc->tables[doc->csv_table];
	if (!opt->continued)
		put_names(t, out);
	for (size_t i = 0; i < t->count; i++) {
		put_row(t, t->rows[i], buf, out);
		if (pw_emit_status(out))
			break;
	}
	return pw_emit_status(out);
}
