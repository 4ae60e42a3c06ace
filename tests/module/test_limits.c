// SPDX-License-Identifier: GPL-2.0-or-later
/* Limits of a user (EDQUOT) and in total (ENOSPC): exact to the last unit, and given back. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/module/machine.h"
#include "tests/module/subject.h"
#include "tests/module/tap.h"

#define PAGES 64u
#define BYTES (PAGES * PAGE)
#define PARAMETERS "/sys/module/pagewarden/parameters/"
#define NOBODY 65534

/* The parameters, as they were before a case changed them. */
static struct parameter {
	const char *name;
	char before[32];
} parameters[] = {
	{ "watches_max", "" },	     { "watches_user_max", "" },
	{ "watched_bytes_max", "" }, { "watched_bytes_user_max", "" },
	{ "held_pages_max", "" },    { "held_pages_user_max", "" },
	{ "arena_bytes_max", "" },   { "arena_bytes_user_max", "" },
};
#define COUNT (sizeof(parameters) / sizeof(parameters[0]))

static void parameter_set(const char *name, const char *value)
{
	char path[128];
	int err;

	snprintf(path, sizeof(path), PARAMETERS "%s", name);
	err = write_file(path, value);
	if (err)
		tap_fail("%s: %s", path, strerror(-err));
}

static void set(const char *name, uint64_t value)
{
	char number[32];

	snprintf(number, sizeof(number), "%ju", (uintmax_t)value);
	parameter_set(name, number);
}

static const char *restore(void)
{
	for (size_t i = 0; i < COUNT; i++)
		parameter_set(parameters[i].name, parameters[i].before);
	return dev_leftovers();
}

static void region(void)
{
	void *at = mmap((void *)REGION, BYTES, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);

	must(at != MAP_FAILED);
	memset(at, 'x', BYTES);
}

/* Up to the limit, one beyond, and again after one was given back. */
static void watches(const void *arg)
{
	int fd = dev_open(), want = arg ? -ENOSPC : -EDQUOT;
	uint64_t ids[7], id;

	region();
	set(arg ? "watches_max" : "watches_user_max", 7);
	for (int i = 0; i < 7; i++)
		ids[i] = must_watch(fd, 0, REGION, PAGE, 0);
	must_equal(dev_watch(fd, 0, REGION, PAGE, 0, &id), want);
	must_equal(dev_watch(dev_open(), 0, REGION, PAGE, 0, &id), want);
	must_equal(dev_info(fd).watches, 7);
	must_equal(dev_unwatch(fd, ids[3], NULL), 0);
	must_watch(fd, 0, REGION, PAGE, 0);
	must_equal(dev_watch(fd, 0, REGION, PAGE, 0, &id), want);
	/* A limit that is lowered below what is used takes nothing away. */
	set(arg ? "watches_max" : "watches_user_max", 2);
	must_equal(dev_info(fd).watches, 7);
	must_equal(dev_unwatch(fd, ids[0], NULL), 0);
	must_equal(dev_watch(fd, 0, REGION, PAGE, 0, &id), want);
}

static void watched_bytes(const void *arg)
{
	int fd = dev_open(), want = arg ? -ENOSPC : -EDQUOT;
	uint64_t id, first;

	region();
	set(arg ? "watched_bytes_max" : "watched_bytes_user_max", 10 * PAGE);
	first = must_watch(fd, 0, REGION, 4 * PAGE, 0);
	must_watch(fd, 0, REGION, 6 * PAGE, PW_WATCH_HOLD);
	must_equal(dev_info(fd).watched_bytes, 10 * PAGE);
	must_equal(dev_watch(fd, 0, REGION, 1, 0, &id), want);
	must_equal(dev_watch(fd, 0, REGION, 1, PW_WATCH_HOLD, &id), want);
	must_equal(dev_unwatch(fd, first, NULL), 0);
	must_equal(dev_info(fd).watched_bytes, 6 * PAGE);
	must_equal(dev_watch(fd, 0, REGION, 4 * PAGE + 1, 0, &id), want);
	must_equal(dev_info(fd).watches, 1);
	must_watch(fd, 0, REGION, 4 * PAGE, 0);
}

static void held_pages(const void *arg)
{
	int fd = dev_open(), want = arg ? -ENOSPC : -EDQUOT;
	uint64_t id, first;

	region();
	set(arg ? "held_pages_max" : "held_pages_user_max", 5);
	first = must_watch(fd, 0, REGION + 1, PAGE, PW_WATCH_HOLD); /* two pages */
	must_equal(dev_info(fd).held_pages, 2);
	must_watch(fd, 0, REGION, 3 * PAGE, PW_WATCH_HOLD);
	must_equal(dev_info(fd).held_pages, 5);
	must_equal(dev_watch(fd, 0, REGION + 8 * PAGE, 1, PW_WATCH_HOLD, &id), want);
	must_watch(fd, 0, REGION + 8 * PAGE, 1, 0);
	/* What went is held no more. */
	must(!munmap((void *)REGION, 3 * PAGE));
	for (int i = 0; i < 500 && dev_info(fd).held_pages; i++)
		usleep(10000);
	must_equal(dev_info(fd).held_pages, 0);
	must_equal(dev_unwatch(fd, first, NULL), 0);
	must_equal(dev_info(fd).held_pages, 0);
	must_watch(fd, 0, REGION + 8 * PAGE, 5 * PAGE, PW_WATCH_HOLD);
	must_equal(dev_info(fd).held_pages, 5);
}

