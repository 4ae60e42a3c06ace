// SPDX-License-Identifier: GPL-2.0-or-later
/* links: rest. What the documents of wipes and secrets say about known records. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/trace.h"
#include "user/model/export.h"
#include "user/view/secret_report.h"
#include "user/view/wipe_report.h"

#define LIB "/usr/lib/libkeys.so"
#define KEYD 7
#define OTHER 9

struct fixture {
	struct pw_model *m;
	struct trace t;
	struct pw_machine *machine;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_int_equal(pw_model_create(NULL, &f->m), 0);
	f->t.now_ns = 100 * TRACE_SECOND;
	trace_machine(&f->t, "boot-1")->coverage |= PW_COVER_WIPES;
	trace_identity(&f->t, trace_key(KEYD), "/usr/sbin/keyd", "/", "", "keyd");
	trace_identity(&f->t, trace_key(OTHER), "/usr/bin/other", "/", "", "other");
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
	trace_tick(&f->t);
	assert_int_equal(trace_flush(&f->t, pw_model_ingest, f->m), 0);
}

static struct pw_wipe *wipe(struct fixture *f, uint32_t pid, uint64_t address)
{
	f->t.now_ns++;
	return trace_wipe(&f->t, trace_key(pid), address, 32, LIB, 0x1a2b, "free_key");
}

static struct pw_wipe_report report_of(struct fixture *f, const struct pw_wipe_report_options *opt)
{
	struct pw_wipe_report r;

	assert_int_equal(pw_wipe_report_init(&r, f->m, opt), 0);
	return r;
}

static struct pw_value cell(struct fixture *f, const struct pw_column *columns, const char *name,
			    const void *row)
{
	const struct pw_column *c = pw_column_find(columns, name);
	struct pw_value v;

	if (!c)
		fail_msg("no column %s", name);
	c->get(f->m, row, &v);
	return v;
}

static void assert_text(struct fixture *f, const struct pw_column *columns, const char *name,
			const void *row, const char *want)
{
	const struct pw_column *c = pw_column_find(columns, name);
	struct pw_value v;

	assert_non_null(c);
	c->get(f->m, row, &v); /* the text may lie in v itself: not copied */
	if (!v.known != !want ||
	    (want && (strlen(want) != v.text.len || memcmp(v.text.bytes, want, v.text.len))))
		fail_msg("%s is '%.*s', not '%s'", name, v.known ? (int)v.text.len : 7,
			 v.known ? v.text.bytes : "unknown", want ? want : "unknown");
}

static void assert_number(struct fixture *f, const struct pw_column *columns, const char *name,
			  const void *row, uint64_t want)
{
	struct pw_value v = cell(f, columns, name, row);

	if (!v.known || v.u != want)
		fail_msg("%s is %s%llu, not %llu", name, v.known ? "" : "unknown ",
			 (unsigned long long)v.u, (unsigned long long)want);
}

/* ---- events ------------------------------------------------------------------------ */

static void a_wipe_in_part_has_its_figures(void **state)
{
	const struct pw_column *c = pw_wipe_columns;
	struct fixture *f = *state;
	struct pw_wipe_report r;
	const void *row;

	trace_wiped_in_part(wipe(f, KEYD, 0x5000), 16, 9);
	play(f);
	r = report_of(f, &(struct pw_wipe_report_options){ 0 });
	assert_int_equal(r.tables[PW_WIPES_EVENTS].count, 1);
	row = r.tables[PW_WIPES_EVENTS].rows[0];
	assert_text(f, c, "event", row, "wipe");
	assert_text(f, c, "verdict", row, "wiped-in-part");
	assert_text(f, c, "reason", row, NULL);
	assert_text(f, c, "caller_file", row, LIB);
	assert_text(f, c, "exe", row, "/usr/sbin/keyd");
	assert_number(f, c, "pid", row, KEYD);
	assert_number(f, c, "address", row, 0x5000);
	assert_number(f, c, "size_bytes", row, 32);
	assert_number(f, c, "first_dirty_offset", row, 16);
	assert_number(f, c, "dirty_bytes", row, 9);
	assert_number(f, c, "calls", row, 1);
	assert_false(cell(f, c, "wiped_before", row).known); /* no release */
	assert_false(cell(f, c, "unreached_bytes", row).known); /* not the module's */
	pw_wipe_report_deinit(&r);
}

