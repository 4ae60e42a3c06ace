/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the files of the library share: the lock of its tables, and what a fork
 * does to them. pw_wipe() needs none of it, so that signal handlers may call it.
 */
#ifndef PW_LIB_STATE_H
#define PW_LIB_STATE_H

#include <errno.h>

/*
 * The lock of the tables of allocations and watches. Taking it in a process
 * that was forked past pthread_atfork() (a bare clone) does first what the
 * handler would have done.
 */
void pw_state_lock(void);
void pw_state_unlock(void);

/* With the lock held, in the child: forget what is not here any more. */
void pw_secret_forked(void);

static inline void pw_restore_errno(const int *saved)
{
	errno = *saved;
}

/* First in each public function: errno is the caller's. */
#define PW_KEEP_ERRNO() int saved_errno __attribute__((cleanup(pw_restore_errno))) = errno

#endif
