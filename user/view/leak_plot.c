// SPDX-License-Identifier: GPL-2.0-or-later
#include "user/view/leak_plot.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/clock.h"
#include "user/view/emitter.h"

#define EIGHTHS 8
#define BLOCK_COLUMNS 3 /* two of bar, one that shows the line alone */
#define COLUMNS (PW_TREND_BLOCKS * BLOCK_COLUMNS)
#define LABEL_WIDTH 8

enum mark { MARK_NONE, MARK_BAR, MARK_LINE, MARK_GAP };

struct cell {
	enum mark mark;
	unsigned int eighths; /* of a bar */
};

struct canvas {
	struct cell cell[PW_PLOT_ROWS][COLUMNS]; /* row 0 is the top */
	size_t columns;
	double low, high, time_scale;
	bool any_gap;
};

/* ---- Theil-Sen's line -------------------------------------------------------------- */

static int compare_doubles(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* The slope is per hour of the series' time, the blocks are of real time. */
static double slope_per_block(const struct pw_suspect *s, double time_scale)
{
	return s->verdict.slope * time_scale *
	       ((double)s->floors_block_ns / (3600.0 * PW_NSEC_PER_SEC));
}

/* The median of what is left of the floors without the slope: Sen's intercept. */
double pw_leak_line(const struct pw_suspect *s, double time_scale, size_t block)
{
	double rest[PW_TREND_BLOCKS], slope = slope_per_block(s, time_scale);
	size_t n = 0;

	for (size_t i = 0; i < s->floor_count && i < PW_TREND_BLOCKS; i++) {
		if (s->floors[i] != PW_UNKNOWN)
			rest[n++] = (double)s->floors[i] - slope * (double)i;
	}
	if (n < 2 || !isfinite(slope) || s->verdict.verdict == PW_VERDICT_UNKNOWN)
		return NAN;
	qsort(rest, n, sizeof(rest[0]), compare_doubles);
	return (n % 2 ? rest[n / 2] : (rest[n / 2 - 1] + rest[n / 2]) / 2) + slope * (double)block;
}

/* ---- drawing into cells -------------------------------------------------------------- */

static void widen(struct canvas *c, double value)
{
	if (!isfinite(value))
		return;
	c->low = fmin(c->low, value);
	c->high = fmax(c->high, value);
}

/* false: nothing to draw. */
static bool set_range(struct canvas *c, const struct pw_suspect *s)
{
	size_t known = 0;

	c->low = INFINITY;
	c->high = -INFINITY;
	for (size_t i = 0; i < s->floor_count; i++) {
		widen(c, pw_leak_line(s, c->time_scale, i));
		if (s->floors[i] == PW_UNKNOWN)
			continue;
		known++;
		widen(c, (double)s->floors[i]);
	}
	if (known < 2)
		return false;
	c->low = fmax(c->low, 0);
	if (c->high - c->low < c->high / 20)
		c->low = c->high * 0.95;
	if (c->high <= c->low)
		c->high = c->low + 1;
	return true;
}

/* Height in eighths of a row; a floor of the lowest value is still seen. */
static unsigned int height(const struct canvas *c, double value)
{
	double share = (value - c->low) / (c->high - c->low);
	double eighths = 1 + share * (PW_PLOT_ROWS * EIGHTHS - 1);

	return (unsigned int)lround(fmax(0, fmin(eighths, PW_PLOT_ROWS * EIGHTHS)));
}

static void draw_bar(struct canvas *c, size_t column, unsigned int eighths)
{
	for (size_t row = PW_PLOT_ROWS; row-- > 0 && eighths;) {
		unsigned int here = eighths < EIGHTHS ? eighths : EIGHTHS;

		c->cell[row][column] = (struct cell){ MARK_BAR, here };
		eighths -= here;
	}
}

static void draw_line(struct canvas *c, const struct pw_suspect *s, size_t block)
{
	double value = pw_leak_line(s, c->time_scale, block);
	unsigned int eighths;
	size_t row;

	if (!isfinite(value) || value < c->low)
		return;
	eighths = height(c, value);
	row = PW_PLOT_ROWS - 1 - (eighths ? eighths - 1 : 0) / EIGHTHS;
	for (size_t i = 0; i < BLOCK_COLUMNS; i++) {
		struct cell *cell = &c->cell[row][block * BLOCK_COLUMNS + i];

		if (cell->mark == MARK_NONE)
			cell->mark = MARK_LINE;
	}
}

static void draw_block(struct canvas *c, const struct pw_suspect *s, size_t block)
{
	for (size_t i = 0; i < BLOCK_COLUMNS - 1; i++) {
		size_t column = block * BLOCK_COLUMNS + i;

		if (s->floors[block] == PW_UNKNOWN)
			c->cell[PW_PLOT_ROWS - 1][column].mark = MARK_GAP;
		else
			draw_bar(c, column, height(c, (double)s->floors[block]));
	}
	c->any_gap |= s->floors[block] == PW_UNKNOWN;
	draw_line(c, s, block);
}

/* ---- cells to text ------------------------------------------------------------------- */

static const char *glyph(const struct cell *c, bool ascii)
{
	static const char *const bars[EIGHTHS + 1] = { " ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" };

	switch (c->mark) {
	case MARK_BAR:
		if (ascii)
			return c->eighths > EIGHTHS / 2 ? "#" : "_";
		return bars[c->eighths];
	case MARK_LINE:
		return ascii ? "-" : "─";
	case MARK_GAP:
		return ascii ? "?" : "·";
	case MARK_NONE:
		break;
	}
	return " ";
}

static char *next_line(struct pw_leak_plot *p)
{
	char *line = p->line[p->count++];

	line[0] = '\0';
	return line;
}

static void append(char *line, const char *text)
{
	size_t used = strlen(line);

	snprintf(line + used, PW_PLOT_LINE_BYTES - used, "%s", text);
}

/* The size that the middle of a row stands for; on every third row, and the last. */
static void add_label(char *line, const struct canvas *c, size_t row, bool bytes)
{
	double share = ((double)(PW_PLOT_ROWS - 1 - row)) / (PW_PLOT_ROWS - 1);
	char amount[PW_PLAIN_MAX] = "", label[PW_PLAIN_MAX + 4];

	if (row % 3 == 0 || row == PW_PLOT_ROWS - 1)
		pw_emit_amount(c->low + share * (c->high - c->low), bytes, amount);
	snprintf(label, sizeof(label), "%*s ", LABEL_WIDTH, amount);
	append(line, label);
}

static void add_rows(struct pw_leak_plot *p, const struct canvas *c, bool bytes, bool ascii)
{
	for (size_t row = 0; row < PW_PLOT_ROWS; row++) {
		char *line = next_line(p);

		add_label(line, c, row, bytes);
		append(line, ascii ? "|" : "│");
		for (size_t i = 0; i < c->columns; i++)
			append(line, glyph(&c->cell[row][i], ascii));
	}
}

#define LONG_NS (3600 * PW_NSEC_PER_SEC)

/* "2026-01-31T23:59Z"; to the second where the plot is of minutes. */
static void to_time(uint64_t realtime_ns, uint64_t span_ns, char out[PW_RFC3339_LEN])
{
	pw_clock_rfc3339(realtime_ns, out);
	snprintf(out + (span_ns < LONG_NS ? 19 : 16), 2, "Z");
}

static void add_axis(struct pw_leak_plot *p, const struct canvas *c, bool ascii)
{
	char *line = next_line(p), margin[LABEL_WIDTH + 2];

	snprintf(margin, sizeof(margin), "%*s ", LABEL_WIDTH, "");
	append(line, margin);
	append(line, ascii ? "+" : "└");
	for (size_t i = 0; i < c->columns; i++)
		append(line, ascii ? "-" : "─");
}

static void add_times(struct pw_leak_plot *p, const struct canvas *c, const struct pw_suspect *s)
{
	uint64_t span = s->floor_count * s->floors_block_ns;
	char from[PW_RFC3339_LEN], to[PW_RFC3339_LEN], text[PW_PLOT_LINE_BYTES];
	int width;

	to_time(s->floors_from_ns, span, from);
	to_time(s->floors_from_ns + span, span, to);
	width = (int)c->columns - (int)strlen(from);
	snprintf(text, sizeof(text), "%*s%s%*s", LABEL_WIDTH + 2, "", from,
		 width > (int)strlen(to) + 2 ? width : (int)strlen(to) + 2, to);
	append(next_line(p), text);
}

static void add_legend(struct pw_leak_plot *p, const struct canvas *c, const struct pw_suspect *s,
		       bool ascii)
{
	char block[PW_PLAIN_MAX], text[PW_PLOT_LINE_BYTES];

	pw_emit_duration(s->floors_block_ns, block);
	snprintf(text, sizeof(text), "%*sa bar: lowest value of %s%s%s%s", LABEL_WIDTH + 2, "", block,
		 !isfinite(pw_leak_line(s, c->time_scale, 0)) ? "" :
		 ascii					      ? "   --- Theil-Sen's line" :
								"   ─── Theil-Sen's line",
		 !c->any_gap ? "" :
		 ascii	     ? "   ?? nobody watched" :
			       "   ·· nobody watched",
		 "");
	append(next_line(p), text);
}

void pw_leak_plot(const struct pw_suspect *s, double time_scale, bool ascii, struct pw_leak_plot *ret)
{
	struct canvas c = {
		.columns = s->floor_count * BLOCK_COLUMNS,
		.time_scale = time_scale > 0 ? time_scale : 1,
	};

	ret->count = 0;
	if (s->floor_count > PW_TREND_BLOCKS || !set_range(&c, s))
		return;
	for (size_t i = 0; i < s->floor_count; i++)
		draw_block(&c, s, i);
	add_rows(ret, &c, pw_leak_in_bytes(s->kind), ascii);
	add_axis(ret, &c, ascii);
	add_times(ret, &c, s);
	add_legend(ret, &c, s, ascii);
}
