// SPDX-License-Identifier: GPL-2.0-or-later
/* One series under the detector: windows, gaps, verdicts, load, saved forms. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kmod/uapi/pagewarden.h"
#include "user/analysis/trend_private.h"
#include "user/base/hash.h"

#define STEP PW_TREND_STEP_NS
#define HOUR 360u /* steps */
#define MIB 1048576.0
#define START (5000ull * 1000000000)

static const struct pw_trend_options options = { .floor = 2 << 20 };

/* -1 .. 1, the same on every run */
static double noise(uint64_t i)
{
	return (double)(pw_hash_mix(i + 1) % 20001) / 10000 - 1;
}

typedef double (*shape_fn)(double hours, uint64_t i);

static double steady_leak(double hours, uint64_t i)
{
	return 50 * MIB + 3 * MIB * hours + 0.2 * MIB * noise(i);
}

static double nothing(double hours, uint64_t i)
{
	(void)hours;
	return 100 * MIB + 3 * MIB * noise(i);
}

static double warming(double hours, uint64_t i)
{
	return 100 * MIB + 300 * MIB * (1 - exp(-hours / 6)) + 0.5 * MIB * noise(i);
}

static double one_step(double hours, uint64_t i)
{
	return (hours < 20 ? 100 : 160) * MIB + 0.5 * MIB * noise(i);
}

static double fast_leak(double hours, uint64_t i)
{
	return 20 * MIB + 3600 * MIB * hours + 0.5 * MIB * noise(i);
}

static double shrinking(double hours, uint64_t i)
{
	return 900 * MIB - 3 * MIB * hours + 0.2 * MIB * noise(i);
}

static double late_leak(double hours, uint64_t i)
{
	return 100 * MIB + (hours > 30 ? 20 * MIB * (hours - 30) : 0) + MIB * noise(i);
}

/* Seconds until it is called growing; 0: never in that time. ret: the last verdict. */
static uint64_t run(struct pw_trend *t, const struct pw_trend_options *opt, shape_fn shape,
		    double hours, struct pw_verdict *ret)
{
	uint64_t called = 0;

	for (uint64_t i = 0; i < hours * HOUR; i++) {
		uint64_t value = (uint64_t)shape((double)i / HOUR, i);

		assert_int_equal(pw_trend_add(t, opt, START + i * STEP, value, false), 0);
		if (!pw_trend_is_due(t))
			continue;
		pw_trend_judge(t, NULL, opt, ret);
		assert_int_equal(pw_trend_class(t), ret->verdict);
		if (ret->verdict == PW_VERDICT_GROWING && !called)
			called = i * 10;
	}
	pw_trend_look(t, NULL, opt, ret);
	return called;
}

static uint64_t called_after(shape_fn shape, double hours, struct pw_verdict *ret)
{
	struct pw_trend *t;
	uint64_t called;

	assert_int_equal(pw_trend_create(&t), 0);
	called = run(t, &options, shape, hours, ret);
	pw_trend_destroy(t);
	return called;
}

/* ---- verdicts ------------------------------------------------------------------------ */

static void a_leak_is_called_and_measured(void **state)
{
	struct pw_verdict v;

	(void)state;
	assert_true(called_after(steady_leak, 40, &v) > 0);
	assert_int_equal(v.verdict, PW_VERDICT_GROWING);
	assert_true(fabs(v.slope - 3 * MIB) < 0.1 * MIB);
	assert_true(v.slope_low <= v.slope && v.slope <= v.slope_high);
	assert_true(v.slope_low > 2.9 * MIB && v.slope_high < 3.1 * MIB);
	assert_true(v.confidence > 0.9);
	assert_int_equal(v.gaps, 0);
	for (int g = 0; g < PW_GATES; g++)
		assert_true(g == PW_GATE_LOAD ? !v.gates[g].asked : v.gates[g].passed);
	assert_in_range(v.since_ns, START, START + 6 * HOUR * STEP);
}

static void a_fast_leak_is_called_within_ten_minutes(void **state)
{
	struct pw_verdict v;

	(void)state;
	assert_in_range(called_after(fast_leak, 1, &v), 1, 600);
}

