// SPDX-License-Identifier: GPL-2.0-or-later
#include "user/analysis/wipe_alert.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "user/analysis/forgotten.h"
#include "user/base/cleanup.h"
#include "user/base/hash.h"

#define U(n) ((unsigned long long)(n)) /* for printf: the ABI's and stdint's differ in name */
#define PATH_SHOWN 96 /* the end of a longer path says more than its beginning */

struct alerts {
	struct pw_wipe_alert *items;
	const void **places; /* what each is about: a caller, site, or secret */
	size_t count, room;
};

static const char *const names[PW_ALERT_KINDS] = {
	[PW_ALERT_SECRET_DIRTY] = "secret-released-dirty",
	[PW_ALERT_SECRET_LEFT_BEHIND] = "secret-left-behind",
	[PW_ALERT_WIPED_IN_PART] = "wiped-in-part",
	[PW_ALERT_REWRITTEN] = "rewritten-after-wipe",
	[PW_ALERT_FORGOTTEN_WIPE] = "forgotten-wipe",
};

const char *pw_wipe_alert_name(enum pw_wipe_alert_kind k)
{
	return (unsigned int)k < PW_ALERT_KINDS ? names[k] : "unknown";
}

static void alerts_deinit(struct alerts *a)
{
	free(a->items);
	free(a->places);
}

/* ---- words --------------------------------------------------------------------- */

/* Appends; what does not fit is cut. */
__attribute__((format(printf, 3, 4))) static void say(char *text, size_t size, const char *format, ...)
{
	size_t used = strlen(text);
	va_list args;

	va_start(args, format);
	vsnprintf(text + used, size - used, format, args);
	va_end(args);
}

#define WHAT(a, ...) say((a)->what, sizeof((a)->what), __VA_ARGS__)
#define EVIDENCE(a, ...) say((a)->evidence, sizeof((a)->evidence), __VA_ARGS__)

/* What people call the program. */
static const char *program(const struct pw_wipe_alert *a)
{
	const char *slash = strrchr(a->exe, '/');

	if (slash && slash[1])
		return slash + 1;
	if (a->exe[0])
		return a->exe;
	return a->comm[0] ? a->comm : "a process";
}

/* "/usr/lib/libx.so+0x1a2b (free_key+0x2b)", or the address alone. */
static void say_place(struct pw_wipe_alert *a, const char *file, uint64_t offset,
		      const char *symbol, uint64_t symbol_offset)
{
	size_t len = strlen(file);

	if (len > PATH_SHOWN)
		EVIDENCE(a, "...%s", file + len - PATH_SHOWN);
	else
		EVIDENCE(a, "%s", file);
	EVIDENCE(a, "%s0x%llx", len ? "+" : "", U(offset));
	if (symbol[0])
		EVIDENCE(a, " (%.64s+0x%llx)", symbol, U(symbol_offset));
}

static const char *plural(uint64_t n)
{
	return n == 1 ? "" : "s";
}

/* ---- the list ---------------------------------------------------------------------- */

static struct pw_wipe_alert *find(const struct alerts *a, enum pw_wipe_alert_kind kind,
				  const void *place)
{
	for (size_t i = 0; i < a->count; i++) {
		if (a->items[i].kind == kind && a->places[i] == place)
			return &a->items[i];
	}
	return NULL;
}

/* A new alert; NULL: no memory. */
static struct pw_wipe_alert *add(struct alerts *a, enum pw_wipe_alert_kind kind, const void *place,
				 uint64_t place_id, const struct pw_record *newest,
				 const struct pw_key *key, const uint8_t comm[PW_COMM_LEN],
				 const char *exe)
{
	struct pw_wipe_alert *item;

	if (a->count == a->room) {
		size_t room = a->room ? 2 * a->room : 16;
		void *items = reallocarray(a->items, room, sizeof(*a->items));
		void *places = reallocarray(a->places, room, sizeof(*a->places));

		a->items = items ? items : a->items;
		a->places = places ? places : a->places;
		if (!items || !places)
			return NULL;
		a->room = room;
	}
	a->places[a->count] = place;
	item = &a->items[a->count++];
	*item = (struct pw_wipe_alert){
		.kind = kind,
		.fingerprint = pw_hash_mix(place_id + (uint64_t)kind),
		.key = *key,
		.exe = exe,
		.first_ns = newest->time_ns,
		.last_ns = newest->time_ns,
		.count = 1,
		.confidence = 1,
	};
	memcpy(item->comm, comm, PW_COMM_LEN);
	return item;
}

