// SPDX-License-Identifier: GPL-2.0-only
/*
 * When operations are looked at: in rounds over what was noted, each after the
 * notifier has said that it has happened, until all is known or PATIENCE_NS is
 * over; and the last look at what is still there. All under w->resolve. Sleeps,
 * but never waits for a lock that a program could keep.
 */
#include <linux/delay.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/mmu_notifier.h>
#include <linux/sched/mm.h>

#include "op.h"

#define PATIENCE_NS (50 * NSEC_PER_MSEC)
#define LOCK_PATIENCE_NS (1 * (u64)NSEC_PER_SEC) /* for mmap_lock, from then on */
#define EXIT_PATIENCE_NS (60 * (u64)NSEC_PER_SEC) /* for its pages to be unmapped at all */
#define LOOK_PATIENCE_NS (1 * (u64)NSEC_PER_SEC) /* for mmap_lock, in the last look */
#define LOOK_TRIES 8 /* until nothing goes while we look */

/* What is sealed is over too. */
static void over_all(struct pw_watch *w)
{
	struct pw_op *op;

	spin_lock(&w->lock);
	list_for_each_entry(op, &w->ops, link)
		op->over |= op->sealed;
	spin_unlock(&w->lock);
}

/* What is noted by now; NULL: nothing. */
static struct pw_op *seal_all(struct pw_watch *w)
{
	struct pw_op *op;

	spin_lock(&w->lock);
	list_for_each_entry(op, &w->ops, link)
		op->sealed = true;
	op = list_first_entry_or_null(&w->ops, struct pw_op, link);
	spin_unlock(&w->lock);
	return op;
}

/* The next sealed one; with `done`, this one is taken out and is the caller's. */
static struct pw_op *next_op(struct pw_watch *w, struct pw_op *op, bool done)
{
	struct pw_op *next = NULL;

	spin_lock(&w->lock);
	if (!list_is_last(&op->link, &w->ops)) {
		next = list_next_entry(op, link);
		if (!next->sealed)
			next = NULL;
	}
	if (done) {
		list_del(&op->link);
		WRITE_ONCE(w->ops_count, w->ops_count - 1);
	}
	spin_unlock(&w->lock);
	return next;
}

/* An exit is noted before its pages are unmapped; nothing of it is to be seen until then. */
static bool too_early(struct pw_op *op, bool unmapped, u64 now)
{
	if (op->kind != PW_OP_EXIT || unmapped)
		return false;
	if (!op->deadline_ns)
		op->deadline_ns = now + EXIT_PATIENCE_NS;
	return now < op->deadline_ns;
}

/* One look at an operation; true: it is told. */
static bool try_to_tell(struct pw_watch *w, struct pw_op *op, bool alive, bool unmapped)
{
	u64 now = ktime_get_ns();

	if (too_early(op, unmapped, now))
		return false;
	if (!op->deadline_ns || (op->kind == PW_OP_EXIT && op->deadline_ns > now + PATIENCE_NS))
		op->deadline_ns = now + PATIENCE_NS;
	return pw_fate_tell(w, op, alive,
			    now < op->deadline_ns		     ? PW_WAIT :
			    now < op->deadline_ns + LOCK_PATIENCE_NS ? PW_WAIT_FOR_LOCK :
								       PW_WAIT_NO_MORE);
}

/* True: of the operations up to that one, some are still open. */
static bool any_left(struct pw_watch *w, u64 serial)
{
	struct pw_op *op;
	bool left = false;

	spin_lock(&w->lock);
	list_for_each_entry(op, &w->ops, link)
		left |= op->serial <= serial;
	spin_unlock(&w->lock);
	return left;
}

static void one_round(struct pw_watch *w)
{
	struct pw_op *op, *next;
	bool alive, unmapped, done;
	s64 told = 0;

	op = seal_all(w);
	if (!op)
		return;
	unmapped = READ_ONCE(w->unmapped);
	/* Until what is noted has happened; without the notifier, it has, and w->mm may be no more. */
	if (!w->finished)
		mmu_interval_read_begin(&w->notifier);
	over_all(w);
	alive = !w->finished && mmget_not_zero(w->mm);
	for (; op; op = next) {
		done = try_to_tell(w, op, alive, unmapped);
		next = next_op(w, op, done);
		if (!done)
			continue;
		told += op->pending;
		pw_op_free(op);
	}
	/* May be the last user's: then the end of the address space is noted here. */
	if (alive)
		mmput(w->mm);
	pw_watch_pending(-told);
}

/* Not for longer: a program can let pages go as fast as we tell of them. */
void pw_round_drain(struct pw_watch *w)
{
	unsigned int rounds = 0;
	u64 serial;

	lockdep_assert_held(&w->resolve);
	spin_lock(&w->lock);
	serial = w->ops_serial;
	spin_unlock(&w->lock);
	for (;;) {
		one_round(w);
		if (!any_left(w, serial))
			return;
		/* What is still open after a moment may wait in a CPU's batch. */
		if (rounds++ % 4 == 1)
			pw_look_drain();
		usleep_range(500, 1000);
	}
}

/* ---- the last look ------------------------------------------------------------------------------------------- */

static void look_at(struct pw_watch *w, struct pw_counts *counts, unsigned long index, u64 until)
{
	enum pw_place place;
	struct page *page;

	if (pw_fate_count_held(w, counts, index))
		return;
	while ((place = pw_fate_look(w, index, PW_PLACE_NONE, &page)) == PW_PLACE_BUSY &&
	       ktime_get_ns() < until)
		usleep_range(100, 200);
	switch (place) {
	case PW_PLACE_NONE:
		counts->absent++;
		break;
	case PW_PLACE_SWAP:
		counts->swapped++;
		break;
	case PW_PLACE_PAGE:
	case PW_PLACE_MOVING:
		pw_fate_count(w, counts, index, page);
		put_page(page);
		break;
	case PW_PLACE_DEVICE:
		pw_counts_unknown(counts, 1, PW_UNSEEN_DEVICE);
		break;
	case PW_PLACE_BUSY:
		pw_counts_unknown(counts, 1, PW_UNSEEN_BUSY);
		break;
	}
}

/*
 * Nothing went while we looked, or we do not try again (then what is noted by now
 * is told twice): from now on nothing is noted.
 */
static bool deafen(struct pw_watch *w, unsigned long sequence, bool whatever)
{
	bool done;

	spin_lock(&w->lock);
	done = whatever || (list_empty(&w->ops) && !mmu_interval_read_retry(&w->notifier, sequence));
	w->deaf = done;
	spin_unlock(&w->lock);
	return done;
}

static int try_last_look(struct pw_watch *w, struct pw_counts *ret, bool whatever)
{
	u64 until = ktime_get_ns() + LOOK_PATIENCE_NS;
	unsigned long sequence, index;

	sequence = mmu_interval_read_begin(&w->notifier);
	pw_counts_init(ret);
	for (index = 0; index < w->pages; index++) {
		look_at(w, ret, index, until);
		cond_resched();
	}
	return deafen(w, sequence, whatever) ? 0 : -EAGAIN;
}

int pw_round_last_look(struct pw_watch *w, struct pw_counts *ret)
{
	int tries, err = -EAGAIN;

	lockdep_assert_held(&w->resolve);
	if (!mmget_not_zero(w->mm))
		return -ESRCH;
	for (tries = 1; err && tries <= LOOK_TRIES; tries++) {
		pw_round_drain(w);
		err = try_last_look(w, ret, tries == LOOK_TRIES);
	}
	mmput(w->mm);
	return err;
}