static void a_suspect_stays_one_while_it_grows(void **state)
{
	struct pw_trend *t;
	struct pw_verdict v;
	bool called = false;

	(void)state;
	assert_int_equal(pw_trend_create(&t), 0);
	for (uint64_t i = 0; i < 30 * HOUR; i++) {
		pw_trend_add(t, &options, START + i * STEP,
			     (uint64_t)fast_leak((double)i / HOUR, i), false);
		if (!pw_trend_is_due(t))
			continue;
		pw_trend_judge(t, NULL, &options, &v);
		called |= v.verdict == PW_VERDICT_GROWING;
		assert_true(!called || v.verdict == PW_VERDICT_GROWING);
	}
	assert_true(called);
	pw_trend_destroy(t);
}

static void a_late_leak_is_called_and_dated(void **state)
{
	struct pw_verdict v;
	uint64_t called = called_after(late_leak, 50, &v);

	(void)state;
	assert_in_range(called, 30 * 3600, 38 * 3600);
	assert_int_equal(v.verdict, PW_VERDICT_GROWING);
	assert_in_range(v.since_ns, START + 27 * HOUR * STEP, START + 34 * HOUR * STEP);
}

static void who_leaks_nothing_is_not_called(void **state)
{
	static const shape_fn healthy[] = { nothing, warming, one_step, shrinking };
	struct pw_verdict v;

	(void)state;
	for (size_t i = 0; i < sizeof(healthy) / sizeof(healthy[0]); i++) {
		assert_int_equal(called_after(healthy[i], 72, &v), 0);
		assert_false(pw_verdict_is_suspect(v.verdict));
	}
}

static void a_warm_up_is_called_that(void **state)
{
	struct pw_verdict v;

	(void)state;
	called_after(warming, 30, &v);
	assert_int_equal(v.verdict, PW_VERDICT_WARMING);
	assert_int_equal(pw_verdict_failed_gate(&v), PW_GATE_DECELERATION);
}

static void the_same_samples_give_the_same_verdict(void **state)
{
	struct pw_verdict a, b;

	(void)state;
	memset(&a, 0, sizeof(a));
	memset(&b, 0, sizeof(b));
	called_after(steady_leak, 30, &a);
	called_after(steady_leak, 30, &b);
	assert_memory_equal(&a, &b, sizeof(a));
}

static void a_time_scale_changes_the_clock_alone(void **state)
{
	struct pw_trend_options fast = options;
	struct pw_verdict a, b;
	struct pw_trend *t;

	(void)state;
	called_after(steady_leak, 30, &a);
	fast.time_scale = 100;
	assert_int_equal(pw_trend_create(&t), 0);
	for (uint64_t i = 0; i < 30 * HOUR; i++) {
		pw_trend_add(t, &fast, START + i * STEP / 100,
			     (uint64_t)steady_leak((double)i / HOUR, i), false);
		if (pw_trend_is_due(t))
			pw_trend_judge(t, NULL, &fast, &b);
	}
	pw_trend_look(t, NULL, &fast, &b);
	pw_trend_destroy(t);
	assert_int_equal(a.verdict, b.verdict);
	assert_int_equal(a.window_ns, b.window_ns);
	assert_true(fabs(a.slope - b.slope) < 1e-6 * a.slope);
	assert_int_equal((b.to_ns - START) * 100, a.to_ns - START);
}

/* A gate that is off is as good as passed. */
static void gates_can_be_off(void **state)
{
	struct pw_trend_options opt = options;
	struct pw_verdict v;
	struct pw_trend *t;

	(void)state;
	assert_int_equal(pw_trend_create(&t), 0);
	opt.gates_off = 1u << PW_GATE_DECELERATION | 1u << PW_GATE_WEIGHT;
	assert_true(run(t, &opt, warming, 12, &v) > 0);
	pw_trend_destroy(t);
}

/* ---- samples, blocks, gaps --------------------------------------------------------------- */

static struct pw_trend *fed(unsigned int changes, bool held, unsigned int stride)
{
	struct pw_trend *t;

