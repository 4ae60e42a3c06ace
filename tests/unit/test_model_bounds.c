// SPDX-License-Identifier: GPL-2.0-or-later
/* What the model promises whatever comes: memory, time, determinism, hostile records. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <malloc.h>
#include <stdio.h>
#include <time.h>

#include "lib/trace.h"
#include "user/model/model.h"

#define MANY 10000u

static void many_processes(struct trace *t)
{
	char exe[64], cgroup[96], cmdline[128];

	for (uint32_t pid = 1; pid <= MANY; pid++) {
		snprintf(exe, sizeof(exe), "/usr/lib/some-package/program-%u", pid % 300);
		snprintf(cgroup, sizeof(cgroup), "/system.slice/some-service-%u.service", pid % 500);
		snprintf(cmdline, sizeof(cmdline), "%s --option=%u --config /etc/x/%u.conf", exe,
			 pid, pid);
		trace_identity(t, trace_key(pid), exe, cgroup, "some.service", cmdline);
		if (pid <= 500)
			trace_cgroup(t, pid, cgroup, pid, PW_UNKNOWN);
	}
}

static void all_change(struct trace *t, uint64_t round)
{
	for (uint32_t pid = 1; pid <= MANY; pid++)
		trace_counters(t, trace_key(pid), pid + round)->minor_faults = pid * round;
	for (uint32_t pid = 1; pid <= MANY; pid++)
		trace_resources(t, trace_key(pid), (uint32_t)(pid + round));
	trace_tick(t);
}

static size_t heap_in_use(void)
{
	struct mallinfo2 mi = mallinfo2();

	return mi.uordblks + mi.hblkhd;
}

static void ten_thousand_processes_fit(void **state)
{
	struct trace t = { .now_ns = 100 * TRACE_SECOND };
	size_t before, held, said;
	struct pw_model *m;

	(void)state;
	trace_machine(&t, "boot");
	many_processes(&t);
	for (uint64_t round = 0; round < 3; round++)
		all_change(&t, round);
	before = heap_in_use();
	assert_int_equal(pw_model_create(NULL, &m), 0);
	assert_int_equal(trace_play(&t, pw_model_ingest, m), 0);
	assert_int_equal(m->alive, MANY);
	said = pw_model_memory(m);
	assert_in_range(said, 10u << 20, 24u << 20);
	held = heap_in_use() - before;
	if (heap_in_use() > before) { /* 0 under a sanitizer's own malloc */
		assert_in_range(held, 10u << 20, 24u << 20);
		assert_in_range(said, held - held / 10, held + held / 10);
		print_message("%u processes: %zu KiB held, %zu KiB said\n", MANY, held / 1024,
			      said / 1024);
	}
	pw_model_destroy(m);
	trace_free(&t);
}

static uint64_t cpu_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (uint64_t)ts.tv_sec * TRACE_SECOND + (uint64_t)ts.tv_nsec;
}

/* Generous, because test machines are slow and busy: docs/overhead.md has the figures. */
static void a_tick_over_many_changes_is_cheap(void **state)
{
	struct trace t = { .now_ns = 100 * TRACE_SECOND };
	uint64_t best = UINT64_MAX;
	struct pw_model *m;

	(void)state;
	assert_int_equal(pw_model_create(NULL, &m), 0);
	trace_machine(&t, "boot");
	many_processes(&t);
	for (uint64_t round = 0; round < 8; round++) {
		uint64_t begin, took;

		all_change(&t, round);
		begin = cpu_ns();
		assert_int_equal(trace_flush(&t, pw_model_ingest, m), 0);
		took = cpu_ns() - begin;
		if (round && took < best)
			best = took;
	}
	print_message("%u changed processes and their tick: %.2f ms\n", MANY, (double)best / 1e6);
	assert_in_range(best, 1, 100000000);
	pw_model_destroy(m);
	trace_free(&t);
}

static uint32_t random_next(uint32_t *seed)
{
	*seed = *seed * 1664525u + 1013904223u;
	return *seed >> 8;
}

