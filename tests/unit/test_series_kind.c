// SPDX-License-Identifier: GPL-2.0-or-later
/* What a process, a group and a cgroup hold of each kind that is watched for growth. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "lib/trace.h"
#include "user/analysis/series_kind.h"

#define KIB 1024ull
#define PAGE 4096ull

struct fixture {
	struct trace t;
	struct pw_model *m;
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	f->t.now_ns = 100 * TRACE_SECOND;
	assert_int_equal(pw_model_create(NULL, &f->m), 0);
	trace_machine(&f->t, "boot");
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	pw_model_destroy(f->m);
	trace_free(&f->t);
	free(f);
	return 0;
}

static void play(struct fixture *f)
{
	trace_tick(&f->t);
	assert_int_equal(trace_flush(&f->t, pw_model_ingest, f->m), 0);
}

static void process_is(struct fixture *f, uint32_t pid, enum pw_series_kind kind, uint64_t want)
{
	uint64_t value = 0;

	assert_true(pw_series_of_process(f->m, pw_model_pid(f->m, pid), kind, &value));
	assert_int_equal(value, want);
}

static void process_is_unknown(struct fixture *f, uint32_t pid, enum pw_series_kind kind)
{
	uint64_t value = 4711;

	assert_false(pw_series_of_process(f->m, pw_model_pid(f->m, pid), kind, &value));
	assert_int_equal(value, 4711);
}

/* One of each, as the eBPF source tells it. */
static struct pw_counters *full_counters(struct fixture *f, uint32_t pid)
{
	struct pw_counters *c = trace_counters(&f->t, trace_key(pid), 100);

	c->swap_pages = 7;
	c->shmem_pages = 30;
	c->data_pages = 500;
	c->stack_pages = 33;
	c->brk_bytes = 132 * KIB + 1; /* a break need not stand on a page's begin */
	c->map_count = 20;
	c->page_table_bytes = 48 * KIB;
	c->threads = 5;
	return c;
}

static void every_kind_of_a_process(void **state)
{
	struct fixture *f = *state;

	full_counters(f, 10);
	trace_resources(&f->t, trace_key(10), 1009);
	play(f);
	process_is(f, 10, PW_SERIES_ANON, 107 * PAGE);
	process_is(f, 10, PW_SERIES_HEAP, 132 * KIB + 1);
	process_is(f, 10, PW_SERIES_MAPPED, (500 - 34) * PAGE);
	process_is(f, 10, PW_SERIES_STACK, 33 * PAGE);
	process_is(f, 10, PW_SERIES_THREADS, 5);
	process_is(f, 10, PW_SERIES_SHMEM, 30 * PAGE);
	process_is(f, 10, PW_SERIES_PAGE_TABLES, 48 * KIB);
	process_is(f, 10, PW_SERIES_OPEN_FILES, 1009);
	process_is_unknown(f, 10, PW_SERIES_KERNEL);
}

static void nothing_is_made_up(void **state)
{
	struct fixture *f = *state;

	trace_identity(&f->t, trace_key(10), "/bin/a", "/a", "", "a"); /* no counters yet */
	full_counters(f, 11)->flags |= PW_COUNTERS_PARTIAL; /* of a history */
	trace_resources(&f->t, trace_key(11), 5)->flags = PW_RESOURCES_LIMITS;
	play(f);
	for (int kind = 0; kind < PW_SERIES_KINDS; kind++)
		process_is_unknown(f, 10, kind);
	process_is(f, 11, PW_SERIES_ANON, 107 * PAGE);
	process_is(f, 11, PW_SERIES_PAGE_TABLES, 48 * KIB);
	process_is_unknown(f, 11, PW_SERIES_HEAP);
	process_is_unknown(f, 11, PW_SERIES_MAPPED);
	process_is_unknown(f, 11, PW_SERIES_STACK);
	process_is_unknown(f, 11, PW_SERIES_THREADS);
	process_is_unknown(f, 11, PW_SERIES_OPEN_FILES);
}

/* /proc tells no break and no mappings: the heap is told with what is mapped. */
static void without_a_break_the_heap_is_mapped(void **state)
{
	struct fixture *f = *state;
	struct pw_counters *c = full_counters(f, 10);

	c->brk_bytes = c->map_count = 0;
	play(f);
	process_is_unknown(f, 10, PW_SERIES_HEAP);
	process_is(f, 10, PW_SERIES_MAPPED, 500 * PAGE);
}