	assert_int_equal(pw_trend_create(&t), 0);
	for (uint64_t i = 0; i < 4000; i += stride) {
		/* at most `changes` different values, the last ones late */
		uint64_t value = 1000 + pw_hash_mix(i * changes / 4000) % 50;

		assert_int_equal(pw_trend_add(t, &options, START + i * STEP, value, held), 0);
	}
	return t;
}

/* Values that change rarely are kept another way; the windows tell the same. */
static void blocks_of_few_changes_are_the_minima(void **state)
{
	static const struct {
		bool held;
		unsigned int stride;
	} ways[] = { { false, 1 }, { true, 1 }, { true, 7 }, { false, 3 }, { false, 2 } };

	(void)state;
	for (size_t w = 0; w < sizeof(ways) / sizeof(ways[0]); w++) {
		struct pw_trend *few = fed(9, ways[w].held, ways[w].stride);

		assert_false(few->dense);
		for (unsigned int k = 0; k < PW_TREND_LEVELS; k++) {
			float a[PW_TREND_BLOCKS], truth;
			uint32_t first;
			size_t n = pw_trend_window(few, k, a, &first);

			for (size_t b = 0; b < n; b++) {
				uint64_t from = (first + b) * pw_trend_block_steps[k];

				truth = PW_TREND_GAP;
				for (uint64_t i = 0; i < 4000; i += ways[w].stride) {
					uint64_t end = ways[w].held ? i + ways[w].stride : i + 1;
					float value = 1000 + pw_hash_mix(i * 9 / 4000) % 50;

					if (end > from && i < from + pw_trend_block_steps[k] &&
					    (truth == PW_TREND_GAP || value < truth))
						truth = value;
				}
				if (a[b] != truth)
					fail_msg("way %zu window %u block %zu: %f is not %f", w, k,
						 b, (double)a[b], (double)truth);
			}
		}
		pw_trend_destroy(few);
	}
}

static void dense_blocks_are_the_minima(void **state)
{
	struct pw_trend *t;
	static float values[30000];

	(void)state;
	assert_int_equal(pw_trend_create(&t), 0);
	for (uint64_t i = 0; i < 30000; i++) {
		values[i] = 5000 + pw_hash_mix(i) % 1000;
		pw_trend_add(t, &options, START + i * STEP, (uint64_t)values[i], false);
	}
	assert_true(t->dense);
	for (unsigned int k = 0; k < PW_TREND_LEVELS; k++) {
		float a[PW_TREND_BLOCKS];
		uint32_t first;

		assert_int_equal(pw_trend_window(t, k, a, &first), PW_TREND_BLOCKS);
		for (size_t b = 0; b < PW_TREND_BLOCKS; b++) {
			float truth = 1e9f;

			for (uint32_t i = 0; i < pw_trend_block_steps[k]; i++)
				truth = fminf(truth,
					      values[(first + b) * pw_trend_block_steps[k] + i]);
			assert_true(a[b] == truth);
		}
	}
	pw_trend_destroy(t);
}

static void a_gap_is_one_and_a_held_value_is_none(void **state)
{
	uint64_t floors[PW_TREND_BLOCKS], from, block;

	(void)state;
	for (int held = 0; held < 2; held++) {
		for (int busy = 0; busy < 2; busy++) {
			struct pw_trend *t;
			size_t n, holes = 0;

			assert_int_equal(pw_trend_create(&t), 0);
			for (uint64_t i = 0; i < 720; i++) {
				if (i >= 450 && i < 540) /* a quarter of an hour */
					continue;
				pw_trend_add(t, &options, START + i * STEP,
					     busy ? 7000 + pw_hash_mix(i) % 100 : 7000,
					     held && i == 540);
			}
			assert_int_equal(t->dense, busy);
			n = pw_trend_floors(t, &options, 3600ull * 1000000000, floors, &from, &block);
			assert_int_equal(n, PW_TREND_BLOCKS);
			assert_int_equal(block, 15 * STEP);
			for (size_t i = 0; i < n; i++) {
				uint64_t at = (from - START) / STEP + i * 15;
				bool hole = at >= 450 && at < 540 && !held;

				assert_int_equal(floors[i] == PW_UNKNOWN, hole);
				holes += hole;
			}
			assert_int_equal(holes, held ? 0 : 6);
			pw_trend_destroy(t);
		}
	}
}

