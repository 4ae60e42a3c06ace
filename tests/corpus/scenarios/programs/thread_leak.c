// SPDX-License-Identifier: GPL-2.0-or-later
/* thread_leak: a thread for each job, four a second, and nobody joins them. */
#include "work.h"

#include <pthread.h>

static void *job(void *arg)
{
	char stack[16 * KIB];

	memset(stack, (int)(long)arg, sizeof(stack));
	return (void *)(long)stack[sizeof(stack) / 2];
}

int main(void)
{
	begin();
	for (long i = 0;; i++, wait_for(0.25)) {
		pthread_attr_t attr;
		pthread_t id;

		pthread_attr_init(&attr);
		pthread_attr_setstacksize(&attr, 256 * KIB);
		pthread_create(&id, &attr, job, (void *)i);
		pthread_attr_destroy(&attr);
	}
}
