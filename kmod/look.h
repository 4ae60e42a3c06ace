/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Looking at one page: what is at an address, what is in a page, and who else
 * has it. Decides nothing and remembers nothing but which references are ours.
 */
#ifndef PW_LOOK_H
#define PW_LOOK_H

#include <linux/mm_types.h>
#include <linux/types.h>

/* What a page table has for an address. */
enum pw_place {
	PW_PLACE_NONE, /* nothing, or the page of zeroes that belongs to nobody */
	PW_PLACE_PAGE,
	PW_PLACE_MOVING, /* a page on its way to another place (migration) */
	PW_PLACE_SWAP,
	PW_PLACE_DEVICE, /* a page that may not be read, or no page at all */
	PW_PLACE_BUSY, /* it changed as fast as it was read */
};

/*
 * PAGE and MOVING come with a reference to *ret; the others leave NULL there.
 * The caller has a right to walk this part of the page tables: it holds
 * mmap_lock and has seen a VMA there, or is a notifier's callback for a range
 * with that address (who makes the call keeps the tables as they are). Disables
 * interrupts for the walk; never sleeps.
 */
enum pw_place pw_look_up(struct mm_struct *mm, unsigned long address, struct page **ret);

/* Whether one entry, of a PMD, maps a huge page there; as pw_look_up(). */
bool pw_look_huge(struct mm_struct *mm, unsigned long address);

/* What was in a part of a page. */
struct pw_contents {
	u32 dirty_bytes; /* not 0 */
	u32 first_dirty; /* offset in the page, where there is one */
	u32 reason; /* enum pw_unseen_reason: not NONE: could not be read */
};

/* Bytes [from, to) of a page that the caller has a reference to. Never sleeps. */
void pw_look_into(struct page *page, unsigned int from, unsigned int to, struct pw_contents *ret);

/*
 * References beyond those that are accounted for: by mappings, by caches, by our
 * own pins (hold.h) and references (below), and, as long as the folio waits in a
 * CPU's batch to join the LRU list, by that batch. Above 0: somebody else has
 * the folio, or had it just now and needs a moment (or pw_look_drain()) to let go.
 */
int pw_look_strangers(struct folio *folio);

/* One reference of ours to a page, so that two watches don't take each other for strangers. */
struct pw_ref {
	struct hlist_node node;
	struct page *page; /* NULL: none */
};

/* Takes over a reference that the caller has; the _put gives it back. Never sleep. */
void pw_ref_keep(struct pw_ref *ref, struct page *page);
void pw_ref_put(struct pw_ref *ref); /* takes an empty one */

/* Pages that wait in the CPUs' batches go where they belong. Sleeps. */
void pw_look_drain(void);

int pw_look_init(void);
void pw_look_exit(void);

#endif /* PW_LOOK_H */
