// SPDX-License-Identifier: GPL-2.0-or-later
// links: rest
/* Alerts: their document and back, the book of what fires, and what verdicts and wipes say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/trace.h"
#include "user/alert/alert_book.h"
#include "user/alert/evidence.h"
#include "user/alert/journal.h"
#include "user/base/clock.h"
#include "user/daemon/alerting.h"

#define SEC PW_NSEC_PER_SEC
#define START (1700000000ull * SEC)

static struct pw_alert sample(const char *class, uint64_t fingerprint)
{
	struct pw_alert a;

	pw_alert_init(&a);
	a.fingerprint = fingerprint;
	strcpy(a.name, "PagewardenLeakSuspected");
	strcpy(a.severity, "warning");
	snprintf(a.class, sizeof(a.class), "%s", class);
	strcpy(a.series, "anon");
	strcpy(a.value_unit, "bytes");
	strcpy(a.subject, "process");
	strcpy(a.comm, "leaky");
	strcpy(a.exe, "/usr/bin/a b\"c\\d\x01\xff");
	strcpy(a.cgroup, "/system.slice/x.service");
	strcpy(a.host, "h");
	strcpy(a.summary, "it grows\nand grows");
	a.pid = 4711;
	a.members = 1;
	a.starts_ns = START;
	a.value = 123456789;
	a.growth = 1.5e6;
	a.confidence = 0.96;
	return a;
}

/* ---- the document ------------------------------------------------------------------- */

static void test_round_trip(void **state)
{
	struct pw_alert a = sample("growing", 0xfedcba9876543210ull), b;
	char *json = NULL;
	size_t len = 0;

	(void)state;
	a.limit_s = 68400;
	a.limit_high_s = INFINITY;
	strcpy(a.limit, "cgroup");
	assert_int_equal(pw_alert_to_json(&a, &json, &len), 0);
	assert_null(memchr(json, '\n', len));
	assert_int_equal(pw_alert_from_json(json, len, &b), 0);
	assert_string_equal(b.exe, a.exe);
	assert_string_equal(b.summary, a.summary);
	assert_string_equal(b.limit, "cgroup");
	assert_true(b.fingerprint == a.fingerprint && b.starts_ns == a.starts_ns);
	assert_true(b.value == a.value && b.pid == a.pid && b.members == 1);
	assert_true(b.growth == a.growth && b.confidence == a.confidence);
	assert_true(b.limit_s == a.limit_s && isnan(b.limit_high_s) && isnan(b.growth_low));
	assert_int_equal(b.state, PW_ALERT_FIRING);
	assert_true(pw_alert_id(&a) == pw_alert_id(&b));
	free(json);
}

static void test_hostile_documents(void **state)
{
	static const char *const bad[] = {
		"",
		"{}",
		"[]",
		"{\"schema\":\"pagewarden.alert\"}",
		"{\"schema\":\"pagewarden.alert\",\"state\":\"burning\",\"alert\":\"a\",\"class\":\"c\","
		"\"fingerprint\":\"0x1\",\"starts_time\":\"2026-01-01T00:00:00Z\"}",
		"{\"schema\":\"pagewarden.alert\",\"state\":\"firing\",\"alert\":7,\"class\":\"c\","
		"\"fingerprint\":\"0x1\",\"starts_time\":\"2026-01-01T00:00:00Z\"}",
		"{\"schema\":\"pagewarden.alert\",\"state\":\"firing\",\"alert\":\"\\\\q\",\"class\":\"c\","
		"\"fingerprint\":\"0x1\",\"starts_time\":\"2026-01-01T00:00:00Z\"}",
		"{\"schema\":\"pagewarden.alert\",\"state\":\"firing\",\"alert\":\"a\",\"class\":\"c\","
		"\"fingerprint\":\"0x11111111111111111\",\"starts_time\":\"2026-01-01T00:00:00Z\"}",
		"{\"schema\":\"pagewarden.alert\",\"state\":\"firing\",\"alert\":\"a\",\"class\":\"c\","
		"\"fingerprint\":\"0x1\",\"starts_time\":\"2026-01-01T00:00:00Z\",\"pid\":-1}",
		"{\"schema\":\"pagewarden.alert\",\"state\":\"firing\",\"alert\":\"a\",\"class\":\"c\","
		"\"fingerprint\":\"0x1\",\"starts_time\":\"2026-01-01T00:00:00Z\",\"severity\":"
		"\"a severity that no room was made for\"}",
	};
	struct pw_alert a = sample("growing", 1), was = a;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(pw_alert_from_json(bad[i], strlen(bad[i]), &a), -EBADMSG);
	assert_memory_equal(&a, &was, sizeof(a));
}

