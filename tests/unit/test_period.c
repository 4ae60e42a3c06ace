// SPDX-License-Identifier: GPL-2.0-or-later
/* A period in sum: changes, curves, gaps, kills with the state before, restarts, suspicions, the watching. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "user/analysis/period_suspect.h"
#include "user/base/clock.h"

#define S PW_NSEC_PER_SEC
#define FROM (1700000000ull * S)
#define HOUR 3600ull
#define SPAN (10 * HOUR) /* of the period, in seconds */
#define STEP 10ull
#define MIB (1ull << 20)

static uint64_t at(uint64_t seconds)
{
	return FROM + seconds * S;
}

/* ---- feeding ------------------------------------------------------------------------ */

static int setup(void **state)
{
	struct pw_period *p;

	assert_int_equal(pw_period_create(FROM, at(SPAN), &p), 0);
	*state = p;
	return 0;
}

static int teardown(void **state)
{
	pw_period_destroy(*state);
	return 0;
}

static const char *unit = "some.service";

/* end 0: it lives. */
static void process(struct pw_period *p, int64_t id, const char *exe, uint64_t start_s, uint64_t end_s)
{
	const struct pw_period_identity who = {
		.id = id,
		.pid = (uint32_t)id,
		.start_ns = at(start_s),
		.end_ns = end_s ? at(end_s) : 0,
		.boot_id = "boot",
		.comm = "comm",
		.exe = exe,
		.cgroup = "/slice",
		.unit = unit,
		.container = "",
	};

	assert_int_equal(pw_period_add_process(p, &who), 0);
}

static void old_process(struct pw_period *p, int64_t id, const char *exe)
{
	const struct pw_period_identity who = {
		.id = id,
		.pid = (uint32_t)id,
		.start_ns = 1,
		.boot_id = "boot",
		.comm = "comm",
		.exe = exe,
		.cgroup = "/slice",
		.unit = "",
		.container = "",
	};

	assert_int_equal(pw_period_add_process(p, &who), 0);
}

static struct pw_period_moment moment_at(uint64_t second)
{
	return (struct pw_period_moment){
		.time_ns = at(second),
		.step_ns = STEP * S,
		.available_bytes = 1000 * MIB - second,
		.lowest_available_bytes = 900 * MIB - second,
		.detailed = true,
		.run = 1,
		.memory_bytes = 4000 * MIB,
		.bpf_ns = second * 1000000,
		.user_ns = second * 2000000,
		.own_rss_bytes = 7 * MIB,
		.coverage = PW_COVER_LEDGER,
	};
}

static void watch(struct pw_period *p, uint64_t from_s, uint64_t to_s)
{
	for (uint64_t t = from_s; t < to_s; t += STEP) {
		const struct pw_period_moment m = moment_at(t);

		assert_int_equal(pw_period_add_moment(p, &m), 0);
	}
}

static void point(struct pw_period *p, int64_t id, uint64_t second, uint64_t bytes)
{
	assert_int_equal(pw_period_add_point(p, id, at(second), STEP * S, bytes, 0), 0);
}

static void finish(struct pw_period *p)
{
	assert_int_equal(pw_period_finish(p), 0);
}

static size_t count_groups(struct pw_period *p, enum pw_period_order order)
{
	struct pw_period_group **rows;
	size_t count;

	assert_int_equal(pw_period_rank_groups(p, order, &rows, &count), 0);
	free(rows);
	return count;
}

/* ---- changes ------------------------------------------------------------------------ */

