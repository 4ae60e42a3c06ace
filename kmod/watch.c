// SPDX-License-Identifier: GPL-2.0-only
/*
 * The life of a watch. Made by an ioctl; ended, by exactly one of them
 * (w->ending), by UNWATCH, the last close of its descriptor, or a work item once
 * its address space is gone.
 *
 * Locks, outermost first
 * ----------------------
 * w->resolve   mutex. Held to register, to find out what became of pages and
 *              tell it, and to end. Never taken in a notifier's callback or under
 *              a lock of the kernel's mm. Under it: mmap_lock is only tried (but
 *              for registration, where its wait can be killed); mm_users may be
 *              given back, which may end the address space here.
 * mm locks     mmap_lock, VMA locks, rmap locks, folio locks: a callback runs
 *              under some of them, whichever the kernel holds.
 * pins_lock, drain_lock   mutexes of hold.c and look.c; taken under w->resolve.
 * w->lock      spinlock, in callbacks and out of them. What it protects: see
 *              struct pw_watch. Never held while a page's contents are read.
 * watches' xa_lock, refs_lock, ring_lock, pw_users_lock   spinlocks, leaves.
 * None is taken in interrupts.
 *
 * References: the table of watches, each ioctl that works on one, and the work
 * item while it is queued or runs have one. The notifier has mm_count; mm_users
 * is held only for moments, so a watch keeps no address space from ending.
 *
 * Unloading: descriptors hold the module. A watch that a work item is ending may
 * outlive its descriptor for a moment; the exit waits for the queue.
 */
#include <linux/atomic.h>
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/delay.h>
#include <linux/magic.h>
#include <linux/mm.h>
#include <linux/mmap_lock.h>
#include <linux/pid.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>
#include <linux/xarray.h>

#include "compat.h"
#include "device.h"
#include "event.h"
#include "hold.h"
#include "limits.h"
#include "op.h"
#include "target.h"
#include "uapi/pagewarden_dev.h"
#include "watch.h"

#define HOLD_TRIES 16 /* to pin while nothing moves */

static DEFINE_XARRAY(watches); /* by id */
static struct workqueue_struct *queue;
static atomic64_t pending = ATOMIC64_INIT(0);

/* An id indexes the table. */
static_assert(sizeof(unsigned long) == sizeof(u64), "64-bit kernels only");

/* ---- records ------------------------------------------------------------------ */

void pw_watch_tell(struct pw_watch *w, u32 event, u32 cause, unsigned long from, unsigned long to,
		   const struct pw_counts *counts, u32 tid)
{
	struct pw_secret rec = w->base;

	rec.event = event;
	rec.cause = cause;
	rec.tid = tid;
	rec.from = max_t(u64, rec.start, w->first + from * PAGE_SIZE);
	rec.to = min_t(u64, rec.end, w->first + to * PAGE_SIZE);
	pw_counts_fill(&rec, counts);
	if (event == PW_SECRET_RELEASED || event == PW_SECRET_ENDED)
		rec.verdict = pw_counts_verdict(counts);
	if (event == PW_SECRET_RELEASED) {
		struct pw_counts went = *counts;

		went.absent = 0;
		spin_lock(&w->lock);
		pw_counts_add(&w->total, &went);
		spin_unlock(&w->lock);
	}
	pw_event_secret(&rec);
}

void pw_watch_pending(s64 change)
{
	atomic64_add(change, &pending);
}

void pw_watch_unheld(struct pw_watch *w, unsigned long pages)
{
	pw_limit_uncharge(w->user, PW_LIMIT_HELD_PAGES, pages);
}

/* ---- lifetime -------------------------------------------------------------------------------- */

static void watch_free(struct kref *refs)
{
	struct pw_watch *w = container_of(refs, struct pw_watch, refs);

	pw_op_free(w->exit_op);
	kvfree(w->owner);
	kvfree(w->held);
	put_pid(w->pid);
	pw_user_put(w->user);
	pw_memory_add(-(s64)w->memory);
	kfree(w);
}

static void watch_put(struct pw_watch *w)
{
	kref_put(&w->refs, watch_free);
}

