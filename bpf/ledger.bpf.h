/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The page ledger's arithmetic. PFNs are cut into aligned blocks of
 * 2^sample_shift pages; one page of each block, at a position given by a hash
 * of the block's number, is sampled and has an entry. So the table is dense,
 * an unsampled page costs no memory access, alloc and free agree without any
 * state, and an allocation of at least a block's size is counted exactly.
 */
#ifndef PW_LEDGER_BPF_H
#define PW_LEDGER_BPF_H

#include "bpf/owner.bpf.h"

#define PW_ORDER_HUGE 9
#define PW_BLOCKS_MAX (1u << 18) /* of one allocation; bounds the loops */

/* Set by user space before the load. */
extern const volatile __u64 vmemmap_base;
extern const volatile __u32 page_shift; /* log2(sizeof(struct page)) */
extern const volatile __u64 max_pfn;
extern const volatile __u32 sample_shift;

static __always_inline u64 pw_pfn_of(u64 page)
{
	return (page - vmemmap_base) >> page_shift;
}

static __always_inline bool pw_sampled(u64 pfn)
{
	return pw_page_sampled(pfn, sample_shift);
}

/* Whether [pfn, pfn + 2^order), inside one block, holds its sampled page. */
static __always_inline bool pw_range_sampled(u64 pfn, u32 order)
{
	u64 mask = (1ull << sample_shift) - 1;
	u64 at = pw_sample_position(pfn >> sample_shift, sample_shift);

	return at - (pfn & mask) < (1ull << order);
}

static __always_inline u64 *pw_entry(u64 block)
{
	u32 index = block;

	return bpf_map_lookup_elem(&ledger, &index);
}

/* A sampled page of this entry has left: credit its process, if it still has its slot. */
PW_SUBPROG void pw_credit_free(u64 entry)
{
	u32 id = (u32)entry;
	struct pw_slot *slot = pw_slot_of(id);
	struct pw_stats *s;

	if (slot && slot->id == id) {
		__sync_fetch_and_add(&slot->freed, 1);
		return;
	}
	s = pw_stats();
	if (s)
		s->stale_freed++;
}

#endif /* PW_LEDGER_BPF_H */
