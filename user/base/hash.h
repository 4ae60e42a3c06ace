/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An open-addressing table of pointers, keyed by a 64-bit hash; fixed capacity. */
#ifndef PW_BASE_HASH_H
#define PW_BASE_HASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pw_hash_slot {
	uint64_t hash;
	void *item; /* NULL: empty */
};

struct pw_hash {
	struct pw_hash_slot *slots;
	size_t capacity; /* power of two */
	size_t used;
	size_t limit; /* most items */
};

typedef bool (*pw_hash_match)(const void *item, const void *key);

static inline uint64_t pw_hash_mix(uint64_t x)
{
	/* the finalizer of splitmix64 */
	x ^= x >> 30;
	x *= 0xbf58476d1ce4e5b9ull;
	x ^= x >> 27;
	x *= 0x94d049bb133111ebull;
	return x ^ (x >> 31);
}

uint64_t pw_hash_bytes(const void *bytes, size_t len, uint64_t seed);

/* Room for limit items. 0 or -ENOMEM. Memory grows with use, up to the limit. */
int pw_hash_init(struct pw_hash *h, size_t limit);
void pw_hash_deinit(struct pw_hash *h); /* the items are the caller's */
void *pw_hash_find(const struct pw_hash *h, uint64_t hash, pw_hash_match match, const void *key);
/* 0, -ENOSPC at the limit, -ENOMEM. The caller made sure that the key is new. */
int pw_hash_insert(struct pw_hash *h, uint64_t hash, void *item);
/* Removes this very item; returns whether it was there. */
bool pw_hash_remove(struct pw_hash *h, uint64_t hash, const void *item);

#endif
