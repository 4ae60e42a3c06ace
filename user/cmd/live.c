// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>

#include "user/base/clock.h"
#include "user/base/text.h"
#include "user/cmd/interrupt.h"
#include "user/cmd/live.h"
#include "user/cmd/output.h"
#include "user/view/screen.h"

enum mode { MODE_TABLE, MODE_PROCESS, MODE_SORT, MODE_HELP, MODE_FILTER };

struct live {
	struct pw_session *session;
	const struct pw_live_options *opt;
	enum mode mode;
	enum mode back; /* where help returns to */
	bool quit;
	bool paused;
	bool dirty; /* an update is due */
	struct pw_screen_status status;
	struct pw_screen_table table;
	struct pw_screen_process process;
	struct pw_screen_sort sort;
	int help_scroll;
	char prompt[PW_SCREEN_FILTER];
	uint64_t next_view_ns; /* when the process may be looked into again */
	struct pw_error problem; /* why there is no fresh view */
	char *words; /* of the chosen columns */
	const char *names[PW_OUTPUT_COLUMNS_MAX + 1];
	int rows, columns;
	int table_height; /* of the last picture, for paging */
};

/* ---- segment views ---------------------------------------------------------------- */

/* A view costs at most this share of the time, however big the process. */
#define VIEW_SHARE 10

static void look_into_process(struct live *l)
{
	struct pw_session *s = l->session;
	uint64_t before = pw_clock_boot_ns(), after;
	const struct pw_process *p = pw_model_process(s->model, &l->process.key);
	int rc;

	if (s->input || !p || !p->alive || before < l->next_view_ns)
		return;
	l->problem.what[0] = '\0';
	rc = pw_session_segments(s, &l->process.key, l->opt->segment_flags, &l->problem);
	if (rc == -ESRCH)
		snprintf(l->problem.what, sizeof(l->problem.what), "the process has ended");
	else if (rc && !l->problem.what[0])
		snprintf(l->problem.what, sizeof(l->problem.what), "cannot look into it: %s",
			 strerror(-rc));
	after = pw_clock_boot_ns();
	l->next_view_ns = after + (after - before) * VIEW_SHARE;
}

static void open_process(struct live *l, const struct pw_key *key)
{
	pw_screen_process_deinit(&l->process);
	pw_screen_process_init(&l->process, key);
	l->next_view_ns = 0;
	look_into_process(l);
	l->mode = MODE_PROCESS;
	l->dirty = true;
}

static void leave_process(struct live *l)
{
	if (l->opt->process)
		l->quit = true;
	else
		l->mode = MODE_TABLE;
	l->dirty = true;
}

/* ---- update ------------------------------------------------------------------------ */

static bool shows_process(const struct live *l)
{
	return l->mode == MODE_PROCESS || (l->mode == MODE_HELP && l->back == MODE_PROCESS);
}

static int update(struct live *l)
{
	const struct pw_session *s = l->session;
	const struct pw_screen_origin origin = { s->input, s->why.what, s->ended };

	l->dirty = false;
	if (l->paused)
		return 0;
	pw_screen_status_update(&l->status, s->model, &origin, l->columns);
	if (!shows_process(l))
		return pw_screen_table_update(&l->table, s->model);
	l->process.problem = l->problem.what;
	return pw_screen_process_update(&l->process, s->model, l->columns);
}

static int set_pause(struct live *l, bool pause)
{
	int rc;

	if (!pause) {
		pw_grid_thaw(&l->table.grid);
		pw_grid_thaw(&l->process.grid);
		l->paused = false;
		l->dirty = true;
		return 0;
	}
	rc = update(l);
	if (!rc)
		rc = pw_grid_freeze(shows_process(l) ? &l->process.grid : &l->table.grid);
	l->paused = !rc;
	return rc;
}

/* ---- drawing ------------------------------------------------------------------------- */

