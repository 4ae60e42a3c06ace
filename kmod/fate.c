// SPDX-License-Identifier: GPL-2.0-only
/*
 * What became of the pages that note.c noted. All of this runs under w->resolve,
 * in a work item, an ioctl or the descriptor's release: it may sleep, but never
 * waits for a lock that a program could keep (mmap_lock is only tried). What
 * can't be known in time is told on the safe side: HELD where somebody has a
 * reference, SWAPPED or STILL_MAPPED where a cache has it, else UNKNOWN.
 *
 * A page has gone when nobody maps it, no cache has it and no reference is left
 * that isn't ours (pw_look_strangers()); the last also tells that the TLBs of all
 * CPUs were flushed, because until then the operation has a reference itself.
 */
#include <linux/highmem.h>
#include <linux/mm.h>
#include <linux/mmap_lock.h>
#include <linux/pagemap.h>
#include <linux/swap.h>

#include "compat.h"
#include "hold.h"
#include "op.h"

/* ---- evidence: what is at an address now ------------------------------------------------ */

enum pw_place pw_fate_look(struct pw_watch *w, unsigned long index, enum pw_place hole,
			   struct page **page)
{
	unsigned long address = w->first + index * PAGE_SIZE;
	enum pw_place place = hole;
	struct vm_area_struct *vma;

	*page = NULL;
	if (!mmap_read_trylock(w->mm))
		return PW_PLACE_BUSY;
	vma = find_vma(w->mm, address);
	if (vma && vma->vm_start <= address)
		place = pw_look_up(w->mm, address, page);
	mmap_read_unlock(w->mm);
	return place;
}

/* ---- the fate of one page ------------------------------------------------------------------ */

struct question {
	struct pw_watch *w;
	const struct pw_op *op;
	bool alive; /* mm_users is held: mmap_lock may be tried */
	bool forced; /* no more patience */
	bool blind; /* ... not even for mmap_lock */
	bool left; /* a later callback has seen that it is not in its place any more */
	bool replaced; /* it saw, or the answer: another page is there */
};

/* Nobody maps it; who else may have it? */
static enum pw_fate fate_of_unmapped(const struct question *q, struct page *page)
{
	struct folio *folio = page_folio(page);

	/* Reclaim and migration unmap for a moment, with the folio locked. */
	if (folio_test_locked(folio) && !q->forced)
		return PW_FATE_OPEN;
	if (folio_test_swapcache(folio))
		return q->forced ? PW_FATE_SWAPPED : PW_FATE_OPEN;
	if (!folio_test_anon(folio) && folio_mapping(folio))
		return q->forced ? PW_FATE_MAPPED : PW_FATE_OPEN;
	if (pw_look_strangers(folio) > 0)
		return q->forced ? PW_FATE_HELD : PW_FATE_OPEN;
	return PW_FATE_GONE;
}

/*
 * Where nothing is mapped, an unmapping has done its work; for another operation
 * that is one which came after it, and may not have taken the page yet.
 */
static enum pw_place hole_of(const struct pw_op *op)
{
	return op->cause == PW_CAUSE_UNMAP ? PW_PLACE_NONE : PW_PLACE_BUSY;
}

/* `mapcount`: before the operation. The caller has a reference to the page. */
static enum pw_fate fate_of_page(struct question *q, struct page *page, unsigned long index,
				 int mapcount)
{
	bool anon = folio_test_anon(page_folio(page));
	int now = pw_page_mapcount(page);
	enum pw_place place = PW_PLACE_BUSY;
	struct page *here = NULL;
	bool same;

	if (q->left)
		place = PW_PLACE_NONE;
	else if (q->alive && (now || !anon))
		place = pw_fate_look(q->w, index, hole_of(q->op), &here);
	same = here == page;
	q->replaced |= here && !same;
	/* A private page in place of a file's: written to, and nothing of the program's went. */
	same |= here && !anon && folio_test_anon(page_folio(here));
	if (here)
		put_page(here);
	if (same)
		return PW_FATE_STAYED;
	if (now == 0)
		return fate_of_unmapped(q, page);
	if (q->op->kind == PW_OP_EXIT)
		return anon ? PW_FATE_COPIED : PW_FATE_MAPPED;
	if (place == PW_PLACE_BUSY && !q->blind)
		return PW_FATE_OPEN;
	/* Without having seen its place: a CLEAR that left it as often mapped was none for it. */
	if (place == PW_PLACE_BUSY && now >= mapcount && q->op->cause != PW_CAUSE_UNMAP)
		return PW_FATE_STAYED;
	return anon && now < mapcount ? PW_FATE_COPIED : PW_FATE_MAPPED;
}

