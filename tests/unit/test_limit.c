// SPDX-License-Identifier: GPL-2.0-or-later
/* The tightest limit of a series, and when it is reached. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>

#include "lib/trace.h"
#include "user/analysis/limit.h"

#define MIB (1ull << 20)
#define GIB (1ull << 30)
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
	trace_machine(&f->t, "boot"); /* of 4 GiB, of which a tick has 2 available */
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

static struct pw_counters *counters(struct fixture *f, uint32_t pid)
{
	struct pw_counters *c = trace_counters(&f->t, trace_key(pid), 25600);

	c->virtual_pages = 50000;
	c->data_pages = 30000;
	c->map_count = 9;
	c->cgroup_id = 77;
	return c;
}

static void limit_is(const struct pw_limit *l, enum pw_limit_kind kind, uint64_t limit, uint64_t used)
{
	assert_string_equal(pw_limit_names[l->kind], pw_limit_names[kind]);
	assert_int_equal(l->limit, limit);
	assert_int_equal(l->used, used);
	assert_int_equal(l->left, limit > used ? limit - used : 0);
}

static void process_runs_into(struct fixture *f, uint32_t pid, enum pw_series_kind series,
			      enum pw_limit_kind kind, uint64_t limit, uint64_t used)
{
	struct pw_limit l = { .kind = PW_LIMIT_KINDS };

	pw_limit_of_process(f->m, pw_model_pid(f->m, pid), series, &l);
	limit_is(&l, kind, limit, used);
}

static void the_machine_bounds_all_that_is_resident(void **state)
{
	struct fixture *f = *state;

	counters(f, 10);
	play(f);
	process_runs_into(f, 10, PW_SERIES_ANON, PW_LIMIT_MACHINE, 4 * GIB, 2 * GIB);
	process_runs_into(f, 10, PW_SERIES_HEAP, PW_LIMIT_MACHINE, 4 * GIB, 2 * GIB);
	process_runs_into(f, 10, PW_SERIES_PAGE_TABLES, PW_LIMIT_MACHINE, 4 * GIB, 2 * GIB);
	/* address space costs no memory, and nobody told of other limits */
	process_runs_into(f, 10, PW_SERIES_MAPPED, PW_LIMIT_NONE, 0, 0);
	process_runs_into(f, 10, PW_SERIES_STACK, PW_LIMIT_NONE, 0, 0);
	process_runs_into(f, 10, PW_SERIES_THREADS, PW_LIMIT_NONE, 0, 0);
	process_runs_into(f, 10, PW_SERIES_OPEN_FILES, PW_LIMIT_NONE, 0, 0);
}

static void swap_is_room_too(void **state)
{
	struct fixture *f = *state;

	trace_machine(&f->t, "boot")->swap_pages = GIB / PAGE;
	counters(f, 10);
	trace_tick(&f->t)->swap_free_pages = GIB / PAGE / 2;
	assert_int_equal(trace_flush(&f->t, pw_model_ingest, f->m), 0);
	process_runs_into(f, 10, PW_SERIES_ANON, PW_LIMIT_MACHINE, 5 * GIB, 5 * GIB / 2);
}

static void what_nobody_tells_bounds_nothing(void **state)
{
	struct fixture *f = *state;

	counters(f, 10);
	trace_tick(&f->t)->available_pages = 0; /* of a history */
	assert_int_equal(trace_flush(&f->t, pw_model_ingest, f->m), 0);
	process_runs_into(f, 10, PW_SERIES_ANON, PW_LIMIT_NONE, 0, 0);
}

static void the_tightest_wins(void **state)
{
	struct fixture *f = *state;
	struct pw_resources *r;

	counters(f, 10);
	trace_cgroup(&f->t, 77, "/a", 300 * MIB, 400 * MIB); /* 100 MiB left */
	play(f);
	process_runs_into(f, 10, PW_SERIES_ANON, PW_LIMIT_CGROUP, 400 * MIB, 300 * MIB);
	process_runs_into(f, 10, PW_SERIES_SHMEM, PW_LIMIT_CGROUP, 400 * MIB, 300 * MIB);

	r = trace_resources(&f->t, trace_key(10), 24);
	r->limit_address_space_bytes = 60000 * PAGE; /* 39 MiB left */
	r->limit_data_bytes = 35000 * PAGE; /* 20 MiB */
	play(f);
	process_runs_into(f, 10, PW_SERIES_ANON, PW_LIMIT_DATA, 35000 * PAGE, 30000 * PAGE);
	process_runs_into(f, 10, PW_SERIES_MAPPED, PW_LIMIT_DATA, 35000 * PAGE, 30000 * PAGE);
	process_runs_into(f, 10, PW_SERIES_STACK, PW_LIMIT_ADDRESS_SPACE, 60000 * PAGE, 50000 * PAGE);
	process_runs_into(f, 10, PW_SERIES_SHMEM, PW_LIMIT_ADDRESS_SPACE, 60000 * PAGE, 50000 * PAGE);
	process_runs_into(f, 10, PW_SERIES_OPEN_FILES, PW_LIMIT_OPEN_FILES, 1024, 24);

	trace_cgroup(&f->t, 77, "/a", 401 * MIB, 400 * MIB); /* over it: nothing is left */
	play(f);
	process_runs_into(f, 10, PW_SERIES_ANON, PW_LIMIT_CGROUP, 400 * MIB, 401 * MIB);
}

