/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the BPF programs and user space share through mapped memory: the page
 * ledger's entries and one slot per process. Private to this build, unlike
 * kmod/uapi/pagewarden.h; both sides are always compiled together.
 *
 * Entry (u64) of a sampled page:
 *   bits 0..31   slot id; 0: the page belongs to nobody
 *   bits 32..63  birth, in units of 2^30 ns of CLOCK_BOOTTIME, as of the
 *                interval's begin
 *
 * Slot id (u32):
 *   bits 0..19   index of the slot + 1
 *   bits 20..31  generation, bumped when user space takes the slot back, so
 *                that pages of its former owner are recognised as stale
 *
 * A slot belongs to the BPF side from the moment its id is popped from
 * free_slots until user space, which saw the process end, takes it back.
 */
#ifndef PW_BPF_SLOT_H
#define PW_BPF_SLOT_H

#include "kmod/uapi/pagewarden.h"

#define PW_SLOT_INDEX_BITS 20
#define PW_SLOT_INDEX_MASK ((1u << PW_SLOT_INDEX_BITS) - 1)
#define PW_SLOTS_MAX (PW_SLOT_INDEX_MASK - 1)
#define PW_BIRTH_SHIFT 30

/* Where in its block of 2^shift pages the sampled page stands. */
static inline __u32 pw_sample_position(__u64 block, __u32 shift)
{
	return shift ? (__u32)((__u32)block * 0x9e3779b1u) >> (32 - shift) : 0;
}

static inline int pw_page_sampled(__u64 pfn, __u32 shift)
{
	return (pfn & ((1ull << shift) - 1)) == pw_sample_position(pfn >> shift, shift);
}

enum pw_slot_state {
	PW_SLOT_FREE = 0,
	PW_SLOT_USED = 1,
};

/* The kernel's rss_stat, in the order of the ABI. */
enum pw_rss { PW_RSS_ANON, PW_RSS_FILE, PW_RSS_SHMEM, PW_RSS_SWAP, PW_RSS_KINDS };

struct pw_slot {
	/* who; written by the creator before the slot is published */
	__u32 id;
	__u32 state; /* enum pw_slot_state */
	__u32 pid;
	__u32 parent_pid;
	__u64 start_ns;
	/* the ledger; atomic; in sampled pages, each worth sample_every */
	__u64 touched;
	__u64 freed;
	__u64 seeded; /* by user space */
	/* gross volumes; atomic */
	__u64 mmap_bytes;
	__u64 munmap_bytes;
	__u64 brk_grown_bytes;
	__u64 brk_shrunk_bytes;
	__u64 brk_seen; /* the last break that a brk call returned */
	/* the counters iterator's last pass over this process */
	__u32 pass;
	__u32 threads;
	__u32 uid;
	__u32 mm_pass; /* the pass in which the mm_* fields were filled */
	__u64 cgroup_id;
	__u64 minor_faults;
	__u64 major_faults;
	__u64 cpu_ns;
	__u64 vfork_child; /* borrows its parent's memory: the mm fields are 0 */
	__u64 rss[PW_RSS_KINDS];
	__u64 page_table_bytes;
	__u64 virtual_pages;
	__u64 data_pages;
	__u64 stack_pages;
	__u64 exec_pages;
	__u64 locked_pages;
	__u64 pinned_pages;
	__u64 brk_bytes;
	__u64 hiwater_rss_pages;
	__u64 map_count;
	__u8 comm[PW_COMM_LEN];
	/* what it holds beside memory; as of the pass resources_pass, not read before resources_due_ns */
	__u32 resources_pass;
	__u32 resources_flags; /* PW_RESOURCES_* */
	__u64 resources_due_ns;
	__u64 open_files;
	__u64 voluntary_switches;
	__u64 io_calls;
	__u64 limit_address_space_bytes;
	__u64 limit_data_bytes;
	__u64 limit_open_files;
};

_Static_assert(sizeof(struct pw_slot) % 8 == 0, "a slot is a whole number of u64");

/*
 * Pages under migration: what a thread took out of the page tables at one
 * address and will put back. The same address may occur in several address
 * spaces of one batch, for one page that forks share or for different ones.
 */
#define PW_MIGRATION_DEPTH 4

struct pw_migration_key {
	__u64 address;
	__u32 tid; /* of the thread that migrates */
	__u32 huge;
};

struct pw_migrating_page {
	__u64 pfn;
	__u64 entry;
	__u64 object; /* what it maps (anon_vma or file): goes along with the contents */
	__u64 moved_to; /* 0: not yet */
	__u64 mappings; /* still taken out */
};

struct pw_migration {
	__u64 born_ns; /* CLOCK_BOOTTIME; user space drops what nobody finished */
	__u64 count;
	struct pw_migrating_page page[PW_MIGRATION_DEPTH];
};

/* Per CPU; user space sums. */
struct pw_stats {
	__u64 events_tried;
	__u64 lost[PW_LOSS_CAUSES];
	__u64 stale_freed; /* sampled pages that left after their slot was taken back */
};

#endif /* PW_BPF_SLOT_H */
