// SPDX-License-Identifier: GPL-2.0-or-later
/* links: corpus. The corpus is what it says it is: an error in it is found before a detector is blamed. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "tests/corpus/specimen.h"
#include "tests/corpus/tally.h"

#define SERIES 12 /* of each shape where something is asked of all */
#define MIB (double)(1 << 20)

static struct specimen specimen, other;

/* One process that nothing befalls. */
static struct plan plain(enum shape shape, uint32_t index)
{
	struct plan p;

	plan_make(STREAM_CI, index * SHAPES + shape, &p);
	assert_int_equal(p.shape, shape);
	p.leak = LEAK_NONE;
	p.size = 0;
	p.workers = 1;
	p.restarts = p.gaps = 0;
	p.limited = false;
	return p;
}

static double at(const struct specimen *s, size_t step)
{
	/* A gap of a few steps between two lives. */
	while (s->values[step] == VALUE_GAP)
		step++;
	return (double)s->values[step];
}

static int compare_doubles(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* Of the hour's values from a step on. */
static double quantile(const struct specimen *s, size_t from, size_t to, double q)
{
	static double v[SPAN_STEPS];
	size_t n = 0;

	for (size_t i = from; i < to; i++) {
		if (s->values[i] != VALUE_GAP)
			v[n++] = (double)s->values[i];
	}
	assert_true(n > 0);
	qsort(v, n, sizeof(v[0]), compare_doubles);
	return v[(size_t)(q * (double)(n - 1))];
}

static double median(const struct specimen *s, size_t from, size_t to)
{
	return quantile(s, from, to, .5);
}

/* ---- plans --------------------------------------------------------------------- */

static void names_stay_and_streams_differ(void **state)
{
	struct plan a, b;

	(void)state;
	for (uint32_t i = 0; i < 2 * SHAPES; i++) {
		plan_make(STREAM_TUNING, i, &a);
		specimen_make(&a, &specimen);
		specimen_make(&a, &other);
		assert_memory_equal(specimen.values, other.values, sizeof(other.values));
		plan_make(STREAM_HELD_OUT, i, &b);
		specimen_make(&b, &other);
		assert_memory_not_equal(specimen.values, other.values, sizeof(other.values));
	}
}

static void a_round_has_every_cell_once(void **state)
{
	unsigned int seen[SHAPES][LEAKS][SIZE_BINS] = { 0 };

	(void)state;
	assert_true(plan_count(8) >= 5000);
	for (uint32_t i = 0; i < plan_count(1); i++) {
		struct plan p;

		plan_make(STREAM_CI, i, &p);
		if (p.leak == LEAK_NONE) {
			assert_true(p.size == 0);
		} else {
			assert_true(p.size >= size_edges[p.size_bin]);
			assert_true(p.size <= size_edges[p.size_bin + 1]);
		}
		seen[p.shape][p.leak][p.size_bin]++;
	}
	for (int s = 0; s < SHAPES; s++) {
		assert_int_equal(seen[s][LEAK_NONE][0], (LEAKS - 1) * SIZE_BINS);
		for (int l = LEAK_LINEAR; l < LEAKS; l++) {
			for (int b = 0; b < SIZE_BINS; b++)
				assert_int_equal(seen[s][l][b], 1);
		}
	}
}

/* ---- shapes -------------------------------------------------------------------- */

static void noise_has_the_spread_of_its_noise(void **state)
{
	double ratios = 0;

	(void)state;
	for (uint32_t i = 0; i < SERIES; i++) {
		struct plan p = plain(SHAPE_NOISE, i);

		specimen_make(&p, &specimen);
		/* From the 10 % to the 90 % quantile of a normal distribution: 2.563 deviations. */
		ratios += specimen.spread / (2.563 * specimen.shape.noise * specimen.shape.level) /
			  SERIES;
	}
	assert_true(ratios > .9 && ratios < 1.1);
}

/* A quiet background, so that the shape alone is asked. */
static void make_quiet(enum shape shape, uint32_t index)
{
	struct plan p = plain(shape, index);

	specimen_draw(&p, &specimen);
	specimen.shape.noise = 0;
	specimen_build(&specimen, 0);
}

static void noise_goes_nowhere(void **state)
{
	static const enum shape still[] = { SHAPE_NOISE, SHAPE_SAW_TOOTH, SHAPE_SLOW_OU, SHAPE_BATCH };

	(void)state;
	for (size_t k = 0; k < sizeof(still) / sizeof(still[0]); k++) {
		double drift = 0;

		for (uint32_t i = 0; i < 4 * SERIES; i++) {
			make_quiet(still[k], i);
			drift += (median(&specimen, 2 * DAY_STEPS, SPAN_STEPS) -
				  median(&specimen, 0, DAY_STEPS)) /
				 specimen.shape.level / (4 * SERIES);
		}
		/* Up as often as down; 4 deviations of the mean of the slowest. */
		assert_true(fabs(drift) < .12);
	}
}

static void a_saw_tooth_falls_back_to_its_floor(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < SERIES; i++) {
		const struct shape_params *p = &specimen.shape;
		double low, high;

		make_quiet(SHAPE_SAW_TOOTH, i);
		low = quantile(&specimen, 0, SPAN_STEPS, 0);
		high = quantile(&specimen, 0, SPAN_STEPS, 1);
		assert_true(low > p->level * (1 - 6 * p->wobble) && low < p->level * 1.02);
		/* Depth and the rest of minor collections; steps of 10 s blur the short ones. */
		if (p->period > 60)
			assert_true(high > p->level * (1 + p->depth));
		assert_true(high < p->level * (1 + p->depth * (2.2 + p->rest * p->full_every)));
	}
}

