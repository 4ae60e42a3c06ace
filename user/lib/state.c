// SPDX-License-Identifier: LGPL-2.1-or-later
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include "user/lib/device.h"
#include "user/lib/state.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pid_t owner; /* whose tables these are; under the lock */

static void forked(void)
{
	owner = getpid();
	pw_device_forked();
	pw_secret_forked();
}

void pw_state_lock(void)
{
	pthread_mutex_lock(&lock);
	if (owner != getpid())
		forked();
}

void pw_state_unlock(void)
{
	pthread_mutex_unlock(&lock);
}

/* The child must not wait for its first call: an inherited descriptor keeps the parent's watches alive. */
static void in_child(void)
{
	forked();
	pw_state_unlock();
}

static __attribute__((constructor)) void init(void)
{
	owner = getpid();
	/* Only for want of memory; the lock looks at the PID as well. */
	(void)pthread_atfork(pw_state_lock, pw_state_unlock, in_child);
}
