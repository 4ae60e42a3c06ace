// SPDX-License-Identifier: GPL-2.0-or-later
/* Subjects: found by their identity, made within the bound, forgotten. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "user/analysis/trends_private.h"
#include "user/base/key.h"

/* ---- identity ---------------------------------------------------------------------- */

static uint64_t string_hash(const char *s, uint64_t seed)
{
	return pw_hash_bytes(s, strlen(s), seed);
}

/* Of contents alone: the same on every run, so that the wheel turns the same way. */
uint64_t pw_trends_hash(const struct pw_trends_name *name)
{
	switch (name->type) {
	case PW_SUBJECT_PROCESS:
		return pw_hash_mix(pw_hash_mix(name->key->pid) ^ pw_key_tick(name->key) ^
				   string_hash(name->boot_id, 0));
	case PW_SUBJECT_GROUP:
		return string_hash(name->cgroup, string_hash(name->exe, PW_SUBJECT_GROUP));
	default:
		return string_hash(name->cgroup, PW_SUBJECT_CGROUP);
	}
}

static bool is_named(const void *item, const void *key)
{
	const struct pw_subject *s = &((const struct pw_trends_subject *)item)->s;
	const struct pw_trends_name *name = key;

	if (s->type != name->type)
		return false;
	if (s->type == PW_SUBJECT_PROCESS)
		return pw_key_same(&s->key, name->key) && !strcmp(s->boot_id, name->boot_id);
	if (s->type == PW_SUBJECT_GROUP && strcmp(s->exe, name->exe) != 0)
		return false;
	return !strcmp(s->cgroup, name->cgroup);
}

struct pw_trends_subject *pw_trends_find(const struct pw_trends *t,
					 const struct pw_trends_name *name, uint64_t hash)
{
	return pw_hash_find(&t->subjects, hash, is_named, name);
}

/* ---- fingerprint ------------------------------------------------------------------- */

#define ID_DIGITS 12 /* so many hexadecimal digits in a row are an id, not a name */

static size_t hex_run(const char *s)
{
	size_t n = 0;

	while (isxdigit((unsigned char)s[n]))
		n++;
	return n;
}

/* A name without what differs from one start to the next: ids, and numbers where `numbers` says so. */
static uint64_t plain_hash(const char *name, bool numbers, uint64_t hash)
{
	while (*name) {
		size_t n = hex_run(name);

		if (n >= ID_DIGITS) {
			hash = pw_hash_mix(hash ^ '#');
			name += n;
		} else if (numbers && isdigit((unsigned char)*name)) {
			hash = pw_hash_mix(hash ^ '#');
			while (isdigit((unsigned char)*name))
				name++;
		} else {
			hash = pw_hash_mix(hash ^ (unsigned char)*name++) + 1;
		}
	}
	return hash;
}

static bool ends_with(const char *s, const char *tail)
{
	size_t n = strlen(s), k = strlen(tail);

	return n >= k && !strcmp(s + n - k, tail);
}

uint64_t pw_subject_fingerprint(const struct pw_subject *s, enum pw_series_kind kind)
{
	uint64_t hash = string_hash(s->exe, kind);

	/* session-12.scope, docker-2f9ab....scope: a scope's number is no name */
	if (s->unit[0])
		return plain_hash(s->unit, ends_with(s->unit, ".scope"), hash);
	return plain_hash(s->cgroup, true, hash);
}

/* ---- life -------------------------------------------------------------------------- */

int pw_trends_set_string(struct pw_trends *t, const char **to, const char *bytes, size_t len)
{
	const char *fresh = "";
	int err = pw_intern_get(t->strings, bytes, len, &fresh);

	if (err && err != -ENOSPC)
		return err;
	pw_intern_put(t->strings, *to);
	*to = fresh;
	return 0;
}

static void put_strings(struct pw_trends *t, const struct pw_subject *s)
{
	pw_intern_put(t->strings, s->exe);
	pw_intern_put(t->strings, s->cgroup);
	pw_intern_put(t->strings, s->unit);
	pw_intern_put(t->strings, s->container);
	pw_intern_put(t->strings, s->boot_id);
}

void pw_trends_subject_free(struct pw_trends *t, struct pw_trends_subject *s)
{
	for (unsigned int kind = 0; kind < PW_SERIES_KINDS; kind++)
		pw_trends_drop_series(t, s, kind, 0);
	t->series_bytes -= s->load_bytes;
	pw_trend_load_destroy(s->loads);
	put_strings(t, &s->s);
	free(s);
}

/* Where it has a row, the row has to go. Without memory for that, the row is a stranger at the next start. */
static void note_forgotten(struct pw_trends *t, uint64_t id)
{
	if (t->forgotten_count == t->forgotten_room) {
		size_t room = t->forgotten_room ? 2 * t->forgotten_room : 64;
		uint64_t *ids = realloc(t->forgotten, room * sizeof(*ids));

		if (!ids)
			return;
		t->forgotten = ids;
		t->forgotten_room = room;
	}
	t->forgotten[t->forgotten_count++] = id;
}

void pw_trends_forget(struct pw_trends *t, struct pw_trends_subject *s)
{
	if (s->saved)
		note_forgotten(t, s->hash);
	pw_hash_remove(&t->subjects, s->hash, s);
	pw_trends_subject_free(t, s);
}

