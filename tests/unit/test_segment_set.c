// SPDX-License-Identifier: GPL-2.0-or-later
/* Views of an address space: completion, growth since the first, bounds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "lib/trace.h"
#include "user/model/model.h"
#include "user/model/process_table.h"

#define MIB (1ull << 20)

struct fixture {
	struct pw_model *m;
	struct trace t;
	struct pw_key key;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_int_equal(pw_model_create(NULL, &f->m), 0);
	f->t.now_ns = 100 * TRACE_SECOND;
	f->key = trace_key(7);
	trace_machine(&f->t, "boot");
	trace_counters(&f->t, f->key, 1);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	pw_model_destroy(f->m);
	trace_free(&f->t);
	free(f);
	return 0;
}

static struct pw_segment_set *play(struct fixture *f)
{
	assert_int_equal(trace_flush(&f->t, pw_model_ingest, f->m), 0);
	return pw_model_process(f->m, &f->key)->segments;
}

static void growth_against_the_first_view(void **state)
{
	struct fixture *f = *state;
	struct pw_segment_set *set;

	trace_segments(&f->t, f->key, 3);
	trace_segment(&f->t, f->key, PW_SEG_HEAP, "[heap]", 0x1000, 5 * MIB);
	trace_segment(&f->t, f->key, PW_SEG_THREAD_STACK, "worker", 0x9000, MIB)->tid = 71;
	trace_segment(&f->t, f->key, PW_SEG_THREAD_STACK, "worker", 0x8000, MIB)->tid = 72;
	set = play(f);
	assert_int_equal(set->count, 3);
	assert_int_equal(set->rows[0].growth_bytes, 0);
	assert_false(set->rows[0].is_new);
	assert_string_equal(set->rows[1].name, "worker");

	trace_segments(&f->t, f->key, 4);
	trace_segment(&f->t, f->key, PW_SEG_HEAP, "[heap]", 0x1000, 9 * MIB)->swap_bytes = MIB;
	trace_segment(&f->t, f->key, PW_SEG_THREAD_STACK, "worker", 0x8000, 3 * MIB)->tid = 72;
	trace_segment(&f->t, f->key, PW_SEG_THREAD_STACK, "worker", 0x9000, 0)->tid = 71;
	trace_segment(&f->t, f->key, PW_SEG_ANON, "", 0xa000, 4 * MIB);
	set = play(f);
	assert_int_equal(set->count, 4);
	assert_int_equal(set->rows[0].growth_bytes, 5 * (int64_t)MIB);
	assert_int_equal(set->rows[1].growth_bytes, 2 * (int64_t)MIB);
	assert_int_equal(set->rows[2].growth_bytes, -(int64_t)MIB);
	assert_true(set->rows[3].is_new);
	assert_int_equal(set->rows[3].growth_bytes, 4 * (int64_t)MIB);
	assert_int_equal(set->first_ns, 100 * TRACE_SECOND);
}

static void same_name_is_told_apart_by_start(void **state)
{
	struct fixture *f = *state;
	struct pw_segment_set *set;

	trace_segments(&f->t, f->key, 2);
	trace_segment(&f->t, f->key, PW_SEG_ANON, "", 0x1000, MIB);
	trace_segment(&f->t, f->key, PW_SEG_ANON, "", 0x2000, 2 * MIB);
	play(f);
	trace_segments(&f->t, f->key, 3);
	trace_segment(&f->t, f->key, PW_SEG_ANON, "", 0x1000, 2 * MIB);
	trace_segment(&f->t, f->key, PW_SEG_ANON, "", 0x2000, 2 * MIB);
	trace_segment(&f->t, f->key, PW_SEG_ANON, "", 0x3000, 2 * MIB);
	set = play(f);
	assert_int_equal(set->rows[0].growth_bytes, MIB);
	assert_int_equal(set->rows[1].growth_bytes, 0);
	assert_true(set->rows[2].is_new);
}

static void a_moved_or_joined_segment_stays_itself(void **state)
{
	struct fixture *f = *state;
	struct pw_segment_set *set;

	trace_segments(&f->t, f->key, 2);
	trace_segment(&f->t, f->key, PW_SEG_STACK, "[stack]", 0x9000, MIB);
	trace_segment(&f->t, f->key, PW_SEG_LIBRARY_CODE, "libc", 0x1000, MIB);
	play(f);
	trace_segments(&f->t, f->key, 2);
	trace_segment(&f->t, f->key, PW_SEG_STACK, "[stack]", 0x5000, 2 * MIB); /* grew downwards */
	trace_segment(&f->t, f->key, PW_SEG_LIBRARY_CODE, "libc", 0x1000, MIB)->vmas = 2;
	set = play(f);
	assert_false(set->rows[0].is_new);
	assert_int_equal(set->rows[0].growth_bytes, MIB);
	assert_false(set->rows[1].is_new);
	assert_int_equal(set->rows[1].growth_bytes, 0);
}

static void unknown_residency_is_no_growth(void **state)
{
	struct fixture *f = *state;
	struct pw_segment_set *set;
	struct pw_segment *s;

	trace_segments(&f->t, f->key, 1);
	s = trace_segment(&f->t, f->key, PW_SEG_HEAP, "[heap]", 0x1000, PW_UNKNOWN);
	s->file_bytes = s->shmem_bytes = s->swap_bytes = PW_UNKNOWN;
	set = play(f);
	assert_true(pw_segment_resident(&set->rows[0].seg) == PW_UNKNOWN);
	trace_segments(&f->t, f->key, 1);
	trace_segment(&f->t, f->key, PW_SEG_HEAP, "[heap]", 0x1000, MIB)->swap_bytes = PW_UNKNOWN;
	set = play(f);
	assert_int_equal(pw_segment_resident(&set->rows[0].seg), MIB);
	assert_int_equal(set->rows[0].growth_bytes, 0);
}

