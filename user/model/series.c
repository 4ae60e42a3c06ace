// SPDX-License-Identifier: GPL-2.0-or-later
#include "user/model/series.h"

#include <string.h>

#define SECOND 1000000000ull

const uint64_t pw_series_step_ns[PW_SERIES_TIERS] = { SECOND, 30 * SECOND, 900 * SECOND };

void pw_series_init(struct pw_series *s)
{
	memset(s, 0, sizeof(*s));
}

static uint32_t step_of(unsigned int tier, uint64_t time_ns)
{
	uint64_t step = time_ns / pw_series_step_ns[tier];

	return step < UINT32_MAX ? (uint32_t)step : UINT32_MAX - 1;
}

static uint32_t point(const struct pw_series *s, unsigned int tier, uint32_t step)
{
	return s->points[tier][step % PW_SERIES_POINTS];
}

static uint32_t oldest_step(const struct pw_series *s, unsigned int tier)
{
	return s->head_step[tier] - (s->used[tier] - 1u);
}

/* Moves the head on to step; the steps between repeat the last value. */
static void advance(struct pw_series *s, unsigned int tier, uint32_t step)
{
	uint32_t last = point(s, tier, s->head_step[tier]);
	uint32_t gap = step - s->head_step[tier];
	uint32_t fill = gap < PW_SERIES_POINTS ? gap : PW_SERIES_POINTS;
	uint32_t used = s->used[tier] + fill;

	for (uint32_t i = 0; i < fill; i++)
		s->points[tier][(step - i) % PW_SERIES_POINTS] = last;
	s->used[tier] = (uint8_t)(used < PW_SERIES_POINTS ? used : PW_SERIES_POINTS);
	s->head_step[tier] = step;
}

void pw_series_add(struct pw_series *s, uint64_t time_ns, uint64_t pages)
{
	uint32_t value = pages < UINT32_MAX ? (uint32_t)pages : UINT32_MAX;

	if (!s->started)
		s->first_step = step_of(0, time_ns);
	for (unsigned int tier = 0; tier < PW_SERIES_TIERS; tier++) {
		uint32_t step = step_of(tier, time_ns);

		if (!s->started) {
			s->head_step[tier] = step;
			s->used[tier] = 1;
		}
		if (step < s->head_step[tier])
			continue; /* late: the past stays as it was told */
		if (step > s->head_step[tier])
			advance(s, tier, step);
		s->points[tier][step % PW_SERIES_POINTS] = value;
	}
	s->started = true;
}

uint32_t pw_series_last(const struct pw_series *s)
{
	return s->started ? point(s, 0, s->head_step[0]) : 0;
}

/*
 * A coarse step's value stands near the step's end (for the head: near now);
 * between the ends of two steps the value is taken as a straight line.
 */
static uint64_t interpolate(const struct pw_series *s, unsigned int tier, uint64_t now_ns,
			    uint64_t time_ns)
{
	uint32_t step = step_of(tier, time_ns);
	uint64_t begin = (uint64_t)step * pw_series_step_ns[tier];
	uint64_t length = pw_series_step_ns[tier];
	double from, to = point(s, tier, step);

	if (tier == 0 || step == oldest_step(s, tier))
		return point(s, tier, step);
	if (step == s->head_step[tier] && now_ns - begin < length)
		length = now_ns - begin;
	from = point(s, tier, step - 1);
	if (!length)
		return (uint64_t)from;
	return (uint64_t)(from + (to - from) * ((double)(time_ns - begin) / (double)length) + 0.5);
}

/*
 * The oldest step of a full ring has nothing before it to draw a line from, and
 * the next tier, where there is one, can do better.
 */
static bool reaches(const struct pw_series *s, unsigned int tier, uint32_t step)
{
	uint32_t oldest = oldest_step(s, tier);

	if (tier == 0 || tier == PW_SERIES_TIERS - 1 || s->used[tier] < PW_SERIES_POINTS)
		return step >= oldest;
	return step > oldest;
}

bool pw_series_at(const struct pw_series *s, uint64_t now_ns, uint64_t time_ns, uint64_t *ret_pages)
{
	if (!s->started || time_ns > now_ns || step_of(0, time_ns) < s->first_step)
		return false;
	for (unsigned int tier = 0; tier < PW_SERIES_TIERS; tier++) {
		uint32_t step = step_of(tier, time_ns);

		if (!reaches(s, tier, step))
			continue;
		*ret_pages = step > s->head_step[tier] ? point(s, tier, s->head_step[tier]) :
							 interpolate(s, tier, now_ns, time_ns);
		return true;
	}
	return false;
}

size_t pw_series_points(const struct pw_series *s, unsigned int tier, uint64_t now_ns,
			uint32_t *out, size_t n)
{
	uint32_t newest = step_of(tier, now_ns);
	uint32_t oldest;
	size_t count = 0;

	if (!s->started || !n)
		return 0;
	if (n > PW_SERIES_POINTS)
		n = PW_SERIES_POINTS;
	oldest = oldest_step(s, tier);
	for (uint32_t back = (uint32_t)n; back-- > 0;) {
		uint32_t step = newest - back;

		if (back > newest || step < oldest)
			continue;
		out[count++] = point(s, tier, step < s->head_step[tier] ? step : s->head_step[tier]);
	}
	return count;
}
