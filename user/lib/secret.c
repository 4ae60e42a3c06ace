// SPDX-License-Identifier: LGPL-2.1-or-later
/* The table of live allocations, ordered by address. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "user/lib/place.h"
#include "user/lib/state.h"
#include "user/lib/wipe.h"

static struct {
	struct pw_block *blocks;
	size_t count, capacity;
} table; /* under the lock of state.h */

/* Where p is, or belongs. */
static size_t position_of(const void *p)
{
	size_t low = 0, high = table.count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if ((uintptr_t)table.blocks[middle].data < (uintptr_t)p)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool is_at(size_t i, const void *p)
{
	return i < table.count && table.blocks[i].data == p;
}

static int insert(const struct pw_block *b)
{
	size_t i;

	if (table.count == table.capacity) {
		size_t capacity = table.capacity ? 2 * table.capacity : 16;
		struct pw_block *blocks = reallocarray(table.blocks, capacity, sizeof(*blocks));

		if (!blocks)
			return -ENOMEM;
		table.blocks = blocks;
		table.capacity = capacity;
	}
	i = position_of(b->data);
	memmove(&table.blocks[i + 1], &table.blocks[i], (table.count - i) * sizeof(*b));
	table.blocks[i] = *b;
	table.count++;
	return 0;
}

/* Takes the allocation at p out of the table, so that one of two frees at once gets it. */
static int take(const void *p, struct pw_block *ret)
{
	size_t i;
	int r = -EINVAL;

	pw_state_lock();
	i = position_of(p);
	if (is_at(i, p)) {
		*ret = table.blocks[i];
		table.count--;
		memmove(&table.blocks[i], &table.blocks[i + 1],
			(table.count - i) * sizeof(*table.blocks));
		r = 0;
	}
	pw_state_unlock();
	return r;
}

void pw_secret_forked(void)
{
	size_t kept = 0;

	for (size_t i = 0; i < table.count; i++) {
		if (pw_block_survives_fork(&table.blocks[i]))
			table.blocks[kept++] = table.blocks[i];
	}
	table.count = kept;
}

int pw_secret_alloc(size_t n, unsigned int flags, void **ret, struct pw_secret_info *info)
{
	PW_KEEP_ERRNO();
	struct pw_block block;
	int r;

	if (!n || !ret || (flags & ~PW_PLACES_ALL))
		return -EINVAL;
	/* Under the lock, so that no fork finds memory that the table does not know. */
	pw_state_lock();
	r = pw_block_create(n, flags, &block);
	if (!r) {
		r = insert(&block);
		if (r)
			pw_block_destroy(&block);
	}
	pw_state_unlock();
	if (r)
		return r;
	*ret = block.data;
	if (info)
		pw_block_info(&block, info);
	return 0;
}

int pw_secret_free(void *p)
{
	PW_KEEP_ERRNO();
	struct pw_wipe_result wiped;
	struct pw_block block;
	int r;

	if (!p)
		return 0;
	r = take(p, &block);
	if (r)
		return r;
	r = pw_wipe_here(block.data, block.len, &wiped);
	pw_block_destroy(&block);
	return r;
}

int pw_secret_query(const void *p, struct pw_secret_info *info)
{
	PW_KEEP_ERRNO();
	int r = -EINVAL;
	size_t i;

	if (!info)
		return -EINVAL;
	pw_state_lock();
	i = position_of(p);
	if (is_at(i, p)) {
		pw_block_info(&table.blocks[i], info);
		r = 0;
	}
	pw_state_unlock();
	return r;
}