static void draw_foot(const struct live *l, int row)
{
	struct pw_screen_lines line = { 0 };

	if (l->mode == MODE_FILTER) {
		char text[4 * PW_SCREEN_FILTER + 1];

		pw_text_escape(text, sizeof(text), l->prompt, strlen(l->prompt));
		pw_screen_line(&line, PW_STYLE_SELECTED, "filter: %s_", text);
	} else if (l->mode == MODE_PROCESS) {
		pw_screen_line(&line, PW_STYLE_HEADER, "q back  l timeline  Space pause  h help");
	} else if (l->mode == MODE_TABLE) {
		pw_screen_line(
			&line, PW_STYLE_HEADER,
			"h help  q quit  Enter open  / filter  s sort  g groups  t tree  d dead  ");
		pw_screen_table_describe(&l->table, &line);
	} else {
		pw_screen_line(&line, PW_STYLE_HEADER, "Esc back");
	}
	pw_screen_lines_draw(&line, row, 1, l->columns);
	if (l->paused)
		pw_terminal_put(row, l->columns > 8 ? l->columns - 8 : 0, 8, PW_STYLE_SELECTED,
				" PAUSED ");
}

static void draw(struct live *l)
{
	int top, height;

	pw_terminal_begin();
	top = pw_screen_lines_draw(&l->status.lines, 0, l->rows / 3, l->columns);
	height = l->rows - top - 1;
	if (l->mode == MODE_HELP)
		pw_screen_help_draw(top, height, l->columns,
				    l->help_scroll = pw_screen_help_scroll(l->help_scroll, height));
	else if (l->mode == MODE_SORT)
		pw_screen_sort_draw(&l->sort, top, height, l->columns);
	else if (l->mode == MODE_PROCESS)
		pw_screen_process_draw(&l->process, top, height, l->columns);
	else
		pw_screen_table_draw(&l->table, top, height, l->columns);
	l->table_height = height;
	if (l->rows > 1)
		draw_foot(l, l->rows - 1);
	pw_terminal_end();
}

/* ---- keys ---------------------------------------------------------------------------- */

/* What the locale cannot write is not typed. */
static void add_typed(char *text, size_t size, int key)
{
	size_t used = strlen(text), n;
	char bytes[MB_LEN_MAX];
	mbstate_t state = { 0 };

	n = wcrtomb(bytes, (wchar_t)key, &state);
	if (n == (size_t)-1 || used + n >= size)
		return;
	memcpy(text + used, bytes, n);
	text[used + n] = '\0';
}

static void drop_last(char *text)
{
	size_t n = strlen(text);

	while (n && ((unsigned char)text[n - 1] & 0xc0) == 0x80)
		n--;
	text[n ? n - 1 : 0] = '\0';
}

/* The table follows each letter; Esc takes the filter away. */
static void filter_key(struct live *l, int key)
{
	if (key == PW_KEY_ENTER || key == PW_KEY_ESCAPE)
		l->mode = MODE_TABLE;
	if (key == PW_KEY_ESCAPE)
		l->prompt[0] = '\0';
	else if (key == PW_KEY_BACKSPACE)
		drop_last(l->prompt);
	else if (key >= ' ' && key < PW_KEY_UP)
		add_typed(l->prompt, sizeof(l->prompt), key);
	pw_screen_table_filter(&l->table, l->prompt);
	l->dirty = true;
}

static void sort_key(struct live *l, int key)
{
	bool done;
	const struct pw_column *c = pw_screen_sort_key(&l->sort, key, &done);

	if (c)
		pw_screen_table_sort(&l->table, c);
	if (done)
		l->mode = MODE_TABLE;
	l->dirty = true;
}

static void help_key(struct live *l, int key)
{
	if (key == PW_KEY_UP)
		l->help_scroll--;
	else if (key == PW_KEY_DOWN)
		l->help_scroll++;
	else if (key == PW_KEY_PAGE_UP)
		l->help_scroll -= l->table_height;
	else if (key == PW_KEY_PAGE_DOWN)
		l->help_scroll += l->table_height;
	else if (key != PW_KEY_OTHER)
		l->mode = l->back;
}

static void process_key(struct live *l, int key)
{
	if (key == 'q' || key == PW_KEY_ESCAPE || key == PW_KEY_BACKSPACE)
		leave_process(l);
	else if (pw_screen_process_key(&l->process, key, l->table_height))
		l->dirty = true;
}

/* What needs a fresh table ends the pause first. */
static int begin_table_change(struct live *l)
{
	return l->paused ? set_pause(l, false) : 0;
}