/* Wipes of a few addresses, at a few places, and their releases. */
static void churn_wipes(struct trace *t, uint32_t *seed, struct pw_key key, const char *name)
{
	uint64_t address = 0x1000 * (random_next(seed) % 20), offset = random_next(seed) % 5;
	struct pw_release *r;
	struct pw_wipe *w;

	t->now_ns++;
	if (random_next(seed) % 2) {
		w = trace_wipe(t, key, address, 64, name, offset, name + 4);
		if (random_next(seed) % 4 == 0)
			trace_wiped_in_part(w, random_next(seed) % 64, random_next(seed) % 64);
		return;
	}
	r = trace_release(t, key, address, name, offset, name + 4);
	if (random_next(seed) % 4)
		trace_wiped_before(r, t->now_ns - 1, 64);
	if (random_next(seed) % 8 == 0) {
		r->function = PW_RELEASE_MUNMAP;
		r->size = 0x4000;
	}
	if (random_next(seed) % 8 == 0)
		trace_probe(t, random_next(seed) % 9, name, offset, "f")->error =
			(int32_t)(random_next(seed) % 2);
}

/* Plausible churn: forks, execs, exits, samples, views; the same for the same seed. */
static void churn(struct trace *t, uint32_t seed, unsigned int records)
{
	char name[32];

	for (unsigned int i = 0; i < records; i++) {
		struct pw_key key = trace_key(random_next(&seed) % 97 + 1);

		snprintf(name, sizeof(name), "/bin/%u", random_next(&seed) % 13);
		switch (random_next(&seed) % 14) {
		case 0:
			trace_fork(t, key, trace_key(random_next(&seed) % 97 + 1));
			break;
		case 1:
			trace_exec(t, key, name);
			break;
		case 2:
			key.start_ns += random_next(&seed) % 2 * PW_TICK_NS;
			trace_identity(t, key, name, name + 4, "u", "c");
			break;
		case 3:
			trace_exit(t, key, (int32_t)random_next(&seed));
			break;
		case 4:
			trace_segments(t, key, random_next(&seed) % 3);
			trace_segment(t, key, random_next(&seed) % 30, name, 4096, 4096);
			break;
		case 5:
			if (random_next(&seed) % 40 == 0)
				trace_machine(t, random_next(&seed) % 4 ? "boot-a" : "boot-b");
			trace_tick(t);
			break;
		case 6:
			churn_wipes(t, &seed, key, name);
			break;
		case 7:
			trace_secret(t, key, random_next(&seed) % 50, random_next(&seed) % 4 + 1, name)
				->pages_dirty = random_next(&seed) % 3;
			break;
		case 8:
			trace_cgroup(t, random_next(&seed) % 40 + 1, name, 1, PW_UNKNOWN)->flags =
				random_next(&seed) % 4;
			break;
		case 9:
			trace_resources(t, key, random_next(&seed));
			break;
		default:
			trace_counters(t, key, random_next(&seed) % 100000)->minor_faults =
				random_next(&seed);
		}
	}
}

static void assert_same_processes(const struct pw_model *a, const struct pw_model *b)
{
	struct pw_process **x, **y;
	size_t n, k;

	assert_int_equal(pw_model_processes(a, true, &x, &n), 0);
	assert_int_equal(pw_model_processes(b, true, &y, &k), 0);
	assert_int_equal(n, k);
	for (size_t i = 0; i < n; i++) {
		assert_memory_equal(&x[i]->key, &y[i]->key, sizeof(x[i]->key));
		assert_memory_equal(&x[i]->now, &y[i]->now, sizeof(x[i]->now));
		assert_memory_equal(&x[i]->resources, &y[i]->resources, sizeof(x[i]->resources));
		assert_memory_equal(&x[i]->footprint, &y[i]->footprint, sizeof(x[i]->footprint));
		assert_true(x[i]->minor_faults_rate == y[i]->minor_faults_rate);
		assert_string_equal(x[i]->exe, y[i]->exe);
		assert_int_equal(x[i]->alive, y[i]->alive);
		if (i)
			assert_true(x[i - 1]->key.pid < x[i]->key.pid ||
				    (x[i - 1]->key.pid == x[i]->key.pid &&
				     x[i - 1]->key.start_ns < x[i]->key.start_ns));
	}
	free(x);
	free(y);
}

