// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The table of all series: who is in it, who begins anew, what a group says
 * beside its processes, and that the verdicts outlive whoever keeps them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "lib/trace.h"
#include "user/analysis/trends.h"

#define KIB_PAGES(kib) ((kib) / 4)
#define MINUTE 60u
#define STEP_NS (10 * TRACE_SECOND) /* of scaled time */

/* A machine whose memory is a function of time, and who watches it. */
struct world {
	struct trace trace;
	struct pw_model *m;
	struct pw_trends *t;
	double scale;
	uint64_t seconds; /* of scaled time, gone by */
	uint64_t seen; /* events */
	unsigned int began, ceased, ended; /* of what was seen */
	struct pw_verdict_event last;
	char last_exe[64];
};

static void world_init(struct world *w, const struct pw_trends_options *opt)
{
	*w = (struct world){ .scale = opt && opt->time_scale > 0 ? opt->time_scale : 1 };
	w->trace.now_ns = 100000 * TRACE_SECOND;
	assert_int_equal(pw_model_create(NULL, &w->m), 0);
	assert_int_equal(pw_trends_create(opt, &w->t), 0);
	trace_machine(&w->trace, "boot");
}

static void world_deinit(struct world *w)
{
	pw_trends_destroy(w->t);
	pw_model_destroy(w->m);
	trace_free(&w->trace);
}

static void read_events(struct world *w)
{
	const struct pw_verdict_event *events[PW_VERDICT_EVENTS_MAX];
	uint64_t lost = 0;
	size_t count = pw_trends_events(w->t, w->seen, events, PW_VERDICT_EVENTS_MAX, &lost);

	assert_int_equal(lost, 0);
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(events[i]->sequence, w->seen + 1);
		assert_true(events[i]->reason[0]);
		w->seen = events[i]->sequence;
		w->last = *events[i];
		snprintf(w->last_exe, sizeof(w->last_exe), "%s", events[i]->subject.exe);
		if (events[i]->ended)
			w->ended++;
		else if (pw_verdict_is_suspect(events[i]->to))
			w->began++;
		else
			w->ceased++;
	}
}

/* Closes an interval of ten scaled seconds. */
static void step(struct world *w)
{
	uint64_t interval = (uint64_t)(STEP_NS / w->scale);
	struct pw_tick *tick;

	w->trace.now_ns += interval - TRACE_SECOND;
	tick = trace_tick(&w->trace);
	tick->interval_ns = tick->sequence == 1 ? 0 : interval;
	assert_int_equal(trace_flush(&w->trace, pw_model_ingest, w->m), 0);
	assert_int_equal(pw_trends_tick(w->t, w->m), 0);
	w->seconds += 10;
	read_events(w);
}

static void born(struct world *w, uint32_t pid, const char *exe)
{
	trace_fork(&w->trace, trace_key(pid), trace_key(1));
	trace_identity(&w->trace, trace_key(pid), exe, "/system.slice/a.service", "a.service", exe);
}

static void has(struct world *w, uint32_t pid, uint64_t kib)
{
	trace_counters(&w->trace, trace_key(pid), KIB_PAGES(kib));
}

/* Some noise that is the same on every run: 0 .. 63 KiB. */
static uint64_t noise(uint64_t seconds, uint32_t pid)
{
	return pw_hash_mix(seconds * 31 + pid) % 64;
}

/* 10 MiB, then kib_per_minute more each minute. */
static uint64_t leak_kib(const struct world *w, uint32_t pid, uint64_t kib_per_minute)
{
	return 10240 + w->seconds * kib_per_minute / 60 + noise(w->seconds, pid);
}

static size_t suspects(const struct world *w, struct pw_suspect *ret, size_t max)
{
	struct pw_suspect *rows;
	size_t count;

	assert_int_equal(pw_trends_suspects(w->t, NULL, &rows, &count), 0);
	memcpy(ret, rows, (count < max ? count : max) * sizeof(*rows));
	free(rows);
	return count;
}