static int table_key(struct live *l, int key)
{
	struct pw_key selected;
	int rc = 0;

	switch (key) {
	case 'q':
	case PW_KEY_QUIT:
		l->quit = true;
		return 0;
	case PW_KEY_ENTER:
		if (!pw_screen_table_selected(&l->table, &selected))
			return 0;
		rc = begin_table_change(l);
		open_process(l, &selected);
		return rc;
	case '/':
	case PW_KEY_FILTER:
		l->mode = MODE_FILTER;
		snprintf(l->prompt, sizeof(l->prompt), "%s", l->table.filter);
		return begin_table_change(l);
	case 's':
	case PW_KEY_SORT:
		pw_screen_sort_init(&l->sort, pw_screen_table_columns(&l->table), l->table.opt.sort);
		l->mode = MODE_SORT;
		return begin_table_change(l);
	}
	if (pw_screen_table_key(&l->table, key, l->table_height))
		l->dirty = true;
	return 0;
}

static int take_key(struct live *l, int key)
{
	bool typing = l->mode == MODE_FILTER || l->mode == MODE_SORT || l->mode == MODE_HELP;

	if (!typing && key == ' ')
		return set_pause(l, !l->paused);
	if (!typing && (key == 'h' || key == '?' || key == PW_KEY_HELP)) {
		l->back = l->mode;
		l->mode = MODE_HELP;
		l->help_scroll = 0;
		return 0;
	}
	switch (l->mode) {
	case MODE_FILTER:
		filter_key(l, key);
		return 0;
	case MODE_SORT:
		sort_key(l, key);
		return 0;
	case MODE_HELP:
		help_key(l, key);
		return 0;
	case MODE_PROCESS:
		/* leaving a paused process shows a table that is not frozen */
		if (l->paused && (key == 'q' || key == PW_KEY_ESCAPE))
			set_pause(l, false);
		process_key(l, key);
		return 0;
	default:
		return table_key(l, key);
	}
}

static int take_keys(struct live *l)
{
	int key, taken = 0, rc = 0;

	while (!rc && !l->quit && (key = pw_terminal_key()) != PW_KEY_NONE) {
		taken++;
		rc = take_key(l, key);
	}
	/* readable without a key: the terminal has hung up */
	if (!taken)
		l->quit = true;
	return rc;
}

/* ---- the loop ------------------------------------------------------------------------- */

static int serve(struct live *l, enum pw_session_event event)
{
	switch (event) {
	case PW_SESSION_TICK:
		if (l->mode == MODE_PROCESS && !l->paused)
			look_into_process(l);
		/* fallthrough */
	case PW_SESSION_END:
		l->dirty = true;
		return 0;
	case PW_SESSION_INPUT:
		return take_keys(l);
	case PW_SESSION_WAKE:
		l->quit = pw_interrupted();
		l->dirty = true;
		return 0;
	}
	return 0;
}

static int loop(struct live *l, struct pw_error *err)
{
	while (!l->quit) {
		enum pw_session_event event;
		int rc;

		pw_terminal_size(&l->rows, &l->columns);
		rc = l->dirty ? update(l) : 0;
		if (rc)
			return pw_error_set(err, rc, "no memory for the screen");
		draw(l);
		rc = pw_session_wait(l->session, STDIN_FILENO, &event, err);
		if (rc)
			return rc;
		rc = serve(l, event);
		if (rc)
			return pw_error_set(err, rc, "no memory for the screen");
	}
	return 0;
}

int pw_live_run(struct pw_session *s, const struct pw_live_options *opt, struct pw_error *err)
{
	struct live l = { .session = s, .opt = opt, .dirty = true };
	int rc = 0;

	if (opt->columns)
		rc = pw_columns_split(opt->columns, &l.words, l.names);
	if (rc)
		return pw_error_set(err, rc, "no memory for the columns");
	rc = pw_terminal_open(err);
	if (rc)
		return rc;
	pw_screen_table_init(&l.table, &opt->list, l.words ? l.names : NULL);
	pw_screen_process_init(&l.process, &(struct pw_key){ 0 });
	if (opt->process)
		open_process(&l, opt->process);
	rc = loop(&l, err);
	pw_terminal_close();
	pw_screen_process_deinit(&l.process);
	pw_screen_table_deinit(&l.table);
	free(l.words);
	return rc;
}
