// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * inspect [ROUNDS]: the time of one look at an address space, against reading
 * smaps and against pmap -X, for 20,000 VMAs with 2 GB and for 224 VMAs with
 * 2 GB of 4K pages. In each round every way has its turn, in an order that
 * moves on; medians and the median of the per-round ratios are printed as a
 * Markdown table. Goal: at least 3 times faster than both. Needs root and
 * 2.5 GB of free memory.
 */
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "user/base/clock.h"
#include "user/inspect/address_space.h"

#define ROUNDS_MAX 1000
#define GOAL 3.0

extern char **environ;

enum way { SMAPS, PMAP, LOOK_PROC, LOOK_BPF, WAYS };
static const char *const way_names[WAYS] = { "reading smaps", "pmap -X", "inspect, /proc alone",
					     "inspect, BPF iterators" };

struct bench {
	struct pw_procfs fs;
	struct pw_source *bpf; /* NULL: not allowed here */
	struct pw_key key;
	int rounds;
	double ms[WAYS][ROUNDS_MAX];
	struct pw_segments head[WAYS]; /* of the last look */
};

static void die(const char *what)
{
	fprintf(stderr, "bench/inspect: %s\n", what);
	exit(1);
}

static int keep_head(void *ctx, const struct pw_record *rec)
{
	if (rec->type == PW_REC_SEGMENTS)
		memcpy(ctx, rec, sizeof(struct pw_segments));
	return 0;
}

static void read_smaps(uint32_t pid)
{
	static char buf[1 << 20];
	char path[64];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%u/smaps", pid);
	fd = open(path, O_RDONLY);
	if (fd < 0)
		die("cannot read smaps");
	while ((n = read(fd, buf, sizeof(buf))) > 0)
		;
	close(fd);
	if (n < 0)
		die("cannot read smaps");
}

static void run_pmap(uint32_t pid)
{
	char number[16];
	char *argv[] = { "pmap", "-X", number, NULL };
	posix_spawn_file_actions_t actions;
	int status;
	pid_t child;

	snprintf(number, sizeof(number), "%u", pid);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
	if (posix_spawnp(&child, "pmap", &actions, NULL, argv, environ) != 0)
		die("cannot run pmap (Debian: procps)");
	waitpid(child, &status, 0);
	posix_spawn_file_actions_destroy(&actions);
	if (status != 0)
		die("pmap failed");
}

static void go(struct bench *b, enum way way)
{
	struct pw_error err = { 0 };
	int rc = 0;

	if (way == SMAPS)
		read_smaps(b->key.pid);
	else if (way == PMAP)
		run_pmap(b->key.pid);
	else if (way == LOOK_PROC)
		rc = pw_address_space_scan(&b->fs, NULL, &b->key, 0, keep_head, &b->head[way], &err);
	else if (b->bpf)
		rc = pw_source_segments(b->bpf, &b->key, 0, keep_head, &b->head[way], &err);
	if (rc)
		die(err.what);
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static double median(const double *values, int count)
{
	double sorted[ROUNDS_MAX];

	memcpy(sorted, values, (size_t)count * sizeof(*values));
	qsort(sorted, (size_t)count, sizeof(*sorted), by_value);
	return (sorted[(count - 1) / 2] + sorted[count / 2]) / 2;
}

static double ratio(const struct bench *b, enum way slow, enum way fast)
{
	double ratios[ROUNDS_MAX];

	for (int i = 0; i < b->rounds; i++)
		ratios[i] = b->ms[slow][i] / b->ms[fast][i];
	return median(ratios, b->rounds);
}

static pid_t start_target(const char *vmas, int *in)
{
	char self[PATH_MAX], path[PATH_MAX], byte;
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	int to[2], from[2];
	pid_t pid;

	if (n < 0 || pipe2(to, O_CLOEXEC) || pipe2(from, O_CLOEXEC))
		die("cannot start the target");
	self[n] = 0;
	snprintf(path, sizeof(path), "%.3000s/../programs/vmas", dirname(self));
	pid = fork();
	if (pid == 0) {
		dup2(to[0], 0);
		dup2(from[1], 1);
		execl(path, path, vmas, "2147483648", NULL);
		_exit(127);
	}
	close(to[0]);
	close(from[1]);
	if (pid < 0 || read(from[0], &byte, 1) != 1)
		die("the target did not start: is there 2.5 GB of free memory?");
	close(from[0]);
	*in = to[1];
	return pid;
}

static int report(const struct bench *b, const char *vmas)
{
	int failed = 0;

	for (int w = 0; w < WAYS; w++) {
		if (w == LOOK_BPF && !b->bpf)
			continue;
		printf("| %s VMAs, 2 GB | %s | %.2f |", vmas, way_names[w],
		       median(b->ms[w], b->rounds));
		if (w < LOOK_PROC) {
			printf(" | | |\n");
			continue;
		}
		printf(" %.1fx | %.1fx | %.2f |\n", ratio(b, SMAPS, w), ratio(b, PMAP, w),
		       b->head[w].lock_longest_ns / 1e6);
		failed |= ratio(b, SMAPS, w) < GOAL || ratio(b, PMAP, w) < GOAL;
	}
	return failed;
}

static int compare(struct bench *b, const char *vmas)
{
	struct pw_proc_stat stat;
	int in;
	pid_t pid = start_target(vmas, &in);

	if (pw_procfs_stat(&b->fs, (uint32_t)pid, &stat) != 0)
		die("the target ended");
	b->key = (struct pw_key){ .pid = (uint32_t)pid, .start_ns = stat.start_ticks * PW_TICK_NS };
	for (int w = 0; w < WAYS; w++)
		go(b, w); /* warms up, counts for nothing */
	for (int i = 0; i < b->rounds; i++) {
		for (int turn = 0; turn < WAYS; turn++) {
			enum way way = (enum way)((turn + i) % WAYS);
			uint64_t began = pw_clock_boot_ns();

			go(b, way);
			b->ms[way][i] = (double)(pw_clock_boot_ns() - began) / 1e6;
		}
	}
	close(in);
	waitpid(pid, NULL, 0);
	return report(b, vmas);
}

int main(int argc, char **argv)
{
	static struct bench b;
	const struct pw_source_options opt = { .no_seed = true, .no_ledger = true };
	struct pw_error err = { 0 };
	int failed;

	b.rounds = argc > 1 ? atoi(argv[1]) : 21;
	if (b.rounds < 1 || b.rounds > ROUNDS_MAX)
		die("1 to 1000 rounds");
	pw_procfs_init(&b.fs, NULL);
	if (pw_source_bpf_create(&opt, &b.bpf, &err) != 0)
		fprintf(stderr, "bench/inspect: without BPF: %s\n", err.what);
	printf("| Process | Way | ms, median | against smaps | against pmap -X | longest call, ms |\n");
	printf("|---|---|---|---|---|---|\n");
	failed = compare(&b, "20000");
	failed |= compare(&b, "224");
	pw_source_destroy(b.bpf);
	printf("\nMedians of %d rounds; ratios are medians of each round's own. Goal %.0fx on both: %s.\n",
	       b.rounds, GOAL, failed ? "missed" : "reached");
	return failed;
}
