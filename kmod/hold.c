// SPDX-License-Identifier: GPL-2.0-only
/*
 * `pins` has, by page frame, how many pins of ours a page has and whether it is to
 * be wiped when the last one goes. A folio that is pinned is neither split nor
 * freed. pins_lock (a mutex) serialises changes; nothing but memory is taken
 * under it. Readers need none: the xarray is read under RCU.
 */
#include <linux/highmem.h>
#include <linux/mm.h>
#include <linux/mmap_lock.h>
#include <linux/mutex.h>
#include <linux/xarray.h>

#include "compat.h"
#include "hold.h"

#define CHUNK_PAGES 512ul /* pinned under one hold of mmap_lock */

static struct xarray pins = XARRAY_INIT(pins, XA_FLAGS_ACCOUNT);
static DEFINE_MUTEX(pins_lock);

#define WIPE 1ul /* in an entry, beside the count */
#define ONE 2ul

static unsigned long pins_of(unsigned long pfn)
{
	void *entry = xa_load(&pins, pfn);

	return entry ? xa_to_value(entry) : 0;
}

static int pins_add(struct page *page)
{
	unsigned long pfn = page_to_pfn(page);
	int err;

	mutex_lock(&pins_lock);
	err = xa_err(xa_store(&pins, pfn, xa_mk_value(pins_of(pfn) + ONE), GFP_KERNEL));
	mutex_unlock(&pins_lock);
	return err;
}

/* True: it was the last one of a page that is to be wiped. */
static bool pins_remove(struct page *page, bool wipe)
{
	unsigned long pfn = page_to_pfn(page);
	unsigned long pin;
	bool last;

	mutex_lock(&pins_lock);
	pin = (pins_of(pfn) - ONE) | (wipe ? WIPE : 0);
	last = pin < ONE;
	if (last)
		xa_erase(&pins, pfn);
	else
		xa_store(&pins, pfn, xa_mk_value(pin), GFP_NOWAIT); /* replaces one: no memory */
	mutex_unlock(&pins_lock);
	return last && pin & WIPE;
}

int pw_hold_refs(struct folio *folio)
{
	unsigned long first = folio_pfn(folio), pfn, count = 0;
	void *entry;

	if (!folio_test_large(folio))
		return pins_of(first) / ONE * GUP_PIN_COUNTING_BIAS;
	xa_for_each_range(&pins, pfn, entry, first, first + folio_nr_pages(folio) - 1)
		count += xa_to_value(entry) / ONE;
	return count;
}

/* Counted to the last: a pin that is not counted looks like a stranger, and only for a moment. */
void pw_hold_release(struct page *page, bool wipe)
{
	if (pins_remove(page, wipe))
		clear_highpage(page);
	unpin_user_page(page);
}

static long pin_chunk(struct mm_struct *mm, unsigned long start, unsigned long count,
		      struct page **pages)
{
	long got, i;

	if (mmap_read_lock_killable(mm))
		return -EINTR;
	got = pw_pin_user_pages_remote(mm, start, count, FOLL_WRITE | FOLL_LONGTERM, pages);
	mmap_read_unlock(mm);
	if (got <= 0)
		return got ? got : -EFAULT;
	for (i = 0; i < got; i++) {
		if (!pins_add(pages[i]))
			continue;
		while (i > 0)
			pins_remove(pages[--i], false);
		unpin_user_pages(pages, got);
		return -ENOMEM;
	}
	return got;
}

int pw_hold_pages(struct mm_struct *mm, unsigned long start, unsigned long count, struct page **pages)
{
	unsigned long done = 0;

	while (done < count) {
		long got = pin_chunk(mm, start + done * PAGE_SIZE, min(count - done, CHUNK_PAGES),
				     pages + done);

		if (got < 0) {
			while (done > 0)
				pw_hold_release(pages[--done], false);
			return got;
		}
		done += got;
		cond_resched();
	}
	return 0;
}