/* ---- wiped in part ------------------------------------------------------------------ */

static bool is_bad(const struct pw_wipe *w)
{
	return w->verdict == PW_WIPED_PART || w->verdict == PW_WIPED_NOTHING;
}

static void describe_wipe(struct pw_wipe_alert *a, const struct pw_wipe *w,
			  const struct pw_wipe_caller *c)
{
	const char *function = pw_wipe_function_name(w->function);
	uint64_t bad = c->by_verdict[PW_WIPED_PART] + c->by_verdict[PW_WIPED_NOTHING];
	uint64_t calls = bad + c->by_verdict[PW_WIPED_WHOLE] + c->by_verdict[PW_WIPED_UNKNOWN];

	if (w->verdict == PW_WIPED_NOTHING)
		WHAT(a, "%.64s called %s and nothing was wiped", program(a), function);
	else
		WHAT(a, "%.64s wiped a buffer in part", program(a));
	WHAT(a, ": %llu of %llu byte%s left", w->dirty_bytes, w->size,
	     w->size == 1 ? " is" : "s are");
	EVIDENCE(a, "%s(0x%llx, %llu) by pid %u", function, w->address, w->size, w->key.pid);
	if (w->first_dirty != PW_UNKNOWN)
		EVIDENCE(a, ", first byte left at offset %llu", w->first_dirty);
	if (w->checked_bytes < w->size)
		EVIDENCE(a, ", %llu bytes read back", w->checked_bytes);
	EVIDENCE(a, "; %llu of %llu call%s from ", U(bad), U(calls), plural(calls));
	say_place(a, c->file, c->offset, c->symbol, c->symbol_offset);
}

static int alert_wipe(struct alerts *a, const struct pw_wipe *w, const struct pw_wipe_caller *c,
		      uint64_t first_ns, uint64_t count)
{
	struct pw_wipe_alert *item =
		add(a, PW_ALERT_WIPED_IN_PART, c, c->id, &w->rec, &w->key, w->comm, c->exe);

	if (!item)
		return -ENOMEM;
	item->first_ns = first_ns;
	item->count = count;
	describe_wipe(item, w, c);
	return 0;
}

/* A caller counts for all processes of its program; those of one are in the ring, newest last. */
static int alert_wipes_in_ring(struct alerts *a, const struct pw_wipe_ledger *l, uint32_t pid)
{
	int err = 0;

	for (size_t i = pw_wipe_event_count(l); !err && i-- > 0;) {
		const struct pw_wipe_event *ev = pw_wipe_event_at(l, i);
		const struct pw_wipe_caller *c = ev->caller;
		struct pw_wipe_alert *item;

		if (ev->release || ev->wipe.key.pid != pid || !is_bad(&ev->wipe))
			continue;
		item = c ? find(a, PW_ALERT_WIPED_IN_PART, c) : NULL;
		if (item) {
			item->first_ns = ev->wipe.rec.time_ns;
			item->count += 1 + (uint64_t)ev->wipe.more;
		} else if (c) {
			err = alert_wipe(a, &ev->wipe, c, ev->wipe.rec.time_ns,
					 1 + (uint64_t)ev->wipe.more);
		}
	}
	return err;
}

static int alert_wipes(struct alerts *a, const struct pw_wipe_ledger *l, uint32_t pid)
{
	int err = pid ? alert_wipes_in_ring(a, l, pid) : 0;

	for (size_t i = 0; !err && i < l->caller_count; i++) {
		const struct pw_wipe_caller *c = &l->callers[i];
		uint64_t bad = c->by_verdict[PW_WIPED_PART] + c->by_verdict[PW_WIPED_NOTHING];

		if (!bad)
			continue;
		if (!pid)
			err = alert_wipe(a, &c->last_bad, c, c->first_bad_ns, bad);
		else if (c->last_bad.key.pid == pid && !find(a, PW_ALERT_WIPED_IN_PART, c))
			err = alert_wipe(a, &c->last_bad, c, c->last_bad.rec.time_ns, 1);
	}
	return err;
}

/* ---- releases -------------------------------------------------------------------- */

