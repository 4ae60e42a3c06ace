// SPDX-License-Identifier: GPL-2.0-or-later
/* Processes and groups as the records tell them: birth, exec, death, reuse, rates, reconnects. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "lib/trace.h"
#include "user/model/loss.h"
#include "user/model/model.h"

struct fixture {
	struct pw_model *m;
	struct trace t;
};

static const struct pw_model_limits small = { .processes = 8, .dead = 4, .groups = 4 };

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_int_equal(pw_model_create(&small, &f->m), 0);
	f->t.now_ns = 100 * TRACE_SECOND;
	trace_machine(&f->t, "boot-1");
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

static void play(struct fixture *f)
{
	assert_int_equal(trace_flush(&f->t, pw_model_ingest, f->m), 0);
}

static struct pw_process *process(struct fixture *f, uint32_t pid)
{
	const struct pw_key key = trace_key(pid);

	return pw_model_process(f->m, &key);
}

static struct pw_group *only_group(struct fixture *f, const char *exe)
{
	struct pw_group **groups, *found = NULL;
	size_t count;

	assert_int_equal(pw_model_groups(f->m, &groups, &count), 0);
	for (size_t i = 0; i < count; i++) {
		if (!strcmp(groups[i]->exe, exe)) {
			assert_null(found);
			found = groups[i];
		}
	}
	free(groups);
	return found;
}

static void machine_and_tick_are_kept(void **state)
{
	struct fixture *f = *state;
	struct pw_tick *tick = trace_tick(&f->t);

	tick->lost[PW_LOSS_RING_FULL] = 7;
	tick = trace_tick(&f->t);
	tick->events_received = 500;
	tick->bpf_ns = TRACE_SECOND / 4;
	tick->user_ns = TRACE_SECOND / 100;
	tick->lost[PW_LOSS_RING_FULL] = 9;
	play(f);
	assert_true(f->m->has_machine);
	assert_string_equal((char *)f->m->machine.boot_id, "boot-1");
	assert_int_equal(f->m->sequence, 2);
	assert_int_equal(f->m->first_ns, 101 * TRACE_SECOND);
	assert_int_equal(f->m->now_ns, 102 * TRACE_SECOND);
	assert_int_equal(f->m->lost[PW_LOSS_RING_FULL], 9);
	assert_true(f->m->events_rate > 499.9 && f->m->events_rate < 500.1);
	assert_true(f->m->bpf_share > 0.249 && f->m->bpf_share < 0.251);
	assert_true(f->m->user_share > 0.009 && f->m->user_share < 0.011);
	assert_int_equal(pw_series_last(&f->m->footprint), (1 << 20) - (1 << 19));
	assert_int_equal(pw_model_realtime(f->m, 5), 1700000000ull * TRACE_SECOND + 5);
	assert_int_equal(f->m->invalid_records, 0);
}

static void fork_exec_exit(void **state)
{
	struct fixture *f = *state;
	struct pw_process *p;

	trace_identity(&f->t, trace_key(10), "/bin/sh", "/system.slice", "sh.service", "sh -c");
	trace_fork(&f->t, trace_key(11), trace_key(10));
	play(f);
	p = process(f, 11);
	assert_non_null(p);
	assert_true(p->alive);
	assert_int_equal(p->parent.pid, 10);
	assert_string_equal(p->exe, "/bin/sh"); /* inherited until it is known better */
	assert_string_equal(p->unit, "sh.service");
	assert_null(p->group);
	assert_false(p->identified);

	trace_exec(&f->t, trace_key(11), "./worker");
	trace_identity(&f->t, trace_key(11), "/opt/worker", "/system.slice", "sh.service", "worker");
	trace_counters(&f->t, trace_key(11), 13);
	trace_exit(&f->t, trace_key(11), 9)->hiwater_rss_pages = 31;
	trace_tick(&f->t);
	play(f);
	assert_ptr_equal(process(f, 11), p);
	assert_string_equal(p->exe, "/opt/worker");
	assert_string_equal(p->cmdline, "worker");
	assert_false(p->alive);
	assert_true(p->exit_seen);
	assert_int_equal(p->exit_code, 9);
	assert_int_equal(p->exit_ns, 100 * TRACE_SECOND);
	assert_int_equal(p->now.hiwater_rss_pages, 31);
	assert_int_equal(pw_series_last(&p->footprint), 13); /* its last sample is in its history */
	assert_int_equal(pw_process_until(p, f->m->now_ns), p->exit_ns);
	assert_int_equal(f->m->alive, 1);
	assert_int_equal(f->m->dead, 1);
	assert_int_equal(f->m->events.total, 3);
	assert_int_equal(f->m->events.ring[0].type, PW_REC_FORK);
	assert_string_equal(f->m->events.ring[1].path, "./worker");
	assert_int_equal(f->m->events.ring[2].pages, 31);
	assert_string_equal(pw_event_type_name(f->m->events.ring[2].type), "exit");
}