static void changes_of_all_add_up(void **state)
{
	struct pw_period *p = *state;
	struct pw_period_process **rows;
	size_t count;

	old_process(p, 1, "/bin/stays");
	process(p, 2, "/bin/comes", HOUR, 0);
	process(p, 3, "/bin/goes", 0, 2 * HOUR);
	process(p, 4, "/bin/visits", HOUR, 2 * HOUR);
	watch(p, 0, SPAN);
	assert_int_equal(pw_period_add_point(p, 1, FROM - 600 * S, STEP * S, 50 * MIB, 0), 0);
	point(p, 3, 0, 30 * MIB);
	p->processes[2]->start_ns = 1; /* lived before */
	point(p, 2, HOUR, 5 * MIB);
	point(p, 4, HOUR, 400 * MIB);
	point(p, 1, 3 * HOUR, 70 * MIB);
	point(p, 2, 4 * HOUR, 90 * MIB);
	finish(p);
	assert_int_equal(pw_period_rank_processes(p, PW_PERIOD_GROWN, &rows, &count), 0);
	assert_int_equal(count, 2);
	assert_int_equal(rows[0]->id, 2);
	assert_int_equal(pw_period_process_change(rows[0]), 90 * MIB); /* it began with nothing */
	assert_int_equal(rows[1]->id, 1);
	assert_int_equal(rows[1]->begin_bytes, 50 * MIB); /* as it stood before the period */
	assert_int_equal(pw_period_process_change(rows[1]), 20 * MIB);
	free(rows);
	assert_int_equal(pw_period_rank_processes(p, PW_PERIOD_SHRUNK, &rows, &count), 0);
	assert_int_equal(count, 1);
	assert_int_equal(rows[0]->id, 3);
	assert_int_equal(pw_period_process_change(rows[0]), -(int64_t)(30 * MIB));
	free(rows);
	assert_int_equal(p->processes[3]->peak_bytes, 400 * MIB);
	assert_int_equal(count_groups(p, PW_PERIOD_GROWN), 2);
	assert_int_equal(count_groups(p, PW_PERIOD_SHRUNK), 1);
	assert_int_equal(count_groups(p, PW_PERIOD_LARGEST), 2);
}

/* Many small workers of one program are one group, whose curve is their sum. */
static void a_group_is_the_sum_of_its_members(void **state)
{
	struct pw_period *p = *state;
	const struct pw_period_group *g;

	for (int64_t id = 1; id <= 17; id++)
		old_process(p, id, "/bin/pool");
	watch(p, 0, SPAN);
	for (int64_t id = 1; id <= 17; id++)
		point(p, id, 0, (uint64_t)id * MIB);
	point(p, 17, 5 * HOUR, 100 * MIB);
	finish(p);
	assert_int_equal(p->group_count, 1);
	g = p->groups[0];
	assert_int_equal(g->alive, 17);
	assert_int_equal(g->begin_bytes, 153 * MIB);
	assert_int_equal(pw_period_group_change(g), 83 * MIB);
	assert_int_equal(g->curve[0], 153 * 1024);
	assert_int_equal(g->curve[PW_PERIOD_BINS - 1], 236 * 1024);
	assert_string_equal(pw_period_group_name(g), "pool");
}

static void a_change_below_the_floor_is_no_news(void **state)
{
	struct pw_period *p = *state;

	old_process(p, 1, "/bin/a");
	watch(p, 0, SPAN);
	point(p, 1, 0, 5 * MIB);
	point(p, 1, HOUR, 6 * MIB - 1024);
	finish(p);
	assert_int_equal(count_groups(p, PW_PERIOD_GROWN), 0);
	assert_int_equal(count_groups(p, PW_PERIOD_SHRUNK), 0);
	assert_int_equal(count_groups(p, PW_PERIOD_LARGEST), 1);
}

/* ---- gaps --------------------------------------------------------------------------- */

static void a_gap_is_a_gap_in_everything(void **state)
{
	struct pw_period *p = *state;
	struct pw_period_use use;
	unsigned int gaps = 0;

	old_process(p, 1, "/bin/a");
	watch(p, 0, 4 * HOUR);
	watch(p, 6 * HOUR, SPAN);
	point(p, 1, 0, 5 * MIB);
	finish(p);
	assert_int_equal(p->gap_count, 1);
	assert_int_equal(p->gaps[0].from_ns, at(4 * HOUR));
	assert_int_equal(p->gaps[0].to_ns, at(6 * HOUR));
	assert_false(p->gaps[0].before_history);
	assert_int_equal(p->watch.watched_ns, 8 * HOUR * S);
	for (size_t i = 0; i < PW_PERIOD_BINS; i++)
		gaps += p->processes[0]->curve[i] == PW_PERIOD_GAP;
	assert_int_equal(gaps, PW_PERIOD_BINS / 5);
	assert_int_equal(p->groups[0]->curve[PW_PERIOD_BINS / 2], PW_PERIOD_GAP);
	assert_false(p->steps[p->step_count / 2].watched);
	assert_true(pw_period_use(p, &use));
	assert_int_equal(use.tightest->lowest_available_bytes, 900 * MIB - (SPAN - STEP));
}

