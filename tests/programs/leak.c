// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * leak WHAT [MS]: every MS milliseconds (20) one more of WHAT is never given
 * back, beside 1 MiB that always is:
 *
 *   heap     64 KiB of malloc, touched
 *   files    a descriptor
 *   threads  a thread
 *   nothing  none: what comes is given back, and it works as hard
 *
 * Prints "ready", then goes on until the end of stdin.
 */
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LOST_BYTES (64 * 1024)
#define CHURN_BYTES (1024 * 1024)

static void *wait_for_ever(void *arg)
{
	for (;;)
		pause();
	return arg;
}

static void lose_thread(void)
{
	pthread_attr_t attr;
	pthread_t id;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 64 * 1024);
	pthread_create(&id, &attr, wait_for_ever, NULL);
	pthread_attr_destroy(&attr);
}

/* Touches every page, so that it is resident; the compiler may not see through it. */
static void touch(volatile char *at, size_t bytes)
{
	for (size_t i = 0; i < bytes; i += 1024)
		at[i] = 1;
}

static void lose(const char *what)
{
	char *p;

	if (strcmp(what, "heap") == 0) {
		p = malloc(LOST_BYTES);
		if (p)
			touch(p, LOST_BYTES);
	} else if (strcmp(what, "files") == 0) {
		if (open("/dev/null", O_RDONLY) < 0)
			perror("leak: open");
	} else if (strcmp(what, "threads") == 0) {
		lose_thread();
	}
}

static void churn(void)
{
	char *p = malloc(CHURN_BYTES);

	if (p)
		touch(p, CHURN_BYTES);
	free(p);
}

int main(int argc, char **argv)
{
	struct pollfd in = { .fd = STDIN_FILENO, .events = POLLIN };
	int ms = argc > 2 ? atoi(argv[2]) : 20;

	if (argc < 2 || ms < 1) {
		fputs("usage: leak heap|files|threads|nothing [MS]\n", stderr);
		return 2;
	}
	puts("ready");
	fflush(stdout);
	while (poll(&in, 1, ms) == 0) {
		lose(argv[1]);
		churn();
	}
	return 0;
}
