// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/corpus/leak.h"

void leak_draw(const struct plan *plan, struct rng *r, double bytes_a_day, struct leak_params *ret)
{
	struct leak_params p = { .leak = plan->leak, .per_step = bytes_a_day / DAY_STEPS };

	p.burst_steps = rng_log_range(r, .25, 3) * HOUR_STEPS;
	if (p.leak == LEAK_LATE)
		p.onset = (size_t)(rng_range(r, 12, 36) * HOUR_STEPS);
	*ret = p;
}

/* Bytes lost in one step. */
static double lost(const struct leak_params *p, const struct load *load, struct rng *r, size_t from,
		   size_t i)
{
	switch (p->leak) {
	case LEAK_BURSTY:
		if (!rng_chance(r, 1 / p->burst_steps))
			return 0;
		return p->per_step * rng_exponential(r, p->burst_steps);
	case LEAK_LOAD:
		return p->per_step * load->rate[i];
	case LEAK_ACCELERATING:
		/* From nothing to twice the average in the 72 h. */
		return p->per_step * 2 * (double)(i - from) / SPAN_STEPS;
	default:
		return i >= p->onset ? p->per_step : 0;
	}
}

void leak_run(const struct leak_params *p, const struct load *load, struct rng *r, size_t from,
	      size_t to, double *sum)
{
	double total = 0;

	if (p->leak == LEAK_NONE)
		return;
	for (size_t i = from; i < to; i++) {
		sum[i] += total;
		total += lost(p, load, r, from, i);
	}
}
