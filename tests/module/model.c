// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/module/model.h"

#include <stdlib.h>
#include <string.h>

#define WORDS (MODEL_PAGE / 64)

void model_init(struct model *m)
{
	memset(m, 0, sizeof(*m));
	for (unsigned int i = 0; i < MODEL_PAGES; i++)
		m->pages[i].frame = NO_FRAME;
}

uint64_t model_address(unsigned int page)
{
	return MODEL_BASE + page / MODEL_AREA_PAGES * MODEL_STRIDE +
	       page % MODEL_AREA_PAGES * MODEL_PAGE;
}

/* ---- bytes ---------------------------------------------------------------------------------- */

static uint64_t mask(unsigned int from, unsigned int to)
{
	return (to - from == 64 ? ~0ull : (1ull << (to - from)) - 1) << from;
}

static void set_bytes(struct model_frame *f, unsigned int from, unsigned int to, bool dirty)
{
	while (from < to) {
		unsigned int word = from / 64, end = (word + 1) * 64 < to ? (word + 1) * 64 : to;
		uint64_t bits = mask(from % 64, end - word * 64);

		f->dirty[word] = dirty ? f->dirty[word] | bits : f->dirty[word] & ~bits;
		from = end;
	}
}

static unsigned int count_bytes(const struct model_frame *f, unsigned int from, unsigned int to,
				unsigned int *first)
{
	unsigned int count = 0;

	while (from < to) {
		unsigned int word = from / 64, end = (word + 1) * 64 < to ? (word + 1) * 64 : to;
		uint64_t bits = f->dirty[word] & mask(from % 64, end - word * 64);

		if (bits && !count)
			*first = word * 64 + (unsigned int)__builtin_ctzll(bits);
		count += (unsigned int)__builtin_popcountll(bits);
		from = end;
	}
	return count;
}

/* ---- frames ------------------------------------------------------------------------------------ */

static struct model_frame *frame_of(struct model *m, int frame)
{
	return &m->frames[frame & ~IN_SWAP];
}

static int new_frame(struct model *m)
{
	for (int i = 0; i < (int)MODEL_FRAMES; i++) {
		if (!m->frames[i].mapped) {
			memset(&m->frames[i], 0, sizeof(m->frames[i]));
			m->frames[i].mapped = 1;
			return i;
		}
	}
	abort();
}

static int copy_frame(struct model *m, int frame)
{
	int copy = new_frame(m);

	memcpy(m->frames[copy].dirty, frame_of(m, frame)->dirty, sizeof(m->frames[copy].dirty));
	return copy;
}

bool model_is_present(const struct model *m, unsigned int page)
{
	return m->pages[page].frame != NO_FRAME && !(m->pages[page].frame & IN_SWAP);
}

bool model_is_shared(const struct model *m, unsigned int page)
{
	int frame = m->pages[page].frame;

	return frame != NO_FRAME && m->frames[frame & ~IN_SWAP].mapped > 1;
}

bool model_is_held(const struct model *m, unsigned int page)
{
	int frame = m->pages[page].frame;

	return frame != NO_FRAME && m->frames[frame & ~IN_SWAP].held;
}

bool model_is_dirty(const struct model *m, unsigned int page, unsigned int byte)
{
	int frame = m->pages[page].frame;

	return frame != NO_FRAME && m->frames[frame & ~IN_SWAP].dirty[byte / 64] >> (byte % 64) & 1;
}

/* ---- watches ------------------------------------------------------------------------------------- */

/* The watched bytes of a page, [*from, *to) in it; false: none. */
static bool watched_part(const struct model_watch *w, unsigned int page, unsigned int *from,
			 unsigned int *to)
{
	uint64_t start = model_address(page), end = start + MODEL_PAGE;

	if (!w->live || w->start >= end || w->end <= start)
		return false;
	*from = w->start > start ? (unsigned int)(w->start - start) : 0;
	*to = w->end < end ? (unsigned int)(w->end - start) : MODEL_PAGE;
	return true;
}

void model_watch_pages(const struct model_watch *w, unsigned int *first, unsigned int *last)
{
	unsigned int from, to;

	*first = MODEL_PAGES;
	*last = 0;
	for (unsigned int page = 0; page < MODEL_PAGES; page++) {
		if (!watched_part(w, page, &from, &to))
			continue;
		if (*first == MODEL_PAGES)
			*first = page;
		*last = page + 1;
	}
}

