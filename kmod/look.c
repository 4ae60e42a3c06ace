// SPDX-License-Identifier: GPL-2.0-only
/*
 * Locking: refs_lock protects the table of our references; a leaf, taken under
 * any other lock of the module. drain_lock (a mutex) is held for one round over
 * all CPUs and taken under a watch's `resolve`.
 */
#include <linux/bitops.h>
#include <linux/cpu.h>
#include <linux/hashtable.h>
#include <linux/highmem.h>
#include <linux/ktime.h>
#include <linux/magic.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/page-flags.h>
#include <linux/pgtable.h>
#include <linux/spinlock.h>
#include <linux/uaccess.h>
#include <linux/workqueue.h>

#include "compat.h"
#include "hold.h"
#include "look.h"
#include "uapi/pagewarden.h"

#define WALK_TRIES 64
#define DRAIN_PAUSE_NS (2 * NSEC_PER_MSEC)

static DEFINE_HASHTABLE(refs, 10);
static DEFINE_SPINLOCK(refs_lock);

/* ---- at an address ---------------------------------------------------------------- */

/* A leaf of the tree: where its entry is, so that it can be read again. */
struct leaf {
	enum pw_place place;
	unsigned long pfn;
	pte_t *ptep; /* or */
	pmd_t *pmdp;
	pte_t pte;
	pmd_t pmd;
};

static void place_leaf(struct leaf *leaf, enum pw_leaf kind)
{
	static const enum pw_place places[] = {
		[PW_LEAF_NONE] = PW_PLACE_NONE,
		[PW_LEAF_SWAP] = PW_PLACE_SWAP,
		[PW_LEAF_MIGRATION] = PW_PLACE_MOVING,
		[PW_LEAF_OTHER] = PW_PLACE_DEVICE,
	};

	leaf->place = places[kind];
}

static void place_pmd(struct leaf *leaf, unsigned long address)
{
	unsigned long page = (address & ~PMD_MASK) >> PAGE_SHIFT;

	if (!pmd_present(leaf->pmd)) {
		place_leaf(leaf, pw_leaf_of_pmd(leaf->pmd, &leaf->pfn));
		/* The entry names the first page; some kernels name the very page. */
		leaf->pfn = (leaf->pfn & ~((PMD_SIZE >> PAGE_SHIFT) - 1)) + page;
		return;
	}
	leaf->place = PW_PLACE_PAGE;
	leaf->pfn = pmd_pfn(leaf->pmd) + page;
}

static void place_pte(struct leaf *leaf)
{
	if (pte_none(leaf->pte))
		return;
	if (!pte_present(leaf->pte)) {
		place_leaf(leaf, pw_leaf_of_pte(leaf->pte, &leaf->pfn));
		return;
	}
	leaf->pfn = pte_pfn(leaf->pte);
	if (is_zero_pfn(leaf->pfn))
		return;
	leaf->place = pte_special(leaf->pte) ? PW_PLACE_DEVICE : PW_PLACE_PAGE;
}

/* As the lockless GUP does: each level is read once, with interrupts off. */
static void walk(struct mm_struct *mm, unsigned long address, struct leaf *leaf)
{
	pgd_t *pgdp = pgd_offset(mm, address);
	pgd_t pgd = READ_ONCE(*pgdp);
	p4d_t *p4dp, p4d;
	pud_t *pudp, pud;

	*leaf = (struct leaf){ .place = PW_PLACE_NONE };
	if (pgd_none(pgd) || pgd_bad(pgd))
		return;
	p4dp = p4d_offset_lockless(pgdp, pgd, address);
	p4d = READ_ONCE(*p4dp);
	if (p4d_none(p4d) || p4d_bad(p4d))
		return;
	pudp = pud_offset_lockless(p4dp, p4d, address);
	pud = READ_ONCE(*pudp);
	if (pud_none(pud))
		return;
	if (!pud_present(pud) || pud_leaf(pud)) {
		leaf->place = PW_PLACE_DEVICE;
		return;
	}
	leaf->pmdp = pmd_offset_lockless(pudp, pud, address);
	leaf->pmd = READ_ONCE(*leaf->pmdp);
	if (pmd_none(leaf->pmd))
		return;
	if (!pmd_present(leaf->pmd) || pmd_leaf(leaf->pmd)) {
		place_pmd(leaf, address);
		return;
	}
	leaf->ptep = pte_offset_kernel(&leaf->pmd, address);
	leaf->pte = ptep_get_lockless(leaf->ptep);
	place_pte(leaf);
}

