// SPDX-License-Identifier: GPL-2.0-or-later
/* links: corpus. timeout: 600 */
/*
 * The detector over a fixed subset of the corpus, of a stream of its own: the
 * build fails when it calls more healthy programs or fewer leaks than it did.
 * The bounds lie a little below what was measured when they were set; the
 * figures of docs/accuracy.md come from another stream and many more series.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/corpus/study.h"

#define MAX_FALSE .05 /* of the hard shapes; measured .031 */
#define MIN_RECALL .92 /* of leaks from three spreads a day; measured .965 */
#define MIN_PRECISION .93 /* at 50:50, all leaks; measured .959 */

static struct rows rows;

static int run(void **state)
{
	struct study study = { .stream = STREAM_CI,
			       .rounds = 1,
			       .shape = -1,
			       .every = 2, /* 442 series: half a minute */
			       .own_only = true,
			       .jobs = 1 };
	struct detector own[DETECTORS_MAX];

	(void)state;
	study_run(&study, own, study_detectors(&study, own), &rows);
	return rows.count == 442 ? 0 : -1;
}

static int stop(void **state)
{
	(void)state;
	study_free(&rows);
	return 0;
}

static void say(const char *what, struct share s, double bound)
{
	print_message("%s: %zu of %zu, %.3f; the bound is %.3f\n", what, s.n, s.of, share_value(s),
		      bound);
}

static void few_healthy_series_are_called(void **state)
{
	struct cell hard = cell_all;
	struct share s;

	(void)state;
	hard.leaks = 0;
	hard.hard = 1;
	s = share_called(&rows, &hard, 0);
	say("healthy series of hard shapes that were called", s, MAX_FALSE);
	assert_true(share_value(s) <= MAX_FALSE);
}

static void most_leaks_are_called(void **state)
{
	struct cell big = cell_all;
	struct share s;

	(void)state;
	big.big = 1;
	s = share_called(&rows, &big, 0);
	say("leaks from 3 spreads a day that were called", s, MIN_RECALL);
	assert_true(share_value(s) >= MIN_RECALL);
}

static void most_calls_are_right(void **state)
{
	struct share s = share_right(&rows, &cell_all, 0);

	(void)state;
	say("calls that were right, as many leaking as healthy", s, MIN_PRECISION);
	assert_true(share_value(s) >= MIN_PRECISION);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(few_healthy_series_are_called),
		cmocka_unit_test(most_leaks_are_called),
		cmocka_unit_test(most_calls_are_right),
	};

	return cmocka_run_group_tests(tests, run, stop);
}