void pw_watch_kick(struct pw_watch *w)
{
	kref_get(&w->refs);
	if (!queue_work(queue, &w->work))
		watch_put(w);
}

/* The live watch with this id; the caller puts it. */
static struct pw_watch *watch_get(u64 id)
{
	struct pw_watch *w;

	xa_lock(&watches);
	w = xa_load(&watches, id);
	if (w)
		kref_get(&w->refs);
	xa_unlock(&watches);
	return w;
}

/* Under w->resolve: tells what it still owes but its end, of which it returns the cause. Once. */
static u32 watch_finish(struct pw_watch *w, u32 cause, struct pw_counts *sums)
{
	struct pw_counts last = {};
	bool gone;
	int err;

	for (;;) {
		gone = READ_ONCE(w->gone); /* then its end is noted, and drained now */
		pw_round_drain(w);
		if (gone)
			break;
		err = pw_round_last_look(w, &last);
		if (!err)
			break;
		/* It goes at this very moment. */
		usleep_range(500, 1000);
	}
	mmu_interval_notifier_remove(&w->notifier);
	w->finished = true;
	/* What a callback noted that had begun before the last look, or while it was not tried again. */
	pw_round_drain(w);
	pw_fate_release(w);
	*sums = w->total;
	if (!w->deaf)
		return w->gone_cause;
	pw_counts_add(sums, &last);
	return cause;
}

/* The caller has won w->ending. Who is told of the end may use its room at once. */
static void watch_end(struct pw_watch *w, u32 cause, struct pw_counts *sums)
{
	struct pw_counts own;

	sums = sums ?: &own;
	mutex_lock(&w->resolve);
	cause = watch_finish(w, cause, sums);
	mutex_unlock(&w->resolve);
	xa_erase(&watches, w->id);
	pw_limit_uncharge(w->user, PW_LIMIT_WATCHED_BYTES, w->base.end - w->base.start);
	pw_limit_uncharge(w->user, PW_LIMIT_WATCHES, 1);
	pw_watch_tell(w, PW_SECRET_ENDED, cause, 0, w->pages, sums, 0);
	if (w->gone)
		pw_watch_pending(-1);
	watch_put(w);
}

static bool watch_claim_end(struct pw_watch *w)
{
	return atomic_cmpxchg(&w->ending, 0, 1) == 0;
}

static void watch_work(struct work_struct *work)
{
	struct pw_watch *w = container_of(work, struct pw_watch, work);
	bool gone;

	mutex_lock(&w->resolve);
	if (!w->finished)
		pw_round_drain(w);
	gone = READ_ONCE(w->gone);
	mutex_unlock(&w->resolve);
	if (gone && watch_claim_end(w))
		watch_end(w, w->gone_cause, NULL);
	watch_put(w);
}

/* ---- registration ------------------------------------------------------------------------------ */

static bool is_secretmem(const struct vm_area_struct *vma)
{
	return vma->vm_file && file_inode(vma->vm_file)->i_sb->s_magic == SECRETMEM_MAGIC;
}

static int check_vmas(struct mm_struct *mm, unsigned long start, unsigned long end)
{
	struct vm_area_struct *vma;
	int err = 0;

	if (mmap_read_lock_killable(mm))
		return -EINTR;
	for (; start < end && !err; start = vma->vm_end) {
		vma = find_vma(mm, start);
		if (!vma || vma->vm_start > start) {
			err = -EFAULT;
			break;
		}
		if (vma->vm_flags & (VM_IO | VM_PFNMAP | VM_MIXEDMAP | VM_HUGETLB) ||
		    is_secretmem(vma))
			err = -EOPNOTSUPP;
	}
	mmap_read_unlock(mm);
	return err;
}

static int check_request(const struct pw_dev_watch *arg)
{
	u64 end = arg->start + arg->length;

	if (arg->flags & ~(PW_WATCH_HOLD | PW_WATCH_SCRUB) || arg->reserved)
		return -EINVAL;
	if (arg->flags & PW_WATCH_SCRUB && !(arg->flags & PW_WATCH_HOLD))
		return -EINVAL;
	if (!arg->length || end < arg->start || end > TASK_SIZE_MAX)
		return -EINVAL;
	if (arg->length >> PAGE_SHIFT >= INT_MAX)
		return -EINVAL;
	return 0;
}

