// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * PAGEMAP_SCAN. Two things decide its cost (docs/decisions has the figures):
 * PAGE_IS_FILE makes the kernel touch each page's struct, so it is asked only
 * where the answer is not known beforehand; and one call walks across many
 * VMAs, so that neighbours share a call. A call ends after CALL_PAGES found
 * pages, which bounds how long it holds the target's mmap lock.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/ioctl.h>

#include "user/base/cleanup.h"
#include "user/inspect/residency.h"
#include "user/inspect/residency_account.h"

/* From linux/fs.h since 6.7; the oldest headers that build this are from 6.1. */
struct scan_region {
	uint64_t start, end, categories;
};

struct scan_arg {
	uint64_t size, flags, start, end, walk_end, vec, vec_len, max_pages;
	uint64_t category_inverted, category_mask, category_anyof_mask, return_mask;
};

#define SCAN_IOCTL _IOWR('f', 16, struct scan_arg)
#define IS_FILE (1u << 2)
#define IS_PRESENT (1u << 3)
#define IS_SWAPPED (1u << 4)
#define IS_ZERO (1u << 5)
#define IS_HUGE (1u << 6)
#define IS_GUARD (1u << 8) /* since 6.16; before, a guard marker shows as swapped */

#define CALL_PAGES 16384 /* 64 MiB */
#define WINDOW (64ull << 20) /* the same in bytes */
#define CALL_REGIONS 4096
#define SMALL (1u << 20) /* asking for PAGE_IS_FILE here costs less than a call of its own */

struct scan {
	const struct pw_residency_input *in;
	struct pw_layout *layout;
	struct scan_region *regions;
	size_t cursor; /* the first piece that may hold the next region */
	bool guards; /* the kernel knows IS_GUARD */
	bool dense; /* the last call met mostly resident memory */
};

static void account(struct scan *s, const struct scan_region *r)
{
	struct pw_layout *l = s->layout;
	const bool migrating = r->categories & IS_SWAPPED && s->in->swap_unused;
	const struct pw_page_state state = {
		.present = r->categories & IS_PRESENT || migrating,
		.swapped = r->categories & IS_SWAPPED && !migrating,
		.file = r->categories & IS_FILE,
		.huge = r->categories & IS_HUGE,
	};

	if (r->categories & (IS_ZERO | IS_GUARD) || !(r->categories & (IS_PRESENT | IS_SWAPPED)))
		return;
	while (s->cursor < l->count && l->pieces[s->cursor].end <= r->start)
		s->cursor++;
	for (size_t i = s->cursor; i < l->count && l->pieces[i].start < r->end; i++) {
		struct pw_piece *p = &l->pieces[i];
		uint64_t from = p->start > r->start ? p->start : r->start;
		uint64_t to = p->end < r->end ? p->end : r->end;

		pw_piece_account(p, to - from, state);
	}
}

static int call(struct scan *s, struct scan_arg *arg)
{
	for (;;) {
		uint64_t began = pw_lock_begin();
		int n, err;

		if (s->guards)
			arg->return_mask |= IS_GUARD;
		n = ioctl(s->in->pagemap, SCAN_IOCTL, arg);
		err = n < 0 ? -errno : 0;
		pw_lock_end(s->in->meter, began);
		if (err == -EINVAL && s->guards) {
			s->guards = false;
			arg->return_mask &= ~(uint64_t)IS_GUARD;
			continue;
		}
		if (err == -ENOTTY || err == -EINVAL)
			return -EOPNOTSUPP;
		if (!err && (arg->walk_end <= arg->start || n > CALL_REGIONS))
			return -EIO;
		return err ? err : n;
	}
}

static uint64_t region_bytes(const struct scan *s, int n)
{
	uint64_t bytes = 0;

	for (int i = 0; i < n; i++)
		bytes += s->regions[i].end - s->regions[i].start;
	return bytes;
}

/* Asks for what is resident or swapped, from arg->start on. */
static int ask_present(struct scan *s, struct scan_arg *arg)
{
	int n;

	arg->max_pages = CALL_PAGES;
	arg->category_inverted = 0;
	arg->category_anyof_mask = IS_PRESENT | IS_SWAPPED;
	n = call(s, arg);
	if (n < 0)
		return n;
	for (int i = 0; i < n; i++)
		account(s, &s->regions[i]);
	s->dense = region_bytes(s, n) >= (arg->walk_end - arg->start) / 4 * 3;
	return 0;
}

/* Asks for the exceptions in the next window: all else in the pieces is present. */
static int ask_exceptions(struct scan *s, struct scan_arg *arg, uint64_t end)
{
	struct scan_region plain = { .start = arg->start, .categories = IS_PRESENT };
	int n;

	arg->end = end - arg->start > WINDOW ? arg->start + WINDOW : end;
	arg->max_pages = 0;
	arg->category_inverted = IS_PRESENT;
	arg->category_anyof_mask = IS_PRESENT | IS_SWAPPED | IS_ZERO | IS_HUGE;
	n = call(s, arg);
	if (n < 0)
		return n;
	for (int i = 0; i < n; i++) {
		plain.end = s->regions[i].start;
		account(s, &plain);
		account(s, &s->regions[i]);
		plain.start = s->regions[i].end;
	}
	plain.end = arg->walk_end;
	account(s, &plain);
	s->dense = region_bytes(s, n) <= (arg->walk_end - arg->start) / 4;
	arg->end = end;
	return 0;
}

static int scan_range(struct scan *s, uint64_t start, uint64_t end, bool mixed)
{
	struct scan_arg arg = {
		.size = sizeof(arg),
		.start = start,
		.end = end,
		.vec = (uintptr_t)s->regions,
		.vec_len = CALL_REGIONS,
		.return_mask = IS_PRESENT | IS_SWAPPED | IS_ZERO | IS_HUGE | (mixed ? IS_FILE : 0),
	};

	s->dense = false;
	while (arg.start < end) {
		int err = s->dense && s->in->steady && !mixed ? ask_exceptions(s, &arg, end) :
								ask_present(s, &arg);

		if (err)
			return err;
		arg.start = arg.walk_end;
	}
	return 0;
}

/*
 * The end of the run of pieces from first that one call may walk with the same
 * question. Little plain memory between mixed pieces is asked more than it
 * needs, which is cheaper than two more calls.
 */
static size_t run_end(const struct pw_layout *l, size_t first)
{
	const bool mixed = pw_piece_is_mixed(&l->pieces[first]);
	uint64_t between = 0;
	size_t end = first + 1;

	for (size_t i = end; i < l->count && between <= SMALL; i++) {
		const struct pw_piece *p = &l->pieces[i];

		if (!pw_piece_is_user(p))
			break;
		if (pw_piece_is_mixed(p) == mixed) {
			end = i + 1;
			between = 0;
		} else if (mixed) {
			between += pw_piece_bytes(p);
		} else {
			break;
		}
	}
	return end;
}

int pw_residency_scan(const struct pw_residency_input *in, struct pw_layout *l)
{
	pw_auto_free struct scan_region *regions = calloc(CALL_REGIONS, sizeof(*regions));
	struct scan s = { .in = in, .layout = l, .regions = regions, .guards = true };
	int err = 0;

	if (!regions)
		return -ENOMEM;
	for (size_t i = 0, next; i < l->count && pw_piece_is_user(&l->pieces[i]) && !err; i = next) {
		next = run_end(l, i);
		err = scan_range(&s, l->pieces[i].start, l->pieces[next - 1].end,
				 pw_piece_is_mixed(&l->pieces[i]));
	}
	return err;
}
