// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A series, or the loads of a subject, as bytes: little endian, without
 * padding, every field checked on the way back.
 */
#include "user/analysis/trend_load.h"

#include <endian.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SERIES_MAGIC 0x31545750u /* "PWT1" */
#define LOAD_MAGIC 0x314c5750u /* "PWL1" */

/* Writes, or only counts where there is no room. */
struct writer {
	uint8_t *to;
	size_t room, used;
};

struct reader {
	const uint8_t *from;
	size_t left;
	bool bad;
};

static void put(struct writer *w, const void *bytes, size_t n)
{
	if (w->to && w->used + n <= w->room)
		memcpy(w->to + w->used, bytes, n);
	w->used += n;
}

static void put8(struct writer *w, uint8_t v)
{
	put(w, &v, 1);
}

static void put16(struct writer *w, uint16_t v)
{
	v = htole16(v);
	put(w, &v, sizeof(v));
}

static void put32(struct writer *w, uint32_t v)
{
	v = htole32(v);
	put(w, &v, sizeof(v));
}

static void put64(struct writer *w, uint64_t v)
{
	v = htole64(v);
	put(w, &v, sizeof(v));
}

static void put_float(struct writer *w, float v)
{
	uint32_t bits;

	memcpy(&bits, &v, sizeof(bits));
	put32(w, bits);
}

static void get(struct reader *r, void *bytes, size_t n)
{
	if (r->left < n) {
		r->bad = true;
		memset(bytes, 0, n);
		return;
	}
	memcpy(bytes, r->from, n);
	r->from += n;
	r->left -= n;
}

static uint8_t get8(struct reader *r)
{
	uint8_t v;

	get(r, &v, sizeof(v));
	return v;
}

static uint16_t get16(struct reader *r)
{
	uint16_t v;

	get(r, &v, sizeof(v));
	return le16toh(v);
}

static uint32_t get32(struct reader *r)
{
	uint32_t v;

	get(r, &v, sizeof(v));
	return le32toh(v);
}

static uint64_t get64(struct reader *r)
{
	uint64_t v;

	get(r, &v, sizeof(v));
	return le64toh(v);
}

/* A value that a sample can have; gap: or PW_TREND_GAP. */
static float get_float(struct reader *r, bool gap)
{
	uint32_t bits = get32(r);
	float v;

	memcpy(&v, &bits, sizeof(v));
	if (gap && v == PW_TREND_GAP)
		return v;
	if (!(v >= 0 && v <= 0x1p64f) || (v == 0 && signbit(v)))
		r->bad = true;
	return v;
}

static uint8_t get_bool(struct reader *r)
{
	uint8_t v = get8(r);

	if (v > 1)
		r->bad = true;
	return v;
}

/* ---- a series ---------------------------------------------------------------- */

static void put_rings(struct writer *w, const struct pw_trend_rings *rings)
{
	for (unsigned int k = 0; k < PW_TREND_LEVELS; k++) {
		put_float(w, rings->level[k].open);
		for (unsigned int i = 0; i < PW_TREND_BLOCKS; i++)
			put_float(w, rings->level[k].blocks[i]);
	}
}

static void put_points(struct writer *w, const struct pw_trend_point *points, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		put32(w, points[i].step);
		put_float(w, points[i].value);
	}
}

size_t pw_trend_save(const struct pw_trend *t, int64_t offset_ns, void *buf, size_t size)
{
	struct writer w = { .to = buf, .room = size };

	put32(&w, SERIES_MAGIC);
	put8(&w, t->started);
	put8(&w, t->dense);
	put8(&w, t->count);
	put8(&w, t->verdict);
	put(&w, t->judged, sizeof(t->judged));
	put64(&w, (uint64_t)t->origin_ns + (uint64_t)offset_ns);
	put32(&w, t->last_step);
	put32(&w, t->judged_step);
	put_float(&w, t->last);
	if (t->dense)
		put_rings(&w, t->rings);
	else
		put_points(&w, t->capacity ? t->points : &t->one, t->count);
	return w.used;
}

static int get_rings(struct reader *r, struct pw_trend *t)
{
	t->rings = malloc(sizeof(*t->rings));
	if (!t->rings) {
		t->dense = 0;
		return -ENOMEM;
	}
	for (unsigned int k = 0; k < PW_TREND_LEVELS; k++) {
		t->rings->level[k].open = get_float(r, true);
		for (unsigned int i = 0; i < PW_TREND_BLOCKS; i++)
			t->rings->level[k].blocks[i] = get_float(r, true);
	}
	return 0;
}

