// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * churn [exec]: holds 499 touched pages in one read-only anonymous mapping
 * while three threads map, touch and unmap without pause. With "exec" it holds
 * them, waits a little, now and then so long that the slowest machine can look
 * at it in peace, and becomes itself anew, for ever. Prints "ready"; stops at
 * the end of stdin or when killed.
 */
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <signal.h>
#include <unistd.h>

#define PAGE 4096ul
#define HELD 499

static void *map_and_unmap(void *arg)
{
	unsigned int pages = 3;

	(void)arg;
	for (;;) {
		char *at = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (at == MAP_FAILED)
			exit(1);
		memset(at, 1, pages * PAGE);
		munmap(at, pages * PAGE);
		pages = pages % 61 + 3;
	}
	return NULL;
}

int main(int argc, char **argv)
{
	char *held =
		mmap(NULL, HELD * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct pollfd in = { .fd = 0, .events = POLLIN };
	pthread_t id;
	char c;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	memset(held, 1, HELD * PAGE);
	mprotect(held, HELD * PAGE, PROT_READ);
	puts("ready");
	fflush(stdout);
	if (argc > 1 && strcmp(argv[1], "exec") == 0) {
		unsigned short wait = 0;

		if (getrandom(&wait, sizeof(wait), 0) != sizeof(wait))
			return 1;
		if (poll(&in, 1, 0) > 0)
			return 0;
		usleep(wait % 64 ? wait % 3000 : 300000);
		execv("/proc/self/exe", argv);
		return 1;
	}
	for (int i = 0; i < 3; i++)
		pthread_create(&id, NULL, map_and_unmap, NULL);
	while (read(0, &c, 1) > 0)
		;
	_exit(0);
}
