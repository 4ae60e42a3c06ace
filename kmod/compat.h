/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * All that differs between the kernels this module builds on (6.1 to 7.x), and
 * nothing else: each entry names the kernel commit that made the difference.
 */
#ifndef PW_COMPAT_H
#define PW_COMPAT_H

#include <linux/mm.h>
#include <linux/version.h>

/* 0b295316b3a9 and ca5e863233e8 (6.5) took the vmas parameter away. */
static inline long pw_pin_user_pages_remote(struct mm_struct *mm, unsigned long start,
					    unsigned long count, unsigned int flags,
					    struct page **pages)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 5, 0)
	return pin_user_pages_remote(mm, start, count, flags, pages, NULL, NULL);
#else
	return pin_user_pages_remote(mm, start, count, flags, pages, NULL);
#endif
}

static inline long pw_get_user_pages_remote(struct mm_struct *mm, unsigned long start,
					    unsigned long count, unsigned int flags,
					    struct page **pages)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 5, 0)
	return get_user_pages_remote(mm, start, count, flags, pages, NULL, NULL);
#else
	return get_user_pages_remote(mm, start, count, flags, pages, NULL);
#endif
}

/*
 * Whether more page tables than one have this page; the caller has a reference to
 * it. page_mapcount() went with f2f8a7a0d3d2 (6.11). Before 6.2 it alone knows of
 * pages that are mapped both ways.
 */
static inline bool pw_page_mapped_again(struct page *page)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 2, 0)
	return page_mapcount(page) > 1;
#else
	struct folio *folio = page_folio(page);

#ifdef CONFIG_NO_PAGE_MAPCOUNT
	if (folio_test_large(folio))
		return folio_maybe_mapped_shared(folio);
#endif
	return atomic_read(&page->_mapcount) + 1 +
		       (folio_test_large(folio) ? folio_entire_mapcount(folio) : 0) >
	       1;
#endif
}

/* bc292ab00f6c (6.3) made vm_flags read-only but for its functions. */
static inline void pw_vm_flags_set(struct vm_area_struct *vma, unsigned long flags)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 3, 0)
	vma->vm_flags |= flags;
#else
	vm_flags_set(vma, flags);
#endif
}

static inline void pw_vm_flags_clear(struct vm_area_struct *vma, unsigned long flags)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 3, 0)
	vma->vm_flags &= ~flags;
#else
	vm_flags_clear(vma, flags);
#endif
}

#endif /* PW_COMPAT_H */