static void assert_same_groups(const struct pw_model *a, const struct pw_model *b)
{
	struct pw_group **x, **y;
	size_t n, k;

	assert_int_equal(pw_model_groups(a, &x, &n), 0);
	assert_int_equal(pw_model_groups(b, &y, &k), 0);
	assert_int_equal(n, k);
	for (size_t i = 0; i < n; i++) {
		assert_string_equal(x[i]->exe, y[i]->exe);
		assert_string_equal(x[i]->cgroup, y[i]->cgroup);
		assert_int_equal(x[i]->anon_pages, y[i]->anon_pages);
		assert_int_equal(x[i]->born, y[i]->born);
		assert_true(x[i]->minor_faults_rate == y[i]->minor_faults_rate);
		assert_memory_equal(&x[i]->footprint, &y[i]->footprint, sizeof(x[i]->footprint));
	}
	free(x);
	free(y);
}

static void assert_same_cgroups(const struct pw_model *a, const struct pw_model *b)
{
	struct pw_cgroup_row **x, **y;
	size_t n, k;

	assert_int_equal(pw_model_cgroups(a, &x, &n), 0);
	assert_int_equal(pw_model_cgroups(b, &y, &k), 0);
	assert_int_equal(n, k);
	for (size_t i = 0; i < n; i++) {
		assert_memory_equal(&x[i]->last, &y[i]->last, sizeof(x[i]->last));
		assert_string_equal(x[i]->path, y[i]->path);
	}
	free(x);
	free(y);
}

static void assert_same_wipes(const struct pw_model *a, const struct pw_model *b)
{
	const struct pw_wipe_ledger *x = &a->wipes, *y = &b->wipes;

	assert_true(x->total > 100 && x->site_count && x->caller_count && x->probe_count);
	assert_int_equal(x->total, y->total);
	assert_memory_equal(x->by_function_verdict, y->by_function_verdict,
			    sizeof(x->by_function_verdict));
	for (size_t i = 0; i < pw_wipe_event_count(x); i++) {
		const struct pw_wipe_event *e = pw_wipe_event_at(x, i), *f = pw_wipe_event_at(y, i);

		assert_memory_equal(&e->rel, &f->rel, sizeof(e->rel));
		assert_int_equal(e->after, f->after);
		assert_string_equal(e->exe, f->exe);
		assert_string_equal(e->symbol, f->symbol);
	}
	assert_int_equal(x->caller_count, y->caller_count);
	assert_int_equal(x->site_count, y->site_count);
	for (size_t i = 0; i < x->site_count; i++) {
		assert_int_equal(x->sites[i].id, y->sites[i].id);
		assert_int_equal(x->sites[i].wiped, y->sites[i].wiped);
		assert_int_equal(x->sites[i].rewritten, y->sites[i].rewritten);
	}
	assert_int_equal(a->secrets.count, b->secrets.count);
	for (size_t i = 0; i < a->secrets.count; i++) {
		assert_memory_equal(&a->secrets.rows[i].sums, &b->secrets.rows[i].sums,
				    sizeof(struct pw_secret));
		assert_int_equal(a->secrets.rows[i].state, b->secrets.rows[i].state);
	}
}

static const struct pw_model_limits tight = {
	.processes = 50, .dead = 16, .groups = 8, .cgroups = 12, .strings = 1024
};

