/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Strays: sampled contents that migration moved to a PFN that is not sampled.
 * Contents keep their sample, or compaction would thin out the ledger; so
 * these few live in a hash. A bit per PFN guards it, and the global count
 * guards the bits, so that a machine without strays pays one cached load.
 */
#ifndef PW_STRAY_BPF_H
#define PW_STRAY_BPF_H

#include "bpf/ledger.bpf.h"

extern __u64 stray_count;

static __always_inline u64 *pw_stray_word(u64 pfn)
{
	u32 index = pfn >> 6;

	return bpf_map_lookup_elem(&stray_bits, &index);
}

PW_SUBPROG u64 pw_stray_peek(u64 pfn)
{
	u64 *word = pw_stray_word(pfn);
	u64 *entry;

	if (!word || !(*word & 1ull << (pfn & 63)))
		return 0;
	entry = bpf_map_lookup_elem(&strays, &pfn);
	return entry ? *entry : 0;
}

/* Takes the stray out and returns its entry; 0: none here. */
PW_SUBPROG u64 pw_stray_take(u64 pfn)
{
	u64 entry = pw_stray_peek(pfn);
	u64 *word;

	if (!entry || bpf_map_delete_elem(&strays, &pfn))
		return 0;
	word = pw_stray_word(pfn);
	if (word)
		__sync_fetch_and_and(word, ~(1ull << (pfn & 63)));
	__sync_fetch_and_add(&stray_count, -1);
	return entry;
}

static __always_inline void pw_stray_put(u64 pfn, u64 entry)
{
	u64 *word = pw_stray_word(pfn);

	if (!word || bpf_map_update_elem(&strays, &pfn, &entry, BPF_NOEXIST)) {
		pw_count_loss(PW_LOSS_STRAYS_FULL);
		pw_credit_free(entry);
		return;
	}
	__sync_fetch_and_or(word, 1ull << (pfn & 63));
	__sync_fetch_and_add(&stray_count, 1);
}

static long pw_stray_free_one(u32 i, u64 *pfn)
{
	u64 entry = pw_stray_take(*pfn + i);

	if (entry)
		pw_credit_free(entry);
	return 0;
}

static long pw_stray_free_word(u32 i, u64 *pfn)
{
	u64 first = *pfn + i * 64ull;
	u64 *word = pw_stray_word(first);

	if (word && *word)
		bpf_loop(64, pw_stray_free_one, &first, 0);
	return 0;
}

/* [pfn, pfn + 2^order) is free. */
PW_SUBPROG int pw_stray_free(u64 pfn, u32 order)
{
	u64 *word = pw_stray_word(pfn);
	u64 mask;

	if (order >= 6) {
		bpf_loop(1u << ((order - 6) & 31), pw_stray_free_word, &pfn, 0);
		return 0;
	}
	mask = ((1ull << (1u << order)) - 1) << (pfn & 63);
	if (word && (*word & mask))
		bpf_loop(1u << order, pw_stray_free_one, &pfn, 0);
	return 0;
}

#endif /* PW_STRAY_BPF_H */