static void time_that_stands_or_goes_back_does_no_harm(void **state)
{
	struct pw_trend *t;
	struct pw_verdict v;

	(void)state;
	assert_int_equal(pw_trend_create(&t), 0);
	pw_trend_judge(t, NULL, &options, &v); /* of nothing */
	assert_int_equal(v.verdict, PW_VERDICT_UNKNOWN);
	for (uint64_t i = 0; i < 100; i++)
		assert_int_equal(pw_trend_add(t, &options, START - (i % 7) * STEP, i, i % 2), 0);
	assert_int_equal(pw_trend_add(t, &options, UINT64_MAX, 3, false), 0);
	assert_int_equal(pw_trend_add(t, &options, START, UINT64_MAX, true), 0);
	pw_trend_judge(t, NULL, &options, &v);
	pw_trend_look(t, NULL, NULL, &v);
	pw_trend_destroy(t);
}

static void a_reset_forgets(void **state)
{
	struct pw_trend *t;
	struct pw_verdict v;

	(void)state;
	assert_int_equal(pw_trend_create(&t), 0);
	assert_true(run(t, &options, steady_leak, 40, &v) > 0);
	pw_trend_reset(t, START + 41 * HOUR * STEP);
	assert_int_equal(pw_trend_class(t), PW_VERDICT_UNKNOWN);
	assert_false(pw_trend_is_due(t));
	pw_trend_look(t, NULL, &options, &v);
	assert_int_equal(v.verdict, PW_VERDICT_UNKNOWN);
	assert_int_equal(v.blocks, 0);
	pw_trend_destroy(t);
}

static void the_idle_cost_little(void **state)
{
	struct pw_trend *t;
	struct pw_verdict v;
	unsigned int judged = 0;

	(void)state;
	assert_int_equal(pw_trend_create(&t), 0);
	for (uint64_t i = 0; i < 100 * HOUR; i++) {
		pw_trend_add(t, &options, START + i * STEP, 4096, true);
		if (pw_trend_is_due(t)) {
			pw_trend_judge(t, NULL, &options, &v);
			judged++;
		}
	}
	assert_int_equal(v.verdict, PW_VERDICT_STABLE);
	assert_true(pw_trend_bytes(t) <= 48);
	assert_true(judged < 30); /* until it is called stable */
	pw_trend_destroy(t);
	t = fed(9, false, 1);
	assert_true(pw_trend_bytes(t) < 200);
	pw_trend_destroy(t);
}

/* ---- load ---------------------------------------------------------------------------------- */

/* Memory by the rate of work, or by all work ever done; work by rate(hours). */
static enum pw_verdict_class under_load(double (*rate)(double hours), double per_rate,
					double per_work, struct pw_verdict *ret)
{
	struct pw_load load = { .known = 1u << PW_LOAD_SWITCHES };
	struct pw_trend_load *l;
	struct pw_trend *t;
	double work = 0;
	bool called = false;

	assert_int_equal(pw_trend_create(&t), 0);
	assert_int_equal(pw_trend_load_create(&l), 0);
	for (uint64_t i = 0; i < 66 * HOUR; i++) {
		double hours = (double)i / HOUR, memory;

		work += rate(hours) * 10;
		memory = 100 * MIB + per_rate * rate(hours) + per_work * work + 0.3 * MIB * noise(i);
		load.totals[PW_LOAD_SWITCHES] = (uint64_t)(work * 100);
		assert_int_equal(pw_trend_load_add(l, &options, START + i * STEP, &load), 0);
		assert_int_equal(
			pw_trend_add(t, &options, START + i * STEP, (uint64_t)memory, false), 0);
		if (!pw_trend_is_due(t))
			continue;
		pw_trend_judge(t, l, &options, ret);
		called |= ret->verdict == PW_VERDICT_GROWING;
	}
	pw_trend_look(t, l, &options, ret);
	assert_true(pw_trend_load_bytes(l) < 1000);
	pw_trend_destroy(t);
	pw_trend_load_destroy(l);
	return called ? PW_VERDICT_GROWING : ret->verdict;
}

static double rising(double hours)
{
	return 10 + hours;
}

