/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the scenarios' programs share: a clock, a pace, an end with their parent. */
#ifndef SCENARIO_WORK_H
#define SCENARIO_WORK_H

#include <math.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#define KIB 1024ul
#define MIB (1024ul * KIB)

static inline double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static inline void wait_for(double seconds)
{
	struct timespec t = { .tv_sec = (time_t)seconds,
			      .tv_nsec = (long)((seconds - floor(seconds)) * 1e9) };

	nanosleep(&t, NULL);
}

/* Ends with who started it, whatever ends that. */
static inline void begin(void)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
}

/* The load of a server over its days: 0..1, one day every `period` seconds. */
static inline double daily(double period)
{
	return 0.5 - 0.5 * cos(2 * M_PI * now() / period);
}

static inline uint64_t random_next(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* Memory that is really there, and a little work on it. */
static inline void *filled(size_t size)
{
	unsigned char *p = (unsigned char *)malloc(size);

	if (!p)
		abort();
	memset(p, (int)(size & 0xff) | 1, size);
	__asm__ volatile("" : : "r"(p) : "memory"); /* no compiler may leave it out */
	return p;
}

#endif
