// SPDX-License-Identifier: GPL-2.0-only
/*
 * Chunk by chunk under the mmap lock, taken for reading: that keeps fork, munmap
 * and mprotect out between the look at who shares a page and the end of its
 * wiping, so that a copy is either seen or does not exist. What comes between two
 * chunks meets pages that are wiped, or pages that are looked at later.
 *
 * A page is pinned for writing, which breaks COW as the process's own write
 * would, and brings it back from swap; filled with zeros through the kernel's map;
 * and read again as the page that the process's page table then points to.
 */
#include <linux/cgroup.h>
#include <linux/highmem.h>
#include <linux/magic.h>
#include <linux/mm.h>
#include <linux/pid.h>
#include <linux/pgtable.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/swap.h>
#include <linux/timekeeping.h>
#include <linux/uidgid.h>

#include "compat.h"
#include "event.h"
#include "look.h"
#include "target.h"
#include "wipe.h"
#include "uapi/pagewarden_dev.h"

#define CHUNK 64 /* pages: some 10 us of zeros */

/* What a page table has for an address. */
enum entry {
	ENTRY_NONE, /* nothing, or the page of zeros */
	ENTRY_SWAP, /* in swap, this process alone */
	ENTRY_SWAP_SHARED, /* in swap, perhaps another process's too */
	ENTRY_THERE, /* a page, or something that becomes one when it is asked for (migration) */
};

struct wiper {
	struct mm_struct *mm;
	unsigned long start, end; /* bytes */
	struct pw_dev_wipe *out;
	u64 dirty_bytes;
	/* of one chunk: */
	u8 before[CHUNK]; /* enum entry, and */
	unsigned long pfn_before[CHUNK]; /* where the contents were; 0: not known, or counted */
	/* of one run of it: */
	struct page *pages[CHUNK];
	u8 after[CHUNK];
	unsigned long pfn_after[CHUNK];
};

static void unreached(struct wiper *w, unsigned long from, unsigned long to, u32 reason)
{
	from = max(from, w->start);
	to = min(to, w->end);
	if (from >= to)
		return;
	w->out->unreached_bytes += to - from;
	if (w->out->first_unreached == PW_UNKNOWN) {
		w->out->first_unreached = from;
		w->out->reason = reason;
	}
}

/* ---- which memory ---------------------------------------------------------------- */

/* Shared memory of its own kind: /dev/zero, memfd, SysV. Not the files of a mounted tmpfs. */
static bool is_kernel_tmpfs(const struct super_block *sb)
{
	return sb->s_magic == TMPFS_MAGIC && (sb->s_flags & SB_KERNMOUNT);
}

static bool may_wipe(const struct vm_area_struct *vma)
{
	if (!(vma->vm_flags & VM_WRITE) || (vma->vm_flags & (VM_IO | VM_PFNMAP | VM_HUGETLB)))
		return false;
	if (!(vma->vm_flags & VM_SHARED))
		return true;
	return vma->vm_file && is_kernel_tmpfs(file_inode(vma->vm_file)->i_sb);
}

/* Nothing of the range is refused and nothing is missing: before anything is changed. */
static int check_range(const struct wiper *w)
{
	unsigned long at = w->start;
	int err = 0;

	if (mmap_read_lock_killable(w->mm))
		return -EINTR;
	while (at < w->end && !err) {
		const struct vm_area_struct *vma = find_vma(w->mm, at);

		if (!vma || vma->vm_start > at)
			err = -EFAULT;
		else if (!may_wipe(vma))
			err = -EOPNOTSUPP;
		else
			at = vma->vm_end;
		cond_resched();
	}
	mmap_read_unlock(w->mm);
	return err;
}

/* ---- what is there --------------------------------------------------------------- */

static enum entry entry_of_pte(pte_t pte, unsigned long *pfn)
{
	if (pte_none(pte))
		return ENTRY_NONE;
	if (pte_present(pte)) {
		*pfn = pte_pfn(pte);
		return is_zero_pfn(*pfn) ? ENTRY_NONE : ENTRY_THERE;
	}
	if (__swp_type(__pte_to_swp_entry(pte)) >= MAX_SWAPFILES)
		return ENTRY_THERE;
	return pte_swp_exclusive(pte) ? ENTRY_SWAP : ENTRY_SWAP_SHARED;
}

