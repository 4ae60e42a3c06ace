// SPDX-License-Identifier: GPL-2.0-or-later
/* links: rest. The report: its order, its bounds, and a page that no name can break. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tests/lib/trace.h"
#include "user/view/html_chart.h"
#include "user/view/report.h"

#define NASTY "<b>\"'&\x1b[31m"

static struct pw_model *play(struct trace *t)
{
	struct pw_model *m;

	assert_int_equal(pw_model_create(NULL, &m), 0);
	assert_int_equal(trace_play(t, pw_model_ingest, m), 0);
	trace_free(t);
	return m;
}

/* Three that run (one grows), one that was killed for memory, one that ended well. */
static struct pw_model *usual_model(void)
{
	struct trace t = { .now_ns = 1000 * TRACE_SECOND };

	trace_comm(trace_identity(&t, trace_key(31), "/tmp/</title><script>", "/a", "u", "c")->comm,
		   NASTY);
	trace_machine(&t, "boot");
	strcpy((char *)trace_machine(&t, "boot")->hostname, "h<i>ost");
	for (unsigned int i = 0; i < 20; i++) {
		trace_comm(trace_counters(&t, trace_key(31), 100 + 10 * i)->comm, NASTY);
		trace_counters(&t, trace_key(37), 5000);
		trace_counters(&t, trace_key(41), 300 - i);
		trace_tick(&t);
	}
	trace_counters(&t, trace_key(43), 7000);
	trace_oom(&t, trace_key(43))->anon_pages = 7000;
	trace_exit(&t, trace_key(43), 9)->hiwater_rss_pages = 7001;
	trace_fork(&t, trace_key(47), trace_key(37));
	trace_exit(&t, trace_key(47), 0)->hiwater_rss_pages = 17;
	trace_segments(&t, trace_key(31), 2);
	trace_segment(&t, trace_key(31), PW_SEG_ANON, "small", 0x1000, 4096);
	trace_segment(&t, trace_key(31), PW_SEG_HEAP, "large", 0x9000, 8192);
	trace_tick(&t);
	return play(&t);
}

static uint32_t pid_at(const struct pw_report *r, enum pw_report_table t, size_t i)
{
	assert_true(i < r->tables[t].count);
	return ((const struct pw_process *)r->tables[t].rows[i])->key.pid;
}

static void tables_have_their_order(void **state)
{
	struct pw_model *m = usual_model();
	struct pw_report r;

	(void)state;
	assert_int_equal(pw_report_init(&r, m, 0), 0);
	assert_int_equal(r.tables[PW_REPORT_PROCESSES].count, 3);
	assert_int_equal(pid_at(&r, PW_REPORT_PROCESSES, 0), 37);
	assert_int_equal(pid_at(&r, PW_REPORT_PROCESSES, 1), 31);
	assert_int_equal(pid_at(&r, PW_REPORT_PROCESSES, 2), 41);
	assert_int_equal(r.tables[PW_REPORT_GROWING].count, 1);
	assert_int_equal(pid_at(&r, PW_REPORT_GROWING, 0), 31);
	assert_int_equal(r.tables[PW_REPORT_DEAD].count, 2);
	assert_int_equal(pid_at(&r, PW_REPORT_DEAD, 0), 43);
	assert_int_equal(pid_at(&r, PW_REPORT_DEAD, 1), 47);
	assert_int_equal(r.tables[PW_REPORT_OOM_KILLS].count, 1);
	assert_int_equal(r.tables[PW_REPORT_SEGMENTS].count, 2);
	assert_string_equal(
		((const struct pw_segment_row *)r.tables[PW_REPORT_SEGMENTS].rows[0])->name, "large");
	pw_report_deinit(&r);
	pw_model_destroy(m);
}

static void the_limit_holds_and_keeps_the_newest_events(void **state)
{
	struct pw_model *m = usual_model();
	struct pw_report r;
	const struct pw_event *last;

	(void)state;
	assert_int_equal(pw_report_init(&r, m, 1), 0);
	assert_int_equal(r.tables[PW_REPORT_PROCESSES].count, 1);
	assert_int_equal(r.tables[PW_REPORT_GROUPS].count, 1);
	assert_int_equal(r.tables[PW_REPORT_EVENTS].count, 1);
	last = r.tables[PW_REPORT_EVENTS].rows[0];
	assert_int_equal(last->key.pid, 47);
	assert_int_equal(last->type, PW_REC_EXIT);
	assert_int_equal(r.tables[PW_REPORT_OOM_KILLS].count, 1);
	pw_report_deinit(&r);
	pw_model_destroy(m);
}

