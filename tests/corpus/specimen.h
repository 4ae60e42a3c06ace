/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One series of the corpus, as a watcher would have seen it in 72 h.
 *
 * A spread is the 90 % quantile less the 10 % quantile of the values of the
 * same series without its leak, at whole minutes of the 72 h, and at least 1 %
 * of their median. A leak of three spreads a day makes in eight hours what the
 * series does by itself in three days.
 */
#ifndef CORPUS_SPECIMEN_H
#define CORPUS_SPECIMEN_H

#include "tests/corpus/leak.h"
#include "tests/corpus/load.h"
#include "tests/corpus/plan.h"
#include "tests/corpus/shape.h"

#define RESTARTS_MAX 3
#define VALUE_GAP UINT64_MAX /* nobody watched, or nobody lived */

struct specimen {
	struct plan plan;
	struct shape_params shape;
	struct leak_params leak;
	struct load load;
	uint64_t values[SPAN_STEPS]; /* the minimum of each step of 10 s, whole pages */
	size_t steps; /* SPAN_STEPS, or the step of the OOM kill + 1 */
	size_t restarts[RESTARTS_MAX]; /* of a single process: first step of its next life; ascending */
	size_t restart_count;
	uint64_t limit; /* bytes; UINT64_MAX: none */
	uint64_t start_ns; /* the clock at the begin of step 0 */
	double spread; /* bytes */
};

/* A specimen is large: one is made again and again. */
void specimen_make(const struct plan *plan, struct specimen *ret);

/* The two halves of it, for who wants to change the shape in between. leak_a_day: bytes; 0: as planned. */
void specimen_draw(const struct plan *plan, struct specimen *ret);
void specimen_build(struct specimen *s, double leak_a_day);

/* The load as its process tells it at this step: totals since its own start. */
struct pw_load specimen_load(const struct specimen *s, size_t step);

/* The clock at the end of a step: when its minimum is known. */
uint64_t specimen_time(const struct specimen *s, size_t step);

#endif
