// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * holder FILES THREADS: a process whose descriptors, limits, context switches
 * and calls are known. It prints "r" when ready; each byte on stdin runs the
 * next step, answered by "d" and a 32-bit number; it ends at the end of stdin.
 *
 *   1  sets its limits; answers nothing
 *   2  opens descriptors until FILES are open; answers how many
 *   3  THREADS threads sleep and read SLEEPS times each, and end; answers
 *      the voluntary switches of all threads ever, as the kernel counts them
 *   4  closes all but the first three and every second of the others
 *   5  THREADS threads that stay, each after as many sleeps and reads
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "holder.h"

static unsigned long files, threads;
static int zero = -1;
static pthread_barrier_t all_did;

static void die(int code)
{
	_exit(code);
}

static uint32_t set_limits(void)
{
	const struct rlimit as = { HOLDER_ADDRESS_SPACE, RLIM_INFINITY };
	const struct rlimit data = { HOLDER_DATA, RLIM_INFINITY };
	const struct rlimit nofile = { HOLDER_FILES, HOLDER_FILES };

	if (setrlimit(RLIMIT_AS, &as) || setrlimit(RLIMIT_DATA, &data) ||
	    setrlimit(RLIMIT_NOFILE, &nofile))
		die(10);
	return 0;
}

static uint32_t open_all(void)
{
	while (fcntl(STDIN_FILENO, F_DUPFD, 0) < (int)files - 1)
		;
	return (uint32_t)files;
}

static uint32_t close_half(void)
{
	uint32_t left = (uint32_t)files;

	for (int fd = STDERR_FILENO + 2; fd < (int)files; fd += 2)
		left -= !close(fd);
	return left;
}

static void work(void)
{
	const struct timespec moment = { .tv_nsec = 1000000 };
	char byte;

	for (int i = 0; i < HOLDER_SLEEPS; i++) {
		nanosleep(&moment, NULL);
		if (pread(zero, &byte, 1, 0) != 1)
			die(11);
	}
}

static void *run_and_end(void *arg)
{
	(void)arg;
	work();
	return NULL;
}

static void *run_and_stay(void *arg)
{
	(void)arg;
	work();
	pthread_barrier_wait(&all_did);
	for (;;)
		pause();
	return NULL;
}

static uint32_t switches(void)
{
	struct rusage ru;

	if (getrusage(RUSAGE_SELF, &ru))
		die(12);
	return (uint32_t)ru.ru_nvcsw;
}

static uint32_t threads_that_end(void)
{
	pthread_t *all = calloc(threads, sizeof(*all));

	for (unsigned long i = 0; i < threads; i++)
		if (!all || pthread_create(&all[i], NULL, run_and_end, NULL))
			die(13);
	for (unsigned long i = 0; i < threads; i++)
		pthread_join(all[i], NULL);
	free(all);
	return switches();
}

static uint32_t threads_that_stay(void)
{
	pthread_t thread;

	pthread_barrier_init(&all_did, NULL, (unsigned int)threads + 1);
	for (unsigned long i = 0; i < threads; i++)
		if (pthread_create(&thread, NULL, run_and_stay, NULL))
			die(14);
	pthread_barrier_wait(&all_did);
	return switches();
}

int main(int argc, char **argv)
{
	uint32_t (*const steps[])(void) = { set_limits, open_all, threads_that_end, close_half,
					    threads_that_stay };
	struct {
		char done;
		uint32_t value;
	} __attribute__((packed)) answer = { 'd', 0 };
	char byte;

	if (argc != 3)
		return 2;
	files = strtoul(argv[1], NULL, 10);
	threads = strtoul(argv[2], NULL, 10);
	close_range(STDERR_FILENO + 1, ~0u, 0); /* whatever it was started with */
	zero = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	if (zero < 0 || write(STDOUT_FILENO, "r", 1) != 1)
		return 3;
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		if (read(STDIN_FILENO, &byte, 1) != 1)
			return 0;
		answer.value = steps[i]();
		if (write(STDOUT_FILENO, &answer, sizeof(answer)) != sizeof(answer))
			return 4;
	}
	return read(STDIN_FILENO, &byte, 1) == 0 ? 0 : 5;
}
