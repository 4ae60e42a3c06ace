// SPDX-License-Identifier: GPL-2.0-or-later
/* links: rest. Emitters: hostile text, exact numbers, the same bytes for the same records. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <jansson.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/text.h"
#include "user/view/emit.h"
#include "user/view/emitter.h"

/* A row that says what each of its cells is. */
struct row {
	const char *name;
	size_t name_len; /* SIZE_MAX: to the NUL */
	uint64_t size;
	int64_t delta;
	double rate;
	bool unknown;
};

static void get_name(const void *ctx, const void *row, struct pw_value *ret)
{
	const struct row *r = row;

	(void)ctx;
	pw_value_text(ret, r->name);
	if (r->name_len)
		ret->text.len = r->name_len;
	ret->known = !r->unknown;
}

static void get_size(const void *ctx, const void *row, struct pw_value *ret)
{
	(void)ctx;
	pw_value_u(ret, ((const struct row *)row)->size);
	ret->known = !((const struct row *)row)->unknown;
}

static void get_delta(const void *ctx, const void *row, struct pw_value *ret)
{
	(void)ctx;
	pw_value_i(ret, ((const struct row *)row)->delta);
}

static void get_rate(const void *ctx, const void *row, struct pw_value *ret)
{
	(void)ctx;
	pw_value_d(ret, ((const struct row *)row)->rate);
}

static void get_spark(const void *ctx, const void *row, struct pw_value *ret)
{
	(void)ctx;
	(void)row;
	ret->known = true;
	ret->spark.points = ret->scratch.points;
	ret->spark.count = 3;
	ret->spark.scale = 4096;
	ret->spark.gapped = false;
	ret->scratch.points[0] = 1;
	ret->scratch.points[1] = 5;
	ret->scratch.points[2] = UINT32_MAX;
}

static const struct pw_column columns[] = {
	{ "name", "NAME", "", PW_UNIT_TEXT, 8, true, get_name },
	{ "size_bytes", "SIZE", "", PW_UNIT_BYTES, 6, true, get_size },
	{ "size_count", "COUNT", "", PW_UNIT_COUNT, 6, true, get_size },
	{ "delta_bytes", "DELTA", "", PW_UNIT_SIGNED_BYTES, 7, true, get_delta },
	{ "rate", "RATE", "", PW_UNIT_PER_SECOND, 6, true, get_rate },
	{ "address", "ADDR", "", PW_UNIT_ADDRESS, 18, false, get_size },
	{ "time", "TIME", "", PW_UNIT_TIME, 24, false, get_size },
	{ "points_bytes", "SPARK", "", PW_UNIT_SPARK, 3, true, get_spark },
	{ NULL },
};

static char *emit_rows(const struct row *rows, size_t count, struct pw_emit_options opt)
{
	const void **pointers = calloc(count + 1, sizeof(*pointers));
	struct pw_table table = { "rows", NULL, columns, NULL, NULL, pointers, count };
	struct pw_document doc = { "test.rows", 3, NULL, &table, 1, 0 };
	size_t size;
	char *text = NULL;
	FILE *out = open_memstream(&text, &size);

	for (size_t i = 0; i < count; i++)
		pointers[i] = &rows[i];
	assert_int_equal(pw_emit(&doc, &opt, out), 0);
	fclose(out);
	free(pointers);
	return text;
}

static json_t *emit_json(const struct row *rows, size_t count)
{
	char *text = emit_rows(rows, count, (struct pw_emit_options){ .format = PW_FORMAT_JSON });
	json_error_t error;
	json_t *doc = json_loads(text, 0, &error);

	if (!doc)
		fail_msg("%s at %d: %s", error.text, error.position, text);
	free(text);
	return doc;
}

static const struct row hostile[] = {
	{ .name = "plain" },
	{ .name = "a,b\"c\nd\r\te" },
	{ .name = "\x1b[31mred\x07" },
	{ .name = "\xff\xfe\xc3(" },
	{ .name = "<script>alert('1')&</script>" },
	{ .name = "\xe2\x80\xae"
		  "gnp.exe" }, /* right-to-left override */
	{ .name = "back\\slash" },
	{ .name = "nul\0inside", .name_len = 10 },
	{ .name = "=cmd|' /C calc'!A0" },
	{ .name = "+1" },
	{ .name = "-bash" },
	{ .name = "@sum" },
	{ .name = "\xc3\xa4rger" },
	{ .name = "" },
};
#define HOSTILE (sizeof(hostile) / sizeof(hostile[0]))

