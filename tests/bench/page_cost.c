// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * page_cost [ROUNDS]: what the page ledger adds to a touched and to a freed
 * page. Each round measures without and with it, one right after the other, in
 * the same process; the figures are medians of the rounds, the differences
 * medians of the paired differences.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "user/source/source.h"

#define PAGES 16384u
#define PAGE 4096ul
#define ROUNDS_MAX 1001

struct cost {
	double touch, release; /* ns for each 4K page */
};

/* Of this thread alone: others may be busy. */
static double now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return t.tv_sec * 1e9 + t.tv_nsec;
}

static struct cost measure(int advice)
{
	char *at =
		mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	double t0, t1, t2;

	if (at == MAP_FAILED)
		exit(1);
	madvise(at, PAGES * PAGE, advice);
	t0 = now_ns();
	for (unsigned int i = 0; i < PAGES; i++)
		*(volatile char *)(at + i * PAGE) = 1;
	t1 = now_ns();
	munmap(at, PAGES * PAGE);
	t2 = now_ns();
	return (struct cost){ (t1 - t0) / PAGES, (t2 - t1) / PAGES };
}

/* The best of three, so that one interrupt does not make a round. */
static struct cost measure_thrice(int advice)
{
	struct cost best = measure(advice);

	for (int i = 0; i < 2; i++) {
		struct cost c = measure(advice);

		best.touch = c.touch < best.touch ? c.touch : best.touch;
		best.release = c.release < best.release ? c.release : best.release;
	}
	return best;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static double median(double *v, int n)
{
	qsort(v, n, sizeof(*v), by_value);
	return v[n / 2];
}

static void bench(const char *kind, int advice, unsigned int every, int rounds)
{
	static double touch_off[ROUNDS_MAX], free_off[ROUNDS_MAX], touch[ROUNDS_MAX],
		release[ROUNDS_MAX];
	struct pw_source_options opt = { .sample_every = every, .no_seed = true };

	measure(advice);
	for (int i = 0; i < rounds; i++) {
		struct pw_error err = { 0 };
		struct pw_source *src;
		struct cost off = measure_thrice(advice), on;

		if (pw_source_bpf_create(&opt, &src, &err)) {
			pw_error_print(&err, stderr);
			exit(1);
		}
		measure(advice);
		on = measure_thrice(advice);
		pw_source_destroy(src);
		touch_off[i] = off.touch;
		free_off[i] = off.release;
		touch[i] = on.touch - off.touch;
		release[i] = on.release - off.release;
	}
	printf("%-4s 1/%-4u touch %8.1f ns %+8.1f   free %8.1f ns %+8.1f\n", kind, every,
	       median(touch_off, rounds), median(touch, rounds), median(free_off, rounds),
	       median(release, rounds));
}

int main(int argc, char **argv)
{
	static const unsigned int rates[] = { 1, 16, 64 };
	int rounds = argc > 1 ? atoi(argv[1]) : 31;

	if (rounds < 1 || rounds > ROUNDS_MAX) {
		fprintf(stderr, "usage: page_cost [ROUNDS]\n");
		return 2;
	}
	for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++)
		bench("4K", MADV_NOHUGEPAGE, rates[i], rounds);
	for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++)
		bench("2M", MADV_HUGEPAGE, rates[i], rounds);
	return 0;
}