static void page_cache_is_room(void **state)
{
	struct fixture *f = *state;
	struct pw_cgroup *r;

	counters(f, 10);
	r = trace_cgroup(&f->t, 77, "/a", 400 * MIB, 400 * MIB); /* full of files */
	r->max_used_bytes = 60 * MIB;
	play(f);
	process_runs_into(f, 10, PW_SERIES_ANON, PW_LIMIT_CGROUP, 400 * MIB, 60 * MIB);
}

static void threads_run_into_pids_max(void **state)
{
	struct fixture *f = *state;
	struct pw_cgroup *r;

	counters(f, 10);
	r = trace_cgroup(&f->t, 77, "/a", 1, PW_UNKNOWN);
	r->pids = 3;
	r->pids_max = 100;
	r->pids_max_used = 60; /* of the one above, which sets it */
	play(f);
	process_runs_into(f, 10, PW_SERIES_THREADS, PW_LIMIT_THREADS, 100, 60);
}

static void a_cgroup_that_is_gone_bounds_nothing(void **state)
{
	struct fixture *f = *state;

	counters(f, 10);
	trace_cgroup(&f->t, 77, "/a", 300 * MIB, 400 * MIB)->flags = PW_CGROUP_GONE;
	play(f);
	process_runs_into(f, 10, PW_SERIES_ANON, PW_LIMIT_MACHINE, 4 * GIB, 2 * GIB);
}

/* v1: a process finds its cgroup by path, or the nearest one above. */
static void the_v1_controller_s_cgroups_are_found_by_path(void **state)
{
	struct fixture *f = *state;

	for (uint32_t pid = 10; pid < 13; pid++)
		counters(f, pid)->cgroup_id = 1; /* all are in the root of v2 */
	trace_identity(&f->t, trace_key(10), "/bin/a", "/user.slice/session", "", "a")->cgroup_id = 1;
	trace_identity(&f->t, trace_key(11), "/bin/a", "/user.slicer", "", "a")->cgroup_id = 1;
	trace_identity(&f->t, trace_key(12), "/bin/a", "", "", "a")->cgroup_id = 1;
	trace_cgroup(&f->t, 1, "/", 1, PW_UNKNOWN)->flags = PW_CGROUP_V1;
	trace_cgroup(&f->t, 9, "/user.slice", 300 * MIB, 400 * MIB)->flags = PW_CGROUP_V1;
	play(f);
	process_runs_into(f, 10, PW_SERIES_ANON, PW_LIMIT_CGROUP, 400 * MIB, 300 * MIB);
	process_runs_into(f, 11, PW_SERIES_ANON, PW_LIMIT_MACHINE, 4 * GIB, 2 * GIB);
	process_runs_into(f, 12, PW_SERIES_ANON, PW_LIMIT_MACHINE, 4 * GIB, 2 * GIB);
	assert_string_equal(pw_model_cgroup_of(f->m, pw_model_pid(f->m, 11))->path, "/");
	assert_null(pw_model_cgroup_of(f->m, pw_model_pid(f->m, 12)));
}

static void a_group_has_its_tightest_member_s(void **state)
{
	struct fixture *f = *state;
	struct pw_limit l;
	struct pw_group *g;

	for (uint32_t pid = 10; pid < 13; pid++) {
		counters(f, pid);
		trace_identity(&f->t, trace_key(pid), "/bin/a", "/a", "", "a")->cgroup_id = 77;
		trace_resources(&f->t, trace_key(pid), pid * 10);
	}
	trace_cgroup(&f->t, 77, "/a", 300 * MIB, 400 * MIB);
	trace_exit(&f->t, trace_key(12), 0); /* the dead bind nobody */
	play(f);
	g = pw_model_pid(f->m, 10)->group;
	pw_limit_of_group(f->m, g, PW_SERIES_ANON, &l);
	limit_is(&l, PW_LIMIT_CGROUP, 400 * MIB, 300 * MIB);
	pw_limit_of_group(f->m, g, PW_SERIES_OPEN_FILES, &l);
	limit_is(&l, PW_LIMIT_OPEN_FILES, 1024, 110);
	pw_limit_of_cgroup(f->m, 77, PW_SERIES_KERNEL, &l);
	limit_is(&l, PW_LIMIT_CGROUP, 400 * MIB, 300 * MIB);
	pw_limit_of_cgroup(f->m, 78, PW_SERIES_KERNEL, &l);
	limit_is(&l, PW_LIMIT_MACHINE, 4 * GIB, 2 * GIB);
}

