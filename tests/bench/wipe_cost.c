// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * wipe_cost [ROUNDS]: what an observed call of explicit_bzero costs by the size
 * of the range, and what it costs a process that is not the observed one. Each
 * round measures without and with the observer, one right after the other, in
 * the same process; the figures are medians of the rounds, the differences
 * medians of the paired differences.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "user/source/source.h"

#define ROUNDS_MAX 1001
#define CALLS 1000u /* their records fit into the ring */
#define LARGEST (1u << 20)

static char *buffer;

/* Of this thread alone: others may be busy. */
static double now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return t.tv_sec * 1e9 + t.tv_nsec;
}

static double measure(size_t size)
{
	unsigned int calls = size > 65536 ? CALLS / 20 : CALLS;
	double start = now_ns();

	for (unsigned int i = 0; i < calls; i++)
		explicit_bzero(buffer, size);
	return (now_ns() - start) / calls;
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

struct count {
	uint64_t wipes;
	uint64_t lost;
};

static int count_record(void *ctx, const struct pw_record *rec)
{
	struct count *c = ctx;

	if (rec->type == PW_REC_WIPE)
		c->wipes++;
	if (rec->type == PW_REC_TICK)
		c->lost = ((const struct pw_tick *)rec)->lost[PW_LOSS_RING_FULL];
	return 0;
}

static void collect(struct pw_source *src, struct count *c)
{
	struct pw_error err = { 0 };

	if (pw_source_collect(src, count_record, c, &err)) {
		pw_error_print(&err, stderr);
		exit(1);
	}
}

/* pid: whose wipes are observed. Wants each call of ours seen, or none. */
static void bench(const char *who, pid_t pid, size_t size, int rounds)
{
	static double off[ROUNDS_MAX], added[ROUNDS_MAX];
	struct pw_source_options opt = {
		.no_ledger = true,
		.ring_bytes = 1 << 20,
		.wipes = { .on = true, .pid = pid },
	};
	bool ours = pid == getpid();

	for (int i = 0; i < rounds; i++) {
		struct pw_error err = { 0 };
		struct count seen = { 0 };
		struct pw_source *src;

		measure(size);
		off[i] = measure(size);
		if (pw_source_bpf_create(&opt, &src, &err)) {
			pw_error_print(&err, stderr);
			exit(1);
		}
		collect(src, &seen);
		measure(size);
		collect(src, &seen);
		seen.wipes = 0;
		added[i] = measure(size) - off[i];
		collect(src, &seen);
		pw_source_destroy(src);
		if (seen.lost || (ours ? seen.wipes < CALLS / 20 : seen.wipes > 0)) {
			fprintf(stderr, "wipe_cost: %llu calls were seen and %llu lost\n",
				(unsigned long long)seen.wipes, (unsigned long long)seen.lost);
			exit(1);
		}
	}
	printf("%-8s %8zu bytes %10.1f ns %+11.1f\n", who, size, median(off, rounds),
	       median(added, rounds));
}

int main(int argc, char **argv)
{
	static const size_t sizes[] = { 16, 64, 256, 1024, 4096, 65536, LARGEST };
	int rounds = argc > 1 ? atoi(argv[1]) : 11;
	pid_t other;

	if (rounds < 1 || rounds > ROUNDS_MAX) {
		fprintf(stderr, "usage: wipe_cost [ROUNDS]\n");
		return 2;
	}
	buffer = malloc(LARGEST);
	if (!buffer)
		return 1;
	memset(buffer, 1, LARGEST);
	other = fork();
	if (other == 0)
		pause();
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		bench("observed", getpid(), sizes[i], rounds);
	bench("other", other, 64, rounds);
	bench("other", other, 4096, rounds);
	kill(other, SIGKILL);
	waitpid(other, NULL, 0);
	return 0;
}
