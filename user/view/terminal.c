// SPDX-License-Identifier: GPL-2.0-or-later
#define _XOPEN_SOURCE_EXTENDED 1 /* ncurses' wide characters */
#include "user/view/terminal.h"

#include <curses.h>
#include <errno.h>
#include <langinfo.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "user/base/text.h"

static SCREEN *screen;
static int rows, columns;

static const struct {
	short colour; /* -1: the terminal's own */
	attr_t attributes; /* on top of the colour */
	attr_t without_colour; /* in its place */
} styles[PW_STYLES] = {
	[PW_STYLE_PLAIN] = { -1, A_NORMAL, A_NORMAL },
	[PW_STYLE_DIM] = { -1, A_DIM, A_DIM },
	[PW_STYLE_BOLD] = { -1, A_BOLD, A_BOLD },
	[PW_STYLE_HEADER] = { -1, A_REVERSE, A_REVERSE },
	[PW_STYLE_SELECTED] = { -1, A_REVERSE | A_BOLD, A_REVERSE | A_BOLD },
	[PW_STYLE_GROWING] = { COLOR_YELLOW, A_NORMAL, A_BOLD },
	[PW_STYLE_SHRINKING] = { COLOR_GREEN, A_NORMAL, A_NORMAL },
	[PW_STYLE_WARNING] = { COLOR_YELLOW, A_NORMAL, A_BOLD },
	[PW_STYLE_BAD] = { COLOR_RED, A_BOLD, A_BOLD | A_UNDERLINE },
};

static void start_styles(void)
{
	if (!has_colors())
		return;
	start_color();
	use_default_colors();
	for (short i = 0; i < PW_STYLES; i++) {
		if (styles[i].colour >= 0)
			init_pair((short)(i + 1), styles[i].colour, -1);
	}
}

int pw_terminal_open(struct pw_error *err)
{
	const char *term = getenv("TERM");
	int rc;

	screen = newterm(NULL, stdout, stdin);
	if (!screen) {
		rc = pw_error_set(err, -ENOTTY, "cannot use this terminal: TERM is '%s'",
				  term ? term : "");
		pw_error_remedy(err, "set TERM to what the terminal is (xterm-256color, linux), or "
				     "take --format text");
		return rc;
	}
	set_term(screen);
	start_styles();
	cbreak();
	noecho();
	nonl();
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	set_escdelay(25);
	curs_set(0);
	rows = LINES;
	columns = COLS;
	return 0;
}

void pw_terminal_close(void)
{
	if (!screen)
		return;
	endwin();
	delscreen(screen);
	screen = NULL;
}

void pw_terminal_size(int *ret_rows, int *ret_columns)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row && size.ws_col &&
	    (size.ws_row != rows || size.ws_col != columns)) {
		resizeterm(size.ws_row, size.ws_col);
		/* what the terminal did with the old cells is not known */
		clearok(curscr, TRUE);
		rows = size.ws_row;
		columns = size.ws_col;
	}
	*ret_rows = rows;
	*ret_columns = columns;
}

bool pw_terminal_ascii(void)
{
	return strcmp(nl_langinfo(CODESET), "UTF-8") != 0;
}

void pw_terminal_begin(void)
{
	erase();
}

static attr_t attributes_of(enum pw_style style)
{
	if (styles[style].colour < 0 || !has_colors())
		return styles[style].without_colour;
	return styles[style].attributes | (attr_t)COLOR_PAIR(style + 1);
}

#define LINE_BYTES 4096

void pw_terminal_put(int row, int column, int width, enum pw_style style, const char *text)
{
	char line[LINE_BYTES];

	if (width > columns - column)
		width = columns - column;
	if (row < 0 || row >= rows || column < 0 || width <= 0)
		return;
	pw_text_fit(line, sizeof(line), text, (size_t)width, 0);
	attrset(attributes_of(style));
	mvaddstr(row, column, line);
	attrset(A_NORMAL);
}

void pw_terminal_end(void)
{
	refresh();
}

static const struct {
	int curses;
	int code;
} key_codes[] = {
	{ KEY_UP, PW_KEY_UP },	       { KEY_DOWN, PW_KEY_DOWN },
	{ KEY_PPAGE, PW_KEY_PAGE_UP }, { KEY_NPAGE, PW_KEY_PAGE_DOWN },
	{ KEY_HOME, PW_KEY_HOME },     { KEY_END, PW_KEY_END },
	{ KEY_ENTER, PW_KEY_ENTER },   { KEY_BACKSPACE, PW_KEY_BACKSPACE },
	{ KEY_F(1), PW_KEY_HELP },     { KEY_F(4), PW_KEY_FILTER },
	{ KEY_F(5), PW_KEY_TREE },     { KEY_F(6), PW_KEY_SORT },
	{ KEY_F(10), PW_KEY_QUIT },
};

int pw_terminal_key(void)
{
	wint_t c;
	int kind = get_wch(&c);

	if (kind == ERR)
		return PW_KEY_NONE;
	if (kind != KEY_CODE_YES) {
		if (c == '\r' || c == '\n')
			return PW_KEY_ENTER;
		return c == 127 || c == 8 ? PW_KEY_BACKSPACE : (int)c;
	}
	for (size_t i = 0; i < sizeof(key_codes) / sizeof(key_codes[0]); i++) {
		if (key_codes[i].curses == (int)c)
			return key_codes[i].code;
	}
	return PW_KEY_OTHER;
}