static void a_caller_is_named_by_the_best_that_is_known(void **state)
{
	struct fixture *f = *state;
	struct pw_wipe_event e = { .exe = "", .file = LIB, .symbol = "free_key" };

	e.wipe.symbol_offset = 0x1f;
	e.wipe.caller_offset = 0x1a2b;
	e.wipe.caller = 0x7f0000001a2b;
	assert_text(f, pw_wipe_columns, "caller", &e, "free_key+0x1f");
	e.symbol = "";
	assert_text(f, pw_wipe_columns, "caller", &e, "libkeys.so+0x1a2b");
	e.file = "";
	assert_text(f, pw_wipe_columns, "caller", &e, "0x7f0000001a2b");
	e.wipe.caller = 0;
	assert_text(f, pw_wipe_columns, "caller", &e, NULL);
}

static void hostile_numbers_have_names(void **state)
{
	struct fixture *f = *state;
	struct pw_wipe_event e = { .exe = "", .file = "", .symbol = "" };

	memset(&e.wipe, 0xff, sizeof(e.wipe));
	e.after = (enum pw_wipe_after)1000;
	for (const struct pw_column *c = pw_wipe_columns; c->name; c++) {
		struct pw_value v;

		c->get(f->m, &e, &v);
		e.release = !e.release;
		c->get(f->m, &e, &v);
		e.release = !e.release;
	}
	assert_text(f, pw_wipe_columns, "function", &e, "unknown");
	assert_text(f, pw_wipe_columns, "segment", &e, NULL);
}

static void the_newest_rows_stay_in_order(void **state)
{
	struct fixture *f = *state;
	struct pw_wipe_report r;

	for (unsigned int i = 0; i < 10; i++)
		wipe(f, i % 2 ? KEYD : OTHER, 0x1000 + i);
	play(f);
	r = report_of(f, &(struct pw_wipe_report_options){ .limit = 3 });
	assert_int_equal(r.tables[PW_WIPES_EVENTS].count, 3);
	for (unsigned int i = 0; i < 3; i++)
		assert_number(f, pw_wipe_columns, "address", r.tables[PW_WIPES_EVENTS].rows[i],
			      0x1007 + i);
	pw_wipe_report_deinit(&r);
	r = report_of(f, &(struct pw_wipe_report_options){ .after = 8 });
	assert_int_equal(r.tables[PW_WIPES_EVENTS].count, 2);
	pw_wipe_report_deinit(&r);
}

/* ---- sums -------------------------------------------------------------------------- */

static void totals_are_of_what_passes(void **state)
{
	const struct pw_wipe_filter keyd = { .pid = KEYD };
	struct fixture *f = *state;
	struct pw_wipe_report r;
	const void *row;

	for (unsigned int i = 0; i < 5; i++)
		wipe(f, KEYD, 0x1000);
	trace_wiped_in_part(wipe(f, KEYD, 0x2000), 8, 24);
	for (unsigned int i = 0; i < 3; i++)
		wipe(f, OTHER, 0x1000)->more = 9;
	play(f);

	r = report_of(f, &(struct pw_wipe_report_options){ 0 });
	row = r.tables[PW_WIPES_TOTALS].rows[0];
	assert_number(f, pw_wipe_total_columns, "wipes", row, 36);
	assert_number(f, pw_wipe_total_columns, "wiped", row, 35);
	assert_number(f, pw_wipe_total_columns, "wiped_in_part", row, 1);
	pw_wipe_report_deinit(&r);

	r = report_of(f, &(struct pw_wipe_report_options){ .filter = &keyd });
	row = r.tables[PW_WIPES_TOTALS].rows[0];
	assert_number(f, pw_wipe_total_columns, "wipes", row, 6);
	assert_number(f, pw_wipe_total_columns, "wiped", row, 5);
	assert_int_equal(r.tables[PW_WIPES_EVENTS].count, 6);
	pw_wipe_report_deinit(&r);
}

