// SPDX-License-Identifier: GPL-2.0-or-later
/* Wilson's bound, suspected sites, and the alerts with their words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdio.h>

#include "lib/trace.h"
#include "user/analysis/forgotten.h"
#include "user/analysis/wipe_alert.h"

#define LIB "/usr/lib/libkeys.so"

struct fixture {
	struct pw_model *m;
	struct trace t;
	struct pw_wipe_alert *alerts;
	size_t count;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_int_equal(pw_model_create(NULL, &f->m), 0);
	f->t.now_ns = 100 * TRACE_SECOND;
	trace_machine(&f->t, "boot-1");
	trace_identity(&f->t, trace_key(7), "/usr/sbin/keyd", "/", "", "keyd");
	trace_identity(&f->t, trace_key(8), "/usr/sbin/keyd", "/", "", "keyd");
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	free(f->alerts);
	pw_model_destroy(f->m);
	trace_free(&f->t);
	free(f);
	return 0;
}

static void alerts_of(struct fixture *f, uint32_t pid)
{
	free(f->alerts);
	f->alerts = NULL;
	assert_int_equal(trace_flush(&f->t, pw_model_ingest, f->m), 0);
	assert_int_equal(f->m->invalid_records, 0);
	assert_int_equal(pw_wipe_alerts(f->m, pid, &f->alerts, &f->count), 0);
	assert_non_null(f->alerts);
}

/* ---- the bound -------------------------------------------------------------------- */

static void assert_bound(uint64_t wiped, uint64_t unwiped, double expected)
{
	double bound = pw_forgotten_bound(wiped, unwiped);

	if (fabs(bound - expected) > 1e-9)
		fail_msg("%llu of %llu: %.12f is not %.12f", (unsigned long long)wiped,
			 (unsigned long long)(wiped + unwiped), bound, expected);
}

/*
 * From Python, with the formula as Wilson wrote it, the root of a quadratic:
 *	z = 1.96; n = w + u; p = w / n
 *	a, b, c = 1 + z*z/n, -(2*p + z*z/n), p*p
 *	(-b - sqrt(b*b - 4*a*c)) / (2*a)
 */
static void the_bound_is_wilsons(void **state)
{
	(void)state;
	assert_bound(99, 1, 0.945512475239065);
	assert_bound(17, 1, 0.742422001979925);
	assert_bound(18, 1, 0.753607846634548);
	assert_bound(5, 1, 0.436490563436354);
	assert_bound(50, 50, 0.403829828590147);
	assert_bound(1, 0, 0.206543291473893);
	assert_bound(0, 0, 0);
	assert_bound(0, 1000, 0);
	/* R. G. Newcombe, 1998, Statistics in Medicine 17:857-872, table I: 81 of 263 is 0.2553 */
	assert_true(fabs(pw_forgotten_bound(81, 263 - 81) - 0.2553) < 0.00005);
	assert_true(pw_forgotten_bound(UINT64_MAX, UINT64_MAX) < 0.5);
	assert_true(pw_forgotten_bound(UINT64_MAX, 0) <= 1);
}

static void a_suspect_usually_wipes(void **state)
{
	struct pw_wipe_site s = { .wiped = 1000 };

	(void)state;
	assert_false(pw_forgotten_suspected(&s)); /* it always did */
	s.unwiped = 1;
	assert_true(pw_forgotten_suspected(&s));
	s.wiped = 17;
	assert_false(pw_forgotten_suspected(&s));
	s.wiped = 18;
	assert_true(pw_forgotten_suspected(&s));
	s.wiped = s.unwiped = 100000; /* by turns */
	assert_false(pw_forgotten_suspected(&s));
}

/* ---- alerts ----------------------------------------------------------------------- */

static struct pw_wipe *wipe(struct fixture *f, uint32_t pid, uint64_t address)
{
	f->t.now_ns++;
	return trace_wipe(&f->t, trace_key(pid), address, 64, LIB, 0x1a2b, "free_key");
}

/* Wiped, then freed at one place. */
static struct pw_release *wiped_and_freed(struct fixture *f, uint32_t pid, uint64_t address)
{
	wipe(f, pid, address);
	f->t.now_ns++;
	return trace_wiped_before(trace_release(&f->t, trace_key(pid), address, LIB, 0x1b00,
						"free_key"),
				  f->t.now_ns - 1, 64);
}

