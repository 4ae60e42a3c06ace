// SPDX-License-Identifier: GPL-2.0-or-later
/* The model's cgroups and what processes hold beside memory: bounded, exported, hostile records refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>

#include "lib/trace.h"
#include "user/model/export.h"
#include "user/model/model.h"

struct fixture {
	struct trace t;
	struct pw_model *m;
};

static const struct pw_model_limits few = { .processes = 8, .cgroups = 4 };

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	f->t.now_ns = 100 * TRACE_SECOND;
	assert_int_equal(pw_model_create(&few, &f->m), 0);
	trace_machine(&f->t, "boot");
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	pw_model_destroy(f->m);
	trace_free(&f->t);
	free(f);
	return 0;
}

static void play(struct fixture *f)
{
	trace_tick(&f->t);
	assert_int_equal(trace_flush(&f->t, pw_model_ingest, f->m), 0);
}

static void the_last_record_stands(void **state)
{
	struct fixture *f = *state;
	const struct pw_cgroup_row *row;

	trace_cgroup(&f->t, 77, "/a", 1000, 2000);
	trace_resources(&f->t, trace_key(5), 3);
	play(f);
	trace_cgroup(&f->t, 77, "/a", 1500, 2000);
	trace_resources(&f->t, trace_key(5), 4);
	play(f);
	row = pw_model_cgroup(f->m, 77);
	assert_string_equal(row->path, "/a");
	assert_int_equal(row->last.current_bytes, 1500);
	assert_int_equal(row->first_seen_ns, 100 * TRACE_SECOND);
	assert_int_equal(row->last.rec.time_ns, 101 * TRACE_SECOND);
	assert_ptr_equal(pw_model_cgroup_at(f->m, "/a/b/c"), row);
	assert_null(pw_model_cgroup_at(f->m, "/ab"));
	assert_null(pw_model_cgroup_at(f->m, "a"));
	assert_null(pw_model_cgroup_at(f->m, ""));
	assert_int_equal(pw_model_pid(f->m, 5)->resources.open_files, 4);
}

static void a_moved_cgroup_is_found_where_it_is(void **state)
{
	struct fixture *f = *state;

	trace_cgroup(&f->t, 77, "/a", 1000, 2000);
	trace_cgroup(&f->t, 77, "/b", 1000, 2000);
	play(f);
	assert_null(pw_model_cgroup_at(f->m, "/a"));
	assert_int_equal(pw_model_cgroup_at(f->m, "/b")->last.cgroup_id, 77);
}

/* A unit that restarts: the same path, another cgroup. */
static void the_living_one_of_a_path_is_found(void **state)
{
	struct fixture *f = *state;

	trace_cgroup(&f->t, 77, "/a", 1000, 2000);
	trace_cgroup(&f->t, 78, "/a", 10, 2000);
	trace_cgroup(&f->t, 77, "/a", 1000, 2000)->flags = PW_CGROUP_GONE;
	play(f);
	assert_int_equal(pw_model_cgroup_at(f->m, "/a")->last.cgroup_id, 78);
	assert_true(pw_model_cgroup(f->m, 77)->last.flags & PW_CGROUP_GONE);
}

static void the_gone_make_room(void **state)
{
	struct fixture *f = *state;
	struct pw_cgroup_row **rows;
	char path[32];
	size_t n;

	for (uint64_t id = 1; id <= 4; id++) {
		snprintf(path, sizeof(path), "/%u", (unsigned int)id);
		trace_cgroup(&f->t, id, path, 1, 2)->flags = id == 2 || id == 3 ? PW_CGROUP_GONE : 0;
		f->t.now_ns++;
	}
	trace_cgroup(&f->t, 5, "/5", 1, 2); /* for 2, which went first */
	play(f);
	assert_null(pw_model_cgroup(f->m, 2));
	assert_non_null(pw_model_cgroup(f->m, 3));
	assert_int_equal(f->m->own_lost[PW_LOSS_NAMES_FULL], 0);
	for (int again = 0; again < 3; again++) {
		trace_cgroup(&f->t, 6, "/6", 1, 2); /* for 3 */
		trace_cgroup(&f->t, 7, "/7", 1, 2); /* for nobody: counted once */
		play(f);
	}
	assert_null(pw_model_cgroup(f->m, 7));
	assert_int_equal(f->m->own_lost[PW_LOSS_NAMES_FULL], 1);
	assert_int_equal(pw_model_cgroups(f->m, &rows, &n), 0);
	assert_int_equal(n, 4);
	assert_string_equal(rows[0]->path, "/1");
	assert_string_equal(rows[3]->path, "/6");
	free(rows);
}