static void test_long_texts_keep_their_end(void **state)
{
	char out[12];

	(void)state;
	pw_alert_text(out, sizeof(out), "/very/long/path/to/it");
	assert_string_equal(out, "...th/to/it");
	pw_alert_text(out, sizeof(out), "eleven char");
	assert_string_equal(out, "eleven char");
}

static void test_journal_entry(void **state)
{
	struct pw_alert a = sample("growing", 1);
	char *entry = NULL;
	size_t len = 0;

	(void)state;
	assert_int_equal(pw_journal_entry(&a, &entry, &len), 0);
	assert_non_null(strstr(entry, "MESSAGE=it grows\\x0aand grows\n"));
	assert_non_null(strstr(entry, "\nMESSAGE_ID=" PW_JOURNAL_ID_FIRING "\n"));
	assert_non_null(strstr(entry, "\nPRIORITY=4\n"));
	assert_non_null(strstr(entry, "\nPAGEWARDEN_PID=4711\n"));
	assert_non_null(strstr(entry, "\nPAGEWARDEN_CLASS=growing\n"));
	assert_non_null(strstr(entry, "\nPAGEWARDEN_EXE=/usr/bin/a b\"c\\\\d\\x01\\xff\n"));
	assert_null(strstr(entry, "PAGEWARDEN_COUNT"));
	free(entry);
}

/* ---- the book ------------------------------------------------------------------------ */

struct told {
	size_t count;
	struct pw_alert last;
};

static void tell(void *ctx, const struct pw_alert *a)
{
	struct told *t = ctx;

	t->count++;
	t->last = *a;
}

static void test_members_make_one_alert(void **state)
{
	struct pw_alert a = sample("growing", 5), b;
	struct pw_alert_book *book = NULL;
	struct pw_alert_book_status s;
	struct told t = { 0 };

	(void)state;
	assert_int_equal(pw_alert_book_create(10, tell, &t, &book), 0);
	pw_alert_book_raise(book, &a, 100, false, 0);
	b = a;
	b.starts_ns += SEC;
	b.value = 7;
	strcpy(b.cgroup, "/another");
	pw_alert_book_raise(book, &b, 101, false, 0);
	pw_alert_book_run(book, START + SEC);
	assert_int_equal(t.count, 1);
	assert_int_equal(t.last.members, 2);
	assert_true(t.last.starts_ns == START && t.last.value == 7);
	assert_string_equal(t.last.cgroup, a.cgroup); /* a label stays */
	pw_alert_book_drop(book, pw_alert_id(&a), 999, START + 2 * SEC, "a stranger");
	pw_alert_book_drop(book, pw_alert_id(&a), 100, START + 2 * SEC, "one ended");
	pw_alert_book_run(book, START + 2 * SEC);
	assert_int_equal(t.count, 1);
	pw_alert_book_drop(book, pw_alert_id(&a), 101, START + 3 * SEC, "both ended");
	assert_int_equal(t.count, 2);
	assert_int_equal(t.last.state, PW_ALERT_RESOLVED);
	assert_true(t.last.ends_ns == START + 3 * SEC);
	assert_string_equal(t.last.reason, "both ended");
	pw_alert_book_status(book, &s);
	assert_true(s.begun == 1 && s.ended == 1 && !s.firing && !s.waiting);
	pw_alert_book_destroy(book);
}

static void test_rate(void **state)
{
	struct pw_alert_book *book = NULL;
	struct pw_alert_book_status s;
	struct told t = { 0 };
	uint64_t again;

	(void)state;
	assert_int_equal(pw_alert_book_create(2, tell, &t, &book), 0);
	for (uint64_t i = 1; i <= 4; i++) {
		struct pw_alert a = sample("growing", i);

		pw_alert_book_raise(book, &a, i, false, 0);
	}
	again = pw_alert_book_run(book, START);
	assert_int_equal(t.count, 2);
	assert_true(again > START && again <= START + 1801 * SEC);
	/* The third ends before its turn; the fourth gets it. */
	struct pw_alert third = sample("growing", 3);

	pw_alert_book_drop(book, pw_alert_id(&third), 3, START + SEC, "gone");
	assert_int_equal(t.count, 2);
	pw_alert_book_run(book, START + 100 * SEC);
	assert_int_equal(t.count, 2);
	pw_alert_book_run(book, again + SEC);
	assert_int_equal(t.count, 3);
	assert_true(t.last.fingerprint == 4);
	pw_alert_book_status(book, &s);
	assert_true(s.suppressed == 1 && s.firing == 3 && s.begun == 3);
	pw_alert_book_destroy(book);
}