static int alert_rewritten(struct alerts *a, const struct pw_wipe_site *s)
{
	const struct pw_release *r = &s->last_rewritten;
	struct pw_wipe_alert *item =
		add(a, PW_ALERT_REWRITTEN, s, s->id, &r->rec, &r->key, r->comm, s->exe);

	if (!item)
		return -ENOMEM;
	item->first_ns = s->first_rewritten_ns;
	item->count = s->rewritten;
	item->confidence = pw_forgotten_bound(s->wiped - s->rewritten, s->rewritten);
	WHAT(item, "%.64s gave back a wiped buffer that was written again", program(item));
	EVIDENCE(item, "%s(0x%llx) by pid %u: %llu of %llu wiped bytes are not 0",
		 pw_wipe_function_name(r->function), r->address, r->key.pid, r->dirty_bytes,
		 r->wipe_size);
	if (r->first_dirty != PW_UNKNOWN)
		EVIDENCE(item, ", the first at offset %llu", r->first_dirty);
	EVIDENCE(item, "; %llu of %llu wiped buffer%s from ", U(s->rewritten), U(s->wiped),
		 plural(s->wiped));
	say_place(item, s->file, s->offset, s->symbol, s->symbol_offset);
	return 0;
}

static int alert_forgotten(struct alerts *a, const struct pw_wipe_site *s)
{
	const struct pw_record newest = { .time_ns = s->last_unwiped_ns };
	struct pw_wipe_alert *item = add(a, PW_ALERT_FORGOTTEN_WIPE, s, s->id, &newest,
					 &s->last_unwiped_key,
					 (const uint8_t *)s->last_unwiped_comm, s->exe);
	uint64_t n = s->wiped + s->unwiped;

	if (!item)
		return -ENOMEM;
	item->first_ns = s->first_unwiped_ns;
	item->count = s->unwiped;
	item->confidence = pw_forgotten_bound(s->wiped, s->unwiped);
	WHAT(item, "%.64s gave back a buffer that it usually wipes, and did not wipe it",
	     program(item));
	EVIDENCE(item,
		 "%llu of %llu calls of %s here were preceded by a wipe, this one was "
		 "not: %s(0x%llx) by pid %u, from ",
		 U(s->wiped), U(n), pw_wipe_function_name(s->function),
		 pw_wipe_function_name(s->function), U(s->last_unwiped_address),
		 s->last_unwiped_key.pid);
	say_place(item, s->file, s->offset, s->symbol, s->symbol_offset);
	EVIDENCE(item, "; the share is at least %.2f (95 %% confidence)", item->confidence);
	return 0;
}

static int alert_releases(struct alerts *a, const struct pw_model *m, uint32_t pid)
{
	pw_auto_free const struct pw_wipe_site **forgotten = NULL;
	size_t count;
	int err = pw_forgotten_sites(m, pid, &forgotten, &count);

	for (size_t i = 0; !err && i < count; i++)
		err = alert_forgotten(a, forgotten[i]);
	for (size_t i = 0; !err && i < m->wipes.site_count; i++) {
		const struct pw_wipe_site *s = &m->wipes.sites[i];

		if (s->rewritten && (!pid || s->last_rewritten.key.pid == pid))
			err = alert_rewritten(a, s);
	}
	return err;
}

/* ---- secrets --------------------------------------------------------------------- */

static bool same_secret(const struct pw_secret_row *a, const struct pw_secret_row *b)
{
	return a->exe == b->exe && !strncmp((const char *)a->sums.label,
					    (const char *)b->sums.label, sizeof(a->sums.label));
}

/* What same_secret() compares. */
static uint64_t secret_id(const struct pw_secret_row *s)
{
	const char *label = (const char *)s->sums.label;

	return pw_hash_bytes(label, strnlen(label, sizeof(s->sums.label)),
			     pw_hash_bytes(s->exe, strlen(s->exe), 0));
}

/* The alert about an earlier watch of the same program and label. */
static struct pw_wipe_alert *same_before(const struct alerts *a, enum pw_wipe_alert_kind kind,
					 const struct pw_secret_row *s)
{
	for (size_t i = 0; i < a->count; i++) {
		if (a->items[i].kind == kind && same_secret(a->places[i], s))
			return &a->items[i];
	}
	return NULL;
}

/* ", 2 pages in swap" where there are any. */
static void say_pages(struct pw_wipe_alert *a, uint64_t pages, const char *how)
{
	if (pages)
		EVIDENCE(a, ", %llu page%s %s", U(pages), plural(pages), how);
}