static void keys_are_compared_on_ticks(void **state)
{
	struct fixture *f = *state;
	struct pw_key exact = { .pid = 5, .start_ns = 7 * PW_TICK_NS + 1234567 };
	struct pw_key rounded = { .pid = 5, .start_ns = 7 * PW_TICK_NS };

	trace_fork(&f->t, exact, trace_key(1));
	trace_counters(&f->t, rounded, 17);
	play(f);
	assert_int_equal(f->m->alive, 1);
	assert_int_equal(pw_model_process(f->m, &exact)->now.anon_pages, 17);
	assert_ptr_equal(pw_model_process(f->m, &exact), pw_model_process(f->m, &rounded));
}

static void pid_reuse_retires_the_old(void **state)
{
	struct fixture *f = *state;
	struct pw_key old = { .pid = 5, .start_ns = 100 * PW_TICK_NS };
	struct pw_key new = { .pid = 5, .start_ns = 200 * PW_TICK_NS };

	trace_counters(&f->t, old, 3);
	trace_counters(&f->t, new, 4);
	trace_counters(&f->t, old, 5); /* late: the old one does not come back */
	play(f);
	assert_int_equal(f->m->alive, 1);
	assert_int_equal(f->m->dead, 1);
	assert_int_equal(pw_model_pid(f->m, 5)->now.anon_pages, 4);
	assert_false(pw_model_process(f->m, &old)->alive);
	assert_false(pw_model_process(f->m, &old)->exit_seen);

	trace_exit(&f->t, new, 0);
	play(f);
	assert_ptr_equal(pw_model_pid(f->m, 5), pw_model_process(f->m, &new)); /* the newest dead */
	assert_null(pw_model_pid(f->m, 6));

	/* A late word about an owner older than everything that is known of the pid. */
	trace_counters(&f->t, new, 4);
	trace_counters(&f->t, (struct pw_key){ .pid = 7, .start_ns = 900 * PW_TICK_NS }, 1);
	trace_counters(&f->t, (struct pw_key){ .pid = 7, .start_ns = 800 * PW_TICK_NS }, 2);
	play(f);
	assert_int_equal(pw_model_pid(f->m, 7)->now.anon_pages, 1);
}

static void dead_are_bounded_oldest_first(void **state)
{
	struct fixture *f = *state;

	for (uint32_t pid = 1; pid <= 6; pid++) {
		trace_identity(&f->t, trace_key(pid), "/bin/x", "/", "", "");
		trace_exit(&f->t, trace_key(pid), 0);
	}
	play(f);
	assert_int_equal(f->m->dead, 4);
	assert_null(process(f, 1));
	assert_null(process(f, 2));
	assert_non_null(process(f, 3));
	assert_int_equal(f->m->oldest_dead->key.pid, 3);
	assert_int_equal(f->m->newest_dead->key.pid, 6);
	assert_int_equal(only_group(f, "/bin/x")->born, 6);
	assert_int_equal(only_group(f, "/bin/x")->died, 6);
	assert_int_equal(only_group(f, "/bin/x")->alive, 0);
}

