/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The terminal, and nothing else that knows of curses: a rectangle of cells
 * to draw into, keys to read. Texts are already escaped and printable.
 */
#ifndef PW_VIEW_TERMINAL_H
#define PW_VIEW_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>

#include "user/base/error.h"

/* Colours have a meaning or are not there. */
enum pw_style {
	PW_STYLE_PLAIN,
	PW_STYLE_DIM, /* labels, dead processes */
	PW_STYLE_BOLD, /* what the eye should find first */
	PW_STYLE_HEADER, /* table heads, key lines */
	PW_STYLE_SELECTED,
	PW_STYLE_GROWING, /* yellow: a footprint that grows */
	PW_STYLE_SHRINKING, /* green */
	PW_STYLE_WARNING, /* yellow: not seen, lost */
	PW_STYLE_BAD, /* red: memory nearly gone, OOM kill */
	PW_STYLES
};

/* Codes above every character. */
enum pw_key_code {
	PW_KEY_NONE = -1, /* nothing typed */
	PW_KEY_ESCAPE = 27,
	PW_KEY_UP = 0x110000,
	PW_KEY_DOWN,
	PW_KEY_PAGE_UP,
	PW_KEY_PAGE_DOWN,
	PW_KEY_HOME,
	PW_KEY_END,
	PW_KEY_ENTER,
	PW_KEY_BACKSPACE,
	PW_KEY_HELP, /* F1 */
	PW_KEY_FILTER, /* F4 */
	PW_KEY_TREE, /* F5 */
	PW_KEY_SORT, /* F6 */
	PW_KEY_QUIT, /* F10 */
	PW_KEY_OTHER, /* a key without a meaning here */
};

/* One terminal for a process. The error names TERM when it is not known. */
int pw_terminal_open(struct pw_error *err);
void pw_terminal_close(void); /* also when it never opened */

/* The size now; cells of a size that changed since the last call are redrawn. */
void pw_terminal_size(int *ret_rows, int *ret_columns);
bool pw_terminal_ascii(void); /* the locale has no Unicode */

void pw_terminal_begin(void); /* an empty picture */
/* Puts text at a place, exactly width columns of it (cut or padded). */
void pw_terminal_put(int row, int column, int width, enum pw_style style, const char *text);
/* Only what differs from the last picture is sent. */
void pw_terminal_end(void);

/* A code point, an enum pw_key_code, or PW_KEY_NONE; never waits. */
int pw_terminal_key(void);

#endif
