// SPDX-License-Identifier: GPL-2.0-or-later
/* read(2) and poll(2) of the device: who sees which records, whole, once, and what is lost is counted. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/module/subject.h"
#include "tests/module/tap.h"

#define PAGES 4u
#define BYTES (PAGES * PAGE)
#define NOBODY 65534
#define MOST_PAIRS 2000000u /* of REGISTERED and ENDED, to fill the ring */

static uint8_t *region(void)
{
	uint8_t *at = mmap((void *)REGION, BYTES, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

	must(at != MAP_FAILED);
	memset(at, 'x', BYTES);
	return at;
}

/* Two records: a REGISTERED and an ENDED. */
static void pair(int fd)
{
	must_equal(dev_unwatch(fd, must_watch(fd, 0, REGION, PAGE, 0), NULL), 0);
}

static void buffers(const void *arg)
{
	void *volatile nowhere = NULL; /* the compiler is not to know */
	struct pw_secret s;
	char big[1024];
	int fd = dev_open();

	(void)arg;
	region();
	must_equal(read(fd, big, sizeof(big)), -1);
	must_equal(errno, EAGAIN);
	pair(fd);
	for (size_t room = 0; room < sizeof(s); room++) {
		must_equal(read(fd, big, room), -1);
		must_equal(errno, EINVAL);
	}
	/* A bad buffer takes nothing away. */
	must_equal(read(fd, nowhere, 4096), -1);
	must_equal(errno, EFAULT);
	nowhere = (void *)0xffffffff81000000;
	must_equal(read(fd, nowhere, 4096), -1);
	must_equal(errno, EFAULT);
	/* One record and a half: the first; then the other. */
	must_equal(read(fd, big, sizeof(s) + sizeof(s) / 2), sizeof(s));
	must_equal(((struct pw_secret *)big)->event, PW_SECRET_REGISTERED);
	must_equal(read(fd, &s, sizeof(s)), sizeof(s));
	must_equal(s.event, PW_SECRET_ENDED);
	must_equal(read(fd, big, sizeof(big)), -1);
	must_equal(errno, EAGAIN);
	must_equal(write(fd, big, 1), -1);
	must_equal(pread(fd, big, sizeof(big), 0), -1);
	must_equal(lseek(fd, 0, SEEK_SET), -1);
}

static void two_readers(const void *arg)
{
	int one = dev_open(), two = dev_open(), late;
	struct records a = { 0 }, b = { 0 }, c = { 0 };

	(void)arg;
	region();
	pair(one);
	late = dev_open();
	pair(two);
	records_read(&a, one);
	records_read(&b, two);
	records_read(&c, late);
	must_equal(a.count, 4);
	must_equal(b.count, 4);
	must(!memcmp(a.secrets, b.secrets, 4 * sizeof(*a.secrets)));
	must_equal(c.count, 2);
	must(!memcmp(a.secrets + 2, c.secrets, 2 * sizeof(*a.secrets)));
}

/* A descriptor has one place, whoever reads from it. */
static void shared_descriptor(const void *arg)
{
	int fd = dev_open(), copy = dup(fd);
	struct pw_secret s;

	(void)arg;
	region();
	pair(fd);
	must_equal(read(copy, &s, sizeof(s)), sizeof(s));
	must_equal(s.event, PW_SECRET_REGISTERED);
	must_equal(read(fd, &s, sizeof(s)), sizeof(s));
	must_equal(s.event, PW_SECRET_ENDED);
	/* The last close ends the watches, not the first. */
	must_watch(fd, 0, REGION, PAGE, 0);
	close(fd);
	must_equal(dev_info(copy).watches, 1);
}

static void polled(const void *arg)
{
	int fd = dev_open();
	struct pollfd p = { fd, POLLIN, 0 };
	struct records r = { 0 };
	pid_t child;

	(void)arg;
	region();
	must_equal(poll(&p, 1, 0), 0);
	pair(fd);
	must_equal(poll(&p, 1, 0), 1);
	must(p.revents & POLLIN);
	records_read(&r, fd);
	must_equal(poll(&p, 1, 0), 0);
	child = fork();
	if (child == 0) {
		usleep(100000);
		pair(fd);
		_exit(0);
	}
	must_equal(poll(&p, 1, 10000), 1);
	must_equal(waitpid(child, NULL, 0), child);
}

static void on_alarm(int number)
{
	(void)number;
}

static void blocking(const void *arg)
{
	const struct sigaction interrupts = { .sa_handler = on_alarm };
	int fd = open(PW_DEV_PATH, O_RDWR), status = 0;
	struct pw_secret s;
	pid_t child;

	(void)arg;
	must(fd >= 0);
	region();
	child = fork();
	if (child == 0) {
		usleep(100000);
		pair(fd);
		_exit(0);
	}
	must_equal(read(fd, &s, sizeof(s)), sizeof(s));
	must_equal(s.key.pid, child);
	must_equal(read(fd, &s, sizeof(s)), sizeof(s));
	must_equal(s.event, PW_SECRET_ENDED);
	must_equal(waitpid(child, NULL, 0), child);
	must(!sigaction(SIGALRM, &interrupts, NULL));
	alarm(1);
	must_equal(read(fd, &s, sizeof(s)), -1);
	must_equal(errno, EINTR);
	alarm(0);
	/* and one that sleeps there can be killed */
	child = fork();
	if (child == 0)
		_exit(read(fd, &s, sizeof(s)) < 0);
	usleep(100000);
	must(!kill(child, SIGKILL));
	must_equal(waitpid(child, &status, 0), child);
	must(WIFSIGNALED(status));
}

/* Everything that was put into the ring since a descriptor's open was read by it or lost to it. */
static void overflow(const void *arg)
{
	int slow = dev_open(), quick = dev_open();
	uint64_t before = dev_info(slow).events, read_slow = 0, read_quick = 0, last = 0;
	unsigned int pairs = 0;
	struct pw_dev_info info;
	struct pw_secret s;

	(void)arg;
	region();
	while (pairs < MOST_PAIRS && dev_info(slow).reader_lost < 100) {
		for (int i = 0; i < 50; i++, pairs++)
			pair(slow);
		while (read(quick, &s, sizeof(s)) == sizeof(s))
			read_quick++;
	}
	while (read(slow, &s, sizeof(s)) == sizeof(s)) {
		must(s.id >= last);
		last = s.id;
		read_slow++;
	}
	info = dev_info(slow);
	tap_note("%u pairs: %ju events, the slow one read %ju and lost %ju", pairs,
		 (uintmax_t)(info.events - before), (uintmax_t)read_slow,
		 (uintmax_t)info.reader_lost);
	must(info.reader_lost >= 100);
	must_equal(info.events - before, 2 * (uint64_t)pairs);
	must_equal(info.events - before, read_slow + info.reader_lost);
	must_equal(read_quick, 2 * (uint64_t)pairs);
	must_equal(dev_info(quick).reader_lost, 0);
	must_equal(dev_info(dev_open()).reader_lost, 0);
}

static volatile bool stop;

static void *keep_pairing(void *arg)
{
	while (!stop)
		pair(*(int *)arg);
	return NULL;
}

/* The same while it is overwritten under the reader's hands, from the other CPU. */
static void overflow_while_reading(const void *arg)
{
	int fd = dev_open(), writer = dev_open();
	uint64_t before = dev_info(fd).events, got = 0;
	struct pw_dev_info info;
	struct pw_secret s[3];
	pthread_t t[2];
	ssize_t n;

	(void)arg;
	region();
	for (int i = 0; i < 2; i++)
		must(!pthread_create(&t[i], NULL, keep_pairing, &writer));
	for (int i = 0; i < 100; i++) {
		usleep(20000);
		for (int k = 0; k < 40 && (n = read(fd, s, sizeof(s))) > 0; k++) {
			must_equal(n % sizeof(s[0]), 0);
			for (size_t j = 0; j < n / sizeof(s[0]); j++)
				must(s[j].rec.size == sizeof(s[0]) && s[j].cookie == COOKIE);
			got += n / sizeof(s[0]);
		}
	}
	stop = true;
	for (int i = 0; i < 2; i++)
		pthread_join(t[i], NULL);
	while ((n = read(fd, s, sizeof(s))) > 0)
		got += n / sizeof(s[0]);
	info = dev_info(fd);
	tap_note("%ju events, %ju read, %ju lost", (uintmax_t)(info.events - before),
		 (uintmax_t)got, (uintmax_t)info.reader_lost);
	must_equal(info.events - before, got + info.reader_lost);
}

/* ---- who sees what ------------------------------------------------------------------------------ */

static void become_nobody(void)
{
	must(!setresgid(NOBODY, NOBODY, NOBODY) && !setresuid(NOBODY, NOBODY, NOBODY));
}

/* Opened without the capability: its own user's watches alone, whosever memory. */
static void unprivileged(const void *arg)
{
	int roots = dev_open(), all = dev_open(), own, status = 0;
	struct records r = { 0 };
	struct pw_dev_wipe w;
	struct stat before;
	uint64_t id;
	pid_t child;

	(void)arg;
	region();
	must(!stat(PW_DEV_PATH, &before));
	must_equal(before.st_mode & 07777, 0660);
	must(!chmod(PW_DEV_PATH, 0666));
	child = fork();
	if (child == 0) {
		become_nobody();
		own = dev_open();
		must(!munmap((void *)REGION, BYTES)); /* what it shares with root's process */
		region();
		id = must_watch(own, 0, REGION, BYTES, 0);
		must_equal(dev_wipe(own, 0, REGION, PAGE, &w), 0);
		must(!munmap((void *)REGION, BYTES));
		must_equal(dev_unwatch(own, id, NULL), 0);
		usleep(300000); /* root does the same meanwhile */
		records_read(&r, own);
		must_equal(r.count, 3);
		for (size_t i = 0; i < r.count; i++) {
			must_equal(r.secrets[i].uid, NOBODY);
			must_equal(r.secrets[i].id, id);
		}
		must_equal(r.wipe_count, 1);
		must_equal(r.wipes[0].uid, NOBODY);
		_exit(0);
	}
	usleep(100000);
	pair(roots);
	must_equal(dev_wipe(roots, 0, REGION, PAGE, &w), 0);
	must_equal(waitpid(child, &status, 0), child);
	must(!chmod(PW_DEV_PATH, before.st_mode & 07777));
	must_equal(status, 0);
	records_read(&r, all);
	must_equal(r.count, 5);
	must_equal(r.wipe_count, 2);
}

int main(int argc, char **argv)
{
	const struct {
		void (*run)(const void *arg);
		const char *name;
	} cases[] = {
		{ buffers, "buffers of all sizes" },
		{ two_readers, "two readers" },
		{ shared_descriptor, "two copies of a descriptor" },
		{ polled, "poll" },
		{ blocking, "reads that wait" },
		{ overflow, "a ring that is full" },
		{ overflow_while_reading, "a ring that is overwritten while it is read" },
		{ unprivileged, "a reader without privilege" },
	};

	tap_afterwards = dev_leftovers;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (argc == 1 || strstr(cases[i].name, argv[1]))
			tap_case(cases[i].run, NULL, "%s", cases[i].name);
	return tap_end();
}