static void test_sweep_and_hold(void **state)
{
	struct pw_alert a = sample("growing", 1), held = sample("wiped-in-part", 2);
	struct pw_alert_book *book = NULL;
	struct told t = { 0 };

	(void)state;
	assert_int_equal(pw_alert_book_create(100, tell, &t, &book), 0);
	pw_alert_book_raise(book, &a, 1, false, 0);
	pw_alert_book_raise(book, &held, 2, false, START + 900 * SEC);
	assert_true(pw_alert_book_run(book, START) == START + 900 * SEC);
	assert_int_equal(t.count, 2);
	pw_alert_book_forget(book);
	pw_alert_book_raise(book, &a, 1, false, 0);
	pw_alert_book_sweep(book, START + SEC, "none");
	assert_int_equal(t.count, 2);
	pw_alert_book_forget(book);
	pw_alert_book_sweep(book, START + 2 * SEC, "it is not among them");
	assert_int_equal(t.count, 3);
	assert_string_equal(t.last.reason, "it is not among them");
	/* News keep a held one; then it ends by itself. */
	pw_alert_book_raise(book, &held, 2, false, START + 1000 * SEC);
	pw_alert_book_run(book, START + 950 * SEC);
	assert_int_equal(t.count, 3);
	pw_alert_book_run(book, START + 1000 * SEC);
	assert_int_equal(t.count, 4);
	assert_int_equal(t.last.state, PW_ALERT_RESOLVED);
	pw_alert_book_destroy(book);
}

static void test_book_is_bounded(void **state)
{
	struct pw_alert a = sample("growing", 1);
	struct pw_alert_book *book = NULL;
	struct pw_alert_book_status s;
	struct told t = { 0 };

	(void)state;
	assert_int_equal(pw_alert_book_create(100000, tell, &t, &book), 0);
	for (uint64_t i = 1; i <= PW_ALERTS_MAX + 3; i++) {
		a.fingerprint = i;
		pw_alert_book_raise(book, &a, i, false, 0);
	}
	a.fingerprint = 1;
	for (uint64_t i = 0; i < PW_ALERT_MEMBERS_MAX + 4; i++)
		pw_alert_book_raise(book, &a, 1000 + i, false, 0);
	pw_alert_book_run(book, START);
	pw_alert_book_status(book, &s);
	assert_true(s.firing == PW_ALERTS_MAX && s.refused == 3 && s.crowded == 5);
	pw_alert_book_destroy(book);
}

static void test_book_over_a_restart(void **state)
{
	struct pw_alert a = sample("growing", 1), b = sample("growing", 2);
	struct pw_alert_book *book = NULL, *next = NULL;
	struct told t = { 0 };
	char *text = NULL;
	size_t len = 0;

	(void)state;
	assert_int_equal(pw_alert_book_create(1, tell, &t, &book), 0);
	pw_alert_book_raise(book, &a, 77, false, 0);
	pw_alert_book_raise(book, &b, 78, false, 0);
	pw_alert_book_run(book, START); /* b waits */
	assert_true(pw_alert_book_is_changed(book));
	assert_int_equal(pw_alert_book_save(book, &text, &len), 0);
	assert_false(pw_alert_book_is_changed(book));
	assert_int_equal(pw_alert_book_create(1, tell, &t, &next), 0);
	assert_int_equal(pw_alert_book_load(next, text, len), 0);
	assert_non_null(pw_alert_book_find(next, pw_alert_id(&a)));
	assert_null(pw_alert_book_find(next, pw_alert_id(&b)));
	pw_alert_book_run(next, START);
	assert_int_equal(t.count, 1); /* not again */
	pw_alert_book_drop(next, pw_alert_id(&a), 77, START + SEC, "it ended");
	assert_int_equal(t.count, 2);
	assert_true(t.last.starts_ns == START);
	free(text);
	pw_alert_book_destroy(book);
	pw_alert_book_destroy(next);
}