static char *report_text(const struct pw_model *m, enum pw_format format)
{
	struct pw_emit_options opt = { .format = format };
	struct pw_report r;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_int_equal(pw_report_init(&r, m, 0), 0);
	assert_int_equal(pw_report_emit(&r, &opt, out), 0);
	pw_report_deinit(&r);
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

static void the_page_is_whole_and_asks_for_nothing(void **state)
{
	struct pw_model *m = usual_model();
	char *html = report_text(m, PW_FORMAT_HTML);
	static const char *const pairs[][2] = {
		{ "<html", "</html>" },	 { "<section", "</section>" }, { "<table", "</table>" },
		{ "<tr>", "</tr>" },	 { "<td", "</td>" },	       { "<svg", "</svg>" },
		{ "<ul", "</ul>" },	 { "<div", "</div>" },	       { "<title>", "</title>" },
		{ "<text ", "</text>" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		assert_true(count_of(html, pairs[i][0]) > 0);
		assert_int_equal(count_of(html, pairs[i][0]), count_of(html, pairs[i][1]));
	}
	assert_non_null(strstr(html, "default-src 'none'"));
	assert_null(strstr(html, "http:"));
	assert_null(strstr(html, "https:"));
	assert_null(strstr(html, "url("));
	assert_null(strstr(html, "src=\""));
	assert_null(strstr(html, "<script"));
	assert_null(strstr(html, "nan"));
	free(html);
	pw_model_destroy(m);
}

static void no_name_breaks_the_page(void **state)
{
	struct pw_model *m = usual_model();
	char *html = report_text(m, PW_FORMAT_HTML);

	(void)state;
	assert_null(strstr(html, "<b>\""));
	assert_null(strstr(html, "h<i>ost"));
	assert_null(strchr(html, '\x1b'));
	assert_non_null(strstr(html, "&lt;b&gt;&quot;&#39;&amp;\\x1b[31m"));
	assert_non_null(strstr(html, "Memory of h&lt;i&gt;ost"));
	free(html);
	pw_model_destroy(m);
}

static void the_same_records_give_the_same_bytes(void **state)
{
	static const enum pw_format formats[] = { PW_FORMAT_TEXT, PW_FORMAT_JSON, PW_FORMAT_CSV,
						  PW_FORMAT_HTML };

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		struct pw_model *first = usual_model(), *second = usual_model();
		char *a = report_text(first, formats[i]), *b = report_text(second, formats[i]);

		assert_string_equal(a, b);
		free(a);
		free(b);
		pw_model_destroy(first);
		pw_model_destroy(second);
	}
}

static void an_empty_model_has_a_report(void **state)
{
	struct trace t = { .now_ns = 1000 * TRACE_SECOND };
	struct pw_model *m;
	char *html;

	(void)state;
	trace_machine(&t, "boot")->memory_pages = 0;
	trace_tick(&t);
	m = play(&t);
	html = report_text(m, PW_FORMAT_HTML);
	assert_non_null(strstr(html, "Nothing grew."));
	assert_null(strstr(html, "nan"));
	free(html);
	free(report_text(m, PW_FORMAT_TEXT));
	pw_model_destroy(m);
}

static void a_full_disk_is_an_error(void **state)
{
	struct pw_model *m = usual_model();
	struct pw_emit_options opt = { .format = PW_FORMAT_HTML };
	struct pw_report r;
	FILE *full = fopen("/dev/full", "w");

	(void)state;
	assert_int_equal(pw_report_init(&r, m, 0), 0);
	assert_int_equal(pw_report_emit(&r, &opt, full), -ENOSPC);
	fclose(full);
	pw_report_deinit(&r);
	pw_model_destroy(m);
}

/* Values at the ends of their range stay inside the drawing. */
static void a_chart_stays_in_its_frame(void **state)
{
	static const int64_t values[][2] = {
		{ 0, 0 }, { -1, 1 }, { INT64_MAX / 4, 0 }, { -(INT64_MAX / 4), 4096 }, { 1, 1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		struct pw_chart c = { .about = "", .line_count = 1, .step_ns = 1, .end_ns = 10 };
		char *svg = NULL, *at;
		size_t size;
		FILE *out = open_memstream(&svg, &size);

		c.lines[0].count = 2;
		memcpy(c.lines[0].bytes, values[i], sizeof(values[i]));
		pw_chart_draw(&c, out);
		fclose(out);
		assert_true(count_of(svg, "<text") < 40);
		for (at = svg; (at = strstr(at, "y1=\"")); at++)
			assert_in_range(strtol(at + 4, NULL, 10), 0, 240);
		free(svg);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tables_have_their_order),
		cmocka_unit_test(the_limit_holds_and_keeps_the_newest_events),
		cmocka_unit_test(the_page_is_whole_and_asks_for_nothing),
		cmocka_unit_test(no_name_breaks_the_page),
		cmocka_unit_test(the_same_records_give_the_same_bytes),
		cmocka_unit_test(an_empty_model_has_a_report),
		cmocka_unit_test(a_full_disk_is_an_error),
		cmocka_unit_test(a_chart_stays_in_its_frame),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
