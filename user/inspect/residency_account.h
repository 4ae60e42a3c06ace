/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What both ways of reading page tables share: pages of one state to bytes of one piece. */
#ifndef PW_INSPECT_RESIDENCY_ACCOUNT_H
#define PW_INSPECT_RESIDENCY_ACCOUNT_H

#include "user/inspect/layout.h"

struct pw_page_state {
	bool present, swapped, file, huge;
};

/* Private memory of a file, or of the kernel, holds pages of both kinds; the rest of one. */
static inline bool pw_piece_is_mixed(const struct pw_piece *p)
{
	return !(p->perms & PW_PERM_SHARED) &&
	       (p->inode != 0 || p->kind == PW_SEG_VDSO || p->kind == PW_SEG_OTHER);
}

/* The vsyscall page lies in the kernel's half, which page table calls refuse. */
static inline bool pw_piece_is_user(const struct pw_piece *p)
{
	return p->end <= 1ull << 63;
}

static inline void pw_piece_account(struct pw_piece *p, uint64_t bytes, struct pw_page_state s)
{
	bool file = pw_piece_is_mixed(p) ? s.file : (p->perms & PW_PERM_SHARED) != 0;

	if (s.swapped)
		p->swap += bytes;
	if (!s.present)
		return;
	if (s.huge)
		p->huge += bytes;
	if (!file)
		p->anon += bytes;
	else if (p->shmem)
		p->shm += bytes;
	else
		p->file += bytes;
}

#endif
