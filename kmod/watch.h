/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Secret watches: PW_IOC_WATCH, UNWATCH and NEXT of pagewarden_dev.h.
 *
 * watch.c has their lives; note.c notes, in notifier callbacks, what is about to
 * happen to their pages; fate.c finds out what became of them, and round.c when.
 * The struct is theirs alone.
 */
#ifndef PW_WATCH_H
#define PW_WATCH_H

#include <linux/kref.h>
#include <linux/list.h>
#include <linux/mmu_notifier.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/workqueue.h>

#include "counts.h"
#include "uapi/pagewarden.h"

struct page;
struct pid;
struct pw_dev_info;
struct pw_file;
struct pw_op;
struct pw_user;

/* locking: see watch.c */
struct pw_watch {
	struct mmu_interval_notifier notifier;
	struct kref refs;
	struct work_struct work;

	/* set before it is published, constant then */
	u64 id;
	const struct pw_file *file; /* whose it is: compared, never followed */
	struct pw_user *user;
	struct pid *pid; /* of the thread group */
	struct mm_struct *mm; /* mm_count, by the notifier */
	unsigned long first; /* address of the first page */
	unsigned long pages;
	u64 since_ns;
	struct pw_secret base; /* of each record: who, which range, flags */
	u64 memory; /* bytes that it takes */

	atomic_t ending; /* whoever turns 0 into 1 ends it */

	struct mutex resolve; /* one at a time finds out, tells, or ends */
	bool finished; /* under resolve: the notifier is gone */

	spinlock_t lock; /* all below */
	bool armed; /* callbacks note; before, they only move the sequence on */
	bool deaf; /* the last look is taken: nothing is noted any more */
	bool gone; /* the address space is being torn down */
	bool unmapped; /* ... and its pages with it */
	u32 gone_cause; /* PW_CAUSE_EXIT or EXEC */
	u32 ops_count;
	u64 ops_serial; /* of the newest */
	struct pw_tried {
		u32 tid;
		u32 count; /* so often, and nothing went */
		unsigned long begin;
		unsigned long end;
	} tried; /* the newest ZAP: see pw_observe_again() */
	struct list_head ops; /* struct pw_op, oldest first */
	struct pw_op *exit_op; /* made in advance: an exit must be noted whatever happens */
	struct page **held; /* pinned, by page of the range; NULL array: not HOLD */
	struct pw_op **owner; /* what a held page waits for; NULL: it is in its place */
	unsigned long held_count;
	struct pw_counts total; /* of what was told as RELEASED */
};

/* A page's part that is watched: bytes [*from, *to) of page `index` of the range. */
static inline void pw_watch_part(const struct pw_watch *w, unsigned long index, unsigned int *from,
				 unsigned int *to)
{
	u64 address = w->first + index * PAGE_SIZE;

	*from = w->base.start > address ? w->base.start - address : 0;
	*to = w->base.end < address + PAGE_SIZE ? w->base.end - address : PAGE_SIZE;
}

/*
 * Sends a record about pages [from, to) of the range; RELEASED ones are added to
 * the watch's total. Takes w->lock; may be called wherever a callback runs.
 */
void pw_watch_tell(struct pw_watch *w, u32 event, u32 cause, unsigned long from, unsigned long to,
		   const struct pw_counts *counts, u32 tid);

/* To be looked at soon. Never sleeps. */
void pw_watch_kick(struct pw_watch *w);

/* Pages noted and not told yet (INFO's `pending`). */
void pw_watch_pending(s64 change);

/* That many of the watch's pages are held no more. */
void pw_watch_unheld(struct pw_watch *w, unsigned long pages);

/* ioctls; see device.c for what `arg` is */
int pw_watch_ioctl(struct pw_file *file, void *arg);
void pw_watch_undo(struct pw_file *file, void *arg);
int pw_unwatch_ioctl(struct pw_file *file, void *arg);
int pw_next_ioctl(struct pw_file *file, void *arg);

/* Ends all watches of a descriptor that is being closed. Sleeps until it is done. */
void pw_watch_close(struct pw_file *file);

void pw_watch_info(struct pw_dev_info *info);

int pw_watch_init(void);
void pw_watch_exit(void);

#endif /* PW_WATCH_H */
