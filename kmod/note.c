// SPDX-License-Identifier: GPL-2.0-only
/*
 * What runs in the notifier's callback: it may not wait for memory, take
 * mmap_lock, fault, or use anything that does; it may hold up an operation for
 * as long as looking at its pages takes. Whoever calls keeps this part of the
 * page tables from being freed (mmap_lock, the VMA's lock, or the rmap's), which
 * is what pw_look_up() needs.
 *
 * The callback can't know what the operation will do: a CLEAR may be
 * MADV_DONTNEED or the harmless split of a huge page, an UNMAP may be munmap or
 * the move of mremap. So it notes what is there, with references to some pages
 * by which fate.c knows afterwards. Where the pages' folio is locked, the caller
 * is reclaim or migration, which a reference would defeat: then it is noted
 * which page it was, and nothing is kept.
 *
 * An operation that begins proves what the ones before it left: that is noted
 * for them too (observe.c), so that none is judged by what came later.
 */
#include <linux/atomic.h>
#include <linux/mm.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/sched/mm.h>
#include <linux/sched/task.h>
#include <linux/slab.h>

#include "compat.h"
#include "op.h"

#define SAMPLES 16u /* of each kind of page */
#define ENTRIES_MAX 40u /* samples of both kinds, and some more that may have a fate of their own */
#define OPS_MAX 2048u /* of one watch: a program may be quicker than we are */
#define BATCH 64u /* pages between two chances for others to run */
#define GFP_NOTE (GFP_NOWAIT | __GFP_NOWARN | __GFP_NOMEMALLOC)

struct pw_op *pw_op_alloc(enum pw_op_kind kind, unsigned long pages, gfp_t gfp)
{
	u32 room = kind == PW_OP_FORK ? 0 : min_t(unsigned long, pages, ENTRIES_MAX);
	struct pw_op *op;

	/* Neighbours join it: reclaim takes page by page. */
	if (kind == PW_OP_MOVE)
		room = ENTRIES_MAX;
	op = kzalloc(struct_size(op, entries, room), gfp);
	if (!op)
		return NULL;
	op->kind = kind;
	op->room = room;
	pw_counts_init(&op->counts);
	op->groups[PW_PAGE_ANON].first_dirty = PW_UNKNOWN;
	op->groups[PW_PAGE_FILE].first_dirty = PW_UNKNOWN;
	op->wanted.first_dirty = PW_UNKNOWN;
	return op;
}

void pw_op_free(struct pw_op *op)
{
	u32 i;

	if (!op)
		return;
	for (i = 0; i < op->used; i++)
		pw_ref_put(&op->entries[i].ref);
	kfree(op);
}

/* ---- what is there ------------------------------------------------------------------- */

static void group_add(struct pw_watch *w, struct pw_group *group, unsigned long index,
		      const struct pw_contents *contents)
{
	u64 first = w->first + index * PAGE_SIZE + contents->first_dirty;

	if (!contents->dirty_bytes) {
		group->clean++;
		return;
	}
	group->dirty++;
	group->dirty_bytes += contents->dirty_bytes;
	group->first_dirty = min(group->first_dirty, first);
}

/* Remembers the page in an entry; takes over the reference, or gives it back. */
static void entry_fill(struct pw_op *op, struct pw_entry *entry, struct page *page,
		       unsigned long index, const struct pw_contents *contents)
{
	struct folio *folio = page_folio(page);

	entry->pfn = page_to_pfn(page);
	entry->index = index;
	entry->dirty_bytes = contents->dirty_bytes;
	entry->first_dirty = contents->first_dirty;
	entry->mapcount = min_t(int, pw_page_mapcount(page), U16_MAX);
	entry->kind = folio_test_anon(folio) ? PW_PAGE_ANON : PW_PAGE_FILE;
	entry->lazy = !folio_test_swapbacked(folio);
	if (op->kind == PW_OP_MOVE || (op->again && folio_test_large(folio)))
		put_page(page);
	else
		pw_ref_keep(&entry->ref, page);
}

