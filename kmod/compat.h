/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * All that differs between the kernels this module builds on (6.1 to 7.x), and
 * nothing else: each entry names the kernel commit that made the difference.
 */
#ifndef PW_COMPAT_H
#define PW_COMPAT_H

#include <linux/mm.h>
#include <linux/swap.h>
#include <linux/version.h>
#include <linux/workqueue.h>

/* pagevec.h became folio_batch.h in 7.1. */
#if __has_include("linux/folio_batch.h")
#include <linux/folio_batch.h>
#else
#include <linux/pagevec.h>
#endif

/*
 * What an entry of a page table that is not present stands for. 6.19 gave such
 * entries a type of their own: 68aa2fdbf57f ("mm: introduce leaf entry type and
 * use to simplify leaf entry logic").
 */
enum pw_leaf { PW_LEAF_NONE, PW_LEAF_SWAP, PW_LEAF_MIGRATION, PW_LEAF_OTHER };

#if __has_include("linux/leafops.h")
#include <linux/leafops.h>

static inline enum pw_leaf pw_leaf(softleaf_t entry, unsigned long *pfn)
{
	if (softleaf_is_swap(entry))
		return PW_LEAF_SWAP;
	if (softleaf_is_migration(entry)) {
		*pfn = softleaf_to_pfn(entry);
		return PW_LEAF_MIGRATION;
	}
	return softleaf_is_none(entry) || softleaf_is_marker(entry) ? PW_LEAF_NONE : PW_LEAF_OTHER;
}

static inline enum pw_leaf pw_leaf_of_pte(pte_t pte, unsigned long *pfn)
{
	return pw_leaf(softleaf_from_pte(pte), pfn);
}

static inline enum pw_leaf pw_leaf_of_pmd(pmd_t pmd, unsigned long *pfn)
{
	return pw_leaf(softleaf_from_pmd(pmd), pfn);
}
#else
#include <linux/swapops.h>

static inline enum pw_leaf pw_leaf_of_pte(pte_t pte, unsigned long *pfn)
{
	swp_entry_t entry = pte_to_swp_entry(pte);

	if (!non_swap_entry(entry))
		return PW_LEAF_SWAP;
	if (is_migration_entry(entry)) {
		*pfn = swp_offset_pfn(entry);
		return PW_LEAF_MIGRATION;
	}
	return is_pte_marker_entry(entry) ? PW_LEAF_NONE : PW_LEAF_OTHER;
}

static inline enum pw_leaf pw_leaf_of_pmd(pmd_t pmd, unsigned long *pfn)
{
	if (!is_pmd_migration_entry(pmd))
		return PW_LEAF_OTHER;
	*pfn = swp_offset_pfn(pmd_to_swp_entry(pmd));
	return PW_LEAF_MIGRATION;
}
#endif

/*
 * How often a folio is mapped in all. 6.10 counts it in one place, 05c5323b2a34
 * ("mm: track mapcount of large folios in single value"); before, the sum over
 * its pages was not exported. Up to 6.1 a folio that is mapped by a PMD and by
 * PTEs too has one more in each page: cb67f4282bf9 ("mm,thp,rmap: simplify
 * compound page mapcount handling").
 */
static inline bool pw_double_map(struct folio *folio)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 2, 0)
	return folio_test_large(folio) && folio_test_double_map(folio);
#else
	return false;
#endif
}

static inline int pw_entire_mapcount(struct folio *folio)
{
	return folio_test_large(folio) ? folio_entire_mapcount(folio) : 0;
}

static inline int pw_folio_mapcount(struct folio *folio)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 10, 0)
	long i, pages = folio_nr_pages(folio);
	int sum = pw_entire_mapcount(folio);

	for (i = 0; i < pages; i++)
		sum += atomic_read(&folio_page(folio, i)->_mapcount) + 1;
	if (pw_double_map(folio))
		sum -= pages;
	/* ... and a PMD's mapping of a file counted in each page as well. */
	if (LINUX_VERSION_CODE < KERNEL_VERSION(6, 2, 0) && !folio_test_anon(folio))
		sum -= pw_entire_mapcount(folio) * pages;
	return sum;
#else
	return folio_mapcount(folio);
#endif
}

/*
 * How often one page is mapped, by PTEs and by PMDs: page_mapcount() was not
 * exported, and went in 6.11. Kernels built with NO_PAGE_MAPCOUNT only know it
 * of the folio.
 */
static inline int pw_page_mapcount(struct page *page)
{
	struct folio *folio = page_folio(page);
	int count;

	if (IS_ENABLED(CONFIG_NO_PAGE_MAPCOUNT) && folio_test_large(folio))
		return pw_folio_mapcount(folio);
	count = atomic_read(&page->_mapcount) + 1;
	/* A page that is no user's (a type in place of the count): not mapped. */
	if (count < 0)
		count = 0;
	if (!folio_test_large(folio) ||
	    (LINUX_VERSION_CODE < KERNEL_VERSION(6, 2, 0) && !folio_test_anon(folio)))
		return count;
	return count + folio_entire_mapcount(folio) - (pw_double_map(folio) ? 1 : 0);
}

/* Whether more page tables than one have this page; the caller has a reference to it. */
static inline bool pw_page_mapped_again(struct page *page)
{
	return pw_page_mapcount(page) > 1;
}

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

/* 6.17 wants it said where work runs: 930c2ea566af ("workqueue: Add new WQ_PERCPU flag"). */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 17, 0)
#define PW_WQ_PERCPU 0
#else
#define PW_WQ_PERCPU WQ_PERCPU
#endif

#endif /* PW_COMPAT_H */
