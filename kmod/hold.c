// SPDX-License-Identifier: GPL-2.0-only
/*
 * `pins` counts our pins by the number of the folio's first page. A folio that
 * is pinned is neither split nor freed, so the number stays right. pins_lock (a
 * mutex) serialises its changes; nothing but memory is taken under it. Readers
 * need none: the xarray is read under RCU.
 */
#include <linux/mm.h>
#include <linux/mmap_lock.h>
#include <linux/mutex.h>
#include <linux/xarray.h>

#include "compat.h"
#include "hold.h"

#define CHUNK_PAGES 512ul /* pinned under one hold of mmap_lock */

static struct xarray pins = XARRAY_INIT(pins, XA_FLAGS_ACCOUNT);
static DEFINE_MUTEX(pins_lock);

static unsigned long pins_of(unsigned long pfn)
{
	void *entry = xa_load(&pins, pfn);

	return entry ? xa_to_value(entry) : 0;
}

static int pins_add(struct page *page)
{
	unsigned long pfn = folio_pfn(page_folio(page));
	int err;

	mutex_lock(&pins_lock);
	err = xa_err(xa_store(&pins, pfn, xa_mk_value(pins_of(pfn) + 1), GFP_KERNEL));
	mutex_unlock(&pins_lock);
	return err;
}

static void pins_remove(struct page *page)
{
	unsigned long pfn = folio_pfn(page_folio(page));
	unsigned long count;

	mutex_lock(&pins_lock);
	count = pins_of(pfn);
	if (count > 1)
		xa_store(&pins, pfn, xa_mk_value(count - 1), GFP_NOWAIT); /* replaces: allocates nothing */
	else
		xa_erase(&pins, pfn);
	mutex_unlock(&pins_lock);
}

int pw_hold_refs(struct folio *folio)
{
	unsigned long count = pins_of(folio_pfn(folio));

	return folio_test_large(folio) ? count : count * GUP_PIN_COUNTING_BIAS;
}

void pw_hold_release(struct page *page)
{
	/* In this order: a pin that is not counted looks like a stranger, and one counted too often hides one. */
	pins_remove(page);
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
			pins_remove(pages[--i]);
		unpin_user_pages(pages, got);
		return -ENOMEM;
	}
	return got;
}

int pw_hold_pages(struct mm_struct *mm, unsigned long start, unsigned long count,
		  struct page **pages)
{
	unsigned long done = 0;

	while (done < count) {
		long got = pin_chunk(mm, start + done * PAGE_SIZE, min(count - done, CHUNK_PAGES),
				     pages + done);

		if (got < 0) {
			while (done > 0)
				pw_hold_release(pages[--done]);
			return got;
		}
		done += got;
		cond_resched();
	}
	return 0;
}
