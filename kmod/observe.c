// SPDX-License-Identifier: GPL-2.0-only
/*
 * What operations left that were noted before: seen in the callback of the next
 * one, under the same conditions as note.c.
 */
#include <linux/mm.h>

#include "op.h"

#define TRIES 3 /* of the same, before it is noted without references */

/* What a page of an earlier operation turns out to be now, as far as that can be seen. */
static enum pw_fate fate_seen(const struct pw_op *op, struct pw_entry *entry, enum pw_place place,
			      struct page *page)
{
	bool same = page && page_to_pfn(page) == entry->pfn;

	if (op->kind != PW_OP_MOVE)
		return same ? PW_FATE_STAYED : PW_FATE_OPEN;
	switch (place) {
	case PW_PLACE_PAGE:
		return same ? PW_FATE_STAYED : PW_FATE_GONE;
	case PW_PLACE_SWAP:
		return PW_FATE_SWAPPED;
	case PW_PLACE_MOVING: /* the operation that begins now accounts for it */
		return PW_FATE_STAYED;
	default:
		return PW_FATE_OPEN;
	}
}

static void observe_entry(struct pw_watch *w, struct pw_op *op, struct pw_entry *entry)
{
	enum pw_place place;
	enum pw_fate fate;
	struct page *page;
	bool left;

	place = pw_look_up(w->mm, w->first + entry->index * PAGE_SIZE, &page);
	fate = fate_seen(op, entry, place, page);
	left = place != PW_PLACE_BUSY && fate == PW_FATE_OPEN;
	WRITE_ONCE(entry->left, left);
	WRITE_ONCE(entry->replaced, left && page);
	WRITE_ONCE(entry->fate, fate);
	if (page)
		put_page(page);
}

static void observe_swap(struct pw_watch *w, struct pw_op *op)
{
	enum pw_place place;
	struct page *page;

	place = pw_look_up(w->mm, w->first + op->swap_index * PAGE_SIZE, &page);
	WRITE_ONCE(op->swap_known, place != PW_PLACE_SWAP);
	if (page)
		put_page(page);
}

void pw_observe(struct pw_watch *w, unsigned long from, unsigned long to)
{
	struct pw_op *op;
	u32 i;

	spin_lock(&w->lock);
	list_for_each_entry(op, &w->ops, link) {
		if (op->from >= to || op->to <= from)
			continue;
		if (op->in_swap && !op->swap_known && op->swap_index >= from && op->swap_index < to)
			observe_swap(w, op);
		for (i = 0; i < op->used; i++) {
			struct pw_entry *entry = &op->entries[i];

			if (entry->fate == PW_FATE_OPEN && entry->index >= from && entry->index < to)
				observe_entry(w, op, entry);
		}
	}
	spin_unlock(&w->lock);
}

/*
 * An operation on a part of a huge page, and any move of it, splits its mapping
 * first, with a callback of its own, in the midst of the first one. Nothing goes
 * by that, and what the outer one left isn't to be seen yet. It is known by the
 * mapping that is still one, though an operation was noted that would have left
 * none.
 */
static bool splits_for(const struct pw_op *op, unsigned long begin, unsigned long end)
{
	bool whole = op->begin <= begin && op->end >= end;

	if (op->kind != PW_OP_ZAP || op->over || op->begin >= end || op->end <= begin)
		return false;
	return op->tid == pw_current_tid() && (!whole || op->cause == PW_CAUSE_UNMAP);
}

static bool splits_mapping(struct pw_watch *w, const struct mmu_notifier_range *range)
{
	struct pw_op *op;
	bool splits = false;

	if (!IS_ALIGNED(range->start, PMD_SIZE) || range->end - range->start != PMD_SIZE ||
	    !pw_look_huge(w->mm, range->start))
		return false;
	spin_lock(&w->lock);
	list_for_each_entry(op, &w->ops, link)
		splits |= splits_for(op, range->start, range->end);
	spin_unlock(&w->lock);
	return splits;
}

static struct pw_op *last_op(struct pw_watch *w)
{
	return list_empty(&w->ops) ? NULL : list_last_entry(&w->ops, struct pw_op, link);
}

/* What was tried again (below) has its chance: the huge page itself is split, and put back. */
static bool splits_folio(struct pw_watch *w, const struct mmu_notifier_range *range)
{
	struct pw_op *op;
	bool splits;

	if (range->end - range->start <= PAGE_SIZE)
		return false;
	spin_lock(&w->lock);
	op = last_op(w);
	splits = op && op->again && !op->over && op->tid == pw_current_tid() &&
		 range->start < op->end && range->end > op->begin;
	spin_unlock(&w->lock);
	return splits;
}

bool pw_observe_split(struct pw_watch *w, const struct mmu_notifier_range *range, bool moves)
{
	if (range->event != MMU_NOTIFY_CLEAR)
		return false;
	return splits_mapping(w, range) || (moves && splits_folio(w, range));
}

static bool all_stayed(const struct pw_op *op)
{
	u32 i;

	for (i = 0; i < op->used; i++)
		if (op->entries[i].fate != PW_FATE_STAYED)
			return false;
	return true;
}

/*
 * UFFDIO_MOVE tries to split a huge page until nobody has a reference to it, and
 * comes here each time: with new ones of ours it would try for ever. So what the
 * same thread tries again and again, and nothing goes by it, is noted without.
 */
bool pw_observe_again(struct pw_watch *w, const struct pw_op *op)
{
	struct pw_tried *tried = &w->tried;
	struct pw_op *last;
	bool again;

	spin_lock(&w->lock);
	last = last_op(w);
	if (tried->tid != op->tid || tried->begin != op->begin || tried->end != op->end ||
	    (last && !all_stayed(last)))
		*tried = (struct pw_tried){ .tid = op->tid, .begin = op->begin, .end = op->end };
	again = tried->count++ >= TRIES;
	spin_unlock(&w->lock);
	return again;
}

void pw_observe_done(struct pw_watch *w)
{
	spin_lock(&w->lock);
	w->tried.count = 0;
	spin_unlock(&w->lock);
}
