// SPDX-License-Identifier: GPL-2.0-or-later
#include "user/model/wipe_ledger.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/key.h"
#include "user/model/intern.h"

#define RANGE_HEADS 8192
#define PROCESS_HEADS 1024
#define NONE UINT32_MAX

enum chain { BY_RANGE, BY_PROCESS, CHAINS };

struct link {
	uint32_t next, prev; /* places in the ring; NONE: the end, or the head */
	uint32_t head; /* NONE: in no chain */
};

struct pw_wipe_links {
	struct link of[PW_WIPES_MAX][CHAINS];
	uint32_t range_heads[RANGE_HEADS];
	uint32_t process_heads[PROCESS_HEADS];
};

int pw_wipes_init(struct pw_wipe_ledger *l, size_t string_bytes)
{
	int err = pw_intern_create(string_bytes, &l->strings);

	return err ? err : pw_wipe_places_init(l);
}

void pw_wipes_deinit(struct pw_wipe_ledger *l)
{
	pw_wipe_places_deinit(l);
	pw_intern_destroy(l->strings);
	free(l->ring);
	free(l->links);
	*l = (struct pw_wipe_ledger){ 0 };
}

size_t pw_wipes_memory(const struct pw_wipe_ledger *l)
{
	size_t bytes = pw_wipe_places_memory(l) + pw_intern_memory(l->strings);

	return bytes + (l->ring ? PW_WIPES_MAX * sizeof(*l->ring) + sizeof(*l->links) : 0);
}

/* ---- chains -------------------------------------------------------------------- */

static int allocate_ring(struct pw_wipe_ledger *l)
{
	if (l->ring)
		return 0;
	l->links = malloc(sizeof(*l->links));
	l->ring = l->links ? calloc(PW_WIPES_MAX, sizeof(*l->ring)) : NULL;
	if (!l->ring) {
		free(l->links);
		l->links = NULL;
		return -ENOMEM;
	}
	memset(l->links, 0xff, sizeof(*l->links)); /* NONE everywhere */
	return 0;
}

static uint32_t *head_of(struct pw_wipe_links *links, enum chain c, uint32_t head)
{
	return c == BY_RANGE ? &links->range_heads[head] : &links->process_heads[head];
}

static uint32_t range_head(const struct pw_key *key, uint64_t address)
{
	return (uint32_t)(pw_hash_mix(address ^ (uint64_t)key->pid << 48) % RANGE_HEADS);
}

static uint32_t process_head(const struct pw_key *key)
{
	return (uint32_t)(pw_hash_mix(key->pid) % PROCESS_HEADS);
}

static void link_in(struct pw_wipe_links *links, enum chain c, uint32_t head, uint32_t at)
{
	uint32_t *first = head_of(links, c, head);

	links->of[at][c] = (struct link){ .next = *first, .prev = NONE, .head = head };
	if (*first != NONE)
		links->of[*first][c].prev = at;
	*first = at;
}

static void link_out(struct pw_wipe_links *links, enum chain c, uint32_t at)
{
	struct link *link = &links->of[at][c];

	if (link->head == NONE)
		return;
	if (link->prev == NONE)
		*head_of(links, c, link->head) = link->next;
	else
		links->of[link->prev][c].next = link->next;
	if (link->next != NONE)
		links->of[link->next][c].prev = link->prev;
	link->head = NONE;
}

/* ---- the ring -------------------------------------------------------------------- */

static void make_room(struct pw_wipe_ledger *l, uint32_t at)
{
	struct pw_wipe_event *old = &l->ring[at];

	link_out(l->links, BY_RANGE, at);
	link_out(l->links, BY_PROCESS, at);
	pw_intern_put(l->strings, old->exe);
	pw_intern_put(l->strings, old->file);
	pw_intern_put(l->strings, old->symbol);
	*old = (struct pw_wipe_event){ 0 };
}

/* The place of the next event, empty. */
static int next_event(struct pw_wipe_ledger *l, struct pw_wipe_event **ret)
{
	uint32_t at;
	int err = allocate_ring(l);

	if (err)
		return err;
	at = (uint32_t)(l->total % PW_WIPES_MAX);
	make_room(l, at);
	l->ring[at].sequence = ++l->total;
	l->ring[at].exe = l->ring[at].file = l->ring[at].symbol = "";
	*ret = &l->ring[at];
	return 0;
}