/* Counted as they come, a ring that turns over loses none; counted late it says how many. */
static void a_tally_outlives_the_ring(void **state)
{
	struct pw_wipe_tally along = { 0 }, late = { 0 };
	struct fixture *f = *state;

	for (unsigned int i = 0; i < 3; i++) {
		for (unsigned int k = 0; k < PW_WIPES_MAX / 2; k++)
			wipe(f, KEYD, 0x1000);
		play(f);
		pw_wipe_tally_add(&along, f->m, NULL);
	}
	pw_wipe_tally_add(&late, f->m, NULL);
	assert_int_equal(along.calls[PW_WIPE_EXPLICIT_BZERO][PW_WIPED_WHOLE], 3 * PW_WIPES_MAX / 2);
	assert_int_equal(along.missed, 0);
	assert_int_equal(late.calls[PW_WIPE_EXPLICIT_BZERO][PW_WIPED_WHOLE], PW_WIPES_MAX);
	assert_int_equal(late.missed, PW_WIPES_MAX / 2);
}

static void functions_count_their_files(void **state)
{
	struct fixture *f = *state;
	struct pw_wipe_report r;
	const void *row;

	trace_probe(&f->t, PW_WIPE_EXPLICIT_BZERO, "/lib/libc.so.6", 0x90, "explicit_bzero");
	trace_probe(&f->t, PW_WIPE_EXPLICIT_BZERO, "/opt/static", 0x90, "explicit_bzero")->inode = 5;
	trace_probe(&f->t, PW_WIPE_OPENSSL_CLEANSE, "/lib/libcrypto.so.3", 0x90, "OPENSSL_cleanse")
		->error = 1;
	wipe(f, KEYD, 0x1000);
	play(f);
	r = report_of(f, &(struct pw_wipe_report_options){ 0 });
	assert_int_equal(r.tables[PW_WIPES_FUNCTIONS].count, 2);
	row = r.tables[PW_WIPES_FUNCTIONS].rows[0];
	assert_text(f, pw_wipe_function_columns, "function", row, "explicit_bzero");
	assert_number(f, pw_wipe_function_columns, "calls", row, 1);
	assert_number(f, pw_wipe_function_columns, "files", row, 2);
	assert_text(f, pw_wipe_function_columns, "example", row, "/lib/libc.so.6");
	row = r.tables[PW_WIPES_FUNCTIONS].rows[1];
	assert_number(f, pw_wipe_function_columns, "files", row, 0);
	assert_number(f, pw_wipe_function_columns, "files_refused", row, 1);
	pw_wipe_report_deinit(&r);
}

/* ---- suspicions ----------------------------------------------------------------------- */

static void a_forgotten_wipe_has_its_figures(void **state)
{
	struct fixture *f = *state;
	struct pw_wipe_report r;

	for (unsigned int i = 0; i < 100; i++) {
		struct pw_release *rel;

		wipe(f, KEYD, 0x1000);
		f->t.now_ns++;
		rel = trace_release(&f->t, trace_key(KEYD), 0x1000, LIB, 0x1b00, "free_key");
		if (i < 99)
			trace_wiped_before(rel, f->t.now_ns - 1, 32);
		rel->symbol_offset = 0x20;
	}
	play(f);
	r = report_of(f, &(struct pw_wipe_report_options){ 0 });
	assert_int_equal(r.tables[PW_WIPES_FORGOTTEN].count, 1);
	assert_text(f, pw_wipe_site_columns, "figures", r.tables[PW_WIPES_FORGOTTEN].rows[0],
		    "99 of 100 releases at free_key+0x20 were preceded by a wipe, this one was not");
	assert_true(r.totals.alerts >= 1);
	assert_int_equal(r.totals.certain_alerts, 0);
	pw_wipe_report_deinit(&r);
}