static void test_hostile_book(void **state)
{
	struct pw_alert a = sample("growing", 1);
	struct pw_alert_book *book = NULL, *next = NULL;
	struct told t = { 0 };
	char *text = NULL;
	size_t len = 0;

	(void)state;
	assert_int_equal(pw_alert_book_create(9, tell, &t, &book), 0);
	pw_alert_book_raise(book, &a, 77, false, 0);
	pw_alert_book_run(book, START);
	assert_int_equal(pw_alert_book_save(book, &text, &len), 0);
	/* Each cut and each flipped byte: no crash, and never two of one. */
	for (size_t i = 0; i < len; i++) {
		char *damaged = malloc(len);

		memcpy(damaged, text, len);
		damaged[i] ^= 0x15;
		assert_int_equal(pw_alert_book_create(9, tell, &t, &next), 0);
		pw_alert_book_load(next, damaged, len);
		pw_alert_book_load(next, text, i);
		pw_alert_book_destroy(next);
		free(damaged);
	}
	assert_int_equal(pw_alert_book_load(book, text, len), -EBADMSG); /* it is there already */
	free(text);
	pw_alert_book_destroy(book);
}

/* ---- evidence -------------------------------------------------------------------------- */

static struct pw_verdict_event event(enum pw_verdict_class from, enum pw_verdict_class to)
{
	struct pw_verdict_event ev = {
		.sequence = 1,
		.time_ns = START,
		.subject = { .type = PW_SUBJECT_PROCESS,
			     .key = { .pid = 4711, .start_ns = 5 },
			     .comm = "nginx",
			     .exe = "/usr/sbin/nginx",
			     .cgroup = "/system.slice/nginx.service",
			     .unit = "nginx.service",
			     .container = "",
			     .boot_id = "b" },
		.kind = PW_SERIES_ANON,
		.from = from,
		.to = to,
		.verdict = { .verdict = to,
			     .confidence = 0.97,
			     .window_ns = 3600 * SEC,
			     .block_ns = 150 * SEC,
			     .blocks = 24,
			     .slope = 1200 * 1024,
			     .slope_low = 1000 * 1024,
			     .slope_high = 1400 * 1024 },
		.value = 300 << 20,
		.limit = { PW_LIMIT_CGROUP, 512 << 20, 300 << 20, 212 << 20 },
		.time_to_limit = { true, 68400, 60000, INFINITY },
		.reason = "it passed every gate",
	};

	return ev;
}

static void test_a_verdict_in_words(void **state)
{
	struct pw_verdict_event ev = event(PW_VERDICT_STABLE, PW_VERDICT_GROWING);
	struct pw_alert a;

	(void)state;
	pw_alert_of_event(&ev, "host", &a);
	assert_string_equal(a.name, PW_ALERT_LEAK);
	assert_string_equal(a.class, "growing");
	assert_string_equal(a.series, "anon");
	assert_string_equal(a.limit, "cgroup");
	assert_string_equal(a.summary, "nginx (pid 4711) grows as leaks grow: anon by 1.2M an hour; "
				       "19 h to its limit (cgroup)");
	assert_non_null(strstr(a.evidence, "; now 300.0M; "));
	assert_non_null(
		strstr(a.evidence, "its limit of 512.0M (cgroup) is reached in 17 h to never"));
	assert_string_equal(a.reason, "it passed every gate");
	assert_true(a.starts_ns == START && a.pid == 4711 && a.growth == 1200 * 1024);
	/* The longest names there are. */
	char longest[5000];

	memset(longest, 'x', sizeof(longest) - 1);
	longest[0] = '/';
	longest[sizeof(longest) - 1] = '\0';
	ev.subject.exe = ev.subject.cgroup = ev.subject.unit = longest;
	pw_alert_of_event(&ev, longest, &a);
	ev.subject.type = PW_SUBJECT_CGROUP;
	pw_alert_of_event(&ev, longest, &a);
	ev.kind = PW_SERIES_OPEN_FILES;
	pw_alert_of_event(&ev, "", &a);
	assert_non_null(strstr(a.summary, "files"));
}

static void test_members_differ(void **state)
{
	struct pw_verdict_event ev = event(PW_VERDICT_STABLE, PW_VERDICT_GROWING);
	struct pw_subject other = ev.subject, group = ev.subject;

	(void)state;
	other.key.pid++;
	group.type = PW_SUBJECT_GROUP;
	assert_true(pw_alert_member(&ev.subject, PW_SERIES_ANON) !=
		    pw_alert_member(&other, PW_SERIES_ANON));
	assert_true(pw_alert_member(&ev.subject, PW_SERIES_ANON) !=
		    pw_alert_member(&ev.subject, PW_SERIES_HEAP));
	assert_true(pw_alert_member(&ev.subject, PW_SERIES_ANON) !=
		    pw_alert_member(&group, PW_SERIES_ANON));
	assert_true(pw_subject_fingerprint(&ev.subject, PW_SERIES_ANON) ==
		    pw_subject_fingerprint(&group, PW_SERIES_ANON));
}