/* ---- who is a suspect ------------------------------------------------------------------ */

#define PROCESSES 13u /* a prime: no two kinds fall together */

static bool leaks(uint32_t pid)
{
	return pid % 5 == 4;
}

static void prime_step(struct world *w)
{
	for (uint32_t pid = 2; pid < 2 + PROCESSES; pid++) {
		char exe[32];

		snprintf(exe, sizeof(exe), "/usr/bin/p%u", pid);
		if (!w->seconds)
			born(w, pid, exe);
		if (leaks(pid))
			has(w, pid, leak_kib(w, pid, 256 * pid));
		else if (pid % 2)
			has(w, pid, 20480 + w->seconds % 170 * 100); /* a saw-tooth */
		else if (!w->seconds)
			has(w, pid, 7000); /* silent ever after */
	}
	step(w);
}

static void only_those_that_leak(void **state)
{
	struct pw_suspect rows[16];
	struct pw_trends_cost cost;
	unsigned int expected = 0;
	struct world w;
	size_t count;

	(void)state;
	world_init(&w, NULL);
	while (w.seconds < 90 * MINUTE)
		prime_step(&w);
	count = suspects(&w, rows, 16);
	for (uint32_t pid = 2; pid < 2 + PROCESSES; pid++)
		expected += leaks(pid);
	assert_int_equal(count, expected);
	for (size_t i = 0; i < count; i++) {
		uint32_t pid = rows[i].subject->key.pid;
		double truth = 256.0 * pid * 1024 * 60;

		assert_int_equal(rows[i].subject->type, PW_SUBJECT_PROCESS);
		assert_int_equal(rows[i].kind, PW_SERIES_ANON);
		assert_true(leaks(pid));
		assert_true(fabs(rows[i].verdict.slope - truth) < 0.1 * truth);
		assert_true(rows[i].suspected_since_ns > 1700000000ull * TRACE_SECOND);
		assert_true(rows[i].floor_count > 0);
		assert_int_equal(pw_trends_of_process(w.t, &rows[i].subject->key),
				 PW_VERDICT_GROWING);
		/* the fastest first: they all have the machine's memory as their limit */
		if (i)
			assert_true(rows[i].subject->key.pid < rows[i - 1].subject->key.pid);
	}
	assert_int_equal(w.began, expected);
	assert_int_equal(w.ended + w.ceased, 0);
	pw_trends_cost(w.t, &cost);
	assert_int_equal(cost.subjects, 2 * PROCESSES); /* each is a group of its own */
	assert_int_equal(cost.suspects, expected);
	world_deinit(&w);
}

static void a_leak_that_is_mended(void **state)
{
	struct pw_suspect row;
	struct world w;
	uint64_t at;

	(void)state;
	world_init(&w, NULL);
	born(&w, 7, "/usr/bin/leaky");
	while (w.seconds < 60 * MINUTE) {
		has(&w, 7, leak_kib(&w, 7, 4096));
		step(&w);
	}
	assert_int_equal(suspects(&w, &row, 1), 1);
	at = leak_kib(&w, 7, 4096);
	while (w.seconds < 300 * MINUTE && !w.ceased) {
		has(&w, 7, at + noise(w.seconds, 7));
		step(&w);
	}
	assert_int_equal(w.ceased, 1);
	assert_int_equal(w.began, 1); /* it did not flap */
	assert_int_equal(w.last.from, PW_VERDICT_GROWING);
	assert_false(w.last.ended);
	assert_int_equal(suspects(&w, &row, 1), 0);
	world_deinit(&w);
}

/* ---- who begins anew --------------------------------------------------------------------- */