static void before_the_history_nothing_is_known(void **state)
{
	struct pw_period *p = *state;

	p->history_from_ns = at(9 * HOUR);
	watch(p, 9 * HOUR, SPAN);
	finish(p);
	assert_int_equal(p->gap_count, 1);
	assert_true(p->gaps[0].before_history);
	assert_int_equal(p->watch.first_ns, at(9 * HOUR));
}

static void an_empty_period_is_one_gap(void **state)
{
	struct pw_period *p = *state;
	struct pw_period_use use;

	finish(p);
	assert_int_equal(p->gap_count, 1);
	assert_false(pw_period_use(p, &use));
	assert_int_equal(count_groups(p, PW_PERIOD_LARGEST), 0);
}

static void a_period_has_a_length(void **state)
{
	struct pw_period *p = NULL;

	(void)state;
	assert_int_equal(pw_period_create(FROM, FROM, &p), -EINVAL);
	assert_int_equal(pw_period_create(FROM + 1, FROM, &p), -EINVAL);
	assert_null(p);
	assert_int_equal(pw_period_create(FROM, FROM + 1, &p), 0);
	finish(p);
	pw_period_destroy(p);
	assert_int_equal(pw_period_create(0, UINT64_MAX, &p), 0); /* ever: no overflow */
	finish(p);
	pw_period_destroy(p);
}

/* Points of every time there is: nothing is written outside. */
static void times_outside_do_no_harm(void **state)
{
	static const uint64_t times[] = {
		0, 1, FROM - 1, FROM + SPAN * S, UINT64_MAX / 2, UINT64_MAX - 1000 * S
	};
	struct pw_period *p = *state;

	old_process(p, 1, "/bin/a");
	process(p, 2, "/bin/b", 5 * HOUR, HOUR); /* ended before it began */
	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		struct pw_period_moment m = moment_at(0);

		m.time_ns = times[i];
		assert_int_equal(pw_period_add_moment(p, &m), 0);
		assert_int_equal(pw_period_add_exit(p, times[i], 1, 0), 0);
		assert_int_equal(pw_period_add_oom(p, times[i], 2, "x", 1), 0);
		assert_int_equal(pw_period_add_point(p, 1, times[i], STEP * S, MIB, 0), 0);
		assert_int_equal(pw_period_add_point(p, 2, times[i], STEP * S, UINT64_MAX, 0), 0);
		assert_int_equal(pw_period_add_point(p, 99, times[i], STEP * S, MIB, 0), 0);
	}
	finish(p);
}

/* ---- kills -------------------------------------------------------------------------- */

static void a_kill_has_the_state_just_before(void **state)
{
	struct pw_period *p = *state;
	const struct pw_period_kill *k;

	old_process(p, 1, "/bin/small");
	old_process(p, 2, "/bin/victim");
	old_process(p, 3, "/bin/other");
	p->processes[1]->end_ns = at(HOUR + 5);
	assert_int_equal(pw_period_add_oom(p, at(HOUR + 5), 2, "victim", 777), 0);
	assert_int_equal(pw_period_add_oom(p, at(HOUR + 5), 2, "victim", 777), 0); /* told twice */
	watch(p, 0, SPAN);
	point(p, 1, 0, MIB);
	point(p, 2, 0, 10 * MIB);
	point(p, 3, 0, 20 * MIB);
	point(p, 2, HOUR - STEP, 500 * MIB);
	point(p, 3, HOUR, 4000 * MIB); /* the step of the kill: it may be behind it */
	finish(p);
	assert_int_equal(p->kill_count, 1);
	k = &p->kills[0];
	assert_ptr_equal(k->victim, p->processes[1]);
	assert_true(k->victim->oom_killed);
	assert_int_equal(k->state_ns, at(HOUR));
	assert_int_equal(k->available_bytes, 1000 * MIB - (HOUR - STEP));
	assert_int_equal(k->holder_count, 3);
	assert_int_equal(k->holders[0].process->id, 2);
	assert_int_equal(k->holders[0].bytes, 500 * MIB);
	assert_int_equal(k->holders[1].bytes, 20 * MIB);
	assert_int_equal(k->holders[2].process->id, 1);
}

