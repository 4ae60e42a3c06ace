// SPDX-License-Identifier: GPL-2.0-or-later
#include "user/view/html_chart.h"

#include <inttypes.h>
#include <string.h>

#include "user/base/clock.h"
#include "user/base/text.h"
#include "user/view/html.h"

/* The drawing's own units; the page scales it. */
#define WIDTH 900
#define HEIGHT 240
#define LEFT 58
#define RIGHT 12
#define TOP 10
#define BOTTOM 26
#define GRID_LINES 5

struct axes {
	int64_t low, high, step; /* bytes */
	size_t points;
};

static double x_of(const struct axes *a, size_t i)
{
	size_t last = a->points > 1 ? a->points - 1 : 1;

	return LEFT + (double)(WIDTH - LEFT - RIGHT) * (double)i / (double)last;
}

static double y_of(const struct axes *a, int64_t bytes)
{
	double part = (double)(bytes - a->low) / (double)(a->high - a->low);

	return TOP + (HEIGHT - TOP - BOTTOM) * (1 - part);
}

/* Sizes are read in powers of two, so the grid stands on them. */
static struct axes axes_of(const struct pw_chart *c)
{
	struct axes a = { .low = 0, .high = c->ceiling, .step = 4096 };

	for (size_t l = 0; l < c->line_count; l++) {
		const struct pw_chart_line *line = &c->lines[l];

		a.points = line->count > a.points ? line->count : a.points;
		for (size_t i = 0; i < line->count; i++) {
			a.low = line->bytes[i] < a.low ? line->bytes[i] : a.low;
			a.high = line->bytes[i] > a.high ? line->bytes[i] : a.high;
		}
	}
	if (a.high - a.low < 4096)
		a.high = a.low + 4096;
	while ((a.high - a.low) / a.step > GRID_LINES && a.step < INT64_MAX / 4)
		a.step *= 2;
	if (!c->ceiling)
		a.high += (a.step - a.high % a.step) % a.step;
	a.low -= (a.step + a.low % a.step) % a.step;
	return a;
}

static void draw_grid_line(const struct axes *a, int64_t bytes, FILE *out)
{
	char size[PW_SIZE_TEXT];
	double y = y_of(a, bytes);

	fprintf(out,
		"<line class=\"%s\" x1=\"%d\" y1=\"%.1f\" x2=\"%d\" y2=\"%.1f\"/>"
		"<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%s</text>\n",
		bytes == 0 ? "axis" : "grid", LEFT, y, WIDTH - RIGHT, y, LEFT - 6, y + 4,
		a->low < 0 ? pw_text_signed_size(bytes, size) : pw_text_size((uint64_t)bytes, size));
}

/* The top has its own line where there is room for its label. */
static void draw_grid(const struct axes *a, FILE *out)
{
	int64_t v;

	for (v = a->low; v <= a->high; v += a->step)
		draw_grid_line(a, v, out);
	if (a->high - (v - a->step) > a->step / 2)
		draw_grid_line(a, a->high, out);
}

/* "12:34:56", or "11-21 12:34" where the drawing spans more than a day. */
static void draw_times(const struct pw_chart *c, const struct axes *a, FILE *out)
{
	uint64_t span = c->step_ns * (a->points - 1);
	bool days = span > 24 * 3600 * PW_NSEC_PER_SEC;
	size_t ticks = a->points < 7 ? a->points : 7;

	for (size_t t = 0; t < ticks; t++) {
		size_t i = ticks > 1 ? t * (a->points - 1) / (ticks - 1) : 0;
		char time[PW_RFC3339_LEN];

		pw_clock_rfc3339(c->end_ns - c->step_ns * (a->points - 1 - i), time);
		if (days)
			time[10] = ' ';
		fprintf(out, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"%s\">%.*s</text>\n",
			x_of(a, i), HEIGHT - 8,
			t == 0	       ? "start" :
			t + 1 == ticks ? "end" :
					 "middle",
			days ? 11 : 8, days ? time + 5 : time + 11);
	}
}

/* A younger line starts later: all end at the right edge. */
static void put_points(const struct axes *a, const struct pw_chart_line *line, FILE *out)
{
	for (size_t i = 0; i < line->count; i++)
		fprintf(out, "%s%.1f,%.1f", i ? " " : "", x_of(a, a->points - line->count + i),
			y_of(a, line->bytes[i]));
}