static void json_carries_hostile_text(void **state)
{
	json_t *doc = emit_json(hostile, HOSTILE);
	json_t *rows = json_object_get(doc, "rows");

	(void)state;
	assert_string_equal(json_string_value(json_object_get(doc, "schema")), "test.rows");
	assert_int_equal(json_integer_value(json_object_get(doc, "schema_version")), 3);
	assert_int_equal(json_array_size(rows), HOSTILE);
	for (size_t i = 0; i < HOSTILE; i++) {
		const json_t *name = json_object_get(json_array_get(rows, i), "name");
		size_t len = hostile[i].name_len ? hostile[i].name_len : strlen(hostile[i].name);
		char want[256];

		pw_text_escape(want, sizeof(want), hostile[i].name, len);
		assert_string_equal(json_string_value(name), want);
	}
	json_decref(doc);
}

/* One CSV record per call, by RFC 4180's rules; returns behind it. */
static const char *csv_first_cell(const char *p, char *out, size_t size)
{
	bool quoted = *p == '"', first = true;
	size_t used = 0;

	p += quoted;
	for (; *p; p++) {
		if (quoted && *p == '"' && p[1] == '"')
			p++;
		else if (quoted && *p == '"')
			quoted = false;
		else if (!quoted && *p == '\n')
			return p + 1;
		else if (!quoted && *p == ',')
			first = false;
		if (first && used + 1 < size && !(*p == '"' && !quoted && p[1] == ','))
			out[used++] = *p;
		out[used] = '\0';
	}
	return p;
}

static void csv_quotes_and_defuses(void **state)
{
	char *text = emit_rows(hostile, HOSTILE, (struct pw_emit_options){ .format = PW_FORMAT_CSV });
	char cell[256];
	const char *p = csv_first_cell(text, cell, sizeof(cell));

	(void)state;
	assert_string_equal(cell, "name");
	for (size_t i = 0; i < HOSTILE; i++) {
		p = csv_first_cell(p, cell, sizeof(cell));
		assert_null(strchr("=+-@", cell[0] ? cell[0] : 'x'));
		assert_null(strpbrk(cell, "\r\n\t\x1b\x07"));
	}
	assert_string_equal(p, "");
	assert_non_null(strstr(text, "\n\"a,b\"\"c\\x0ad\\x0d\\x09e\","));
	assert_non_null(strstr(text, "\n\\x3dcmd|' /C calc'!A0,"));
	assert_non_null(strstr(text, "\n\\x2dbash,"));
	assert_null(strstr(text, "points_bytes")); /* no room for a list in a cell */
	free(text);
}

static void text_is_aligned_and_harmless(void **state)
{
	char *text =
		emit_rows(hostile, HOSTILE,
			  (struct pw_emit_options){ .format = PW_FORMAT_TEXT, .line_width = 60 });
	char *line, *rest = text;
	size_t lines = 0;

	(void)state;
	while ((line = strsep(&rest, "\n")) && *line) {
		assert_true(pw_text_width(line) <= 60);
		assert_null(strpbrk(line, "\x1b\x07\r\t"));
		lines++;
	}
	assert_int_equal(lines, HOSTILE + 1);
	free(text);
}

static void text_without_limit_keeps_whole_names(void **state)
{
	const struct row rows[] = { { .name = "a name that is longer than its column" } };
	char *text = emit_rows(rows, 1, (struct pw_emit_options){ .format = PW_FORMAT_TEXT });

	(void)state;
	assert_non_null(strstr(text, rows[0].name));
	free(text);
}

static void ascii_has_no_byte_above_127(void **state)
{
	char *text = emit_rows(hostile, HOSTILE,
			       (struct pw_emit_options){ .format = PW_FORMAT_TEXT, .ascii = true });

	(void)state;
	for (const char *p = text; *p; p++)
		assert_true((unsigned char)*p < 128);
	assert_non_null(strstr(text, "\\xc3\\xa4rger"));
	free(text);
}