static void an_exec_ends_a_suspicion(void **state)
{
	struct pw_suspect row;
	struct world w;

	(void)state;
	world_init(&w, NULL);
	born(&w, 7, "/usr/bin/leaky");
	while (w.seconds < 60 * MINUTE) {
		has(&w, 7, leak_kib(&w, 7, 4096));
		step(&w);
	}
	assert_int_equal(w.began, 1);
	trace_exec(&w.trace, trace_key(7), "/usr/bin/leaky"); /* itself: its name stays */
	has(&w, 7, 5000);
	step(&w);
	assert_int_equal(w.ended, 1);
	assert_int_equal(w.last.subject.restarts, 0); /* as it was when it ended */
	assert_non_null(strstr(w.last.reason, "exec"));
	assert_int_equal(suspects(&w, &row, 1), 0);
	assert_int_equal(pw_trends_of_process(w.t, &w.last.subject.key), PW_VERDICT_UNKNOWN);
	world_deinit(&w);
}

static void an_exit_ends_a_suspicion(void **state)
{
	struct pw_trends_cost cost;
	struct pw_suspect row;
	struct world w;

	(void)state;
	world_init(&w, NULL);
	born(&w, 7, "/usr/bin/leaky");
	while (w.seconds < 60 * MINUTE) {
		has(&w, 7, leak_kib(&w, 7, 4096));
		step(&w);
	}
	trace_exit(&w.trace, trace_key(7), 0);
	step(&w);
	assert_int_equal(w.ended, 1);
	assert_int_equal(w.last.subject.key.pid, 7);
	assert_string_equal(w.last_exe, "/usr/bin/leaky");
	assert_int_equal(suspects(&w, &row, 1), 0);
	pw_trends_cost(w.t, &cost);
	assert_int_equal(cost.subjects, 1); /* its group is remembered */
	/* another one of that program is another incarnation of the group */
	trace_fork(&w.trace, (struct pw_key){ 8, 0, w.trace.now_ns }, trace_key(1));
	trace_identity(&w.trace, (struct pw_key){ 8, 0, w.trace.now_ns }, "/usr/bin/leaky",
		       "/system.slice/a.service", "a.service", "");
	trace_counters(&w.trace, (struct pw_key){ 8, 0, w.trace.now_ns }, 100);
	step(&w);
	pw_trends_cost(w.t, &cost);
	assert_int_equal(cost.subjects, 2);
	assert_int_equal(cost.series, 0);
	world_deinit(&w);
}

/* Every 5 minutes another worker of 4 MiB that stays: no process grows, the pool does. */
static void a_pool_that_grows(void **state)
{
	struct pw_suspect rows[4];
	struct world w;
	uint32_t next = 100;
	size_t count;

	(void)state;
	world_init(&w, NULL);
	while (w.seconds < 240 * MINUTE) {
		if (w.seconds % (5 * MINUTE) == 0) {
			born(&w, next, "/usr/bin/pool");
			has(&w, next++, 4096);
		}
		step(&w);
	}
	count = suspects(&w, rows, 4);
	assert_int_equal(count, 2); /* of its memory and its threads */
	for (size_t i = 0; i < count; i++) {
		double truth = rows[i].kind == PW_SERIES_ANON ? 48 << 20 : 12;

		assert_int_equal(rows[i].subject->type, PW_SUBJECT_GROUP);
		assert_string_equal(rows[i].subject->exe, "/usr/bin/pool");
		assert_int_equal(rows[i].subject->members, next - 100);
		assert_false(rows[i].covered_by_process);
		assert_true(fabs(rows[i].verdict.slope / truth - 1) < 0.1);
	}
	assert_int_not_equal(rows[0].kind, rows[1].kind);
	assert_false(w.last.covered_by_process);
	world_deinit(&w);
}

