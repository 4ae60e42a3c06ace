// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Mann-Kendall, Theil-Sen and the drift against values that scipy 1.10 and
 * numpy 1.24 gave for the same inputs: kendalltau's sum, theilslopes with
 * alpha .9 (its bounds one rank further out, as Sen's rounding has it), linregress, polyfit, lstsq
 * of the Prais-Winsten transform; the factor of Hamed and Rao as pymannkendall computes it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>

#include "user/analysis/drift.h"
#include "user/analysis/mann_kendall.h"
#include "user/analysis/theil_sen.h"

static const struct reference {
	size_t n;
	double y[24];
	double s, variance, z, factor, z_corrected;
	double slope, low, high;
	double growth, scatter, rho, t, end_to_start;
} references[] = {
	{ 24,
	  { 12, 15, 11, 18, 17, 21, 16, 24, 22, 27, 23, 30,
	    28, 26, 33, 31, 36, 29, 38, 40, 35, 43, 41, 46 },
	  232,
	  1625.333333,
	  5.729817095,
	  0.5766897706,
	  7.54518052,
	  1.3846153846153846,
	  1.2727272727272727,
	  1.5,
	  31.42,
	  2.809971891,
	  0,
	  16.48637937,
	  1.212970305 },
	/* ties */
	{ 16,
	  { 5, 5, 6, 5, 7, 7, 6, 8, 8, 8, 9, 7, 9, 10, 10, 9 },
	  88,
	  476.6666667,
	  3.984848928,
	  1,
	  3.984848928,
	  0.3333333333333333,
	  0.25,
	  0.4,
	  4.875,
	  0.7571091637,
	  0,
	  7.915244175,
	  0.5789742281 },
	/* a wave with a drift: so autocorrelated that it is taken for a walk */
	{ 24,
	  { 10.076, 12.98,  15.838, 18.323, 19.778, 19.538, 18.701, 16.472,
	    13.868, 12.3,   11.679, 12.004, 12.781, 14.666, 18.088, 20.91,
	    21.413, 22.852, 21.531, 18.825, 17.601, 16.15,  13.63,  13.148 },
	  38,
	  1625.333333,
	  0.9177629113,
	  0.3999076302,
	  1.451278153,
	  0.13021118012422372,
	  -0.11511111111111107,
	  0.3110833333333332,
	  2.67676,
	  3.627689739,
	  1,
	  0.3252143962,
	  -0.5380552327 },
};

static void close_to(double value, double truth)
{
	if (!(fabs(value - truth) <= 1e-8 * fmax(1, fabs(truth))))
		fail_msg("%.12g is not %.12g", value, truth);
}

static void count(double *x, size_t n)
{
	for (size_t i = 0; i < n; i++)
		x[i] = (double)i;
}

static void mann_kendall_is_that_of_the_books(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(references) / sizeof(references[0]); i++) {
		const struct reference *r = &references[i];
		struct pw_mann_kendall mk;

		pw_mann_kendall(r->y, r->n, r->slope, &mk);
		close_to(mk.s, r->s);
		close_to(mk.variance / 1e3, r->variance / 1e3);
		close_to(mk.z, r->z);
		close_to(mk.factor, r->factor);
		close_to(mk.z_corrected, r->z_corrected);
	}
}

static void theil_sen_is_that_of_the_books(void **state)
{
	double x[24], low, high;

	(void)state;
	count(x, 24);
	for (size_t i = 0; i < sizeof(references) / sizeof(references[0]); i++) {
		const struct reference *r = &references[i];
		struct pw_theil_sen ts;

		pw_theil_sen(x, r->y, r->n, &ts);
		assert_int_equal(ts.pairs, r->n * (r->n - 1) / 2);
		close_to(ts.slope, r->slope);
		pw_theil_sen_bounds(&ts, r->variance, &low, &high);
		close_to(low, r->low);
		close_to(high, r->high);
	}
}

static void the_drift_is_that_of_the_books(void **state)
{
	double x[24];

	(void)state;
	count(x, 24);
	for (size_t i = 0; i < sizeof(references) / sizeof(references[0]); i++) {
		const struct reference *r = &references[i];
		struct pw_drift d;

		pw_drift(x, r->y, r->n, &d);
		close_to(d.growth, r->growth);
		close_to(d.scatter, r->scatter);
		close_to(d.rho, r->rho);
		close_to(d.t, r->t);
		close_to(d.end_to_start, r->end_to_start);
	}
}

static void a_line_is_certain(void **state)
{
	double x[24], y[24];
	struct pw_mann_kendall mk;
	struct pw_theil_sen ts;
	struct pw_drift d;

	(void)state;
	count(x, 24);
	for (size_t i = 0; i < 24; i++)
		y[i] = 100 + 3 * x[i];
	pw_theil_sen(x, y, 24, &ts);
	close_to(ts.slope, 3);
	pw_mann_kendall(y, 24, ts.slope, &mk);
	close_to(mk.s, 276);
	pw_drift(x, y, 24, &d);
	assert_true(d.t > 50);
	assert_true(d.scatter < 1e-9);
	close_to(d.end_to_start, 1);
}

static void too_few_values_and_equal_ones_say_nothing(void **state)
{
	const double x[] = { 0, 1, 2, 3, 4, 5 }, y[] = { 7, 7, 7, 7, 7, 7 };
	double low = 1, high = 1;
	struct pw_mann_kendall mk;
	struct pw_theil_sen ts;
	struct pw_drift d;

	(void)state;
	for (size_t n = 0; n <= 6; n++) {
		pw_mann_kendall(y, n, 0, &mk);
		close_to(mk.z_corrected, 0);
		pw_theil_sen(x, y, n, &ts);
		close_to(ts.slope, 0);
		pw_theil_sen_bounds(&ts, mk.variance, &low, &high);
		close_to(low, 0);
		close_to(high, 0);
		pw_drift(x, y, n, &d);
		close_to(d.t, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mann_kendall_is_that_of_the_books),
		cmocka_unit_test(theil_sen_is_that_of_the_books),
		cmocka_unit_test(the_drift_is_that_of_the_books),
		cmocka_unit_test(a_line_is_certain),
		cmocka_unit_test(too_few_values_and_equal_ones_say_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