/* A page that is not held; takes over the reference. */
static void note_loose(struct pw_watch *w, struct pw_op *op, unsigned long index, struct page *page)
{
	struct folio *folio = page_folio(page);
	enum pw_page_kind kind = folio_test_anon(folio) ? PW_PAGE_ANON : PW_PAGE_FILE;
	bool shared = kind == PW_PAGE_ANON && pw_page_mapcount(page) > 1;
	struct pw_contents contents;
	unsigned int from, to;
	bool wanted;

	pw_watch_part(w, index, &from, &to);
	pw_look_into(page, from, to, &contents);
	if (contents.reason) {
		pw_counts_unknown(&op->counts, 1, contents.reason);
		put_page(page);
		return;
	}
	/* Nobody's: the huge page of zeroes, which reading maps. */
	if (kind == PW_PAGE_FILE && !contents.dirty_bytes && !folio_mapping(folio)) {
		op->counts.absent++;
		put_page(page);
		return;
	}
	/* Ours is one of the references. */
	wanted = shared || pw_look_strangers(folio) > 1;
	if (op->used < op->room && (op->samples[kind] < SAMPLES || wanted)) {
		struct pw_entry *entry = &op->entries[op->used];

		entry->wanted = wanted;
		entry_fill(op, entry, page, index, &contents);
		op->samples[kind] += !shared;
		op->used++;
		return;
	}
	if (shared)
		op->counts.copied++;
	else if (wanted)
		group_add(w, &op->wanted, index, &contents);
	else
		group_add(w, &op->groups[kind], index, &contents);
	put_page(page);
}

/* A page that is held and in its place waits for this operation now, whatever it waited for. */
static bool note_held(struct pw_watch *w, struct pw_op *op, unsigned long index, struct page *page)
{
	bool held;

	if (!w->held)
		return false;
	spin_lock(&w->lock);
	held = w->held[index] == page;
	if (held && w->owner[index] != op) {
		if (w->owner[index])
			WRITE_ONCE(w->owner[index]->slots, w->owner[index]->slots - 1);
		w->owner[index] = op;
		WRITE_ONCE(op->slots, op->slots + 1);
	}
	spin_unlock(&w->lock);
	return held;
}

static void note_page(struct pw_watch *w, struct pw_op *op, unsigned long index)
{
	struct page *page;

	switch (pw_look_up(w->mm, w->first + index * PAGE_SIZE, &page)) {
	case PW_PLACE_NONE:
		op->counts.absent++;
		break;
	case PW_PLACE_SWAP:
		if (!op->in_swap++)
			op->swap_index = index;
		break;
	case PW_PLACE_DEVICE:
		pw_counts_unknown(&op->counts, 1, PW_UNSEEN_DEVICE);
		break;
	case PW_PLACE_BUSY:
		pw_counts_unknown(&op->counts, 1, PW_UNSEEN_BUSY);
		break;
	case PW_PLACE_PAGE:
	case PW_PLACE_MOVING:
		if (note_held(w, op, index, page))
			put_page(page);
		else
			note_loose(w, op, index, page);
		break;
	}
}

static void note_pages(struct pw_watch *w, struct pw_op *op, unsigned long from, unsigned long to,
		       bool may_wait)
{
	unsigned long index;

	for (index = from; index < to; index++) {
		note_page(w, op, index);
		if (may_wait && index % BATCH == BATCH - 1)
			cond_resched();
	}
}

/* ---- operations ----------------------------------------------------------------------------- */

static s64 op_pages(const struct pw_op *op)
{
	u64 pages = pw_counts_present(&op->counts) + op->in_swap + op->slots + op->used +
		    op->wanted.clean + op->wanted.dirty;
	int i;

	for (i = 0; i < PW_PAGE_KINDS; i++)
		pages += op->groups[i].clean + op->groups[i].dirty;
	return pages;
}

static void op_add(struct pw_watch *w, struct pw_op *op)
{
	spin_lock(&w->lock);
	op->pending = max(op_pages(op), 1ll);
	pw_watch_pending(op->pending);
	op->serial = ++w->ops_serial;
	list_add_tail(&op->link, &w->ops);
	WRITE_ONCE(w->ops_count, w->ops_count + 1);
	if (op->kind == PW_OP_EXIT)
		WRITE_ONCE(w->gone, true);
	spin_unlock(&w->lock);
	pw_watch_kick(w);
}

