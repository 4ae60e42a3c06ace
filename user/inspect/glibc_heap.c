// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <string.h>

#include "user/inspect/glibc_heap.h"

#define CHUNK_IS_MMAPPED 2u
#define CHUNK_FLAGS 7u

/* Of struct _heap_info, what all versions since 2.10 share. */
struct heap_info {
	uint64_t arena;
	uint64_t prev;
	uint64_t size;
	uint64_t writable; /* bytes ever made accessible */
};

int pw_glibc_heap(struct pw_target_memory *m, uint64_t address, uint64_t end, uint64_t *ret_end,
		  uint64_t *ret_arena)
{
	const uint64_t page = m->page_size;
	struct heap_info h;
	int err;

	if (address % PW_GLIBC_HEAP_MAX != 0)
		return -ENOENT;
	err = pw_target_read(m, address, &h, sizeof(h));
	if (err)
		return err;
	if (h.arena == 0 || h.arena % 16 != 0 || h.size == 0 || h.size > h.writable)
		return -ENOENT;
	if (h.writable > PW_GLIBC_HEAP_MAX || h.writable % page != 0 || h.writable > end - address)
		return -ENOENT;
	/* an arena lives in its first heap, right behind the header */
	if (h.prev == 0 ? h.arena - address >= page : h.prev % PW_GLIBC_HEAP_MAX != 0)
		return -ENOENT;
	*ret_end = address + h.writable;
	*ret_arena = h.arena;
	return 0;
}

/* The size of the chunk with these two first words; 0: no chunk that malloc mapped. */
static uint64_t mapped_chunk(const struct pw_target_memory *m, const uint64_t head[2], uint64_t room)
{
	uint64_t bytes = head[1] & ~(uint64_t)CHUNK_FLAGS;

	if (head[0] != 0 || (head[1] & CHUNK_FLAGS) != CHUNK_IS_MMAPPED)
		return 0;
	return bytes % m->page_size == 0 && bytes <= room ? bytes : 0;
}

int pw_glibc_chunk(struct pw_target_memory *m, uint64_t address, uint64_t end, uint64_t *ret_end)
{
	uint64_t head[2], bytes;
	int err = pw_target_read(m, address, head, sizeof(head));

	if (err)
		return err;
	bytes = mapped_chunk(m, head, end - address);
	if (bytes == 0)
		return -ENOENT;
	*ret_end = address + bytes;
	return 0;
}

int pw_glibc_find_chunk(struct pw_target_memory *m, uint64_t start, uint64_t limit, uint64_t end,
			uint64_t *ret_start)
{
	uint64_t heads[PW_TARGET_PAGES][2], present;

	for (uint64_t at = start; at < limit; at += PW_TARGET_PAGES * m->page_size) {
		uint64_t left = (limit - at) / m->page_size;
		unsigned int pages = left < PW_TARGET_PAGES ? (unsigned int)left : PW_TARGET_PAGES;
		int err = pw_target_read_heads(m, at, pages, heads, &present);

		if (err)
			return err;
		for (unsigned int i = 0; i < pages; i++) {
			uint64_t here = at + i * m->page_size;

			if (!(present & 1ull << i) ||
			    mapped_chunk(m, heads[i], end - here) < PW_GLIBC_MMAP_MIN)
				continue;
			*ret_start = here;
			return 0;
		}
	}
	return -ENOENT;
}

bool pw_glibc_stack_ends(struct pw_target_memory *m, uint64_t end)
{
	uint64_t words[512];
	const uint64_t bytes = sizeof(words), start = end - bytes;

	if (pw_target_read(m, start, words, sizeof(words)) != 0)
		return false;
	/* the block starts with its own address, and has it again as the third word */
	for (size_t i = 0; i + 2 < sizeof(words) / sizeof(words[0]); i += 2)
		if (words[i] == start + i * 8 && words[i + 2] == words[i])
			return true;
	return false;
}
