// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A series, or the loads of a subject, as bytes: little endian, without
 * padding, every field checked on the way back.
 */
#include "user/analysis/trend_load.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/bytes.h"

#define SERIES_MAGIC 0x31545750u /* "PWT1" */
#define LOAD_MAGIC 0x314c5750u /* "PWL1" */

static void put_float(struct pw_bytes_out *w, float v)
{
	uint32_t bits;

	memcpy(&bits, &v, sizeof(bits));
	pw_bytes_put_u32(w, bits);
}

/* A value that a sample can have; gap: or PW_TREND_GAP. */
static float get_float(struct pw_bytes_in *r, bool gap)
{
	uint32_t bits = pw_bytes_get_u32(r);
	float v;

	memcpy(&v, &bits, sizeof(v));
	if (gap && v == PW_TREND_GAP)
		return v;
	if (!(v >= 0 && v <= (float)PW_TREND_VALUE_MAX) || (v == 0 && signbit(v)))
		r->bad = true;
	return v;
}

/* A time whose distance to another still is one. */
static int64_t get_origin(struct pw_bytes_in *r, int64_t offset_ns)
{
	int64_t origin = (int64_t)(pw_bytes_get_u64(r) - (uint64_t)offset_ns);

	if (origin > INT64_MAX / 2 || origin < -INT64_MAX / 2)
		r->bad = true;
	return origin;
}

static uint8_t get_bool(struct pw_bytes_in *r)
{
	uint8_t v = pw_bytes_get_u8(r);

	if (v > 1)
		r->bad = true;
	return v;
}

/* ---- a series ---------------------------------------------------------------- */

static void put_rings(struct pw_bytes_out *w, const struct pw_trend_rings *rings)
{
	for (unsigned int k = 0; k < PW_TREND_LEVELS; k++) {
		put_float(w, rings->level[k].open);
		for (unsigned int i = 0; i < PW_TREND_BLOCKS; i++)
			put_float(w, rings->level[k].blocks[i]);
	}
}

static void put_points(struct pw_bytes_out *w, const struct pw_trend_point *points, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		pw_bytes_put_u32(w, points[i].step);
		put_float(w, points[i].value);
	}
}

size_t pw_trend_save(const struct pw_trend *t, int64_t offset_ns, void *buf, size_t size)
{
	struct pw_bytes_out w = { .at = buf, .size = size };

	pw_bytes_put_u32(&w, SERIES_MAGIC);
	pw_bytes_put_u8(&w, t->started);
	pw_bytes_put_u8(&w, t->dense);
	pw_bytes_put_u8(&w, t->count);
	pw_bytes_put_u8(&w, t->verdict);
	pw_bytes_put(&w, t->judged, sizeof(t->judged));
	pw_bytes_put_u64(&w, (uint64_t)t->origin_ns + (uint64_t)offset_ns);
	pw_bytes_put_u32(&w, t->last_step);
	pw_bytes_put_u32(&w, t->judged_step);
	put_float(&w, t->last);
	if (t->dense)
		put_rings(&w, t->rings);
	else
		put_points(&w, t->capacity ? t->points : &t->one, t->count);
	return w.used;
}

static int get_rings(struct pw_bytes_in *r, struct pw_trend *t)
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

static int get_points(struct pw_bytes_in *r, struct pw_trend *t, unsigned int n)
{
	struct pw_trend_point *points = &t->one;

	if (n > 1) {
		t->points = points = malloc(n * sizeof(*points));
		if (!points)
			return -ENOMEM;
		t->capacity = (uint8_t)n;
	}
	for (unsigned int i = 0; i < n; i++) {
		points[i].step = pw_bytes_get_u32(r);
		points[i].value = get_float(r, true);
		if (points[i].step > t->last_step || (i && points[i].step <= points[i - 1].step))
			r->bad = true;
	}
	t->count = (uint8_t)n;
	return 0;
}

static int get_series(struct pw_bytes_in *r, int64_t offset_ns, struct pw_trend *t)
{
	unsigned int count;
	uint8_t dense;
	int err;

	if (pw_bytes_get_u32(r) != SERIES_MAGIC)
		return -EBADMSG;
	t->started = get_bool(r);
	dense = get_bool(r);
	count = pw_bytes_get_u8(r);
	t->verdict = pw_bytes_get_u8(r);
	for (unsigned int k = 0; k < PW_TREND_LEVELS; k++)
		t->judged[k] = pw_bytes_get_u8(r);
	t->origin_ns = get_origin(r, offset_ns);
	t->last_step = pw_bytes_get_u32(r);
	t->judged_step = pw_bytes_get_u32(r);
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
	struct pw_bytes_in r = { .at = buf, .left = size };
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
	struct pw_bytes_out w = { .at = buf, .size = size };

	pw_bytes_put_u32(&w, LOAD_MAGIC);
	pw_bytes_put_u8(&w, l->started);
	pw_bytes_put_u8(&w, l->rings != NULL);
	pw_bytes_put_u8(&w, l->known);
	pw_bytes_put_u64(&w, (uint64_t)l->origin_ns + (uint64_t)offset_ns);
	pw_bytes_put_u32(&w, l->last_step);
	for (unsigned int i = 0; i < PW_LOAD_KINDS; i++)
		pw_bytes_put_u64(&w, l->totals[i]);
	for (unsigned int k = 0; l->rings && k < PW_TREND_LEVELS; k++)
		for (unsigned int work = 0; work < PW_WORKS; work++) {
			put_float(&w, l->rings->level[k].open[work]);
			for (unsigned int i = 0; i < PW_TREND_BLOCKS; i++)
				pw_bytes_put_u16(&w, l->rings->level[k].blocks[work][i]);
		}
	return w.used;
}

/* A sum of counters, which are anybody's. */
static float get_work(struct pw_bytes_in *r)
{
	uint32_t bits = pw_bytes_get_u32(r);
	float v;

	memcpy(&v, &bits, sizeof(v));
	if (!isfinite(v) || v < 0)
		r->bad = true;
	return v;
}

static int get_load(struct pw_bytes_in *r, int64_t offset_ns, struct pw_trend_load *l)
{
	bool rings;

	if (pw_bytes_get_u32(r) != LOAD_MAGIC)
		return -EBADMSG;
	l->started = get_bool(r);
	rings = get_bool(r);
	l->known = pw_bytes_get_u8(r);
	l->origin_ns = get_origin(r, offset_ns);
	l->last_step = pw_bytes_get_u32(r);
	for (unsigned int i = 0; i < PW_LOAD_KINDS; i++)
		l->totals[i] = pw_bytes_get_u64(r);
	if (r->bad || l->known >> PW_LOAD_KINDS || (rings && !l->started) ||
	    l->last_step == UINT32_MAX)
		return -EBADMSG;
	if (rings) {
		l->rings = malloc(sizeof(*l->rings));
		if (!l->rings)
			return -ENOMEM;
		for (unsigned int k = 0; k < PW_TREND_LEVELS; k++)
			for (unsigned int work = 0; work < PW_WORKS; work++) {
				l->rings->level[k].open[work] = get_work(r);
				for (unsigned int i = 0; i < PW_TREND_BLOCKS; i++)
					l->rings->level[k].blocks[work][i] = pw_bytes_get_u16(r);
			}
	}
	return r->bad || r->left ? -EBADMSG : 0;
}

int pw_trend_load_restore(const void *buf, size_t size, int64_t offset_ns, struct pw_trend_load **ret)
{
	struct pw_bytes_in r = { .at = buf, .left = size };
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
