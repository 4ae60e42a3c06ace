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
			if (line->bytes[i] == PW_CHART_GAP)
				continue;
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
static double line_x(const struct axes *a, const struct pw_chart_line *line, size_t i)
{
	return x_of(a, a->points - line->count + i);
}

static void put_points(const struct axes *a, const struct pw_chart_line *line, size_t from,
		       size_t to, FILE *out)
{
	for (size_t i = from; i < to; i++)
		fprintf(out, "%s%.1f,%.1f", i > from ? " " : "", line_x(a, line, i),
			y_of(a, line->bytes[i]));
}

/* The points [from, to) without a gap; one alone is drawn as a dash. */
static void draw_stretch(const struct pw_chart *c, const struct axes *a, size_t index, size_t from,
			 size_t to, FILE *out)
{
	const struct pw_chart_line *line = &c->lines[index];

	if (c->filled && index == 0) {
		fprintf(out, "<polygon class=\"area\" points=\"%.1f,%.1f ", line_x(a, line, from),
			y_of(a, 0));
		put_points(a, line, from, to, out);
		fprintf(out, " %.1f,%.1f\"/>\n", line_x(a, line, to - 1), y_of(a, 0));
	}
	fprintf(out, "<polyline class=\"line c%zu\" points=\"", index);
	put_points(a, line, from, to, out);
	if (to - from == 1)
		fprintf(out, " %.1f,%.1f", line_x(a, line, from) + 2, y_of(a, line->bytes[from]));
	fputs("\"/>\n", out);
}

/* The end of what begins at `from` and is a gap, or is none, all through. */
static size_t stretch_end(const struct pw_chart_line *line, size_t from)
{
	bool gap = line->bytes[from] == PW_CHART_GAP;

	while (from < line->count && (line->bytes[from] == PW_CHART_GAP) == gap)
		from++;
	return from;
}

static void draw_line(const struct pw_chart *c, const struct axes *a, size_t index, FILE *out)
{
	const struct pw_chart_line *line = &c->lines[index];

	for (size_t from = 0, to; from < line->count; from = to) {
		to = stretch_end(line, from);
		if (line->bytes[from] != PW_CHART_GAP)
			draw_stretch(c, a, index, from, to, out);
	}
}

static void draw_gaps(const struct pw_chart *c, const struct axes *a, FILE *out)
{
	const struct pw_chart_line *line = &c->lines[0];

	for (size_t from = 0, to; from < line->count; from = to) {
		double left, right;

		to = stretch_end(line, from);
		if (line->bytes[from] != PW_CHART_GAP)
			continue;
		left = line_x(a, line, from ? from - 1 : from);
		right = line_x(a, line, to < line->count ? to : to - 1);
		fprintf(out,
			"<rect class=\"gap\" x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"%d\"/>\n",
			left, TOP, right - left, HEIGHT - TOP - BOTTOM);
	}
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

/* The newest value. */
static const char *last_value(const struct pw_chart *c, const struct pw_chart_line *line,
			      char size[PW_SIZE_TEXT])
{
	for (size_t i = line->count; i > 0; i--) {
		int64_t bytes = line->bytes[i - 1];

		if (bytes == PW_CHART_GAP)
			continue;
		return c->changes || bytes < 0 ? pw_text_signed_size(bytes, size) :
						 pw_text_size((uint64_t)bytes, size);
	}
	return "-";
}

static void draw_legend(const struct pw_chart *c, FILE *out)
{
	char size[PW_SIZE_TEXT];

	fputs("<ul class=\"legend\">", out);
	for (size_t i = 0; i < c->line_count; i++) {
		const struct pw_chart_line *line = &c->lines[i];

		fprintf(out, "<li><span class=\"dot c%zu\"></span>", i);
		pw_html_string(out, line->label);
		fprintf(out, " <b>%s</b></li>", last_value(c, line, size));
	}
	fputs("</ul>\n", out);
}

/* What a screen reader tells, and a pointer that rests on the drawing. */
static void draw_words(const struct pw_chart *c, FILE *out)
{
	fputs("<title>", out);
	pw_html_string(out, c->about);
	fputs("</title>\n", out);
	if (!c->detail)
		return;
	fputs("<desc>", out);
	pw_html_string(out, c->detail);
	fputs("</desc>\n", out);
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
	draw_words(c, out);
	draw_gaps(c, &a, out);
	draw_grid(&a, out);
	draw_times(c, &a, out);
	draw_marks(c, &a, out);
	for (size_t i = c->line_count; i > 0; i--) /* the first on top */
		draw_line(c, &a, i - 1, out);
	fputs("</svg>\n", out);
	if (!c->filled || c->line_count > 1)
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

static bool is_gap(const struct pw_value *v, size_t i)
{
	return v->spark.gapped && v->spark.points[i] == PW_SPARK_GAP;
}

/* Points of the stretch that begins at `from`; returns its end. */
static size_t spark_stretch(const struct pw_value *v, size_t from, uint32_t low, double range,
			    FILE *out)
{
	const double last = (double)(v->spark.count - 1);
	size_t i;

	fputs("<polyline points=\"", out);
	for (i = from; i < v->spark.count && !is_gap(v, i); i++)
		fprintf(out, "%s%.1f,%.1f", i > from ? " " : "", 100.0 * (double)i / last,
			19 - 18 * (double)(v->spark.points[i] - low) / range);
	if (i == from + 1)
		fprintf(out, " %.1f,%.1f", 100.0 * (double)from / last + 1,
			19 - 18 * (double)(v->spark.points[from] - low) / range);
	fputs("\"/>", out);
	return i;
}

void pw_chart_spark(const struct pw_value *v, FILE *out)
{
	uint32_t low = UINT32_MAX, high = 0;
	double range;

	for (size_t i = 0; i < v->spark.count; i++) {
		if (is_gap(v, i))
			continue;
		low = v->spark.points[i] < low ? v->spark.points[i] : low;
		high = v->spark.points[i] > high ? v->spark.points[i] : high;
	}
	if (v->spark.count < 2 || low > high)
		return;
	/* as in text: less than 5% of change is drawn as little change */
	range = high - low < high / 20 ? high / 20 : high - low;
	range = range > 0 ? range : 1;
	fputs("<svg class=\"spark\" viewBox=\"0 0 100 20\" preserveAspectRatio=\"none\" "
	      "aria-hidden=\"true\">",
	      out);
	for (size_t i = 0; i < v->spark.count;) {
		if (is_gap(v, i))
			i++;
		else
			i = spark_stretch(v, i, low, range, out);
	}
	fputs("</svg>", out);
}
