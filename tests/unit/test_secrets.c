// SPDX-License-Identifier: GPL-2.0-or-later
/* The table of secrets: lives, sums, states, descriptions that come again, bounds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "lib/trace.h"
#include "user/model/export.h"
#include "user/model/model.h"

struct fixture {
	struct pw_model *m;
	struct trace t;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_int_equal(pw_model_create(NULL, &f->m), 0);
	f->t.now_ns = 100 * TRACE_SECOND;
	trace_machine(&f->t, "boot-1");
	trace_identity(&f->t, trace_key(7), "/usr/sbin/keyd", "/", "", "keyd");
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	pw_model_destroy(f->m);
	trace_free(&f->t);
	free(f);
	return 0;
}

static void play(struct fixture *f)
{
	assert_int_equal(trace_flush(&f->t, pw_model_ingest, f->m), 0);
}

static struct pw_secret *secret(struct fixture *f, uint64_t id, uint32_t event)
{
	f->t.now_ns++;
	return trace_secret(&f->t, trace_key(7), id, event, "key");
}

static const struct pw_secret_row *row(struct fixture *f, uint64_t id)
{
	const struct pw_secret_table *t = &f->m->secrets;

	for (size_t i = 0; i < t->count; i++) {
		if (t->rows[i].id == id)
			return &t->rows[i];
	}
	fail_msg("no secret %llu", (unsigned long long)id);
	return NULL;
}

#define assert_state(f, id, expected) \
	assert_string_equal(pw_secret_state_name(row(f, id)->state), expected)

/* A release of this many clean and dirty pages. */
static struct pw_secret *released(struct fixture *f, uint64_t id, uint64_t clean, uint64_t dirty)
{
	struct pw_secret *r = secret(f, id, PW_SECRET_RELEASED);

	r->cause = PW_CAUSE_UNMAP;
	r->pages_clean = clean;
	r->pages_dirty = dirty;
	r->verdict = dirty ? PW_SECRET_DIRTY : PW_SECRET_CLEAN;
	if (dirty) {
		r->dirty_bytes = 100 * dirty;
		r->first_dirty = r->from + 7;
	}
	return r;
}

static void a_life_has_sums(void **state)
{
	struct fixture *f = *state;
	const struct pw_secret_table *t = &f->m->secrets;
	struct pw_secret *r;

	secret(f, 1, PW_SECRET_REGISTERED);
	play(f);
	assert_state(f, 1, "live");
	assert_true(row(f, 1)->live);
	assert_int_equal(row(f, 1)->registered_ns, 100 * TRACE_SECOND + 1);
	assert_string_equal(row(f, 1)->exe, "/usr/sbin/keyd");

	released(f, 1, 1, 0);
	secret(f, 1, PW_SECRET_SHARED)->pages_mapped = 4; /* nothing went */
	play(f);
	assert_state(f, 1, "live");
	assert_int_equal(row(f, 1)->shared, 1);
	released(f, 1, 1, 1);
	released(f, 1, 0, 1)->first_dirty++;
	play(f);
	assert_state(f, 1, "released-dirty");
	assert_true(row(f, 1)->live);
	assert_int_equal(row(f, 1)->sums.pages_clean, 2);
	assert_int_equal(row(f, 1)->sums.pages_dirty, 2);
	assert_int_equal(row(f, 1)->sums.dirty_bytes, 200);
	assert_int_equal(row(f, 1)->sums.first_dirty, row(f, 1)->sums.start + 7);

	r = released(f, 1, 2, 2); /* ENDED tells the sums itself */
	r->event = PW_SECRET_ENDED;
	r->cause = PW_CAUSE_EXIT;
	play(f);
	assert_state(f, 1, "released-dirty");
	assert_false(row(f, 1)->live);
	assert_int_equal(row(f, 1)->ended_ns, 100 * TRACE_SECOND + 6);
	assert_int_equal(row(f, 1)->sums.pages_dirty, 2);
	assert_int_equal(t->registered, 1);
	assert_int_equal(t->released, 3);
	assert_int_equal(t->ended, 1);
	assert_int_equal(t->by_verdict[PW_SECRET_DIRTY], 3);
	assert_int_equal(t->by_verdict[PW_SECRET_CLEAN], 1);
	assert_int_equal(pw_secret_event_count(t), 6);
	assert_int_equal(pw_secret_event_at(t, 2)->event, PW_SECRET_SHARED);
}

static struct pw_secret *ended(struct fixture *f, uint64_t id)
{
	struct pw_secret *r = secret(f, id, PW_SECRET_ENDED);

	r->verdict = PW_SECRET_CLEAN;
	r->cause = PW_CAUSE_EXIT;
	return r;
}

