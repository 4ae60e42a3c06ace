// SPDX-License-Identifier: GPL-2.0-or-later
/* links: rest. The report on a period, from a store that the test fills: what it says, and that nothing breaks it. */
#include "lib/history.h"

#include <errno.h>
#include <string.h>

#include "user/base/text.h"
#include "user/store/period.h"
#include "user/view/mail.h"
#include "user/view/period_report.h"

#define NASTY "<b>\"'&\x1b[31m"
#define BEGIN 2800ull /* after boot; a full hour of realtime */
#define END (BEGIN + 3600)

/* ---- from the store ------------------------------------------------------------------- */

static int period_of(struct fixture *f, uint64_t from_s, uint64_t to_s, struct pw_period **ret,
		     struct pw_error *err)
{
	memset(err, 0, sizeof(*err));
	assert_int_equal(pw_store_flush(f->s, err), 0);
	return pw_store_period(f->s, real(from_s), real(to_s), ret, err);
}

static struct pw_period *must_period(struct fixture *f, uint64_t from_s, uint64_t to_s)
{
	struct pw_period *p = NULL;
	struct pw_error err;
	int r = period_of(f, from_s, to_s, &p, &err);

	if (r)
		print_message("%s\n", err.what);
	assert_int_equal(r, 0);
	return p;
}

static void named(struct fixture *f, uint32_t pid, const char *comm, const char *exe)
{
	trace_comm(trace_identity(&f->t, trace_key(pid), exe, "/slice", "unit", "")->comm, comm);
}

/* An hour in which 7 grows by a page in each step, and 11 stays. */
static void usual_hour(struct fixture *f)
{
	named(f, 7, NASTY, "/tmp/</title><script>alert(1)</script>");
	named(f, 11, "stays", "/bin/stays");
	grow(f, 11, 1000);
	for (uint64_t t = BEGIN; t <= END; t += 10) {
		trace_comm(trace_counters(&f->t, trace_key(7), 1000 + t - BEGIN)->comm, NASTY);
		tick_at(f, t);
	}
}

static void it_says_who_grew(void **state)
{
	struct fixture *f = *state;
	struct pw_period_process **rows;
	struct pw_period *p;
	size_t count;

	usual_hour(f);
	p = must_period(f, BEGIN, END);
	assert_int_equal(p->watch.watched_ns, 3600 * TRACE_SECOND);
	assert_int_equal(p->gap_count, 0);
	assert_int_equal(pw_period_rank_processes(p, PW_PERIOD_GROWN, &rows, &count), 0);
	assert_int_equal(count, 1);
	assert_int_equal(rows[0]->pid, 7);
	/* the tick at t tells the step that ended then; before the first there is one more */
	assert_in_range(pw_period_process_change(rows[0]), 3580 * PAGE, 3600 * PAGE);
	free(rows);
	assert_string_equal(p->last_boot.host, "host");
	pw_period_destroy(p);
}

/* The rows of an older tier say the same, as exactly as they can. */
static void it_says_so_of_aged_points(void **state)
{
	struct fixture *f = *state;
	struct pw_period *p;

	usual_hour(f);
	assert_int_equal(maintain_at(f, END + 2 * 86400), 0);
	assert_int_equal(sql_number(f, "SELECT count(*) FROM point WHERE tier = 0"), 0);
	p = must_period(f, BEGIN, END);
	assert_int_equal(p->watch.watched_ns, 3600 * TRACE_SECOND);
	assert_int_equal(p->group_count, 2);
	for (size_t i = 0; i < p->process_count; i++) {
		if (p->processes[i]->pid == 7)
			assert_in_range(pw_period_process_change(p->processes[i]), 3290 * PAGE,
					3600 * PAGE);
	}
	pw_period_destroy(p);
}

static void an_empty_history_is_told(void **state)
{
	struct fixture *f = *state;
	struct pw_period *p = NULL;
	struct pw_error err;

	assert_int_equal(period_of(f, BEGIN, END, &p, &err), -ENODATA);
	assert_non_null(strstr(err.remedy, "it is empty"));
	assert_null(p);
}

static void a_time_before_the_history_is_told_with_its_begin(void **state)
{
	struct fixture *f = *state;
	struct pw_period *p = NULL;
	struct pw_error err;

	usual_hour(f);
	assert_int_equal(period_of(f, 0, 1000, &p, &err), -ENODATA);
	assert_non_null(strstr(err.remedy, "it begins at 2023-11-14T23:"));
	assert_int_equal(period_of(f, END, BEGIN, &p, &err), -EINVAL);
	assert_null(p);
}

static void what_lies_before_the_history_is_a_gap(void **state)
{
	struct fixture *f = *state;
	struct pw_period *p;

	usual_hour(f);
	p = must_period(f, 0, END);
	assert_int_equal(p->gap_count, 1);
	assert_true(p->gaps[0].before_history);
	pw_period_destroy(p);
}