/* Without room to remember: it is told now that it isn't known. Held pages wait for the end. */
static void tell_unknown(struct pw_watch *w, u32 cause, unsigned long from, unsigned long to,
			 u32 reason)
{
	struct pw_counts counts;
	unsigned long index;
	struct page *page;

	pw_counts_init(&counts);
	for (index = from; index < to; index++) {
		if (pw_look_up(w->mm, w->first + index * PAGE_SIZE, &page) == PW_PLACE_NONE)
			counts.absent++;
		else
			pw_counts_unknown(&counts, 1, reason);
		if (page)
			put_page(page);
	}
	if (counts.unknown)
		pw_watch_tell(w, PW_SECRET_RELEASED, cause, from, to, &counts, pw_current_tid());
}

/* The first page that is there, with a reference; NULL: none. */
static struct page *first_page(struct pw_watch *w, unsigned long from, unsigned long to)
{
	struct page *page = NULL;

	for (; from < to && !page; from++)
		pw_look_up(w->mm, w->first + from * PAGE_SIZE, &page);
	return page;
}

/*
 * Whether the caller itself has mmap_lock for writing: who discards has it for
 * reading at most, who makes small pages into a huge one has it so.
 */
static bool mm_is_mine(struct mm_struct *mm)
{
#ifdef CONFIG_PREEMPT_RT
	return false; /* its locks don't tell; MADV_COLLAPSE finds our references and gives up */
#else
	long owner = atomic_long_read(&mm->mmap_lock.owner);

	/* The lowest bits are flags, the very lowest that of readers. */
	return !(owner & 1) && (owner & ~7l) == (long)current;
#endif
}

/*
 * Reclaim and migration hold the folio's lock and come folio by folio; khugepaged
 * and ksmd are kernel threads.
 */
static bool moves_folio(struct pw_watch *w, unsigned long from, unsigned long to)
{
	struct page *page;
	bool moves;

	if (current->flags & PF_KTHREAD || mm_is_mine(w->mm))
		return true;
	page = first_page(w, from, to);
	if (!page)
		return false;
	moves = folio_test_locked(page_folio(page)) && to - from <= folio_nr_pages(page_folio(page));
	put_page(page);
	return moves;
}

/* A move that goes on where the last one ended joins it; false: it is one of its own. */
static bool join_last(struct pw_watch *w, unsigned long from, unsigned long to)
{
	struct pw_op *op;
	bool joins;
	s64 before;

	if (to - from != 1)
		return false;
	/* Out of the list, nobody else sees it, and noting may take w->lock. */
	spin_lock(&w->lock);
	op = list_empty(&w->ops) ? NULL : list_last_entry(&w->ops, struct pw_op, link);
	joins = op && op->kind == PW_OP_MOVE && !op->sealed && op->to == from &&
		op->used < op->room && !op->groups[PW_PAGE_ANON].clean &&
		!op->groups[PW_PAGE_ANON].dirty;
	if (joins) {
		list_del(&op->link);
		WRITE_ONCE(w->ops_count, w->ops_count - 1);
	}
	spin_unlock(&w->lock);
	if (!joins)
		return false;
	before = op->pending;
	op->to = to;
	note_page(w, op, from);
	op_add(w, op);
	pw_watch_pending(-before);
	return true;
}

static void note_release(struct pw_watch *w, const struct mmu_notifier_range *range,
			 unsigned long from, unsigned long to)
{
	u32 cause = range->event == MMU_NOTIFY_UNMAP ? PW_CAUSE_UNMAP : PW_CAUSE_DISCARD;
	bool moves = range->event == MMU_NOTIFY_MIGRATE ||
		     (range->event == MMU_NOTIFY_CLEAR && moves_folio(w, from, to));
	enum pw_op_kind kind = PW_OP_ZAP;
	struct pw_op *op;

	if (pw_observe_split(w, range, moves))
		return;
	pw_observe(w, from, to);
	if (moves) {
		kind = PW_OP_MOVE;
		cause = PW_CAUSE_RECLAIM;
		if (join_last(w, from, to))
			return;
	}
	if (READ_ONCE(w->ops_count) >= OPS_MAX) {
		tell_unknown(w, cause, from, to, PW_UNSEEN_BUSY);
		return;
	}
	op = pw_op_alloc(kind, to - from, GFP_NOTE);
	if (!op) {
		tell_unknown(w, cause, from, to, PW_UNSEEN_NO_MEMORY);
		return;
	}
	op->cause = cause;
	op->tid = pw_current_tid();
	op->begin = range->start;
	op->end = range->end;
	op->from = from;
	op->to = to;
	op->again = kind == PW_OP_ZAP && pw_observe_again(w, op);
	note_pages(w, op, from, to, mmu_notifier_range_blockable(range));
	if (op_pages(op)) {
		op_add(w, op);
		return;
	}
	if (kind == PW_OP_ZAP)
		pw_observe_done(w);
	pw_op_free(op);
}