static void the_worst_page_is_the_state(void **state)
{
	struct fixture *f = *state;
	struct pw_secret *r;

	for (uint64_t id = 1; id <= 9; id++)
		secret(f, id, PW_SECRET_REGISTERED);
	ended(f, 1)->pages_clean = 4;
	ended(f, 2)->pages_absent = 4; /* never touched */
	r = ended(f, 3);
	r->pages_clean = 3;
	r->pages_unknown = 1;
	r = ended(f, 4);
	r->pages_unknown = 3;
	r->pages_swapped = 1;
	r = ended(f, 5);
	r->pages_copied = 3;
	r->pages_dirty = 1;
	r = ended(f, 6); /* found dirty, but wiped before it went on */
	r->verdict = PW_SECRET_DIRTY;
	r->pages_dirty = r->pages_scrubbed = 2;
	r = ended(f, 7);
	r->pages_dirty = 2;
	r->pages_scrubbed = 1;
	ended(f, 8)->verdict = PW_SECRET_UNKNOWN;
	ended(f, 9)->pages_held = 1;
	play(f);
	assert_state(f, 1, "released-clean");
	assert_state(f, 2, "released-clean");
	assert_state(f, 3, "unknown");
	assert_state(f, 4, "left-behind");
	assert_state(f, 5, "released-dirty");
	assert_state(f, 6, "released-clean");
	assert_state(f, 7, "released-dirty");
	assert_state(f, 8, "unknown");
	assert_state(f, 9, "left-behind");
}

static void what_was_before_the_trace_is_taken(void **state)
{
	struct fixture *f = *state;

	released(f, 5, 1, 0);
	ended(f, 3)->pages_clean = 1;
	play(f);
	assert_true(row(f, 5)->live);
	assert_int_equal(row(f, 5)->registered_ns, 0);
	assert_state(f, 3, "released-clean");
	assert_int_equal(f->m->secrets.rows[0].id, 3); /* by id */
	/* A late word about a watch that is over does not bring it back. */
	released(f, 3, 1, 0);
	play(f);
	assert_false(row(f, 3)->live);
}

static int keep(void *ctx, const struct pw_record *rec)
{
	memcpy(trace_append(ctx, rec->type, rec->size), rec, rec->size);
	return 0;
}

static void a_late_listener_gets_the_live_ones(void **state)
{
	struct fixture *f = *state;
	struct trace exported = { 0 };
	struct pw_model *late;

	secret(f, 1, PW_SECRET_REGISTERED);
	secret(f, 2, PW_SECRET_REGISTERED);
	released(f, 2, 1, 1);
	released(f, 3, 1, 0); /* registered before the trace */
	secret(f, 4, PW_SECRET_REGISTERED);
	ended(f, 4);
	trace_tick(&f->t);
	play(f);
	assert_int_equal(pw_model_export(f->m, keep, &exported), 0);
	assert_int_equal(pw_model_create(NULL, &late), 0);
	assert_int_equal(trace_play(&exported, pw_model_ingest, late), 0);
	assert_int_equal(late->invalid_records, 0);
	assert_int_equal(late->secrets.count, 3);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(late->secrets.rows[i].id, i + 1);
		assert_int_equal(late->secrets.rows[i].state, f->m->secrets.rows[i].state);
		assert_int_equal(late->secrets.rows[i].registered_ns,
				 f->m->secrets.rows[i].registered_ns);
		assert_int_equal(late->secrets.rows[i].sums.pages_dirty,
				 f->m->secrets.rows[i].sums.pages_dirty);
		assert_string_equal(late->secrets.rows[i].exe, "/usr/sbin/keyd");
	}
	/* The same again, as after a reconnect: nothing is counted twice. */
	assert_int_equal(trace_play(&exported, pw_model_ingest, late), 0);
	assert_int_equal(late->secrets.count, 3);
	assert_int_equal(late->secrets.registered, 3);
	assert_int_equal(late->secrets.log.total, 3);
	pw_model_destroy(late);
	trace_free(&exported);
}

static void what_a_new_source_does_not_tell_has_ended(void **state)
{
	struct fixture *f = *state;

	secret(f, 1, PW_SECRET_REGISTERED);
	secret(f, 2, PW_SECRET_REGISTERED);
	trace_tick(&f->t);
	trace_machine(&f->t, "boot-1");
	secret(f, 2, PW_SECRET_REGISTERED)->rec.time_ns = 100 * TRACE_SECOND + 2;
	trace_counters(&f->t, trace_key(7), 1);
	trace_tick(&f->t);
	play(f);
	assert_true(row(f, 1)->live); /* not yet: a source takes a moment */
	trace_tick(&f->t);
	play(f);
	assert_false(row(f, 1)->live);
	assert_state(f, 1, "unknown");
	assert_int_equal(row(f, 1)->ended_ns, f->t.now_ns);
	assert_true(row(f, 2)->live);
	assert_int_equal(f->m->secrets.registered, 2);
}

