/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How much of each piece is resident, swapped and huge, from the page tables:
 * by PAGEMAP_SCAN where the kernel has it (6.7), else by reading pagemap. The
 * zero page counts as nothing, as in the kernel's own RSS. Hugetlb pages,
 * which the kernel's RSS leaves out, count as anonymous or shared memory.
 * Swapped shared memory leaves no trace in page tables: swap is of private
 * memory, as in VmSwap.
 */
#ifndef PW_INSPECT_RESIDENCY_H
#define PW_INSPECT_RESIDENCY_H

#include "user/inspect/layout.h"
#include "user/inspect/lock_meter.h"

struct pw_residency_input {
	int pagemap;
	uint64_t page_size;
	/*
	 * Dense memory may be asked for what is not resident, which is cheaper, but
	 * takes a VMA that went away since it was listed for resident.
	 */
	bool steady;
	bool swap_unused; /* nothing on this machine is swapped: such entries are in migration */
	struct pw_lock_meter *meter;
};

/* Adds to the pieces. 0; -EOPNOTSUPP: no PAGEMAP_SCAN here; another -errno. */
int pw_residency_scan(const struct pw_residency_input *in, struct pw_layout *l);
/*
 * The same by reading entries: 8 bytes for each page of address space, used or
 * not, and nothing about huge pages. -EFBIG: that would be too much to read.
 */
int pw_residency_read(const struct pw_residency_input *in, struct pw_layout *l);

#endif