/* The page tables are not locked: as for gup_fast, they stay while interrupts are off. */
static enum entry entry_at(struct mm_struct *mm, unsigned long address, unsigned long *pfn)
{
	pgd_t *pgdp = pgd_offset(mm, address), pgd = READ_ONCE(*pgdp);
	p4d_t *p4dp, p4d;
	pud_t *pudp, pud;
	pmd_t *pmdp, pmd;

	lockdep_assert_irqs_disabled();
	*pfn = 0;
	if (pgd_none(pgd))
		return ENTRY_NONE;
	p4dp = p4d_offset(pgdp, address);
	p4d = READ_ONCE(*p4dp);
	if (p4d_none(p4d))
		return ENTRY_NONE;
	pudp = pud_offset(p4dp, address);
	pud = READ_ONCE(*pudp);
	if (pud_none(pud))
		return ENTRY_NONE;
	if (!pud_present(pud) || pud_leaf(pud))
		return ENTRY_THERE;
	pmdp = pmd_offset(pudp, address);
	pmd = READ_ONCE(*pmdp);
	if (pmd_none(pmd))
		return ENTRY_NONE;
	if (!pmd_present(pmd))
		return ENTRY_THERE;
	if (pmd_leaf(pmd)) {
		*pfn = pmd_pfn(pmd) + ((address & ~PMD_MASK) >> PAGE_SHIFT);
		return ENTRY_THERE;
	}
	return entry_of_pte(READ_ONCE(*pte_offset_kernel(&pmd, address)), pfn);
}

static void look(const struct wiper *w, unsigned long address, unsigned int count, u8 *entries,
		 unsigned long *pfns)
{
	unsigned long flags;
	unsigned int i;

	local_irq_save(flags);
	for (i = 0; i < count; i++)
		entries[i] = entry_at(w->mm, address + i * PAGE_SIZE, &pfns[i]);
	local_irq_restore(flags);
}

/* ---- wiping ---------------------------------------------------------------------- */

/*
 * The page as it is now, with a reference. One that is there is taken as it is:
 * get_user_pages() marks it as used, and what waits to be moved to the active
 * list has one reference more, for which the kernel would copy it when it is
 * written to, and give the old one back unwiped. What is not there is asked for
 * reading, which brings it in and leaves a shared page shared.
 */
static struct page *page_before(const struct wiper *w, unsigned long address)
{
	struct page *page;

	if (pw_look_up(w->mm, address, &page) == PW_PLACE_PAGE)
		return page;
	if (page)
		put_page(page);
	return pw_get_user_pages_remote(w->mm, address, 1, 0, &page) == 1 ? page : NULL;
}

/* Who else has the page as it is now. */
static void count_copies(struct wiper *w, unsigned long address, unsigned int i)
{
	bool shared = w->before[i] == ENTRY_SWAP_SHARED;
	bool swapped = shared || w->before[i] == ENTRY_SWAP;
	struct page *page = page_before(w, address);

	w->pfn_before[i] = 0;
	if (page) {
		if (PageAnon(page)) {
			shared |= pw_page_mapped_again(page);
			swapped |= folio_test_swapcache(page_folio(page));
			if (!shared)
				w->pfn_before[i] = page_to_pfn(page);
		}
		put_page(page);
	}
	w->out->swapped_pages += swapped;
	w->out->copies_left_pages += shared;
}

/* The bytes of the range in the page at `address`. */
static void bytes_of(const struct wiper *w, unsigned long address, unsigned int *from,
		     unsigned int *to)
{
	*from = address < w->start ? w->start - address : 0;
	*to = min(w->end - address, PAGE_SIZE);
}

static void zero(const struct wiper *w, unsigned long address, struct page *page)
{
	unsigned int from, to;
	u8 *at = kmap_local_page(page);

	bytes_of(w, address, &from, &to);
	memzero_explicit(at + from, to - from);
	flush_dcache_page(page);
	kunmap_local(at);
}