static void fill_base(struct pw_secret *base, const struct pw_dev_watch *arg,
		      const struct pw_target *target)
{
	base->key = target->key;
	base->id = pw_device_new_id();
	base->cookie = arg->cookie;
	base->start = arg->start;
	base->end = arg->start + arg->length;
	base->first_dirty = PW_UNKNOWN;
	base->flags = (arg->flags & PW_WATCH_HOLD ? PW_SECRET_HOLDING : 0) |
		      (arg->flags & PW_WATCH_SCRUB ? PW_SECRET_SCRUBBING : 0) |
		      (target->foreign ? PW_SECRET_BY_ADMIN : 0);
	base->uid = from_kuid(&init_user_ns, current_uid());
	memcpy(base->comm, target->comm, sizeof(base->comm));
	memcpy(base->label, arg->label, sizeof(base->label));
	base->label[sizeof(base->label) - 1] = 0;
}

/* Everything but the notifier, the pages and the place in the table. */
static struct pw_watch *watch_create(struct pw_file *file, const struct pw_dev_watch *arg,
				     const struct pw_target *target)
{
	struct pw_watch *w = kzalloc(sizeof(*w), GFP_KERNEL_ACCOUNT);

	if (!w)
		return NULL;
	kref_init(&w->refs);
	INIT_WORK(&w->work, watch_work);
	mutex_init(&w->resolve);
	spin_lock_init(&w->lock);
	INIT_LIST_HEAD(&w->ops);
	pw_counts_init(&w->total);
	fill_base(&w->base, arg, target);
	w->id = w->base.id;
	w->file = file;
	w->mm = target->mm;
	w->pid = get_pid(target->pid);
	w->first = arg->start & PAGE_MASK;
	w->pages = (PAGE_ALIGN(w->base.end) - w->first) >> PAGE_SHIFT;
	w->since_ns = ktime_get_boottime_ns();
	w->user = pw_user_get(current_uid());
	w->exit_op = pw_op_alloc(PW_OP_EXIT, w->pages, GFP_KERNEL_ACCOUNT);
	w->memory = sizeof(*w);
	if (w->exit_op)
		w->memory += struct_size(w->exit_op, entries, w->exit_op->room);
	if (!w->user || !w->exit_op) {
		pw_memory_add(w->memory);
		watch_put(w);
		return NULL;
	}
	pw_memory_add(w->memory);
	return w;
}

static int watch_charge(struct pw_watch *w)
{
	int err;

	err = pw_limit_charge(w->user, PW_LIMIT_WATCHES, 1);
	if (err)
		return err;
	err = pw_limit_charge(w->user, PW_LIMIT_WATCHED_BYTES, w->base.end - w->base.start);
	if (err)
		goto uncharge_watch;
	if (!(w->base.flags & PW_SECRET_HOLDING))
		return 0;
	err = pw_limit_charge(w->user, PW_LIMIT_HELD_PAGES, w->pages);
	if (err)
		goto uncharge_bytes;
	return 0;

uncharge_bytes:
	pw_limit_uncharge(w->user, PW_LIMIT_WATCHED_BYTES, w->base.end - w->base.start);
uncharge_watch:
	pw_limit_uncharge(w->user, PW_LIMIT_WATCHES, 1);
	return err;
}

static void watch_uncharge(struct pw_watch *w)
{
	if (w->base.flags & PW_SECRET_HOLDING)
		pw_limit_uncharge(w->user, PW_LIMIT_HELD_PAGES, w->pages);
	pw_limit_uncharge(w->user, PW_LIMIT_WATCHED_BYTES, w->base.end - w->base.start);
	pw_limit_uncharge(w->user, PW_LIMIT_WATCHES, 1);
}