/* Workers come and go; the parent alone grows: the group says no more than it. */
static void a_parent_that_grows(void **state)
{
	struct pw_suspect rows[4];
	struct world w;
	uint32_t worker = 100;
	size_t count;

	(void)state;
	world_init(&w, NULL);
	born(&w, 10, "/usr/bin/pool");
	while (w.seconds < 120 * MINUTE) {
		has(&w, 10, leak_kib(&w, 10, 2048));
		if (w.seconds % MINUTE == 0) {
			if (worker > 102)
				trace_exit(&w.trace, trace_key(worker - 3), 0);
			born(&w, worker, "/usr/bin/pool");
			has(&w, worker++, 3000);
		}
		step(&w);
	}
	count = suspects(&w, rows, 4);
	assert_in_range(count, 1, 2);
	for (size_t i = 0; i < count; i++) {
		bool is_process = rows[i].subject->type == PW_SUBJECT_PROCESS;

		if (is_process)
			assert_int_equal(rows[i].subject->key.pid, 10);
		else
			assert_true(rows[i].covered_by_process);
		assert_int_equal(pw_subject_fingerprint(rows[i].subject, rows[i].kind),
				 pw_subject_fingerprint(rows[0].subject, rows[0].kind));
	}
	world_deinit(&w);
}

static void slab_of_a_cgroup(void **state)
{
	struct pw_suspect rows[4];
	struct world w;

	(void)state;
	world_init(&w, NULL);
	while (w.seconds < 90 * MINUTE) {
		struct pw_cgroup *c = trace_cgroup(&w.trace, 77, "/sockets", 1 << 20, 1ull << 30);

		c->slab_bytes = (5ull << 20) + w.seconds * 4096;
		c->sock_bytes = noise(w.seconds, 1) << 10;
		step(&w);
	}
	assert_int_equal(suspects(&w, rows, 4), 1);
	assert_int_equal(rows[0].subject->type, PW_SUBJECT_CGROUP);
	assert_int_equal(rows[0].kind, PW_SERIES_KERNEL);
	assert_string_equal(rows[0].subject->cgroup, "/sockets");
	assert_int_equal(rows[0].limit.kind, PW_LIMIT_CGROUP);
	assert_true(rows[0].time_to_limit.known);
	/* the same path, made anew */
	trace_cgroup(&w.trace, 78, "/sockets", 1 << 20, 1ull << 30)->slab_bytes = 1 << 20;
	trace_cgroup(&w.trace, 77, "/sockets", 1 << 20, 1ull << 30)->flags = PW_CGROUP_GONE;
	step(&w);
	assert_int_equal(w.ended, 1);
	world_deinit(&w);
}

/* ---- gaps, restarts, reboots --------------------------------------------------------------- */

struct pieces {
	struct {
		uint64_t id;
		size_t size;
		uint8_t *bytes;
	} all[64];
	size_t count;
};

static int keep_piece(void *ctx, uint64_t id, const void *bytes, size_t size)
{
	struct pieces *p = ctx;

	assert_true(p->count < 64);
	p->all[p->count].id = id;
	p->all[p->count].size = size;
	p->all[p->count].bytes = malloc(size);
	memcpy(p->all[p->count++].bytes, bytes, size);
	return 0;
}

static void pieces_free(struct pieces *p)
{
	for (size_t i = 0; i < p->count; i++)
		free(p->all[i].bytes);
	p->count = 0;
}