static void what_is_out_of_bounds_is_counted_and_skipped(void **state)
{
	struct fixture *f = *state;
	uint64_t invalid = 0;

	trace_cgroup(&f->t, 0, "/a", 1, 2); /* no id */
	trace_cgroup(&f->t, 77, "/a", 1ull << 60, PW_UNKNOWN);
	trace_cgroup(&f->t, 77, "/a", 1, 2)->path_len = 9; /* beyond its padding */
	trace_cgroup(&f->t, 77, "/a", 1, 2)->rec.size = sizeof(struct pw_cgroup) - 8;
	/* what is left of the cut one is read as records, and none is known */
	f->t.len -= 16;
	trace_resources(&f->t, trace_key(0), 1);
	invalid += 5;
	play(f);
	assert_int_equal(f->m->invalid_records, invalid);
	assert_null(pw_model_cgroup(f->m, 77));
	assert_int_equal(f->m->alive, 0);
}

static void a_restarted_source_ends_whom_it_does_not_name(void **state)
{
	struct fixture *f = *state;

	trace_cgroup(&f->t, 77, "/a", 1, 2);
	trace_cgroup(&f->t, 78, "/b", 1, 2);
	play(f);
	trace_machine(&f->t, "boot");
	trace_cgroup(&f->t, 78, "/b", 1, 2);
	for (int i = 0; i < 3; i++)
		play(f);
	assert_true(pw_model_cgroup(f->m, 77)->last.flags & PW_CGROUP_GONE);
	assert_false(pw_model_cgroup(f->m, 78)->last.flags & PW_CGROUP_GONE);
	trace_cgroup(&f->t, 77, "/a", 1, 2); /* it was there all the time */
	play(f);
	assert_false(pw_model_cgroup(f->m, 77)->last.flags & PW_CGROUP_GONE);
	trace_machine(&f->t, "another boot");
	play(f);
	assert_null(pw_model_cgroup(f->m, 77));
}

static void what_is_exported_makes_the_same_model(void **state)
{
	struct fixture *f = *state;
	const struct pw_cgroup_row *row;
	struct pw_cgroup *r;
	struct pw_model *m;

	trace_counters(&f->t, trace_key(5), 1)->cgroup_id = 77;
	trace_resources(&f->t, trace_key(5), 1009)->io_calls = 4711;
	r = trace_cgroup(&f->t, 77, "/a/longer path", 1, 2);
	r->oom_kills = 3;
	r->flags = 1 << 7; /* of a later version */
	trace_cgroup(&f->t, 78, "", 1, 2);
	play(f);
	for (int one = 0; one < 2; one++) {
		assert_int_equal(pw_model_create(NULL, &m), 0);
		if (one)
			assert_int_equal(pw_model_export_process(f->m, pw_model_pid(f->m, 5),
								 pw_model_ingest, m),
					 0);
		else
			assert_int_equal(pw_model_export(f->m, pw_model_ingest, m), 0);
		assert_int_equal(m->invalid_records, 0);
		assert_memory_equal(&pw_model_pid(m, 5)->resources,
				    &pw_model_pid(f->m, 5)->resources, sizeof(struct pw_resources));
		row = pw_model_cgroup(m, 77);
		assert_memory_equal(&row->last, &pw_model_cgroup(f->m, 77)->last, sizeof(row->last));
		assert_string_equal(row->path, "/a/longer path");
		assert_int_equal(pw_model_cgroup(m, 78) != NULL, !one);
		pw_model_destroy(m);
	}
}

int main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		CASE(the_last_record_stands),
		CASE(a_moved_cgroup_is_found_where_it_is),
		CASE(the_living_one_of_a_path_is_found),
		CASE(the_gone_make_room),
		CASE(what_is_out_of_bounds_is_counted_and_skipped),
		CASE(a_restarted_source_ends_whom_it_does_not_name),
		CASE(what_is_exported_makes_the_same_model),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