static void same_records_same_model(void **state)
{
	struct trace t = { .now_ns = 100 * TRACE_SECOND };
	struct pw_model *a, *b;
	void *shift;

	(void)state;
	churn(&t, 4711, 24011);
	assert_int_equal(pw_model_create(&tight, &a), 0);
	assert_int_equal(trace_play(&t, pw_model_ingest, a), 0);
	shift = malloc(12345); /* other addresses must not matter */
	assert_int_equal(pw_model_create(&tight, &b), 0);
	assert_int_equal(trace_play(&t, pw_model_ingest, b), 0);
	assert_true(a->alive > 0 && a->dead > 0 && a->groups.used > 0);
	assert_true(a->own_lost[PW_LOSS_PROCESSES_FULL] > 0);
	assert_memory_equal(a->own_lost, b->own_lost, sizeof(a->own_lost));
	assert_int_equal(a->invalid_records, b->invalid_records);
	assert_same_processes(a, b);
	assert_same_groups(a, b);
	assert_same_cgroups(a, b);
	assert_same_wipes(a, b);
	free(shift);
	pw_model_destroy(a);
	pw_model_destroy(b);
	trace_free(&t);
}

static void group_members_add_up(const struct pw_model *m)
{
	struct pw_group **groups;
	size_t n, alive = 0;

	assert_int_equal(pw_model_groups(m, &groups, &n), 0);
	for (size_t i = 0; i < n; i++) {
		uint32_t living = 0;

		for (struct pw_process *p = groups[i]->members; p; p = p->next_in_group)
			living += p->alive;
		assert_int_equal(living, groups[i]->alive);
		alive += living;
	}
	assert_true(alive <= m->alive);
	free(groups);
}

static void invariants_hold(const struct pw_model *m)
{
	size_t dead = 0;

	for (struct pw_process *p = m->newest_dead; p; p = p->older_dead)
		dead++;
	assert_int_equal(dead, m->dead);
	assert_int_equal(m->processes.used, m->alive + m->dead);
	assert_int_equal(m->pids.used, m->alive);
	assert_true(m->alive <= tight.processes && m->dead <= tight.dead);
	assert_true(m->groups.used <= tight.groups);
	assert_true(m->cgroups.used <= tight.cgroups);
	assert_int_equal(m->cgroups.used, m->cgroup_paths.used);
	group_members_add_up(m);
}

/* Churn whose bytes are damaged at random: the sizes stay what the reader checked. */
static void damaged_records_never_break_it(void **state)
{
	struct pw_model *m;

	(void)state;
	assert_int_equal(pw_model_create(&tight, &m), 0);
	for (uint32_t seed = 1; seed <= 60; seed++) {
		struct trace t = { .now_ns = 100 * TRACE_SECOND };
		uint32_t r = seed * 7919;

		churn(&t, seed, 500);
		for (size_t at = 0; at < t.len;) {
			struct pw_record *rec = (void *)(t.bytes + at);
			uint16_t size = rec->size;

			for (int hits = random_next(&r) % 4 ? 0 : 3; hits > 0; hits--)
				((uint8_t *)rec)[random_next(&r) % size] = (uint8_t)random_next(&r);
			rec->size = size;
			at += size;
		}
		assert_int_equal(trace_play(&t, pw_model_ingest, m), 0);
		invariants_hold(m);
		trace_free(&t);
	}
	assert_true(m->invalid_records > 0);
	assert_true(m->unknown_records > 0);
	pw_model_destroy(m);
}

/* Each record at each shorter size, in memory that ends there: a sanitizer sees a read behind it. */
static void short_records_are_refused(void **state)
{
	static const uint16_t types[] = { PW_REC_FORK,	   PW_REC_EXEC,	    PW_REC_EXIT,
					  PW_REC_OOM,	   PW_REC_COUNTERS, PW_REC_IDENTITY,
					  PW_REC_SEGMENTS, PW_REC_SEGMENT,  PW_REC_MACHINE,
					  PW_REC_TICK,	   PW_REC_WIPE,	    PW_REC_RELEASE,
					  PW_REC_SECRET };
	struct pw_model *m;

	(void)state;
	assert_int_equal(pw_model_create(NULL, &m), 0);
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		for (uint16_t size = sizeof(struct pw_record); size <= 64; size += 8) {
			struct pw_record *rec = malloc(size);

			memset(rec, 0xff, size);
			*rec = (struct pw_record){ .type = types[i], .size = size, .time_ns = 1 };
			assert_int_equal(pw_model_ingest(m, rec), 0);
			free(rec);
		}
	}
	assert_int_equal(m->invalid_records, sizeof(types) / sizeof(types[0]) * 7);
	pw_model_destroy(m);
}

