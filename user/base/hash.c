// SPDX-License-Identifier: GPL-2.0-or-later
#include "user/base/hash.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_CAPACITY 64

uint64_t pw_hash_bytes(const void *bytes, size_t len, uint64_t seed)
{
	const unsigned char *p = bytes;
	uint64_t h = pw_hash_mix(seed ^ (len * 0x9e3779b97f4a7c15ull));
	uint64_t word;

	for (; len >= sizeof(word); p += sizeof(word), len -= sizeof(word)) {
		memcpy(&word, p, sizeof(word));
		h = pw_hash_mix(h ^ word) + 0x9e3779b97f4a7c15ull;
	}
	word = 0;
	if (len)
		memcpy(&word, p, len);
	return pw_hash_mix(h ^ word);
}

int pw_hash_init(struct pw_hash *h, size_t limit)
{
	struct pw_hash_slot *slots = calloc(FIRST_CAPACITY, sizeof(*slots));

	if (!slots)
		return -ENOMEM;
	*h = (struct pw_hash){ .slots = slots, .capacity = FIRST_CAPACITY, .limit = limit };
	return 0;
}

void pw_hash_deinit(struct pw_hash *h)
{
	free(h->slots);
	*h = (struct pw_hash){ 0 };
}

void *pw_hash_find(const struct pw_hash *h, uint64_t hash, pw_hash_match match, const void *key)
{
	size_t mask = h->capacity - 1;

	if (!h->capacity)
		return NULL;
	for (size_t i = hash & mask; h->slots[i].item; i = (i + 1) & mask) {
		if (h->slots[i].hash == hash && match(h->slots[i].item, key))
			return h->slots[i].item;
	}
	return NULL;
}

static void place(struct pw_hash_slot *slots, size_t mask, uint64_t hash, void *item)
{
	size_t i = hash & mask;

	while (slots[i].item)
		i = (i + 1) & mask;
	slots[i] = (struct pw_hash_slot){ .hash = hash, .item = item };
}

static int grow(struct pw_hash *h)
{
	size_t capacity = h->capacity * 2;
	struct pw_hash_slot *slots = calloc(capacity, sizeof(*slots));

	if (!slots)
		return -ENOMEM;
	for (size_t i = 0; i < h->capacity; i++) {
		if (h->slots[i].item)
			place(slots, capacity - 1, h->slots[i].hash, h->slots[i].item);
	}
	free(h->slots);
	h->slots = slots;
	h->capacity = capacity;
	return 0;
}

int pw_hash_insert(struct pw_hash *h, uint64_t hash, void *item)
{
	int err;

	if (h->used >= h->limit)
		return -ENOSPC;
	/* At most three quarters full, so that every probe ends at a hole soon. */
	if ((h->used + 1) * 4 > h->capacity * 3) {
		err = grow(h);
		if (err)
			return err;
	}
	place(h->slots, h->capacity - 1, hash, item);
	h->used++;
	return 0;
}

/* Closes the hole at i by moving back what probed past it: no tombstones. */
static void close_hole(struct pw_hash *h, size_t i)
{
	size_t mask = h->capacity - 1;

	for (size_t j = (i + 1) & mask; h->slots[j].item; j = (j + 1) & mask) {
		size_t home = h->slots[j].hash & mask;

		/* Its home lies cyclically in (i, j]: it does not need the hole. */
		if (((j - home) & mask) < ((j - i) & mask))
			continue;
		h->slots[i] = h->slots[j];
		i = j;
	}
	h->slots[i] = (struct pw_hash_slot){ 0 };
}

bool pw_hash_remove(struct pw_hash *h, uint64_t hash, const void *item)
{
	size_t mask = h->capacity - 1;

	if (!h->capacity)
		return false;
	for (size_t i = hash & mask; h->slots[i].item; i = (i + 1) & mask) {
		if (h->slots[i].item != item)
			continue;
		close_hole(h, i);
		h->used--;
		return true;
	}
	return false;
}
