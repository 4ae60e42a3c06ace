// SPDX-License-Identifier: GPL-2.0-or-later
/* Filters and the stable sort. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "user/analysis/rank.h"

static char exe[] = "/usr/sbin/nginx", cmdline[] = "nginx -g daemon off";

static struct pw_process nginx(void)
{
	struct pw_process p = {
		.key = { .pid = 47 },
		.uid = 33,
		.alive = true,
		.comm = "nginx: Worker",
		.exe = exe,
		.cmdline = cmdline,
		.cgroup = "/system.slice/nginx.service",
		.unit = "nginx.service",
		.container = "",
	};

	p.now.anon_pages = 1000;
	p.now.file_pages = 100000; /* no footprint */
	p.now.swap_pages = 24;
	return p;
}

static bool passes(const char *text)
{
	struct pw_process p = nginx();
	struct pw_filter f;

	assert_int_equal(pw_filter_parse(text, &f, NULL), 0);
	return pw_filter_process(&f, &p, 4096);
}

/* Without somebody who judges every verdict is unknown. */
static void verdicts_of_a_filter(void **state)
{
	struct pw_filter f = { 0 };
	struct pw_error err;

	(void)state;
	assert_true(passes("verdict=unknown"));
	assert_false(passes("verdict=growing"));
	assert_false(passes("verdict=suspect"));
	assert_true(passes("!verdict=suspect nginx"));
	assert_int_equal(pw_filter_parse("verdict=leaking", &f, &err), -EINVAL);
	assert_non_null(strstr(err.what, "verdict=leaking"));
	assert_non_null(strstr(err.remedy, "verdict=NAME"));
	assert_int_equal(pw_filter_parse("verdict=", &f, &err), -EINVAL);
}

static void words_of_a_filter(void **state)
{
	(void)state;
	assert_true(passes(""));
	assert_true(passes("  \t "));
	assert_true(passes("nginx"));
	assert_true(passes("WORKER")); /* the case does not matter */
	assert_true(passes("comm=worker"));
	assert_true(passes("daemon")); /* the command line */
	assert_true(passes("47")); /* a whole PID */
	assert_false(passes("4"));
	assert_false(passes("0"));
	assert_false(passes("exe=worker"));
	assert_true(passes("exe=sbin"));
	assert_true(passes("cgroup=system.slice unit=nginx"));
	assert_false(passes("container=nginx"));
	assert_false(passes("nginx redis")); /* all words must hold */
	assert_true(passes("nginx !redis"));
	assert_false(passes("!nginx"));
	assert_true(passes("pid=47"));
	assert_false(passes("pid=4"));
	assert_true(passes("uid=33 !uid=0"));
	assert_true(passes("min=4096K")); /* 1024 pages, exactly */
	assert_false(passes("min=5M"));
	assert_true(passes("sbin/ng"));
	assert_false(passes("slice/nginx.services"));
}

static void nonsense_is_refused(void **state)
{
	static const char *const bad[] = {
		"pid=",	  "pid=x", "uid=-1", "pid=99999999999999999999", "min=",
		"min=4X", "comm=", "!",	     "a b c d e f g h i",
	};
	struct pw_filter f = { .count = 77 };
	struct pw_error err;
	char word[PW_FILTER_TEXT + 1];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		memset(&err, 0, sizeof(err));
		assert_int_equal(pw_filter_parse(bad[i], &f, &err), -EINVAL);
		assert_true(strlen(err.what) > 0);
	}
	memset(word, 'x', sizeof(word) - 1);
	word[sizeof(word) - 1] = '\0';
	assert_int_equal(pw_filter_parse(word, &f, &err), -EINVAL);
	assert_int_equal(f.count, 77);
	pw_filter_parse("pid=x", &f, &err);
	assert_string_equal(err.what, "the filter's word \"pid=x\" makes no sense");
}

static bool group_passes(const char *text, const struct pw_group *g)
{
	struct pw_filter f;

	assert_int_equal(pw_filter_parse(text, &f, NULL), 0);
	return pw_filter_group(&f, g, 4096);
}

static void groups_ask_their_members(void **state)
{
	struct pw_process dead = nginx(), living = nginx();
	struct pw_group g = {
		.exe = exe,
		.cgroup = "/a",
		.unit = "a.service",
		.container = "",
		.members = &dead,
		.alive = 1,
		.anon_pages = 512,
	};

	(void)state;
	dead.alive = false;
	dead.key.pid = 1;
	dead.next_in_group = &living;
	assert_true(group_passes("pid=47", &g));
	assert_false(group_passes("pid=1", &g));
	assert_true(group_passes("worker unit=a", &g));
	assert_true(group_passes("min=2M", &g));
	living.alive = false;
	g.alive = 0;
	assert_true(group_passes("pid=1", &g)); /* nobody lives: the dead speak */
}

static void keeps_what_passes(void **state)
{
	struct pw_process a = nginx(), b = nginx(), c = nginx();
	struct pw_process *rows[] = { &a, &b, &c };
	struct pw_group g = { .exe = exe, .cgroup = "", .unit = "", .container = "" };
	struct pw_group *groups[] = { &g };
	struct pw_filter f;

	(void)state;
	b.uid = 0;
	pw_filter_parse("uid=33", &f, NULL);
	assert_int_equal(pw_rank_keep_processes(rows, 3, &f, 4096), 2);
	assert_ptr_equal(rows[0], &a);
	assert_ptr_equal(rows[1], &c);
	assert_int_equal(pw_rank_keep_groups(groups, 1, &f, 4096), 0);
}

struct row {
	int key;
	size_t place;
};

static int by_key(const void *a, const void *b, void *ctx)
{
	const struct row *x = a, *y = b;

	return *(int *)ctx * ((x->key > y->key) - (x->key < y->key));
}

static void sort_is_stable(void **state)
{
	struct row rows[1009];
	const void *order[1009];
	uint32_t seed = 3;
	int up = 1, down = -1;

	(void)state;
	for (size_t i = 0; i < 1009; i++) {
		seed = seed * 1664525u + 1013904223u;
		rows[i] = (struct row){ .key = (int)(seed >> 24) % 13, .place = i };
		order[i] = &rows[i];
	}
	for (int round = 0; round < 2; round++) {
		assert_int_equal(pw_rank_sort(order, 1009, by_key, round ? &down : &up), 0);
		for (size_t i = 1; i < 1009; i++) {
			const struct row *x = order[i - 1], *y = order[i];

			assert_true(by_key(x, y, round ? &down : &up) <= 0);
			if (x->key == y->key)
				assert_true(x->place < y->place);
		}
	}
	for (size_t n = 0; n < 9; n++)
		assert_int_equal(pw_rank_sort(order, n, by_key, &up), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_of_a_filter),   cmocka_unit_test(verdicts_of_a_filter),
		cmocka_unit_test(nonsense_is_refused), cmocka_unit_test(groups_ask_their_members),
		cmocka_unit_test(keeps_what_passes),   cmocka_unit_test(sort_is_stable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