/* What HOLD takes for itself: after it is charged, or its size could be anything. */
static int watch_arrays(struct pw_watch *w)
{
	gfp_t gfp = GFP_KERNEL_ACCOUNT | __GFP_NOWARN;
	u64 bytes = w->pages * (sizeof(*w->held) + sizeof(*w->owner));

	if (!(w->base.flags & PW_SECRET_HOLDING))
		return 0;
	w->held = kvcalloc(w->pages, sizeof(*w->held), gfp);
	w->owner = kvcalloc(w->pages, sizeof(*w->owner), gfp);
	w->memory += bytes;
	pw_memory_add(bytes);
	return w->held && w->owner ? 0 : -ENOMEM;
}

/*
 * Callbacks don't look at w->held before the watch is armed, so pages are pinned
 * right into it; if anything happened to the range meanwhile, they may be the
 * wrong ones already, and all begins again.
 */
static int watch_arm(struct pw_watch *w)
{
	unsigned long sequence, i;
	int tries, err;
	bool armed;

	for (tries = 0; tries < HOLD_TRIES; tries++) {
		sequence = mmu_interval_read_begin(&w->notifier);
		err = w->held ? pw_hold_pages(w->mm, w->first, w->pages, w->held) : 0;
		if (err)
			return err;
		spin_lock(&w->lock);
		armed = !w->held || !mmu_interval_read_retry(&w->notifier, sequence);
		w->armed = armed;
		w->held_count = w->held && armed ? w->pages : 0;
		spin_unlock(&w->lock);
		if (armed)
			return 0;
		for (i = 0; i < w->pages; i++)
			pw_hold_release(w->held[i], false);
	}
	return -EAGAIN;
}

static int watch_register(struct pw_watch *w)
{
	struct pw_counts none;
	int err;

	err = watch_charge(w);
	if (err)
		return err;
	err = watch_arrays(w);
	if (err)
		goto uncharge;
	err = xa_reserve(&watches, w->id, GFP_KERNEL_ACCOUNT);
	if (err)
		goto uncharge;
	err = mmu_interval_notifier_insert(&w->notifier, w->mm, w->first, w->pages * PAGE_SIZE,
					   &pw_note_ops);
	if (err)
		goto release_id;
	mutex_lock(&w->resolve);
	err = watch_arm(w);
	if (err)
		goto remove_notifier;
	pw_counts_init(&none);
	pw_watch_tell(w, PW_SECRET_REGISTERED, PW_CAUSE_NONE, 0, w->pages, &none,
		      task_pid_nr(current));
	xa_store(&watches, w->id, w, GFP_KERNEL); /* reserved: allocates nothing */
	mutex_unlock(&w->resolve);
	return 0;

remove_notifier:
	mutex_unlock(&w->resolve);
	mmu_interval_notifier_remove(&w->notifier);
release_id:
	xa_release(&watches, w->id);
uncharge:
	watch_uncharge(w);
	return err;
}

int pw_watch_ioctl(struct pw_file *file, void *argument)
{
	struct pw_dev_watch *arg = argument;
	struct pw_target target;
	struct pw_watch *w;
	int err;

	err = check_request(arg);
	if (err)
		return err;
	err = pw_target_get(arg->pid, &target);
	if (err)
		return err;
	err = check_vmas(target.mm, arg->start, arg->start + arg->length);
	if (err)
		goto put_target;
	w = watch_create(file, arg, &target);
	if (!w) {
		err = -ENOMEM;
		goto put_target;
	}
	err = watch_register(w);
	if (err) {
		watch_put(w);
		goto put_target;
	}
	arg->id = w->id;
put_target:
	pw_target_put(&target);
	return err;
}

/* ---- the other ioctls ------------------------------------------------------------------------------- */

/* Ends the watch of this descriptor; false: there is none, or somebody else ends it. */
static bool unwatch(struct pw_file *file, u64 id, struct pw_counts *sums)
{
	struct pw_watch *w = watch_get(id);
	bool ours;

	if (!w)
		return false;
	ours = w->file == file && watch_claim_end(w);
	if (ours)
		watch_end(w, PW_CAUSE_UNWATCH, sums);
	watch_put(w);
	return ours;
}

void pw_watch_undo(struct pw_file *file, void *argument)
{
	struct pw_dev_watch *arg = argument;

	unwatch(file, arg->id, NULL);
}