/* A page that we have no reference to: only its place tells. */
static enum pw_fate fate_of_moved(struct question *q, const struct pw_entry *entry)
{
	enum pw_place place = PW_PLACE_NONE;
	struct page *here = NULL;
	bool same;

	/* The address space goes: its end accounts for what is still there. */
	if (!q->alive && !q->left)
		return PW_FATE_STAYED;
	if (!q->left)
		place = pw_fate_look(q->w, entry->index, hole_of(q->op), &here);
	same = here && page_to_pfn(here) == entry->pfn;
	if (here)
		put_page(here);
	switch (place) {
	case PW_PLACE_PAGE:
		return same ? PW_FATE_STAYED : PW_FATE_GONE;
	case PW_PLACE_MOVING:
		return q->forced ? PW_FATE_STAYED : PW_FATE_OPEN;
	case PW_PLACE_SWAP:
		return PW_FATE_SWAPPED;
	case PW_PLACE_NONE:
		if (entry->kind == PW_PAGE_ANON)
			return PW_FATE_GONE;
		return entry->lazy ? PW_FATE_MAPPED : PW_FATE_SWAPPED;
	default:
		return q->blind ? PW_FATE_UNKNOWN : PW_FATE_OPEN;
	}
}

/* Nor to this one, and it may be anywhere else. */
static enum pw_fate fate_of_lost(struct question *q, const struct pw_entry *entry)
{
	enum pw_fate fate = fate_of_moved(q, entry);

	return fate == PW_FATE_OPEN || fate == PW_FATE_STAYED ? fate : PW_FATE_UNKNOWN;
}

static void count_dirty(struct pw_watch *w, struct pw_counts *counts, unsigned long index,
			u32 dirty_bytes, u32 first_dirty)
{
	u64 first = w->first + index * PAGE_SIZE + first_dirty;

	if (!dirty_bytes) {
		counts->clean++;
		return;
	}
	counts->dirty++;
	counts->dirty_bytes += dirty_bytes;
	counts->first_dirty = min(counts->first_dirty, first);
}

static void count_fate(struct pw_counts *counts, enum pw_fate fate, u64 pages)
{
	switch (fate) {
	case PW_FATE_STAYED: /* of an operation that took others: still mapped */
	case PW_FATE_MAPPED:
		counts->mapped += pages;
		break;
	case PW_FATE_COPIED:
		counts->copied += pages;
		break;
	case PW_FATE_SWAPPED:
		counts->swapped += pages;
		break;
	case PW_FATE_HELD:
		counts->held += pages;
		break;
	default:
		pw_counts_unknown(counts, pages, PW_UNSEEN_BUSY);
		break;
	}
}

/* ---- held pages --------------------------------------------------------------------------------- */

/* Under the folio's lock nobody gives it to a cache; what nobody has, nobody will have. */
static bool may_wipe(struct page *page)
{
	struct folio *folio = page_folio(page);
	bool alone;

	if (!folio_trylock(folio))
		return false;
	alone = pw_page_mapcount(page) == 0 && !folio_test_swapcache(folio) &&
		(folio_test_anon(folio) || !folio_mapping(folio)) && pw_look_strangers(folio) <= 0;
	folio_unlock(folio);
	return alone;
}

/* A held page that nobody has but us; true: it is to be wiped. */
static bool count_gone(struct pw_watch *w, struct pw_counts *counts, unsigned long index,
		       struct page *page)
{
	struct pw_contents contents;
	unsigned int from, to;
	bool wipe;

	pw_watch_part(w, index, &from, &to);
	pw_look_into(page, from, to, &contents);
	if (contents.reason) {
		pw_counts_unknown(counts, 1, contents.reason);
		return false;
	}
	count_dirty(w, counts, index, contents.dirty_bytes, contents.first_dirty);
	wipe = contents.dirty_bytes && w->base.flags & PW_SECRET_SCRUBBING && may_wipe(page);
	counts->scrubbed += wipe;
	return wipe;
}