/* The watcher goes and another takes over, by what was saved, after so many silent steps. */
static void change_watchers(struct world *w, unsigned int silent_steps, const char *boot_id)
{
	const struct pw_trends_options opt = { .time_scale = w->scale };
	struct pieces saved = { 0 };

	assert_int_equal(pw_trends_save(w->t, false, keep_piece, &saved), 0);
	pw_trends_destroy(w->t);
	assert_int_equal(pw_trends_create(&opt, &w->t), 0);
	for (size_t i = 0; i < saved.count; i++)
		assert_int_equal(pw_trends_restore(w->t, saved.all[i].bytes, saved.all[i].size), 0);
	for (size_t i = 1; i < saved.count; i++)
		assert_int_equal(pw_trends_restore(w->t, saved.all[i].bytes, saved.all[i].size),
				 -EEXIST);
	pieces_free(&saved);
	pw_model_destroy(w->m);
	assert_int_equal(pw_model_create(NULL, &w->m), 0);
	w->seen = 0;
	w->seconds += silent_steps * 10;
	w->trace.now_ns += silent_steps * (uint64_t)(STEP_NS / w->scale);
	w->trace.sequence = 0;
	if (boot_id) {
		struct pw_machine *r = trace_machine(&w->trace, boot_id);

		r->boot_realtime_ns += w->trace.now_ns;
		w->trace.now_ns = 100 * TRACE_SECOND;
		r->rec.time_ns = w->trace.now_ns;
	} else {
		trace_machine(&w->trace, "boot");
	}
}

static void named(struct world *w, uint32_t pid, const char *exe)
{
	trace_identity(&w->trace, trace_key(pid), exe, "/system.slice/a.service", "a.service", exe);
}

static void a_restart_forgets_nothing(void **state)
{
	struct pw_suspect before, after;
	struct world w;

	(void)state;
	world_init(&w, NULL);
	born(&w, 7, "/usr/bin/leaky");
	born(&w, 8, "/usr/bin/calm");
	has(&w, 8, 9000);
	while (w.seconds < 60 * MINUTE) {
		has(&w, 7, leak_kib(&w, 7, 4096));
		step(&w);
	}
	assert_int_equal(suspects(&w, &before, 1), 1);
	before.subject = NULL;
	change_watchers(&w, 1, NULL);
	/* known before anybody looked again */
	assert_int_equal(suspects(&w, &after, 1), 1);
	assert_true(after.subject->restored);
	assert_int_equal(after.suspected_since_ns, before.suspected_since_ns);
	assert_true(fabs(after.verdict.slope - before.verdict.slope) < 0.01 * before.verdict.slope);
	named(&w, 7, "/usr/bin/leaky");
	named(&w, 8, "/usr/bin/calm");
	has(&w, 8, 9000);
	for (unsigned int i = 0; i < 60; i++) {
		has(&w, 7, leak_kib(&w, 7, 4096));
		step(&w);
	}
	assert_int_equal(suspects(&w, &after, 1), 1);
	assert_false(after.subject->restored);
	assert_int_equal(after.suspected_since_ns, before.suspected_since_ns);
	assert_int_equal(after.verdict.gaps, 0);
	assert_int_equal(w.began, 1); /* it is no news */
	assert_int_equal(w.ended + w.ceased, 0);
	world_deinit(&w);
}

static void a_gap_is_shown_as_a_gap(void **state)
{
	struct pw_suspect row;
	struct world w;

	(void)state;
	world_init(&w, NULL);
	born(&w, 7, "/usr/bin/leaky");
	while (w.seconds < 180 * MINUTE) {
		has(&w, 7, leak_kib(&w, 7, 4096));
		step(&w);
	}
	change_watchers(&w, 90, NULL); /* a quarter of an hour */
	named(&w, 7, "/usr/bin/leaky");
	while (w.seconds < 240 * MINUTE) {
		has(&w, 7, leak_kib(&w, 7, 4096));
		step(&w);
	}
	assert_int_equal(suspects(&w, &row, 1), 1);
	assert_int_equal(w.began, 1);
	for (unsigned int i = 0; i < 2; i++) {
		const struct pw_trends_query q = { .all = true, .pid = 7 };
		struct pw_suspect *rows;
		unsigned int holes = 0;
		size_t count;

		assert_int_equal(pw_trends_suspects(w.t, &q, &rows, &count), 0);
		for (size_t k = 0; k < rows[0].floor_count; k++)
			holes += rows[0].floors[k] == PW_UNKNOWN;
		/* the window of an hour is behind the gap by now; longer ones show it */
		if (rows[0].verdict.window_ns > 3600 * TRACE_SECOND)
			assert_true(holes > 0);
		assert_int_equal(rows[0].verdict.gaps, holes);
		free(rows);
		change_watchers(&w, 1, NULL); /* and it is still there in the saved form */
	}
	world_deinit(&w);
}

