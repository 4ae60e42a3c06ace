// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Subjects from the bytes that trends_save.c makes of them. Every field is
 * checked; nothing enters the table before the whole piece was read.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "user/analysis/trends_private.h"
#include "user/base/bytes.h"

#define HASH_BYTES 8
#define TIME_MAX (1ull << 62)
#define NOW_MAX (TIME_MAX / 2) /* of what the table's own clock goes on from */

/* ---- reading ------------------------------------------------------------------------- */

static uint64_t get_time(struct pw_bytes_in *r)
{
	uint64_t time = pw_bytes_get_u64(r);

	r->bad |= time > TIME_MAX;
	return time;
}

static bool get_bool(struct pw_bytes_in *r)
{
	uint8_t v = pw_bytes_get_u8(r);

	r->bad |= v > 1;
	return v;
}

static uint8_t get_class(struct pw_bytes_in *r)
{
	uint8_t v = pw_bytes_get_u8(r);

	r->bad |= v >= PW_VERDICT_CLASSES;
	return v;
}

static double get_finite(struct pw_bytes_in *r)
{
	double v = pw_bytes_get_double(r);

	r->bad |= !isfinite(v);
	return v;
}

/* A string that stands in the piece: len bytes without a NUL. */
struct piece_string {
	const char *at;
	size_t len;
};

static void get_string(struct pw_bytes_in *r, struct piece_string *ret)
{
	ret->len = pw_bytes_get_u16(r);
	ret->at = pw_bytes_get(r, ret->len);
	if (!ret->at || ret->len > PW_TRENDS_STRING_MAX || memchr(ret->at, '\0', ret->len)) {
		r->bad = true;
		*ret = (struct piece_string){ "", 0 };
	}
}

static void get_limit(struct pw_bytes_in *r, struct pw_limit *ret)
{
	ret->kind = pw_bytes_get_u8(r);
	ret->limit = pw_bytes_get_u64(r);
	ret->used = pw_bytes_get_u64(r);
	ret->left = pw_bytes_get_u64(r);
	if (ret->kind >= PW_LIMIT_KINDS || ret->left > ret->limit) {
		r->bad = true;
		*ret = (struct pw_limit){ 0 };
	}
}

static int get_suspicion(struct pw_bytes_in *r, struct pw_trends_series *se)
{
	bool suspect = get_bool(r);

	if (suspect != pw_verdict_is_suspect(se->held))
		r->bad = true;
	if (!suspect)
		return 0;
	se->suspicion = calloc(1, sizeof(*se->suspicion));
	if (!se->suspicion)
		return -ENOMEM;
	se->suspected_since_ns = get_time(r);
	se->suspicion->window_ns = get_time(r);
	se->suspicion->acquitted_ns = get_time(r);
	get_limit(r, &se->suspicion->limit);
	return 0;
}

/* The series belongs to the subject as soon as it is there, so that it goes with it. */
static int get_series(struct pw_bytes_in *r, struct pw_trends_subject *s, enum pw_series_kind kind)
{
	struct pw_trends_series *se = calloc(1, sizeof(*se));
	const void *bytes;
	size_t len;
	int err;

	if (!se)
		return -ENOMEM;
	s->cells[kind].series = se;
	s->moved |= (uint16_t)(1u << kind);
	se->value = pw_bytes_get_u64(r);
	se->moved_ns = get_time(r);
	se->slope = get_finite(r);
	se->held = get_class(r);
	se->pending = get_class(r);
	se->pending_count = pw_bytes_get_u8(r);
	err = get_suspicion(r, se);
	len = pw_bytes_get_u32(r);
	bytes = pw_bytes_get(r, len);
	if (err || !bytes || r->bad)
		return err ? err : -EBADMSG;
	return pw_trend_restore(bytes, len, 0, &se->trend);
}

static int get_cells(struct pw_bytes_in *r, struct pw_trends_subject *s)
{
	uint16_t moved;
	int err = 0;

	s->known = pw_bytes_get_u16(r);
	moved = pw_bytes_get_u16(r);
	if (r->bad || s->known >> PW_SERIES_KINDS || moved & ~s->known)
		return -EBADMSG;
	for (unsigned int kind = 0; !err && kind < PW_SERIES_KINDS; kind++) {
		if (moved & 1u << kind)
			err = get_series(r, s, kind);
		else if (s->known & 1u << kind)
			s->cells[kind].base = pw_bytes_get_u64(r);
	}
	return err;
}

static int get_loads(struct pw_bytes_in *r, struct pw_trends_subject *s)
{
	size_t len = pw_bytes_get_u32(r);
	const void *bytes = pw_bytes_get(r, len);

	if (!bytes)
		return -EBADMSG;
	return len ? pw_trend_load_restore(bytes, len, 0, &s->loads) : 0;
}