static int get_points(struct reader *r, struct pw_trend *t, unsigned int n)
{
	struct pw_trend_point *points = &t->one;

	if (n > 1) {
		t->points = points = malloc(n * sizeof(*points));
		if (!points)
			return -ENOMEM;
		t->capacity = (uint8_t)n;
	}
	for (unsigned int i = 0; i < n; i++) {
		points[i].step = get32(r);
		points[i].value = get_float(r, true);
		if (points[i].step > t->last_step || (i && points[i].step <= points[i - 1].step))
			r->bad = true;
	}
	t->count = (uint8_t)n;
	return 0;
}

static int get_series(struct reader *r, int64_t offset_ns, struct pw_trend *t)
{
	unsigned int count;
	int err;

	if (get32(r) != SERIES_MAGIC)
		return -EBADMSG;
	t->started = get_bool(r);
	uint8_t dense = get_bool(r);

	count = get8(r);
	t->verdict = get8(r);
	get(r, t->judged, sizeof(t->judged));
	t->origin_ns = (int64_t)(get64(r) - (uint64_t)offset_ns);
	t->last_step = get32(r);
	t->judged_step = get32(r);
	t->last = get_float(r, false);
	if (t->verdict >= PW_VERDICT_CLASSES || t->judged_step > t->last_step ||
	    t->last_step == UINT32_MAX || count > PW_TREND_POINTS ||
	    (count == 0) != (dense || !t->started))
		r->bad = true;
	for (unsigned int k = 0; k < PW_TREND_LEVELS; k++)
		if ((t->judged[k] & PW_TREND_CLASS_MASK) >= PW_VERDICT_CLASSES)
			r->bad = true;
	if (r->bad)
		return -EBADMSG;
	t->dense = dense;
	err = dense ? get_rings(r, t) : get_points(r, t, count);
	if (err)
		return err;
	return r->bad || r->left ? -EBADMSG : 0;
}

int pw_trend_restore(const void *buf, size_t size, int64_t offset_ns, struct pw_trend **ret)
{
	struct reader r = { .from = buf, .left = size };
	struct pw_trend *t;
	int err = pw_trend_create(&t);

	if (err)
		return err;
	err = get_series(&r, offset_ns, t);
	if (err) {
		pw_trend_destroy(t);
		return err;
	}
	*ret = t;
	return 0;
}

/* ---- loads ------------------------------------------------------------------- */

size_t pw_trend_load_save(const struct pw_trend_load *l, int64_t offset_ns, void *buf, size_t size)
{
	struct writer w = { .to = buf, .room = size };

	put32(&w, LOAD_MAGIC);
	put8(&w, l->started);
	put8(&w, l->rings != NULL);
	put8(&w, l->known);
	put64(&w, (uint64_t)l->origin_ns + (uint64_t)offset_ns);
	put32(&w, l->last_step);
	for (unsigned int i = 0; i < PW_LOAD_KINDS; i++)
		put64(&w, l->totals[i]);
	for (unsigned int k = 0; l->rings && k < PW_TREND_LEVELS; k++)
		for (unsigned int work = 0; work < PW_WORKS; work++) {
			put_float(&w, l->rings->level[k].open[work]);
			for (unsigned int i = 0; i < PW_TREND_BLOCKS; i++)
				put16(&w, l->rings->level[k].blocks[work][i]);
		}
	return w.used;
}

static int get_load(struct reader *r, int64_t offset_ns, struct pw_trend_load *l)
{
	bool rings;

	if (get32(r) != LOAD_MAGIC)
		return -EBADMSG;
	l->started = get_bool(r);
	rings = get_bool(r);
	l->known = get8(r);
	l->origin_ns = (int64_t)(get64(r) - (uint64_t)offset_ns);
	l->last_step = get32(r);
	for (unsigned int i = 0; i < PW_LOAD_KINDS; i++)
		l->totals[i] = get64(r);
	if (r->bad || l->known >> PW_LOAD_KINDS || (rings && !l->started) ||
	    l->last_step == UINT32_MAX)
		return -EBADMSG;
	if (rings) {
		l->rings = malloc(sizeof(*l->rings));
		if (!l->rings)
			return -ENOMEM;
		for (unsigned int k = 0; k < PW_TREND_LEVELS; k++)
			for (unsigned int work = 0; work < PW_WORKS; work++) {
				l->rings->level[k].open[work] = get_float(r, false);
				for (unsigned int i = 0; i < PW_TREND_BLOCKS; i++)
					l->rings->level[k].blocks[work][i] = get16(r);
			}
	}
	return r->bad || r->left ? -EBADMSG : 0;
}

int pw_trend_load_restore(const void *buf, size_t size, int64_t offset_ns, struct pw_trend_load **ret)
{
	struct reader r = { .from = buf, .left = size };
	struct pw_trend_load *l;
	int err = pw_trend_load_create(&l);

	if (err)
		return err;
	err = get_load(&r, offset_ns, l);
	if (err) {
		pw_trend_load_destroy(l);
		return err;
	}
	*ret = l;
	return 0;
}