/* The names that a row has already. */
static void name_event(struct pw_wipe_event *ev, const char *exe, const char *file, const char *symbol)
{
	ev->exe = pw_intern_again(exe);
	ev->file = pw_intern_again(file);
	ev->symbol = pw_intern_again(symbol);
}

static void add_bytes(uint64_t *sum, uint64_t n, uint64_t size)
{
	uint64_t bytes;

	if (__builtin_mul_overflow(n, size, &bytes) || __builtin_add_overflow(*sum, bytes, sum))
		*sum = UINT64_MAX;
}

static void count(struct pw_wipe_ledger *l, uint16_t function, uint8_t verdict, uint64_t n)
{
	l->by_function[function] += n;
	l->by_function_verdict[function][verdict] += n;
}

static void count_caller(struct pw_wipe_caller *c, const struct pw_wipe *r, uint64_t n)
{
	uint64_t time_ns = r->rec.time_ns;

	if (!c->last.rec.size)
		c->first_ns = time_ns;
	c->last = *r;
	c->by_verdict[r->verdict] += n;
	if (r->verdict == PW_WIPED_WHOLE)
		add_bytes(&c->bytes, n, r->size);
	if (r->verdict != PW_WIPED_PART && r->verdict != PW_WIPED_NOTHING)
		return;
	if (!c->last_bad.rec.size)
		c->first_bad_ns = time_ns;
	c->last_bad = *r;
}

int pw_wipes_add_wipe(struct pw_wipe_ledger *l, const struct pw_wipe *r,
		      const struct pw_wipe_place *place, uint64_t *ret_full)
{
	uint64_t n = 1 + (uint64_t)r->more;
	struct pw_wipe_caller *caller;
	struct pw_wipe_event *ev;
	uint32_t at;
	int err = pw_wipe_caller_obtain(l, place, &caller, ret_full);

	if (!err)
		err = next_event(l, &ev);
	if (err)
		return err;
	if (caller)
		name_event(ev, caller->exe, caller->file, caller->symbol);
	else
		err = pw_wipe_names(l, place, &ev->exe, &ev->file, &ev->symbol, ret_full);
	ev->wipe = *r;
	ev->caller = caller;
	at = (uint32_t)(ev - l->ring);
	link_in(l->links, BY_RANGE, range_head(&r->key, r->address), at);
	link_in(l->links, BY_PROCESS, process_head(&r->key), at);
	l->wipes += n;
	l->by_verdict[r->verdict] += n;
	count(l, r->function, r->verdict, n);
	if (r->verdict == PW_WIPED_WHOLE)
		add_bytes(&l->bytes, n, r->size);
	if (caller)
		count_caller(caller, r, n);
	return err;
}

/* ---- what became of wiped ranges --------------------------------------------------- */

static void gone(struct pw_wipe_ledger *l, uint32_t at, enum pw_wipe_after after, uint64_t time_ns)
{
	l->ring[at].after = after;
	l->ring[at].after_ns = time_ns;
	link_out(l->links, BY_PROCESS, at);
}

/* How the buffer was at its release, against what its wipe had left in it. */
static enum pw_wipe_after after_of(const struct pw_release *r, const struct pw_wipe *wipe)
{
	if (r->verdict == PW_WIPED_UNKNOWN)
		return PW_AFTER_UNSEEN;
	if (r->verdict == PW_WIPED_WHOLE)
		return PW_AFTER_CLEAN;
	if (wipe && wipe->verdict != PW_WIPED_WHOLE && r->dirty_bytes <= wipe->dirty_bytes)
		return PW_AFTER_DIRTY;
	return PW_AFTER_REWRITTEN;
}

/*
 * The wiped range that this release is about, and those of its address from
 * before: a buffer that was wiped twice. Returns what became of the newest.
 */
static enum pw_wipe_after release_range(struct pw_wipe_ledger *l, const struct pw_release *r)
{
	uint32_t at = l->links->range_heads[range_head(&r->key, r->wipe_address)];
	enum pw_wipe_after after = after_of(r, NULL);
	uint64_t unseen_ns = UINT64_MAX;
	bool found = false;

