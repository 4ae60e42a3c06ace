/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The work that a program is given: a rate per step, and the totals that a watcher sees of it. */
#ifndef CORPUS_LOAD_H
#define CORPUS_LOAD_H

#include "tests/corpus/plan.h"
#include "tests/corpus/random.h"
#include "user/analysis/trend.h"

#define LOAD_BURSTS_MAX 256

struct burst {
	uint32_t from, steps;
};

struct load {
	double rate[SPAN_STEPS]; /* against its own mean over the 72 h, which is 1 */
	double quiet; /* the rate without bursts and surges, on the same scale */
	struct burst bursts[LOAD_BURSTS_MAX];
	size_t burst_count;
	struct pw_load totals[SPAN_STEPS]; /* since the start of the watch */
};

void load_make(enum profile profile, struct rng *r, struct load *ret);

#endif