static void draw_line(const struct pw_chart *c, const struct axes *a, size_t index, FILE *out)
{
	const struct pw_chart_line *line = &c->lines[index];

	if (!line->count)
		return;
	if (c->filled) {
		fprintf(out, "<polygon class=\"area\" points=\"%.1f,%.1f ",
			x_of(a, a->points - line->count), y_of(a, 0));
		put_points(a, line, out);
		fprintf(out, " %.1f,%.1f\"/>\n", x_of(a, a->points - 1), y_of(a, 0));
	}
	fprintf(out, "<polyline class=\"line c%zu\" points=\"", index);
	put_points(a, line, out);
	fputs("\"/>\n", out);
}

static void draw_marks(const struct pw_chart *c, const struct axes *a, FILE *out)
{
	uint64_t span = c->step_ns * (a->points - 1);

	for (size_t i = 0; i < c->mark_count; i++) {
		uint64_t ago = c->end_ns > c->marks[i] ? c->end_ns - c->marks[i] : 0;
		double x;

		if (!span || ago > span)
			continue;
		x = LEFT + (WIDTH - LEFT - RIGHT) * (1 - (double)ago / (double)span);
		fprintf(out, "<line class=\"mark\" x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" y2=\"%d\"/>\n",
			x, TOP, x, HEIGHT - BOTTOM);
	}
}

static void draw_legend(const struct pw_chart *c, FILE *out)
{
	char size[PW_SIZE_TEXT];

	fputs("<ul class=\"legend\">", out);
	for (size_t i = 0; i < c->line_count; i++) {
		const struct pw_chart_line *line = &c->lines[i];

		fprintf(out, "<li><span class=\"dot c%zu\"></span>", i);
		pw_html_string(out, line->label);
		fprintf(out, " <b>%s</b></li>",
			line->count ? pw_text_signed_size(line->bytes[line->count - 1], size) : "-");
	}
	fputs("</ul>\n", out);
}

void pw_chart_draw(const struct pw_chart *c, FILE *out)
{
	struct axes a = axes_of(c);

	if (!a.points)
		return;
	fprintf(out, "<svg class=\"chart\" viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"", WIDTH,
		HEIGHT);
	pw_html_string(out, c->about);
	fputs("\">\n", out);
	draw_grid(&a, out);
	draw_times(c, &a, out);
	draw_marks(c, &a, out);
	for (size_t i = 0; i < c->line_count; i++)
		draw_line(c, &a, i, out);
	fputs("</svg>\n", out);
	if (!c->filled)
		draw_legend(c, out);
}

void pw_chart_kinds(const uint64_t bytes[PW_CHART_KINDS], uint64_t longest, FILE *out)
{
	static const char *const kinds[PW_CHART_KINDS] = { "anon", "shmem", "swap", "file" };
	double x = 0;

	fputs("<svg class=\"kinds\" viewBox=\"0 0 100 10\" preserveAspectRatio=\"none\" "
	      "aria-hidden=\"true\">",
	      out);
	for (size_t i = 0; i < PW_CHART_KINDS && longest; i++) {
		double width = 100.0 * (double)bytes[i] / (double)longest;

		if (width <= 0)
			continue;
		fprintf(out, "<rect class=\"%s\" x=\"%.2f\" width=\"%.2f\" height=\"10\"/>",
			kinds[i], x, width);
		x += width;
	}
	fputs("</svg>", out);
}

void pw_chart_spark(const uint32_t *points, size_t count, FILE *out)
{
	uint32_t low = UINT32_MAX, high = 0;
	double range;

	for (size_t i = 0; i < count; i++) {
		low = points[i] < low ? points[i] : low;
		high = points[i] > high ? points[i] : high;
	}
	if (count < 2)
		return;
	/* as in text: less than 5% of change is drawn as little change */
	range = high - low < high / 20 ? high / 20 : high - low;
	range = range > 0 ? range : 1;
	fputs("<svg class=\"spark\" viewBox=\"0 0 100 20\" preserveAspectRatio=\"none\" "
	      "aria-hidden=\"true\"><polyline points=\"",
	      out);
	for (size_t i = 0; i < count; i++)
		fprintf(out, "%s%.1f,%.1f", i ? " " : "", 100.0 * (double)i / (double)(count - 1),
			19 - 18 * (double)(points[i] - low) / range);
	fputs("\"/></svg>", out);
}
