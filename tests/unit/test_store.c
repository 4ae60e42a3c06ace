// SPDX-License-Identifier: GPL-2.0-or-later
/* links: rest */
/* The history: what is written, filled, aged and bounded. */
#include <errno.h>

#include "lib/history.h"

/* ---- what is written ------------------------------------------------------------- */

static void points_come_back(void **state)
{
	struct fixture *f = *state;
	struct pw_counters *c;

	trace_identity(&f->t, trace_key(7), "/usr/bin/seven", "/system.slice/seven.service",
		       "seven.service", "seven --days");
	c = trace_counters(&f->t, trace_key(7), 101);
	c->file_pages = 11;
	c->shmem_pages = 13;
	c->swap_pages = 17;
	c->page_table_bytes = 19 * PAGE;
	c->minor_faults = 23;
	c->major_faults = 29;
	c->cpu_ns = 31 * 1000000;
	assert_int_equal(tick_at(f, 100), 0);
	assert_int_equal(pw_store_flush(f->s, NULL), 0);

	assert_int_equal(processes_in(f, 0, 1000), 1);
	assert_int_equal(list.processes[0].pid, 7);
	assert_int_equal(list.processes[0].end_ns, 0);
	assert_string_equal(list.exe[0], "/usr/bin/seven");
	assert_int_equal(list.processes[0].start_ns, REAL_AT_BOOT + 7 * PW_TICK_NS);

	assert_int_equal(points_of(f, 7, 0, 1000), 1);
	assert_int_equal(list.points[0].time_ns, real(100));
	assert_int_equal(list.points[0].step_ns, STEP);
	assert_int_equal(list.points[0].anon_bytes, 101 * PAGE);
	assert_int_equal(list.points[0].file_bytes, 11 * PAGE);
	assert_int_equal(list.points[0].shmem_bytes, 13 * PAGE);
	assert_int_equal(list.points[0].swap_bytes, 17 * PAGE);
	assert_int_equal(list.points[0].page_table_bytes, 19 * PAGE);
	assert_int_equal(list.points[0].minor_faults, 23);
	assert_int_equal(list.points[0].major_faults, 29);
	assert_int_equal(list.points[0].cpu_ns, 31 * 1000000);
	assert_int_equal(list.points[0].low_bytes, (101 + 13 + 17) * PAGE);
}

static void a_silent_process_takes_no_rows_and_queries_fill(void **state)
{
	struct fixture *f = *state;

	grow(f, 7, 100);
	for (uint64_t t = 100; t <= 400; t += 10) {
		if (t == 250)
			grow(f, 7, 200);
		assert_int_equal(tick_at(f, t), 0);
	}
	assert_int_equal(pw_store_flush(f->s, NULL), 0);
	assert_int_equal(sql_number(f, "SELECT count(*) FROM point"), 2);
	/* Steps 100 .. 390: the first tick writes its own step, each later one the step before. */
	assert_int_equal(points_of(f, 7, 0, 1000), 30);
	for (size_t i = 0; i < list.count; i++) {
		assert_int_equal(list.points[i].time_ns, real(100 + 10 * i));
		assert_int_equal(list.points[i].anon_bytes, (i < 14 ? 100 : 200) * PAGE);
	}
	/* A range that begins in silence starts with the last word before it. */
	assert_int_equal(points_of(f, 7, 200, 220), 2);
	assert_int_equal(list.points[0].anon_bytes, 100 * PAGE);
}

static void a_query_stops_with_the_callers_result(void **state)
{
	struct fixture *f = *state;

	grow(f, 7, 100);
	tick_at(f, 100);
	assert_int_equal(pw_store_each_point(f->s, id_of(f, 7), 0, UINT64_MAX, stop_at_once, NULL),
			 42);
	assert_int_equal(pw_store_each_point(f->s, 9999, 0, UINT64_MAX, stop_at_once, NULL), -ESRCH);
}

