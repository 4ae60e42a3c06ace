// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The module is refused to go while anything of it is in use, also under load,
 * and goes when nothing is. PW_MODULE: where it is, if not where guests have it.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/module/machine.h"
#include "tests/module/subject.h"
#include "tests/module/tap.h"

#define PAGES 8u
#define BYTES (PAGES * PAGE)
#define TIMES 20
#define WORKERS 4
#define TRIES 400

/* The first that is there: the guests' of Debian's kernels, and those of debug kernels. */
static const char *const places[] = { "/lib/modules/pagewarden.ko", "/pagewarden/pagewarden.ko" };
static const char *module;

static int load(void)
{
	int fd = open(module, O_RDONLY | O_CLOEXEC);
	int err = fd < 0 || syscall(SYS_finit_module, fd, "", 0) ? -errno : 0;

	if (fd >= 0)
		close(fd);
	return err;
}

static int unload(void)
{
	return syscall(SYS_delete_module, "pagewarden", O_NONBLOCK) ? -errno : 0;
}

/* What has just been closed may take a moment to be let go. */
static int unload_soon(void)
{
	int err = 0;

	for (int i = 0; i < 500; i++) {
		err = unload();
		if (err != -EAGAIN && err != -EBUSY)
			return err;
		usleep(10000);
	}
	return err;
}

static bool loaded(void)
{
	return !access("/sys/module/pagewarden", F_OK);
}

static void must_be_busy(void)
{
	int err = unload();

	if (err != -EAGAIN && err != -EBUSY)
		tap_fail("unload: %s", err ? strerror(-err) : "it went");
}

static void must_reload(void)
{
	must_equal(unload_soon(), 0);
	must(!loaded());
	must_equal(access(PW_DEV_PATH, F_OK), -1);
	must_equal(load(), 0);
	must(loaded());
}

static void region(void)
{
	void *at = mmap((void *)REGION, BYTES, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);

	must(at != MAP_FAILED);
	memset(at, 'x', BYTES);
}

static void while_in_use(const void *arg)
{
	int fd = dev_open(), pair[2];
	void *at;

	(void)arg;
	must_be_busy();
	at = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	must(at != MAP_FAILED);
	close(fd);
	must_be_busy(); /* the arena needs it */
	memset(at, 'x', BYTES);
	must(!munmap(at, BYTES));
	/* A descriptor in a socket, its watch alive. */
	region();
	fd = dev_open();
	must_watch(fd, 0, REGION, BYTES, PW_WATCH_HOLD);
	must(!socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	must(!fcntl(fd, F_SETFD, 0));
	dev_send(pair[0], fd);
	close(fd);
	must_be_busy();
	close(pair[0]);
	close(pair[1]);
	must_reload();
}

/* Its memory was watched by a descriptor that is gone: the process lives on without the module. */
static void memory_lives_on(const void *arg)
{
	int fd = dev_open(), status = 0;
	pid_t child;

	(void)arg;
	region();
	must_watch(fd, 0, REGION, BYTES, PW_WATCH_HOLD | PW_WATCH_SCRUB);
	must_watch(fd, 0, REGION, BYTES, 0);
	close(fd);
	must_equal(unload_soon(), 0);
	for (size_t i = 0; i < BYTES; i += PAGE)
		must_equal(*(volatile char *)(REGION + i), 'x');
	child = fork();
	if (child == 0)
		_exit(munmap((void *)REGION, BYTES) != 0);
	must(!munmap((void *)REGION, BYTES));
	must_equal(waitpid(child, &status, 0), child);
	must_equal(status, 0);
	must_equal(load(), 0);
}

static void load_unload(const void *arg)
{
	(void)arg;
	for (int i = 0; i < TIMES; i++) {
		int fd = dev_open();
		struct pw_dev_info info = dev_info(fd);
		void *at;

		must_equal(info.registered, 0);
		must_equal(info.events, 0);
		region();
		must_watch(fd, 0, REGION, BYTES, i & 1 ? PW_WATCH_HOLD : 0);
		at = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		must(at != MAP_FAILED);
		must(!munmap((void *)REGION, BYTES)); /* verdicts are pending, perhaps */
		must_be_busy();
		must(!munmap(at, BYTES));
		close(fd);
		must_reload();
	}
}

static void work(unsigned int n)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (unsigned int i = n;; i++) {
		int fd = open(PW_DEV_PATH, O_RDWR | O_NONBLOCK | O_CLOEXEC);
		uint64_t id;
		void *at;

		if (fd < 0)
			continue; /* between unload and load */
		region();
		if (dev_watch(fd, 0, REGION, BYTES, i % 3 ? PW_WATCH_HOLD : 0, &id) == 0) {
			if (i & 1)
				munmap((void *)REGION, BYTES);
			if (i & 2)
				dev_unwatch(fd, id, NULL);
		}
		at = i & 4 ? mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) : MAP_FAILED;
		close(fd);
		if (at != MAP_FAILED)
			munmap(at, PAGE);
	}
}

static void under_load(const void *arg)
{
	unsigned int busy = 0, went = 0;
	pid_t workers[WORKERS];
	int holder, err;

	(void)arg;
	for (unsigned int i = 0; i < WORKERS; i++) {
		workers[i] = fork();
		must(workers[i] >= 0);
		if (workers[i] == 0)
			work(i);
	}
	/* Somebody has it: never. */
	holder = dev_open();
	for (int i = 0; i < TRIES / 4; i++) {
		must_be_busy();
		usleep(500);
	}
	close(holder);
	/* Nobody but who comes and goes: now and then it goes, between two opens. */
	for (int i = 0; i < TRIES; i++) {
		err = unload();
		if (!err) {
			went++;
			must_equal(load(), 0);
		} else {
			must(err == -EAGAIN || err == -EBUSY);
			busy++;
		}
		usleep(500);
	}
	tap_note("busy %u times, went %u times", busy, went);
	must(busy > 0);
	for (unsigned int i = 0; i < WORKERS; i++) {
		kill(workers[i], SIGKILL);
		must_equal(waitpid(workers[i], NULL, 0), workers[i]);
	}
	must_reload();
}

int main(int argc, char **argv)
{
	const struct {
		void (*run)(const void *arg);
		const char *name;
	} cases[] = {
		{ while_in_use, "busy while it is in use" },
		{ memory_lives_on, "memory that was watched lives on without it" },
		{ load_unload, "loaded and unloaded twenty times" },
		{ under_load, "unloaded under load" },
	};

	module = getenv("PW_MODULE");
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]) && !module; i++)
		if (!access(places[i], R_OK))
			module = places[i];
	if (!module) {
		puts("1..0 # SKIP pagewarden.ko is not in this guest");
		return 0;
	}
	tap_afterwards = dev_leftovers;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (!loaded())
			load();
		if (argc == 1 || strstr(cases[i].name, argv[1]))
			tap_case(cases[i].run, NULL, "%s", cases[i].name);
	}
	return tap_end();
}