static void incomplete_views_are_not_shown(void **state)
{
	struct fixture *f = *state;
	struct pw_segment_set *set;

	trace_segments(&f->t, f->key, 2);
	trace_segment(&f->t, f->key, PW_SEG_HEAP, "[heap]", 0x1000, MIB);
	assert_null(play(f));
	trace_tick(&f->t); /* cut short */
	assert_null(play(f));
	assert_int_equal(f->m->invalid_records, 1);
	assert_null(f->m->pending);

	trace_segment(&f->t, f->key, PW_SEG_HEAP, "[heap]", 0x1000, MIB); /* nobody announced it */
	assert_null(play(f));
	assert_int_equal(f->m->invalid_records, 2);

	trace_segments(&f->t, f->key, 2); /* cut short by the next */
	trace_segments(&f->t, f->key, 1);
	trace_segment(&f->t, trace_key(8), PW_SEG_HEAP, "", 0x1000, MIB); /* another's */
	trace_segment(&f->t, f->key, PW_SEG_HEAP, "", 0x1000, 3 * MIB);
	set = play(f);
	assert_int_equal(f->m->invalid_records, 4);
	assert_int_equal(set->count, 1);

	trace_segments(&f->t, f->key, 0)->flags = PW_SEGMENTS_GONE;
	set = play(f);
	assert_int_equal(set->count, 1); /* what was complete stays */
	assert_true(set->head.flags & PW_SEGMENTS_GONE);

	trace_segments(&f->t, trace_key(99), 0); /* of nobody known */
	play(f);
	assert_int_equal(f->m->invalid_records, 5);
}

static void lying_rows_are_skipped(void **state)
{
	struct fixture *f = *state;
	struct pw_segment_set *set;

	trace_segments(&f->t, f->key, 4);
	trace_segment(&f->t, f->key, PW_SEG_HEAP, "a", 0x1000, MIB)->name_len = 60000;
	trace_segment(&f->t, f->key, PW_SEG_HEAP, "b", 0x1000, MIB)->end = 5;
	trace_segment(&f->t, f->key, PW_SEG_HEAP, "c", 0x1000, 1ull << 61);
	trace_segment(&f->t, f->key, 4711, "d", 0x1000, MIB); /* a newer minor's kind */
	set = play(f);
	assert_int_equal(f->m->invalid_records, 3);
	assert_int_equal(set->count, 1);
	assert_true(set->head.flags & PW_SEGMENTS_TRUNCATED);
	assert_string_equal(pw_segment_kind_name(set->rows[0].seg.kind), "unknown");
}

static void rows_are_bounded(void **state)
{
	struct fixture *f = *state;
	struct pw_segment_set *set;
	const uint32_t rows = PW_SEGMENT_ROWS_MAX + 1000;

	trace_segments(&f->t, f->key, rows);
	for (uint32_t i = 0; i < rows; i++)
		trace_segment(&f->t, f->key, PW_SEG_ANON, "", i * 0x1000ull, 4096);
	set = play(f);
	assert_int_equal(set->count, PW_SEGMENT_ROWS_MAX);
	assert_true(set->head.flags & PW_SEGMENTS_TRUNCATED);
	assert_null(f->m->pending);
	assert_int_equal(f->m->invalid_records, 0);
}

static void all_views_together_are_bounded(void **state)
{
	struct fixture *f = *state;
	const uint32_t rows = 50000;

	for (uint32_t pid = 100; pid < 105; pid++) {
		trace_counters(&f->t, trace_key(pid), 1);
		f->t.now_ns++;
		trace_segments(&f->t, trace_key(pid), rows);
		for (uint32_t i = 0; i < rows; i++)
			trace_segment(&f->t, trace_key(pid), PW_SEG_ANON, "", i * 0x1000ull, 4096);
		play(f);
		assert_in_range(f->m->segment_rows, 1, PW_MODEL_SEGMENT_ROWS);
	}
	assert_null(pw_model_pid(f->m, 100)->segments); /* the oldest view made room */
	assert_non_null(pw_model_pid(f->m, 104)->segments);
	trace_exit(&f->t, trace_key(104), 0);
	play(f);
	assert_non_null(pw_model_pid(f->m, 104)->segments); /* the dead keep theirs */
}

static void every_kind_has_a_name_of_its_own(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < PW_SEG_KINDS; i++) {
		assert_non_null(pw_segment_kind_name(i));
		for (uint32_t j = 0; j < i; j++)
			assert_string_not_equal(pw_segment_kind_name(i), pw_segment_kind_name(j));
	}
}

#define SET_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		SET_TEST(growth_against_the_first_view),
		SET_TEST(same_name_is_told_apart_by_start),
		SET_TEST(a_moved_or_joined_segment_stays_itself),
		SET_TEST(unknown_residency_is_no_growth),
		SET_TEST(incomplete_views_are_not_shown),
		SET_TEST(lying_rows_are_skipped),
		SET_TEST(rows_are_bounded),
		SET_TEST(all_views_together_are_bounded),
		cmocka_unit_test(every_kind_has_a_name_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