static void sum_contents(struct model_sums *s, const struct model_frame *f, unsigned int page,
			 unsigned int from, unsigned int to, bool scrubbed)
{
	unsigned int first = 0, bytes = count_bytes(f, from, to, &first);
	uint64_t at = model_address(page) + first;

	if (!bytes) {
		s->clean++;
		return;
	}
	s->dirty++;
	s->scrubbed += scrubbed;
	if (!s->dirty_bytes || at < s->first_dirty)
		s->first_dirty = at;
	s->dirty_bytes += bytes;
}

static void sum_page(struct model_sums *s, const struct model_frame *f, unsigned int page,
		     unsigned int from, unsigned int to, enum model_way way, bool scrubbed)
{
	s->any = true;
	switch (way) {
	case MODEL_MOVES:
		s->mapped++;
		break;
	case MODEL_COPIES:
		s->copied++;
		break;
	case MODEL_SWAPS:
		s->swapped++;
		break;
	default:
		sum_contents(s, f, page, from, to, scrubbed);
	}
}

static void drop_hold(struct model *m, struct model_watch *w, unsigned int page)
{
	if (!w->held[page])
		return;
	w->held[page] = false;
	frame_of(m, m->pages[page].frame)->held--;
}

/* A page goes from its address: each watch of it is told, and holds it no more. */
static void goes(struct model *m, unsigned int page, uint32_t cause, enum model_way way)
{
	const struct model_frame *f = frame_of(m, m->pages[page].frame);
	unsigned int from, to;

	if (m->pages[page].frame & IN_SWAP)
		way = MODEL_SWAPS;
	else if (way == MODEL_GOES && f->mapped > 1)
		way = MODEL_COPIES; /* a child has it still */
	for (unsigned int i = 0; i < MODEL_WATCHES; i++) {
		struct model_watch *w = &m->watches[i];
		bool scrubs = w->flags & PW_WATCH_SCRUB && w->held[page];

		if (!watched_part(w, page, &from, &to))
			continue;
		sum_page(&w->now[cause], f, page, from, to, way, scrubs);
		sum_page(&w->life, f, page, from, to, way, scrubs);
		drop_hold(m, w, page);
	}
}

static void leave(struct model *m, unsigned int page)
{
	if (m->pages[page].frame != NO_FRAME)
		frame_of(m, m->pages[page].frame)->mapped--;
	m->pages[page].frame = NO_FRAME;
}

void model_step(struct model *m)
{
	for (unsigned int i = 0; i < MODEL_WATCHES; i++) {
		memset(m->watches[i].now, 0, sizeof(m->watches[i].now));
		memset(m->watches[i].shared, 0, sizeof(m->watches[i].shared));
	}
}

/* ---- what the process does ------------------------------------------------------------------------ */

static void lose(struct model *m, unsigned int page, uint32_t cause)
{
	if (m->pages[page].frame != NO_FRAME)
		goes(m, page, cause, MODEL_GOES);
	leave(m, page);
}

void model_unmap(struct model *m, unsigned int page)
{
	lose(m, page, PW_CAUSE_UNMAP);
	m->pages[page].mapped = false;
}

void model_map(struct model *m, unsigned int page)
{
	model_unmap(m, page);
	m->pages[page].mapped = true;
}

void model_discard(struct model *m, unsigned int page)
{
	lose(m, page, PW_CAUSE_DISCARD);
}

void model_move(struct model *m, unsigned int from, unsigned int to)
{
	model_unmap(m, to);
	if (m->pages[from].frame != NO_FRAME)
		goes(m, from, PW_CAUSE_UNMAP, MODEL_MOVES);
	m->pages[to] = m->pages[from];
	m->pages[from] = (struct model_page){ .frame = NO_FRAME };
}

void model_read(struct model *m, unsigned int page)
{
	if (m->pages[page].frame != NO_FRAME)
		m->pages[page].frame &= ~IN_SWAP;
}

/* It has a page of its own to write to. */
static void own_page(struct model *m, unsigned int page)
{
	int old;

	model_read(m, page);
	old = m->pages[page].frame;
	if (old == NO_FRAME) {
		m->pages[page].frame = new_frame(m);
	} else if (m->frames[old].mapped > 1) {
		goes(m, page, PW_CAUSE_COW, MODEL_COPIES);
		leave(m, page);
		m->pages[page].frame = copy_frame(m, old);
	}
}

