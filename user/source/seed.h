/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pages that were touched before the ledger was there: each running process's
 * page table is read once, and its sampled pages are entered for it. Whoever
 * comes first gets a page that forks share, so the caller goes by start time.
 *
 * The ledger is live meanwhile. An entry is put only where there is none, and
 * the page table is read again afterwards: what is not mapped any more is
 * taken out, unless its free was already counted.
 */
#ifndef PW_SOURCE_SEED_H
#define PW_SOURCE_SEED_H

#include <stdint.h>

#include "kmod/uapi/pagewarden.h"
#include "user/base/procfs.h"

struct pw_seed {
	const struct pw_procfs *fs;
	uint64_t *ledger; /* shared with the kernel */
	uint32_t sample_shift;
	uint64_t max_pfn;
	uint64_t until_ns; /* CLOCK_BOOTTIME; then it stops */
	/* private */
	int kpageflags;
	uint64_t *before, *after; /* page table entries, one chunk */
	uint32_t *put; /* indices of the chunk's pages that were entered */
	struct pw_seed_range *ranges;
	size_t ranges_size;
};

/* 0; -EACCES, -ENOENT where /proc/kpageflags can't be read. */
int pw_seed_init(struct pw_seed *s);
void pw_seed_deinit(struct pw_seed *s);

/*
 * Enters the pages of one process under this entry; ret_pages is the number of
 * sampled pages entered, valid on failure too. 0; -ESRCH: gone; -ETIME: the
 * time was over; -EFBIG: an address space too sparse to read without
 * PAGEMAP_SCAN; another -errno.
 */
int pw_seed_process(struct pw_seed *s, const struct pw_key *key, uint64_t entry, uint64_t *ret_pages);

#endif