static struct pw_release *freed(struct fixture *f, uint32_t pid, uint64_t address)
{
	f->t.now_ns++;
	return trace_release(&f->t, trace_key(pid), address, LIB, 0x1b00, "free_key");
}

static void nothing_bad_alerts_nobody(void **state)
{
	struct fixture *f = *state;
	struct pw_secret *r;

	for (unsigned int i = 0; i < 50; i++)
		wiped_and_freed(f, 7, 0x1000);
	wipe(f, 7, 0x2000)->verdict = PW_WIPED_UNKNOWN;
	trace_secret(&f->t, trace_key(7), 1, PW_SECRET_REGISTERED, "key");
	r = trace_secret(&f->t, trace_key(7), 1, PW_SECRET_ENDED, "key");
	r->verdict = PW_SECRET_CLEAN;
	r->pages_clean = 4;
	alerts_of(f, 0);
	assert_int_equal(f->count, 0);
}

static void a_part_is_told_with_its_place(void **state)
{
	struct fixture *f = *state;

	wipe(f, 7, 0x1000);
	trace_wiped_in_part(wipe(f, 7, 0x5510), 40, 24);
	alerts_of(f, 0);
	assert_int_equal(f->count, 1);
	assert_string_equal(pw_wipe_alert_name(f->alerts[0].kind), "wiped-in-part");
	assert_string_equal(f->alerts[0].what,
			    "keyd wiped a buffer in part: 24 of 64 bytes are left");
	assert_string_equal(f->alerts[0].evidence,
			    "explicit_bzero(0x5510, 64) by pid 7, first byte left at offset 40; "
			    "1 of 2 calls from /usr/lib/libkeys.so+0x1a2b (free_key+0x2b)");
	assert_string_equal(f->alerts[0].comm, "wiper");
	assert_string_equal(f->alerts[0].exe, "/usr/sbin/keyd");
	assert_int_equal(f->alerts[0].count, 1);
	assert_true(f->alerts[0].confidence == 1);
}

static void repeats_are_one_alert(void **state)
{
	struct fixture *f = *state;

	trace_wiped_in_part(wipe(f, 7, 0x1000), 40, 24);
	trace_wiped_in_part(wipe(f, 8, 0x2000), 40, 24)->more = 3;
	trace_wiped_in_part(wipe(f, 7, 0x3000), 0, 64);
	f->t.now_ns++;
	trace_wiped_in_part(trace_wipe(&f->t, trace_key(7), 0x4000, 1, "", 0, ""), 0, 1)->caller =
		0x401122;
	alerts_of(f, 0);
	assert_int_equal(f->count, 2);
	assert_int_equal(f->alerts[1].count, 6);
	assert_int_equal(f->alerts[1].first_ns, 100 * TRACE_SECOND + 1);
	assert_int_equal(f->alerts[1].last_ns, 100 * TRACE_SECOND + 3);
	assert_int_equal(f->alerts[1].key.pid, 7);
	assert_string_equal(
		f->alerts[1].what,
		"keyd called explicit_bzero and nothing was wiped: 64 of 64 bytes are left");
	assert_string_equal(f->alerts[0].what,
			    "keyd called explicit_bzero and nothing was wiped: 1 of 1 byte is left");
	assert_non_null(strstr(f->alerts[0].evidence, "1 of 1 call from 0x401122"));

	/* One process's own. */
	alerts_of(f, 8);
	assert_int_equal(f->count, 1);
	assert_int_equal(f->alerts[0].count, 4);
	assert_int_equal(f->alerts[0].key.pid, 8);
	alerts_of(f, 9);
	assert_int_equal(f->count, 0);
	alerts_of(f, 7);
	assert_int_equal(f->count, 2);
	assert_int_equal(f->alerts[1].count, 2);

	/* The ring moves on; what was bad is still told, of the process too. */
	for (unsigned int i = 0; i < PW_WIPES_MAX; i++)
		wipe(f, 7, 0x1000);
	alerts_of(f, 0);
	assert_int_equal(f->count, 2);
	assert_int_equal(f->alerts[1].count, 6);
	alerts_of(f, 7);
	assert_int_equal(f->count, 2);
	assert_int_equal(f->alerts[1].count, 1); /* at least */
}

