// SPDX-License-Identifier: GPL-2.0-or-later
/* SEGMENTS and the SEGMENT records behind it. */
#include "user/base/key.h"
#include "user/model/ingest.h"
#include "user/model/process_table.h"
#include "user/model/segment_set.h"

#define BYTES_LIMIT (1ull << 60) /* four of them still fit 63 bits */

void pw_ingest_drop_pending(struct pw_model *m)
{
	if (!m->pending)
		return;
	pw_segment_pending_destroy(m->pending);
	m->pending = NULL;
	m->invalid_records++;
}

static int finish(struct pw_model *m)
{
	struct pw_process *p = pw_model_process(m, &m->pending->head.key);
	int err = 0;

	if (p)
		err = pw_process_take_segments(m, p, m->pending);
	else
		m->invalid_records++;
	pw_segment_pending_destroy(m->pending);
	m->pending = NULL;
	return err;
}

int pw_ingest_segments(struct pw_model *m, const struct pw_record *rec)
{
	int err;

	pw_ingest_drop_pending(m);
	err = pw_segment_pending_create((const void *)rec, &m->pending);
	if (err)
		return err;
	return pw_segment_pending_complete(m->pending) ? finish(m) : 0;
}

static bool size_in_bounds(uint64_t bytes)
{
	return bytes <= BYTES_LIMIT || bytes == PW_UNKNOWN;
}

static bool segment_in_bounds(const struct pw_segment *s)
{
	return s->start <= s->end && s->virtual_bytes <= BYTES_LIMIT &&
	       size_in_bounds(s->anon_bytes) && size_in_bounds(s->file_bytes) &&
	       size_in_bounds(s->shmem_bytes) && size_in_bounds(s->swap_bytes) &&
	       size_in_bounds(s->dirty_bytes) && size_in_bounds(s->huge_bytes) &&
	       s->name_len <= s->rec.size - sizeof(*s);
}

int pw_ingest_segment(struct pw_model *m, const struct pw_record *rec)
{
	const struct pw_segment *r = (const void *)rec;
	struct pw_segment_pending *view = m->pending;
	int err;

	if (!view || !pw_key_same(&view->head.key, &r->key))
		return pw_ingest_invalid(m);
	if (segment_in_bounds(r)) {
		err = pw_segment_pending_add(view, r, (const char *)(r + 1));
		if (err)
			return err;
	} else {
		pw_segment_pending_skip(view);
		m->invalid_records++;
	}
	return pw_segment_pending_complete(view) ? finish(m) : 0;
}
