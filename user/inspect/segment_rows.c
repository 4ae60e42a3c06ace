// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "user/inspect/segment_rows.h"

/* The last rows are kept for those that merge what found no room. */
#define ROWS_OF_THEIR_OWN (PW_SEGMENT_ROWS_LIMIT - PW_SEG_KINDS)

int pw_segment_rows_init(struct pw_segment_rows *r)
{
	memset(r, 0, sizeof(*r));
	return pw_hash_init(&r->index, PW_SEGMENT_ROWS_LIMIT);
}

void pw_segment_rows_deinit(struct pw_segment_rows *r)
{
	pw_hash_deinit(&r->index);
	free(r->rows);
	memset(r, 0, sizeof(*r));
}

struct row_key {
	const struct pw_segment_rows *in;
	uint32_t kind, tid;
	const char *name;
};

/* Rows move when their array grows: the index keeps row number + 1 as its item. */
static void *item_of(size_t row)
{
	return (void *)(uintptr_t)(row + 1);
}

static size_t row_of(const void *item)
{
	return (size_t)(uintptr_t)item - 1;
}

static uint64_t hash_key(const struct row_key *k)
{
	return pw_hash_bytes(k->name, strlen(k->name), ((uint64_t)k->tid << 8) | k->kind);
}

static bool match_key(const void *item, const void *key)
{
	const struct row_key *k = key;
	const struct pw_segment_out *row = &k->in->rows[row_of(item)];

	return row->seg.kind == k->kind && row->seg.tid == k->tid && strcmp(row->name, k->name) == 0;
}

static int append_row(struct pw_segment_rows *r, uint32_t kind, uint32_t tid, const char *name)
{
	if (r->count == r->capacity) {
		size_t capacity = r->capacity ? r->capacity * 2 : 64;
		void *grown = reallocarray(r->rows, capacity, sizeof(*r->rows));

		if (!grown)
			return -ENOMEM;
		r->rows = grown;
		r->capacity = capacity;
	}
	r->rows[r->count++] = (struct pw_segment_out){
		.seg = { .kind = kind, .tid = tid },
		.name = name,
	};
	return 0;
}

/* The row of this kind, name and thread, new if need be; its number, or -errno. */
static int64_t find_row(struct pw_segment_rows *r, const struct pw_piece *p)
{
	struct row_key key = { r, p->kind, p->tid, p->name };
	void *item = pw_hash_find(&r->index, hash_key(&key), match_key, &key);
	int err;

	if (item)
		return (int64_t)row_of(item);
	if (r->count >= ROWS_OF_THEIR_OWN) {
		r->truncated = true;
		key.tid = 0;
		key.name = "";
		item = pw_hash_find(&r->index, hash_key(&key), match_key, &key);
		if (item)
			return (int64_t)row_of(item);
	}
	err = append_row(r, key.kind, key.tid, key.name);
	if (!err)
		err = pw_hash_insert(&r->index, hash_key(&key), item_of(r->count - 1));
	return err ? err : (int64_t)r->count - 1;
}

static void add_piece(struct pw_segment *seg, const struct pw_piece *p)
{
	if (seg->vmas++ == 0) {
		seg->start = p->start;
		seg->end = p->end;
		seg->inode = p->inode;
		seg->dev_major = p->dev_major;
		seg->dev_minor = p->dev_minor;
	}
	if (p->start < seg->start)
		seg->start = p->start;
	if (p->end > seg->end)
		seg->end = p->end;
	if (seg->inode != p->inode || seg->dev_major != p->dev_major || seg->dev_minor != p->dev_minor)
		seg->inode = seg->dev_major = seg->dev_minor = 0;
	seg->perms |= p->perms;
	seg->virtual_bytes += pw_piece_bytes(p);
	seg->anon_bytes += p->anon;
	seg->file_bytes += p->file;
	seg->shmem_bytes += p->shm;
	seg->swap_bytes += p->swap;
	seg->dirty_bytes += p->dirty;
	seg->huge_bytes += p->huge;
}

int pw_segment_rows_add_layout(struct pw_segment_rows *r, const struct pw_layout *l, bool each)
{
	const struct pw_piece *last = NULL;
	int64_t row = -1;

	for (size_t i = 0; i < l->count; i++) {
		const struct pw_piece *p = &l->pieces[i];

		if (each && r->count < ROWS_OF_THEIR_OWN) {
			row = append_row(r, p->kind, p->tid, p->name);
			if (row == 0)
				row = (int64_t)r->count - 1;
		} else if (!last || last->kind != p->kind || last->tid != p->tid ||
			   last->name != p->name || each) {
			row = find_row(r, p);
		}
		if (row < 0)
			return (int)row;
		add_piece(&r->rows[row].seg, p);
		last = p;
	}
	return 0;
}

int pw_segment_rows_add_kernel(struct pw_segment_rows *r, uint32_t kind, const char *name,
			       uint64_t virtual_bytes, uint64_t resident_bytes)
{
	int err = append_row(r, kind, 0, name);

	if (err)
		return err;
	r->rows[r->count - 1].seg.virtual_bytes = virtual_bytes;
	r->rows[r->count - 1].seg.anon_bytes = resident_bytes;
	return 0;
}

static int by_kind_and_address(const void *a, const void *b)
{
	const struct pw_segment_out *x = a, *y = b;

	if (x->seg.kind != y->seg.kind)
		return x->seg.kind < y->seg.kind ? -1 : 1;
	if (x->seg.start != y->seg.start)
		return x->seg.start < y->seg.start ? -1 : 1;
	return strcmp(x->name, y->name);
}

void pw_segment_rows_sort(struct pw_segment_rows *r)
{
	if (r->count > 0)
		qsort(r->rows, r->count, sizeof(*r->rows), by_kind_and_address);
}
