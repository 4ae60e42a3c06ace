// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * module_cost [ROUNDS [GIB-PAGES]]: what the module's watches cost, in a guest
 * that has it loaded. Every figure stands beside the same work without a
 * watch, done right before it: on an emulated processor the ratios are what
 * carries over, not the times.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "kmod/uapi/pagewarden_dev.h"

#define PAGE 4096ul
#define ROUNDS_MAX 101
#define WATCHES 200 /* below the default limit of a user */

static int device;

static double now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e9 + t.tv_nsec;
}

static void die(const char *what)
{
	fprintf(stderr, "module_cost: %s: %s\n", what, strerror(errno));
	exit(1);
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

static char *map_touched(size_t pages)
{
	char *at =
		mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (at == MAP_FAILED)
		die("mmap");
	madvise(at, pages * PAGE, MADV_NOHUGEPAGE);
	for (size_t i = 0; i < pages; i++)
		at[i * PAGE] = 1;
	return at;
}

static __u64 watch(const void *at, size_t pages, __u32 flags)
{
	struct pw_dev_watch w = {
		.size = sizeof(w),
		.flags = flags,
		.start = (unsigned long)at,
		.length = pages * PAGE,
	};

	if (ioctl(device, PW_IOC_WATCH, &w))
		die("PW_IOC_WATCH");
	return w.id;
}

static struct pw_dev_unwatch unwatch(__u64 id)
{
	struct pw_dev_unwatch u = { .size = sizeof(u), .id = id };

	if (ioctl(device, PW_IOC_UNWATCH, &u))
		die("PW_IOC_UNWATCH");
	return u;
}

static struct pw_dev_info info(void)
{
	struct pw_dev_info i = { .size = sizeof(i) };

	if (ioctl(device, PW_IOC_INFO, &i))
		die("PW_IOC_INFO");
	return i;
}

/* Watch and unwatch of pages that stay, and munmap with a verdict against munmap without. */
static void bench_pages(size_t pages, __u32 flags, int rounds)
{
	static double add[ROUNDS_MAX], end[ROUNDS_MAX], plain[ROUNDS_MAX], verdict[ROUNDS_MAX];

	for (int i = 0; i < rounds; i++) {
		struct pw_dev_unwatch sums;
		char *at = map_touched(pages);
		double t0 = now_ns(), t1, t2, t3, t4;
		__u64 id = watch(at, pages, flags);

		t1 = now_ns();
		unwatch(id);
		t2 = now_ns();
		munmap(at, pages * PAGE);
		plain[i] = (now_ns() - t2) / pages;
		add[i] = t1 - t0;
		end[i] = t2 - t1;

		at = map_touched(pages);
		id = watch(at, pages, flags);
		t3 = now_ns();
		munmap(at, pages * PAGE);
		/* with HOLD the looking is done by a worker; UNWATCH waits for it */
		sums = unwatch(id);
		t4 = now_ns();
		verdict[i] = (t4 - t3) / pages;
		if (sums.pages_dirty != pages) {
			fprintf(stderr, "module_cost: %llu of %zu pages were found dirty\n",
				(unsigned long long)sums.pages_dirty, pages);
			exit(1);
		}
	}
	printf("%6zu pages%-6s watch %9.0f ns  unwatch %9.0f ns  munmap %7.0f ns a page, with verdict %7.0f\n",
	       pages, flags & PW_WATCH_HOLD ? " HOLD" : "", median(add, rounds),
	       median(end, rounds), median(plain, rounds), median(verdict, rounds));
}

static double exit_of_child(size_t pages, bool watched)
{
	int ready[2], status;
	double start;
	pid_t child;
	char byte;

	if (pipe(ready))
		die("pipe");
	child = fork();
	if (child == 0) {
		char *at = map_touched(pages);

		if (watched)
			watch(at, pages, 0);
		if (write(ready[1], "", 1) != 1)
			_exit(1);
		pause();
	}
	if (child < 0 || read(ready[0], &byte, 1) != 1)
		die("the child");
	start = now_ns();
	kill(child, SIGKILL);
	waitpid(child, &status, 0);
	close(ready[0]);
	close(ready[1]);
	return (now_ns() - start) / 1e6;
}

static void bench_exit(size_t pages, int rounds)
{
	static double off[ROUNDS_MAX], on[ROUNDS_MAX];

	for (int i = 0; i < rounds; i++) {
		off[i] = exit_of_child(pages, false);
		on[i] = exit_of_child(pages, true);
	}
	printf("SIGKILL of a process with %zu MiB: %.1f ms, with all of it watched %.1f ms\n",
	       pages * PAGE >> 20, median(off, rounds), median(on, rounds));
}

static double touch_and_free(void)
{
	double start = now_ns();

	munmap(map_touched(4096), 4096 * PAGE);
	return (now_ns() - start) / 4096;
}

/* Of a process of its own, which has no watch. */
static double cost_of_stranger(void)
{
	double cost;
	int answer[2];
	pid_t child;

	if (pipe(answer))
		die("pipe");
	child = fork();
	if (child == 0) {
		touch_and_free();
		cost = touch_and_free();
		_exit(write(answer[1], &cost, sizeof(cost)) != sizeof(cost));
	}
	if (child < 0 || read(answer[0], &cost, sizeof(cost)) != sizeof(cost))
		die("the child");
	waitpid(child, NULL, 0);
	close(answer[0]);
	close(answer[1]);
	return cost;
}

static void watch_each(char *at, __u64 ids[WATCHES])
{
	for (int i = 0; i < WATCHES; i++)
		ids[i] = watch(at + i * PAGE, 1, 0);
}

static void unwatch_each(const __u64 ids[WATCHES])
{
	for (int i = 0; i < WATCHES; i++)
		unwatch(ids[i]);
}

/* A process without a watch, while another one has none and while it has many. */
static void bench_others(int rounds)
{
	static double off[ROUNDS_MAX], on[ROUNDS_MAX], added[ROUNDS_MAX];
	char *at = map_touched(WATCHES);
	__u64 ids[WATCHES], before = info().memory_bytes;

	watch_each(at, ids);
	printf("memory of a watch of one page: %.0f bytes\n",
	       (double)(info().memory_bytes - before) / WATCHES);
	unwatch_each(ids);
	for (int i = 0; i < rounds; i++) {
		off[i] = cost_of_stranger();
		watch_each(at, ids);
		on[i] = cost_of_stranger();
		unwatch_each(ids);
		added[i] = on[i] - off[i];
	}
	printf("a page of an unwatched process: %.0f ns, beside %d watches of another %.0f ns (%+.0f)\n",
	       median(off, rounds), WATCHES, median(on, rounds), median(added, rounds));
}

int main(int argc, char **argv)
{
	int rounds = argc > 1 ? atoi(argv[1]) : 7;
	size_t large = argc > 2 ? strtoul(argv[2], NULL, 10) : 262144;

	if (rounds < 1 || rounds > ROUNDS_MAX || !large) {
		fprintf(stderr, "usage: module_cost [ROUNDS [PAGES]]\n");
		return 2;
	}
	device = open(PW_DEV_PATH, O_RDWR | O_CLOEXEC);
	if (device < 0)
		die(PW_DEV_PATH);
	bench_pages(1, 0, rounds);
	bench_pages(4096, 0, rounds);
	bench_pages(1, PW_WATCH_HOLD, rounds);
	bench_pages(4096, PW_WATCH_HOLD, rounds);
	bench_others(rounds);
	bench_exit(large, rounds < 3 ? rounds : 3);
	return 0;
}
