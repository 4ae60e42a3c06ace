/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One operation on a watched range, from the notifier's callback, which notes
 * what is there before it, until it is known what it did and that is told.
 *
 * Most operations are alike for all their pages, so not each page is remembered:
 * `groups` count the plain ones by what they hold, and `entries` remember some of
 * them, by whose fate the group's is known, and those that may have a fate of
 * their own (shared, or somebody else has them).
 */
#ifndef PW_OP_H
#define PW_OP_H

#include <linux/list.h>
#include <linux/sched.h>
#include <linux/types.h>

#include "look.h"
#include "watch.h"

enum pw_op_kind {
	PW_OP_ZAP, /* a range is unmapped or cleared, by whoever has the right to */
	PW_OP_MOVE, /* a folio is taken away under its lock: reclaim, migration */
	PW_OP_FORK,
	PW_OP_EXIT,
};

enum pw_fate {
	PW_FATE_OPEN = 0, /* not known yet */
	PW_FATE_STAYED, /* where it was: the operation was none for this page */
	PW_FATE_GONE, /* nobody has it; what it held, counts */
	PW_FATE_MAPPED,
	PW_FATE_COPIED,
	PW_FATE_SWAPPED,
	PW_FATE_HELD,
	PW_FATE_UNKNOWN, /* BUSY */
};

/* How long it is waited, and for what. */
enum pw_patience {
	PW_WAIT, /* for anything that may be over soon */
	PW_WAIT_FOR_LOCK, /* for mmap_lock alone; else guessed on the safe side */
	PW_WAIT_NO_MORE,
};

enum pw_page_kind { PW_PAGE_ANON, PW_PAGE_FILE, PW_PAGE_KINDS };

struct pw_entry {
	struct pw_ref ref; /* empty where a reference would keep the page from moving */
	unsigned long pfn; /* says which page it was */
	u32 index; /* of the page in the range */
	u32 dirty_bytes; /* before the operation */
	u32 first_dirty;
	u16 mapcount;
	u8 kind; /* enum pw_page_kind */
	u8 fate; /* enum pw_fate; under the watch's lock */
	bool lazy; /* not for swap: MADV_FREE gave it up before, or a file on disk has it */
	bool wanted; /* somebody else had a reference, or it was mapped elsewhere */
	bool left; /* seen afterwards: it is not in its place any more, */
	bool replaced; /* and another page is */
};

struct pw_group {
	u64 clean;
	u64 dirty;
	u64 dirty_bytes;
	u64 first_dirty; /* address */
};

struct pw_op {
	struct list_head link; /* in pw_watch.ops */
	enum pw_op_kind kind;
	u32 cause; /* as far as it is known before: enum pw_secret_cause */
	u32 tid;
	u64 serial; /* of the watch's operations */
	bool again; /* tried before, in vain: without references to huge pages */
	bool sealed; /* being looked at: no neighbour joins it any more */
	bool over; /* its callers have done what they were about to do */
	unsigned long begin; /* the whole of it, as addresses */
	unsigned long end;
	unsigned long from; /* what it is about of the range, in pages */
	unsigned long to;
	u64 deadline_ns; /* what is open then, is guessed on the safe side; 0: not looked at yet */
	s64 pending;
	unsigned long slots; /* held pages that wait for it */
	struct pw_counts counts; /* of pages whose fate is known */
	u64 in_swap; /* pages that were there already, */
	u32 swap_index; /* the first of which tells whether they went: */
	bool swap_known;
	bool swap_stayed;
	struct pw_group groups[PW_PAGE_KINDS];
	struct pw_group wanted; /* like entries that are, when there was no more room for them */
	u32 samples[PW_PAGE_KINDS];
	u32 room;
	u32 used;
	struct pw_entry entries[];
};

/* Who calls; 0: a kernel thread. */
static inline u32 pw_current_tid(void)
{
	return current->flags & PF_KTHREAD ? 0 : task_pid_nr(current);
}

/* note.c: in callbacks */
struct pw_op *pw_op_alloc(enum pw_op_kind kind, unsigned long pages, gfp_t gfp);
void pw_op_free(struct pw_op *op); /* takes NULL; gives back references */
extern const struct mmu_interval_notifier_ops pw_note_ops;

/* observe.c: in callbacks. Notes what operations on these pages left. */
void pw_observe(struct pw_watch *w, unsigned long from, unsigned long to);
/* This one only splits a huge page, or its mapping, for one that is noted. `moves`: with a locked folio. */
bool pw_observe_split(struct pw_watch *w, const struct mmu_notifier_range *range, bool moves);
/* This one, a ZAP, is tried again and again, maybe because somebody has a reference. */
bool pw_observe_again(struct pw_watch *w, const struct pw_op *op);
/* ... no more: something went, or there was nothing to go. */
void pw_observe_done(struct pw_watch *w);

/*
 * fate.c: under w->resolve. What became of the operation's pages; true: all is
 * known, and was told. `alive`: mm_users is held. What isn't known: see patience.
 */
bool pw_fate_tell(struct pw_watch *w, struct pw_op *op, bool alive, enum pw_patience patience);
/*
 * What is at a page's address now; BUSY: mmap_lock was not to be had. `hole`: what
 * to say where nothing is mapped: munmap takes the VMA away before the callback
 * comes and the pages go. mm_users is held.
 */
enum pw_place pw_fate_look(struct pw_watch *w, unsigned long index, enum pw_place hole,
			   struct page **page);
/* Counts a page as it is in its place. */
void pw_fate_count(struct pw_watch *w, struct pw_counts *counts, unsigned long index,
		   struct page *page);
/* Counts a held page: in its place, or gone without having been noted; false: it is none. */
bool pw_fate_count_held(struct pw_watch *w, struct pw_counts *counts, unsigned long index);
/* Lets go of what is held. */
void pw_fate_release(struct pw_watch *w);

/*
 * round.c: under w->resolve. Finds out and tells, until nothing is left that had
 * been noted at the call.
 */
void pw_round_drain(struct pw_watch *w);
/*
 * The last look at what is still there; makes the watch deaf at the same moment.
 * -ESRCH: its address space goes just now, and will be noted or has been.
 */
int pw_round_last_look(struct pw_watch *w, struct pw_counts *ret);

#endif /* PW_OP_H */
