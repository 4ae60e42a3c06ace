// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * arenas: 64 threads that allocate, free each other's blocks and keep a bounded
 * set alive; glibc's arenas fragment and never shrink to what is in use.
 */
#include "work.h"

#include <pthread.h>

enum { SLOTS = 64 * 64 };
static void *slots[SLOTS];

static void *serve(void *arg)
{
	uint64_t state = 88172645463325252u + (uint64_t)(long)arg * 7919;

	for (;; wait_for(0.05))
		for (int i = 0; i < 20; i++) {
			size_t at = random_next(&state) % SLOTS;
			void *block = filled(64 + random_next(&state) % (16 * KIB));

			free(__atomic_exchange_n(&slots[at], block, __ATOMIC_ACQ_REL));
		}
	return NULL;
}

int main(void)
{
	begin();
	for (long i = 0; i < 63; i++) {
		pthread_t id;

		pthread_create(&id, NULL, serve, (void *)i);
	}
	serve((void *)63);
}