	for (; at != NONE; at = l->links->of[at][BY_RANGE].next) {
		const struct pw_wipe_event *ev = &l->ring[at];

		if (ev->wipe.address != r->wipe_address || !pw_key_same(&ev->wipe.key, &r->key) ||
		    ev->wipe.rec.time_ns > r->rec.time_ns)
			continue;
		/* One munmap tells of each of its ranges, after the first has told that all went. */
		if (ev->after == PW_AFTER_UNSEEN && !found)
			unseen_ns = ev->after_ns;
		if (ev->after != PW_AFTER_LIVES &&
		    (ev->after != PW_AFTER_UNSEEN || ev->after_ns != unseen_ns))
			break; /* that buffer and those before it went earlier */
		if (!found)
			after = after_of(r, &ev->wipe);
		found = true;
		gone(l, at, after, r->rec.time_ns);
	}
	return after;
}

/* Ranges that went with a mapping; each that is told of gets its own verdict. */
static void release_mapping(struct pw_wipe_ledger *l, const struct pw_release *r)
{
	uint32_t next, at = l->links->process_heads[process_head(&r->key)];

	for (; at != NONE; at = next) {
		const struct pw_wipe *w = &l->ring[at].wipe;

		next = l->links->of[at][BY_PROCESS].next;
		if (pw_key_same(&w->key, &r->key) && w->rec.time_ns <= r->rec.time_ns &&
		    w->address >= r->address && w->address - r->address < r->size)
			gone(l, at, PW_AFTER_UNSEEN, r->rec.time_ns);
	}
}

void pw_wipes_process_gone(struct pw_wipe_ledger *l, const struct pw_key *key, uint64_t time_ns)
{
	uint32_t next, at = l->links ? l->links->process_heads[process_head(key)] : NONE;

	for (; at != NONE; at = next) {
		next = l->links->of[at][BY_PROCESS].next;
		if (!pw_key_same(&l->ring[at].wipe.key, key))
			continue;
		gone(l, at, PW_AFTER_EXITED, time_ns);
		link_out(l->links, BY_RANGE, at); /* another program's addresses from now on */
	}
}

/* ---- releases -------------------------------------------------------------------- */

static void count_site(struct pw_wipe_site *s, const struct pw_release *r, bool rewritten, uint64_t n)
{
	if (r->wipe_time_ns) {
		s->wiped += n;
	} else {
		if (!s->unwiped)
			s->first_unwiped_ns = r->rec.time_ns;
		s->unwiped += n;
		s->last_unwiped_key = r->key;
		s->last_unwiped_ns = r->rec.time_ns;
		s->last_unwiped_address = r->address;
		memcpy(s->last_unwiped_comm, r->comm, sizeof(r->comm));
	}
	if (!rewritten)
		return;
	if (!s->rewritten)
		s->first_rewritten_ns = r->rec.time_ns;
	s->rewritten += n;
	s->last_rewritten = *r;
}

int pw_wipes_add_release(struct pw_wipe_ledger *l, const struct pw_release *r,
			 const struct pw_wipe_place *place, uint64_t *ret_full)
{
	uint64_t n = 1 + (uint64_t)r->more;
	enum pw_wipe_after after = PW_AFTER_LIVES;
	struct pw_wipe_site *site;
	struct pw_wipe_event *ev;
	int err = pw_wipe_site_obtain(l, place, &site, ret_full);

	if (!err)
		err = next_event(l, &ev);
	if (err)
		return err;
	if (site)
		name_event(ev, site->exe, site->file, site->symbol);
	else
		err = pw_wipe_names(l, place, &ev->exe, &ev->file, &ev->symbol, ret_full);
	ev->release = true;
	ev->rel = *r;
	ev->site = site;
	if (r->function == PW_RELEASE_MUNMAP)
		release_mapping(l, r);
	if (r->wipe_time_ns)
		after = release_range(l, r);
	l->releases += n;
	count(l, r->function, r->verdict, n);
	if (site)
		count_site(site, r, after == PW_AFTER_REWRITTEN, n);
	return err;
}

void pw_wipes_count_calls(struct pw_wipe_ledger *l)
{
	for (size_t i = 0; i < l->probe_count; i++)
		l->probes[i].calls = l->by_function[l->probes[i].probe.function];
}