static void overflow_counts_each_process_once(void **state)
{
	struct fixture *f = *state;

	for (int round = 0; round < 3; round++) {
		for (uint32_t pid = 1; pid <= 11; pid++)
			trace_counters(&f->t, trace_key(pid), pid);
	}
	trace_tick(&f->t);
	play(f);
	assert_int_equal(f->m->alive, 8);
	assert_int_equal(f->m->lost[PW_LOSS_PROCESSES_FULL], 3);
	trace_exit(&f->t, trace_key(1), 0);
	trace_counters(&f->t, trace_key(11), 11);
	play(f);
	assert_non_null(process(f, 11)); /* there is room again */
}

static void rates_are_of_the_last_interval(void **state)
{
	struct fixture *f = *state;
	struct pw_counters *c;
	struct pw_process *p;

	c = trace_counters(&f->t, trace_key(3), 100);
	c->minor_faults = 1000000;
	trace_tick(&f->t);
	play(f);
	p = process(f, 3);
	assert_false(p->has_rates); /* ran before: its first sample is no rate */
	trace_tick(&f->t);
	trace_tick(&f->t);
	c = trace_counters(&f->t, trace_key(3), 150);
	c->minor_faults = 1000050;
	c->major_faults = 3;
	c->ledger_touched_pages = 60;
	c->ledger_freed_pages = 10;
	c->cpu_ns = TRACE_SECOND / 2;
	trace_tick(&f->t);
	play(f);
	assert_true(p->has_rates); /* silence before does not dilute the rate */
	assert_true(p->minor_faults_rate > 49.9 && p->minor_faults_rate < 50.1);
	assert_true(p->major_faults_rate > 2.9 && p->major_faults_rate < 3.1);
	assert_true(p->touched_rate > 59.9 && p->touched_rate < 60.1);
	assert_true(p->freed_rate > 9.9 && p->freed_rate < 10.1);
	assert_true(p->cpu_share > 0.49 && p->cpu_share < 0.51);
	trace_tick(&f->t);
	play(f);
	assert_true(p->has_rates);
	assert_true(p->minor_faults_rate == 0 && p->cpu_share == 0); /* silent: nothing changed */
	assert_int_equal(p->first_footprint_pages, 100);
	assert_int_equal(pw_process_footprint(p), 150);
}

static void a_fork_seen_counts_from_zero(void **state)
{
	struct fixture *f = *state;

	trace_tick(&f->t);
	trace_fork(&f->t, trace_key(4), trace_key(1));
	trace_counters(&f->t, trace_key(4), 100)->minor_faults = 170;
	trace_tick(&f->t);
	play(f);
	assert_true(process(f, 4)->has_rates);
	assert_true(process(f, 4)->minor_faults_rate > 169 && process(f, 4)->minor_faults_rate < 171);
}

static void footprint_rss_residual(void **state)
{
	struct fixture *f = *state;
	struct pw_counters *c = trace_counters(&f->t, trace_key(2), 11);

	c->file_pages = 13;
	c->shmem_pages = 17;
	c->swap_pages = 19;
	c->ledger_live_pages = 31;
	play(f);
	assert_int_equal(pw_process_footprint(process(f, 2)), 11 + 17 + 19);
	assert_int_equal(pw_process_rss(process(f, 2)), 11 + 13 + 17);
	assert_int_equal(pw_process_residual(process(f, 2)), 11 + 17 - 31);
}