static void numbers_are_exact(void **state)
{
	const struct row rows[] = {
		{ .name = "max", .size = UINT64_MAX, .delta = INT64_MIN, .rate = 0.1 },
		{ .name = "i64", .size = INT64_MAX, .delta = INT64_MAX, .rate = -0.0 },
	};
	char *text = emit_rows(rows, 2, (struct pw_emit_options){ .format = PW_FORMAT_JSON });

	(void)state;
	assert_non_null(strstr(text, "\"size_bytes\":18446744073709551615,"));
	assert_non_null(strstr(text, "\"size_bytes\":9223372036854775807,"));
	assert_non_null(strstr(text, "\"delta_bytes\":-9223372036854775808,"));
	assert_non_null(strstr(text, "\"rate\":0.1,"));
	assert_non_null(strstr(text, "\"rate\":0,"));
	assert_non_null(strstr(text, "\"address\":\"0xffffffffffffffff\""));
	assert_non_null(strstr(text, "\"points_bytes\":[4096,20480,17592186040320]"));
	free(text);
}

static void what_is_not_known_is_not_zero(void **state)
{
	const struct row rows[] = {
		{ .name = "nan", .rate = NAN, .unknown = true },
		{ .name = "inf", .rate = INFINITY, .unknown = true },
	};
	json_t *doc = emit_json(rows, 2);
	json_t *row = json_array_get(json_object_get(doc, "rows"), 1);
	char *csv = emit_rows(rows, 1, (struct pw_emit_options){ .format = PW_FORMAT_CSV });
	char *text = emit_rows(rows, 1, (struct pw_emit_options){ .format = PW_FORMAT_TEXT });

	(void)state;
	assert_true(json_is_null(json_object_get(row, "name")));
	assert_true(json_is_null(json_object_get(row, "size_bytes")));
	assert_true(json_is_null(json_object_get(row, "rate")));
	assert_non_null(strstr(csv, "\n,,,0,,,\n"));
	assert_non_null(strstr(text, "\n-             -      -       0      - "));
	json_decref(doc);
	free(csv);
	free(text);
}

static void a_comma_locale_changes_nothing(void **state)
{
	static const char *const comma_locales[] = { "de_DE.UTF-8", "fr_FR.UTF-8", "de_DE.utf8" };
	const struct row rows[] = { { .name = "x", .rate = 1.5 } };
	const char *set = NULL;
	char *text;

	(void)state;
	for (size_t i = 0; i < 3 && !set; i++)
		set = setlocale(LC_ALL, comma_locales[i]);
	if (!set) {
		print_message("no locale with a decimal comma is installed\n");
		skip();
	}
	text = emit_rows(rows, 1, (struct pw_emit_options){ .format = PW_FORMAT_JSON });
	setlocale(LC_ALL, "C");
	assert_non_null(strstr(text, "\"rate\":1.5,"));
	free(text);
}

static void numbers_that_do_not_fit_are_never_cut(void **state)
{
	struct pw_value v;
	char cell[64];

	(void)state;
	pw_value_u(&v, 1234567890);
	pw_emit_cell(&columns[2], &v, 6, false, cell, sizeof(cell));
	assert_string_equal(cell, "  1.2G");
	pw_emit_cell(&columns[2], &v, 2, false, cell, sizeof(cell));
	assert_string_equal(cell, "##");
	pw_emit_cell(&columns[2], &v, 10, false, cell, sizeof(cell));
	assert_string_equal(cell, "1234567890");
}

static void sparks_show_the_shape(void **state)
{
	const uint32_t rising[] = { 0, 1, 2, 3, 4, 5, 6, 7 };
	const uint32_t flat[] = { 1000, 1001, 1000, 1001 };
	struct pw_value v = { .known = true, .spark = { rising, 8, 1 } };
	char out[64];

	(void)state;
	pw_emit_spark(&v, 8, false, out, sizeof(out));
	assert_string_equal(out, "▁▂▃▄▅▆▇█");
	pw_emit_spark(&v, 10, true, out, sizeof(out));
	assert_string_equal(out, "  _.,-~=+#");
	pw_emit_spark(&v, 4, false, out, sizeof(out));
	assert_int_equal(pw_text_width(out), 4);
	v.spark.points = flat;
	v.spark.count = 4;
	pw_emit_spark(&v, 4, false, out, sizeof(out));
	assert_string_equal(out, "▁▁▁▁");
	v.spark.count = 0;
	pw_emit_spark(&v, 4, false, out, sizeof(out));
	assert_string_equal(out, "    ");
}

