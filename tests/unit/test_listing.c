// SPDX-License-Identifier: GPL-2.0-or-later
/* links: rest. Listings: what a filter keeps, how rows are ordered, and the tree of cgroups. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "tests/lib/trace.h"
#include "user/view/listing.h"
#include "user/view/tables.h"

struct entry {
	uint32_t pid;
	const char *exe, *cgroup;
	uint64_t pages;
};

static struct pw_model *model_of(const struct entry *entries, size_t n)
{
	struct trace t = { .now_ns = 1000 * TRACE_SECOND };
	struct pw_model *m;

	trace_machine(&t, "boot");
	for (size_t i = 0; i < n; i++) {
		struct pw_key key = trace_key(entries[i].pid);

		trace_identity(&t, key, entries[i].exe, entries[i].cgroup, "", "");
		trace_counters(&t, key, entries[i].pages);
	}
	trace_tick(&t);
	assert_int_equal(pw_model_create(NULL, &m), 0);
	assert_int_equal(trace_play(&t, pw_model_ingest, m), 0);
	trace_free(&t);
	return m;
}

static const struct pw_column *footprint(void)
{
	return pw_column_find(pw_process_columns, "footprint_bytes");
}

/* "+/a 3" for a cgroup with its number of items, "12" for a process, depth as dots. */
static void sketch(const struct pw_listing *l, char *out, size_t size)
{
	size_t used = 0;

	out[0] = '\0';
	for (size_t i = 0; i < l->row_count && used < size; i++) {
		const struct pw_listing_row *r = &l->rows[i];

		used += (size_t)snprintf(out + used, size - used, "%s%.*s", i ? " " : "",
					 (int)r->depth, "................................");
		if (r->item)
			used += (size_t)snprintf(out + used, size - used, "%u",
						 ((const struct pw_process *)r->item)->key.pid);
		else
			used += (size_t)snprintf(out + used, size - used, "+%.*s=%zu",
						 (int)r->label_len, r->label, r->last - r->first);
	}
}

static void expect(const struct entry *entries, size_t n, const struct pw_listing_options *opt,
		   const char *want)
{
	struct pw_model *m = model_of(entries, n);
	struct pw_listing l;
	char got[1024];

	assert_int_equal(pw_listing_init(&l, m, opt), 0);
	sketch(&l, got, sizeof(got));
	assert_string_equal(got, want);
	pw_listing_deinit(&l);
	pw_model_destroy(m);
}

static const struct entry five[] = {
	{ 11, "/usr/sbin/nginx", "/system.slice/nginx.service", 50 },
	{ 12, "/usr/sbin/nginx", "/system.slice/nginx.service", 70 },
	{ 13, "/usr/bin/redis-server", "/system.slice/redis.service", 300 },
	{ 14, "/bin/bash", "/user.slice/user-0.slice/session-1.scope", 5 },
	{ 15, "/lib/systemd/systemd", "/init.scope", 20 },
};

static void rows_are_ordered(void **state)
{
	(void)state;
	expect(five, 5, &(struct pw_listing_options){ 0 }, "11 12 13 14 15");
	expect(five, 5, &(struct pw_listing_options){ .sort = footprint(), .descending = true },
	       "13 12 11 15 14");
	expect(five, 5, &(struct pw_listing_options){ .sort = footprint() }, "14 15 11 12 13");
	expect(five, 5,
	       &(struct pw_listing_options){ .sort = footprint(), .descending = true, .limit = 2 },
	       "13 12");
}

static void a_filter_keeps_what_matches(void **state)
{
	(void)state;
	expect(five, 5, &(struct pw_listing_options){ .filter = "NGINX" }, "11 12");
	expect(five, 5, &(struct pw_listing_options){ .filter = "redis.service" }, "13");
	expect(five, 5, &(struct pw_listing_options){ .filter = "14" }, "14");
	expect(five, 5, &(struct pw_listing_options){ .filter = "1" }, "14"); /* session-1 */
	expect(five, 5, &(struct pw_listing_options){ .filter = "nobody" }, "");
	expect(five, 5, &(struct pw_listing_options){ .filter = "" }, "11 12 13 14 15");
}

static void the_tree_has_the_largest_first(void **state)
{
	(void)state;
	expect(five, 5,
	       &(struct pw_listing_options){ .tree = true, .sort = footprint(), .descending = true },
	       "+/system.slice=3 .+/redis.service=1 ..13 .+/nginx.service=2 ..12 ..11 "
	       "+/init.scope=1 .15 +/user.slice/user-0.slice/session-1.scope=1 .14");
	expect(five, 5, &(struct pw_listing_options){ .tree = true, .sort = footprint() },
	       "+/user.slice/user-0.slice/session-1.scope=1 .14 +/init.scope=1 .15 "
	       "+/system.slice=3 .+/nginx.service=2 ..11 ..12 .+/redis.service=1 ..13");
}

