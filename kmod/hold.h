/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Pages that the module pins, and how often: two watches may hold the same page,
 * and neither must take the other for somebody who keeps it.
 */
#ifndef PW_HOLD_H
#define PW_HOLD_H

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
void pw_hold_release(struct page *page); /* sleeps */

/* References that our pins are on this folio. Never sleeps. */
int pw_hold_refs(struct folio *folio);

#endif /* PW_HOLD_H */