static void several_boots(void **state)
{
	struct fixture *f = *state;
	struct pw_period *p;

	named(f, 1, "init", "/sbin/init");
	grow(f, 1, 100);
	usual_hour(f);
	pw_store_close(f->s);
	f->s = NULL;
	fresh_model(f, "boot-2");
	/* half an hour later the machine is back: its clock of the boot begins at 0 */
	strcpy((char *)trace_machine(&f->t, "boot-2")->release, "6.2.0");
	((struct pw_machine *)(f->t.bytes))->boot_realtime_ns += (END + 1800) * TRACE_SECOND;
	((struct pw_machine *)(f->t.bytes + sizeof(struct pw_machine)))->boot_realtime_ns +=
		(END + 1800) * TRACE_SECOND;
	must_open(f, 0);
	named(f, 1, "init", "/sbin/init");
	grow(f, 1, 100);
	named(f, 11, "stays", "/bin/stays");
	grow(f, 11, 500);
	for (uint64_t t = 10; t <= 610; t += 10)
		tick_at(f, t);
	p = must_period(f, BEGIN, END + 1800 + 600);
	assert_int_equal(p->boot_count, 1);
	assert_string_equal(p->boots[0].release, "6.2.0");
	assert_string_equal(p->last_boot.boot_id, "boot-2");
	assert_int_equal(p->gap_count, 1);
	for (size_t i = 0; i < p->group_count; i++) {
		const struct pw_period_group *g = p->groups[i];

		assert_int_equal(g->restarts, 0);
		if (strcmp(g->exe, "/bin/stays") == 0) {
			assert_int_equal(g->lived, 2);
			assert_int_equal(pw_period_group_change(g), -500 * (int64_t)PAGE);
		}
	}
	assert_int_equal(p->watch.starts, 1);
	pw_period_destroy(p);
}

/* Back by half an hour, on by a day: the report is of the times that the rows have. */
static void a_clock_that_jumps(void **state)
{
	struct fixture *f = *state;
	struct pw_period *p;
	struct pw_machine *m;

	usual_hour(f);
	m = trace_machine(&f->t, "boot-1");
	m->boot_realtime_ns -= 1800 * TRACE_SECOND;
	for (uint64_t t = END + 10; t <= END + 600; t += 10) {
		grow(f, 7, 9000);
		tick_at(f, t);
	}
	m = trace_machine(&f->t, "boot-1");
	m->boot_realtime_ns += 86400 * TRACE_SECOND;
	for (uint64_t t = END + 610; t <= END + 1200; t += 10)
		tick_at(f, t);
	p = must_period(f, BEGIN, END);
	assert_int_equal(p->watch.watched_ns, 3600 * TRACE_SECOND);
	pw_period_destroy(p);
	p = must_period(f, BEGIN, END + 2 * 86400);
	assert_true(p->gap_count >= 1);
	assert_true(p->watch.watched_ns < 2 * 3600 * TRACE_SECOND);
	pw_period_destroy(p);
}

/* ---- the report ----------------------------------------------------------------------- */

static char *report_text(const struct pw_period *p, enum pw_format format)
{
	struct pw_emit_options opt = { .format = format };
	struct pw_period_report r;
	struct pw_model *wipes;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_int_equal(pw_model_create(NULL, &wipes), 0);
	assert_int_equal(pw_period_report_init(&r, p, wipes, 0), 0);
	assert_int_equal(pw_period_report_emit(&r, &opt, PW_PERIOD_GROWN_GROUPS, out), 0);
	pw_period_report_deinit(&r);
	pw_model_destroy(wipes);
	fclose(out);
	return text;
}

static size_t count_of(const char *text, const char *what)
{
	size_t n = 0;

	for (; (text = strstr(text, what)); text += strlen(what))
		n++;
	return n;
}

static void no_name_breaks_the_page(void **state)
{
	struct fixture *f = *state;
	struct pw_period *p;
	char *html;

	usual_hour(f);
	p = must_period(f, BEGIN, END);
	html = report_text(p, PW_FORMAT_HTML);
	assert_null(strstr(html, "<script"));
	assert_null(strstr(html, "<b>\""));
	assert_null(strchr(html, '\x1b'));
	assert_int_equal(count_of(html, "</title>"), count_of(html, "<title>"));
	assert_non_null(strstr(html, "&lt;b&gt;&quot;&#39;&amp;\\x1b[31m"));
	assert_null(strstr(html, "http:"));
	assert_null(strstr(html, "url("));
	assert_null(strstr(html, "src=\""));
	assert_null(strstr(html, "nan"));
	assert_non_null(strstr(html, "id=\"machine\""));
	assert_non_null(strstr(html, "Nothing alarming"));
	free(html);
	pw_period_destroy(p);
}

