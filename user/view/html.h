/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The HTML of a page that needs nothing but itself: one style, no script, a
 * policy that forbids every request. All text from outside goes through
 * pw_html_text(). Errors of the write stay in the FILE.
 */
#ifndef PW_VIEW_HTML_H
#define PW_VIEW_HTML_H

#include <stdio.h>

#include "user/view/emit.h"

void pw_html_begin(FILE *out, const char *title);
void pw_html_end(FILE *out);

/* Raw bytes, made printable and harmless in text and in quoted attributes. */
void pw_html_text(FILE *out, const char *bytes, size_t len);
void pw_html_string(FILE *out, const char *bytes);

/*
 * A table under its title, with the columns that it shows (see struct
 * pw_table). Where it shows memory by kind, a bar of anonymous, shared,
 * swapped and file memory comes first. `empty` is said in place of a table without rows.
 */
void pw_html_table(FILE *out, const struct pw_table *t, const char *about, const char *empty);

/* Its head and rows alone. */
void pw_html_rows(FILE *out, const struct pw_table *t);

#endif
