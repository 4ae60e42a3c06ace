// SPDX-License-Identifier: GPL-2.0-or-later
/* Growth per minute over the horizons. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>

#include "user/analysis/growth.h"

#define S 1000000000ull

static void close_to(double value, double truth, double off)
{
	if (fabs(value - truth) > off)
		fail_msg("%f is not within %f of %f", value, off, truth);
}

static void a_line_grows_alike_on_every_horizon(void **state)
{
	struct pw_series s;
	double g;

	(void)state;
	pw_series_init(&s);
	for (uint64_t t = 50000; t <= 50000 + 36000; t++)
		pw_series_add(&s, t * S, t); /* one page a second */
	for (int h = 0; h < PW_HORIZONS; h++) {
		assert_true(pw_growth_per_minute(&s, 86000 * S, h, 4096, &g));
		close_to(g, 60 * 4096, 60 * 4096 * 0.02);
	}
}

static void a_step_shows_where_it_lies(void **state)
{
	struct pw_series s;
	double g;

	(void)state;
	pw_series_init(&s);
	pw_series_add(&s, 10000 * S, 1000);
	pw_series_add(&s, 12000 * S, 1600); /* 600 pages more, then silence */
	assert_true(pw_growth_per_minute(&s, 12300 * S, PW_HORIZON_1M, 4096, &g));
	close_to(g, 0, 1e-9);
	assert_true(pw_growth_per_minute(&s, 12300 * S, PW_HORIZON_10M, 4096, &g));
	close_to(g, 60 * 4096, 1);
	assert_false(pw_growth_per_minute(&s, 12300 * S, PW_HORIZON_1H, 4096, &g));
}

static void shrinking_is_negative(void **state)
{
	struct pw_series s;
	double g;

	(void)state;
	pw_series_init(&s);
	pw_series_add(&s, 100 * S, 5000);
	pw_series_add(&s, 150 * S, 2000);
	assert_true(pw_growth_per_minute(&s, 160 * S, PW_HORIZON_1M, 16384, &g));
	close_to(g, -3000.0 * 16384, 1);
}

static void younger_than_the_horizon_is_unknown(void **state)
{
	struct pw_series s;
	double g = 77;

	(void)state;
	pw_series_init(&s);
	assert_false(pw_growth_per_minute(&s, 1000 * S, PW_HORIZON_1M, 4096, &g));
	pw_series_add(&s, 59 * S, 1);
	assert_false(pw_growth_per_minute(&s, 118 * S, PW_HORIZON_1M, 4096, &g));
	assert_false(pw_growth_per_minute(&s, 30 * S, PW_HORIZON_1M, 4096, &g));
	close_to(g, 77, 0); /* untouched */
	assert_true(pw_growth_per_minute(&s, 119 * S, PW_HORIZON_1M, 4096, &g));
	close_to(g, 0, 0);
}

static void horizons_are_named(void **state)
{
	(void)state;
	assert_string_equal(pw_horizon_name[PW_HORIZON_8H], "8h");
	assert_int_equal(pw_horizon_ns[PW_HORIZON_10M], 600 * S);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_grows_alike_on_every_horizon),
		cmocka_unit_test(a_step_shows_where_it_lies),
		cmocka_unit_test(shrinking_is_negative),
		cmocka_unit_test(younger_than_the_horizon_is_unknown),
		cmocka_unit_test(horizons_are_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