static void only_so_many_kills_are_told(void **state)
{
	struct pw_period *p = *state;

	for (uint64_t i = 0; i < PW_PERIOD_KILLS_MAX + 13; i++)
		assert_int_equal(pw_period_add_oom(p, at(i), (uint32_t)i, "x", 1), 0);
	watch(p, 0, SPAN);
	finish(p);
	assert_int_equal(p->kill_count, PW_PERIOD_KILLS_MAX);
	assert_int_equal(p->kills_left_out, 13);
	assert_null(p->kills[5].victim); /* a stranger */
	assert_int_equal(p->kills[0].state_ns, 0); /* nothing was seen before */
}

/* ---- restarts ------------------------------------------------------------------------ */

static struct pw_period_group *group_named(struct pw_period *p, const char *exe)
{
	for (size_t i = 0; i < p->group_count; i++) {
		if (strcmp(p->groups[i]->exe, exe) == 0)
			return p->groups[i];
	}
	fail_msg("no group %s", exe);
	return NULL;
}

static void what_counts_as_a_restart(void **state)
{
	struct pw_period *p = *state;
	const struct pw_period_group *g;

	/* crashed and began again 3 s later */
	process(p, 1, "/bin/crash", 100, 200);
	process(p, 2, "/bin/crash", 203, 0);
	/* a service that was told to restart */
	process(p, 11, "/bin/service", 0, 2000);
	process(p, 12, "/bin/service", 2001, 0);
	/* a worker of a pool that came and went: another lived on */
	process(p, 21, "/bin/pool", 0, 2000);
	process(p, 22, "/bin/pool", 0, 0);
	process(p, 23, "/bin/pool", 2001, 0);
	/* ... and one that crashed */
	process(p, 31, "/bin/pool2", 0, 2000);
	process(p, 32, "/bin/pool2", 0, 0);
	process(p, 33, "/bin/pool2", 2000, 0);
	/* a job that a timer starts every few minutes */
	process(p, 41, "/bin/job", 0, 10);
	process(p, 42, "/bin/job", 300, 310);
	/* a crash that nobody answered in time */
	process(p, 51, "/bin/late", 0, 100);
	process(p, 52, "/bin/late", 3000, 0);
	assert_int_equal(pw_period_add_exit(p, at(200), 1, SIGSEGV), 0);
	assert_int_equal(pw_period_add_exit(p, at(2000), 11, SIGTERM), 0);
	assert_int_equal(pw_period_add_exit(p, at(2000), 31, 3 << 8), 0);
	assert_int_equal(pw_period_add_exit(p, at(100), 51, SIGKILL), 0);
	watch(p, 0, SPAN);
	finish(p);
	g = group_named(p, "/bin/crash");
	assert_int_equal(g->restarts, 1);
	assert_int_equal(g->failures, 1);
	assert_int_equal(g->down_ns, 3 * S);
	assert_int_equal(g->last_ended->id, 1);
	assert_int_equal(g->last_began->id, 2);
	g = group_named(p, "/bin/service");
	assert_int_equal(g->restarts, 1);
	assert_int_equal(g->failures, 0);
	assert_int_equal(group_named(p, "/bin/pool")->restarts, 0);
	g = group_named(p, "/bin/pool2");
	assert_int_equal(g->restarts, 1);
	assert_int_equal(g->failures, 1);
	assert_int_equal(group_named(p, "/bin/job")->restarts, 0);
	assert_int_equal(group_named(p, "/bin/late")->restarts, 0);
	assert_int_equal(count_groups(p, PW_PERIOD_RESTARTED), 3);
}

/* A loop of crashes: as many restarts as ends that a beginning followed. */
static void each_beginning_answers_one_end(void **state)
{
	struct pw_period *p = *state;
	const struct pw_period_group *g;

	for (int64_t i = 0; i < 101; i++) {
		process(p, i + 1, "/bin/loop", 20 * (uint64_t)i, 20 * (uint64_t)i + 15);
		assert_int_equal(pw_period_add_exit(p, at(20 * (uint64_t)i + 15), (uint32_t)i + 1,
						    SIGSEGV),
				 0);
	}
	watch(p, 0, SPAN);
	finish(p);
	g = group_named(p, "/bin/loop");
	assert_int_equal(g->restarts, 100);
	assert_int_equal(g->failures, 100);
}