static void a_forgotten_wipe_has_its_share(void **state)
{
	struct fixture *f = *state;
	const struct pw_wipe_site **sites;
	size_t count;

	for (unsigned int i = 0; i < 99; i++)
		wiped_and_freed(f, 7, 0x1000);
	alerts_of(f, 0);
	assert_int_equal(f->count, 0);
	freed(f, 8, 0x7000);
	alerts_of(f, 0);
	assert_int_equal(f->count, 1);
	assert_string_equal(f->alerts[0].what,
			    "keyd gave back a buffer that it usually wipes, and did not wipe it");
	assert_string_equal(f->alerts[0].evidence,
			    "99 of 100 calls of free here were preceded by a wipe, this one was not: "
			    "free(0x7000) by pid 8, from /usr/lib/libkeys.so+0x1b00 (free_key+0x0); "
			    "the share is at least 0.95 (95 % confidence)");
	assert_int_equal(f->alerts[0].key.pid, 8);
	assert_true(fabs(f->alerts[0].confidence - 0.945512475239065) < 1e-9);

	assert_int_equal(pw_forgotten_sites(f->m, 7, &sites, &count), 0);
	assert_int_equal(count, 0);
	free(sites);
	assert_int_equal(pw_forgotten_sites(f->m, 8, &sites, &count), 0);
	assert_int_equal(count, 1);
	free(sites);

	/* It stays one alert while it happens again, until wiping is no habit any more. */
	for (unsigned int i = 0; i < 14; i++)
		freed(f, 8, 0x8000 + i);
	alerts_of(f, 0);
	assert_int_equal(f->count, 1);
	assert_int_equal(f->alerts[0].count, 15);
	assert_int_equal(f->alerts[0].first_ns, 100 * TRACE_SECOND + 199);
	for (unsigned int i = 0; i < 30; i++)
		freed(f, 8, 0x9000 + i);
	alerts_of(f, 0);
	assert_int_equal(f->count, 0);
}

static void the_surest_site_is_first(void **state)
{
	struct fixture *f = *state;
	const struct pw_wipe_site **sites;
	size_t count;

	for (uint64_t site = 1; site <= 3; site++) {
		for (unsigned int i = 0; i < 20 * (site == 2 ? 9 : site); i++)
			trace_wiped_before(trace_release(&f->t, trace_key(7), 1, LIB, site, ""), 1,
					   1);
		trace_release(&f->t, trace_key(7), 1, LIB, site, "");
	}
	alerts_of(f, 0);
	assert_int_equal(pw_forgotten_sites(f->m, 0, &sites, &count), 0);
	assert_int_equal(count, 3);
	assert_int_equal(sites[0]->offset, 2);
	assert_int_equal(sites[1]->offset, 3);
	assert_int_equal(sites[2]->offset, 1);
	free(sites);
}

static void rewritten_buffers_are_told(void **state)
{
	struct fixture *f = *state;
	struct pw_release *r;

	for (unsigned int i = 0; i < 10; i++)
		wiped_and_freed(f, 7, 0x1000);
	r = wiped_and_freed(f, 7, 0x2000);
	r->verdict = PW_WIPED_PART;
	r->dirty_bytes = 5;
	r->first_dirty = 3;
	alerts_of(f, 7);
	assert_int_equal(f->count, 1);
	assert_int_equal(f->alerts[0].kind, PW_ALERT_REWRITTEN);
	assert_string_equal(f->alerts[0].what,
			    "keyd gave back a wiped buffer that was written again");
	assert_string_equal(
		f->alerts[0].evidence,
		"free(0x2000) by pid 7: 5 of 64 wiped bytes are not 0, the first at offset "
		"3; 1 of 11 wiped buffers from /usr/lib/libkeys.so+0x1b00 (free_key+0x0)");
	assert_true(f->alerts[0].confidence < 1);
}

static struct pw_secret *ended(struct fixture *f, uint32_t pid, uint64_t id, const char *label)
{
	struct pw_secret *r;