static bool has_note(const struct pw_wipe_report *r, const char *word)
{
	for (size_t i = 0; i < r->tables[PW_WIPES_NOTES].count; i++) {
		if (strstr(r->tables[PW_WIPES_NOTES].rows[i], word))
			return true;
	}
	return false;
}

static void what_cannot_be_seen_is_always_told(void **state)
{
	struct fixture *f = *state;
	struct pw_wipe_report r;

	play(f);
	r = report_of(f, &(struct pw_wipe_report_options){ 0 });
	assert_true(has_note(&r, "observed functions"));
	assert_true(has_note(&r, "--releases"));
	pw_wipe_report_deinit(&r);
	trace_machine(&f->t, "boot-1")->coverage |= PW_COVER_WIPES | PW_COVER_RELEASES;
	play(f);
	r = report_of(f, &(struct pw_wipe_report_options){ 0 });
	assert_true(has_note(&r, "observed functions"));
	assert_false(has_note(&r, "--releases"));
	pw_wipe_report_deinit(&r);
	trace_machine(&f->t, "boot-1");
	play(f);
	r = report_of(f, &(struct pw_wipe_report_options){ 0 });
	assert_int_equal(r.tables[PW_WIPES_NOTES].count, 1);
	assert_true(has_note(&r, "not observed"));
	pw_wipe_report_deinit(&r);
}

/* ---- secrets --------------------------------------------------------------------------- */

static void secret(struct fixture *f, uint32_t pid, uint64_t id, uint32_t event, uint64_t dirty)
{
	struct pw_secret *s;

	f->t.now_ns++;
	s = trace_secret(&f->t, trace_key(pid), id, event, "key");
	s->pages_dirty = dirty;
	s->pages_clean = event == PW_SECRET_REGISTERED ? 0 : 2;
	s->verdict = event == PW_SECRET_REGISTERED ? 0 : dirty ? PW_SECRET_DIRTY : PW_SECRET_CLEAN;
}

static void play_secrets(struct fixture *f)
{
	for (uint64_t id = 1; id <= 4; id++)
		secret(f, id % 2 ? KEYD : OTHER, id, PW_SECRET_REGISTERED, 0);
	secret(f, OTHER, 2, PW_SECRET_ENDED, 1);
	secret(f, KEYD, 3, PW_SECRET_ENDED, 0);
	secret(f, OTHER, 4, PW_SECRET_RELEASED, 1);
	play(f);
}

static void assert_ranges(struct fixture *f, const struct pw_secret_report_options *opt,
			  const char *want)
{
	struct pw_secret_report r;
	char got[64] = "";
	size_t used = 0;

	assert_int_equal(pw_secret_report_init(&r, f->m, opt), 0);
	for (size_t i = 0; i < r.tables[PW_SECRETS_RANGES].count; i++) {
		const struct pw_secret_row *row = r.tables[PW_SECRETS_RANGES].rows[i];

		used += (size_t)snprintf(got + used, sizeof(got) - used, "%llu ",
					 (unsigned long long)row->id);
	}
	assert_string_equal(got, want);
	pw_secret_report_deinit(&r);
}

