/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The floors of a series as lines of text: bars, gaps, Theil-Sen's line, sizes and times. */
#ifndef PW_VIEW_LEAK_PLOT_H
#define PW_VIEW_LEAK_PLOT_H

#include <stdbool.h>

#include "user/view/leak_table.h"

#define PW_PLOT_ROWS 10
#define PW_PLOT_LINES (PW_PLOT_ROWS + 4) /* the axis, its times, what the marks mean, nothing */
#define PW_PLOT_LINE_BYTES 512

struct pw_leak_plot {
	size_t count;
	char line[PW_PLOT_LINES][PW_PLOT_LINE_BYTES];
};

/*
 * Nothing (count 0) where fewer than two floors are known. The axis begins at
 * the lowest value, and says so by its sizes; a change below 5 % is not made a cliff.
 */
void pw_leak_plot(const struct pw_suspect *s, double time_scale, bool ascii,
		  struct pw_leak_plot *ret);

/* Theil-Sen's line through the floors: value at a block's middle; NAN without a slope. */
double pw_leak_line(const struct pw_suspect *s, double time_scale, size_t block);

#endif
