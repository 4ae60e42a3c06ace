// SPDX-License-Identifier: GPL-2.0-or-later
/* Bytes from outside become printable; widths; sizes in words. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/text.h"
#include "user/base/unicode.h"

static void escapes(void **state)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
		{ "", "" },
		{ "plain text", "plain text" },
		{ "back\\slash", "back\\\\slash" },
		{ "a\tb\nc\x1b[31m\x7f", "a\\x09b\\x0ac\\x1b[31m\\x7f" },
		{ "gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f" },
		{ "\xe6\xbc\xa2\xf0\x9f\x90\xa7", "\xe6\xbc\xa2\xf0\x9f\x90\xa7" },
		{ "\xc0\xaf", "\\xc0\\xaf" }, /* overlong */
		{ "\xe0\x80\xaf", "\\xe0\\x80\\xaf" },
		{ "\xf0\x80\x80\xaf", "\\xf0\\x80\\x80\\xaf" },
		{ "\xed\xa0\x80", "\\xed\\xa0\\x80" }, /* a surrogate */
		{ "\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80" }, /* above U+10FFFF */
		{ "\xff\xfe", "\\xff\\xfe" },
		{ "\xe6\xbc", "\\xe6\\xbc" }, /* cut */
		{ "\xc3(", "\\xc3(" },
		{ "\xc2\x85", "\\xc2\\x85" }, /* C1 */
		{ "\xe2\x80\xae", "\\xe2\\x80\\xae" }, /* right-to-left override */
		{ "\xe2\x81\xa6x", "\\xe2\\x81\\xa6x" }, /* isolate */
		{ "\xef\xbb\xbf", "\\xef\\xbb\\xbf" }, /* byte order mark */
		{ "\xe2\x80\xa8", "\\xe2\\x80\\xa8" }, /* line separator */
		{ "\xef\xbf\xbe", "\\xef\\xbf\\xbe" }, /* noncharacter */
		{ "\xf3\xa0\x80\x81", "\\xf3\\xa0\\x80\\x81" }, /* tag */
	};
	char out[64];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t n = pw_text_escape(out, sizeof(out), cases[i].in, SIZE_MAX);

		assert_string_equal(out, cases[i].out);
		assert_int_equal(n, strlen(cases[i].out));
	}
	assert_int_equal(pw_text_escape(out, sizeof(out), "a\0b", 3), 6);
	assert_string_equal(out, "a\\x00b");
}

static void escape_cuts_at_whole_units(void **state)
{
	char out[8];

	(void)state;
	assert_int_equal(pw_text_escape(out, 5, "ab\x01", 3), 2);
	assert_string_equal(out, "ab");
	assert_int_equal(pw_text_escape(out, 3, "a\xc3\xbc", 3), 1);
	assert_int_equal(pw_text_escape(out, 4, "a\xc3\xbc", 3), 3);
	assert_int_equal(pw_text_escape(out, 1, "abc", 3), 0);
	assert_string_equal(out, "");
	out[0] = 'x';
	assert_int_equal(pw_text_escape(out, 0, "abc", 3), 0);
	assert_int_equal(out[0], 'x');
}

/* Whatever comes in, what goes out is printable UTF-8 within 4 * len + 1 bytes. */
static void any_bytes_become_printable(void **state)
{
	uint32_t seed = 4711;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		size_t len = (size_t)round % 40;
		char *in = malloc(len + 1), *out = malloc(4 * len + 1);
		size_t n;

		for (size_t i = 0; i < len; i++) {
			seed = seed * 1664525u + 1013904223u;
			in[i] = (char)(seed >> 24);
		}
		n = pw_text_escape(out, 4 * len + 1, in, len);
		assert_int_equal(strlen(out), n);
		for (size_t i = 0; i < n;) {
			uint32_t code = 0;
			size_t k = pw_utf8_decode(out + i, n - i, &code);

			assert_true(k && pw_unicode_printable(code));
			i += k;
		}
		free(in);
		free(out);
	}
}

static void widths(void **state)
{
	(void)state;
	assert_int_equal(pw_text_width("abc"), 3);
	assert_int_equal(pw_text_width("gr\xc3\xbc\xc3\x9f"), 4);
	assert_int_equal(pw_text_width("\xe6\xbc\xa2\xe5\xad\x97"), 4); /* wide */
	assert_int_equal(pw_text_width("e\xcc\x81"), 1); /* combining */
	assert_int_equal(pw_text_width("\xf0\x9f\x90\xa7"), 2);
	assert_int_equal(pw_text_width("\xe2\x96\x87"), 1); /* a sparkline's block */
	assert_int_equal(pw_text_width("\xff"), 1);
}