static void read_back(struct wiper *w, unsigned long address, struct page *page)
{
	u8 *at = kmap_local_page(page), *dirty;
	unsigned int from, to, i, count = 0;

	bytes_of(w, address, &from, &to);
	dirty = memchr_inv(at + from, 0, to - from);
	if (dirty) {
		/* Its owner may be writing it just now: what is counted is what is seen. */
		for (i = dirty - at; i < to; i++)
			count += READ_ONCE(at[i]) != 0;
		count = max(count, 1u);
		if (w->out->first_dirty == PW_UNKNOWN)
			w->out->first_dirty = address + (dirty - at);
	}
	kunmap_local(at);
	w->dirty_bytes += count;
	w->out->wiped_bytes += to - from - count;
}

/*
 * Reads page i of a run again as its owner would. Usually that is the page that was
 * wiped. Where a thread threw it away meanwhile, nothing is there but what it has
 * written since.
 */
static void verify(struct wiper *w, unsigned long address, unsigned int i)
{
	struct page *now;

	if (w->after[i] != ENTRY_THERE || w->pfn_after[i] == page_to_pfn(w->pages[i]) ||
	    pw_get_user_pages_remote(w->mm, address, 1, 0, &now) != 1) {
		read_back(w, address, w->pages[i]);
		return;
	}
	read_back(w, address, now);
	put_page(now);
}

static u32 reason_of(long err)
{
	return err == -ENOMEM ? PW_UNSEEN_NO_MEMORY : PW_UNSEEN_BUSY;
}

/* `got` pages are pinned; the first of them is page `i` of the chunk. */
static void wipe_pinned(struct wiper *w, unsigned long address, unsigned int i, unsigned int got)
{
	unsigned int k;

	for (k = 0; k < got; k++) {
		/*
		 * Nobody else maps it, and still the write went to another page: the
		 * kernel copied it because somebody had a reference, or moved it. What
		 * the old one held goes back with it.
		 */
		if (w->pfn_before[i + k] && w->pfn_before[i + k] != page_to_pfn(w->pages[k]))
			w->out->copies_left_pages++;
		zero(w, address + k * PAGE_SIZE, w->pages[k]);
	}
	look(w, address, got, w->after, w->pfn_after);
	for (k = 0; k < got; k++)
		verify(w, address + k * PAGE_SIZE, k);
	unpin_user_pages_dirty_lock(w->pages, got, true);
}

/* Pages [i, end) of the chunk at `address`; one that can't be had is passed over. */
static void wipe_run(struct wiper *w, unsigned long address, unsigned int i, unsigned int end)
{
	while (i < end) {
		unsigned long at = address + i * PAGE_SIZE;
		long got = pw_pin_user_pages_remote(w->mm, at, end - i, FOLL_WRITE, w->pages);

		if (got > 0) {
			wipe_pinned(w, at, i, got);
			i += got;
		} else {
			unreached(w, at, at + PAGE_SIZE, reason_of(got));
			i++;
		}
	}
}

static void wipe_pages(struct wiper *w, struct vm_area_struct *vma, unsigned long address,
		       unsigned int count)
{
	unsigned int i, begin, from, to;

	look(w, address, count, w->before, w->pfn_before);
	/* Behind a hole in a mapping of a file there are the file's bytes. */
	for (i = 0; i < count && !vma_is_anonymous(vma); i++)
		w->before[i] = w->before[i] == ENTRY_NONE ? ENTRY_THERE : w->before[i];
	for (i = 0; i < count;) {
		for (; i < count && w->before[i] == ENTRY_NONE; i++) {
			bytes_of(w, address + i * PAGE_SIZE, &from, &to);
			w->out->absent_bytes += to - from;
		}
		for (begin = i; i < count && w->before[i] != ENTRY_NONE; i++)
			count_copies(w, address + i * PAGE_SIZE, i);
		wipe_run(w, address, begin, i);
	}
}

/* As many pages from `address` on as one holding of the lock is for; where the next one begins. */
static unsigned long wipe_chunk(struct wiper *w, unsigned long address)
{
	struct vm_area_struct *vma = find_vma(w->mm, address);
	unsigned long to = min(address + CHUNK * PAGE_SIZE, PAGE_ALIGN(w->end));

	/* It was there and writable when the call began. */
	if (!vma || vma->vm_start > address) {
		if (vma)
			to = min(to, vma->vm_start);
		unreached(w, address, to, PW_UNSEEN_NOT_RESIDENT);
		return to;
	}
	to = min(to, vma->vm_end);
	if (!may_wipe(vma))
		unreached(w, address, to, PW_UNSEEN_BUSY);
	else
		wipe_pages(w, vma, address, (to - address) >> PAGE_SHIFT);
	return to;
}

