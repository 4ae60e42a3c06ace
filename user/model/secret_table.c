// SPDX-License-Identifier: GPL-2.0-or-later
#include "user/model/secret_table.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/key.h"
#include "user/model/intern.h"

#define FIRST_CAPACITY 16
#define EVICTED_AT_ONCE (PW_SECRETS_MAX / 8) /* so that a full table moves its rows rarely */

size_t pw_secrets_memory(const struct pw_secret_table *t)
{
	return t->capacity * sizeof(*t->rows) +
	       (t->log.ring ? PW_SECRET_EVENTS_MAX * sizeof(*t->log.ring) : 0);
}

void pw_secrets_clear(struct pw_model *m)
{
	free(m->secrets.rows);
	free(m->secrets.log.ring);
	m->secrets = (struct pw_secret_table){ 0 };
}

static int log_event(struct pw_secret_log *log, const struct pw_secret *r)
{
	if (!log->ring)
		log->ring = calloc(PW_SECRET_EVENTS_MAX, sizeof(*log->ring));
	if (!log->ring)
		return -ENOMEM;
	log->ring[log->total++ % PW_SECRET_EVENTS_MAX] = *r;
	return 0;
}

/* ---- rows ---------------------------------------------------------------------- */

/* Where the row of this id is or belongs. */
static size_t place_of(const struct pw_secret_table *t, uint64_t id)
{
	size_t low = 0, high = t->count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (t->rows[middle].id < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The ended watches with the lowest ids, which are the oldest, make room. */
static void evict(struct pw_model *m)
{
	struct pw_secret_table *t = &m->secrets;
	size_t kept = 0, evicted = 0;

	for (size_t i = 0; i < t->count; i++) {
		if (!t->rows[i].live && evicted < EVICTED_AT_ONCE) {
			pw_intern_put(m->wipes.strings, t->rows[i].exe);
			evicted++;
		} else {
			t->rows[kept++] = t->rows[i];
		}
	}
	t->count = kept;
}

static int grow(struct pw_secret_table *t)
{
	size_t wanted = t->capacity ? 2 * t->capacity : FIRST_CAPACITY;
	struct pw_secret_row *more = reallocarray(t->rows, wanted, sizeof(*more));

	if (!more)
		return -ENOMEM;
	t->rows = more;
	t->capacity = wanted;
	return 0;
}

/* A new row; *ret NULL: all rows live. */
static int insert(struct pw_model *m, uint64_t id, struct pw_secret_row **ret)
{
	struct pw_secret_table *t = &m->secrets;
	size_t at;

	if (t->count == PW_SECRETS_MAX)
		evict(m);
	if (t->count == PW_SECRETS_MAX) {
		t->full++;
		m->own_lost[PW_LOSS_NAMES_FULL]++;
		*ret = NULL;
		return 0;
	}
	if (t->count == t->capacity && grow(t))
		return -ENOMEM;
	at = place_of(t, id);
	memmove(&t->rows[at + 1], &t->rows[at], (t->count - at) * sizeof(*t->rows));
	t->count++;
	t->rows[at] = (struct pw_secret_row){ .id = id, .exe = "" };
	*ret = &t->rows[at];
	return 0;
}

static int name(struct pw_model *m, struct pw_secret_row *row, const char *exe)
{
	const char *fresh = "";
	int err = *exe ? pw_intern_get(m->wipes.strings, exe, SIZE_MAX, &fresh) : 0;

	if (err == -ENOSPC)
		m->own_lost[PW_LOSS_NAMES_FULL]++;
	else if (err)
		return err;
	pw_intern_put(m->wipes.strings, row->exe);
	row->exe = fresh;
	return 0;
}

/* ---- sums and states -------------------------------------------------------------- */

static const size_t counts[] = {
	offsetof(struct pw_secret, pages_clean),    offsetof(struct pw_secret, pages_dirty),
	offsetof(struct pw_secret, pages_mapped),   offsetof(struct pw_secret, pages_swapped),
	offsetof(struct pw_secret, pages_copied),   offsetof(struct pw_secret, pages_held),
	offsetof(struct pw_secret, pages_unknown),  offsetof(struct pw_secret, pages_absent),
	offsetof(struct pw_secret, pages_scrubbed), offsetof(struct pw_secret, dirty_bytes),
};
#define COUNTS (sizeof(counts) / sizeof(counts[0]))

static uint64_t *count_of(struct pw_secret *s, size_t i)
{
	return (uint64_t *)((uint8_t *)s + counts[i]);
}

/* The record's texts with the counts of all releases: REGISTERED and ENDED tell those themselves. */
static void sum_up(struct pw_secret *sums, const struct pw_secret *r)
{
	struct pw_secret before = *sums;

	*sums = *r;
	if (r->event == PW_SECRET_REGISTERED || r->event == PW_SECRET_ENDED)
		return;
	for (size_t i = 0; i < COUNTS; i++) {
		uint64_t *n = count_of(sums, i);

		if (r->event == PW_SECRET_SHARED)
			*n = 0; /* nothing went */
		if (__builtin_add_overflow(*n, *count_of(&before, i), n))
			*n = UINT64_MAX;
	}
	if (r->event == PW_SECRET_SHARED)
		sums->first_dirty = PW_UNKNOWN;
	if (before.rec.size && before.first_dirty != PW_UNKNOWN)
		sums->first_dirty = before.first_dirty;
}

/* The worst that is known: what went with contents that the module did not wipe is the worst. */
static enum pw_secret_state state_of(const struct pw_secret_row *row)
{
	const struct pw_secret *s = &row->sums;

	if (s->pages_dirty > s->pages_scrubbed)
		return PW_SECRET_ENDED_DIRTY;
	if (s->pages_copied || s->pages_swapped || s->pages_mapped || s->pages_held)
		return PW_SECRET_LEFT_BEHIND;
	if (row->live)
		return PW_SECRET_LIVE;
	if (s->pages_unknown || s->event != PW_SECRET_ENDED || s->verdict == PW_SECRET_UNKNOWN)
		return PW_SECRET_ENDED_UNKNOWN;
	return PW_SECRET_ENDED_CLEAN;
}

/* ---- events ---------------------------------------------------------------------- */

/* What a source says of a watch that is known: nothing new happened. */
static bool described_anew(const struct pw_secret_row *row, const struct pw_secret *r)
{
	return r->event == PW_SECRET_REGISTERED && row->live && row->sums.start == r->start &&
	       row->sums.end == r->end && pw_key_same(&row->key, &r->key) &&
	       (!row->registered_ns || row->registered_ns == r->rec.time_ns);
}

static void take(struct pw_secret_row *row, const struct pw_secret *r)
{
	row->key = r->key;
	row->confirmed = true;
	if (r->event == PW_SECRET_REGISTERED)
		row->registered_ns = r->rec.time_ns;
	if (r->event == PW_SECRET_SHARED)
		row->shared++;
	row->live = r->event != PW_SECRET_ENDED && !row->ended_ns;
	if (r->event == PW_SECRET_ENDED)
		row->ended_ns = r->rec.time_ns;
	sum_up(&row->sums, r);
	row->state = state_of(row);
}

static void count(struct pw_secret_table *t, const struct pw_secret *r)
{
	t->registered += r->event == PW_SECRET_REGISTERED;
	t->released += r->event == PW_SECRET_RELEASED;
	t->ended += r->event == PW_SECRET_ENDED;
	if (r->event == PW_SECRET_RELEASED || r->event == PW_SECRET_ENDED)
		t->by_verdict[r->verdict]++;
}

int pw_secrets_add(struct pw_model *m, const struct pw_secret *r, const char *exe)
{
	struct pw_secret_table *t = &m->secrets;
	size_t at = place_of(t, r->id);
	struct pw_secret_row *row = at < t->count && t->rows[at].id == r->id ? &t->rows[at] : NULL;
	int err;

	if (row && described_anew(row, r)) {
		take(row, r);
		return 0;
	}
	if (row && r->event == PW_SECRET_REGISTERED) { /* the module was loaded again */
		pw_intern_put(m->wipes.strings, row->exe);
		*row = (struct pw_secret_row){ .id = r->id, .exe = "" };
	}
	count(t, r);
	err = log_event(&t->log, r);
	if (!err && !row)
		err = insert(m, r->id, &row);
	if (!err && row && *exe)
		err = name(m, row, exe);
	if (!err && row)
		take(row, r);
	return err;
}

struct pw_secret pw_secret_as_record(const struct pw_secret_row *row)
{
	struct pw_secret r = row->sums;

	r.rec.time_ns = row->registered_ns;
	r.event = PW_SECRET_REGISTERED;
	r.cause = PW_CAUSE_NONE;
	r.verdict = PW_SECRET_UNKNOWN;
	r.reason = PW_UNSEEN_NONE;
	return r;
}

void pw_secrets_doubt(struct pw_secret_table *t)
{
	for (size_t i = 0; i < t->count; i++)
		t->rows[i].confirmed = !t->rows[i].live;
}

void pw_secrets_end_unconfirmed(struct pw_secret_table *t, uint64_t time_ns)
{
	for (size_t i = 0; i < t->count; i++) {
		struct pw_secret_row *row = &t->rows[i];

		if (row->confirmed)
			continue;
		row->confirmed = true;
		row->live = false;
		row->ended_ns = time_ns;
		row->state = state_of(row);
	}
}
