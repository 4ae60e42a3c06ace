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
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>
#include <linux/uidgid.h>

#include "compat.h"
#include "event.h"
#include "look.h"
#include "target.h"
#include "wipe.h"
#include "uapi/pagewarden_dev.h"

#define CHUNK 64 /* pages: some 10 us of zeros */

struct wiper {
	struct mm_struct *mm;
	unsigned long start, end; /* bytes */
	struct pw_dev_wipe *out;
	u64 dirty_bytes;
	/* of one chunk: */
	unsigned long pfn_before[CHUNK]; /* where the contents were; 0: not known, or counted */
	struct page *pages[CHUNK]; /* pinned */
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

/* ---- wiping ---------------------------------------------------------------------- */

/*
 * The page as it is now, with a reference; NULL: none that can be had. One that is
 * there is taken as it is: get_user_pages() marks it as used, and what waits to be
 * moved to the active list has one reference more, for which the kernel would copy
 * it when it is written to, and give the old one back unwiped. What is not there is
 * asked for reading, which brings it in and leaves a shared page shared.
 */
static struct page *page_before(const struct wiper *w, unsigned long address, enum pw_place *place)
{
	struct page *page;

	*place = pw_look_up(w->mm, address, &page);
	if (*place == PW_PLACE_PAGE || *place == PW_PLACE_NONE)
		return page;
	if (page)
		put_page(page);
	return pw_get_user_pages_remote(w->mm, address, 1, 0, &page) == 1 ? page : NULL;
}

/* Whether something is there, for page i of the chunk; if so, counts who else has it. */
static bool look_before(struct wiper *w, unsigned long address, unsigned int i)
{
	enum pw_place place;
	struct page *page = page_before(w, address, &place);
	bool swapped = place == PW_PLACE_SWAP, shared = false;

	w->pfn_before[i] = 0;
	if (page) {
		if (PageAnon(page)) {
			/*
			 * Where another process has the swap slot, the write goes to a
			 * copy, and wipe_pinned() counts it. It is not to be told before:
			 * who shared it once may be gone.
			 */
			shared = pw_page_mapped_again(page);
			swapped |= folio_test_swapcache(page_folio(page));
			w->pfn_before[i] = shared ? 0 : page_to_pfn(page);
		}
		put_page(page);
	}
	w->out->swapped_pages += swapped;
	w->out->copies_left_pages += shared;
	return place != PW_PLACE_NONE;
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
	struct pw_contents contents;
	unsigned int from, to;

	bytes_of(w, address, &from, &to);
	pw_look_into(page, from, to, &contents);
	if (contents.reason != PW_UNSEEN_NONE) {
		unreached(w, address, address + PAGE_SIZE, contents.reason);
		return;
	}
	if (contents.dirty_bytes && w->out->first_dirty == PW_UNKNOWN)
		w->out->first_dirty = address + contents.first_dirty;
	w->dirty_bytes += contents.dirty_bytes;
	w->out->wiped_bytes += to - from - contents.dirty_bytes;
}

/*
 * Reads again as its owner would. Usually that is the page that was wiped. Where a
 * thread threw it away meanwhile, nothing is there but what it has written since.
 */
static void verify(struct wiper *w, unsigned long address, struct page *wiped)
{
	struct page *now;

	read_back(w, address, pw_look_up(w->mm, address, &now) == PW_PLACE_PAGE ? now : wiped);
	if (now)
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
	for (k = 0; k < got; k++)
		verify(w, address + k * PAGE_SIZE, w->pages[k]);
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

/* Absent pages are passed over where they are empty: behind a hole in a file's mapping are its bytes. */
static void wipe_pages(struct wiper *w, struct vm_area_struct *vma, unsigned long address,
		       unsigned int count)
{
	unsigned int i, begin = 0, from, to;

	for (i = 0; i < count; i++) {
		if (look_before(w, address + i * PAGE_SIZE, i) || !vma_is_anonymous(vma))
			continue;
		bytes_of(w, address + i * PAGE_SIZE, &from, &to);
		w->out->absent_bytes += to - from;
		wipe_run(w, address, begin, i);
		begin = i + 1;
	}
	wipe_run(w, address, begin, count);
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