static void test_a_wipe_in_part_is_told_and_ends(void **state)
{
	struct trace t = { .now_ns = 100 * TRACE_SECOND };
	struct pw_alert_book *book = NULL;
	struct pw_alerting alerting = { 0 };
	struct pw_model *m = NULL;
	struct told told = { 0 };
	uint64_t real_ns = pw_clock_real_ns(), first;

	(void)state;
	assert_int_equal(pw_model_create(NULL, &m), 0);
	assert_int_equal(pw_alert_book_create(10, tell, &told, &book), 0);
	trace_machine(&t, "boot-1")->boot_realtime_ns = real_ns - 100 * SEC;
	trace_identity(&t, trace_key(7), "/usr/sbin/keyd", "/k", "keyd.service", "keyd");
	trace_wiped_in_part(trace_wipe(&t, trace_key(7), 0x1000, 64, "/usr/lib/libkeys.so", 0x10,
				       "free_key"),
			    8, 56);
	trace_tick(&t);
	assert_int_equal(trace_flush(&t, pw_model_ingest, m), 0);
	assert_int_equal(m->invalid_records, 0);
	assert_false(pw_alerting_tick(&alerting, book, m, NULL, "host"));
	pw_alert_book_run(book, real_ns);
	assert_int_equal(told.count, 1);
	assert_string_equal(told.last.name, "PagewardenWipedInPart");
	assert_string_equal(told.last.class, "wiped-in-part");
	assert_string_equal(told.last.exe, "/usr/sbin/keyd");
	assert_true(told.last.pid == 7 && told.last.count == 1 && told.last.fingerprint != 0);
	assert_non_null(strstr(told.last.summary, "keyd wiped a buffer in part"));
	first = told.last.fingerprint;
	/* Nothing new is no news; then it is quiet for long enough. */
	alerting.wipes_ns = 0;
	pw_alerting_tick(&alerting, book, m, NULL, "host");
	pw_alert_book_run(book, real_ns + PW_ALERTING_HOLD_NS - SEC);
	assert_int_equal(told.count, 1);
	pw_alert_book_run(book, real_ns + PW_ALERTING_HOLD_NS + SEC);
	assert_int_equal(told.count, 2);
	assert_true(told.last.state == PW_ALERT_RESOLVED && told.last.fingerprint == first);
	pw_alert_book_destroy(book);
	pw_model_destroy(m);
	trace_free(&t);
}

/* Trends that are switched off judge nothing: what they said is over. */
static void test_without_trends_their_alerts_end(void **state)
{
	struct pw_alert a = sample("growing", 1), held = sample("wiped-in-part", 2);
	struct pw_alert_book *book = NULL;
	struct pw_alerting alerting = { 0 };
	struct pw_model *m = NULL;
	struct told told = { 0 };

	(void)state;
	assert_int_equal(pw_model_create(NULL, &m), 0);
	assert_int_equal(pw_alert_book_create(10, tell, &told, &book), 0);
	pw_alert_book_raise(book, &a, 1, false, 0);
	pw_alert_book_raise(book, &held, 1, false, UINT64_MAX - 1);
	pw_alert_book_run(book, START);
	assert_int_equal(told.count, 2);
	pw_alerting_tick(&alerting, book, m, NULL, "host");
	pw_alerting_tick(&alerting, book, m, NULL, "host");
	assert_int_equal(told.count, 3);
	assert_string_equal(told.last.reason, "leaks are not looked for any more");
	assert_string_equal(told.last.class, "growing");
	pw_alert_book_destroy(book);
	pw_model_destroy(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_hostile_documents),
		cmocka_unit_test(test_long_texts_keep_their_end),
		cmocka_unit_test(test_journal_entry),
		cmocka_unit_test(test_members_make_one_alert),
		cmocka_unit_test(test_rate),
		cmocka_unit_test(test_sweep_and_hold),
		cmocka_unit_test(test_book_is_bounded),
		cmocka_unit_test(test_book_over_a_restart),
		cmocka_unit_test(test_hostile_book),
		cmocka_unit_test(test_a_verdict_in_words),
		cmocka_unit_test(test_members_differ),
		cmocka_unit_test(test_a_wipe_in_part_is_told_and_ends),
		cmocka_unit_test(test_without_trends_their_alerts_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
