// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The samples of one series. While it changes rarely, its changes are kept:
 * one point inline, up to PW_TREND_POINTS beside it. What changes more often
 * is dense: block minima alone. Both give the same windows.
 */
#include "user/analysis/trend_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* As far as the longest window sees. */
#define HISTORY_STEPS (PW_TREND_BLOCKS * 960u)
/* With the open block, and the one that is partly in the window. */
#define REACH_STEPS (HISTORY_STEPS + 2 * 960u)

uint64_t pw_trend_step_ns(const struct pw_trend_options *opt)
{
	double scale = opt && opt->time_scale > 0 ? opt->time_scale : 1;
	double ns = (double)PW_TREND_STEP_NS / scale;

	return ns < 1 ? 1 : (uint64_t)ns;
}

uint32_t pw_trend_step_of(const struct pw_trend_options *opt, int64_t origin_ns, uint64_t time_ns)
{
	uint64_t since =
		time_ns - (uint64_t)origin_ns; /* wraps to what it is: origin may be negative */
	uint64_t steps;

	if (since > INT64_MAX)
		return 0;
	steps = since / pw_trend_step_ns(opt);
	return steps < UINT32_MAX - 1 ? (uint32_t)steps : UINT32_MAX - 1;
}

int pw_trend_create(struct pw_trend **ret)
{
	struct pw_trend *t = calloc(1, sizeof(*t));

	if (!t)
		return -ENOMEM;
	*ret = t;
	return 0;
}

static void forget(struct pw_trend *t)
{
	if (t->dense)
		free(t->rings);
	else if (t->capacity)
		free(t->points);
	memset(t, 0, sizeof(*t));
}

void pw_trend_destroy(struct pw_trend *t)
{
	if (!t)
		return;
	forget(t);
	free(t);
}

void pw_trend_reset(struct pw_trend *t, uint64_t time_ns)
{
	forget(t);
	t->origin_ns = (int64_t)time_ns;
}

static void start(struct pw_trend *t, uint64_t time_ns, float value)
{
	forget(t);
	t->origin_ns = (int64_t)time_ns;
	t->started = 1;
	t->last = value;
	t->one = (struct pw_trend_point){ .step = 0, .value = value };
	t->count = 1;
}

static struct pw_trend_point *points_of(struct pw_trend *t)
{
	return t->capacity ? t->points : &t->one;
}

/* Points that only tell of what no window shows any more go; one at their end stays. */
static void drop_old_points(struct pw_trend *t)
{
	struct pw_trend_point *points = points_of(t);
	unsigned int old = 0;

	while (old + 1u < t->count && (uint64_t)points[old + 1].step + REACH_STEPS < t->last_step)
		old++;
	if (!old)
		return;
	t->count -= old;
	memmove(points, points + old, t->count * sizeof(*points));
}

/* Lets the rings see what the points tell of the time from `at` on. */
static void replay_points(const struct pw_trend *t, const struct pw_trend_point *points,
			  uint32_t at, struct pw_trend_rings *r)
{
	for (unsigned int p = 0; p < t->count; p++) {
		uint32_t end = p + 1 < t->count ? points[p + 1].step - 1 : t->last_step;

		if (end < at)
			continue;
		if (points[p].step > at) {
			pw_trend_rings_advance(r, at, points[p].step, PW_TREND_GAP);
			at = points[p].step;
		}
		pw_trend_rings_put(r, points[p].value);
		pw_trend_rings_advance(r, at, end, points[p].value);
		pw_trend_rings_put(r, points[p].value);
		at = end;
	}
}

static int become_dense(struct pw_trend *t)
{
	const uint32_t longest = pw_trend_block_steps[PW_TREND_LEVELS - 1];
	struct pw_trend_rings *r = malloc(sizeof(*r));
	struct pw_trend_point *points = points_of(t);
	uint32_t at = t->last_step > REACH_STEPS ? t->last_step - REACH_STEPS : 0;

	if (!r)
		return -ENOMEM;
	pw_trend_rings_init(r);
	replay_points(t, points, at - at % longest, r);
	if (t->capacity)
		free(t->points);
	t->rings = r;
	t->dense = 1;
	t->count = t->capacity = 0;
	return 0;
}

/* For n more points; a series with too many of them becomes dense. */
static int make_room(struct pw_trend *t, unsigned int n)
{
	struct pw_trend_point *points;
	unsigned int capacity = t->capacity ? t->capacity : 1;

	if (t->count + n > capacity)
		drop_old_points(t);
	if (t->count + n > PW_TREND_POINTS)
		return become_dense(t);
	while (t->count + n > capacity)
		capacity = capacity == 1 ? 3 : capacity * 2;
	if (capacity == (t->capacity ? t->capacity : 1u))
		return 0;
	points = realloc(t->capacity ? t->points : NULL, capacity * sizeof(*points));
	if (!points)
		return -ENOMEM;
	if (!t->capacity)
		points[0] = t->one;
	t->points = points;
	t->capacity = (uint8_t)capacity;
	return 0;
}

static void put_point(struct pw_trend *t, uint32_t step, float value)
{
	struct pw_trend_point *newest = &points_of(t)[t->count - 1];

	if (newest->step < step)
		points_of(t)[t->count++] = (struct pw_trend_point){ .step = step, .value = value };
	else if (newest->value == PW_TREND_GAP || value < newest->value)
		newest->value = value;
}

/*
 * fill: what was since the last sample. What was not held counts from its
 * block's begin: nobody saw another value in that block.
 */
static int add_point(struct pw_trend *t, uint32_t step, float value, bool held, bool gap)
{
	const uint32_t length = pw_trend_block_steps[0];
	uint32_t block = step / length, last_block = t->last_step / length;
	float newest = points_of(t)[t->count - 1].value;
	/* within one step the lesser value is the point's, and the later one is held */
	bool between = gap || (held && t->last != newest && step > t->last_step);
	int err;

	if (!between && value == newest)
		return 0;
	err = make_room(t, between + 1u);
	if (err || t->dense)
		return err;
	if (between)
		put_point(t, gap ? (last_block + 1) * length : t->last_step + 1,
			  gap ? PW_TREND_GAP : t->last);
	put_point(t, held || block == last_block ? step : block * length, value);
	return 0;
}

int pw_trend_add(struct pw_trend *t, const struct pw_trend_options *opt, uint64_t time_ns,
		 uint64_t value, bool held)
{
	const uint32_t length = pw_trend_block_steps[0];
	float v = (float)(value < PW_TREND_VALUE_MAX ? value : PW_TREND_VALUE_MAX);
	uint32_t step;
	bool gap;

	if (!t->started) {
		start(t, time_ns, v);
		return 0;
	}
	step = pw_trend_step_of(opt, t->origin_ns, time_ns);
	if (step < t->last_step)
		step = t->last_step;
	gap = !held && step / length > t->last_step / length + 1;
	if (gap && step - t->last_step > HISTORY_STEPS) {
		start(t, time_ns, v); /* nothing that a window shows was seen */
		return 0;
	}
	if (!t->dense) {
		int err = add_point(t, step, v, held, gap);

		if (err)
			return err;
	}
	if (t->dense) {
		pw_trend_rings_advance(t->rings, t->last_step, step, held ? t->last : PW_TREND_GAP);
		pw_trend_rings_put(t->rings, v);
	}
	t->last_step = step;
	t->last = v;
	return 0;
}

size_t pw_trend_bytes(const struct pw_trend *t)
{
	return sizeof(*t) + (t->dense ? sizeof(*t->rings) : t->capacity * sizeof(*t->points));
}
