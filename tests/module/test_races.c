// SPDX-License-Identifier: GPL-2.0-or-later
// timeout: 600
/*
 * The same range from two CPUs: whoever wins, each record is whole, the sums are
 * those of the records, nothing is left over, and the kernel's log stays silent.
 * PW_RACE_SECONDS: of each case, default 4.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/module/machine.h"
#include "tests/module/subject.h"
#include "tests/module/tap.h"

#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT 21
#endif
#define PAGES 16u
#define BYTES (PAGES * PAGE)

static int device;
static unsigned int seconds = 4;
static volatile bool stop;
static uint64_t done[16]; /* rounds of each thread */

/* Through the kernel: a fault where another thread was quicker is an error, not a signal. */
static void write_to(uint64_t at, size_t bytes)
{
	static const char zero_and_more[64] = "not all of it is 0";
	struct iovec from = { (void *)zero_and_more, bytes }, to = { (void *)at, bytes };

	process_vm_writev(getpid(), &from, 1, &to, 1, 0);
}

static void fill(void)
{
	if (mmap((void *)REGION, BYTES, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED)
		return;
	for (unsigned int i = 0; i < PAGES; i++)
		write_to(REGION + i * PAGE, 1);
}

/* ---- what the threads do ------------------------------------------------------------------------- */

static void watch_unwatch(unsigned int round)
{
	static const uint32_t flags[] = { 0, PW_WATCH_HOLD, PW_WATCH_HOLD | PW_WATCH_SCRUB };
	uint64_t id;
	int err = dev_watch(device, 0, REGION + round % PAGE, BYTES / 2, flags[round % 3], &id);

	if (err == 0) {
		if (round & 4)
			sched_yield();
		err = dev_unwatch(device, id, NULL);
	}
	if (err && err != -EFAULT && err != -ESRCH)
		tap_fail("watch or unwatch: %s", strerror(-err));
}

static void unmap_map(unsigned int round)
{
	munmap((void *)(REGION + round % PAGES * PAGE), PAGE * (1 + round % 5));
	fill();
}

static void discard(unsigned int round)
{
	char *at = (char *)REGION + round % PAGES * PAGE;

	madvise(at, (1 + round % 7) * PAGE, round & 8 ? MADV_DONTNEED : MADV_PAGEOUT);
}

static void move(unsigned int round)
{
	(void)round;
	if (mremap((void *)REGION, BYTES, BYTES, MREMAP_MAYMOVE | MREMAP_FIXED,
		   (void *)OTHER_REGION) != MAP_FAILED)
		mremap((void *)OTHER_REGION, BYTES, BYTES, MREMAP_MAYMOVE | MREMAP_FIXED,
		       (void *)REGION);
}

static void touch(unsigned int round)
{
	write_to(REGION + round * 64 % BYTES, 64);
}

static void fork_child(unsigned int round)
{
	pid_t child = (pid_t)syscall(SYS_fork);

	if (child == 0) {
		if (round & 1)
			touch(round);
		if (round & 2)
			munmap((void *)REGION, BYTES / 2);
		syscall(SYS_exit_group, 0);
	}
	if (child > 0)
		waitpid(child, NULL, 0);
}

static void wipe(unsigned int round)
{
	struct pw_dev_wipe w;
	int err = dev_wipe(device, 0, REGION + round % 100, BYTES - 200, &w);

	if (err && err != -EFAULT && err != -EOPNOTSUPP)
		tap_fail("wipe: %s", strerror(-err));
}

static void list(unsigned int round)
{
	struct pw_dev_next n = { .id = 0 };

	(void)round;
	while (dev_next(device, n.id, &n) == 0)
		if (n.start >= n.end || !n.pid)
			tap_fail("a row of nonsense");
	dev_info(device);
}

static void arena(unsigned int round)
{
	char *at = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, device, 0);

	if (at == MAP_FAILED)
		return;
	at[round % BYTES] = 'x';
	munmap(at, BYTES);
}

static void compact(unsigned int round)
{
	(void)round;
	write_file("/proc/sys/vm/compact_memory", "1");
	usleep(1000);
}

static void protect(unsigned int round)
{
	mprotect((void *)(REGION + PAGE * (round % PAGES)), PAGE,
		 round & 1 ? PROT_READ : PROT_READ | PROT_WRITE);
}

typedef void (*doing)(unsigned int round);

struct race {
	const char *name;
	doing threads[4];
};

static const struct race races[] = {
	{ "unwatch and munmap", { watch_unwatch, unmap_map } },
	{ "unwatch and madvise", { watch_unwatch, discard, touch } },
	{ "unwatch and fork", { watch_unwatch, fork_child } },
	{ "unwatch and mremap", { watch_unwatch, move } },
	{ "unwatch on both CPUs", { watch_unwatch, watch_unwatch, list } },
	{ "unwatch, munmap, fork and wipe", { watch_unwatch, unmap_map, fork_child, wipe } },
	{ "wipe and munmap", { wipe, unmap_map, protect } },
	{ "unwatch and compaction", { watch_unwatch, compact, touch } },
	{ "arena, watch and fork", { arena, watch_unwatch, fork_child, list } },
};

struct thread {
	doing what;
	unsigned int number;
};