static double daily(double hours)
{
	return 20 + 15 * sin(hours / 24 * 2 * M_PI);
}

static void memory_that_follows_the_rate_of_work_is_no_leak(void **state)
{
	struct pw_verdict v;

	(void)state;
	assert_int_equal(under_load(rising, 5 * MIB, 0, &v), PW_VERDICT_LOAD_FOLLOWING);
	assert_true(v.gates[PW_GATE_LOAD].asked);
	assert_false(v.gates[PW_GATE_LOAD].passed);
	assert_int_not_equal(under_load(daily, 5 * MIB, 0, &v), PW_VERDICT_GROWING);
}

static void memory_that_every_request_adds_to_is_a_leak(void **state)
{
	struct pw_verdict v;

	(void)state;
	assert_int_equal(under_load(daily, 0.1 * MIB, 100, &v), PW_VERDICT_GROWING);
	/* also where work rises all the time, when memory grew far beyond its proportion */
	assert_int_equal(under_load(rising, 0.1 * MIB, 400, &v), PW_VERDICT_GROWING);
}

/* ---- saved forms ------------------------------------------------------------------------------ */

static struct pw_trend *again(const struct pw_trend *t, int64_t saved_at, int64_t restored_at)
{
	size_t size = pw_trend_save(t, saved_at, NULL, 0);
	void *bytes = malloc(size);
	struct pw_trend *copy;

	assert_int_equal(pw_trend_save(t, saved_at, bytes, size), size);
	assert_int_equal(pw_trend_restore(bytes, size, restored_at, &copy), 0);
	free(bytes);
	return copy;
}

static void a_restored_series_goes_on_to_the_bit(void **state)
{
	const int64_t reboot = 1700000000ll * 1000000000;
	static const shape_fn shapes[] = { steady_leak, warming, one_step };

	(void)state;
	for (size_t s = 0; s < sizeof(shapes) / sizeof(shapes[0]); s++) {
		struct pw_trend *whole, *broken, *copy;
		struct pw_verdict a, b;

		memset(&a, 0, sizeof(a));
		memset(&b, 0, sizeof(b));
		assert_int_equal(pw_trend_create(&whole), 0);
		assert_int_equal(pw_trend_create(&broken), 0);
		for (uint64_t i = 0; i < 50 * HOUR; i++) {
			uint64_t value = (uint64_t)shapes[s]((double)i / HOUR, i);
			uint64_t now = START + i * STEP;
			/* after 20 h the machine boots anew: its clock begins again */
			uint64_t other = i < 20 * HOUR ? now : (i - 20 * HOUR + 3) * STEP;

			if (i == 20 * HOUR) {
				copy = again(broken, reboot, reboot + (int64_t)(now - other));
				pw_trend_destroy(broken);
				broken = copy;
			}
			pw_trend_add(whole, &options, now, value, false);
			pw_trend_add(broken, &options, other, value, false);
			assert_int_equal(pw_trend_is_due(whole), pw_trend_is_due(broken));
			if (!pw_trend_is_due(whole))
				continue;
			pw_trend_judge(whole, NULL, &options, &a);
			pw_trend_judge(broken, NULL, &options, &b);
			assert_int_equal(a.verdict, b.verdict);
			assert_memory_equal(a.gates, b.gates, sizeof(a.gates));
			assert_memory_equal(&a.slope, &b.slope, 3 * sizeof(a.slope));
		}
		pw_trend_destroy(whole);
		pw_trend_destroy(broken);
	}
}

static void sparse_forms_come_back_as_they_were(void **state)
{
	(void)state;
	for (unsigned int changes = 1; changes < 12; changes += 5) {
		struct pw_trend *t = fed(changes, false, 1), *copy = again(t, 77, 77);
		uint8_t a[2000], b[2000];
		size_t size = pw_trend_save(t, 0, a, sizeof(a));

		assert_true(size <= sizeof(a));
		assert_int_equal(pw_trend_save(copy, 0, b, sizeof(b)), size);
		assert_memory_equal(a, b, size);
		pw_trend_destroy(t);
		pw_trend_destroy(copy);
	}
}