enum { EXE, CGROUP, UNIT, CONTAINER, BOOT_ID, STRINGS };

static void get_identity(struct pw_bytes_in *r, struct pw_subject *s,
			 struct piece_string strings[STRINGS])
{
	const void *comm;

	s->type = pw_bytes_get_u8(r);
	s->alive = get_bool(r);
	s->restored = get_bool(r);
	s->key.pid = pw_bytes_get_u32(r);
	s->key.start_ns = get_time(r);
	s->cgroup_id = pw_bytes_get_u64(r);
	comm = pw_bytes_get(r, PW_COMM_LEN);
	if (comm)
		memcpy(s->comm, comm, PW_COMM_LEN);
	s->first_seen_ns = get_time(r);
	s->last_seen_ns = get_time(r);
	s->members = pw_bytes_get_u32(r);
	s->restarts = pw_bytes_get_u32(r);
	for (unsigned int i = 0; i < STRINGS; i++)
		get_string(r, &strings[i]);
	if (s->type >= PW_SUBJECT_TYPES || (s->type == PW_SUBJECT_PROCESS) != (s->key.pid != 0) ||
	    s->key.pid > INT32_MAX || s->last_seen_ns > NOW_MAX)
		r->bad = true;
}

/* Everything but the strings, which enter the table later. */
static int get_subject(struct pw_bytes_in *r, struct pw_trends_subject *s,
		       struct piece_string strings[STRINGS])
{
	int err;

	get_identity(r, &s->s, strings);
	s->sampled_ns = get_time(r);
	s->begin_ns = get_time(r);
	s->gap_from_ns = get_time(r);
	s->gap_to_ns = get_time(r);
	for (unsigned int i = 0; i < PW_LOAD_KINDS; i++)
		s->load[i] = pw_bytes_get_u64(r);
	if (s->begin_ns > s->sampled_ns || s->gap_from_ns > s->gap_to_ns ||
	    s->gap_to_ns > s->sampled_ns || (s->gap_to_ns && s->gap_from_ns < s->begin_ns))
		r->bad = true;
	err = r->bad ? -EBADMSG : get_cells(r, s);
	err = err ? err : get_loads(r, s);
	return err || r->bad || r->left ? (err ? err : -EBADMSG) : 0;
}

/* The body of a piece, if its hash is right. */
static int open_piece(const void *bytes, size_t size, struct pw_bytes_in *ret)
{
	struct pw_bytes_in hash;

	if (size < 4 + HASH_BYTES || size > PW_TRENDS_PIECE_MAX)
		return -EBADMSG;
	*ret = (struct pw_bytes_in){ .at = bytes, .left = size - HASH_BYTES };
	hash = (struct pw_bytes_in){ .at = ret->at + ret->left, .left = HASH_BYTES };
	return pw_bytes_get_u64(&hash) == pw_hash_bytes(bytes, ret->left, 0) ? 0 : -EBADMSG;
}

static int restore_table(struct pw_trends *t, struct pw_bytes_in *r)
{
	uint64_t began = get_time(r), now = get_time(r), sampled = get_time(r);

	if (r->bad || r->left || began > sampled || sampled > now || now > NOW_MAX)
		return -EBADMSG;
	if (began && (!t->began_ns || began < t->began_ns))
		t->began_ns = began;
	if (now > t->now_ns)
		t->now_ns = now;
	if (sampled > t->sampled_ns)
		t->sampled_ns = t->restored_ns = sampled;
	return 0;
}

/* ---- into the table ------------------------------------------------------------------ */

static void discard(struct pw_trends_subject *s)
{
	for (unsigned int kind = 0; kind < PW_SERIES_KINDS; kind++) {
		struct pw_trends_series *se = pw_trends_series_of(s, kind);

		if (!se)
			continue;
		pw_trend_destroy(se->trend);
		free(se->suspicion);
		free(se);
	}
	pw_trend_load_destroy(s->loads);
}

/* What is known of a suspect beside the windows follows from them. */
static void recall(struct pw_trends *t, struct pw_trends_subject *s, enum pw_series_kind kind)
{
	const struct pw_trend_options opt = pw_trends_options_of(t, kind);
	struct pw_trends_series *se = pw_trends_series_of(s, kind);

	if (!se)
		return;
	t->moved++;
	pw_trends_count_bytes(t, s, se);
	if (!se->suspicion)
		return;
	t->suspects++;
	pw_trend_look(se->trend, s->loads, &opt, &se->suspicion->verdict);
	se->suspicion->verdict.verdict = se->held;
	pw_limit_time(&se->suspicion->limit, &se->suspicion->verdict, t->options.time_scale,
		      &se->suspicion->time_to_limit);
}

