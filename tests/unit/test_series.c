// SPDX-License-Identifier: GPL-2.0-or-later
/* The bounded history of one value. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "user/model/series.h"

#define S 1000000000ull

static uint64_t at(const struct pw_series *s, uint64_t now, uint64_t time)
{
	uint64_t v = 0;

	assert_true(pw_series_at(s, now, time, &v));
	return v;
}

static void empty_knows_nothing(void **state)
{
	struct pw_series s;
	uint64_t v = 77;
	uint32_t out[4];

	(void)state;
	pw_series_init(&s);
	assert_false(pw_series_at(&s, 100 * S, 50 * S, &v));
	assert_int_equal(v, 77);
	assert_int_equal(pw_series_points(&s, 0, 100 * S, out, 4), 0);
	assert_int_equal(pw_series_last(&s), 0);
}

static void silence_repeats_the_last_value(void **state)
{
	struct pw_series s;
	uint32_t out[8];
	uint64_t v;

	(void)state;
	pw_series_init(&s);
	pw_series_add(&s, 100 * S, 11);
	pw_series_add(&s, 100 * S + S / 2, 13); /* the last in its step counts */
	pw_series_add(&s, 104 * S, 17);
	assert_int_equal(at(&s, 104 * S, 100 * S), 13);
	assert_int_equal(at(&s, 104 * S, 103 * S), 13);
	assert_int_equal(at(&s, 109 * S, 109 * S), 17);
	assert_false(pw_series_at(&s, 109 * S, 99 * S, &v)); /* before its beginning */
	assert_false(pw_series_at(&s, 109 * S, 110 * S, &v)); /* the future */
	assert_int_equal(pw_series_points(&s, 0, 106 * S, out, 8), 7); /* 100 to 106 */
	assert_int_equal(out[0], 13);
	assert_int_equal(out[3], 13);
	assert_int_equal(out[4], 17);
	assert_int_equal(out[6], 17);
	assert_int_equal(pw_series_points(&s, 0, 106 * S, out, 2), 2);
	assert_int_equal(out[0], 17);
}

static void coarse_tiers_reach_back(void **state)
{
	struct pw_series s;
	uint64_t v;

	(void)state;
	pw_series_init(&s);
	/* a straight line of 10 pages a second over 20 hours */
	for (uint64_t t = 1000; t <= 1000 + 72000; t++)
		pw_series_add(&s, t * S, (t - 1000) * 10);
	assert_int_equal(at(&s, 73000 * S, 73000 * S), 720000);
	assert_int_equal(at(&s, 73000 * S, 72950 * S), 719500); /* 1 s: exact */
	/* Interpolated: off by at most what the line makes in the sampling of one point. */
	for (uint64_t back = 64; back < 16 * 3600 - 1800; back += 61) {
		uint64_t truth = (72000 - back) * 10;

		v = at(&s, 73000 * S, (73000 - back) * S);
		assert_in_range(v, truth - 20, truth + 20);
	}
	assert_false(pw_series_at(&s, 73000 * S, 2000 * S, &v)); /* beyond 16 h */
}

static void young_series_do_not_guess(void **state)
{
	struct pw_series s;
	uint64_t v;

	(void)state;
	pw_series_init(&s);
	for (uint64_t t = 59; t < 200; t++)
		pw_series_add(&s, t * S, t);
	assert_true(pw_series_at(&s, 199 * S, 60 * S, &v));
	assert_false(pw_series_at(&s, 199 * S, 58 * S, &v)); /* in a coarse step that has a point */
}

static void long_gaps_and_late_values(void **state)
{
	struct pw_series s;
	uint32_t out[PW_SERIES_POINTS];

	(void)state;
	pw_series_init(&s);
	pw_series_add(&s, 10 * S, 5);
	pw_series_add(&s, 1000000 * S, 9); /* eleven days later */
	assert_int_equal(at(&s, 1000000 * S, 999999 * S), 5);
	pw_series_add(&s, 999990 * S, 99); /* late: no effect */
	assert_int_equal(at(&s, 1000000 * S, 999990 * S), 5);
	assert_int_equal(pw_series_last(&s), 9);
	assert_int_equal(pw_series_points(&s, 0, 1000000 * S, out, 999), PW_SERIES_POINTS);
	assert_int_equal(out[PW_SERIES_POINTS - 1], 9);
	assert_int_equal(out[0], 5);
	pw_series_add(&s, UINT64_MAX, UINT64_MAX); /* saturates */
	assert_int_equal(pw_series_last(&s), UINT32_MAX);
}

static void size_is_as_documented(void **state)
{
	(void)state;
	assert_int_equal(sizeof(struct pw_series), 788);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(empty_knows_nothing),
		cmocka_unit_test(silence_repeats_the_last_value),
		cmocka_unit_test(coarse_tiers_reach_back),
		cmocka_unit_test(young_series_do_not_guess),
		cmocka_unit_test(long_gaps_and_late_values),
		cmocka_unit_test(size_is_as_documented),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