static void loads_come_back_as_they_were(void **state)
{
	struct pw_load load = { .known = 1u << PW_LOAD_CPU | 1u << PW_LOAD_SWITCHES };
	struct pw_trend_load *l, *copy = NULL;
	uint8_t a[2000], b[2000];
	size_t size;

	(void)state;
	assert_int_equal(pw_trend_load_create(&l), 0);
	for (uint64_t i = 0; i < 3000; i++) {
		load.totals[PW_LOAD_CPU] += pw_hash_mix(i) % 1000000;
		load.totals[PW_LOAD_SWITCHES] += pw_hash_mix(i) % 100;
		assert_int_equal(pw_trend_load_add(l, &options, START + i * STEP, &load), 0);
	}
	size = pw_trend_load_save(l, 5, a, sizeof(a));
	assert_true(size <= sizeof(a));
	assert_int_equal(pw_trend_load_restore(a, size, 5, &copy), 0);
	assert_int_equal(pw_trend_load_save(copy, 5, b, sizeof(b)), size);
	assert_memory_equal(a, b, size);
	for (size_t cut = 0; cut < size; cut++) {
		struct pw_trend_load *none = NULL;

		assert_int_equal(pw_trend_load_restore(a, cut, 5, &none), -EBADMSG);
		assert_null(none);
	}
	pw_trend_load_destroy(l);
	pw_trend_load_destroy(copy);
}

/* Whatever a byte becomes: refused, or a series that can be used and saved again. */
static void hostile_bytes(void **state)
{
	(void)state;
	for (unsigned int changes = 1; changes < 400; changes += 199) {
		struct pw_trend *t = fed(changes, false, 1), *got = NULL;
		uint8_t bytes[2000], other[2000];
		size_t size = pw_trend_save(t, 9, bytes, sizeof(bytes));
		struct pw_verdict v;

		for (size_t cut = 0; cut < size; cut++)
			assert_int_equal(pw_trend_restore(bytes, cut, 9, &got), -EBADMSG);
		assert_int_equal(pw_trend_restore(bytes, size + 1, 9, &got), -EBADMSG);
		for (size_t i = 0; i < size * 16; i++) {
			memcpy(other, bytes, size);
			other[i / 16] = (uint8_t)pw_hash_mix(i);
			got = NULL;
			if (pw_trend_restore(other, size, 9, &got))
				continue;
			pw_trend_judge(got, NULL, &options, &v);
			for (uint64_t k = 0; k < 50; k++)
				pw_trend_add(got, &options, START + (4000 + k * 9) * STEP, k * 5000,
					     k % 2);
			pw_trend_judge(got, NULL, &options, &v);
			pw_trend_look(got, NULL, &options, &v);
			pw_trend_destroy(got);
		}
		pw_trend_destroy(t);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_leak_is_called_and_measured),
		cmocka_unit_test(a_fast_leak_is_called_within_ten_minutes),
		cmocka_unit_test(a_suspect_stays_one_while_it_grows),
		cmocka_unit_test(a_late_leak_is_called_and_dated),
		cmocka_unit_test(who_leaks_nothing_is_not_called),
		cmocka_unit_test(a_warm_up_is_called_that),
		cmocka_unit_test(the_same_samples_give_the_same_verdict),
		cmocka_unit_test(a_time_scale_changes_the_clock_alone),
		cmocka_unit_test(gates_can_be_off),
		cmocka_unit_test(blocks_of_few_changes_are_the_minima),
		cmocka_unit_test(dense_blocks_are_the_minima),
		cmocka_unit_test(a_gap_is_one_and_a_held_value_is_none),
		cmocka_unit_test(time_that_stands_or_goes_back_does_no_harm),
		cmocka_unit_test(a_reset_forgets),
		cmocka_unit_test(the_idle_cost_little),
		cmocka_unit_test(memory_that_follows_the_rate_of_work_is_no_leak),
		cmocka_unit_test(memory_that_every_request_adds_to_is_a_leak),
		cmocka_unit_test(a_restored_series_goes_on_to_the_bit),
		cmocka_unit_test(sparse_forms_come_back_as_they_were),
		cmocka_unit_test(loads_come_back_as_they_were),
		cmocka_unit_test(hostile_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
