// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The work that a subject did, in the same blocks as its series. Two kinds are
 * kept of it: requests (switches and calls: work that came from outside) and
 * CPU time, which growth can cause as well as follow.
 */
#include "user/analysis/trend_load.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A block's work as its logarithm: 0.03 % off at most, in two bytes. */
#define CODES_PER_OCTAVE 1024

static uint16_t encode(float work)
{
	double code;

	if (!(work >= 1))
		return 0;
	code = 1 + round(log2((double)work) * CODES_PER_OCTAVE);
	return code < UINT16_MAX ? (uint16_t)code : UINT16_MAX;
}

static double decode(uint16_t code)
{
	return code ? exp2((code - 1.0) / CODES_PER_OCTAVE) : 0;
}

int pw_trend_load_create(struct pw_trend_load **ret)
{
	struct pw_trend_load *l = calloc(1, sizeof(*l));

	if (!l)
		return -ENOMEM;
	*ret = l;
	return 0;
}

void pw_trend_load_destroy(struct pw_trend_load *l)
{
	if (!l)
		return;
	free(l->rings);
	free(l);
}

void pw_trend_load_reset(struct pw_trend_load *l, uint64_t time_ns)
{
	free(l->rings);
	memset(l, 0, sizeof(*l));
	l->origin_ns = (int64_t)time_ns;
}

static void close_block(struct pw_trend_load_rings *r, uint32_t block)
{
	for (unsigned int k = 0;; k++) {
		struct pw_trend_load_ring *ring = &r->level[k];
		unsigned int ratio;

		for (unsigned int w = 0; w < PW_WORKS; w++) {
			ring->blocks[w][block % PW_TREND_BLOCKS] = encode(ring->open[w]);
			if (k + 1 < PW_TREND_LEVELS)
				r->level[k + 1].open[w] += ring->open[w];
			ring->open[w] = 0;
		}
		if (k + 1 == PW_TREND_LEVELS)
			return;
		ratio = pw_trend_block_steps[k + 1] / pw_trend_block_steps[k];
		if ((block + 1) % ratio)
			return;
		block /= ratio;
	}
}

static void deposit(struct pw_trend_load *l, const double *per_step, uint32_t steps)
{
	for (unsigned int w = 0; w < PW_WORKS; w++)
		l->rings->level[0].open[w] += (float)(per_step[w] * steps);
}

/* The work was done evenly over the steps (last_step, step]. */
static void spread(struct pw_trend_load *l, uint32_t step, const double *work)
{
	const uint32_t length = pw_trend_block_steps[0];
	uint32_t steps = step > l->last_step ? step - l->last_step : 1;
	uint32_t next = step > l->last_step ? l->last_step + 1 : step;
	double per_step[PW_WORKS];

	for (unsigned int w = 0; w < PW_WORKS; w++)
		per_step[w] = work[w] / steps;
	for (uint32_t block = l->last_step / length; block < step / length; block++) {
		uint32_t end = (block + 1) * length;

		deposit(l, per_step, end - next);
		close_block(l->rings, block);
		next = end;
	}
	deposit(l, per_step, step + 1 - next);
}

static double added(const struct pw_trend_load *l, const struct pw_load *load, enum pw_load_kind kind)
{
	if (!(l->known & load->known & 1u << kind) || load->totals[kind] < l->totals[kind])
		return 0;
	return (double)(load->totals[kind] - l->totals[kind]);
}

int pw_trend_load_add(struct pw_trend_load *l, const struct pw_trend_options *opt, uint64_t time_ns,
		      const struct pw_load *load)
{
	double work[PW_WORKS];
	uint32_t step;

	if (!l->started) {
		pw_trend_load_reset(l, time_ns);
		l->started = 1;
	}
	step = pw_trend_step_of(opt, l->origin_ns, time_ns);
	if (step < l->last_step)
		step = l->last_step;
	work[PW_WORK_REQUESTS] = added(l, load, PW_LOAD_SWITCHES) + added(l, load, PW_LOAD_IO_CALLS);
	work[PW_WORK_CPU] = added(l, load, PW_LOAD_CPU);
	if (!l->rings && (work[0] > 0 || work[1] > 0)) {
		l->rings = calloc(1, sizeof(*l->rings));
		if (!l->rings)
			return -ENOMEM;
	}
	if (l->rings && step - l->last_step > pw_trend_block_steps[PW_TREND_LEVELS - 1] *
						      (uint32_t)PW_TREND_BLOCKS) {
		pw_trend_load_reset(l, time_ns);
		l->started = 1;
		step = 0;
	}
	if (l->rings)
		spread(l, step, work);
	l->last_step = step;
	l->known = (uint8_t)load->known;
	memcpy(l->totals, load->totals, sizeof(l->totals));
	return 0;
}

size_t pw_trend_load_bytes(const struct pw_trend_load *l)
{
	return sizeof(*l) + (l->rings ? sizeof(*l->rings) : 0);
}

bool pw_trend_load_knows(const struct pw_trend_load *l, enum pw_work work)
{
	const uint32_t requests = 1u << PW_LOAD_SWITCHES | 1u << PW_LOAD_IO_CALLS;

	return l->started && l->known & (work == PW_WORK_CPU ? 1u << PW_LOAD_CPU : requests);
}

/* Work per step in a block, whether closed or open. */
static double rate_of(const struct pw_trend_load *l, enum pw_work work, unsigned int level,
		      uint32_t block)
{
	uint32_t length = pw_trend_block_steps[level], head = l->last_step / length;
	double open = 0;

	if (!l->rings || block > head || head - block > PW_TREND_BLOCKS)
		return 0;
	if (block < head)
		return decode(l->rings->level[level].blocks[work][block % PW_TREND_BLOCKS]) / length;
	for (unsigned int k = 0; k <= level; k++)
		open += l->rings->level[k].open[work];
	return open / (l->last_step - head * length + 1);
}

size_t pw_trend_load_spans(const struct pw_trend_load *l, enum pw_work work,
			   const struct pw_trend_options *opt, unsigned int level, int64_t from_ns,
			   size_t n, double *ret_spans)
{
	double length = pw_trend_block_steps[level];
	double from = (double)(from_ns - l->origin_ns) / (double)pw_trend_step_ns(opt);
	uint32_t head = l->last_step / pw_trend_block_steps[level];
	double oldest = head > PW_TREND_BLOCKS ? (head - PW_TREND_BLOCKS) * length : 0;
	size_t unknown = 0;

	for (size_t i = 0; i < n; i++) {
		double a = from + (double)i * length, b = a + length;

		ret_spans[i] = 0;
		/* a span that begins half a block before what is known is known well enough */
		if (a < oldest - length / 2) {
			unknown = i + 1;
			continue;
		}
		if (a < oldest)
			a = oldest;
		for (uint32_t block = (uint32_t)(a / length); block <= head; block++) {
			double begin = fmax(a, block * length), end = fmin(b, (block + 1.0) * length);

			if (begin >= end)
				break;
			ret_spans[i] += rate_of(l, work, level, block) * (end - begin);
		}
	}
	return unknown;
}