static void *keep_doing(void *arg)
{
	const struct thread *t = arg;

	for (unsigned int round = t->number * 7; !stop; round++) {
		t->what(round);
		done[t->number]++;
	}
	return NULL;
}

/* ---- accounts ---------------------------------------------------------------------------------------- */

/* What the RELEASED records of one watch add up to, until its ENDED says the same. */
struct account {
	uint64_t id, dirty, clean, scrubbed, dirty_bytes;
	bool open;
};

static struct account accounts[4096];

static struct account *account_of(uint64_t id)
{
	struct account *a = &accounts[id % 4096];

	if (a->id != id)
		*a = (struct account){ .id = id };
	return a;
}

static void book(const struct pw_secret *s)
{
	struct account *a = account_of(s->id);

	if (s->event == PW_SECRET_REGISTERED) {
		a->open = true;
	} else if (s->event == PW_SECRET_RELEASED) {
		if (!a->open)
			tap_fail("released without a watch: %s", secret_text(s));
		a->dirty += s->pages_dirty;
		a->clean += s->pages_clean;
		a->scrubbed += s->pages_scrubbed;
		a->dirty_bytes += s->dirty_bytes;
	} else if (s->event == PW_SECRET_ENDED) {
		if (!a->open)
			tap_fail("ended without a watch: %s", secret_text(s));
		a->open = false;
		if (s->pages_dirty < a->dirty || s->pages_clean < a->clean ||
		    s->pages_scrubbed < a->scrubbed || s->dirty_bytes < a->dirty_bytes)
			tap_fail("the sums are less than the records: %s", secret_text(s));
	}
}

static void run_race(const void *arg)
{
	const struct race *race = arg;
	struct thread t[4] = { 0 };
	pthread_t threads[4];
	struct records r = { 0 };
	struct timespec now, start;
	uint64_t seen = 0;
	int reader = dev_open();

	device = dev_open();
	fill();
	for (unsigned int i = 0; i < 4 && race->threads[i]; i++) {
		t[i] = (struct thread){ race->threads[i], i };
		must(!pthread_create(&threads[i], NULL, keep_doing, &t[i]));
	}
	clock_gettime(CLOCK_MONOTONIC, &start);
	do {
		usleep(20000);
		records_clear(&r);
		records_drain(&r, reader);
		seen += r.count;
		for (size_t i = 0; i < r.count; i++)
			book(&r.secrets[i]);
		clock_gettime(CLOCK_MONOTONIC, &now);
	} while (now.tv_sec - start.tv_sec < seconds);
	stop = true;
	for (unsigned int i = 0; i < 4 && race->threads[i]; i++)
		pthread_join(threads[i], NULL);
	records_clear(&r);
	records_drain(&r, reader);
	for (size_t i = 0; i < r.count; i++)
		book(&r.secrets[i]);
	if (dev_info(reader).reader_lost)
		tap_note("%ju records lost", (uintmax_t)dev_info(reader).reader_lost);
	else
		for (size_t i = 0; i < 4096; i++)
			must(!accounts[i].open);
	must_equal(dev_info(reader).watches, 0);
	must_equal(dev_info(reader).held_pages, 0);
	tap_note("rounds %ju %ju %ju %ju, %ju records", (uintmax_t)done[0], (uintmax_t)done[1],
		 (uintmax_t)done[2], (uintmax_t)done[3], (uintmax_t)seen);
}

/* Processes that end while somebody unwatches what they had, or closes the device. */
static void ending(const void *arg)
{
	struct timespec now, start;
	unsigned int n = 0;

	(void)arg;
	clock_gettime(CLOCK_MONOTONIC, &start);
	do {
		int fd = dev_open(), there[2];
		pid_t child;
		uint64_t id;
		char byte;

		must(!pipe2(there, O_CLOEXEC));
		child = fork();
		if (child == 0) {
			fill();
			must_equal(write(there[1], "r", 1), 1);
			for (unsigned int spin = 0; spin < n % 64 * 10; spin++)
				getppid();
			_exit(0);
		}
		must_equal(read(there[0], &byte, 1), 1);
		if (dev_watch(fd, child, REGION, BYTES, n & 1 ? PW_WATCH_HOLD : 0, &id) == 0 && n & 2)
			dev_unwatch(fd, id, NULL);
		if (n & 4)
			kill(child, SIGKILL);
		close(fd);
		close(there[0]);
		close(there[1]);
		must_equal(waitpid(child, NULL, 0), child);
		n++;
		clock_gettime(CLOCK_MONOTONIC, &now);
	} while (now.tv_sec - start.tv_sec < seconds);
	tap_note("%u processes", n);
}

int main(int argc, char **argv)
{
	const char *wanted = getenv("PW_RACE_SECONDS");

	if (wanted)
		seconds = (unsigned int)strtoul(wanted, NULL, 10);
	tap_afterwards = dev_leftovers;
	tap_seconds = seconds * 10 + 60;
	swap_try();
	for (size_t i = 0; i < sizeof(races) / sizeof(races[0]); i++)
		if (argc == 1 || strstr(races[i].name, argv[1]))
			tap_case(run_race, &races[i], "%s", races[i].name);
	if (argc == 1 || strstr("processes that end", argv[1]))
		tap_case(ending, NULL, "processes that end");
	swap_off();
	return tap_end();
}
