// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Subjects as bytes. Each piece is a magic number, a body, and a hash over
 * both: one for each subject, and one (id 0) for the table, which tells up to
 * when all of them stood. trends_restore.c reads them.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "user/analysis/trends_private.h"
#include "user/base/bytes.h"

#define TABLE_ID 0

/* ---- writing ------------------------------------------------------------------------- */

static void put_string(struct pw_bytes_out *w, const char *s)
{
	size_t len = strnlen(s, PW_TRENDS_STRING_MAX);

	pw_bytes_put_u16(w, (uint16_t)len);
	pw_bytes_put(w, s, len);
}

/* What another stage saves, behind its length. */
static void put_trend(struct pw_bytes_out *w, const struct pw_trend *trend)
{
	size_t room = w->used + 4 <= w->size ? w->size - w->used - 4 : 0;
	size_t len = pw_trend_save(trend, 0, room ? w->at + w->used + 4 : NULL, room);

	pw_bytes_put_u32(w, (uint32_t)len);
	w->used += len;
}

static void put_loads(struct pw_bytes_out *w, const struct pw_trend_load *loads)
{
	size_t room = w->used + 4 <= w->size ? w->size - w->used - 4 : 0;
	size_t len = loads ? pw_trend_load_save(loads, 0, room ? w->at + w->used + 4 : NULL, room) :
			     0;

	pw_bytes_put_u32(w, (uint32_t)len);
	w->used += len;
}

static void put_limit(struct pw_bytes_out *w, const struct pw_limit *l)
{
	pw_bytes_put_u8(w, (uint8_t)l->kind);
	pw_bytes_put_u64(w, l->limit);
	pw_bytes_put_u64(w, l->used);
	pw_bytes_put_u64(w, l->left);
}

static void put_series(struct pw_bytes_out *w, const struct pw_trends_series *se)
{
	pw_bytes_put_u64(w, se->value);
	pw_bytes_put_u64(w, se->moved_ns);
	pw_bytes_put_double(w, se->slope);
	pw_bytes_put_u8(w, se->held);
	pw_bytes_put_u8(w, se->pending);
	pw_bytes_put_u8(w, se->pending_count);
	pw_bytes_put_u8(w, se->suspicion != NULL);
	if (se->suspicion) {
		pw_bytes_put_u64(w, se->suspected_since_ns);
		pw_bytes_put_u64(w, se->suspicion->window_ns);
		pw_bytes_put_u64(w, se->suspicion->acquitted_ns);
		put_limit(w, &se->suspicion->limit);
	}
	put_trend(w, se->trend);
}

static void put_identity(struct pw_bytes_out *w, const struct pw_subject *s)
{
	pw_bytes_put_u8(w, (uint8_t)s->type);
	pw_bytes_put_u8(w, s->alive);
	pw_bytes_put_u8(w, s->restored);
	pw_bytes_put_u32(w, s->key.pid);
	pw_bytes_put_u64(w, s->key.start_ns);
	pw_bytes_put_u64(w, s->cgroup_id);
	pw_bytes_put(w, s->comm, PW_COMM_LEN);
	pw_bytes_put_u64(w, s->first_seen_ns);
	pw_bytes_put_u64(w, s->last_seen_ns);
	pw_bytes_put_u32(w, s->members);
	pw_bytes_put_u32(w, s->restarts);
	put_string(w, s->exe);
	put_string(w, s->cgroup);
	put_string(w, s->unit);
	put_string(w, s->container);
	put_string(w, s->boot_id);
}

static void put_hash(struct pw_bytes_out *w)
{
	pw_bytes_put_u64(w, w->used <= w->size ? pw_hash_bytes(w->at, w->used, 0) : 0);
}

