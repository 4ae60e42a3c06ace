/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The threads of one process, by the address that their stack pointer holds. */
#ifndef PW_INSPECT_THREADS_H
#define PW_INSPECT_THREADS_H

#include <stdbool.h>
#include <stddef.h>

#include "user/inspect/address_space.h"

#define PW_THREADS_MAX 65536

struct pw_threads {
	struct pw_thread *list; /* by stack pointer; those that are not known come first */
	size_t count;
	size_t unknown; /* threads without a stack pointer */
};

void pw_threads_deinit(struct pw_threads *t);
/* From the provider when it can, else from /proc. Best effort: 0, -ESRCH or -ENOMEM. */
int pw_threads_read(const struct pw_procfs *fs, const struct pw_vma_provider *provider,
		    const struct pw_key *key, struct pw_threads *ret);
/* The thread with the lowest stack pointer in [start, end); NULL: none. */
const struct pw_thread *pw_threads_find(const struct pw_threads *t, uint64_t start, uint64_t end);

#endif