static void a_gap_of_the_daemon_stays_a_gap(void **state)
{
	struct fixture *f = *state;

	grow(f, 7, 100);
	tick_at(f, 100);
	tick_at(f, 110);
	pw_store_close(f->s);
	f->s = NULL;
	must_open(f, 0);
	tick_at(f, 500); /* the same process, another run */
	tick_at(f, 510);
	assert_int_equal(pw_store_flush(f->s, NULL), 0);
	assert_int_equal(sql_number(f, "SELECT count(*) FROM process"), 1);
	/* 100 twice (its own step, and as the step that ended), then the second run's */
	assert_int_equal(points_of(f, 7, 0, 1000), 2);
	assert_int_equal(list.points[0].time_ns, real(100));
	assert_int_equal(list.points[1].time_ns, real(500));
}

static void ends_are_written(void **state)
{
	struct fixture *f = *state;

	grow(f, 7, 100);
	grow(f, 8, 100);
	tick_at(f, 100);
	f->t.now_ns = 104 * TRACE_SECOND;
	trace_exit(&f->t, trace_key(7), 9);
	tick_at(f, 110);
	assert_int_equal(pw_store_flush(f->s, NULL), 0);
	assert_int_equal(processes_in(f, 0, 1000), 2);
	assert_int_equal(list.processes[0].end_ns, real(104));
	assert_int_equal(list.processes[1].end_ns, 0);
	assert_int_equal(processes_in(f, 105, 1000), 1); /* 7 had ended before */

	/* 8 is not met again by the next run: it ended when the last one stopped looking. */
	pw_store_close(f->s);
	f->s = NULL;
	fresh_model(f, "boot-2");
	must_open(f, 0);
	grow(f, 9, 1);
	tick_at(f, 1000);
	assert_int_equal(pw_store_flush(f->s, NULL), 0);
	assert_int_equal(processes_in(f, 0, 2000), 3);
	assert_int_equal(list.processes[1].end_ns, real(110));
}

static void events_that_matter_are_kept(void **state)
{
	struct fixture *f = *state;
	struct pw_oom *oom;

	grow(f, 7, 100);
	tick_at(f, 100);
	trace_fork(&f->t, trace_key(20), trace_key(7)); /* lives and ends within a step */
	trace_exit(&f->t, trace_key(20), 0);
	oom = trace_oom(&f->t, trace_key(7));
	oom->anon_pages = 3;
	trace_exit(&f->t, trace_key(7), 9);
	tick_at(f, 102);
	assert_int_equal(pw_store_flush(f->s, NULL), 0);
	list.count = 0;
	assert_int_equal(pw_store_each_event(f->s, 0, UINT64_MAX, take_event, NULL), 0);
	assert_int_equal(list.count, 2);
	assert_string_equal(list.event_types[0], "oom-kill");
	assert_int_equal(list.events[0].value, 3 * PAGE);
	assert_string_equal(list.event_types[1], "exit");
	assert_int_equal(list.events[1].value, 9);
	assert_int_equal(list.events[1].pid, 7);
}

static void the_machine_has_points(void **state)
{
	struct fixture *f = *state;

	tick_at(f, 100);
	tick_at(f, 110);
	tick_at(f, 120);
	list.count = 0;
	assert_int_equal(pw_store_each_machine_point(f->s, real(0), real(1000), take_machine, NULL),
			 0);
	assert_int_equal(list.count, 2);
	assert_int_equal(list.available[0], (1 << 19) * PAGE);
}

static void read_machine(struct fixture *f)
{
	list.count = 0;
	assert_int_equal(pw_store_each_machine_point(f->s, 0, UINT64_MAX, take_machine, NULL), 0);
}

