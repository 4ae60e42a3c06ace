// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "user/inspect/layout.h"

int pw_layout_init(struct pw_layout *l)
{
	memset(l, 0, sizeof(*l));
	return pw_hash_init(&l->names, PW_LAYOUT_NAMES_MAX);
}

void pw_layout_deinit(struct pw_layout *l)
{
	for (size_t i = 0; i < l->names.capacity; i++)
		free(l->names.slots[i].item);
	pw_hash_deinit(&l->names);
	free(l->pieces);
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

int pw_layout_append(struct pw_layout *l, const struct pw_piece *piece)
{
	if (l->count == PW_LAYOUT_PIECES_MAX) {
		l->truncated = true;
		return 0;
	}
	if (l->count == l->capacity) {
		size_t capacity = l->capacity ? l->capacity * 2 : 256;
		void *grown = reallocarray(l->pieces, capacity, sizeof(*l->pieces));

		if (!grown)
			return -ENOMEM;
		l->pieces = grown;
		l->capacity = capacity;
	}
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