void model_write(struct model *m, unsigned int page, unsigned int from, unsigned int to, bool dirty)
{
	own_page(m, page);
	set_bytes(frame_of(m, m->pages[page].frame), from, to, dirty);
}

void model_swapped(struct model *m, unsigned int page)
{
	goes(m, page, PW_CAUSE_RECLAIM, MODEL_SWAPS);
	m->pages[page].frame |= IN_SWAP;
}

/* ---- children ----------------------------------------------------------------------------------------- */

static void share_page(struct model *m, unsigned int page)
{
	unsigned int from, to;

	for (unsigned int i = 0; i < MODEL_WATCHES; i++)
		if (watched_part(&m->watches[i], page, &from, &to))
			m->watches[i].shared[page] = true;
}

void model_fork(struct model *m, unsigned int child)
{
	struct model_child *c = &m->children[child];

	c->alive = true;
	for (unsigned int page = 0; page < MODEL_PAGES; page++) {
		int frame = m->pages[page].frame;

		c->pages[page] = m->pages[page];
		if (frame == NO_FRAME)
			continue;
		share_page(m, page);
		if (m->frames[frame & ~IN_SWAP].held)
			c->pages[page].frame = copy_frame(m, frame);
		else
			m->frames[frame & ~IN_SWAP].mapped++;
	}
}

static void child_leave(struct model *m, struct model_child *c, unsigned int page)
{
	if (c->pages[page].frame != NO_FRAME)
		frame_of(m, c->pages[page].frame)->mapped--;
	c->pages[page].frame = NO_FRAME;
}

void model_child_write(struct model *m, unsigned int child, unsigned int page)
{
	struct model_child *c = &m->children[child];
	int old = c->pages[page].frame;

	if (!c->pages[page].mapped)
		return;
	if (old != NO_FRAME)
		old &= ~IN_SWAP;
	if (old != NO_FRAME && m->frames[old].mapped == 1)
		return;
	child_leave(m, c, page);
	c->pages[page].frame = old == NO_FRAME ? new_frame(m) : copy_frame(m, old);
}

void model_child_unmap(struct model *m, unsigned int child, unsigned int page)
{
	child_leave(m, &m->children[child], page);
	m->children[child].pages[page].mapped = false;
}

void model_child_exit(struct model *m, unsigned int child)
{
	for (unsigned int page = 0; page < MODEL_PAGES; page++)
		model_child_unmap(m, child, page);
	m->children[child].alive = false;
}

/* ---- watching ------------------------------------------------------------------------------------------- */

void model_watch(struct model *m, unsigned int watch, uint64_t start, uint64_t end, uint32_t flags)
{
	struct model_watch *w = &m->watches[watch];
	unsigned int first, last;

	if (flags & PW_WATCH_HOLD) {
		/* Others that watch see what the pinning moves; this one begins with the result. */
		struct model_watch range = { .live = true, .start = start, .end = end };

		model_watch_pages(&range, &first, &last);
		for (unsigned int page = first; page < last; page++)
			own_page(m, page);
	}
	*w = (struct model_watch){ .live = true, .start = start, .end = end, .flags = flags };
	if (!(flags & PW_WATCH_HOLD))
		return;
	for (unsigned int page = first; page < last; page++) {
		w->held[page] = true;
		frame_of(m, m->pages[page].frame)->held++;
	}
}

struct model_sums model_unwatch(struct model *m, unsigned int watch)
{
	struct model_watch *w = &m->watches[watch];
	unsigned int from, to;

	for (unsigned int page = 0; page < MODEL_PAGES; page++) {
		int frame = m->pages[page].frame;

		if (!watched_part(w, page, &from, &to) || frame == NO_FRAME)
			continue;
		sum_page(&w->life, frame_of(m, frame), page, from, to,
			 frame & IN_SWAP ? MODEL_SWAPS : MODEL_GOES, false);
		drop_hold(m, w, page);
	}
	w->live = false;
	return w->life;
}

void model_end(struct model *m, uint32_t cause)
{
	for (unsigned int page = 0; page < MODEL_PAGES; page++)
		lose(m, page, cause);
}
