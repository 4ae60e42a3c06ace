// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * parked COUNT: COUNT threads beside the first, named "parked-N", asleep on
 * small stacks. Prints "ready", then waits for the end of stdin.
 */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static pthread_barrier_t started;

static void *park(void *arg)
{
	char name[16];

	snprintf(name, sizeof(name), "parked-%u", (unsigned int)(uintptr_t)arg);
	pthread_setname_np(pthread_self(), name);
	pthread_barrier_wait(&started);
	for (;;)
		pause();
	return NULL;
}

int main(int argc, char **argv)
{
	unsigned int count = argc > 1 ? (unsigned int)atoi(argv[1]) : 0;
	pthread_attr_t attr;
	pthread_t id;
	char c;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 64 * 1024);
	pthread_barrier_init(&started, NULL, count + 1);
	for (unsigned int i = 0; i < count; i++) {
		if (pthread_create(&id, &attr, park, (void *)(uintptr_t)i) != 0) {
			fprintf(stderr, "parked: only %u threads could be started\n", i);
			return 1;
		}
	}
	pthread_barrier_wait(&started);
	puts("ready");
	fflush(stdout);
	while (read(0, &c, 1) > 0)
		;
	_exit(0);
}