static void text_fits_its_width(void **state)
{
	struct fixture *f = *state;
	struct pw_period *p;
	char *text;

	usual_hour(f);
	p = must_period(f, BEGIN - 600, END);
	text = report_text(p, PW_FORMAT_TEXT);
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
		assert_true(pw_text_width(line) <= PW_PERIOD_TEXT_WIDTH);
		assert_null(strchr(line, '\x1b'));
	}
	free(text);
	pw_period_destroy(p);
}

static void the_same_history_gives_the_same_bytes(void **state)
{
	static const enum pw_format formats[] = { PW_FORMAT_TEXT, PW_FORMAT_JSON, PW_FORMAT_CSV,
						  PW_FORMAT_HTML };
	struct fixture *f = *state;

	usual_hour(f);
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		struct pw_period *a = must_period(f, BEGIN, END), *b = must_period(f, BEGIN, END);
		char *first = report_text(a, formats[i]), *second = report_text(b, formats[i]);

		assert_string_equal(first, second);
		free(first);
		free(second);
		pw_period_destroy(a);
		pw_period_destroy(b);
	}
}

static void a_full_disk_is_an_error(void **state)
{
	static const enum pw_format formats[] = { PW_FORMAT_TEXT, PW_FORMAT_JSON, PW_FORMAT_HTML };
	struct fixture *f = *state;
	struct pw_period_report r;
	struct pw_model *wipes;
	struct pw_period *p;

	usual_hour(f);
	p = must_period(f, BEGIN, END);
	assert_int_equal(pw_model_create(NULL, &wipes), 0);
	assert_int_equal(pw_period_report_init(&r, p, wipes, 0), 0);
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		const struct pw_emit_options opt = { .format = formats[i] };
		FILE *full = fopen("/dev/full", "w");

		setvbuf(full, NULL, _IONBF, 0);
		assert_int_equal(pw_period_report_emit(&r, &opt, PW_PERIOD_GROWN_GROUPS, full),
				 -ENOSPC);
		fclose(full);
	}
	pw_period_report_deinit(&r);
	pw_model_destroy(wipes);
	pw_period_destroy(p);
}

/* ---- the mail ------------------------------------------------------------------------- */

static void an_address_is_no_header(void **state)
{
	(void)state;
	assert_true(pw_mail_address_is_sane("admin@example.org"));
	assert_true(pw_mail_address_is_sane("Admin <a@example.org>, b@example.org"));
	assert_true(pw_mail_address_is_sane("root"));
	assert_false(pw_mail_address_is_sane(""));
	assert_false(pw_mail_address_is_sane("a@b\nBcc: everybody@example.org"));
	assert_false(pw_mail_address_is_sane("a@b\r"));
	assert_false(pw_mail_address_is_sane("\xff@b"));
	assert_false(pw_mail_address_is_sane("two words"));
}

static void a_mail_has_short_lines_of_ascii(void **state)
{
	char *bytes = NULL, *html = malloc(100001);
	size_t size;
	FILE *out = open_memstream(&bytes, &size);

	(void)state;
	memset(html, 'x', 100000);
	html[100000] = '\0';
	assert_int_equal(pw_mail_emit(&(struct pw_mail){ "a@b",
							 "Grün: \xe2\x96\x81 of a machine with a "
							 "name that is far too long for a line",
							 "text\n", html },
				      out),
			 0);
	fclose(out);
	assert_int_equal(strncmp(bytes, "To: a@b\nSubject: =?UTF-8?B?", 27), 0);
	for (char *line = strtok(bytes, "\n"); line; line = strtok(NULL, "\n")) {
		assert_true(strlen(line) <= 78);
		for (const char *c = line; *c; c++)
			assert_in_range(*c, ' ', '~');
	}
	free(bytes);
	free(html);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		HISTORY_TEST(it_says_who_grew),
		HISTORY_TEST(it_says_so_of_aged_points),
		HISTORY_TEST(an_empty_history_is_told),
		HISTORY_TEST(a_time_before_the_history_is_told_with_its_begin),
		HISTORY_TEST(what_lies_before_the_history_is_a_gap),
		HISTORY_TEST(several_boots),
		HISTORY_TEST(a_clock_that_jumps),
		HISTORY_TEST(no_name_breaks_the_page),
		HISTORY_TEST(text_fits_its_width),
		HISTORY_TEST(the_same_history_gives_the_same_bytes),
		HISTORY_TEST(a_full_disk_is_an_error),
		cmocka_unit_test(an_address_is_no_header),
		cmocka_unit_test(a_mail_has_short_lines_of_ascii),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