static size_t save_subject(const struct pw_trends *t, const struct pw_trends_subject *s, void *buf,
			   size_t size)
{
	struct pw_bytes_out w = { .at = buf, .size = size };

	pw_bytes_put_u32(&w, PW_TRENDS_SUBJECT_MAGIC);
	pw_bytes_put_double(&w, t->options.time_scale);
	put_identity(&w, &s->s);
	pw_bytes_put_u64(&w, s->sampled_ns);
	pw_bytes_put_u64(&w, s->begin_ns);
	pw_bytes_put_u64(&w, s->gap_from_ns);
	pw_bytes_put_u64(&w, s->gap_to_ns);
	for (unsigned int i = 0; i < PW_LOAD_KINDS; i++)
		pw_bytes_put_u64(&w, s->load[i]);
	pw_bytes_put_u16(&w, s->known);
	pw_bytes_put_u16(&w, s->moved);
	for (unsigned int kind = 0; kind < PW_SERIES_KINDS; kind++) {
		if (s->moved & 1u << kind)
			put_series(&w, s->cells[kind].series);
		else if (s->known & 1u << kind)
			pw_bytes_put_u64(&w, s->cells[kind].base);
	}
	put_loads(&w, s->loads);
	put_hash(&w);
	return w.used;
}

static size_t save_table(const struct pw_trends *t, void *buf, size_t size)
{
	struct pw_bytes_out w = { .at = buf, .size = size };

	pw_bytes_put_u32(&w, PW_TRENDS_TABLE_MAGIC);
	pw_bytes_put_u64(&w, t->began_ns);
	pw_bytes_put_u64(&w, t->now_ns);
	pw_bytes_put_u64(&w, t->sampled_ns);
	put_hash(&w);
	return w.used;
}

/* Of subjects that pass; with the table's own piece first. */
static int save(struct pw_trends *t, bool (*passes)(const struct pw_trends_subject *s),
		int (*fn)(void *ctx, uint64_t id, const void *bytes, size_t size), void *ctx)
{
	uint8_t *buf = malloc(PW_TRENDS_PIECE_MAX);
	int r = buf ? fn(ctx, TABLE_ID, buf, save_table(t, buf, PW_TRENDS_PIECE_MAX)) : -ENOMEM;

	for (size_t i = 0; !r && i < t->subjects.capacity; i++) {
		const struct pw_trends_subject *s = t->subjects.slots[i].item;
		size_t size;

		if (!s || !passes(s))
			continue;
		size = save_subject(t, s, buf, PW_TRENDS_PIECE_MAX);
		if (size <=
		    PW_TRENDS_PIECE_MAX) /* five names of 4 KiB and all series take half of it */
			r = fn(ctx, s->hash, buf, size);
	}
	free(buf);
	return r;
}

static bool is_any(const struct pw_trends_subject *s)
{
	return s;
}

static bool is_dirty(const struct pw_trends_subject *s)
{
	return s->dirty;
}

static bool has_story(const struct pw_trends_subject *s)
{
	return s->moved;
}

int pw_trends_save(struct pw_trends *t, bool dirty,
		   int (*fn)(void *ctx, uint64_t id, const void *bytes, size_t size), void *ctx)
{
	int r = save(t, dirty ? is_dirty : is_any, fn, ctx);

	for (size_t i = 0; !r && i < t->subjects.capacity; i++) {
		struct pw_trends_subject *s = t->subjects.slots[i].item;

		if (s) {
			s->dirty = false;
			s->saved = true;
		}
	}
	return r;
}

/* ---- the whole table ----------------------------------------------------------------- */

struct whole {
	struct pw_bytes_out out;
	size_t room;
};

static int append(void *ctx, uint64_t id, const void *bytes, size_t size)
{
	struct whole *w = ctx;

	(void)id;
	if (w->out.used + 4 + size > w->room) {
		size_t room = 2 * w->room + size + 4096;
		uint8_t *at = realloc(w->out.at, room);

		if (!at)
			return -ENOMEM;
		w->out.at = at;
		w->out.size = w->room = room;
	}
	pw_bytes_put_u32(&w->out, (uint32_t)size);
	pw_bytes_put(&w->out, bytes, size);
	return 0;
}

int pw_trends_write_all(struct pw_trends *t, void **ret, size_t *ret_size)
{
	struct whole w = { 0 };
	uint8_t head[4 + 8 + 8];
	struct pw_bytes_out h = { .at = head, .size = sizeof(head) };
	int err;

	pw_bytes_put_u32(&h, PW_TRENDS_ALL_MAGIC);
	pw_bytes_put_double(&h, t->options.time_scale);
	pw_bytes_put_u64(&h, t->options.subjects);
	err = append(&w, TABLE_ID, head, sizeof(head));
	err = err ? err : save(t, has_story, append, &w);
	if (err) {
		free(w.out.at);
		return err;
	}
	*ret = w.out.at;
	*ret_size = w.out.used;
	return 0;
}