static void ids_begin_anew_with_the_module(void **state)
{
	struct fixture *f = *state;

	secret(f, 1, PW_SECRET_REGISTERED);
	released(f, 1, 0, 1);
	ended(f, 1)->pages_dirty = 1;
	secret(f, 1, PW_SECRET_REGISTERED);
	play(f);
	assert_int_equal(f->m->secrets.count, 1);
	assert_state(f, 1, "live");
	assert_int_equal(row(f, 1)->ended_ns, 0);
	assert_int_equal(f->m->secrets.registered, 2);
}

static void ended_ones_make_room(void **state)
{
	struct fixture *f = *state;

	for (uint64_t id = 1; id <= PW_SECRETS_MAX; id++) {
		secret(f, id, PW_SECRET_REGISTERED);
		if (id % 2)
			ended(f, id);
	}
	secret(f, 9000, PW_SECRET_REGISTERED);
	play(f);
	assert_int_equal(row(f, 9000)->id, 9000);
	assert_int_equal(f->m->secrets.rows[0].id, 2);
	assert_int_equal(f->m->secrets.rows[1].id, 4);
	assert_int_equal(row(f, PW_SECRETS_MAX - 1)->live, false); /* the younger ones stay */
	assert_int_equal(f->m->secrets.full, 0);
	assert_int_equal(f->m->secrets.registered, PW_SECRETS_MAX + 1);
}

static void hostile_records_are_refused(void **state)
{
	struct fixture *f = *state;

	secret(f, 1, 0);
	secret(f, 1, PW_SECRET_ENDED + 1);
	secret(f, 1, PW_SECRET_ENDED)->cause = PW_CAUSE_CLOSE + 1;
	secret(f, 1, PW_SECRET_ENDED)->verdict = PW_SECRET_HELD + 1;
	secret(f, 1, PW_SECRET_ENDED)->reason = PW_UNSEEN_GONE + 1;
	secret(f, 1, PW_SECRET_ENDED)->end = 1;
	secret(f, 1, PW_SECRET_ENDED)->to = 1;
	secret(f, 1, PW_SECRET_ENDED)->pages_clean = UINT64_MAX;
	secret(f, 1, PW_SECRET_ENDED)->pages_absent = UINT64_MAX;
	secret(f, 1, PW_SECRET_ENDED)->dirty_bytes = UINT64_MAX;
	secret(f, 1, PW_SECRET_ENDED)->pages_scrubbed = 1;
	secret(f, 1, PW_SECRET_ENDED)->key.pid = 0;
	play(f);
	assert_int_equal(f->m->invalid_records, 12);
	assert_int_equal(f->m->secrets.count, 0);
	assert_int_equal(f->m->secrets.ended, 0);
}

static void words_for_everything(void **state)
{
	(void)state;
	for (uint32_t i = PW_SECRET_REGISTERED; i <= PW_SECRET_ENDED; i++)
		assert_string_not_equal(pw_secret_event_name(i), "unknown");
	for (uint32_t i = PW_CAUSE_UNMAP; i <= PW_CAUSE_CLOSE; i++)
		assert_string_not_equal(pw_secret_cause_name(i), "unknown");
	for (uint32_t i = PW_SECRET_CLEAN; i <= PW_SECRET_HELD; i++)
		assert_string_not_equal(pw_secret_verdict_name(i), "unknown");
	assert_string_equal(pw_secret_cause_name(PW_CAUSE_NONE), "");
	assert_string_equal(pw_secret_event_name(0), "unknown");
	assert_string_equal(pw_secret_event_name(UINT32_MAX), "unknown");
	assert_string_equal(pw_secret_cause_name(PW_CAUSE_CLOSE + 1), "unknown");
	assert_string_equal(pw_secret_verdict_name(PW_SECRET_HELD + 1), "unknown");
	assert_string_equal(pw_secret_state_name(PW_SECRET_ENDED_UNKNOWN + 1), "unknown");
}

#define SECRET_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		SECRET_TEST(a_life_has_sums),
		SECRET_TEST(the_worst_page_is_the_state),
		SECRET_TEST(what_was_before_the_trace_is_taken),
		SECRET_TEST(a_late_listener_gets_the_live_ones),
		SECRET_TEST(what_a_new_source_does_not_tell_has_ended),
		SECRET_TEST(ids_begin_anew_with_the_module),
		SECRET_TEST(ended_ones_make_room),
		SECRET_TEST(hostile_records_are_refused),
		cmocka_unit_test(words_for_everything),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