/* The page of a slot, if it waits for `op`. Only this file takes it out. */
static struct page *slot_of(struct pw_watch *w, const struct pw_op *op, unsigned long index)
{
	struct page *page;

	spin_lock(&w->lock);
	page = w->owner[index] == op ? w->held[index] : NULL;
	spin_unlock(&w->lock);
	return page;
}

/* It stays: held on. A later operation may have taken it over meanwhile. */
static void slot_stays(struct pw_watch *w, struct pw_op *op, unsigned long index)
{
	spin_lock(&w->lock);
	if (w->owner[index] == op) {
		w->owner[index] = NULL;
		WRITE_ONCE(op->slots, op->slots - 1);
	}
	spin_unlock(&w->lock);
}

/*
 * Takes the page out of its slot, if that waits for `op` still (NULL: for none). At
 * once: a callback that found it half taken out would wait for it in vain.
 */
static bool slot_take(struct pw_watch *w, struct pw_op *op, unsigned long index)
{
	bool ours;

	spin_lock(&w->lock);
	ours = w->held[index] && w->owner[index] == op;
	if (ours) {
		w->held[index] = NULL;
		w->owner[index] = NULL;
		w->held_count--;
		if (op)
			WRITE_ONCE(op->slots, op->slots - 1);
	}
	spin_unlock(&w->lock);
	return ours;
}

/* Lets go of a page that was taken out. */
static void slot_let_go(struct pw_watch *w, struct page *page, bool wipe)
{
	pw_hold_release(page, wipe);
	pw_watch_unheld(w, 1);
}

static void judge_slot(struct question *q, struct pw_op *op, unsigned long index, struct page *page)
{
	int mapcount = folio_test_anon(page_folio(page)) ? 1 : pw_page_mapcount(page) + 1;
	enum pw_fate fate;
	bool wipe = false;

	q->left = false;
	q->replaced = false;
	fate = fate_of_page(q, page, index, mapcount);
	if (fate == PW_FATE_OPEN)
		return;
	if (fate == PW_FATE_STAYED) {
		slot_stays(q->w, op, index);
		return;
	}
	if (!slot_take(q->w, op, index))
		return;
	if (fate == PW_FATE_GONE)
		wipe = count_gone(q->w, &op->counts, index, page);
	else
		count_fate(&op->counts, fate, 1);
	slot_let_go(q->w, page, wipe);
}

static void judge_slots(struct question *q, struct pw_op *op)
{
	unsigned long index;
	struct page *page;

	for (index = op->from; index < op->to && READ_ONCE(op->slots); index++) {
		page = slot_of(q->w, op, index);
		if (page)
			judge_slot(q, op, index, page);
		cond_resched();
	}
}

/* ---- operations ------------------------------------------------------------------------------------- */

static void judge_entry(struct question *q, const struct pw_op *op, struct pw_entry *entry)
{
	enum pw_fate fate;

	q->left = READ_ONCE(entry->left);
	q->replaced = READ_ONCE(entry->replaced);
	if (op->kind == PW_OP_MOVE)
		fate = fate_of_moved(q, entry);
	else if (!entry->ref.page)
		fate = fate_of_lost(q, entry);
	else
		fate = fate_of_page(q, entry->ref.page, entry->index, entry->mapcount);
	if (fate == PW_FATE_OPEN)
		return;
	spin_lock(&q->w->lock);
	if (entry->fate == PW_FATE_OPEN)
		WRITE_ONCE(entry->fate, fate);
	entry->replaced |= q->replaced;
	spin_unlock(&q->w->lock);
}

/*
 * Reclaim that looks for the mappings of a page calls for each place where it may
 * be, also where it is not; what is in swap there stays. An unmapping always takes.
 */
static bool judge_swap(const struct question *q, struct pw_op *op)
{
	enum pw_place place = PW_PLACE_NONE;
	struct page *page = NULL;

	if (op->kind != PW_OP_EXIT && op->cause != PW_CAUSE_UNMAP && q->alive)
		place = pw_fate_look(q->w, op->swap_index, hole_of(op), &page);
	if (page)
		put_page(page);
	if (place == PW_PLACE_BUSY && !q->blind)
		return false;
	spin_lock(&q->w->lock);
	if (!op->swap_known)
		op->swap_stayed = place == PW_PLACE_SWAP;
	WRITE_ONCE(op->swap_known, true);
	spin_unlock(&q->w->lock);
	return true;
}