static void groups_sum_and_move(void **state)
{
	struct fixture *f = *state;
	struct pw_group *sh, *worker;

	for (uint32_t pid = 1; pid <= 3; pid++) {
		trace_identity(&f->t, trace_key(pid), "/bin/sh", "/a", "a.service", "");
		trace_counters(&f->t, trace_key(pid), pid * 10)->threads = 2;
	}
	trace_tick(&f->t);
	play(f);
	sh = only_group(f, "/bin/sh");
	assert_int_equal(sh->alive, 3);
	assert_int_equal(sh->born, 3);
	assert_int_equal(sh->anon_pages, 60);
	assert_int_equal(sh->threads, 6);
	assert_int_equal(sh->first_footprint_pages, 60);
	assert_string_equal(sh->unit, "a.service");
	assert_ptr_equal(sh->cgroup, process(f, 1)->cgroup); /* interned */

	trace_identity(&f->t, trace_key(2), "/bin/worker", "/a", "a.service", "");
	trace_exit(&f->t, trace_key(1), 0);
	trace_oom(&f->t, trace_key(3))->anon_pages = 23;
	trace_tick(&f->t);
	play(f);
	worker = only_group(f, "/bin/worker");
	assert_int_equal(worker->alive, 1);
	assert_int_equal(worker->anon_pages, 20);
	assert_int_equal(sh->alive, 1);
	assert_int_equal(sh->died, 1);
	assert_int_equal(sh->born, 3);
	assert_int_equal(sh->oom_kills, 1);
	assert_int_equal(sh->anon_pages, 30);
	assert_int_equal(pw_series_last(&sh->footprint), 30);
	assert_true(process(f, 3)->oom_killed);
	assert_ptr_equal(process(f, 2)->group, worker);
}

static void full_groups_give_up_the_oldest_empty(void **state)
{
	struct fixture *f = *state;
	char exe[] = "/bin/0";

	for (uint32_t pid = 1; pid <= 4; pid++, exe[5]++)
		trace_identity(&f->t, trace_key(pid), exe, "/", "", "");
	exe[5] = '4';
	trace_identity(&f->t, trace_key(5), exe, "/", "", "");
	trace_tick(&f->t);
	play(f);
	assert_null(process(f, 5)->group); /* all four are inhabited */
	assert_int_equal(f->m->lost[PW_LOSS_NAMES_FULL], 1);

	/* Process 1 dies and is forgotten: its group is empty and may go. */
	trace_exit(&f->t, trace_key(1), 0);
	for (uint32_t pid = 21; pid <= 24; pid++) {
		trace_counters(&f->t, trace_key(pid), 1);
		trace_exit(&f->t, trace_key(pid), 0);
	}
	trace_identity(&f->t, trace_key(5), exe, "/", "", "");
	play(f);
	assert_non_null(process(f, 5)->group);
	assert_null(only_group(f, "/bin/0"));
	assert_non_null(only_group(f, "/bin/1"));
}

static void records_in_any_order(void **state)
{
	struct fixture *f = *state;
	struct pw_counters *c;

	trace_exit(&f->t, trace_key(40), 0); /* never seen */
	trace_oom(&f->t, trace_key(41));
	trace_counters(&f->t, trace_key(42), 5); /* before its identity */
	trace_exec(&f->t, trace_key(43), "/bin/true"); /* before its fork */
	trace_identity(&f->t, trace_key(44), "/bin/a", "/", "", "");
	trace_fork(&f->t, trace_key(44), trace_key(1)); /* behind its identity */
	trace_identity(&f->t, trace_key(42), "/bin/b", "/", "", "");
	c = trace_counters(&f->t, trace_key(45), 5);
	c->flags |= PW_COUNTERS_DEAD; /* the last word of somebody unknown */
	trace_identity(&f->t, trace_key(46), "/bin/c", "/", "", "")->flags =
		PW_IDENTITY_FROM_EXEC; /* gone already, and forgotten */
	trace_tick(&f->t);
	play(f);
	assert_null(process(f, 40));
	assert_null(process(f, 41));
	assert_string_equal(process(f, 42)->exe, "/bin/b");
	assert_true(process(f, 43)->alive);
	assert_string_equal(process(f, 44)->exe, "/bin/a");
	assert_int_equal(process(f, 44)->parent.pid, 1);
	assert_null(process(f, 45));
	assert_null(process(f, 46));
	assert_int_equal(f->m->invalid_records, 0);
	assert_int_equal(f->m->events.total, 4);
}