static void a_repeated_document_is_one_line(void **state)
{
	char *text =
		emit_rows(hostile, HOSTILE,
			  (struct pw_emit_options){ .format = PW_FORMAT_JSON, .repeated = true });

	(void)state;
	assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
	free(text);
}

static void chosen_columns_are_shown_in_their_order(void **state)
{
	const char *const names[] = { "size_count", "name", NULL };
	const struct row rows[] = { { .name = "x", .size = 7 } };
	char *text = emit_rows(
		rows, 1, (struct pw_emit_options){ .format = PW_FORMAT_TEXT, .columns = names });

	(void)state;
	assert_string_equal(text, " COUNT NAME\n     7 x\n");
	free(text);
}

static void a_full_disk_is_an_error(void **state)
{
	static const enum pw_format formats[] = { PW_FORMAT_TEXT, PW_FORMAT_JSON, PW_FORMAT_CSV };
	enum { MANY = 1000 };
	struct row rows[MANY];
	const void *pointers[MANY];
	struct pw_table table = { "rows", NULL, columns, NULL, NULL, pointers, MANY };
	struct pw_document doc = { "test.rows", 3, NULL, &table, 1, 0 };

	(void)state;
	for (size_t i = 0; i < MANY; i++) {
		rows[i] = (struct row){ .name = "name" };
		pointers[i] = &rows[i];
	}
	for (size_t i = 0; i < 3; i++) {
		struct pw_emit_options opt = { .format = formats[i] };
		FILE *full = fopen("/dev/full", "w");

		table.count = MANY; /* the buffer overflows on the way */
		assert_int_equal(pw_emit(&doc, &opt, full), -ENOSPC);
		fclose(full);
		full = fopen("/dev/full", "w");
		table.count = 1; /* only the last flush tells */
		assert_int_equal(pw_emit(&doc, &opt, full), -ENOSPC);
		fclose(full);
	}
}

static void unknown_sorts_last_in_either_direction(void **state)
{
	const struct row small = { .name = "s", .size = 1 }, large = { .name = "l", .size = 2 };
	const struct row none = { .unknown = true, .name = "n" };
	const struct pw_column *c = pw_column_find(columns, "size_bytes");

	(void)state;
	assert_true(pw_column_compare(c, NULL, &small, &large, false) < 0);
	assert_true(pw_column_compare(c, NULL, &small, &large, true) > 0);
	assert_true(pw_column_compare(c, NULL, &none, &large, false) > 0);
	assert_true(pw_column_compare(c, NULL, &none, &large, true) > 0);
	assert_true(pw_column_compare(c, NULL, &small, &none, true) < 0);
	assert_int_equal(pw_column_compare(c, NULL, &none, &none, true), 0);
}

static void formats_have_words(void **state)
{
	enum pw_format f;

	(void)state;
	assert_int_equal(pw_format_parse("csv", &f), 0);
	assert_int_equal(f, PW_FORMAT_CSV);
	assert_int_equal(pw_format_parse("html", &f), 0);
	assert_int_equal(f, PW_FORMAT_HTML);
	assert_int_equal(pw_format_parse("", &f), -EINVAL);
	assert_int_equal(pw_format_parse("CSV", &f), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(json_carries_hostile_text),
		cmocka_unit_test(csv_quotes_and_defuses),
		cmocka_unit_test(text_is_aligned_and_harmless),
		cmocka_unit_test(text_without_limit_keeps_whole_names),
		cmocka_unit_test(ascii_has_no_byte_above_127),
		cmocka_unit_test(numbers_are_exact),
		cmocka_unit_test(what_is_not_known_is_not_zero),
		cmocka_unit_test(a_comma_locale_changes_nothing),
		cmocka_unit_test(numbers_that_do_not_fit_are_never_cut),
		cmocka_unit_test(sparks_show_the_shape),
		cmocka_unit_test(a_repeated_document_is_one_line),
		cmocka_unit_test(chosen_columns_are_shown_in_their_order),
		cmocka_unit_test(a_full_disk_is_an_error),
		cmocka_unit_test(unknown_sorts_last_in_either_direction),
		cmocka_unit_test(formats_have_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