static bool same_still(const struct leaf *leaf)
{
	pmd_t pmd = READ_ONCE(*leaf->pmdp);

	if (pmd_val(pmd) != pmd_val(leaf->pmd))
		return false;
	return !leaf->ptep || pte_same(ptep_get_lockless(leaf->ptep), leaf->pte);
}

/* The page that a leaf names, with a reference; NULL: it went while we looked. */
static struct page *grab(const struct leaf *leaf)
{
	struct page *page = pfn_to_page(leaf->pfn);
	struct folio *folio = page_folio(page);

	if (!folio_try_get(folio))
		return NULL;
	if (folio == page_folio(page) && same_still(leaf))
		return page;
	folio_put(folio);
	return NULL;
}

enum pw_place pw_look_up(struct mm_struct *mm, unsigned long address, struct page **ret)
{
	struct page *page = NULL;
	struct leaf leaf;
	unsigned long irqs;
	int tries;

	*ret = NULL;
	for (tries = 0; tries < WALK_TRIES; tries++) {
		local_irq_save(irqs);
		walk(mm, address, &leaf);
		if (leaf.place == PW_PLACE_PAGE || leaf.place == PW_PLACE_MOVING) {
			/* hugetlb's are in no LRU list, and not given back to the kernel when they go. */
			if (!pfn_valid(leaf.pfn) || is_zone_device_page(pfn_to_page(leaf.pfn)) ||
			    PageHuge(pfn_to_page(leaf.pfn)))
				leaf.place = PW_PLACE_DEVICE;
			else
				page = grab(&leaf);
		}
		local_irq_restore(irqs);
		if (page || (leaf.place != PW_PLACE_PAGE && leaf.place != PW_PLACE_MOVING)) {
			*ret = page;
			return leaf.place;
		}
		cpu_relax();
	}
	return PW_PLACE_BUSY;
}

bool pw_look_huge(struct mm_struct *mm, unsigned long address)
{
	struct leaf leaf;
	unsigned long irqs;

	local_irq_save(irqs);
	walk(mm, address, &leaf);
	local_irq_restore(irqs);
	return leaf.place == PW_PLACE_PAGE && !leaf.ptep;
}

/* ---- in a page ---------------------------------------------------------------------- */

static bool is_secretmem(struct page *page)
{
	struct address_space *mapping = folio_mapping(page_folio(page));
	struct inode *host = mapping ? READ_ONCE(mapping->host) : NULL;

	return host && host->i_sb->s_magic == SECRETMEM_MAGIC;
}

/* Bytes of a word that are not 0. */
static unsigned int bytes_in(u64 word)
{
	word |= word >> 4;
	word |= word >> 2;
	word |= word >> 1;
	return hweight64(word & 0x0101010101010101ull);
}

static u32 count_dirty(const u8 *at, const u8 *end)
{
	u32 count = 0;

	for (; at < end && !IS_ALIGNED((unsigned long)at, sizeof(u64)); at++)
		count += READ_ONCE(*at) != 0;
	for (; at + sizeof(u64) <= end; at += sizeof(u64))
		count += bytes_in(READ_ONCE(*(const u64 *)at));
	for (; at < end; at++)
		count += READ_ONCE(*at) != 0;
	return count;
}