/* What somebody tries out in a shell, and interrupts, is no service that fails. */
static void what_nobody_supervises_fails_behind_a_minute(void **state)
{
	struct pw_period *p = *state;

	unit = "session-1.scope";
	process(p, 1, "/bin/tried", 100, 159);
	process(p, 2, "/bin/tried", 160, 0);
	process(p, 3, "/bin/ran", 100, 160);
	process(p, 4, "/bin/ran", 161, 0);
	process(p, 5, "/bin/grep", 100, 200);
	process(p, 6, "/bin/grep", 201, 0);
	unit = "some.service";
	assert_int_equal(pw_period_add_exit(p, at(159), 1, SIGSEGV), 0);
	assert_int_equal(pw_period_add_exit(p, at(160), 3, SIGSEGV), 0);
	assert_int_equal(pw_period_add_exit(p, at(200), 5, 1 << 8), 0);
	watch(p, 0, SPAN);
	finish(p);
	assert_int_equal(group_named(p, "/bin/tried")->restarts, 0);
	assert_int_equal(group_named(p, "/bin/grep")->restarts, 0);
	assert_int_equal(group_named(p, "/bin/ran")->failures, 1);
}

static void a_reboot_restarts_nobody(void **state)
{
	struct pw_period *p = *state;

	process(p, 1, "/bin/a", 0, HOUR);
	process(p, 2, "/bin/a", HOUR + 60, 0);
	p->processes[1]->boot = "another";
	watch(p, 0, SPAN);
	assert_int_equal(pw_period_add_boot(p, "x", "host", "6.1", at(HOUR + 50)), 0);
	assert_int_equal(pw_period_add_boot(p, "y", "host", "6.2", at(SPAN + 5)), 0);
	finish(p);
	assert_int_equal(count_groups(p, PW_PERIOD_RESTARTED), 0);
	assert_int_equal(p->boot_count, 1);
	assert_string_equal(p->last_boot.release, "6.1");
}

/* ---- the watching -------------------------------------------------------------------- */

/* Totals of a run that the period found under way count from there; a new run counts from 0. */
static void cost_and_losses_are_those_of_the_period(void **state)
{
	struct pw_period *p = *state;
	struct pw_period_moment m;

	for (uint64_t t = 0; t < 2 * HOUR; t += STEP) {
		m = moment_at(t);
		m.run = t < HOUR ? 7 : 8;
		m.user_ns = t < HOUR ? 1000 * S + t * 1000000 : (t - HOUR) * 3000000;
		m.lost[PW_LOSS_RING_FULL] = t < HOUR ? 100 + (t >= 1800 ? 13 : 0) : 5;
		m.coverage = t < HOUR ? PW_COVER_LEDGER : PW_COVER_LEDGER | PW_COVER_OOM;
		assert_int_equal(pw_period_add_moment(p, &m), 0);
	}
	finish(p);
	assert_int_equal(p->watch.starts, 1);
	assert_int_equal(p->watch.lost[PW_LOSS_RING_FULL], 13 + 5);
	assert_int_equal(p->watch.user_ns, (HOUR - STEP) * 1000000 + (HOUR - STEP) * 3000000);
	assert_int_equal(p->watch.rss_peak_bytes, 7 * MIB);
	assert_int_equal(p->watch.covered_ns[0], 2 * HOUR * S); /* PW_COVER_LEDGER is bit 0 */
	assert_int_equal(p->watch.detailed_ns, 2 * HOUR * S);
	assert_int_equal(p->watch.covered_ns[__builtin_ctz(PW_COVER_OOM)], HOUR * S);
}

/* ---- suspicions ---------------------------------------------------------------------- */

static void verdict(struct pw_period *p, int64_t second, uint32_t pid, bool suspected)
{
	struct pw_verdict_event ev = {
		.time_ns = FROM + (uint64_t)(second * (int64_t)S),
		.subject = { .type = PW_SUBJECT_PROCESS,
			     .key = { .pid = pid, .start_ns = 5 },
			     .comm = "leaky",
			     .exe = "/bin/leaky",
			     .cgroup = "/slice",
			     .unit = "",
			     .container = "",
			     .boot_id = "boot" },
		.kind = PW_SERIES_ANON,
		.to = suspected ? PW_VERDICT_GROWING : PW_VERDICT_STABLE,
		.verdict.slope = pid,
	};

	assert_int_equal(pw_period_add_verdict(p, &ev), 0);
}