/* Who watched, at what cost and with which losses: as of the last tick of the step. */
static void the_machine_tells_of_the_watching(void **state)
{
	struct fixture *f = *state;
	struct pw_tick *t;
	struct pw_error err;

	tick_at(f, 100);
	f->t.now_ns = 109 * TRACE_SECOND;
	t = trace_tick(&f->t);
	t->slab_pages = 300;
	t->bpf_ns = 7 * 1000000;
	t->user_ns = 11 * 1000000;
	t->own_rss_bytes = 13 << 20;
	t->lost[PW_LOSS_RING_FULL] = 17;
	t->lost[PW_LOSS_WIPE_UNPAIRED] = 1ull << 62;
	assert_int_equal(trace_flush(&f->t, pw_model_ingest, f->m), 0);
	assert_int_equal(pw_store_tick(f->s, f->m), 0);
	assert_int_equal(pw_store_flush(f->s, &err), 0);
	read_machine(f);
	assert_int_equal(list.count, 1);
	assert_true(list.machine.detailed);
	assert_int_equal(list.machine.run, 1);
	assert_int_equal(list.machine.memory_bytes, (1ull << 20) * PAGE);
	assert_int_equal(list.machine.slab_bytes, 300 * PAGE);
	assert_int_equal(list.machine.bpf_ns, 7 * 1000000);
	assert_int_equal(list.machine.user_ns, 11 * 1000000);
	assert_int_equal(list.machine.own_rss_bytes, 13 << 20);
	assert_int_equal(list.machine.coverage, PW_COVER_LEDGER | PW_COVER_EVENTS);
	assert_int_equal(list.machine.lost[PW_LOSS_RING_FULL], 17);
	assert_int_equal(list.machine.lost[PW_LOSS_RECURSION], 0);
	assert_int_equal(list.machine.lost[PW_LOSS_WIPE_UNPAIRED], 1ull << 62);
	assert_int_equal(maintain_at(f, 2 * 86400), 0); /* and so when it is aged */
	read_machine(f);
	assert_int_equal(list.machine.point.step_ns, 300 * TRACE_SECOND);
	assert_true(list.machine.detailed);
	assert_int_equal(list.machine.lost[PW_LOSS_RING_FULL], 17);
}

/* Its values go on at the times that the clock tells now. */
static void a_clock_that_was_set_back(void **state)
{
	struct fixture *f = *state;
	struct pw_machine *m;

	grow(f, 7, 100);
	tick_at(f, 50000);
	tick_at(f, 50010);
	m = trace_machine(&f->t, "boot-1");
	m->boot_realtime_ns -= 40000 * TRACE_SECOND;
	grow(f, 7, 100); /* it did not change */
	tick_at(f, 50020);
	tick_at(f, 50030);
	assert_int_equal(points_of(f, 7, 10000, 10100), 2);
	assert_int_equal(points_of(f, 7, 50000, 50100), 1);
}

/* ---- ageing ---------------------------------------------------------------------- */

/*
 * A saw-tooth between 100 and 159 pages within each 5 minutes, a floor of 50 in
 * one step only, and a silent stretch: the aged points must keep the floor.
 */
