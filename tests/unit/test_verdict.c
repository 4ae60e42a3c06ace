// SPDX-License-Identifier: GPL-2.0-or-later
/* A verdict in words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "user/analysis/verdict.h"

#define HOUR 3600000000000ull

/* A leak of 3 MiB an hour over 24 blocks of an hour; every gate passed. */
static struct pw_verdict leak(void)
{
	struct pw_verdict v = {
		.verdict = PW_VERDICT_GROWING,
		.confidence = 0.97,
		.window_ns = 24 * HOUR,
		.block_ns = HOUR,
		.blocks = 22,
		.gaps = 2,
		.first = 100 << 20,
		.last = 172 << 20,
		.slope = 3 << 20,
		.slope_low = 2 << 20,
		.slope_high = 4 << 20,
	};

	for (int g = 0; g < PW_GATES; g++)
		v.gates[g] = (struct pw_gate_result){ true, true, 2, 1 };
	return v;
}

static void says(const struct pw_verdict *v, enum pw_gate gate, const char *unit, const char *words)
{
	char text[200];
	int n = pw_gate_explain(v, gate, unit, text, sizeof(text));

	assert_in_range(n, 1, sizeof(text) - 1);
	assert_int_equal(n, strlen(text));
	if (!strstr(text, words))
		fail_msg("'%s' is not in '%s'", words, text);
}

static void failed(struct pw_verdict *v, enum pw_gate gate, double value, double bound)
{
	*v = leak();
	v->gates[gate] = (struct pw_gate_result){ true, false, value, bound };
}

static void every_class_and_gate_has_a_name_of_its_own(void **state)
{
	(void)state;
	for (int a = 0; a < PW_VERDICT_CLASSES; a++) {
		assert_non_null(pw_verdict_names[a]);
		for (int b = 0; b < a; b++)
			assert_string_not_equal(pw_verdict_names[a], pw_verdict_names[b]);
	}
	for (int a = 0; a < PW_GATES; a++) {
		assert_non_null(pw_gate_names[a]);
		for (int b = 0; b < a; b++)
			assert_string_not_equal(pw_gate_names[a], pw_gate_names[b]);
	}
}

static void suspects_are_those_that_grow_or_more(void **state)
{
	(void)state;
	for (unsigned int c = 0; c < PW_VERDICT_CLASSES; c++)
		assert_int_equal(pw_verdict_is_suspect(c), c >= PW_VERDICT_GROWING);
	assert_false(pw_verdict_is_suspect(PW_VERDICT_CLASSES));
}

static void the_first_gate_that_failed_is_told(void **state)
{
	struct pw_verdict v = leak();

	(void)state;
	assert_int_equal(pw_verdict_failed_gate(&v), PW_GATES);
	v.gates[PW_GATE_WEIGHT].passed = false;
	v.gates[PW_GATE_STEP].passed = false;
	assert_int_equal(pw_verdict_failed_gate(&v), PW_GATE_STEP);
	v.gates[PW_GATE_STEP].asked = false;
	assert_int_equal(pw_verdict_failed_gate(&v), PW_GATE_WEIGHT);
}

static void gates_have_figures(void **state)
{
	struct pw_verdict v;

	(void)state;
	failed(&v, PW_GATE_DECELERATION, 0.4, 0.75);
	says(&v, PW_GATE_DECELERATION, "bytes", "growth slowed by 60 % over the window: warming");
	failed(&v, PW_GATE_STEP, 0.83, 0.25);
	says(&v, PW_GATE_STEP, "bytes", "83 %");
	failed(&v, PW_GATE_FLOOR, 1 << 20, 2 << 20);
	says(&v, PW_GATE_FLOOR, "bytes", "grew 1.0M in 24 h, no more than 2.0M");
	says(&v, PW_GATE_SPAN, "bytes", "22 blocks of 60 min were seen, 2 missed");
	failed(&v, PW_GATE_LOAD, 2, 0.5);
	says(&v, PW_GATE_LOAD, "bytes", "can't be told apart");
	failed(&v, PW_GATE_LOAD, 0.8, 0.5);
	says(&v, PW_GATE_LOAD, "bytes", "80 %");
	failed(&v, PW_GATE_PERSISTENCE, 2, 3);
	says(&v, PW_GATE_PERSISTENCE, "bytes", "2 times in a row; 3 are needed");
	failed(&v, PW_GATE_FLOOR, 12, 16);
	says(&v, PW_GATE_FLOOR, "threads", "grew 12 threads in 24 h, no more than 16 threads");
	v.gates[PW_GATE_LOAD].asked = false;
	says(&v, PW_GATE_LOAD, "bytes", "not asked");
}

static void the_whole_is_one_sentence(void **state)
{
	struct pw_verdict v = leak();
	char text[300];

	(void)state;
	pw_verdict_explain(&v, "bytes", text, sizeof(text));
	assert_non_null(strstr(text, "growing: 3.0M an hour (90 % between 2.0M and 4.0M) for 24 h"));
	assert_non_null(strstr(text, "97 %"));
	failed(&v, PW_GATE_DECELERATION, 0.4, 0.75);
	v.verdict = PW_VERDICT_WARMING;
	pw_verdict_explain(&v, "bytes", text, sizeof(text));
	assert_non_null(strstr(text, "growth slowed by 60 %"));
}

/* Figures that nobody foresaw, and room for nothing. */
static void any_figure_and_any_room(void **state)
{
	static const double odd[] = { 0, -1, 1e300, -1e300, INFINITY, -INFINITY, NAN, 1e-300 };
	struct pw_verdict v = leak();
	char text[400];

	(void)state;
	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		v.slope = v.slope_low = v.slope_high = v.confidence = odd[i];
		for (int g = 0; g < PW_GATES; g++) {
			v.gates[g].value = v.gates[g].bound = odd[i];
			v.gates[g].passed = i % 2;
			assert_true(pw_gate_explain(&v, g, "bytes", text, sizeof(text)) > 0);
			assert_true(pw_gate_explain(&v, g, "files", text, 1) > 0);
			assert_int_equal(text[0], 0);
		}
		for (unsigned int c = 0; c <= PW_VERDICT_CLASSES; c++) {
			v.verdict = c;
			assert_true(pw_verdict_explain(&v, "bytes", text, sizeof(text)) > 0);
		}
	}
	assert_true(pw_gate_explain(&v, PW_GATES, "bytes", text, sizeof(text)) > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_class_and_gate_has_a_name_of_its_own),
		cmocka_unit_test(suspects_are_those_that_grow_or_more),
		cmocka_unit_test(the_first_gate_that_failed_is_told),
		cmocka_unit_test(gates_have_figures),
		cmocka_unit_test(the_whole_is_one_sentence),
		cmocka_unit_test(any_figure_and_any_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