/* Sampled while the break moved: no number below 0 that wraps. */
static void a_heap_larger_than_its_data(void **state)
{
	struct fixture *f = *state;

	full_counters(f, 10)->data_pages = 3;
	play(f);
	process_is(f, 10, PW_SERIES_MAPPED, 0);
}

static void a_group_is_the_sum_of_its_living(void **state)
{
	struct fixture *f = *state;
	struct pw_group *g;
	uint64_t value = 0;

	for (uint32_t pid = 10; pid < 14; pid++) {
		full_counters(f, pid)->shmem_pages = pid; /* views of one memory */
		trace_identity(&f->t, trace_key(pid), "/bin/worker", "/pool", "", "w");
	}
	trace_resources(&f->t, trace_key(10), 100);
	trace_resources(&f->t, trace_key(11), 11); /* of the others it is not known */
	trace_exit(&f->t, trace_key(10), 0);
	play(f);
	g = pw_model_pid(f->m, 11)->group;
	assert_int_equal(g->alive, 3);
	assert_true(pw_series_of_group(f->m, g, PW_SERIES_ANON, &value));
	assert_int_equal(value, 3 * 107 * PAGE);
	assert_true(pw_series_of_group(f->m, g, PW_SERIES_SHMEM, &value));
	assert_int_equal(value, 13 * PAGE);
	assert_true(pw_series_of_group(f->m, g, PW_SERIES_OPEN_FILES, &value));
	assert_int_equal(value, 11);
	for (uint32_t pid = 11; pid < 14; pid++)
		trace_exit(&f->t, trace_key(pid), 0);
	play(f);
	assert_false(pw_series_of_group(f->m, g, PW_SERIES_ANON, &value));
}

static void the_kernel_s_memory_of_a_cgroup(void **state)
{
	struct fixture *f = *state;
	struct pw_cgroup *r = trace_cgroup(&f->t, 77, "/a", 5 << 20, PW_UNKNOWN);
	uint64_t value = 0;

	r->slab_bytes = 3000;
	r->sock_bytes = 400;
	trace_cgroup(&f->t, 78, "/b", 5 << 20, PW_UNKNOWN)->sock_bytes = 9;
	trace_cgroup(&f->t, 79, "/v1", 5 << 20, PW_UNKNOWN); /* does not tell */
	r = trace_cgroup(&f->t, 80, "/gone", 5 << 20, PW_UNKNOWN);
	r->slab_bytes = 1;
	r->flags = PW_CGROUP_GONE;
	play(f);
	assert_true(pw_series_of_cgroup(f->m, 77, PW_SERIES_KERNEL, &value));
	assert_int_equal(value, 3400);
	assert_true(pw_series_of_cgroup(f->m, 78, PW_SERIES_KERNEL, &value));
	assert_int_equal(value, 9);
	assert_false(pw_series_of_cgroup(f->m, 79, PW_SERIES_KERNEL, &value));
	assert_false(pw_series_of_cgroup(f->m, 80, PW_SERIES_KERNEL, &value));
	assert_false(pw_series_of_cgroup(f->m, 81, PW_SERIES_KERNEL, &value));
	assert_false(pw_series_of_cgroup(f->m, 77, PW_SERIES_ANON, &value));
	assert_int_equal(value, 9);
}

static void every_kind_has_its_words(void **state)
{
	(void)state;
	for (int kind = 0; kind < PW_SERIES_KINDS; kind++) {
		assert_non_null(pw_series_names[kind]);
		assert_non_null(pw_series_units[kind]);
		assert_true(pw_series_floors[kind] > 0);
		for (int other = 0; other < kind; other++)
			assert_string_not_equal(pw_series_names[kind], pw_series_names[other]);
	}
	assert_int_equal(PW_SERIES_OF_PROCESS | PW_SERIES_OF_CGROUP, (1u << PW_SERIES_KINDS) - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(every_kind_of_a_process, set_up, tear_down),
		cmocka_unit_test_setup_teardown(nothing_is_made_up, set_up, tear_down),
		cmocka_unit_test_setup_teardown(without_a_break_the_heap_is_mapped, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_heap_larger_than_its_data, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_group_is_the_sum_of_its_living, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_kernel_s_memory_of_a_cgroup, set_up, tear_down),
		cmocka_unit_test(every_kind_has_its_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