/* What warms up or fills grows ever less, and in the end by next to nothing. */
static void what_rises_saturates(void **state)
{
	static const enum shape rising[] = { SHAPE_WARM_UP,	  SHAPE_LRU_FILL,
					     SHAPE_LOG_RATCHET,	  SHAPE_HEAP_RATCHET,
					     SHAPE_POOL_DOUBLING, SHAPE_THP_BLOAT };

	(void)state;
	for (size_t k = 0; k < sizeof(rising) / sizeof(rising[0]); k++) {
		double first = 0, last = 0;

		for (uint32_t i = 0; i < 2 * SERIES; i++) {
			make_quiet(rising[k], i);
			first += (at(&specimen, DAY_STEPS) - at(&specimen, 0)) / specimen.shape.level;
			last += (at(&specimen, SPAN_STEPS - 1) - at(&specimen, 2 * DAY_STEPS)) /
				specimen.shape.level;
		}
		assert_true(first > 0);
		assert_true(last < first / 4);
	}
}

static void a_cache_is_full_when_it_says(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < SERIES; i++) {
		const struct shape_params *p = &specimen.shape;
		size_t full;

		make_quiet(SHAPE_LRU_FILL, i);
		if (p->with_load)
			continue;
		full = (size_t)(p->tau / STEP_SECONDS);
		assert_true(fabs(at(&specimen, full / 2) - p->level * (1 + p->amplitude / 2)) <
			    .001 * p->level * p->amplitude + 8192);
		assert_true(at(&specimen, full - 2) < at(&specimen, full + 1));
		for (size_t step = full + 1; step < SPAN_STEPS; step += HOUR_STEPS)
			assert_true(at(&specimen, step) == at(&specimen, SPAN_STEPS - 1));
	}
}

static double correlation_with_load(const struct specimen *s)
{
	double x = 0, y = 0, xx = 0, yy = 0, xy = 0, n = SPAN_STEPS / HOUR_STEPS;

	for (size_t h = 0; h < SPAN_STEPS; h += HOUR_STEPS) {
		double a = 0, b = 0;

		for (size_t i = h; i < h + HOUR_STEPS; i++) {
			a += s->load.rate[i] / HOUR_STEPS;
			b += at(s, i) / s->shape.level / HOUR_STEPS;
		}
		x += a;
		y += b;
		xx += a * a;
		yy += b * b;
		xy += a * b;
	}
	return (n * xy - x * y) / sqrt((n * xx - x * x) * (n * yy - y * y));
}

static void what_follows_the_load_follows_it(void **state)
{
	static const enum shape followers[] = { SHAPE_DIURNAL, SHAPE_LOAD_RAMP, SHAPE_WEEKLY };

	(void)state;
	for (size_t k = 0; k < sizeof(followers) / sizeof(followers[0]); k++) {
		for (uint32_t i = 0; i < SERIES; i++) {
			make_quiet(followers[k], i);
			assert_true(correlation_with_load(&specimen) > .95);
		}
	}
}