static void who_ended_meanwhile(void **state)
{
	struct pw_suspect row;
	struct world w;

	(void)state;
	world_init(&w, NULL);
	born(&w, 7, "/usr/bin/leaky");
	while (w.seconds < 60 * MINUTE) {
		has(&w, 7, leak_kib(&w, 7, 4096));
		step(&w);
	}
	change_watchers(&w, 5, NULL);
	for (unsigned int i = 0; i < 5; i++)
		step(&w);
	assert_int_equal(suspects(&w, &row, 1), 0);
	assert_int_equal(w.ended, 1);
	assert_non_null(strstr(w.last.reason, "nobody watched"));
	world_deinit(&w);
}

static void a_reboot(void **state)
{
	const struct pw_trends_query all = { .all = true };
	struct pw_suspect *rows;
	struct world w;
	uint64_t before;
	size_t count, groups = 0;

	(void)state;
	world_init(&w, NULL);
	born(&w, 7, "/usr/bin/leaky");
	while (w.seconds < 60 * MINUTE) {
		has(&w, 7, leak_kib(&w, 7, 4096));
		step(&w);
	}
	before = pw_trends_now(w.t);
	change_watchers(&w, 12, "another boot");
	named(&w, 7, "/usr/bin/leaky"); /* the same pid and start, by chance */
	has(&w, 7, 6000);
	step(&w);
	assert_int_equal(w.ended, 1);
	assert_non_null(strstr(w.last.reason, "machine was restarted"));
	assert_true(pw_trends_now(w.t) >= before);
	assert_int_equal(pw_trends_suspects(w.t, &all, &rows, &count), 0);
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(rows[i].subject->type, PW_SUBJECT_GROUP);
		assert_string_equal(rows[i].subject->boot_id, "another boot");
		assert_true(rows[i].subject->first_seen_ns < before);
		groups++;
	}
	assert_int_equal(groups, 1);
	free(rows);
	world_deinit(&w);
}

static void damaged_pieces_change_nothing(void **state)
{
	struct pieces saved = { 0 };
	struct pw_trends_cost cost;
	struct pw_trends *t;
	struct world w;

	(void)state;
	world_init(&w, NULL);
	while (w.seconds < 20 * MINUTE)
		prime_step(&w);
	assert_int_equal(pw_trends_save(w.t, false, keep_piece, &saved), 0);
	assert_int_equal(saved.count, 1 + 2 * PROCESSES);
	assert_int_equal(pw_trends_create(NULL, &t), 0);
	for (size_t i = 0; i < saved.count; i++) {
		uint8_t *bytes = saved.all[i].bytes;
		size_t size = saved.all[i].size;

		for (size_t at = 0; at < size; at += 1 + at / 7) {
			bytes[at] ^= 0x41;
			assert_int_equal(pw_trends_restore(t, bytes, size), -EBADMSG);
			bytes[at] ^= 0x41;
			assert_int_equal(pw_trends_restore(t, bytes, at), -EBADMSG);
		}
	}
	pw_trends_cost(t, &cost);
	assert_int_equal(cost.subjects, 0);
	assert_int_equal(cost.series, 0);
	pw_trends_destroy(t);
	/* of another time scale: its windows mean something else */
	assert_int_equal(pw_trends_create(&(struct pw_trends_options){ .time_scale = 2 }, &t), 0);
	assert_int_equal(pw_trends_restore(t, saved.all[1].bytes, saved.all[1].size), -ESTALE);
	pw_trends_destroy(t);
	pieces_free(&saved);
	world_deinit(&w);
}