static void arena_bytes(const void *arg)
{
	int fd = dev_open(), want = arg ? ENOSPC : EDQUOT;
	void *one, *two;

	set(arg ? "arena_bytes_max" : "arena_bytes_user_max", 3 * PAGE);
	one = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	must(one != MAP_FAILED);
	must(mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) == MAP_FAILED);
	must_equal(errno, want);
	two = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	must(two != MAP_FAILED);
	must_equal(dev_info(fd).arena_bytes, 3 * PAGE);
	must(!munmap(one, 2 * PAGE));
	must_equal(dev_info(fd).arena_bytes, PAGE);
	must(mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) != MAP_FAILED);
}

/* Ranges far larger than memory: refused by the account, not by exhaustion. */
static void more_than_there_is(const void *arg)
{
	int fd = dev_open();
	struct pw_dev_info info = dev_info(fd);
	uint64_t huge = 1ull << 42, id;

	(void)arg;
	must(mmap((void *)OTHER_REGION, huge, PROT_READ | PROT_WRITE,
		  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1,
		  0) != MAP_FAILED);
	must_equal(dev_watch(fd, 0, OTHER_REGION, huge, 0, &id), -EDQUOT);
	must_equal(dev_watch(fd, 0, OTHER_REGION, huge, PW_WATCH_HOLD, &id), -EDQUOT);
	must_equal(dev_watch(fd, 0, OTHER_REGION, info.watched_bytes_user_max + 1, 0, &id), -EDQUOT);
	must_equal(dev_info(fd).watches, 0);
	id = must_watch(fd, 0, OTHER_REGION, info.watched_bytes_user_max, 0);
	must_equal(dev_info(fd).watched_bytes, info.watched_bytes_user_max);
	must(!munmap((void *)OTHER_REGION, huge));
	must_equal(dev_unwatch(fd, id, NULL), 0);
}

/* Each user has an account of its own; the total is everybody's. */
static void users(const void *arg)
{
	int fd = dev_open(), status = 0, there[2];
	struct stat before;
	uint64_t id;
	pid_t child;
	char byte;

	(void)arg;
	region();
	set("watches_user_max", 3);
	set("watches_max", 5);
	must(!stat(PW_DEV_PATH, &before) && !chmod(PW_DEV_PATH, 0666) && !pipe(there));
	for (int i = 0; i < 3; i++)
		must_watch(fd, 0, REGION, PAGE, 0);
	child = fork();
	if (child == 0) {
		int own;

		must(!setresgid(NOBODY, NOBODY, NOBODY) && !setresuid(NOBODY, NOBODY, NOBODY));
		own = dev_open();
		must_watch(own, 0, REGION, PAGE, 0);
		must_watch(own, 0, REGION, PAGE, 0);
		must_equal(dev_watch(own, 0, REGION, PAGE, 0, &id), -ENOSPC);
		must_equal(write(there[1], "r", 1), 1);
		pause();
		_exit(0);
	}
	close(there[1]);
	status = read(there[0], &byte, 1) == 1;
	must(!chmod(PW_DEV_PATH, before.st_mode & 07777));
	must(status);
	must_equal(dev_info(fd).watches, 5);
	must_equal(dev_watch(fd, 0, REGION, PAGE, 0, &id), -EDQUOT);
	must(!kill(child, SIGKILL));
	must_equal(waitpid(child, NULL, 0), child);
	for (int i = 0; i < 500 && dev_info(fd).watches > 3; i++)
		usleep(10000);
	must_equal(dev_info(fd).watches, 3);
}

/* Thousands, all at once, then all gone with one close. */
static void many(const void *arg)
{
	int fd = dev_open(), other = dev_open();
	struct pw_dev_info info;
	uint64_t memory;

	(void)arg;
	region();
	set("watches_user_max", 4000);
	memory = dev_info(other).memory_bytes;
	for (unsigned int i = 0; i < 3000; i++)
		must_watch(fd, 0, REGION + i % BYTES, 1, 0);
	info = dev_info(other);
	must_equal(info.watches, 3000);
	must_equal(info.watched_bytes, 3000);
	must(info.memory_bytes > memory);
	tap_note("%ju bytes a watch", (uintmax_t)(info.memory_bytes - memory) / 3000);
	madvise((void *)REGION, BYTES, MADV_DONTNEED);
	close(fd);
	info = dev_info(other);
	must_equal(info.watches, 0);
	must_equal(info.watched_bytes, 0);
	for (int i = 0; i < 500 && dev_info(other).memory_bytes > memory; i++)
		usleep(10000);
	must(dev_info(other).memory_bytes <= memory);
}

int main(int argc, char **argv)
{
	static const char in_total[] = "in total";
	const struct {
		void (*run)(const void *arg);
		const void *arg;
		const char *name;
	} cases[] = {
		{ watches, NULL, "watches of a user" },
		{ watches, in_total, "watches in total" },
		{ watched_bytes, NULL, "bytes of a user" },
		{ watched_bytes, in_total, "bytes in total" },
		{ held_pages, NULL, "held pages of a user" },
		{ held_pages, in_total, "held pages in total" },
		{ arena_bytes, NULL, "arenas of a user" },
		{ arena_bytes, in_total, "arenas in total" },
		{ more_than_there_is, NULL, "more than there is" },
		{ users, NULL, "two users" },
		{ many, NULL, "three thousand watches" },
	};

	for (size_t i = 0; i < COUNT; i++) {
		char path[128];

		snprintf(path, sizeof(path), PARAMETERS "%s", parameters[i].name);
		snprintf(parameters[i].before, sizeof(parameters[i].before), "%.31s",
			 read_file(path));
		if (!parameters[i].before[0])
			tap_note("no parameter %s", parameters[i].name);
	}
	tap_afterwards = restore;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (argc == 1 || strstr(cases[i].name, argv[1]))
			tap_case(cases[i].run, cases[i].arg, "%s", cases[i].name);
	return tap_end();
}