void pw_look_into(struct page *page, unsigned int from, unsigned int to, struct pw_contents *ret)
{
	const u8 *at, *first;
	u8 probe;

	*ret = (struct pw_contents){ .reason = PW_UNSEEN_DEVICE };
	if (PageHWPoison(page))
		return;
	at = kmap_local_page(page);
	/* Pages that even the kernel's own map has not: memfd_secret's. */
	if (copy_from_kernel_nofault(&probe, at + from, 1)) {
		ret->reason = is_secretmem(page) ? PW_UNSEEN_SECRETMEM : PW_UNSEEN_DEVICE;
	} else {
		ret->reason = PW_UNSEEN_NONE;
		first = memchr_inv(at + from, 0, to - from);
		if (first) {
			ret->first_dirty = first - at;
			/* Its owner may be clearing it at this very moment: what was seen counts. */
			ret->dirty_bytes = max(count_dirty(first, at + to), 1u);
		}
	}
	kunmap_local(at);
}

/* ---- who has it ------------------------------------------------------------------------ */

static struct hlist_head *refs_of(struct folio *folio)
{
	return &refs[hash_long(folio_pfn(folio), HASH_BITS(refs))];
}

void pw_ref_keep(struct pw_ref *ref, struct page *page)
{
	ref->page = page;
	spin_lock(&refs_lock);
	hlist_add_head(&ref->node, refs_of(page_folio(page)));
	spin_unlock(&refs_lock);
}

void pw_ref_put(struct pw_ref *ref)
{
	if (!ref->page)
		return;
	spin_lock(&refs_lock);
	hlist_del(&ref->node);
	spin_unlock(&refs_lock);
	put_page(ref->page);
	ref->page = NULL;
}

static int refs_count(struct folio *folio)
{
	struct pw_ref *ref;
	int count = 0;

	spin_lock(&refs_lock);
	hlist_for_each_entry(ref, refs_of(folio), node) count += page_folio(ref->page) == folio;
	spin_unlock(&refs_lock);
	return count;
}

int pw_look_strangers(struct folio *folio)
{
	int left = folio_ref_count(folio);

	left -= pw_folio_mapcount(folio);
	left -= pw_hold_refs(folio);
	left -= refs_count(folio);
	if (folio_test_swapcache(folio))
		left -= folio_nr_pages(folio);
	else if (!folio_test_anon(folio) && folio_mapping(folio))
		left -= folio_nr_pages(folio) + (folio_test_private(folio) ? 1 : 0);
	if (!folio_test_lru(folio))
		left--;
	return left;
}

/* ---- batches ------------------------------------------------------------------------------ */

static struct workqueue_struct *drain_queue;
static struct work_struct __percpu *drain_works;
static DEFINE_MUTEX(drain_lock);
static u64 drained_ns; /* drain_lock */

/*
 * Freed by the batch's release, which first empties this CPU's batches: the one
 * way to that which modules have.
 */
static void drain_this_cpu(struct work_struct *work)
{
	struct folio_batch batch;
	struct page *page = alloc_page(GFP_KERNEL);

	if (!page)
		return;
	folio_batch_init(&batch);
	folio_batch_add(&batch, page_folio(page));
	folio_batch_release(&batch);
}

void pw_look_drain(void)
{
	int cpu;

	mutex_lock(&drain_lock);
	if (ktime_get_ns() - drained_ns >= DRAIN_PAUSE_NS) {
		cpus_read_lock();
		for_each_online_cpu(cpu)
			queue_work_on(cpu, drain_queue, per_cpu_ptr(drain_works, cpu));
		for_each_online_cpu(cpu) flush_work(per_cpu_ptr(drain_works, cpu));
		cpus_read_unlock();
		drained_ns = ktime_get_ns();
	}
	mutex_unlock(&drain_lock);
}

int pw_look_init(void)
{
	int cpu;

	drain_works = alloc_percpu(struct work_struct);
	if (!drain_works)
		return -ENOMEM;
	for_each_possible_cpu(cpu) INIT_WORK(per_cpu_ptr(drain_works, cpu), drain_this_cpu);
	drain_queue = alloc_workqueue("pagewarden_lru", PW_WQ_PERCPU, 0);
	if (!drain_queue) {
		free_percpu(drain_works);
		return -ENOMEM;
	}
	return 0;
}

void pw_look_exit(void)
{
	destroy_workqueue(drain_queue);
	free_percpu(drain_works);
}
