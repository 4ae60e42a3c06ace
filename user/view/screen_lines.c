// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "user/view/emit.h"
#include "user/view/screen.h"

static void append(struct pw_screen_lines *l, const char *format, va_list args)
{
	char *text;
	size_t used;

	if (!l->count)
		return;
	text = l->line[l->count - 1].text;
	used = strlen(text);
	vsnprintf(text + used, PW_SCREEN_LINE_BYTES - used, format, args);
}

void pw_screen_line(struct pw_screen_lines *l, enum pw_style style, const char *format, ...)
{
	va_list args;

	if (l->count == PW_SCREEN_LINES)
		return;
	l->line[l->count].style = style;
	l->line[l->count].text[0] = '\0';
	l->count++;
	va_start(args, format);
	append(l, format, args);
	va_end(args);
}

void pw_screen_append(struct pw_screen_lines *l, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	append(l, format, args);
	va_end(args);
}

void pw_screen_append_value(struct pw_screen_lines *l, const struct pw_column *columns,
			    const char *name, const char *title, const void *ctx, const void *row)
{
	const struct pw_column *c = pw_column_find(columns, name);
	char text[PW_SCREEN_LINE_BYTES];
	struct pw_value v;

	if (!c)
		return;
	c->get(ctx, row, &v);
	if (!v.known)
		return;
	pw_emit_cell(c, &v, 0, pw_terminal_ascii(), text, sizeof(text));
	pw_screen_append(l, "%s%s%s%s%s", l->count && l->line[l->count - 1].text[0] ? "  " : "",
			 title, title[0] ? " " : "", text, c->unit == PW_UNIT_RATIO ? "%" : "");
}

int pw_screen_lines_draw(const struct pw_screen_lines *l, int row, int height, int width)
{
	int n = (int)l->count < height ? (int)l->count : height;

	for (int i = 0; i < n; i++)
		pw_terminal_put(row + i, 0, width, l->line[i].style, l->line[i].text);
	return n > 0 ? n : 0;
}
