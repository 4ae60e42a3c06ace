// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * trends_cost [PROCESSES]: CPU time that trends take in each 10 s of a machine,
 * and their memory, for 10,000 processes of eight series each: when all stand
 * still, when some move, when all do, and when all leak. Time is the records';
 * two hours of it go by before anything is measured, so that all windows of
 * the first hours are judged. The goal is 50 ms of CPU per 10 s.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "lib/trace.h"
#include "user/analysis/trends.h"
#include "user/base/hash.h"

#define PROCESSES 10000u
#define GROUPS 97u
#define TICKS 5 /* in 10 s */
#define WARM_UP 720 /* cycles of 10 s: two hours */
#define CYCLES 90
#define GOAL_MS 50.0

static double cpu_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

struct load {
	const char *name;
	unsigned int one_in; /* of the processes moves; 0: none */
	bool leaks; /* up, not to and fro */
};

struct machine {
	struct trace t;
	struct pw_model *m;
	struct pw_trends *trends;
	unsigned int processes;
	uint64_t cycle;
};

static void identify(struct machine *a, uint32_t pid)
{
	char exe[32], cgroup[48];

	snprintf(exe, sizeof(exe), "/usr/bin/program%u", pid % GROUPS);
	snprintf(cgroup, sizeof(cgroup), "/system.slice/unit%u.service", pid % GROUPS);
	trace_identity(&a->t, trace_key(pid), exe, cgroup, cgroup + 14, exe);
}

/* All eight series of one process. */
static void count(struct machine *a, const struct load *load, uint32_t pid)
{
	bool moves = load->one_in && pid % load->one_in == 0;
	uint64_t noise = moves ? pw_hash_mix(a->cycle * PROCESSES + pid) % 2048 : 0;
	uint64_t grown = moves && load->leaks ? a->cycle * 64 : 0;
	struct pw_counters *c;

	if (!moves && a->cycle)
		return; /* silent */
	c = trace_counters(&a->t, trace_key(pid), 20000 + noise + grown);
	c->data_pages = 50000 + noise + 2 * grown;
	c->stack_pages = 33 + noise;
	c->threads = 4 + (uint32_t)(noise % 64);
	c->shmem_pages = 5000 + noise + grown;
	c->page_table_bytes = (100 + noise) * 4096;
	c->brk_bytes = (10000 + noise + grown) * 4096;
	c->map_count = 50;
	c->cpu_ns = a->cycle * 1000000 * (1 + noise % 7);
	trace_resources(&a->t, trace_key(pid), (uint32_t)(30 + noise % 512))->voluntary_switches =
		a->cycle * 100;
}

/* Returns the CPU time that trends took of it. */
static double live_10_s(struct machine *a, const struct load *load)
{
	double ms = 0;

	for (unsigned int i = 0; i < TICKS; i++) {
		double begin;

		for (uint32_t pid = 2; i == 0 && pid < a->processes + 2; pid++)
			count(a, load, pid);
		a->t.now_ns += TRACE_SECOND;
		trace_tick(&a->t)->interval_ns = 2 * TRACE_SECOND;
		trace_flush(&a->t, pw_model_ingest, a->m);
		begin = cpu_ms();
		if (pw_trends_tick(a->trends, a->m))
			exit(1);
		ms += cpu_ms() - begin;
	}
	a->cycle++;
	return ms;
}

static int ascending(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static bool measure(const struct load *load, unsigned int processes)
{
	struct machine a = { .processes = processes };
	struct pw_trends_cost cost;
	double ms[CYCLES], sum = 0;

	a.t.now_ns = 100000 * TRACE_SECOND;
	if (pw_model_create(NULL, &a.m) || pw_trends_create(NULL, &a.trends))
		exit(1);
	trace_machine(&a.t, "boot");
	for (uint32_t pid = 2; pid < processes + 2; pid++)
		identify(&a, pid);
	for (unsigned int i = 0; i < WARM_UP; i++)
		live_10_s(&a, load);
	for (unsigned int i = 0; i < CYCLES; i++)
		sum += ms[i] = live_10_s(&a, load);
	qsort(ms, CYCLES, sizeof(ms[0]), ascending);
	pw_trends_cost(a.trends, &cost);
	printf("%-22s %7.2f %7.2f %7.2f  %7zu %8zu  %6.1f  %6.0f  %7.0f\n", load->name,
	       sum / CYCLES, ms[CYCLES / 2], ms[CYCLES - 1], cost.series, cost.suspects,
	       (double)cost.bytes / (1 << 20), (double)cost.bytes / (8.0 * processes),
	       cost.series ? (double)cost.bytes / (double)cost.series : 0);
	fflush(stdout);
	pw_trends_destroy(a.trends);
	pw_model_destroy(a.m);
	trace_free(&a.t);
	return sum / CYCLES <= GOAL_MS;
}

int main(int argc, char **argv)
{
	static const struct load loads[] = {
		{ "all stand still", 0, false },   { "one in 100 moves", 100, false },
		{ "one in 10 moves", 10, false },  { "all move", 1, false },
		{ "one in 100 leaks", 100, true }, { "all leak", 1, true },
	};
	unsigned int processes = argc > 1 ? (unsigned int)atoi(argv[1]) : PROCESSES;
	bool reached = true;

	if (!processes)
		return 2;
	printf("%u processes in %u groups, 8 series each; CPU ms per 10 s over %d cycles\n",
	       processes, GROUPS, CYCLES);
	printf("%-22s %7s %7s %7s  %7s %8s  %6s  %6s  %7s\n", "", "mean", "median", "most",
	       "windows", "suspects", "MiB", "B/ser.", "B/win.");
	for (size_t i = 0; i < sizeof(loads) / sizeof(loads[0]); i++)
		reached &= measure(&loads[i], processes);
	printf("goal: a mean of %.0f ms: %s\n", GOAL_MS, reached ? "reached" : "missed");
	return !reached;
}
