// SPDX-License-Identifier: GPL-2.0-or-later
/* links: rest. What leaks and explain write of hand-made series: amounts, times, gaps, plots, hostile names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/text.h"
#include "user/view/emitter.h"
#include "user/view/leak_report.h"

#define HOUR_NS 3600000000000ull
#define NOW_NS 1700000000000000000ull

static struct pw_subject subject_of(const char *comm)
{
	struct pw_subject s = {
		.type = PW_SUBJECT_PROCESS,
		.key = { .pid = 4711, .start_ns = 1000000000 },
		.exe = "/usr/bin/leaker",
		.cgroup = "/system.slice/leaker.service",
		.unit = "leaker.service",
		.container = "",
		.boot_id = "boot-1",
		.alive = true,
		.first_seen_ns = NOW_NS - 24 * HOUR_NS,
		.last_seen_ns = NOW_NS,
	};

	snprintf(s.comm, sizeof(s.comm), "%s", comm);
	return s;
}

/* A straight line of blocks of an hour: 100 MiB, and 10 MiB more each. */
static struct pw_suspect leak_of(const struct pw_subject *s)
{
	struct pw_suspect leak = {
		.subject = s,
		.kind = PW_SERIES_ANON,
		.verdict = {
			.verdict = PW_VERDICT_GROWING,
			.confidence = 0.97,
			.window_ns = PW_TREND_BLOCKS * HOUR_NS,
			.block_ns = HOUR_NS,
			.blocks = PW_TREND_BLOCKS,
			.since_ns = NOW_NS - 24 * HOUR_NS,
			.slope = 10 << 20,
			.slope_low = 9 << 20,
			.slope_high = 11 << 20,
		},
		.value = 340ull << 20,
		.limit = { PW_LIMIT_CGROUP, 1ull << 30, 340ull << 20, 684ull << 20 },
		.time_to_limit = { true, 68.4 * 3600, 62 * 3600, INFINITY },
		.suspected_since_ns = NOW_NS - HOUR_NS,
		.floor_count = PW_TREND_BLOCKS,
		.floors_from_ns = NOW_NS - 24 * HOUR_NS,
		.floors_block_ns = HOUR_NS,
	};

	for (uint64_t i = 0; i < PW_TREND_BLOCKS; i++)
		leak.floors[i] = (100 + 10 * i) << 20;
	for (unsigned int i = 0; i < PW_GATES; i++)
		leak.verdict.gates[i] = (struct pw_gate_result){ true, true, 1, 0 };
	return leak;
}

static void cell_of(const struct pw_column *columns, const char *name, const void *row,
		    unsigned int width, char out[512])
{
	const struct pw_column *c = pw_column_find(columns, name);
	struct pw_value v;

	assert_non_null(c);
	c->get(NULL, row, &v);
	pw_emit_cell(c, &v, width, false, out, 512);
}

static void assert_cell(const void *row, const char *name, const char *expected)
{
	char text[512];

	cell_of(pw_leak_columns, name, row, 0, text);
	assert_string_equal(text, expected);
}

/* ---- formatting ------------------------------------------------------------------ */

static void amounts_are_of_bytes_or_of_things(void **state)
{
	static const struct {
		double n;
		bool bytes;
		const char *text;
	} cases[] = {
		{ 0, true, "0" },
		{ 1536, true, "2K" },
		{ 10 << 20, true, "10.0M" },
		{ -(10 << 20), true, "-10.0M" },
		{ 1e30, true, "16.0E" },
		{ 0, false, "0" },
		{ 0.05, false, "0.05" },
		{ 7.25, false, "7.25" },
		{ 312, false, "312" },
		{ 1234, false, "1.2k" },
		{ -1234, false, "-1.2k" },
	};
	char text[PW_PLAIN_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		pw_emit_amount(cases[i].n, cases[i].bytes, text);
		assert_string_equal(text, cases[i].text);
	}
}

static void an_amount_that_is_no_number_is_unknown(void **state)
{
	struct pw_value v;

	(void)state;
	pw_value_amount(&v, INFINITY, true);
	assert_false(v.known);
	pw_value_amount(&v, NAN, false);
	assert_false(v.known);
}

static void durations_have_one_unit(void **state)
{
	static const struct {
		uint64_t ns;
		const char *text;
	} cases[] = {
		{ 0, "0ns" },
		{ 999999990, "1.0s" },
		{ 90 * 1000000000ull, "1.5min" },
		{ 19 * HOUR_NS, "19.0h" },
		{ 60 * HOUR_NS, "2.5d" },
		{ 730 * 24 * HOUR_NS, "2.0y" },
	};
	char text[PW_PLAIN_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		pw_emit_duration(cases[i].ns, text);
		assert_string_equal(text, cases[i].text);
	}
}