static void bursts_and_surges_recede(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < SERIES; i++) {
		make_quiet(SHAPE_SURGE, i);
		/* The last hour lies at least 7 h behind the surge, and may still have a tail of it. */
		assert_true(median(&specimen, SPAN_STEPS - HOUR_STEPS, SPAN_STEPS) <
			    median(&specimen, 0, HOUR_STEPS) +
				    .35 * (quantile(&specimen, 0, SPAN_STEPS, 1) -
					   median(&specimen, 0, HOUR_STEPS)));
		make_quiet(SHAPE_BATCH, i);
		assert_true(quantile(&specimen, 2 * DAY_STEPS, SPAN_STEPS, 0) <
			    specimen.shape.level * (1 + .1 * specimen.shape.amplitude));
	}
}

static void levels_shift_as_often_as_said(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < SERIES; i++) {
		double changes = 0, sum = 0;

		make_quiet(SHAPE_STEPS, i);
		for (size_t step = 1; step < SPAN_STEPS; step++)
			changes += at(&specimen, step) != at(&specimen, step - 1);
		assert_true(changes >= 1 && changes <= (double)specimen.shape.step_count);
		for (size_t s = 0; s < specimen.shape.step_count; s++)
			sum += specimen.shape.steps[s].by;
		assert_true(fabs(at(&specimen, SPAN_STEPS - 1) / specimen.shape.level - 1 - sum) <
			    .001);

		make_quiet(SHAPE_POOL_DOUBLING, i);
		changes = 0;
		for (size_t step = 1; step < SPAN_STEPS; step++)
			changes += at(&specimen, step) != at(&specimen, step - 1);
		/* Of what holds less than a step at the start, the first doublings come at once. */
		assert_true(changes >= 2 && changes <= (double)specimen.shape.step_count);
	}
}

static void periodic_restarts_begin_again(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < SERIES; i++) {
		const struct shape_params *p = &specimen.shape;
		double births = 0, expected;

		make_quiet(SHAPE_PERIODIC_RESTART, i);
		expected = SPAN_STEPS * STEP_SECONDS / p->period;
		for (size_t step = 1; step < SPAN_STEPS; step++) {
			if (specimen.values[step] == VALUE_GAP ||
			    specimen.values[step - 1] != VALUE_GAP)
				continue;
			births++;
			/* At most 10 s of warming. */
			assert_true(at(&specimen, step) <=
				    p->level * (1 + p->amplitude * STEP_SECONDS / p->tau) + 4096);
		}
		assert_true(fabs(births - expected) <= 1.5);
		assert_true(at(&specimen, 0) <= p->level + 4096);
	}
}

/* ---- leaks --------------------------------------------------------------------- */

static double leaked[SPAN_STEPS];

static double leak_until(enum leak leak, uint32_t index, size_t to, struct leak_params *ret)
{
	struct plan p = plain(SHAPE_NOISE, index);
	struct rng r;

	p.leak = leak;
	specimen_draw(&p, &specimen);
	rng_init(&r, STREAM_CI, index, 77);
	leak_draw(&p, &r, DAY_STEPS * 1000, ret);
	assert_true(ret->per_step == 1000);
	memset(leaked, 0, sizeof(leaked));
	leak_run(ret, &specimen.load, &r, 0, to, leaked);
	for (size_t i = 1; i < to; i++)
		assert_true(leaked[i] >= leaked[i - 1]);
	return leaked[to - 1];
}

static void leaks_lose_what_they_say(void **state)
{
	struct leak_params p;
	double bursty = 0;

	(void)state;
	assert_true(leak_until(LEAK_NONE, 0, SPAN_STEPS, &p) == 0);
	assert_true(fabs(leak_until(LEAK_LINEAR, 0, DAY_STEPS + 1, &p) / (DAY_STEPS * 1000) - 1) <
		    1e-9);
	assert_true(fabs(leak_until(LEAK_LOAD, 0, SPAN_STEPS, &p) / (SPAN_STEPS * 1000.) - 1) < .001);
	assert_true(fabs(leak_until(LEAK_ACCELERATING, 0, SPAN_STEPS, &p) / (SPAN_STEPS * 1000.) -
			 1) < .001);
	/* A quarter in the first half. */
	assert_true(fabs(leaked[SPAN_STEPS / 2] / leaked[SPAN_STEPS - 1] - .25) < .01);
	leak_until(LEAK_LATE, 0, SPAN_STEPS, &p);
	assert_in_range(p.onset, 12 * HOUR_STEPS, 36 * HOUR_STEPS);
	assert_true(leaked[p.onset] == 0);
	assert_true(fabs(leaked[p.onset + DAY_STEPS] / (DAY_STEPS * 1000) - 1) < 1e-9);
	for (uint32_t i = 0; i < 100; i++)
		bursty += leak_until(LEAK_BURSTY, i, SPAN_STEPS, &p) / (SPAN_STEPS * 1000.) / 100;
	assert_true(fabs(bursty - 1) < .1);
}