/* 0, or -EINTR when the caller is being killed; what was not reached then is in the sums. */
static int wipe_range(struct wiper *w)
{
	unsigned long at = w->start & PAGE_MASK;

	while (at < w->end) {
		if (fatal_signal_pending(current) || mmap_read_lock_killable(w->mm)) {
			unreached(w, at, w->end, PW_UNSEEN_NO_RETURN);
			return -EINTR;
		}
		at = wipe_chunk(w, at);
		mmap_read_unlock(w->mm);
		cond_resched();
	}
	return 0;
}

/* ---- the call -------------------------------------------------------------------- */

static u32 verdict_of(const struct wiper *w)
{
	if (!w->dirty_bytes && !w->out->unreached_bytes)
		return PW_WIPED_WHOLE;
	if (w->out->wiped_bytes || w->out->absent_bytes)
		return PW_WIPED_PART;
	return w->dirty_bytes ? PW_WIPED_NOTHING : PW_WIPED_UNKNOWN;
}

static u64 cgroup_of(struct pid *pid)
{
	u64 id = 0;
#ifdef CONFIG_CGROUPS
	struct task_struct *task;

	rcu_read_lock();
	task = pid_task(pid, PIDTYPE_TGID);
	if (task)
		id = cgroup_id(task_dfl_cgroup(task));
	rcu_read_unlock();
#endif
	return id;
}

static void tell(const struct wiper *w, const struct pw_target *target, u64 began_ns)
{
	const struct pw_dev_wipe *out = w->out;
	struct pw_wipe rec = {
		.key = target->key,
		.cgroup_id = cgroup_of(target->pid),
		.address = out->start,
		.size = out->length,
		.checked_bytes = out->length - out->unreached_bytes,
		.dirty_bytes = w->dirty_bytes,
		.first_dirty = out->first_dirty == PW_UNKNOWN ? PW_UNKNOWN :
								out->first_dirty - out->start,
		.duration_ns = ktime_get_boottime_ns() - began_ns,
		.tid = task_pid_nr(current),
		.uid = from_kuid(&init_user_ns, current_uid()),
		.function = PW_WIPE_MODULE,
		.verdict = out->verdict,
		.reason = out->reason,
		.flags = target->foreign ? PW_WIPE_OTHER_PROCESS : 0,
		.segment_kind = PW_SEG_KINDS,
		.copies_left_pages = min_t(u64, out->copies_left_pages, U32_MAX),
		.unreached_bytes = out->unreached_bytes,
	};

	memcpy(rec.comm, target->comm, sizeof(rec.comm));
	pw_event_wipe(&rec);
}

static void clear_results(struct pw_dev_wipe *out)
{
	out->wiped_bytes = 0;
	out->absent_bytes = 0;
	out->unreached_bytes = 0;
	out->first_unreached = PW_UNKNOWN;
	out->first_dirty = PW_UNKNOWN;
	out->swapped_pages = 0;
	out->copies_left_pages = 0;
	out->verdict = PW_WIPED_UNKNOWN;
	out->reason = PW_UNSEEN_NONE;
}

int pw_wipe_ioctl(struct pw_file *file, void *arg)
{
	struct pw_dev_wipe *out = arg;
	struct pw_target target;
	struct wiper *w;
	u64 began_ns;
	int err;

	if (out->flags || out->reserved || !out->length || out->start >= TASK_SIZE_MAX ||
	    out->length > TASK_SIZE_MAX - out->start)
		return -EINVAL;
	err = pw_target_get(out->pid, &target);
	if (err)
		return err;
	err = -ENOMEM;
	w = kzalloc(sizeof(*w), GFP_KERNEL);
	if (!w)
		goto put_target;
	w->mm = target.mm;
	w->start = out->start;
	w->end = out->start + out->length;
	w->out = out;
	err = check_range(w);
	if (err)
		goto free_wiper;
	clear_results(out);
	began_ns = ktime_get_boottime_ns();
	err = wipe_range(w);
	out->verdict = verdict_of(w);
	/* Also of one that is cut short by a kill: bytes are gone by it. */
	tell(w, &target, began_ns);

free_wiper:
	kfree(w);
put_target:
	pw_target_put(&target);
	return err;
}