static void suspicions_have_their_standing(void **state)
{
	struct pw_period *p = *state;
	struct pw_period_suspect **rows;
	size_t count;

	verdict(p, -7200, 1, true); /* stands */
	verdict(p, -7200, 2, true); /* resolved in the period */
	verdict(p, -7200, 3, true); /* resolved before */
	verdict(p, -3600, 3, false);
	verdict(p, 100, 4, true); /* new */
	verdict(p, 200, 5, true); /* came and went */
	verdict(p, 300, 2, false);
	verdict(p, 400, 5, false);
	verdict(p, SPAN + 1, 6, true); /* of tomorrow */
	watch(p, 0, SPAN);
	finish(p);
	assert_int_equal(pw_period_rank_suspects(p, &rows, &count), 0);
	assert_int_equal(count, 4);
	assert_int_equal(rows[0]->pid, 4); /* the faster */
	assert_int_equal(rows[0]->standing, PW_STANDING_NEW);
	assert_int_equal(rows[0]->since_ns, at(100));
	assert_int_equal(rows[1]->pid, 1);
	assert_int_equal(rows[1]->standing, PW_STANDING_KEPT);
	assert_int_equal(rows[2]->pid, 5);
	assert_int_equal(rows[2]->standing, PW_STANDING_RESOLVED);
	assert_int_equal(rows[2]->resolved_ns, at(400));
	assert_int_equal(rows[3]->pid, 2);
	assert_string_equal(pw_period_suspect_name(rows[0]), "leaky");
	assert_null(rows[0]->curve);
	free(rows);
}

static void a_process_that_stands_for_its_group_is_the_suspect(void **state)
{
	struct pw_period *p = *state;
	struct pw_verdict_event ev = {
		.time_ns = at(5),
		.subject = { .type = PW_SUBJECT_GROUP,
			     .exe = "/bin/a",
			     .cgroup = "/slice",
			     .unit = "",
			     .container = "",
			     .boot_id = "boot" },
		.to = PW_VERDICT_GROWING,
		.covered_by_process = true,
	};

	old_process(p, 1, "/bin/a");
	assert_int_equal(pw_period_add_verdict(p, &ev), 0);
	watch(p, 0, SPAN);
	point(p, 1, 0, MIB);
	finish(p);
	assert_int_equal(p->suspect_count, 0);
}

static void a_suspects_curve_is_its_footprint(void **state)
{
	struct pw_period *p = *state;

	old_process(p, 9, "/bin/leaky");
	verdict(p, 100, 9, true);
	watch(p, 0, SPAN);
	point(p, 9, 0, 3 * MIB);
	finish(p);
	assert_int_equal(p->suspect_count, 1);
	assert_ptr_equal(p->suspects[0]->curve, p->processes[0]->curve);
	assert_int_equal(p->suspects[0]->curve[3], 3 * 1024);
}

#define PERIOD_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		PERIOD_TEST(changes_of_all_add_up),
		PERIOD_TEST(a_group_is_the_sum_of_its_members),
		PERIOD_TEST(a_change_below_the_floor_is_no_news),
		PERIOD_TEST(a_gap_is_a_gap_in_everything),
		PERIOD_TEST(before_the_history_nothing_is_known),
		PERIOD_TEST(an_empty_period_is_one_gap),
		cmocka_unit_test(a_period_has_a_length),
		PERIOD_TEST(times_outside_do_no_harm),
		PERIOD_TEST(a_kill_has_the_state_just_before),
		PERIOD_TEST(only_so_many_kills_are_told),
		PERIOD_TEST(what_counts_as_a_restart),
		PERIOD_TEST(each_beginning_answers_one_end),
		PERIOD_TEST(what_nobody_supervises_fails_behind_a_minute),
		PERIOD_TEST(a_reboot_restarts_nobody),
		PERIOD_TEST(cost_and_losses_are_those_of_the_period),
		PERIOD_TEST(suspicions_have_their_standing),
		PERIOD_TEST(a_process_that_stands_for_its_group_is_the_suspect),
		PERIOD_TEST(a_suspects_curve_is_its_footprint),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