static void describe_secret(struct pw_wipe_alert *a, const struct pw_secret_row *s)
{
	const struct pw_secret *r = &s->sums;
	const char *cause = pw_secret_cause_name(r->cause);
	bool alive = r->cause == PW_CAUSE_UNWATCH || r->cause == PW_CAUSE_CLOSE;

	WHAT(a, "a secret of %.64s", program(a));
	if (r->label[0])
		WHAT(a, " (\"%.32s\")", (const char *)r->label);
	if (a->kind == PW_ALERT_SECRET_LEFT_BEHIND)
		WHAT(a, " was left behind: its contents live on elsewhere");
	else
		WHAT(a, alive ? " was given up with contents" : " went back with contents");
	EVIDENCE(a, "watch %llu of pid %u, 0x%llx-0x%llx", U(s->id), s->key.pid, r->start, r->end);
	if (cause[0])
		EVIDENCE(a, ", %s", cause);
	say_pages(a, r->pages_dirty, "dirty");
	if (r->dirty_bytes)
		EVIDENCE(a, " (%llu byte%s not 0)", r->dirty_bytes, plural(r->dirty_bytes));
	if (r->first_dirty != PW_UNKNOWN && r->pages_dirty)
		EVIDENCE(a, ", the first at 0x%llx", r->first_dirty);
	say_pages(a, r->pages_scrubbed, "wiped by the module");
	say_pages(a, r->pages_copied, "copied to another process");
	say_pages(a, r->pages_swapped, "in swap");
	say_pages(a, r->pages_mapped, "still mapped");
	say_pages(a, r->pages_held, "held by the kernel");
	say_pages(a, r->pages_clean, "clean");
	say_pages(a, r->pages_unknown, "not looked at");
}

static int alert_secret(struct alerts *a, const struct pw_secret_row *s)
{
	enum pw_wipe_alert_kind kind = s->state == PW_SECRET_ENDED_DIRTY ?
					       PW_ALERT_SECRET_DIRTY :
					       PW_ALERT_SECRET_LEFT_BEHIND;
	struct pw_wipe_alert *item = same_before(a, kind, s);
	uint64_t count = 1, first_ns = s->sums.rec.time_ns;

	if (item && item->last_ns > first_ns) {
		item->count++;
		item->first_ns = first_ns < item->first_ns ? first_ns : item->first_ns;
		return 0;
	}
	if (item) { /* this one is newer: it is what the alert tells of */
		count += item->count;
		first_ns = item->first_ns;
		a->places[item - a->items] = s;
	} else {
		item = add(a, kind, s, secret_id(s), &s->sums.rec, &s->key, s->sums.comm, s->exe);
	}
	if (!item)
		return -ENOMEM;
	item->key = s->key;
	memcpy(item->comm, s->sums.comm, PW_COMM_LEN);
	item->first_ns = first_ns;
	item->last_ns = s->sums.rec.time_ns;
	item->count = count;
	item->what[0] = item->evidence[0] = '\0';
	describe_secret(item, s);
	return 0;
}

static int alert_secrets(struct alerts *a, const struct pw_secret_table *t, uint32_t pid)
{
	int err = 0;

	for (size_t i = 0; !err && i < t->count; i++) {
		const struct pw_secret_row *s = &t->rows[i];

		if (pid && s->key.pid != pid)
			continue;
		if (s->state == PW_SECRET_ENDED_DIRTY || s->state == PW_SECRET_LEFT_BEHIND)
			err = alert_secret(a, s);
	}
	return err;
}

/* ---- all of them ------------------------------------------------------------------ */

static int by_kind_then_newest(const void *x, const void *y)
{
	const struct pw_wipe_alert *a = x, *b = y;

	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	if (a->last_ns != b->last_ns)
		return a->last_ns > b->last_ns ? -1 : 1;
	return strcmp(a->evidence, b->evidence);
}

int pw_wipe_alerts(const struct pw_model *m, uint32_t pid, struct pw_wipe_alert **ret,
		   size_t *ret_count)
{
	pw_cleanup(alerts_deinit) struct alerts a = { 0 };
	/* The secrets first: they are told apart by what stands in their rows. */
	int err = alert_secrets(&a, &m->secrets, pid);

	err = err ? err : alert_wipes(&a, &m->wipes, pid);
	err = err ? err : alert_releases(&a, m, pid);
	if (!err && !a.items)
		a.items = calloc(1, sizeof(*a.items)); /* an empty list is a list */
	if (!err && !a.items)
		err = -ENOMEM;
	if (err)
		return err;
	qsort(a.items, a.count, sizeof(*a.items), by_kind_then_newest);
	*ret = pw_steal(a.items);
	*ret_count = a.count;
	return 0;
}