int pw_unwatch_ioctl(struct pw_file *file, void *argument)
{
	struct pw_dev_unwatch *arg = argument;
	struct pw_counts c;

	if (arg->flags)
		return -EINVAL;
	if (!unwatch(file, arg->id, &c))
		return -ENOENT;
	arg->pages_clean = c.clean;
	arg->pages_dirty = c.dirty;
	arg->pages_mapped = c.mapped;
	arg->pages_swapped = c.swapped;
	arg->pages_copied = c.copied;
	arg->pages_held = c.held;
	arg->pages_unknown = c.unknown;
	arg->pages_absent = c.absent;
	arg->pages_scrubbed = c.scrubbed;
	arg->dirty_bytes = c.dirty_bytes;
	arg->first_dirty = c.first_dirty;
	arg->verdict = pw_counts_verdict(&c);
	arg->reason = c.reason;
	return 0;
}

/* The live watch that the caller may see, with the lowest id above `after`. */
static struct pw_watch *watch_next(u64 after)
{
	u32 uid = from_kuid(&init_user_ns, current_uid());
	bool all = capable(CAP_SYS_ADMIN);
	unsigned long id = after;
	struct pw_watch *w;

	xa_lock(&watches);
	while ((w = xa_find_after(&watches, &id, ULONG_MAX, XA_PRESENT)))
		if (!atomic_read(&w->ending) && (all || w->base.uid == uid)) {
			kref_get(&w->refs);
			break;
		}
	xa_unlock(&watches);
	return w;
}

int pw_next_ioctl(struct pw_file *file, void *argument)
{
	struct pw_dev_next *arg = argument;
	struct pw_counts total;
	struct pw_watch *w;

	if (arg->flags || arg->reserved)
		return -EINVAL;
	w = watch_next(arg->after);
	if (!w)
		return -ENOENT;
	/* What went until now counts. */
	if (mutex_lock_interruptible(&w->resolve)) {
		watch_put(w);
		return -EINTR;
	}
	if (!w->finished)
		pw_round_drain(w);
	mutex_unlock(&w->resolve);
	spin_lock(&w->lock);
	total = w->total;
	arg->held_pages = w->held_count;
	spin_unlock(&w->lock);
	arg->id = w->id;
	arg->cookie = w->base.cookie;
	arg->start = w->base.start;
	arg->end = w->base.end;
	arg->start_ns = w->base.key.start_ns;
	arg->since_ns = w->since_ns;
	arg->released_pages = pw_counts_present(&total);
	arg->released_dirty_pages = total.dirty;
	arg->pid = w->base.key.pid;
	arg->uid = w->base.uid;
	arg->secret_flags = w->base.flags;
	memcpy(arg->comm, w->base.comm, sizeof(arg->comm));
	memcpy(arg->label, w->base.label, sizeof(arg->label));
	watch_put(w);
	return 0;
}

/* The next one of the descriptor that nobody ends yet: the caller has won its end. */
static struct pw_watch *watch_of_file(struct pw_file *file, unsigned long *id)
{
	struct pw_watch *w;

	xa_lock(&watches);
	while ((w = xa_find_after(&watches, id, ULONG_MAX, XA_PRESENT)))
		if (w->file == file && watch_claim_end(w)) {
			kref_get(&w->refs);
			break;
		}
	xa_unlock(&watches);
	return w;
}

void pw_watch_close(struct pw_file *file)
{
	unsigned long id = 0;
	struct pw_watch *w;

	while ((w = watch_of_file(file, &id))) {
		watch_end(w, PW_CAUSE_CLOSE, NULL);
		watch_put(w);
	}
}

void pw_watch_info(struct pw_dev_info *info)
{
	info->pending = atomic64_read(&pending);
}

/* ---- init ------------------------------------------------------------------------------------------------ */

int pw_watch_init(void)
{
	queue = alloc_workqueue("pagewarden", WQ_UNBOUND, 64);
	return queue ? 0 : -ENOMEM;
}

/* No descriptor is open any more; what a work item is ending, it ends now. */
void pw_watch_exit(void)
{
	destroy_workqueue(queue);
	WARN_ON(!xa_empty(&watches));
}
