// SPDX-License-Identifier: GPL-2.0-or-later
/* The table of pointers: growth, its limit, removal under collisions; interned strings. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "user/base/hash.h"
#include "user/model/intern.h"

static bool same(const void *item, const void *key)
{
	return *(const int *)item == *(const int *)key;
}

static void grows_to_its_limit(void **state)
{
	static int items[1009];
	struct pw_hash h;

	(void)state;
	assert_int_equal(pw_hash_init(&h, 1000), 0);
	for (int i = 0; i < 1000; i++) {
		items[i] = i;
		assert_int_equal(pw_hash_insert(&h, pw_hash_mix((uint64_t)i), &items[i]), 0);
	}
	assert_int_equal(pw_hash_insert(&h, 0, &items[1000]), -ENOSPC);
	for (int i = 0; i < 1000; i++)
		assert_ptr_equal(pw_hash_find(&h, pw_hash_mix((uint64_t)i), same, &i), &items[i]);
	items[1000] = 1000;
	assert_null(pw_hash_find(&h, pw_hash_mix(1000), same, &items[1000]));
	pw_hash_deinit(&h);
	assert_null(pw_hash_find(&h, 0, same, &items[0]));
	assert_false(pw_hash_remove(&h, 0, &items[0]));
}

/* Random inserts and removes with hashes that collide much, against a plain array. */
static void removal_keeps_the_rest(void **state)
{
	static int items[97];
	static bool in[97];
	uint32_t seed = 1;
	struct pw_hash h;
	size_t used = 0;

	(void)state;
	assert_int_equal(pw_hash_init(&h, 97), 0);
	for (int i = 0; i < 97; i++)
		items[i] = i;
	for (int round = 0; round < 20011; round++) {
		int i;

		seed = seed * 1664525u + 1013904223u;
		i = (int)(seed >> 16) % 97;
		/* 60..66: chains that wrap around the end of a table of 64 or 128 */
		if (in[i])
			assert_true(pw_hash_remove(&h, (uint64_t)(60 + i % 7), &items[i]));
		else
			assert_int_equal(pw_hash_insert(&h, (uint64_t)(60 + i % 7), &items[i]), 0);
		in[i] = !in[i];
		used += in[i] ? 1 : (size_t)-1;
		assert_int_equal(h.used, used);
		for (int k = 0; k < 97; k++) {
			void *found = pw_hash_find(&h, (uint64_t)(60 + k % 7), same, &k);

			assert_ptr_equal(found, in[k] ? &items[k] : NULL);
		}
	}
	pw_hash_deinit(&h);
}

static void bytes_hash_by_content_and_length(void **state)
{
	(void)state;
	assert_true(pw_hash_bytes("abcdefgh", 8, 0) == pw_hash_bytes("abcdefgh", 8, 0));
	assert_true(pw_hash_bytes("abcdefgh", 8, 0) != pw_hash_bytes("abcdefgh", 8, 1));
	assert_true(pw_hash_bytes("a\0", 2, 0) != pw_hash_bytes("a", 1, 0));
	assert_true(pw_hash_bytes("", 0, 0) != pw_hash_bytes("\0", 1, 0));
	assert_true(pw_hash_bytes("12345678a", 9, 0) != pw_hash_bytes("12345678b", 9, 0));
}

static void interned_once_and_bounded(void **state)
{
	const char *a, *b, *c = "untouched";
	struct pw_intern *in;
	size_t empty;
	char text[32];

	(void)state;
	assert_int_equal(pw_intern_create(200, &in), 0);
	empty = pw_intern_memory(in);
	assert_int_equal(pw_intern_get(in, "cgroup/x", 6, &a), 0);
	assert_int_equal(pw_intern_get(in, "cgroup\0y", 8, &b), 0); /* ends at the NUL */
	assert_ptr_equal(a, b);
	assert_string_equal(a, "cgroup");
	assert_int_equal(pw_intern_get(in, "", 0, &b), 0);
	assert_string_equal(b, "");
	pw_intern_put(in, b);
	for (int i = 0; i < 10; i++) {
		snprintf(text, sizeof(text), "name-%d", i);
		if (pw_intern_get(in, text, SIZE_MAX, &c))
			break;
		assert_true(i < 9);
	}
	assert_int_equal(pw_intern_get(in, "one more that is long", SIZE_MAX, &b), -ENOSPC);
	pw_intern_put(in, a);
	assert_string_equal(a, "cgroup"); /* one reference is left */
	assert_ptr_equal(pw_intern_again(a), a);
	pw_intern_put(in, a);
	pw_intern_put(in, a);
	assert_int_equal(pw_intern_get(in, "again", SIZE_MAX, &b), 0); /* room again */
	assert_true(pw_intern_memory(in) - empty <= 200);
	pw_intern_destroy(in);
	pw_intern_destroy(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(grows_to_its_limit),
		cmocka_unit_test(removal_keeps_the_rest),
		cmocka_unit_test(bytes_hash_by_content_and_length),
		cmocka_unit_test(interned_once_and_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