static void what_comes_after_a_century_never_comes(void **state)
{
	uint64_t ns = 7;

	(void)state;
	assert_true(pw_leak_seconds(3600, &ns));
	assert_int_equal(ns, HOUR_NS);
	assert_true(pw_leak_seconds(-1, &ns));
	assert_int_equal(ns, 0);
	assert_false(pw_leak_seconds(INFINITY, &ns));
	assert_false(pw_leak_seconds(NAN, &ns));
	assert_false(pw_leak_seconds(200.0 * 366 * 86400, &ns));
}

/* ---- a series -------------------------------------------------------------------- */

static void a_suspect_has_its_figures(void **state)
{
	struct pw_subject s = subject_of("leaker");
	struct pw_suspect leak = leak_of(&s);

	(void)state;
	assert_cell(&leak, "name", "leaker");
	assert_cell(&leak, "verdict", "growing");
	assert_cell(&leak, "suspect", "yes");
	assert_cell(&leak, "confidence_ratio", "97.0");
	assert_cell(&leak, "value", "340.0M");
	assert_cell(&leak, "growth_per_hour", "10.0M");
	assert_cell(&leak, "growth_low_per_hour", "9.0M");
	assert_cell(&leak, "growth_high_per_hour", "11.0M");
	assert_cell(&leak, "limit_kind", "cgroup");
	assert_cell(&leak, "limit", "1.0G");
	assert_cell(&leak, "time_to_limit_ns", "2.9d");
	assert_cell(&leak, "time_to_limit_low_ns", "2.6d");
	assert_cell(&leak, "time_to_limit_high_ns", "-");
	assert_cell(&leak, "since_time", "2023-11-13T22:13:20.000Z");
	assert_cell(&leak, "failed_gate", "-");
}

