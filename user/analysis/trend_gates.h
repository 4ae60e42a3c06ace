/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The gates of one window. */
#ifndef PW_ANALYSIS_TREND_GATES_H
#define PW_ANALYSIS_TREND_GATES_H

#include "user/analysis/trend_load.h"

#define PW_TREND_BLOCKS_MIN 12 /* with values, to be judged at all */

/* What is judged: one window of one series, with all that may explain it. */
struct pw_trend_case {
	const struct pw_trend *trend;
	const struct pw_trend_load *load; /* NULL: not known */
	const struct pw_trend_options *options;
	unsigned int level;
	bool suspected; /* some window suspects it already: the weight was brought */
};

/*
 * Fills v->gates before persistence, the window's times, floors and slope. all:
 * also the gates behind one that failed. Which gates are off changes nothing here
 * but what `all` would say.
 */
void pw_trend_ask_gates(const struct pw_trend_case *c, bool all, struct pw_verdict *v);

/* The first gate before `end` that was asked, failed and is not off; PW_GATES: none. */
enum pw_gate pw_trend_failed_gate(const struct pw_verdict *v, const struct pw_trend_options *opt,
				  enum pw_gate end);

/* When the growth began: the last time when the longest window's floor was near its lowest. */
uint64_t pw_trend_growth_since(const struct pw_trend *t, const struct pw_trend_options *opt);

#endif
