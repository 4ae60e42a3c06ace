// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "user/inspect/layout.h"

/*
 * Growing an array of megabytes by moving it, and faulting it in page by page,
 * cost more than filling it: the room is reserved at once and populated in
 * blocks.
 */
#define ROOM (PW_LAYOUT_PIECES_MAX * sizeof(struct pw_piece))
#define BLOCK (256ul << 10)

int pw_layout_init(struct pw_layout *l)
{
	void *room = mmap(NULL, ROOM, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	memset(l, 0, sizeof(*l));
	if (room == MAP_FAILED)
		return -ENOMEM;
	l->pieces = room;
	return pw_hash_init(&l->names, PW_LAYOUT_NAMES_MAX);
}

void pw_layout_deinit(struct pw_layout *l)
{
	for (size_t i = 0; i < l->names.capacity; i++)
		free(l->names.slots[i].item);
	pw_hash_deinit(&l->names);
	if (l->pieces)
		munmap(l->pieces, ROOM);
	memset(l, 0, sizeof(*l));
}

static bool same_name(const void *item, const void *key)
{
	return strcmp(item, key) == 0;
}

const char *pw_layout_name(struct pw_layout *l, const char *name)
{
	uint64_t hash;
	char *copy;

	if (name[0] == '\0')
		return "";
	/* neighbours mostly come from one file */
	if (l->count > 0 && strcmp(l->pieces[l->count - 1].name, name) == 0)
		return l->pieces[l->count - 1].name;
	hash = pw_hash_bytes(name, strlen(name), 0);
	copy = pw_hash_find(&l->names, hash, same_name, name);
	if (copy)
		return copy;
	copy = strdup(name);
	if (!copy || pw_hash_insert(&l->names, hash, copy) != 0) {
		free(copy);
		l->truncated = true;
		return "";
	}
	return copy;
}

#ifdef MADV_POPULATE_WRITE /* 5.14 */
static void populate(struct pw_layout *l)
{
	size_t used = (l->count + 1) * sizeof(*l->pieces);

	/* the first block may be all that is needed: it comes page by page */
	if (used <= l->populated || used <= BLOCK)
		return;
	if (l->populated == 0)
		l->populated = BLOCK;
	madvise((char *)l->pieces + l->populated,
		ROOM - l->populated < BLOCK ? ROOM - l->populated : BLOCK, MADV_POPULATE_WRITE);
	l->populated += BLOCK;
}
#else
static void populate(struct pw_layout *l)
{
	(void)l;
}
#endif

int pw_layout_append(struct pw_layout *l, const struct pw_piece *piece)
{
	if (l->count == PW_LAYOUT_PIECES_MAX) {
		l->truncated = true;
		return 0;
	}
	populate(l);
	l->pieces[l->count++] = *piece;
	return 0;
}

int pw_layout_add_vma(void *ctx, const struct pw_vma *vma)
{
	struct pw_layout *l = ctx;
	uint64_t start = vma->start, seen = l->count > 0 ? l->pieces[l->count - 1].end : 0;

	if (start < seen) {
		l->overlapped = true;
		start = seen;
	}
	if (start >= vma->end)
		return 0;
	struct pw_piece piece = {
		.start = start,
		.end = vma->end,
		.offset = vma->offset + (start - vma->start),
		.inode = vma->inode,
		.dev_major = vma->dev_major,
		.dev_minor = vma->dev_minor,
		.perms = (uint8_t)vma->perms,
		.kind = PW_SEG_OTHER,
		.name = pw_layout_name(l, vma->name),
	};

	return pw_layout_append(l, &piece);
}

void pw_layout_clear_residency(struct pw_layout *l)
{
	for (size_t i = 0; i < l->count; i++) {
		struct pw_piece *p = &l->pieces[i];

		p->anon = p->file = p->shm = p->swap = p->dirty = p->huge = 0;
	}
}

size_t pw_layout_find(const struct pw_layout *l, uint64_t address)
{
	size_t low = 0, high = l->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (l->pieces[middle].end > address)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}
