// SPDX-License-Identifier: GPL-2.0-or-later
/* Block minima: how samples become the blocks of every window. */
#include "user/analysis/trend_private.h"

const uint16_t pw_trend_block_steps[PW_TREND_LEVELS] = { 3, 15, 60, 120, 240, 480, 960 };

static float lesser(float a, float b)
{
	if (a == PW_TREND_GAP)
		return b;
	if (b == PW_TREND_GAP)
		return a;
	return a < b ? a : b;
}

void pw_trend_rings_init(struct pw_trend_rings *r)
{
	for (unsigned int k = 0; k < PW_TREND_LEVELS; k++) {
		r->level[k].open = PW_TREND_GAP;
		for (unsigned int i = 0; i < PW_TREND_BLOCKS; i++)
			r->level[k].blocks[i] = PW_TREND_GAP;
	}
}

/* The finest window's open block ends: it counts in the open block of the next, which may end too. */
static void close_block(struct pw_trend_rings *r, uint32_t block)
{
	for (unsigned int k = 0;; k++) {
		struct pw_trend_ring *ring = &r->level[k];
		unsigned int ratio;
		float minimum = ring->open;

		ring->blocks[block % PW_TREND_BLOCKS] = minimum;
		ring->open = PW_TREND_GAP;
		if (k + 1 == PW_TREND_LEVELS)
			return;
		r->level[k + 1].open = lesser(r->level[k + 1].open, minimum);
		ratio = pw_trend_block_steps[k + 1] / pw_trend_block_steps[k];
		if ((block + 1) % ratio)
			return;
		block /= ratio;
	}
}

/*
 * The first block to fill on the way to `to`: so far back that every block of
 * every window is written, where all windows begin one.
 */
static uint32_t skip_unseen(struct pw_trend_rings *r, uint32_t block, uint32_t to)
{
	const uint32_t longest = pw_trend_block_steps[PW_TREND_LEVELS - 1] / pw_trend_block_steps[0];
	const uint32_t reach = (PW_TREND_BLOCKS + 2) * longest;

	if (to - block <= reach)
		return block;
	for (unsigned int k = 0; k < PW_TREND_LEVELS; k++)
		r->level[k].open = PW_TREND_GAP;
	return (to - reach) / longest * longest + longest;
}

void pw_trend_rings_advance(struct pw_trend_rings *r, uint32_t last_step, uint32_t step, float fill)
{
	const uint32_t length = pw_trend_block_steps[0];
	uint32_t block = last_step / length, to = step / length;

	if (block == to)
		return;
	close_block(r, block);
	block = skip_unseen(r, block + 1, to) - 1;
	while (++block < to) {
		r->level[0].open = fill;
		close_block(r, block);
	}
	/* the new block's own steps before this one */
	if (step % length)
		r->level[0].open = fill;
}

void pw_trend_rings_put(struct pw_trend_rings *r, float value)
{
	r->level[0].open = lesser(r->level[0].open, value);
}

static void window_of_points(const struct pw_trend *t, uint32_t length, uint32_t first, size_t n,
			     float *ret)
{
	const struct pw_trend_point *points = t->capacity ? t->points : &t->one;

	for (size_t i = 0; i < n; i++)
		ret[i] = PW_TREND_GAP;
	for (unsigned int p = 0; p < t->count; p++) {
		/* in blocks [from, to) */
		uint64_t from = points[p].step / length;
		uint64_t end = p + 1 < t->count ? points[p + 1].step : (uint64_t)t->last_step + 1;
		uint64_t to = (end + length - 1) / length;

		for (uint64_t b = from > first ? from : first; b < to && b < first + n; b++)
			ret[b - first] = lesser(ret[b - first], points[p].value);
	}
}

size_t pw_trend_window(const struct pw_trend *t, unsigned int level, float *ret_values,
		       uint32_t *ret_first)
{
	uint32_t length = pw_trend_block_steps[level];
	uint32_t head = t->last_step / length; /* the open one */
	size_t n = head < PW_TREND_BLOCKS ? head : PW_TREND_BLOCKS;
	uint32_t first = head - (uint32_t)n;

	*ret_first = first;
	if (!t->started)
		return 0;
	if (t->dense)
		for (size_t i = 0; i < n; i++)
			ret_values[i] = t->rings->level[level].blocks[(first + i) % PW_TREND_BLOCKS];
	else
		window_of_points(t, length, first, n, ret_values);
	return n;
}