/* The same series with and without its leak: the difference is the leak, whatever the shape. */
static void a_leak_is_so_many_spreads_a_day(void **state)
{
	(void)state;
	for (int shape = 0; shape < SHAPES; shape++) {
		struct plan p = plain((enum shape)shape, 3);
		double difference;

		specimen_make(&p, &other);
		p.leak = LEAK_LINEAR;
		p.size = 3;
		specimen_make(&p, &specimen);
		assert_true(specimen.spread == other.spread);
		difference = at(&specimen, DAY_STEPS) - at(&other, DAY_STEPS);
		assert_true(fabs(difference - 3 * other.spread) <= 4096);
		difference = at(&specimen, SPAN_STEPS - 1) - at(&other, SPAN_STEPS - 1);
		assert_true(fabs(difference - 9 * other.spread) <= 8192 + .001 * other.spread);
	}
}

/* ---- circumstances --------------------------------------------------------------- */

static void a_restart_begins_again(void **state)
{
	struct plan p = plain(SHAPE_NOISE, 5);
	size_t born;
	struct pw_load load;

	(void)state;
	p.leak = LEAK_LINEAR;
	p.size = 30;
	p.restarts = 1;
	specimen_make(&p, &specimen);
	assert_int_equal(specimen.restart_count, 1);
	born = specimen.restarts[0];
	assert_true(specimen.values[born - 1] == VALUE_GAP);
	assert_true(specimen.values[born] != VALUE_GAP);
	assert_true(median(&specimen, born, born + 60) < specimen.shape.level + specimen.spread);
	load = specimen_load(&specimen, born);
	assert_true(load.totals[PW_LOAD_SWITCHES] <= 2 * 3 * 2000 * STEP_SECONDS);
	assert_true(load.totals[PW_LOAD_SWITCHES] <
		    specimen_load(&specimen, born - 1).totals[PW_LOAD_SWITCHES]);
}

static void loads_only_grow(void **state)
{
	(void)state;
	for (int profile = 0; profile < PROFILES; profile++) {
		double mean = 0;
		struct rng r;

		rng_init(&r, STREAM_CI, (uint64_t)profile, 78);
		load_make((enum profile)profile, &r, &specimen.load);
		for (size_t i = 0; i < SPAN_STEPS; i++) {
			assert_true(specimen.load.rate[i] > 0);
			mean += specimen.load.rate[i] / SPAN_STEPS;
			for (int k = 0; i && k <= PW_LOAD_IO_CALLS; k++)
				assert_true(specimen.load.totals[i].totals[k] >=
					    specimen.load.totals[i - 1].totals[k]);
		}
		assert_true(fabs(mean - 1) < 1e-9);
	}
}

static void gaps_are_as_long_as_said(void **state)
{
	struct plan p = plain(SHAPE_NOISE, 6);
	size_t unseen = 0;

	(void)state;
	p.gaps = 1;
	specimen_make(&p, &specimen);
	for (size_t i = 0; i < SPAN_STEPS; i++)
		unseen += specimen.values[i] == VALUE_GAP;
	assert_in_range(unseen, 1, 8 * HOUR_STEPS);
	assert_int_equal(specimen.steps, SPAN_STEPS);
}

static void a_limit_ends_the_series(void **state)
{
	size_t ended = 0;

	(void)state;
	for (uint32_t i = 0; i < SERIES; i++) {
		struct plan p = plain(SHAPE_NOISE, i);

		p.leak = LEAK_LINEAR;
		p.size = 10;
		p.limited = true;
		specimen_make(&p, &specimen);
		if (specimen.limit == UINT64_MAX)
			continue;
		ended++;
		assert_true(specimen.steps <= SPAN_STEPS);
		assert_true(specimen.values[specimen.steps - 1] >= specimen.limit);
		for (size_t s = 0; s + 1 < specimen.steps; s++)
			assert_true(specimen.values[s] <= specimen.limit);
	}
	assert_true(ended > SERIES / 2);
}

static void a_group_is_the_sum_of_its_workers(void **state)
{
	struct plan p = plain(SHAPE_NOISE, 7);
	double one, many;

	(void)state;
	p.level = 64 * 64 * MIB;
	specimen_make(&p, &specimen);
	one = specimen.spread / median(&specimen, 0, SPAN_STEPS);
	p.workers = 64;
	specimen_make(&p, &specimen);
	assert_true(fabs(median(&specimen, 0, SPAN_STEPS) / p.level - 1) < .05);
	many = specimen.spread / median(&specimen, 0, SPAN_STEPS);
	/* Independent: the sum is steadier than each. The least spread is 1 %. */
	assert_true(many < one / 2 || many <= .0101);
	assert_int_equal(specimen.restart_count, 0);
}