static void counters_of_the_dead(void **state)
{
	struct fixture *f = *state;

	trace_counters(&f->t, trace_key(1), 5);
	trace_exit(&f->t, trace_key(1), 0);
	trace_counters(&f->t, trace_key(1), 6);
	trace_counters(&f->t, trace_key(2), 5);
	trace_counters(&f->t, trace_key(2), 7)->flags |= PW_COUNTERS_DEAD;
	play(f);
	assert_false(process(f, 1)->alive); /* an exit is final */
	assert_int_equal(process(f, 1)->now.anon_pages, 6);
	assert_false(process(f, 2)->alive);
	assert_false(process(f, 2)->exit_seen);
	assert_int_equal(f->m->alive, 0);
	trace_exit(&f->t, trace_key(2), 256);
	play(f);
	assert_int_equal(process(f, 2)->exit_code, 256);
	assert_int_equal(f->m->dead, 2);
}

static void the_last_sample_keeps_the_sizes(void **state)
{
	struct fixture *f = *state;
	struct pw_counters *c;

	trace_counters(&f->t, trace_key(1), 500)->hiwater_rss_pages = 700;
	trace_tick(&f->t);
	c = trace_counters(&f->t, trace_key(1), 0); /* after its address space went */
	c->flags |= PW_COUNTERS_DEAD;
	c->minor_faults = 501;
	trace_tick(&f->t);
	play(f);
	assert_false(process(f, 1)->alive);
	assert_int_equal(process(f, 1)->now.anon_pages, 500);
	assert_int_equal(process(f, 1)->now.hiwater_rss_pages, 700);
	assert_int_equal(process(f, 1)->now.minor_faults, 501);
	assert_int_equal(process(f, 1)->now.ledger_live_pages, 0);
	assert_int_equal(pw_series_last(&process(f, 1)->footprint), 500);
}

static void machine_again_same_boot(void **state)
{
	struct fixture *f = *state;

	for (uint32_t pid = 1; pid <= 3; pid++) {
		trace_identity(&f->t, trace_key(pid), "/bin/a", "/", "", "");
		trace_counters(&f->t, trace_key(pid), 10)->minor_faults = 100;
	}
	trace_tick(&f->t);
	trace_tick(&f->t);
	f->t.now_ns += 50 * TRACE_SECOND;
	f->t.sequence = 0;
	trace_machine(&f->t, "boot-1");
	trace_counters(&f->t, trace_key(1), 10)->minor_faults = 5100;
	trace_tick(&f->t)->interval_ns = TRACE_SECOND;
	play(f);
	assert_int_equal(f->m->alive, 3);
	assert_false(process(f, 1)->has_rates); /* the change is that of the whole gap */
	assert_true(process(f, 1)->minor_faults_rate == 0);

	trace_counters(&f->t, trace_key(2), 10);
	trace_tick(&f->t);
	play(f);
	assert_true(process(f, 1)->alive);
	assert_true(process(f, 2)->alive);
	assert_false(process(f, 3)->alive); /* nobody spoke of it: it died meanwhile */
	assert_int_equal(only_group(f, "/bin/a")->alive, 2);
	assert_int_equal(only_group(f, "/bin/a")->anon_pages, 20);
	assert_int_equal(f->m->missed_ticks, 0);

	trace_counters(&f->t, trace_key(3), 12); /* it had only been silent for long */
	trace_tick(&f->t);
	play(f);
	assert_true(process(f, 3)->alive);
	assert_int_equal(only_group(f, "/bin/a")->alive, 3);
	assert_int_equal(only_group(f, "/bin/a")->anon_pages, 32);
}