static int set_strings(struct pw_trends *t, struct pw_subject *s,
		       const struct piece_string strings[STRINGS])
{
	const char **const to[STRINGS] = {
		[EXE] = &s->exe, [CGROUP] = &s->cgroup, [UNIT] = &s->unit, [CONTAINER] = &s->container, [BOOT_ID] = &s->boot_id
	};

	for (unsigned int i = 0; i < STRINGS; i++) {
		int err = pw_trends_set_string(t, to[i], strings[i].at, strings[i].len);

		if (err)
			return err;
	}
	return 0;
}

/* Its identity decides where it goes; read is a subject outside of the table, and stays so. */
static int insert(struct pw_trends *t, const struct pw_trends_subject *read,
		  const struct piece_string strings[STRINGS], struct pw_trends_subject **ret)
{
	char text[STRINGS][PW_TRENDS_STRING_MAX + 1];
	struct pw_trends_name name = { .type = read->s.type, .key = &read->s.key };
	struct pw_trends_subject *s;
	struct pw_subject fresh;
	uint64_t hash;
	int err;

	for (unsigned int i = 0; i < STRINGS; i++) {
		memcpy(text[i], strings[i].at, strings[i].len);
		text[i][strings[i].len] = '\0';
	}
	name.boot_id = text[BOOT_ID];
	name.exe = text[EXE];
	name.cgroup = text[CGROUP];
	hash = pw_trends_hash(&name);
	if (pw_trends_find(t, &name, hash))
		return -EEXIST;
	err = pw_trends_add(t, &name, hash, &s);
	if (err)
		return err;
	fresh = s->s;
	*s = *read;
	s->s.exe = fresh.exe;
	s->s.cgroup = fresh.cgroup;
	s->s.unit = fresh.unit;
	s->s.container = fresh.container;
	s->s.boot_id = fresh.boot_id;
	s->hash = hash;
	*ret = s;
	return 0;
}

static int restore_subject(struct pw_trends *t, struct pw_bytes_in *r, bool from_history)
{
	struct piece_string strings[STRINGS];
	struct pw_trends_subject read = { 0 }, *s = NULL;
	double scale = pw_bytes_get_double(r);
	int err;

	if (scale != t->options.time_scale)
		return -ESTALE;
	err = get_subject(r, &read, strings);
	err = err ? err : insert(t, &read, strings, &s);
	if (err) {
		discard(&read);
		return err;
	}
	if (from_history)
		s->s.restored = s->saved = true;
	for (unsigned int kind = 0; kind < PW_SERIES_KINDS; kind++)
		recall(t, s, kind);
	if (s->s.last_seen_ns > t->now_ns)
		t->now_ns = s->s.last_seen_ns;
	err = set_strings(t, &s->s, strings);
	if (err)
		pw_trends_forget(t, s);
	return err;
}

static int restore(struct pw_trends *t, const void *bytes, size_t size, bool from_history)
{
	struct pw_bytes_in r;
	int err = open_piece(bytes, size, &r);

	if (err)
		return err;
	switch (pw_bytes_get_u32(&r)) {
	case PW_TRENDS_SUBJECT_MAGIC:
		return restore_subject(t, &r, from_history);
	case PW_TRENDS_TABLE_MAGIC:
		return restore_table(t, &r);
	default:
		return -EBADMSG;
	}
}

int pw_trends_restore(struct pw_trends *t, const void *bytes, size_t size)
{
	return restore(t, bytes, size, true);
}

/* ---- the whole table ----------------------------------------------------------------- */

static int read_head(struct pw_bytes_in *r, struct pw_trends_options *ret)
{
	uint32_t size = pw_bytes_get_u32(r);
	uint32_t magic = pw_bytes_get_u32(r);

	ret->time_scale = pw_bytes_get_double(r);
	ret->subjects = pw_bytes_get_u64(r);
	if (r->bad || size != 20 || magic != PW_TRENDS_ALL_MAGIC ||
	    !(ret->time_scale >= PW_TRENDS_SCALE_MIN) || ret->time_scale > PW_TRENDS_SCALE_MAX ||
	    !ret->subjects || ret->subjects > 1u << 20)
		return -EBADMSG;
	return 0;
}

int pw_trends_read_all(const void *bytes, size_t size, struct pw_trends **ret)
{
	struct pw_bytes_in r = { .at = bytes, .left = size };
	struct pw_trends_options opt = { 0 };
	struct pw_trends *t = NULL;
	int err = read_head(&r, &opt);

	err = err ? err : pw_trends_create(&opt, &t);
	while (!err && r.left) {
		size_t len = pw_bytes_get_u32(&r);
		const void *piece = pw_bytes_get(&r, len);

		err = piece ? restore(t, piece, len, false) : -EBADMSG;
	}
	if (err) {
		pw_trends_destroy(t);
		return err == -EEXIST || err == -ESTALE ? -EBADMSG : err;
	}
	*ret = t;
	return 0;
}
