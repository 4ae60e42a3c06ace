// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * trend_cost: what the detector alone takes for 10,000 processes of eight
 * series: bytes by kind of series after three days, ns per sample, us per
 * judgement, CPU per cycle of 10 s. The table around it: trends_cost.
 *
 * Of the series 80 % never change, 12 % change every few hours, 7 % all the
 * time, 1 % leak: about what a server's processes do with anonymous memory,
 * heap, mappings, stack, threads, shared memory, page tables and files.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "user/analysis/trend.h"
#include "user/base/hash.h"

#define SERIES 8000u /* a tenth of them */
#define TENTHS 10
#define STEP 10000000000ull
#define HISTORY (66u * 360) /* steps */
#define CYCLES 180u /* half an hour */

enum kind { IDLE, RARE, BUSY, LEAK, KINDS };
static const char *const names[KINDS] = { "never change", "change rarely", "change always", "leak" };

static struct pw_trend *series[SERIES];
static const struct pw_trend_options options = { .floor = 2 << 20 };

static enum kind kind_of(unsigned int i)
{
	unsigned int share = i % 100;

	return share < 80 ? IDLE : share < 92 ? RARE : share < 99 ? BUSY : LEAK;
}

static uint64_t value_of(unsigned int i, uint64_t step)
{
	const uint64_t mib = 1 << 20;

	switch (kind_of(i)) {
	case RARE:
		return 64 * mib + pw_hash_mix(i + (step + i) / 2880) % 16 * mib; /* every 8 h */
	case BUSY:
		return 64 * mib + pw_hash_mix(i * 7919ull + step) % (8 * mib);
	case LEAK:
		return 64 * mib + step * 20000 + pw_hash_mix(i + step) % mib;
	default:
		return 64 * mib;
	}
}

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void add(unsigned int i, uint64_t step)
{
	if (pw_trend_add(series[i], &options, step * STEP, value_of(i, step), true))
		abort();
}

/* Three days, at a sample per block of the finest window; who never changes needs but two. */
static void live(unsigned int i)
{
	uint64_t first = 1 + pw_hash_mix(i) % 960; /* they did not all begin at once */

	if (pw_trend_create(&series[i]))
		abort();
	for (uint64_t step = first; step < HISTORY; step += 3) {
		struct pw_verdict v;

		if (kind_of(i) == IDLE && step > first && step < HISTORY - 300)
			continue;
		add(i, step);
		if (pw_trend_is_due(series[i]))
			pw_trend_judge(series[i], NULL, &options, &v);
	}
}

struct account {
	double seconds;
	unsigned long count;
};

static void print_bytes(void)
{
	size_t bytes[KINDS] = { 0 }, count[KINDS] = { 0 }, all = 0;

	for (unsigned int i = 0; i < SERIES; i++) {
		bytes[kind_of(i)] += pw_trend_bytes(series[i]);
		count[kind_of(i)]++;
	}
	for (int k = 0; k < KINDS; k++) {
		printf("%6zu series that %-14s %4.0f bytes each\n", count[k], names[k],
		       (double)bytes[k] / (double)count[k]);
		all += bytes[k];
	}
	printf("together, of 80,000, %.1f MiB\n", (double)all * TENTHS / (1 << 20));
}

int main(void)
{
	struct account adding = { 0 }, judging[KINDS] = { { 0 } };
	double whole = 0;

	for (unsigned int i = 0; i < SERIES; i++)
		live(i);
	print_bytes();
	for (uint64_t step = HISTORY; step < HISTORY + CYCLES; step++) {
		double begin = seconds(), then;

		for (unsigned int i = 0; i < SERIES; i++)
			add(i, step);
		adding.seconds += seconds() - begin;
		adding.count += SERIES;
		for (int k = 0; k < KINDS; k++) {
			then = seconds();
			for (unsigned int i = 0; i < SERIES; i++) {
				struct pw_verdict v;

				if (kind_of(i) != (enum kind)k || !pw_trend_is_due(series[i]))
					continue;
				pw_trend_judge(series[i], NULL, &options, &v);
				judging[k].count++;
			}
			judging[k].seconds += seconds() - then;
		}
		whole += seconds() - begin;
	}
	printf("a sample: %.0f ns\n", adding.seconds / (double)adding.count * 1e9);
	for (int k = 0; k < KINDS; k++)
		if (judging[k].count)
			printf("a judgement of series that %-14s %.2f us, %.0f in a cycle\n",
			       names[k], judging[k].seconds / (double)judging[k].count * 1e6,
			       (double)judging[k].count * TENTHS / CYCLES);
	printf("a cycle of 80,000: %.1f ms of CPU\n", whole / CYCLES * TENTHS * 1e3);
	for (unsigned int i = 0; i < SERIES; i++)
		pw_trend_destroy(series[i]);
	return 0;
}