	f->t.now_ns++;
	r = trace_secret(&f->t, trace_key(pid), id, PW_SECRET_ENDED, label);
	r->cause = PW_CAUSE_EXIT;
	return r;
}

static struct pw_secret *went_dirty(struct fixture *f, uint32_t pid, uint64_t id, const char *label)
{
	struct pw_secret *r = ended(f, pid, id, label);

	r->verdict = PW_SECRET_DIRTY;
	r->pages_clean = 1;
	r->pages_dirty = 3;
	r->dirty_bytes = 9000;
	r->first_dirty = r->start + 0x10;
	return r;
}

static void secrets_alert_by_program_and_label(void **state)
{
	struct fixture *f = *state;
	struct pw_secret *r;

	went_dirty(f, 7, 1, "tls key");
	went_dirty(f, 8, 2, "tls key");
	went_dirty(f, 8, 3, "")->cause = PW_CAUSE_UNWATCH;
	r = ended(f, 7, 4, "tls key");
	r->verdict = PW_SECRET_COPIED;
	r->pages_copied = 1;
	r->pages_swapped = 2;
	alerts_of(f, 0);
	assert_int_equal(f->count, 3);
	assert_int_equal(f->alerts[0].kind, PW_ALERT_SECRET_DIRTY);
	assert_string_equal(f->alerts[0].what, "a secret of keyd was given up with contents");
	assert_string_equal(f->alerts[1].what,
			    "a secret of keyd (\"tls key\") went back with contents");
	assert_string_equal(f->alerts[1].evidence,
			    "watch 2 of pid 8, 0x700000200000-0x700000204000, exit, 3 pages dirty (9000 "
			    "bytes not 0), the first at 0x700000200010, 1 page clean");
	assert_int_equal(f->alerts[1].count, 2);
	assert_int_equal(f->alerts[1].key.pid, 8);
	assert_int_equal(f->alerts[1].first_ns, 100 * TRACE_SECOND + 1);
	assert_int_equal(f->alerts[1].last_ns, 100 * TRACE_SECOND + 2);
	assert_int_equal(f->alerts[2].kind, PW_ALERT_SECRET_LEFT_BEHIND);
	assert_string_equal(f->alerts[2].what,
			    "a secret of keyd (\"tls key\") was left behind: its contents "
			    "live on elsewhere");
	assert_string_equal(f->alerts[2].evidence,
			    "watch 4 of pid 7, 0x700000400000-0x700000404000, exit, 1 page copied to "
			    "another process, 2 pages in swap");
	alerts_of(f, 7);
	assert_int_equal(f->count, 2);
	assert_int_equal(f->alerts[0].count, 1);
}

static void long_names_are_cut(void **state)
{
	struct fixture *f = *state;
	char name[3000];

	memset(name, 'n', sizeof(name));
	name[0] = '/';
	name[sizeof(name) - 1] = '\0';
	trace_identity(&f->t, trace_key(9), name, "/", "", "");
	trace_wiped_in_part(trace_wipe(&f->t, trace_key(9), 1, 64, name, 0x77, name), 0, 64);
	alerts_of(f, 9);
	assert_int_equal(f->count, 1);
	assert_int_equal(strlen(f->alerts[0].what), 64 + strlen(" called explicit_bzero and nothing was "
								"wiped: 64 of 64 bytes are left"));
	assert_non_null(strstr(f->alerts[0].evidence, "calls from ...nnn") ?:
				strstr(f->alerts[0].evidence, "call from ...nnn"));
	assert_non_null(strstr(f->alerts[0].evidence, "nnn+0x77 (/nnn"));
	assert_string_equal(pw_wipe_alert_name(PW_ALERT_KINDS), "unknown");
}

#define ALERT_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_bound_is_wilsons),
		cmocka_unit_test(a_suspect_usually_wipes),
		ALERT_TEST(nothing_bad_alerts_nobody),
		ALERT_TEST(a_part_is_told_with_its_place),
		ALERT_TEST(repeats_are_one_alert),
		ALERT_TEST(a_forgotten_wipe_has_its_share),
		ALERT_TEST(the_surest_site_is_first),
		ALERT_TEST(rewritten_buffers_are_told),
		ALERT_TEST(secrets_alert_by_program_and_label),
		ALERT_TEST(long_names_are_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
