/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What glibc's malloc leaves in an address space besides the brk heap, on
 * 64-bit machines: the heaps of non-main arenas (64 MiB aligned, a header at
 * the start, a PROT_NONE reserve behind the used part) and the large chunks
 * that it maps one by one (a header at a page's start). Known by their
 * headers, which the target may forge: every size is checked against the VMA.
 */
#ifndef PW_INSPECT_GLIBC_HEAP_H
#define PW_INSPECT_GLIBC_HEAP_H

#include "user/inspect/target_memory.h"

#define PW_GLIBC_HEAP_MAX (64ull << 20)
#define PW_GLIBC_MMAP_MIN (128ull << 10) /* the smallest that it maps by default */

/*
 * The heap that starts at address, in a readable and writable VMA that ends at
 * end: its usable end goes to ret_end, its arena's address to ret_arena. 0;
 * -ENOENT: no heap; what pw_target_read returns when it can't be told.
 */
int pw_glibc_heap(struct pw_target_memory *m, uint64_t address, uint64_t end, uint64_t *ret_end,
		  uint64_t *ret_arena);
/* The end of the chunk at address, at most end. 0, -ENOENT, or as above. */
int pw_glibc_chunk(struct pw_target_memory *m, uint64_t address, uint64_t end, uint64_t *ret_end);
/*
 * The first chunk of at least PW_GLIBC_MMAP_MIN that starts in [start, limit)
 * and ends by end. 0, -ENOENT, or as above.
 */
int pw_glibc_find_chunk(struct pw_target_memory *m, uint64_t start, uint64_t limit, uint64_t end,
			uint64_t *ret_start);
/* Whether a thread's control block lies in the last 4 KiB below end, where glibc puts it. */
bool pw_glibc_stack_ends(struct pw_target_memory *m, uint64_t end);

#endif