/* ---- when ------------------------------------------------------------------------- */

static struct pw_time_to_limit time_of(uint64_t left, double low, double slope, double high,
				       double scale)
{
	const struct pw_limit l = { PW_LIMIT_CGROUP, 1000 + left, 1000, left };
	const struct pw_verdict v = { .slope = slope, .slope_low = low, .slope_high = high };
	struct pw_time_to_limit t = { .seconds = -1 };

	pw_limit_time(&l, &v, scale, &t);
	return t;
}

static void close_to(double value, double truth)
{
	if (!(fabs(value - truth) <= truth * 1e-9))
		fail_msg("%f is not %f", value, truth);
}

static void time_is_what_is_left_over_the_slope(void **state)
{
	struct pw_time_to_limit t = time_of(100, 25, 50, 100, 1);

	(void)state;
	assert_true(t.known);
	close_to(t.seconds, 7200);
	close_to(t.seconds_low, PW_LIMIT_SOONER * 3600);
	close_to(t.seconds_high, PW_LIMIT_LATER * 14400);
	t = time_of(100, 25, 50, 100, 0); /* 0 is 1 */
	close_to(t.seconds, 7200);
}

/* Where a minute counts as an hour, so much faster it comes. */
static void a_time_scale_is_taken_out(void **state)
{
	struct pw_time_to_limit t = time_of(100, 25, 50, 100, 60);

	(void)state;
	close_to(t.seconds, 120);
	close_to(t.seconds_low, PW_LIMIT_SOONER * 60);
	close_to(t.seconds_high, PW_LIMIT_LATER * 240);
}

static void who_may_not_grow_may_never_come(void **state)
{
	struct pw_time_to_limit t = time_of(100, -3, 50, 100, 1);

	(void)state;
	assert_true(t.known);
	close_to(t.seconds, 7200);
	assert_true(isinf(t.seconds_high) && t.seconds_high > 0);
	t = time_of(100, 0, 50, 100, 1);
	assert_true(isinf(t.seconds_high));
	t = time_of(100, -100, -50, 10, 1); /* shrinks, most likely */
	assert_false(t.known);
	assert_true(isinf(t.seconds) && t.seconds > 0);
	close_to(t.seconds_low, PW_LIMIT_SOONER * 36000);
	t = time_of(100, -100, -50, -10, 1);
	assert_false(t.known);
	assert_true(isinf(t.seconds_low));
	t = time_of(100, 0, 0, 0, 1);
	assert_false(t.known);
	t = time_of(100, NAN, NAN, NAN, 1);
	assert_false(t.known);
	assert_true(isinf(t.seconds));
}

static void over_the_limit_is_now(void **state)
{
	struct pw_time_to_limit t = time_of(0, -3, -1, 100, 1);

	(void)state;
	assert_true(t.known);
	assert_true(t.seconds == 0 && t.seconds_low == 0 && t.seconds_high == 0);
}

static void without_a_limit_is_never(void **state)
{
	const struct pw_limit none = { .kind = PW_LIMIT_NONE };
	const struct pw_verdict v = { .slope = 50, .slope_low = 1, .slope_high = 99 };
	struct pw_time_to_limit t;

	(void)state;
	pw_limit_time(&none, &v, 1, &t);
	assert_false(t.known);
	assert_true(isinf(t.seconds) && isinf(t.seconds_low) && isinf(t.seconds_high));
}

/* Bounds that don't hold the guess (no detector should give them) still give an interval. */
static void the_interval_holds_the_guess(void **state)
{
	struct pw_time_to_limit t = time_of(100, 60, 50, 40, 1);

	(void)state;
	assert_true(t.seconds_low <= t.seconds && t.seconds <= t.seconds_high);
}

int main(void)
{
#define WITH_MODEL(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		WITH_MODEL(the_machine_bounds_all_that_is_resident),
		WITH_MODEL(swap_is_room_too),
		WITH_MODEL(what_nobody_tells_bounds_nothing),
		WITH_MODEL(the_tightest_wins),
		WITH_MODEL(page_cache_is_room),
		WITH_MODEL(threads_run_into_pids_max),
		WITH_MODEL(a_cgroup_that_is_gone_bounds_nothing),
		WITH_MODEL(the_v1_controller_s_cgroups_are_found_by_path),
		WITH_MODEL(a_group_has_its_tightest_member_s),
		cmocka_unit_test(time_is_what_is_left_over_the_slope),
		cmocka_unit_test(a_time_scale_is_taken_out),
		cmocka_unit_test(who_may_not_grow_may_never_come),
		cmocka_unit_test(over_the_limit_is_now),
		cmocka_unit_test(without_a_limit_is_never),
		cmocka_unit_test(the_interval_holds_the_guess),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
