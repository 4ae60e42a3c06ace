// SPDX-License-Identifier: GPL-2.0-or-later
/* links: rest */
/* The source of records in memory: intervals, its end, damage. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "lib/trace.h"
#include "user/model/model.h"
#include "user/source/source.h"

static int count(void *ctx, const struct pw_record *rec)
{
	assert_int_equal((uintptr_t)rec % 8, 0);
	++*(int *)ctx;
	return rec->type == PW_REC_OOM ? -ECANCELED : 0;
}

static void intervals_and_the_end(void **state)
{
	struct trace t = { 0 };
	struct pw_source *src;
	struct pw_error err;
	uint8_t *shifted;
	int n = 0;

	(void)state;
	trace_machine(&t, "boot");
	trace_tick(&t);
	trace_counters(&t, trace_key(1), 1);
	trace_counters(&t, trace_key(2), 1);
	trace_tick(&t);
	trace_counters(&t, trace_key(3), 1); /* an interval that was cut */
	shifted = malloc(t.len + 1);
	memcpy(shifted + 1, t.bytes, t.len); /* at an odd address */
	assert_int_equal(pw_source_array_create(shifted + 1, t.len, &src), 0);
	assert_false(src->live);
	assert_int_equal(pw_source_collect(src, count, &n, &err), 0);
	assert_int_equal(n, 2);
	assert_int_equal(pw_source_collect(src, count, &n, &err), 0);
	assert_int_equal(n, 5);
	assert_int_equal(pw_source_collect(src, count, &n, &err), -ENODATA);
	assert_int_equal(n, 6);
	assert_int_equal(pw_source_collect(src, count, &n, &err), -ENODATA);
	assert_int_equal(pw_source_drain(src, count, &n, &err), 0);
	assert_int_equal(pw_source_fd(src), -1);
	assert_int_equal(pw_source_segments(src, &(struct pw_key){ .pid = 1 }, 0, count, &n, &err),
			 -EOPNOTSUPP);
	assert_true(strlen(err.what) > 0 && strlen(err.remedy) > 0);
	pw_source_destroy(src);
	pw_source_destroy(NULL);
	free(shifted);
	trace_free(&t);
}

static void a_sink_stops_it(void **state)
{
	struct trace t = { 0 };
	struct pw_source *src;
	int n = 0;

	(void)state;
	trace_oom(&t, trace_key(1));
	trace_tick(&t);
	assert_int_equal(pw_source_array_create(t.bytes, t.len, &src), 0);
	assert_int_equal(pw_source_collect(src, count, &n, NULL), -ECANCELED);
	assert_int_equal(n, 1);
	pw_source_destroy(src);
	trace_free(&t);
}

static void wrong_sizes_are_damage(void **state)
{
	static const uint16_t sizes[] = { 0, 8, 15, 20, PW_RECORD_MAX + 8, 48 };
	struct pw_record rec[2] = { { .type = PW_REC_TICK } };
	struct pw_source *src;
	struct pw_error err;
	int n = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		rec[0].size = sizes[i];
		assert_int_equal(pw_source_array_create(rec, sizeof(rec), &src), 0);
		assert_int_equal(pw_source_collect(src, count, &n, &err), -EBADMSG);
		assert_int_equal(pw_source_collect(src, count, &n, &err), -ENODATA);
		pw_source_destroy(src);
	}
	assert_int_equal(pw_source_array_create(rec, 9, &src), 0); /* half a header */
	assert_int_equal(pw_source_collect(src, count, &n, &err), -EBADMSG);
	pw_source_destroy(src);
	assert_int_equal(n, 0);
}

static void an_array_fills_a_model(void **state)
{
	struct trace t = { 0 };
	struct pw_source *src;
	struct pw_model *m;

	(void)state;
	trace_machine(&t, "boot");
	trace_identity(&t, trace_key(1), "/sbin/init", "/init.scope", "", "init");
	trace_tick(&t);
	assert_int_equal(pw_source_array_create(t.bytes, t.len, &src), 0);
	assert_int_equal(pw_model_create(NULL, &m), 0);
	assert_int_equal(pw_source_collect(src, pw_model_ingest, m, NULL), 0);
	assert_string_equal(pw_model_pid(m, 1)->exe, "/sbin/init");
	pw_model_destroy(m);
	pw_source_destroy(src);
	trace_free(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(intervals_and_the_end),
		cmocka_unit_test(a_sink_stops_it),
		cmocka_unit_test(wrong_sizes_are_damage),
		cmocka_unit_test(an_array_fills_a_model),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