static void ranges_are_chosen_by_state_and_process(void **state)
{
	const struct pw_wipe_filter keyd = { .pid = KEYD };
	struct pw_secret_report_options opt = { 0 };
	struct fixture *f = *state;
	struct pw_error err;

	play_secrets(f);
	assert_ranges(f, &opt, "1 2 3 4 ");
	opt.limit = 2;
	assert_ranges(f, &opt, "3 4 ");
	opt = (struct pw_secret_report_options){ .filter = &keyd };
	assert_ranges(f, &opt, "1 3 ");
	opt = (struct pw_secret_report_options){ 0 };
	assert_int_equal(pw_secret_report_states(&opt, "released-dirty", &err), 0);
	assert_ranges(f, &opt, "2 4 ");
	opt = (struct pw_secret_report_options){ 0 };
	assert_int_equal(pw_secret_report_states(&opt, "live", &err), 0);
	assert_ranges(f, &opt, "1 4 "); /* 4 is both: it lives, and something went dirty */
	opt = (struct pw_secret_report_options){ 0 };
	assert_int_equal(pw_secret_report_states(&opt, "released-clean", &err), 0);
	assert_ranges(f, &opt, "3 ");
	assert_int_not_equal(pw_secret_report_states(&opt, "dirty", &err), 0);
	assert_non_null(strstr(err.remedy, "released-dirty"));
}

static void events_go_with_their_ranges(void **state)
{
	const struct pw_wipe_filter keyd = { .pid = KEYD };
	struct pw_secret_report_options opt = { .filter = &keyd };
	struct fixture *f = *state;
	struct pw_secret_report r;

	play_secrets(f);
	assert_int_equal(pw_secret_report_init(&r, f->m, &opt), 0);
	assert_int_equal(r.tables[PW_SECRETS_EVENTS].count, 3);
	pw_secret_report_deinit(&r);
	opt.after = 4;
	assert_int_equal(pw_secret_report_init(&r, f->m, &opt), 0);
	assert_int_equal(r.tables[PW_SECRETS_EVENTS].count, 1);
	assert_text(f, pw_secret_event_columns, "event", r.tables[PW_SECRETS_EVENTS].rows[0],
		    "ended");
	pw_secret_report_deinit(&r);
}

static void a_dirty_secret_is_an_alert(void **state)
{
	struct fixture *f = *state;
	struct pw_secret_report r;

	play_secrets(f);
	assert_int_equal(pw_secret_report_init(&r, f->m, &(struct pw_secret_report_options){ 0 }), 0);
	assert_true(r.tables[PW_SECRETS_ALERTS].count >= 1);
	assert_text(f, pw_alert_columns, "alert", r.tables[PW_SECRETS_ALERTS].rows[0],
		    "secret-released-dirty");
	pw_secret_report_deinit(&r);
}

/* What the daemon's table says of past ones survives the way to the command. */
static void the_table_of_secrets_travels(void **state)
{
	struct fixture *f = *state;
	struct pw_model *there;

	play_secrets(f);
	assert_int_equal(pw_model_create(NULL, &there), 0);
	assert_int_equal(pw_model_export_secrets(f->m, pw_model_ingest, there), 0);
	assert_int_equal(there->secrets.count, f->m->secrets.count);
	for (size_t i = 0; i < there->secrets.count; i++) {
		const struct pw_secret_row *a = &f->m->secrets.rows[i], *b = &there->secrets.rows[i];

		assert_int_equal(a->id, b->id);
		assert_int_equal(a->state, b->state);
		assert_int_equal(a->live, b->live);
		assert_int_equal(a->ended_ns, b->ended_ns);
		assert_int_equal(a->registered_ns, b->registered_ns);
		assert_int_equal(a->sums.pages_dirty, b->sums.pages_dirty);
		assert_string_equal((const char *)a->sums.label, (const char *)b->sums.label);
	}
	pw_model_destroy(there);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		CASE(a_wipe_in_part_has_its_figures),
		CASE(a_caller_is_named_by_the_best_that_is_known),
		CASE(hostile_numbers_have_names),
		CASE(the_newest_rows_stay_in_order),
		CASE(totals_are_of_what_passes),
		CASE(a_tally_outlives_the_ring),
		CASE(functions_count_their_files),
		CASE(a_forgotten_wipe_has_its_figures),
		CASE(what_cannot_be_seen_is_always_told),
		CASE(ranges_are_chosen_by_state_and_process),
		CASE(events_go_with_their_ranges),
		CASE(a_dirty_secret_is_an_alert),
		CASE(the_table_of_secrets_travels),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