static int refuse(void *ctx, uint64_t id, const void *bytes, size_t size)
{
	(void)ctx, (void)id, (void)bytes, (void)size;
	return -EIO;
}

static int count_id(void *ctx, uint64_t id)
{
	assert_int_not_equal(id, 0);
	++*(unsigned int *)ctx;
	return 0;
}

static void only_what_changed_is_saved(void **state)
{
	struct pieces saved = { 0 };
	unsigned int forgotten = 0;
	struct world w;

	(void)state;
	world_init(&w, NULL);
	while (w.seconds < 5 * MINUTE)
		prime_step(&w);
	assert_int_equal(pw_trends_save(w.t, true, refuse, NULL), -EIO);
	assert_int_equal(pw_trends_save(w.t, true, keep_piece, &saved), 0);
	assert_int_equal(saved.count, 1 + 2 * PROCESSES); /* the failure left them dirty */
	pieces_free(&saved);
	assert_int_equal(pw_trends_save(w.t, true, keep_piece, &saved), 0);
	assert_int_equal(saved.count, 1); /* the table's own */
	pieces_free(&saved);
	prime_step(&w);
	assert_int_equal(pw_trends_save(w.t, true, keep_piece, &saved), 0);
	assert_in_range(saved.count, 2, 2 * PROCESSES); /* not the silent ones */
	pieces_free(&saved);
	assert_int_equal(pw_trends_each_forgotten(w.t, count_id, &forgotten), 0);
	assert_int_equal(forgotten, 0);
	trace_exit(&w.trace, trace_key(4), 0);
	step(&w);
	assert_int_equal(pw_trends_each_forgotten(w.t, count_id, &forgotten), 0);
	assert_int_equal(forgotten, 1);
	assert_int_equal(pw_trends_each_forgotten(w.t, count_id, &forgotten), 0);
	assert_int_equal(forgotten, 1);
	world_deinit(&w);
}

static void the_whole_in_one_piece(void **state)
{
	struct pw_suspect mine[8], theirs[8];
	struct pw_trends *t;
	struct world w;
	uint8_t *bytes;
	void *whole;
	size_t size;

	(void)state;
	world_init(&w, &(struct pw_trends_options){ .time_scale = 60 });
	while (w.seconds < 90 * MINUTE)
		prime_step(&w);
	assert_int_equal(pw_trends_write_all(w.t, &whole, &size), 0);
	assert_int_equal(pw_trends_read_all(whole, size, &t), 0);
	assert_true(pw_trends_time_scale(t) == 60);
	assert_int_equal(pw_trends_now(t), pw_trends_now(w.t));
	assert_int_equal(suspects(&w, mine, 8), 3);
	pw_trends_destroy(w.t);
	w.t = t;
	assert_int_equal(suspects(&w, theirs, 8), 3);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(theirs[i].kind, mine[i].kind);
		assert_int_equal(theirs[i].value, mine[i].value);
		assert_int_equal(theirs[i].suspected_since_ns, mine[i].suspected_since_ns);
		assert_int_equal(theirs[i].limit.limit, mine[i].limit.limit);
		assert_false(theirs[i].subject->restored);
		assert_true(theirs[i].subject->alive);
		assert_int_equal(theirs[i].floor_count, mine[i].floor_count);
	}
	bytes = whole;
	for (size_t at = 0; at < size; at += 97) {
		struct pw_trends *none = NULL;

		bytes[at] ^= 0x80;
		assert_int_equal(pw_trends_read_all(bytes, size, &none), -EBADMSG);
		bytes[at] ^= 0x80;
		assert_null(none);
	}
	assert_int_equal(pw_trends_read_all(NULL, 0, &t), -EBADMSG);
	free(whole);
	world_deinit(&w);
}