static void what_is_not_known_is_a_dash(void **state)
{
	struct pw_subject s = subject_of("");
	struct pw_suspect nothing = { .subject = &s, .value = PW_UNKNOWN };
	static const char *const names[] = {
		"name",
		"confidence_ratio",
		"value",
		"growth_per_hour",
		"growth_low_per_hour",
		"since_time",
		"suspected_since_time",
		"limit_kind",
		"limit",
		"limit_left",
		"time_to_limit_ns",
		"floors",
		"floors_from_time",
		"block_ns",
		"window_ns",
		"start_time",
		"failed_gate",
		"members",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		assert_cell(&nothing, names[i], "-");
	assert_cell(&nothing, "verdict", "unknown");
}

static void threads_are_counted_not_measured(void **state)
{
	struct pw_subject s = subject_of("pool");
	struct pw_suspect leak = leak_of(&s);

	(void)state;
	leak.kind = PW_SERIES_THREADS;
	leak.value = 2048;
	leak.verdict.slope = 1.5;
	assert_cell(&leak, "value", "2.0k");
	assert_cell(&leak, "growth_per_hour", "1.5");
	assert_cell(&leak, "unit", "threads");
}

static void names_cannot_steer_a_terminal(void **state)
{
	struct pw_subject s = subject_of("\x1b[31mred\n");
	struct pw_suspect leak = leak_of(&s);
	char text[512];

	(void)state;
	assert_cell(&leak, "name", "\\x1b[31mred\\x0a");
	s.type = PW_SUBJECT_GROUP;
	s.exe = "/opt/\xff\xfe/a\tb";
	assert_cell(&leak, "name", "a\\x09b");
	s.type = PW_SUBJECT_CGROUP;
	s.cgroup = "/evil\xe2\x80\xae";
	assert_cell(&leak, "name", "/evil\\xe2\\x80\\xae");
	/* longer than any room: cut, and whole as text */
	s.cgroup = memset(malloc(5000), 'x', 4999);
	((char *)s.cgroup)[4999] = '\0';
	pw_leak_name(&s, text, sizeof(text));
	assert_int_equal(strlen(text), sizeof(text) - 1);
	free((char *)s.cgroup);
}

static void a_suspect_comes_before_a_stable_series(void **state)
{
	struct pw_subject s = subject_of("x");
	struct pw_suspect leak = leak_of(&s), stable = leak_of(&s);
	const struct pw_column *c = pw_column_find(pw_leak_columns, "verdict");

	(void)state;
	stable.verdict.verdict = PW_VERDICT_BOUNDED; /* before 'growing' in the alphabet */
	assert_true(pw_column_compare(c, NULL, &leak, &stable, false) < 0);
	assert_true(pw_column_compare(c, NULL, &leak, &stable, true) > 0);
}

static void gaps_are_shown_as_gaps(void **state)
{
	struct pw_subject s = subject_of("x");
	struct pw_suspect leak = leak_of(&s);
	const struct pw_column *c = pw_column_find(pw_leak_columns, "floors");
	struct pw_value v;
	char text[512];

	(void)state;
	leak.floors[0] = leak.floors[7] = leak.floors[23] = PW_UNKNOWN;
	cell_of(pw_leak_columns, "floors", &leak, 0, text);
	assert_int_equal(pw_text_width(text), PW_TREND_BLOCKS);
	assert_memory_equal(text, "·", strlen("·"));
	assert_string_equal(text + strlen(text) - strlen("·"), "·");
	/* sorted by the newest that is known */
	c->get(NULL, &leak, &v);
	assert_true(v.spark.gapped);
	assert_int_equal(v.spark.points[7], PW_SPARK_GAP);
	assert_int_equal(v.spark.points[1], 110u << 20);
}

static void floors_beyond_32_bits_keep_their_shape(void **state)
{
	struct pw_subject s = subject_of("x");
	struct pw_suspect leak = leak_of(&s);
	const struct pw_column *c = pw_column_find(pw_leak_columns, "floors");
	struct pw_value v;

	(void)state;
	leak.floors[23] = 1ull << 47;
	c->get(NULL, &leak, &v);
	assert_true((uint64_t)v.spark.points[23] * v.spark.scale == 1ull << 47);
	assert_true(v.spark.points[23] != PW_SPARK_GAP);
	leak.floors[23] = UINT64_MAX - 1;
	c->get(NULL, &leak, &v);
	assert_true(v.spark.points[23] != PW_SPARK_GAP);
}

/* ---- the plot -------------------------------------------------------------------- */

static void assert_plot_is_whole(const struct pw_leak_plot *p)
{
	for (size_t i = 0; i < p->count; i++) {
		char out[4 * PW_PLOT_LINE_BYTES];

		/* all of it passes as printable text, so no unit was cut */
		pw_text_escape(out, sizeof(out), p->line[i], strlen(p->line[i]));
		assert_string_equal(out, p->line[i]);
		assert_true(pw_text_width(p->line[i]) <= 100);
	}
}

static void a_plot_has_axes_bars_gaps_and_a_line(void **state)
{
	struct pw_subject s = subject_of("x");
	struct pw_suspect leak = leak_of(&s);
	struct pw_leak_plot p;

	(void)state;
	leak.floors[5] = leak.floors[6] = PW_UNKNOWN;
	pw_leak_plot(&leak, 1, false, &p);
	assert_int_equal(p.count, PW_PLOT_ROWS + 3);
	assert_plot_is_whole(&p);
	assert_non_null(strstr(p.line[0], "330.0M"));
	assert_non_null(strstr(p.line[PW_PLOT_ROWS - 1], "100.0M"));
	assert_non_null(strstr(p.line[PW_PLOT_ROWS - 1], "·· ··"));
	assert_null(strstr(p.line[0], "··"));
	assert_non_null(strstr(p.line[PW_PLOT_ROWS + 1], "2023-11-13T22:13Z"));
	assert_non_null(strstr(p.line[PW_PLOT_ROWS + 1], "2023-11-14T22:13Z"));
	assert_non_null(strstr(p.line[PW_PLOT_ROWS + 2], "lowest value of 1.0h"));
	assert_non_null(strstr(p.line[PW_PLOT_ROWS + 2], "nobody watched"));
	assert_non_null(strstr(p.line[PW_PLOT_ROWS + 2], "Theil-Sen"));
}

static void a_plot_in_ascii_is_ascii(void **state)
{
	struct pw_subject s = subject_of("x");
	struct pw_suspect leak = leak_of(&s);
	struct pw_leak_plot p;

	(void)state;
	leak.floors[5] = PW_UNKNOWN;
	pw_leak_plot(&leak, 1, true, &p);
	for (size_t i = 0; i < p.count; i++) {
		for (const char *c = p.line[i]; *c; c++)
			assert_in_range(*c, ' ', '~');
	}
	assert_non_null(strstr(p.line[PW_PLOT_ROWS - 1], "??"));
}

static void the_line_goes_through_a_straight_series(void **state)
{
	struct pw_subject s = subject_of("x");
	struct pw_suspect leak = leak_of(&s);

	(void)state;
	for (size_t i = 0; i < PW_TREND_BLOCKS; i++)
		assert_true(fabs(pw_leak_line(&leak, 1, i) - (double)leak.floors[i]) < 1);
	/* in a rehearsal an hour of the series passes in a minute */
	leak.floors_block_ns = HOUR_NS / 60;
	for (size_t i = 0; i < PW_TREND_BLOCKS; i++)
		assert_true(fabs(pw_leak_line(&leak, 60, i) - (double)leak.floors[i]) < 1);
	leak.verdict.slope = NAN;
	assert_true(isnan(pw_leak_line(&leak, 1, 0)));
}

/* Where the line runs through a gap it may be far above and below every floor. */
static void a_steep_line_stays_in_the_plot(void **state)
{
	struct pw_subject s = subject_of("x");
	struct pw_suspect leak = leak_of(&s);
	struct pw_leak_plot p;

	(void)state;
	for (size_t i = 2; i < PW_TREND_BLOCKS; i++)
		leak.floors[i] = PW_UNKNOWN;
	for (double slope = -1e15; slope <= 1e15; slope += 1e14) {
		leak.verdict.slope = slope;
		pw_leak_plot(&leak, 1, false, &p);
		assert_plot_is_whole(&p);
	}
}

static void nothing_is_drawn_of_less_than_two_floors(void **state)
{
	struct pw_subject s = subject_of("x");
	struct pw_suspect leak = leak_of(&s);
	struct pw_leak_plot p;

	(void)state;
	leak.floor_count = 0;
	pw_leak_plot(&leak, 1, false, &p);
	assert_int_equal(p.count, 0);
	leak.floor_count = 3;
	leak.floors[0] = leak.floors[1] = PW_UNKNOWN;
	pw_leak_plot(&leak, 1, false, &p);
	assert_int_equal(p.count, 0);
	leak.floors[0] = leak.floors[2] = 0; /* a flat line at nothing */
	pw_leak_plot(&leak, 1, false, &p);
	assert_int_equal(p.count, PW_PLOT_ROWS + 3);
	assert_plot_is_whole(&p);
}

/* ---- choosing -------------------------------------------------------------------- */

static void a_cgroup_has_what_is_below_it(void **state)
{
	(void)state;
	assert_true(pw_leak_in_cgroup("/system.slice/a.service", "/system.slice"));
	assert_true(pw_leak_in_cgroup("/system.slice", "/system.slice/"));
	assert_true(pw_leak_in_cgroup("/anything", "/"));
	assert_false(pw_leak_in_cgroup("/system.slice2", "/system.slice"));
	assert_false(pw_leak_in_cgroup("/system", "/system.slice"));
	assert_false(pw_leak_in_cgroup("", "/system.slice"));
}

static void notes_are_bounded(void **state)
{
	struct pw_leak_notes n = { 0 };

	(void)state;
	for (int i = 0; i < 2 * PW_LEAK_NOTES_MAX; i++)
		pw_leak_note(&n, "%0400d", i);
	assert_int_equal(n.count, PW_LEAK_NOTES_MAX);
	assert_int_equal(strlen(n.text[0]), PW_LEAK_NOTE_BYTES - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(amounts_are_of_bytes_or_of_things),
		cmocka_unit_test(an_amount_that_is_no_number_is_unknown),
		cmocka_unit_test(durations_have_one_unit),
		cmocka_unit_test(what_comes_after_a_century_never_comes),
		cmocka_unit_test(a_suspect_has_its_figures),
		cmocka_unit_test(what_is_not_known_is_a_dash),
		cmocka_unit_test(threads_are_counted_not_measured),
		cmocka_unit_test(names_cannot_steer_a_terminal),
		cmocka_unit_test(a_suspect_comes_before_a_stable_series),
		cmocka_unit_test(gaps_are_shown_as_gaps),
		cmocka_unit_test(floors_beyond_32_bits_keep_their_shape),
		cmocka_unit_test(a_plot_has_axes_bars_gaps_and_a_line),
		cmocka_unit_test(a_plot_in_ascii_is_ascii),
		cmocka_unit_test(the_line_goes_through_a_straight_series),
		cmocka_unit_test(a_steep_line_stays_in_the_plot),
		cmocka_unit_test(nothing_is_drawn_of_less_than_two_floors),
		cmocka_unit_test(a_cgroup_has_what_is_below_it),
		cmocka_unit_test(notes_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