/* True: nothing of it is open any more. */
static bool judge(struct question *q, struct pw_op *op)
{
	bool done = true;
	u32 i;

	if (READ_ONCE(op->slots))
		judge_slots(q, op);
	if (op->in_swap && !READ_ONCE(op->swap_known))
		done = judge_swap(q, op);
	for (i = 0; i < op->used; i++) {
		struct pw_entry *entry = &op->entries[i];

		if (READ_ONCE(entry->fate) == PW_FATE_OPEN)
			judge_entry(q, op, entry);
		done &= READ_ONCE(entry->fate) != PW_FATE_OPEN;
	}
	return done && !READ_ONCE(op->slots);
}

static void count_entry(struct pw_watch *w, struct pw_counts *counts, const struct pw_entry *entry)
{
	if (entry->fate == PW_FATE_GONE)
		count_dirty(w, counts, entry->index, entry->dirty_bytes, entry->first_dirty);
	else
		count_fate(counts, entry->fate, 1);
}

/* What happened to the plain pages of a kind: the same as to its samples. */
static enum pw_fate fate_of_group(const struct pw_op *op, enum pw_page_kind kind)
{
	u32 i;

	for (i = 0; i < op->used; i++)
		if (op->entries[i].kind == kind && !op->entries[i].wanted)
			/* Somebody who has a sample has not the others. */
			return op->entries[i].fate == PW_FATE_HELD ? PW_FATE_GONE :
								     op->entries[i].fate;
	return PW_FATE_GONE;
}

/* ... and to those that somebody else had: if they did not all go one way, on the safe side. */
static enum pw_fate fate_of_wanted(const struct pw_op *op)
{
	enum pw_fate fate = PW_FATE_OPEN;
	u32 i;

	for (i = 0; i < op->used; i++) {
		if (!op->entries[i].wanted)
			continue;
		if (fate != PW_FATE_OPEN && fate != op->entries[i].fate)
			return PW_FATE_HELD;
		fate = op->entries[i].fate;
	}
	return fate;
}

static void count_group(struct pw_counts *counts, const struct pw_group *group, enum pw_fate fate)
{
	if (fate != PW_FATE_GONE) {
		count_fate(counts, fate, group->clean + group->dirty);
		return;
	}
	counts->clean += group->clean;
	counts->dirty += group->dirty;
	counts->dirty_bytes += group->dirty_bytes;
	counts->first_dirty = min(counts->first_dirty, group->first_dirty);
}

/* Whether it let any page go. */
static bool took(const struct pw_op *op)
{
	u32 i;

	if (pw_counts_present(&op->counts))
		return true;
	for (i = 0; i < op->used; i++)
		if (op->entries[i].fate != PW_FATE_STAYED)
			return true;
	/* The rest went the way of the entries; without any there is none. */
	return op->in_swap && !op->swap_stayed;
}

/* A write to a shared page leaves another one in its place. */
static u32 cause_of(const struct pw_op *op)
{
	const struct pw_entry *entry = &op->entries[0];

	if (op->kind != PW_OP_ZAP || op->cause != PW_CAUSE_DISCARD || op->to - op->from != 1 ||
	    op->used != 1 || entry->kind != PW_PAGE_ANON || !entry->wanted)
		return op->cause;
	return entry->replaced ? PW_CAUSE_COW : PW_CAUSE_DISCARD;
}

static void tell_whole(struct pw_watch *w, struct pw_op *op)
{
	struct pw_counts counts = op->counts;
	u64 pages;
	int kind;
	u32 i;

	counts.swapped += op->in_swap;
	for (i = 0; i < op->used; i++)
		count_entry(w, &counts, &op->entries[i]);
	for (kind = 0; kind < PW_PAGE_KINDS; kind++)
		count_group(&counts, &op->groups[kind], fate_of_group(op, kind));
	count_group(&counts, &op->wanted, fate_of_wanted(op));
	/* Held pages that stayed, or that a later operation took. */
	pages = pw_counts_present(&counts) + counts.absent;
	if (pages < op->to - op->from)
		counts.mapped += op->to - op->from - pages;
	pw_watch_tell(w, PW_SECRET_RELEASED, cause_of(op), op->from, op->to, &counts, op->tid);
}