/* A fork takes write access from private pages; writeback does so with those of files. */
static void note_fork(struct pw_watch *w, unsigned long from, unsigned long to)
{
	struct page *page;
	struct pw_op *op;
	bool fork;

	if (current->mm != w->mm)
		return;
	page = first_page(w, from, to);
	if (!page)
		return;
	fork = folio_test_anon(page_folio(page));
	put_page(page);
	if (!fork)
		return;
	op = READ_ONCE(w->ops_count) < OPS_MAX ? pw_op_alloc(PW_OP_FORK, 0, GFP_NOTE) : NULL;
	if (!op) {
		struct pw_counts none;

		pw_counts_init(&none);
		pw_watch_tell(w, PW_SECRET_SHARED, PW_CAUSE_FORK, from, to, &none, pw_current_tid());
		return;
	}
	op->cause = PW_CAUSE_FORK;
	op->tid = pw_current_tid();
	op->from = from;
	op->to = to;
	op_add(w, op);
}

/* The process has another address space already, or none. */
static u32 why_gone(struct pw_watch *w)
{
	struct task_struct *task;
	struct mm_struct *mm;
	u32 cause = PW_CAUSE_EXIT;

	rcu_read_lock();
	task = pid_task(w->pid, PIDTYPE_TGID);
	if (task && !(READ_ONCE(task->flags) & PF_EXITING)) {
		mm = READ_ONCE(task->mm);
		if (mm && mm != w->mm)
			cause = PW_CAUSE_EXEC;
	}
	rcu_read_unlock();
	return cause;
}

static void note_exit(struct pw_watch *w)
{
	struct pw_op *op = w->exit_op;

	w->exit_op = NULL; /* RELEASE comes once, and nobody else touches it before */
	w->gone_cause = why_gone(w);
	pw_observe(w, 0, w->pages);
	op->cause = w->gone_cause;
	/* The last one to let go may be somebody else who looked at it. */
	op->tid = task_tgid(current) == w->pid ? pw_current_tid() : 0;
	op->from = 0;
	op->to = w->pages;
	note_pages(w, op, 0, w->pages, true);
	pw_watch_pending(1); /* until the watch has ended */
	op_add(w, op);
}

/* The part of the range that an operation is about; false: none. */
static bool part_of(struct pw_watch *w, const struct mmu_notifier_range *range, unsigned long *from,
		    unsigned long *to)
{
	unsigned long end = w->first + w->pages * PAGE_SIZE;
	unsigned long a = max(range->start & PAGE_MASK, w->first);
	unsigned long b = min(range->end, end);

	if (a >= b)
		return false;
	*from = (a - w->first) >> PAGE_SHIFT;
	*to = (b - w->first + PAGE_SIZE - 1) >> PAGE_SHIFT;
	return true;
}

static bool invalidate(struct mmu_interval_notifier *notifier,
		       const struct mmu_notifier_range *range, unsigned long sequence)
{
	struct pw_watch *w = container_of(notifier, struct pw_watch, notifier);
	bool listens, gone;
	unsigned long from, to;

	spin_lock(&w->lock);
	mmu_interval_set_seq(notifier, sequence);
	gone = w->gone;
	listens = w->armed && !w->deaf && !gone;
	if (gone && range->event == MMU_NOTIFY_UNMAP)
		WRITE_ONCE(w->unmapped, true);
	spin_unlock(&w->lock);
	if (gone)
		pw_watch_kick(w);
	if (!listens)
		return true;
	switch (range->event) {
	case MMU_NOTIFY_RELEASE:
		note_exit(w);
		break;
	case MMU_NOTIFY_UNMAP:
	case MMU_NOTIFY_CLEAR:
	case MMU_NOTIFY_MIGRATE:
		if (part_of(w, range, &from, &to))
			note_release(w, range, from, to);
		break;
	case MMU_NOTIFY_PROTECTION_PAGE:
		if (part_of(w, range, &from, &to))
			note_fork(w, from, to);
		break;
	default:
		break;
	}
	return true;
}

const struct mmu_interval_notifier_ops pw_note_ops = {
	.invalidate = invalidate,
};
