/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Small looks into the memory of a living process, for structures that tell
 * what a VMA is for. Never changes the target: only pages that are present
 * are read, because a read of a hole would fault one in. The contents are
 * hostile. The number of looks is bounded.
 */
#ifndef PW_INSPECT_TARGET_MEMORY_H
#define PW_INSPECT_TARGET_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "user/inspect/lock_meter.h"

struct pw_target_memory {
	uint32_t pid; /* 0: memory can't be read */
	int pagemap; /* the caller's; -1: memory can't be read */
	struct pw_lock_meter *meter;
	uint32_t budget; /* looks left */
	uint64_t page_size;
};

/*
 * Reads [address, address + size), at most 2 pages. 0; -ENODATA: a page is not
 * present; -EPERM: not allowed (sticks: later calls fail at once); -EDQUOT: the
 * budget is used up; -EFAULT, -ESRCH.
 */
int pw_target_read(struct pw_target_memory *m, uint64_t address, void *out, size_t size);
/*
 * The first two words of each page that is present in [start, start + pages *
 * page_size), at most PW_TARGET_PAGES; *ret_present has a bit for each. Costs
 * one look. 0 or as above.
 */
#define PW_TARGET_PAGES 64u
int pw_target_read_heads(struct pw_target_memory *m, uint64_t start, unsigned int pages,
			 uint64_t heads[PW_TARGET_PAGES][2], uint64_t *ret_present);
static inline bool pw_target_readable(const struct pw_target_memory *m)
{
	return m->pid != 0 && m->pagemap >= 0 && m->budget > 0;
}

#endif