static void fits(void **state)
{
	char out[32];

	(void)state;
	assert_int_equal(pw_text_fit(out, sizeof(out), "ab", 4, 0), 4);
	assert_string_equal(out, "ab  ");
	pw_text_fit(out, sizeof(out), "ab", 4, 1);
	assert_string_equal(out, "  ab");
	pw_text_fit(out, sizeof(out), "abcdef", 4, 1);
	assert_string_equal(out, "abcd");
	/* A wide character that does not fit leaves a blank, and no half of it. */
	pw_text_fit(out, sizeof(out), "a\xe6\xbc\xa2\xe5\xad\x97", 4, 0);
	assert_string_equal(out, "a\xe6\xbc\xa2 ");
	pw_text_fit(out, sizeof(out), "ae\xcc\x81x", 2, 0); /* the accent stays with its letter */
	assert_string_equal(out, "ae\xcc\x81");
	assert_int_equal(pw_text_fit(out, 4, "a\xe6\xbc\xa2", 9, 0), 3); /* out is too small */
	assert_string_equal(out, "a  ");
	assert_int_equal(pw_text_fit(out, sizeof(out), "abc", 0, 0), 0);
	assert_int_equal(pw_text_fit(out, 1, "abc", 9, 1), 0);
	assert_string_equal(out, "");
}

static void marks_leave_room_for_the_blanks(void **state)
{
	char text[1 + 2 * 40 + 1] = "a", out[16];

	(void)state;
	for (int i = 0; i < 40; i++)
		memcpy(text + 1 + 2 * i, "\xcc\x81", 2);
	assert_true(pw_text_fit(out, sizeof(out), text, 10, 0) < sizeof(out));
	assert_int_equal(pw_text_width(out), 10);
}

static void sizes_in_words(void **state)
{
	static const struct {
		uint64_t bytes;
		const char *text;
	} cases[] = {
		{ 0, "0" },
		{ 999, "999" },
		{ 1000, "1K" },
		{ 4096, "4K" },
		{ 812 << 10, "812K" },
		{ 999 << 10, "999K" },
		{ 1023 << 10, "1.0M" },
		{ 1468006, "1.4M" },
		{ 23ull << 30, "23.0G" },
		{ (1ull << 30) - 1, "1.0G" },
		{ 999ull << 30, "999.0G" },
		{ 1ull << 40, "1.0T" },
		{ UINT64_MAX, "16.0E" },
	};
	char buf[PW_SIZE_TEXT];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(pw_text_size(cases[i].bytes, buf), cases[i].text);
	for (uint64_t b = 1; b && b < UINT64_MAX / 3; b = b * 3 / 2 + 1)
		assert_in_range(strlen(pw_text_size(b, buf)), 1, 6);
	assert_string_equal(pw_text_signed_size(0, buf), "0");
	assert_string_equal(pw_text_signed_size(4096, buf), "+4K");
	assert_string_equal(pw_text_signed_size(-4096, buf), "-4K");
	assert_string_equal(pw_text_signed_size(INT64_MIN, buf), "-8.0E");
}

static void sizes_are_read(void **state)
{
	static const char *const bad[] = { "", "K", "4X", "4KB", "-1", "1.5M", " 4", "4 " };
	uint64_t n = 77;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(pw_text_parse_size(bad[i], &n), -EINVAL);
	assert_int_equal(pw_text_parse_size("18446744073709551616", &n), -ERANGE);
	assert_int_equal(pw_text_parse_size("16E", &n), -ERANGE);
	assert_int_equal(n, 77); /* untouched on failure */
	assert_int_equal(pw_text_parse_size("4096", &n), 0);
	assert_int_equal(n, 4096);
	assert_int_equal(pw_text_parse_size("64m", &n), 0);
	assert_int_equal(n, 64 << 20);
	assert_int_equal(pw_text_parse_size("15E", &n), 0);
	assert_int_equal(n, 15ull << 60);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(escapes),
		cmocka_unit_test(escape_cuts_at_whole_units),
		cmocka_unit_test(any_bytes_become_printable),
		cmocka_unit_test(widths),
		cmocka_unit_test(fits),
		cmocka_unit_test(marks_leave_room_for_the_blanks),
		cmocka_unit_test(sizes_in_words),
		cmocka_unit_test(sizes_are_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