int pw_trends_each_forgotten(struct pw_trends *t, int (*fn)(void *ctx, uint64_t id), void *ctx)
{
	while (t->forgotten_count) {
		int r = fn(ctx, t->forgotten[t->forgotten_count - 1]);

		if (r)
			return r;
		t->forgotten_count--;
	}
	free(t->forgotten);
	t->forgotten = NULL;
	t->forgotten_room = 0;
	return 0;
}

/* The group or cgroup without members that was alive the longest ago makes room. */
static bool make_room(struct pw_trends *t)
{
	struct pw_trends_subject *oldest = NULL;

	for (size_t i = 0; i < t->subjects.capacity; i++) {
		struct pw_trends_subject *s = t->subjects.slots[i].item;

		if (!s || s->s.alive || s->s.restored || s->s.type == PW_SUBJECT_PROCESS)
			continue;
		if (!oldest || s->s.last_seen_ns < oldest->s.last_seen_ns)
			oldest = s;
	}
	if (!oldest)
		return false;
	pw_trends_forget(t, oldest);
	return true;
}

/* Each once, as far as a small set of hashes can tell. */
static void count_refused(struct pw_trends *t, uint64_t hash)
{
	uint64_t bit = hash % PW_TRENDS_REFUSED_BITS;
	uint8_t mask = (uint8_t)(1u << (bit % 8));

	t->refused += !(t->refused_seen[bit / 8] & mask);
	t->refused_seen[bit / 8] |= mask;
}

/* The strings that are part of the identity: without room for them there is no subject. */
static int take_name(struct pw_trends *t, struct pw_subject *s, const struct pw_trends_name *name)
{
	int err = 0;

	s->type = name->type;
	s->exe = s->cgroup = s->unit = s->container = s->boot_id = "";
	if (name->type == PW_SUBJECT_PROCESS) {
		s->key = *name->key;
		return pw_intern_get(t->strings, name->boot_id, SIZE_MAX, &s->boot_id);
	}
	if (name->type == PW_SUBJECT_GROUP)
		err = pw_intern_get(t->strings, name->exe, SIZE_MAX, &s->exe);
	return err ? err : pw_intern_get(t->strings, name->cgroup, SIZE_MAX, &s->cgroup);
}

int pw_trends_add(struct pw_trends *t, const struct pw_trends_name *name, uint64_t hash,
		  struct pw_trends_subject **ret)
{
	struct pw_trends_subject *s;
	int err;

	if (t->subjects.used >= t->subjects.limit && !make_room(t)) {
		count_refused(t, hash);
		return -ENOSPC;
	}
	s = calloc(1, sizeof(*s));
	if (!s)
		return -ENOMEM;
	s->hash = hash;
	err = take_name(t, &s->s, name);
	err = err ? err : pw_hash_insert(&t->subjects, hash, s);
	if (err) {
		pw_trends_subject_free(t, s);
		if (err == -ENOSPC)
			count_refused(t, hash);
		return err;
	}
	s->dirty = true;
	*ret = s;
	return 0;
}

/* ---- series ------------------------------------------------------------------------ */

void pw_trends_count_bytes(struct pw_trends *t, struct pw_trends_subject *s,
			   struct pw_trends_series *se)
{
	size_t load = s->loads ? pw_trend_load_bytes(s->loads) : 0;
	size_t bytes = pw_trend_bytes(se->trend);

	t->series_bytes += bytes - se->bytes + load - s->load_bytes;
	se->bytes = (uint32_t)bytes;
	s->load_bytes = (uint32_t)load;
}

/* What the cell meant, told to the detector: it stood there, but for the gap. */
static int tell_past(struct pw_trends *t, const struct pw_trends_subject *s,
		     enum pw_series_kind kind, uint64_t base, struct pw_trend *trend)
{
	const struct pw_trend_options opt = pw_trends_options_of(t, kind);
	int err = pw_trend_add(trend, &opt, s->begin_ns, base, false);

	if (!err && s->gap_to_ns > s->gap_from_ns) {
		err = pw_trend_add(trend, &opt, s->gap_from_ns, base, true);
		err = err ? err : pw_trend_add(trend, &opt, s->gap_to_ns, base, false);
	}
	if (!err && s->sampled_ns > s->begin_ns)
		err = pw_trend_add(trend, &opt, s->sampled_ns, base, true);
	return err;
}

int pw_trends_make_series(struct pw_trends *t, struct pw_trends_subject *s, enum pw_series_kind kind)
{
	struct pw_trends_series *se = calloc(1, sizeof(*se));
	int err = se ? pw_trend_create(&se->trend) : -ENOMEM;

	err = err ? err : tell_past(t, s, kind, s->cells[kind].base, se->trend);
	if (err) {
		if (se)
			pw_trend_destroy(se->trend);
		free(se);
		return err;
	}
	se->value = s->cells[kind].base;
	se->moved_ns = s->sampled_ns;
	s->cells[kind].series = se;
	s->moved |= (uint16_t)(1u << kind);
	t->moved++;
	pw_trends_count_bytes(t, s, se);
	return 0;
}

void pw_trends_drop_series(struct pw_trends *t, struct pw_trends_subject *s,
			   enum pw_series_kind kind, uint64_t base)
{
	struct pw_trends_series *se = pw_trends_series_of(s, kind);

	if (!se)
		return;
	t->suspects -= se->suspicion != NULL;
	t->series_bytes -= se->bytes;
	t->moved--;
	pw_trend_destroy(se->trend);
	free(se->suspicion);
	free(se);
	s->moved &= (uint16_t) ~(1u << kind);
	s->cells[kind].base = base;
}