static void the_table_is_bounded(void **state)
{
	struct pw_trends_cost cost;
	struct world w;

	(void)state;
	world_init(&w, &(struct pw_trends_options){ .subjects = 7 });
	for (unsigned int i = 0; i < 5; i++)
		prime_step(&w);
	pw_trends_cost(w.t, &cost);
	assert_int_equal(cost.subjects, 7);
	assert_int_equal(cost.refused, 2 * PROCESSES - 7); /* each once, not each round */
	world_deinit(&w);
}

static void run_prime(struct world *w, double scale, uint64_t seconds)
{
	world_init(w, &(struct pw_trends_options){ .time_scale = scale });
	while (w->seconds < seconds)
		prime_step(w);
}

static int by_id(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b; /* the first member */

	return (*x > *y) - (*x < *y);
}

static void the_same_records_the_same_verdicts(void **state)
{
	struct pieces a_saved = { 0 }, b_saved = { 0 };
	struct world a, b;

	(void)state;
	run_prime(&a, 1, 60 * MINUTE);
	run_prime(&b, 1, 60 * MINUTE);
	assert_int_equal(a.seen, b.seen);
	assert_int_equal(a.last.time_ns, b.last.time_ns);
	assert_int_equal(a.last.subject.key.pid, b.last.subject.key.pid);
	assert_int_equal(pw_trends_save(a.t, false, keep_piece, &a_saved), 0);
	assert_int_equal(pw_trends_save(b.t, false, keep_piece, &b_saved), 0);
	assert_int_equal(a_saved.count, b_saved.count);
	qsort(a_saved.all, a_saved.count, sizeof(a_saved.all[0]), by_id);
	qsort(b_saved.all, b_saved.count, sizeof(b_saved.all[0]), by_id);
	for (size_t i = 0; i < a_saved.count; i++) {
		assert_int_equal(a_saved.all[i].size, b_saved.all[i].size);
		assert_memory_equal(a_saved.all[i].bytes, b_saved.all[i].bytes, a_saved.all[i].size);
	}
	pieces_free(&a_saved);
	pieces_free(&b_saved);
	world_deinit(&a);
	world_deinit(&b);
}

static void time_may_be_scaled(void **state)
{
	struct pw_suspect slow[8], fast[8];
	struct world a, b;

	(void)state;
	run_prime(&a, 1, 60 * MINUTE);
	run_prime(&b, 60, 60 * MINUTE);
	assert_int_equal(suspects(&a, slow, 8), 3);
	assert_int_equal(suspects(&b, fast, 8), 3);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(slow[i].subject->key.pid, fast[i].subject->key.pid);
		assert_true(fabs(slow[i].verdict.slope / fast[i].verdict.slope - 1) < 0.05);
		/* in real time it runs into its limit sixty times sooner */
		assert_true(slow[i].time_to_limit.known && fast[i].time_to_limit.known);
		assert_true(fabs(slow[i].time_to_limit.seconds / fast[i].time_to_limit.seconds / 60 -
				 1) < 0.1);
	}
	world_deinit(&a);
	world_deinit(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_those_that_leak),
		cmocka_unit_test(a_leak_that_is_mended),
		cmocka_unit_test(an_exec_ends_a_suspicion),
		cmocka_unit_test(an_exit_ends_a_suspicion),
		cmocka_unit_test(a_pool_that_grows),
		cmocka_unit_test(a_parent_that_grows),
		cmocka_unit_test(slab_of_a_cgroup),
		cmocka_unit_test(a_restart_forgets_nothing),
		cmocka_unit_test(a_gap_is_shown_as_a_gap),
		cmocka_unit_test(who_ended_meanwhile),
		cmocka_unit_test(a_reboot),
		cmocka_unit_test(damaged_pieces_change_nothing),
		cmocka_unit_test(only_what_changed_is_saved),
		cmocka_unit_test(the_whole_in_one_piece),
		cmocka_unit_test(the_table_is_bounded),
		cmocka_unit_test(the_same_records_the_same_verdicts),
		cmocka_unit_test(time_may_be_scaled),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
