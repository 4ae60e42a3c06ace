/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a leak has lost so far. */
#ifndef CORPUS_LEAK_H
#define CORPUS_LEAK_H

#include "tests/corpus/load.h"
#include "tests/corpus/plan.h"
#include "tests/corpus/random.h"

struct leak_params {
	enum leak leak;
	double per_step; /* bytes, on average over the time in which it leaks */
	size_t onset; /* step of the watch before which nothing leaks */
	double burst_steps; /* bursty: between two of them, on average */
};

void leak_draw(const struct plan *plan, struct rng *r, double bytes_a_day, struct leak_params *ret);

/* What a process that lives in steps [from, to) has leaked at each of them, added to sum. */
void leak_run(const struct leak_params *p, const struct load *load, struct rng *r, size_t from,
	      size_t to, double *sum);

#endif
