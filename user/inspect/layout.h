/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The layout of one address space: pieces in address order. A piece is a VMA,
 * or a part of one where the kernel merged neighbours of different purpose (a
 * thread stack and the large chunk above it).
 */
#ifndef PW_INSPECT_LAYOUT_H
#define PW_INSPECT_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "user/base/hash.h"
#include "user/inspect/address_space.h"

#define PW_LAYOUT_PIECES_MAX 262144 /* four times the kernel's default for VMAs */
#define PW_LAYOUT_NAMES_MAX 262144

struct pw_piece {
	uint64_t start, end; /* [start, end) */
	uint64_t offset, inode;
	uint32_t dev_major, dev_minor;
	uint32_t tid;
	uint8_t perms; /* PW_PERM_* */
	uint8_t kind; /* enum pw_segment_kind */
	bool shmem; /* file pages count as shmem */
	const char *name; /* of the layout, never NULL */
	/* bytes resident, and so on; all zero until a residency pass */
	uint64_t anon, file, shm, swap, dirty, huge;
};

struct pw_layout {
	struct pw_piece *pieces; /* room for PW_LAYOUT_PIECES_MAX, of which the used part is there */
	size_t count;
	size_t populated; /* bytes */
	struct pw_hash names;
	bool truncated; /* more than the bounds above */
	bool overlapped; /* the list moved while it was read */
};

int pw_layout_init(struct pw_layout *l);
void pw_layout_deinit(struct pw_layout *l);

/* The one copy of a name; "" when there is no room for more. */
const char *pw_layout_name(struct pw_layout *l, const char *name);
/* Appends a copy. 0; beyond the bound it only notes the truncation. */
int pw_layout_append(struct pw_layout *l, const struct pw_piece *piece);
/*
 * Appends a VMA; ctx is the layout. What an earlier VMA already covers is cut
 * off: a list read in several steps repeats what moved.
 */
int pw_layout_add_vma(void *ctx, const struct pw_vma *vma);
/* Back to zero, for another residency pass. */
void pw_layout_clear_residency(struct pw_layout *l);
/* The first piece that ends above address, by index; count when none does. */
size_t pw_layout_find(const struct pw_layout *l, uint64_t address);

static inline uint64_t pw_piece_bytes(const struct pw_piece *p)
{
	return p->end - p->start;
}

/* Private memory without a file and without a name. */
static inline bool pw_piece_is_plain(const struct pw_piece *p)
{
	return !(p->perms & PW_PERM_SHARED) && p->inode == 0 && p->name[0] == '\0';
}

#endif