/* ---- figures ------------------------------------------------------------------- */

static void wilson_is_wilsons(void **state)
{
	double low, high;

	(void)state;
	/* Newcombe (1998), "Two-sided confidence intervals for the single proportion", table I. */
	wilson((struct share){ 81, 263 }, &low, &high);
	assert_true(fabs(low - .2553) < 1e-4 && fabs(high - .3662) < 1e-4);
	wilson((struct share){ 15, 148 }, &low, &high);
	assert_true(fabs(low - .0624) < 1e-4 && fabs(high - .1605) < 1e-4);
	wilson((struct share){ 0, 20 }, &low, &high);
	assert_true(low == 0 && fabs(high - .1611) < 1e-4);
	wilson((struct share){ 1, 29 }, &low, &high);
	assert_true(fabs(low - .0061) < 1e-4 && fabs(high - .1718) < 1e-4);
	wilson((struct share){ 0, 0 }, &low, &high);
	assert_true(low == 0 && high == 1);
}

static bool rises(bool (*fn)(const struct floors *f, double bound), double bound, size_t n,
		  const double *values)
{
	struct floors f = { .count = n };

	for (size_t i = 0; i < n; i++) {
		f.hours[i] = (double)i;
		f.values[i] = values[i];
	}
	return fn(&f, bound);
}

/* Each baseline says what its authors would: figures done by hand. */
static void baselines_are_what_they_are_called(void **state)
{
	static const double up[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 };
	static const double mixed[] = { 5, 1, 4, 2, 6, 3, 5, 1, 4, 2, 6, 3 };
	static const double hump[] = { 1, 2, 3, 4, 5, 6, 6, 5, 4, 3, 2, 1 };
	static const double late[] = { 10, 10, 10, 10, 10, 10, 10, 10, 10, 11, 12, 13 };

	(void)state;
	/* S = 66, variance = 12 * 11 * 29 / 18: z = 65 / 14.583 = 4.457 */
	assert_true(rises(rises_by_mann_kendall, 4.45, 12, up));
	assert_false(rises(rises_by_mann_kendall, 4.46, 12, up));
	assert_false(rises(rises_by_mann_kendall, 1, 12, mixed));
	assert_true(rises(rises_by_hamed_rao, 2.3, 12, up));
	assert_false(rises(rises_by_hamed_rao, 1, 12, mixed));
	assert_true(rises(rises_by_least_squares, .99, 12, up));
	assert_false(rises(rises_by_least_squares, .1, 12, hump));
	assert_true(rises(rises_by_minima, 11, 12, up));
	assert_false(rises(rises_by_minima, 12, 12, up));
	assert_false(rises(rises_by_minima, 1, 12, hump));
	/* The last three: 11, 12, 13 rise by 1 an hour, 8.3 % of 12. */
	assert_true(rises(rises_by_last_quarter, .08, 12, late));
	assert_false(rises(rises_by_last_quarter, .084, 12, late));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_stay_and_streams_differ),
		cmocka_unit_test(a_round_has_every_cell_once),
		cmocka_unit_test(noise_has_the_spread_of_its_noise),
		cmocka_unit_test(noise_goes_nowhere),
		cmocka_unit_test(a_saw_tooth_falls_back_to_its_floor),
		cmocka_unit_test(what_rises_saturates),
		cmocka_unit_test(a_cache_is_full_when_it_says),
		cmocka_unit_test(what_follows_the_load_follows_it),
		cmocka_unit_test(bursts_and_surges_recede),
		cmocka_unit_test(levels_shift_as_often_as_said),
		cmocka_unit_test(periodic_restarts_begin_again),
		cmocka_unit_test(leaks_lose_what_they_say),
		cmocka_unit_test(a_leak_is_so_many_spreads_a_day),
		cmocka_unit_test(a_restart_begins_again),
		cmocka_unit_test(loads_only_grow),
		cmocka_unit_test(gaps_are_as_long_as_said),
		cmocka_unit_test(a_limit_ends_the_series),
		cmocka_unit_test(a_group_is_the_sum_of_its_workers),
		cmocka_unit_test(wilson_is_wilsons),
		cmocka_unit_test(baselines_are_what_they_are_called),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
