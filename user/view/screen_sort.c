// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>
#include <string.h>

#include "user/view/screen.h"

static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

/* A sparkline has no order. */
static bool is_sortable(const struct pw_column *c)
{
	return c->unit != PW_UNIT_SPARK;
}

/* The n-th column that can be sorted by; NULL: beyond the last, or the letters'. */
static const struct pw_column *sortable(const struct pw_screen_sort *s, size_t n)
{
	if (n >= sizeof(letters) - 1)
		return NULL;
	for (const struct pw_column *c = s->columns; c->name; c++) {
		if (is_sortable(c) && n-- == 0)
			return c;
	}
	return NULL;
}

void pw_screen_sort_init(struct pw_screen_sort *s, const struct pw_column *columns,
			 const struct pw_column *current)
{
	s->columns = columns;
	for (s->selected = 0; sortable(s, s->selected); s->selected++) {
		if (sortable(s, s->selected) == current)
			return;
	}
	s->selected = 0;
}

void pw_screen_sort_draw(const struct pw_screen_sort *s, int row, int height, int width)
{
	const struct pw_column *c;
	size_t top = 0;

	pw_terminal_put(row, 0, width, PW_STYLE_HEADER,
			"sort by: its letter, or Enter; Esc: as it was");
	if (height > 1 && s->selected >= (size_t)height - 1)
		top = s->selected - ((size_t)height - 2);
	for (int i = 1; i < height && (c = sortable(s, top + (size_t)i - 1)); i++) {
		char line[256];

		snprintf(line, sizeof(line), "%c %-8s %s", letters[top + (size_t)i - 1], c->title,
			 c->help);
		pw_terminal_put(row + i, 0, width,
				top + (size_t)i - 1 == s->selected ? PW_STYLE_SELECTED :
								     PW_STYLE_PLAIN,
				line);
	}
}

const struct pw_column *pw_screen_sort_key(struct pw_screen_sort *s, int key, bool *ret_done)
{
	const char *letter = key > 0 && key < 128 ? strchr(letters, key) : NULL;

	*ret_done = true;
	if (key == PW_KEY_ENTER)
		return sortable(s, s->selected);
	if (key == PW_KEY_ESCAPE)
		return NULL;
	if (letter && *letter && sortable(s, (size_t)(letter - letters)))
		return sortable(s, (size_t)(letter - letters));
	*ret_done = false;
	if (key == PW_KEY_UP && s->selected)
		s->selected--;
	if (key == PW_KEY_DOWN && sortable(s, s->selected + 1))
		s->selected++;
	return NULL;
}