static void ageing_keeps_the_floor(void **state)
{
	struct fixture *f = *state;
	const uint64_t day = 86400, h = HOUR;

	for (uint64_t t = h; t < h + 900; t += 10) {
		if (t < h + 300)
			grow(f, 7, t == h + 150 ? 50 : 100 + t / 10 % 30);
		if (t == h + 600)
			grow(f, 7, 500); /* silent since h + 290 */
		tick_at(f, t);
	}
	assert_int_equal(maintain_at(f, h + day + 900), 0);
	assert_int_equal(sql_number(f, "SELECT count(*) FROM point WHERE tier = 0"), 0);
	assert_int_equal(sql_number(f, "SELECT count(*) FROM machine_point WHERE tier = 0"), 0);
	assert_int_equal(points_of(f, 7, h, h + 2000), 3);
	assert_int_equal(list.points[0].time_ns, real(h));
	assert_int_equal(list.points[0].step_ns, 300 * TRACE_SECOND);
	assert_int_equal(list.points[0].low_bytes, 50 * PAGE);
	assert_int_equal(list.points[0].high_bytes, 129 * PAGE);
	/* The tick at h + 600 tells the step of h + 590: silence, then 500. */
	assert_int_equal(list.points[1].low_bytes, (100 + (h + 290) / 10 % 30) * PAGE);
	assert_int_equal(list.points[1].high_bytes, 500 * PAGE);
	assert_int_equal(list.points[1].anon_bytes, 500 * PAGE);
	/* Silent all through; filled with one value. */
	assert_int_equal(list.points[2].low_bytes, 500 * PAGE);
	assert_int_equal(list.points[2].high_bytes, 500 * PAGE);

	/* A month later: one point for the hour, the same floor. */
	assert_int_equal(maintain_at(f, h + 31 * day), 0);
	assert_int_equal(sql_number(f, "SELECT count(*) FROM point WHERE tier = 1"), 0);
	assert_int_equal(points_of(f, 7, h, h + 3600), 1);
	assert_int_equal(list.points[0].step_ns, 3600 * TRACE_SECOND);
	assert_int_equal(list.points[0].low_bytes, 50 * PAGE);
	assert_int_equal(list.points[0].high_bytes, 500 * PAGE);

	/* And a year later nothing. */
	assert_int_equal(maintain_at(f, 400 * day), 0);
	assert_int_equal(sql_number(f, "SELECT count(*) FROM point"), 0);
	assert_int_equal(sql_number(f, "SELECT count(*) FROM machine_point"), 0);
}

static void a_new_process_brings_no_carry(void **state)
{
	struct fixture *f = *state;

	for (uint64_t t = 0; t <= 300; t += 10) {
		if (t >= 150)
			grow(f, 7, 1000 - t);
		tick_at(f, HOUR + t);
	}
	assert_int_equal(maintain_at(f, HOUR + 86400 + 300), 0);
	assert_int_equal(points_of(f, 7, HOUR, HOUR + 300), 1);
	assert_int_equal(list.points[0].low_bytes, 700 * PAGE); /* not 0: it was not there */
	assert_int_equal(list.points[0].high_bytes, 850 * PAGE);
}

static void the_file_stays_within_its_bound(void **state)
{
	struct fixture *f = *state;
	const uint64_t bound = 1 << 20;
	uint64_t most = 0, t;

	pw_store_close(f->s);
	f->s = NULL;
	must_open(f, bound);
	for (t = 1000; t < 3500; t += 10) {
		for (uint32_t pid = 1; pid <= 200; pid++)
			grow(f, pid, t + pid);
		assert_int_equal(tick_at(f, t), 0);
		assert_int_equal(pw_store_flush(f->s, NULL), 0);
		assert_int_equal(maintain_at(f, t), 0);
		if (pw_store_bytes(f->s) > most)
			most = pw_store_bytes(f->s);
	}
	assert_int_equal(pw_store_lost_rows(f->s), 0);
	assert_true(most <= bound - bound / 4);
	assert_true(most > bound / 2); /* the bound was met, so something had to go */
	/* The newest is there, the oldest went. */
	assert_true(points_of(f, 100, t - 50, t) > 0);
	assert_int_equal(points_of(f, 100, 1000, 1100), 0);
	assert_int_equal(list.count, 0);
	assert_intact(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		HISTORY_TEST(points_come_back),
		HISTORY_TEST(a_silent_process_takes_no_rows_and_queries_fill),
		HISTORY_TEST(a_query_stops_with_the_callers_result),
		HISTORY_TEST(a_gap_of_the_daemon_stays_a_gap),
		HISTORY_TEST(ends_are_written),
		HISTORY_TEST(events_that_matter_are_kept),
		HISTORY_TEST(the_machine_has_points),
		HISTORY_TEST(the_machine_tells_of_the_watching),
		HISTORY_TEST(a_clock_that_was_set_back),
		HISTORY_TEST(ageing_keeps_the_floor),
		HISTORY_TEST(a_new_process_brings_no_carry),
		HISTORY_TEST(the_file_stays_within_its_bound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
