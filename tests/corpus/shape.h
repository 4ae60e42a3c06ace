/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The no-leak shapes. None of them grows for ever: what rises saturates, comes
 * back, or follows the load. (The logarithm is the exception that programs
 * have: it grows by less and less.)
 */
#ifndef CORPUS_SHAPE_H
#define CORPUS_SHAPE_H

#include "tests/corpus/load.h"
#include "tests/corpus/plan.h"
#include "tests/corpus/random.h"

#define SHAPE_STEPS_MAX 4

/* What all workers of a program have in common. Seconds and shares of the level. */
struct shape_params {
	enum shape shape;
	double level; /* bytes, of one worker */
	double noise, noise_tau;
	double amplitude; /* of what moves */
	double tau; /* its time constant; the fill time of a cache; the period of restarts */
	double fall_tau; /* what follows a load: how slowly it recedes */
	double keep; /* heap ratchet: what stays of a maximum */
	bool with_load; /* a cache: fills as it is asked */
	double period, depth, rest, wobble; /* saw-tooth: rest stays after a minor collection */
	unsigned int full_every; /* minor collections */
	struct {
		size_t at;
		double by;
	} steps[SHAPE_STEPS_MAX];
	size_t step_count;
};

void shape_draw(const struct plan *plan, struct rng *r, struct shape_params *ret);

/*
 * One worker that lives in steps [from, to) of the watch: adds the minima of
 * its steps to sum[from .. to - 1].
 */
void shape_run(const struct shape_params *p, const struct load *load, struct rng *r, size_t from,
	       size_t to, double *sum);

#endif
