// SPDX-License-Identifier: GPL-2.0-or-later
#include "user/model/segment_set.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/cleanup.h"
#include "user/base/hash.h"

static char no_name[] = "";

static void free_rows(struct pw_segment_row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (rows[i].name != no_name)
			free(rows[i].name);
	}
	free(rows);
}

int pw_segment_pending_create(const struct pw_segments *head, struct pw_segment_pending **ret)
{
	struct pw_segment_pending *p = calloc(1, sizeof(*p));

	if (!p)
		return -ENOMEM;
	p->head = *head;
	*ret = p;
	return 0;
}

void pw_segment_pending_destroy(struct pw_segment_pending *p)
{
	if (!p)
		return;
	free_rows(p->rows, p->count);
	free(p);
}

static int make_room(struct pw_segment_pending *p)
{
	size_t room = p->room ? p->room * 2 : 32;
	struct pw_segment_row *rows;

	if (p->count < p->room)
		return 0;
	rows = reallocarray(p->rows, room, sizeof(*rows));
	if (!rows)
		return -ENOMEM;
	p->rows = rows;
	p->room = room;
	return 0;
}

int pw_segment_pending_add(struct pw_segment_pending *p, const struct pw_segment *seg,
			   const char *name)
{
	size_t len = strnlen(name, seg->name_len);
	char *copy = no_name;
	int err;

	if (p->count == PW_SEGMENT_ROWS_MAX) {
		pw_segment_pending_skip(p);
		return 0;
	}
	err = make_room(p);
	if (err)
		return err;
	if (len) {
		copy = strndup(name, len);
		if (!copy)
			return -ENOMEM;
	}
	p->rows[p->count] = (struct pw_segment_row){ .seg = *seg, .name = copy };
	p->rows[p->count++].seg.name_len = (uint16_t)len;
	p->received++;
	return 0;
}

void pw_segment_pending_skip(struct pw_segment_pending *p)
{
	p->received++;
	p->head.flags |= PW_SEGMENTS_TRUNCATED;
}

bool pw_segment_pending_complete(const struct pw_segment_pending *p)
{
	return p->received >= p->head.segments;
}

/* Resident and swap; PW_UNKNOWN when the resident part is. */
static uint64_t held_bytes(const struct pw_segment *s)
{
	uint64_t resident = pw_segment_resident(s);

	if (resident == PW_UNKNOWN || s->swap_bytes == PW_UNKNOWN)
		return resident;
	return resident + s->swap_bytes;
}

static struct pw_segment_baseline key_of(const struct pw_segment_row *row)
{
	uint64_t loose = pw_hash_bytes(row->name, row->seg.name_len,
				       (uint64_t)row->seg.kind << 32 | row->seg.tid);
	uint64_t start = row->seg.vmas == 1 ? row->seg.start : 0;

	return (struct pw_segment_baseline){
		.loose = loose,
		.exact = pw_hash_mix(loose ^ pw_hash_mix(start + 1)),
		.bytes = held_bytes(&row->seg),
	};
}

static int by_key(const void *a, const void *b)
{
	const struct pw_segment_baseline *x = a, *y = b;

	if (x->loose != y->loose)
		return x->loose < y->loose ? -1 : 1;
	return (x->exact > y->exact) - (x->exact < y->exact);
}

/* The keys of all rows, sorted. */
static int collect_keys(const struct pw_segment_row *rows, size_t count,
			struct pw_segment_baseline **ret)
{
	struct pw_segment_baseline *keys = calloc(count ? count : 1, sizeof(*keys));

	if (!keys)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		keys[i] = key_of(&rows[i]);
	qsort(keys, count, sizeof(*keys), by_key);
	*ret = keys;
	return 0;
}

/* The first of the sorted keys that is not below (loose, exact). */
static size_t lower_bound(const struct pw_segment_baseline *keys, size_t count, uint64_t loose,
			  uint64_t exact)
{
	const struct pw_segment_baseline want = { .loose = loose, .exact = exact };
	size_t low = 0, high = count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (by_key(&keys[mid], &want) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* Index of the only key with this loose hash; count when there is none or more than one. */
static size_t only_one(const struct pw_segment_baseline *keys, size_t count, uint64_t loose)
{
	size_t i = lower_bound(keys, count, loose, 0);

	if (i == count || keys[i].loose != loose)
		return count;
	return i + 1 < count && keys[i + 1].loose == loose ? count : i;
}

static void measure_row(const struct pw_segment_set *set, const struct pw_segment_baseline *now,
			struct pw_segment_row *row)
{
	struct pw_segment_baseline key = key_of(row);
	size_t i = lower_bound(set->baseline, set->baseline_count, key.loose, key.exact);
	bool found = i < set->baseline_count && !by_key(&set->baseline[i], &key);

	if (!found && only_one(now, set->count, key.loose) < set->count) {
		i = only_one(set->baseline, set->baseline_count, key.loose);
		found = i < set->baseline_count;
	}
	row->is_new = !found;
	if (key.bytes == PW_UNKNOWN || (found && set->baseline[i].bytes == PW_UNKNOWN))
		row->growth_bytes = 0;
	else
		row->growth_bytes =
			(int64_t)key.bytes - (found ? (int64_t)set->baseline[i].bytes : 0);
}

/* Growth of every row against the baseline; the first view becomes it. */
static int measure(struct pw_segment_set *set)
{
	struct pw_segment_baseline *keys pw_auto_free = NULL;
	int err = collect_keys(set->rows, set->count, &keys);

	if (err)
		return err;
	if (!set->baseline) {
		set->baseline = pw_steal(keys);
		set->baseline_count = set->count;
		set->first_ns = set->head.rec.time_ns;
		return 0;
	}
	for (size_t i = 0; i < set->count; i++)
		measure_row(set, keys, &set->rows[i]);
	return 0;
}

int pw_segment_set_take(struct pw_segment_set **setp, struct pw_segment_pending *p)
{
	struct pw_segment_set *set = *setp;

	if (set && (p->head.flags & PW_SEGMENTS_GONE)) {
		set->head.flags |= PW_SEGMENTS_GONE;
		return 0;
	}
	if (!set) {
		set = calloc(1, sizeof(*set));
		if (!set)
			return -ENOMEM;
		*setp = set;
	}
	free_rows(set->rows, set->count);
	set->head = p->head;
	set->rows = pw_steal(p->rows);
	set->count = p->count;
	p->count = p->room = 0;
	return measure(set);
}

void pw_segment_set_destroy(struct pw_segment_set *set)
{
	if (!set)
		return;
	free_rows(set->rows, set->count);
	free(set->baseline);
	free(set);
}

size_t pw_segment_set_memory(const struct pw_segment_set *set)
{
	size_t bytes = sizeof(*set) + set->count * sizeof(*set->rows) +
		       set->baseline_count * sizeof(*set->baseline);

	for (size_t i = 0; i < set->count; i++)
		bytes += set->rows[i].seg.name_len ? set->rows[i].seg.name_len + 1u + 16u : 0;
	return bytes;
}
