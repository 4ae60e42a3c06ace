/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Charts as inline SVG. Colours come from the page's style. */
#ifndef PW_VIEW_HTML_CHART_H
#define PW_VIEW_HTML_CHART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "user/view/column.h"

#define PW_CHART_LINES_MAX 6
#define PW_CHART_POINTS_MAX 256
#define PW_CHART_GAP INT64_MIN /* no value: the line breaks off */

struct pw_chart_line {
	char label[128]; /* raw bytes */
	int64_t bytes[PW_CHART_POINTS_MAX]; /* oldest first; the last one is at end_ns */
	size_t count;
};

struct pw_chart {
	const char *about; /* for who cannot see it: its title, raw bytes */
	const char *detail; /* and what is to be seen, raw bytes; NULL: nothing more */
	struct pw_chart_line lines[PW_CHART_LINES_MAX];
	size_t line_count;
	bool filled; /* the first line is an area */
	bool changes; /* values are shown with their sign */
	int64_t ceiling; /* the axis reaches at least so high; 0: as high as the lines */
	uint64_t step_ns; /* between two points */
	uint64_t end_ns; /* realtime of the last point */
	/* vertical marks (OOM kills), realtime */
	uint64_t marks[32];
	size_t mark_count;
};

/*
 * Lines over time with axes and a legend; one area alone has a heading to say
 * what it is. Where the first line has gaps, the ground is hatched.
 */
void pw_chart_draw(const struct pw_chart *c, FILE *out);

/* One bar: anonymous, shared, swapped and file memory against the longest bar's total. */
#define PW_CHART_KINDS 4
void pw_chart_kinds(const uint64_t bytes[PW_CHART_KINDS], uint64_t longest, FILE *out);

/* A line without axes, as high as the text; it breaks off at gaps. A value of PW_UNIT_SPARK. */
void pw_chart_spark(const struct pw_value *v, FILE *out);

#endif