static void machine_again_other_boot(void **state)
{
	struct fixture *f = *state;

	trace_identity(&f->t, trace_key(1), "/bin/a", "/", "", "");
	trace_exit(&f->t, trace_key(1), 0);
	trace_counters(&f->t, trace_key(2), 10);
	trace_tick(&f->t);
	f->t.now_ns = TRACE_SECOND;
	f->t.sequence = 0;
	trace_machine(&f->t, "boot-2");
	trace_counters(&f->t, trace_key(2), 20);
	trace_tick(&f->t);
	play(f);
	assert_null(process(f, 1));
	assert_int_equal(process(f, 2)->first_footprint_pages, 20);
	assert_int_equal(f->m->events.total, 0);
	assert_int_equal(f->m->groups.used, 0);
	assert_int_equal(f->m->sequence, 2); /* moves on, so that a reader looks */
	assert_int_equal(f->m->now_ns, 2 * TRACE_SECOND);
}

static void a_hole_in_the_ticks_is_counted(void **state)
{
	struct fixture *f = *state;

	trace_tick(&f->t);
	f->t.sequence += 5;
	trace_tick(&f->t);
	play(f);
	assert_int_equal(f->m->missed_ticks, 5);
}

static void events_are_a_ring(void **state)
{
	struct fixture *f = *state;

	for (uint32_t i = 0; i < PW_EVENTS_MAX + 10; i++)
		trace_exit(&f->t, trace_key(i + 1), 0);
	play(f);
	assert_int_equal(f->m->events.total, PW_EVENTS_MAX + 10);
	assert_int_equal(f->m->events.ring[9].key.pid, PW_EVENTS_MAX + 10);
	assert_int_equal(f->m->events.ring[10].key.pid, 11);
}

static void words_for_everything(void **state)
{
	(void)state;
	for (unsigned int i = 0; i <= PW_LOSS_NAMES_FULL; i++) {
		assert_non_null(pw_loss_name(i));
		assert_non_null(pw_loss_text(i));
	}
	assert_string_equal(pw_loss_name(PW_LOSS_WIPE_UNPAIRED), "wipe_unpaired");
	assert_null(pw_loss_text(PW_LOSS_CAUSES));
	for (unsigned int bit = PW_COVER_LEDGER; bit <= PW_COVER_ALL_PROCESSES; bit <<= 1) {
		assert_non_null(pw_coverage_name(bit));
		assert_true(strlen(pw_coverage_missing_text(bit)) > 20);
	}
	assert_string_equal(pw_coverage_name(PW_COVER_RELEASES), "releases of wiped buffers");
	assert_null(pw_coverage_name(PW_COVER_CGROUPS << 1));
	assert_null(pw_coverage_name(0));
	assert_null(pw_coverage_name(3));
	assert_string_equal(pw_coverage_name(PW_COVER_OOM), "OOM kills");
	assert_string_equal(pw_coverage_name(PW_COVER_ALL_PROCESSES), "all processes");
}

#define MODEL_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		MODEL_TEST(machine_and_tick_are_kept),
		MODEL_TEST(fork_exec_exit),
		MODEL_TEST(keys_are_compared_on_ticks),
		MODEL_TEST(pid_reuse_retires_the_old),
		MODEL_TEST(dead_are_bounded_oldest_first),
		MODEL_TEST(overflow_counts_each_process_once),
		MODEL_TEST(rates_are_of_the_last_interval),
		MODEL_TEST(a_fork_seen_counts_from_zero),
		MODEL_TEST(footprint_rss_residual),
		MODEL_TEST(groups_sum_and_move),
		MODEL_TEST(full_groups_give_up_the_oldest_empty),
		MODEL_TEST(records_in_any_order),
		MODEL_TEST(counters_of_the_dead),
		MODEL_TEST(the_last_sample_keeps_the_sizes),
		MODEL_TEST(machine_again_same_boot),
		MODEL_TEST(machine_again_other_boot),
		MODEL_TEST(a_hole_in_the_ticks_is_counted),
		MODEL_TEST(events_are_a_ring),
		cmocka_unit_test(words_for_everything),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
