// SPDX-License-Identifier: GPL-2.0-or-later
#include "user/model/intern.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/hash.h"

struct entry {
	uint64_t hash;
	uint32_t refs;
	uint32_t len;
	char text[];
};

struct pw_intern {
	struct pw_hash entries;
	size_t bytes, max_bytes;
};

struct text_key {
	const char *bytes;
	size_t len;
};

static const char empty[] = "";

static struct entry *entry_of(const char *s)
{
	return (struct entry *)(s - offsetof(struct entry, text));
}

/* What one string costs, malloc's header included. */
static size_t entry_bytes(size_t len)
{
	return sizeof(struct entry) + len + 1 + 16;
}

static bool same_text(const void *item, const void *key)
{
	const struct entry *e = item;
	const struct text_key *k = key;

	return e->len == k->len && !memcmp(e->text, k->bytes, k->len);
}

int pw_intern_create(size_t max_bytes, struct pw_intern **ret)
{
	struct pw_intern *in = calloc(1, sizeof(*in));
	int err;

	if (!in)
		return -ENOMEM;
	err = pw_hash_init(&in->entries, max_bytes / entry_bytes(0) + 1);
	if (err) {
		free(in);
		return err;
	}
	in->max_bytes = max_bytes;
	*ret = in;
	return 0;
}

void pw_intern_destroy(struct pw_intern *in)
{
	if (!in)
		return;
	for (size_t i = 0; i < in->entries.capacity; i++)
		free(in->entries.slots[i].item);
	pw_hash_deinit(&in->entries);
	free(in);
}

static int add(struct pw_intern *in, const struct text_key *key, uint64_t hash, const char **ret)
{
	struct entry *e;
	int err;

	if (entry_bytes(key->len) > in->max_bytes - in->bytes)
		return -ENOSPC;
	e = malloc(sizeof(*e) + key->len + 1);
	if (!e)
		return -ENOMEM;
	*e = (struct entry){ .hash = hash, .refs = 1, .len = (uint32_t)key->len };
	memcpy(e->text, key->bytes, key->len);
	e->text[key->len] = '\0';
	err = pw_hash_insert(&in->entries, hash, e);
	if (err) {
		free(e);
		return err;
	}
	in->bytes += entry_bytes(key->len);
	*ret = e->text;
	return 0;
}

int pw_intern_get(struct pw_intern *in, const char *bytes, size_t len, const char **ret)
{
	struct text_key key = { bytes, strnlen(bytes, len) };
	struct entry *e;
	uint64_t hash;

	if (!key.len) {
		*ret = empty;
		return 0;
	}
	hash = pw_hash_bytes(key.bytes, key.len, 0);
	e = pw_hash_find(&in->entries, hash, same_text, &key);
	if (!e)
		return add(in, &key, hash, ret);
	e->refs++;
	*ret = e->text;
	return 0;
}

const char *pw_intern_again(const char *s)
{
	if (*s)
		entry_of(s)->refs++;
	return s;
}

void pw_intern_put(struct pw_intern *in, const char *s)
{
	struct entry *e;

	if (!s || !*s)
		return;
	e = entry_of(s);
	if (--e->refs)
		return;
	pw_hash_remove(&in->entries, e->hash, e);
	in->bytes -= entry_bytes(e->len);
	free(e);
}

size_t pw_intern_memory(const struct pw_intern *in)
{
	return sizeof(*in) + in->entries.capacity * sizeof(*in->entries.slots) + in->bytes;
}