/* A name that begins like another is no child of it; "/" and "" are cgroups as well. */
static void paths_are_cut_at_components(void **state)
{
	static const struct entry odd[] = {
		{ 21, "/x", "/a", 1 },	   { 22, "/x", "/a/b", 1 }, { 23, "/x", "/a-b", 1 },
		{ 24, "/x", "/ab", 1 },	   { 25, "/x", "/", 1 },    { 26, "/x", "", 1 },
		{ 27, "/x", "/a/b/c", 1 }, { 28, "/x", "", 1 },	    { 29, "/x", "/a", 1 },
	};

	(void)state;
	expect(odd, 9, &(struct pw_listing_options){ .tree = true },
	       "+=2 .26 .28 +/=1 .25 +/a=4 .21 .29 .+/b=2 ..22 ..+/c=1 ...27 +/a-b=1 .23 "
	       "+/ab=1 .24");
	expect(odd, 0, &(struct pw_listing_options){ .tree = true }, "");
}

static void a_cgroup_is_the_sum_of_its_processes(void **state)
{
	struct pw_model *m = model_of(five, 5);
	struct pw_listing l;
	struct pw_value v;

	(void)state;
	assert_int_equal(pw_listing_init(&l, m,
					 &(struct pw_listing_options){ .tree = true,
								       .sort = footprint(),
								       .descending = true }),
			 0);
	pw_listing_value(&l, &l.rows[0], footprint(), m, &v);
	assert_true(v.known);
	assert_int_equal(v.u, (uint64_t)(50 + 70 + 300) * m->machine.page_size);
	/* PIDs and names have no sum */
	pw_listing_value(&l, &l.rows[0], pw_column_find(pw_process_columns, "pid"), m, &v);
	assert_false(v.known);
	pw_listing_value(&l, &l.rows[0], pw_column_find(pw_process_columns, "comm"), m, &v);
	assert_false(v.known);
	pw_listing_deinit(&l);
	pw_model_destroy(m);
}

/* Deeper than the tree goes, and wider than one level: no row is lost, none comes twice. */
static void a_hostile_hierarchy_fits(void **state)
{
	enum { DEEP = 120 };
	static struct entry deep[DEEP];
	static char paths[DEEP][2 * DEEP + 1];
	struct pw_model *m;
	struct pw_listing l;
	size_t items = 0;

	(void)state;
	for (unsigned int i = 0; i < DEEP; i++) {
		for (unsigned int k = 0; k <= i; k++)
			memcpy(paths[i] + 2 * k, "/a", 2);
		deep[i] = (struct entry){ 100 + i, "/x", paths[i], 1 + i % 7 };
	}
	m = model_of(deep, DEEP);
	assert_int_equal(pw_listing_init(&l, m,
					 &(struct pw_listing_options){ .tree = true,
								       .sort = footprint(),
								       .descending = true }),
			 0);
	for (size_t i = 0; i < l.row_count; i++)
		items += l.rows[i].item != NULL;
	assert_int_equal(items, DEEP);
	assert_true(l.row_count <= 3 * DEEP);
	pw_listing_deinit(&l);
	pw_model_destroy(m);
}

static void a_timeline_is_in_order_and_ends_now(void **state)
{
	struct pw_timeline_row rows[PW_TIMELINE_ROWS_MAX];
	struct pw_series s;
	uint64_t now = 0;
	size_t n;

	(void)state;
	pw_series_init(&s);
	for (unsigned int i = 0; i < 4000; i++)
		pw_series_add(&s, now = (10000 + i) * TRACE_SECOND, i);
	n = pw_timeline_rows(&s, now, rows);
	assert_in_range(n, PW_SERIES_POINTS + 2, PW_TIMELINE_ROWS_MAX);
	for (size_t i = 1; i < n; i++) {
		assert_true(rows[i].time_ns > rows[i - 1].time_ns);
		assert_true(rows[i].step_ns <= rows[i - 1].step_ns);
	}
	assert_int_equal(rows[n - 1].time_ns, now);
	assert_int_equal(rows[n - 1].pages, 3999);
	assert_int_equal(rows[n - 2].pages, 3998);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_are_ordered),
		cmocka_unit_test(a_filter_keeps_what_matches),
		cmocka_unit_test(the_tree_has_the_largest_first),
		cmocka_unit_test(paths_are_cut_at_components),
		cmocka_unit_test(a_cgroup_is_the_sum_of_its_processes),
		cmocka_unit_test(a_hostile_hierarchy_fits),
		cmocka_unit_test(a_timeline_is_in_order_and_ends_now),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