static bool ends_run(const struct pw_entry *a, const struct pw_entry *b)
{
	return b->fate == PW_FATE_STAYED || b->index != a->index + 1 || b->lazy != a->lazy;
}

/* Of pages taken one by one, some may have stayed: a record for each run of those that went. */
static void tell_runs(struct pw_watch *w, struct pw_op *op)
{
	u32 i, first = 0;

	while (first < op->used) {
		struct pw_entry *entry = &op->entries[first];
		struct pw_counts counts;

		if (entry->fate == PW_FATE_STAYED) {
			first++;
			continue;
		}
		pw_counts_init(&counts);
		count_entry(w, &counts, entry);
		for (i = first + 1; i < op->used && !ends_run(&op->entries[i - 1], &op->entries[i]);
		     i++)
			count_entry(w, &counts, &op->entries[i]);
		pw_watch_tell(w, PW_SECRET_RELEASED,
			      entry->lazy && entry->kind == PW_PAGE_ANON ? PW_CAUSE_DISCARD :
									   PW_CAUSE_RECLAIM,
			      entry->index, op->entries[i - 1].index + 1, &counts, op->tid);
		first = i;
	}
}

static void tell(struct pw_watch *w, struct pw_op *op)
{
	if (op->kind == PW_OP_FORK) {
		pw_watch_tell(w, PW_SECRET_SHARED, op->cause, op->from, op->to, &op->counts, op->tid);
		return;
	}
	if (op->kind == PW_OP_EXIT)
		w->total.absent = op->counts.absent;
	if (!took(op))
		return;
	if (op->kind == PW_OP_ZAP)
		pw_observe_done(w);
	/* Only single entries: each has its own fate, and tells it. */
	if (op->kind == PW_OP_MOVE && !pw_counts_present(&op->counts) && op->used == op->to - op->from)
		tell_runs(w, op);
	else
		tell_whole(w, op);
}

bool pw_fate_tell(struct pw_watch *w, struct pw_op *op, bool alive, enum pw_patience patience)
{
	struct question q = {
		.w = w,
		.op = op,
		.alive = alive,
		.forced = patience != PW_WAIT,
		/* Without an address space there is no lock to wait for. */
		.blind = patience == PW_WAIT_NO_MORE || (!alive && patience != PW_WAIT),
	};

	if (!judge(&q, op))
		return false;
	tell(w, op);
	return true;
}

/* ---- pages that are still there -------------------------------------------------- */

void pw_fate_count(struct pw_watch *w, struct pw_counts *counts, unsigned long index,
		   struct page *page)
{
	struct pw_contents contents;
	unsigned int from, to;

	pw_watch_part(w, index, &from, &to);
	pw_look_into(page, from, to, &contents);
	if (contents.reason)
		pw_counts_unknown(counts, 1, contents.reason);
	else
		count_dirty(w, counts, index, contents.dirty_bytes, contents.first_dirty);
}

/* Its going could not be noted (no memory): looked at now as then, and not again. */
static void look_at_gone(struct pw_watch *w, unsigned long index, struct page *page)
{
	struct pw_counts went;

	/* An operation that was noted just now has it: that one tells. */
	if (!slot_take(w, NULL, index))
		return;
	pw_counts_init(&went);
	slot_let_go(w, page, count_gone(w, &went, index, page));
	spin_lock(&w->lock);
	pw_counts_add(&w->total, &went);
	spin_unlock(&w->lock);
}

bool pw_fate_count_held(struct pw_watch *w, struct pw_counts *counts, unsigned long index)
{
	struct page *page = w->held ? slot_of(w, NULL, index) : NULL;

	if (!page)
		return false;
	if (pw_page_mapcount(page) == 0)
		look_at_gone(w, index, page);
	else
		pw_fate_count(w, counts, index, page);
	return true;
}

void pw_fate_release(struct pw_watch *w)
{
	unsigned long index;

	for (index = 0; w->held && index < w->pages; index++) {
		struct page *page = w->held[index];

		if (page && slot_take(w, w->owner[index], index))
			slot_let_go(w, page, false);
	}
}