static void take(struct pw_model *m, struct trace *t)
{
	assert_int_equal(trace_flush(t, pw_model_ingest, m), 0);
}

static void content_out_of_bounds_is_counted(void **state)
{
	struct trace t = { .now_ns = TRACE_SECOND };
	struct pw_identity *id;
	struct pw_model *m;

	(void)state;
	assert_int_equal(pw_model_create(NULL, &m), 0);
	trace_machine(&t, "boot")->page_size = 0;
	trace_machine(&t, "boot")->page_size = 4095;
	trace_machine(&t, "boot")->memory_pages = UINT64_MAX;
	take(m, &t);
	assert_int_equal(m->invalid_records, 3);
	assert_false(m->has_machine);

	trace_counters(&t, trace_key(0), 1);
	trace_counters(&t, trace_key(5), UINT64_MAX);
	trace_counters(&t, trace_key(6), 1)->rec.time_ns = UINT64_MAX;
	trace_counters(&t, (struct pw_key){ .pid = UINT32_MAX }, 1);
	trace_counters(&t, (struct pw_key){ .pid = 1, .start_ns = UINT64_MAX }, 1);
	take(m, &t);
	assert_int_equal(m->invalid_records, 8);
	assert_int_equal(m->alive, 0);

	trace_counters(&t, trace_key(9), 1);
	id = trace_identity(&t, trace_key(9), "/bin/a", "/", "", "");
	id->cmdline_len = 60000; /* behind the record */
	id = trace_identity(&t, trace_key(9), "/bin/a", "/", "", "0123456789012345678901234567890");
	id->build_id_len = 33;
	id->cmdline_len = 0;
	take(m, &t);
	assert_int_equal(m->invalid_records, 10);
	assert_false(pw_model_pid(m, 9)->identified);
	assert_string_equal(pw_model_pid(m, 9)->exe, "");

	trace_oom(&t, trace_key(9))->anon_pages = UINT64_MAX;
	trace_tick(&t)->available_pages = UINT64_MAX;
	take(m, &t);
	assert_int_equal(m->invalid_records, 11);
	pw_model_destroy(m);
	trace_free(&t);
}

static void long_strings_are_cut(void **state)
{
	struct trace t = { .now_ns = TRACE_SECOND };
	struct pw_model *m;
	char exe[5001], cmdline[3001];

	(void)state;
	memset(exe, 'e', 5000);
	memset(cmdline, 'c', 3000);
	exe[5000] = cmdline[3000] = '\0';
	assert_int_equal(pw_model_create(&tight, &m), 0);
	trace_identity(&t, trace_key(9), exe, exe, "", cmdline);
	take(m, &t);
	assert_int_equal(strlen(pw_model_pid(m, 9)->exe), 4095);
	assert_int_equal(strlen(pw_model_pid(m, 9)->cmdline), 1024);
	assert_string_equal(pw_model_pid(m, 9)->cgroup, ""); /* beyond the strings' bound */
	assert_true(m->own_lost[PW_LOSS_NAMES_FULL] > 0);
	pw_model_destroy(m);
	trace_free(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ten_thousand_processes_fit),
		cmocka_unit_test(a_tick_over_many_changes_is_cheap),
		cmocka_unit_test(same_records_same_model),
		cmocka_unit_test(damaged_records_never_break_it),
		cmocka_unit_test(short_records_are_refused),
		cmocka_unit_test(content_out_of_bounds_is_counted),
		cmocka_unit_test(long_strings_are_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
