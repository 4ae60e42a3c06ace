/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Pages that the module pins, and how often: two watches may hold the same page,
 * and neither must take the other for somebody who keeps it, or wipe what the
 * other has not looked at yet.
 */
#ifndef PW_HOLD_H
#define PW_HOLD_H

#include <linux/types.h>

struct folio;
struct mm_struct;
struct page;

/*
 * Brings in and pins `count` pages from `start` on, for as long as it takes.
 * `pages` must be the caller's alone: nobody may look at it before this returns.
 * 0; -EFAULT (not there, or not writable), -EINTR, -ENOMEM: then none is pinned.
 * The caller holds mm_users and no lock.
 */
int pw_hold_pages(struct mm_struct *mm, unsigned long start, unsigned long count,
		  struct page **pages);
/*
 * wipe: nobody but us has the page, and that can't change any more: it is to be
 * cleared when our last pin goes. Sleeps.
 */
void pw_hold_release(struct page *page, bool wipe);

/* References that our pins are on this folio. Never sleeps. */
int pw_hold_refs(struct folio *folio);

#endif /* PW_HOLD_H */
