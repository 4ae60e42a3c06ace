/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * All drift between the kernels we run on (6.1 to 7.x) that CO-RE can bridge.
 * A type with a ___suffix is a kernel's flavour of the type before it; the
 * loader picks by what the running kernel's BTF has.
 */
#ifndef PW_CORE_COMPAT_BPF_H
#define PW_CORE_COMPAT_BPF_H

#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

#include "bpf/slot.h"

/* A subprogram that a header offers: verified once per object, not per call. */
#define PW_SUBPROG static __noinline __attribute__((unused))

/* include/linux/sched.h; visible in /proc/PID/stat, so it does not move */
#define PW_PF_KTHREAD 0x00200000u

/* enum of mm/'s counters: MM_FILEPAGES, MM_ANONPAGES, MM_SWAPENTS, MM_SHMEMPAGES since 4.5 */
#define PW_MM_FILEPAGES 0
#define PW_MM_ANONPAGES 1
#define PW_MM_SWAPENTS 2
#define PW_MM_SHMEMPAGES 3
#define PW_MM_COUNTERS 4

/* f1a7941243c1 ("mm: convert mm's rss stats into percpu_counter"), 6.2 */
struct percpu_counter___pw {
	s64 count;
	s32 *counters;
} __attribute__((preserve_access_index));

struct mm_struct___percpu {
	struct percpu_counter___pw rss_stat[PW_MM_COUNTERS];
} __attribute__((preserve_access_index));

/* before it: one atomic per kind, and a cache of up to 64 in each task */
struct mm_rss_stat___atomic {
	atomic_long_t count[PW_MM_COUNTERS];
} __attribute__((preserve_access_index));

struct mm_struct___atomic {
	struct mm_rss_stat___atomic rss_stat;
} __attribute__((preserve_access_index));

struct task_rss_stat___cache {
	int count[PW_MM_COUNTERS];
} __attribute__((preserve_access_index));

struct task_struct___cache {
	struct task_rss_stat___cache rss_stat;
} __attribute__((preserve_access_index));

/* syscr and syscw hang on CONFIG_TASK_XACCT */
struct task_io_accounting___calls {
	u64 syscr;
	u64 syscw;
} __attribute__((preserve_access_index));

struct task_struct___io {
	struct task_io_accounting___calls ioac;
} __attribute__((preserve_access_index));

struct signal_struct___io {
	struct task_io_accounting___calls ioac;
} __attribute__((preserve_access_index));

/* A tail page of a large folio points to its head, with bit 0 set. */
struct page___head {
	unsigned long compound_head;
} __attribute__((preserve_access_index));

struct folio___object {
	void *mapping;
} __attribute__((preserve_access_index));

/* What the page at this address maps: an anon_vma or a file's address_space; 0: not known. */
static __always_inline u64 pw_page_object(u64 page)
{
	struct page___head *p = (void *)page;
	struct folio___object *folio = (void *)page;
	u64 head;

	if (!bpf_core_field_exists(p->compound_head) || !bpf_core_field_exists(folio->mapping))
		return 0;
	head = BPF_CORE_READ(p, compound_head);
	if (head & 1)
		folio = (void *)(head - 1);
	return (u64)BPF_CORE_READ(folio, mapping);
}

/* owner hangs on CONFIG_MEMCG */
struct mm_struct___owner {
	struct task_struct *owner;
} __attribute__((preserve_access_index));

static __always_inline struct task_struct *pw_mm_owner(struct mm_struct *mm)
{
	struct mm_struct___owner *m = (void *)mm;

	if (!bpf_core_field_exists(m->owner))
		return NULL;
	return BPF_CORE_READ(m, owner);
}

/* Inside execve(2) or execveat(2), where a vfork child builds an address space of its own. */
static __always_inline bool pw_in_execve(struct task_struct *task)
{
	struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs(task);
	u64 nr = regs->orig_ax;

	/* x86-64, x32, and i386's numbers (not told apart: a miss costs a few pages) */
	return nr == 59 || nr == 322 || (nr & ~0x40000000ull) == 520 ||
	       (nr & ~0x40000000ull) == 545 || nr == 11 || nr == 358;
}

/*
 * x86's encodings (arch/x86/include/asm/pgtable_64.h). A migration entry is a
 * swap entry whose offset, stored inverted since 2f22b4cd45b6 (L1TF), is the
 * PFN with flags above it; a PTE without _PAGE_PRESENT is inverted too (6b28baca9b1f).
 * Memory encryption's bit lies above the PFNs as well.
 */
#define PW_PFN_MASK ((1ull << 34) - 1)
#define PW_PAGE_SHIFT 12
#define PW_PTE_PRESENT 1ull
#define PW_SWAP_TYPE_BITS 5
#define PW_SWAP_OFFSET_SHIFT 14

static __always_inline u64 pw_swap_pfn(u64 pte)
{
	return (~pte << PW_SWAP_TYPE_BITS >> PW_SWAP_OFFSET_SHIFT) & PW_PFN_MASK;
}

static __always_inline u64 pw_present_pfn(u64 pte)
{
	if (!(pte & PW_PTE_PRESENT))
		pte = ~pte;
	return (pte >> PW_PAGE_SHIFT) & PW_PFN_MASK;
}

#endif /* PW_CORE_COMPAT_BPF_H */
