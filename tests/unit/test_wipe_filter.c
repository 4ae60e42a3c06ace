// SPDX-License-Identifier: GPL-2.0-or-later
/* Which events of the wipe ledger pass, and sets of words from the command line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "user/analysis/wipe_filter.h"
#include "user/base/words.h"

/* ---- words ---------------------------------------------------------------------- */

static const char *colour(unsigned int number)
{
	static const char *const names[] = { "none", "red", "green", "none", "blue" };

	return names[number];
}

static const struct pw_words colours = { "colour", colour, 5 };

static void words_become_a_set(void **state)
{
	bool set[5] = { false };
	struct pw_error err;

	(void)state;
	assert_int_equal(pw_words_parse(&colours, "blue,none", set, &err), 0);
	assert_true(set[0] && set[4]);
	assert_false(set[1] || set[2] || set[3]);
	assert_int_equal(pw_words_parse(&colours, "red", set, &err), 0);
	assert_true(set[0] && set[1] && set[4]); /* adds */
}

static void a_wrong_word_is_named_with_the_right_ones(void **state)
{
	static const char *const bad[] = { "", ",", "red,", ",red", "re", "redd", "RED", "red green" };
	bool set[5];
	struct pw_error err;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(pw_words_parse(&colours, bad[i], set, &err), -EINVAL);
	assert_int_equal(pw_words_parse(&colours, "red,mauve", set, &err), -EINVAL);
	assert_string_equal(err.what, "there is no colour 'mauve'");
	assert_string_equal(err.remedy, "the names are none, red, green, blue");
}

static void a_long_word_is_cut_in_the_message(void **state)
{
	char word[1000];
	bool set[5];
	struct pw_error err;

	(void)state;
	memset(word, 'x', sizeof(word) - 1);
	word[sizeof(word) - 1] = '\0';
	assert_int_equal(pw_words_parse(&colours, word, set, &err), -EINVAL);
	assert_true(strlen(err.what) < 100);
}

/* ---- events --------------------------------------------------------------------- */

static struct pw_wipe_event event_of(uint32_t pid, uint16_t function, uint8_t verdict, bool release)
{
	struct pw_wipe_event e = {
		.release = release, .exe = "/usr/sbin/Keyd", .file = "", .symbol = ""
	};

	if (release) {
		e.rel.key.pid = pid;
		e.rel.function = function;
		e.rel.verdict = verdict;
		memcpy(e.rel.comm, "sixteen-byte-com", PW_COMM_LEN);
	} else {
		e.wipe.key.pid = pid;
		e.wipe.function = function;
		e.wipe.verdict = verdict;
		memcpy(e.wipe.comm, "worker", 6);
	}
	return e;
}

static void nothing_given_passes_everything(void **state)
{
	const struct pw_wipe_filter none = { 0 };
	struct pw_wipe_event e = event_of(7, 79, 3, true);

	(void)state;
	assert_true(pw_wipe_filter_passes(NULL, &e));
	assert_true(pw_wipe_filter_passes(&none, &e));
}

static void all_that_is_given_must_hold(void **state)
{
	struct pw_wipe_filter f = { .pid = 7, .process = "KEYD" };
	struct pw_wipe_event e = event_of(7, PW_WIPE_OPENSSL_CLEANSE, PW_WIPED_PART, false);
	struct pw_error err;

	(void)state;
	assert_int_equal(pw_wipe_filter_functions(&f, "OPENSSL_cleanse,free", &err), 0);
	assert_int_equal(pw_wipe_filter_verdicts(&f, "wiped-in-part,not-wiped", &err), 0);
	assert_true(pw_wipe_filter_passes(&f, &e));
	e.wipe.verdict = PW_WIPED_WHOLE;
	assert_false(pw_wipe_filter_passes(&f, &e));
	e.wipe.verdict = PW_WIPED_NOTHING;
	e.wipe.function = PW_WIPE_EXPLICIT_BZERO;
	assert_false(pw_wipe_filter_passes(&f, &e));
	e = event_of(8, PW_RELEASE_FREE, PW_WIPED_PART, true);
	assert_false(pw_wipe_filter_passes(&f, &e));
	e.rel.key.pid = 7;
	assert_true(pw_wipe_filter_passes(&f, &e));
	e.exe = "/usr/bin/other";
	assert_false(pw_wipe_filter_passes(&f, &e));
}

static void a_name_of_sixteen_bytes_is_read_no_further(void **state)
{
	const struct pw_wipe_filter f = { .process = "byte-com" },
				    beyond = { .process = "byte-comm" };
	struct pw_wipe_event e = event_of(7, PW_RELEASE_FREE, PW_WIPED_WHOLE, true);

	(void)state;
	assert_true(pw_wipe_filter_passes(&f, &e));
	assert_false(pw_wipe_filter_passes(&beyond, &e));
}

static void numbers_out_of_range_are_in_no_set(void **state)
{
	struct pw_wipe_filter f = { 0 };
	struct pw_wipe_event e = event_of(7, UINT16_MAX, 200, false);
	struct pw_error err;

	(void)state;
	assert_int_equal(pw_wipe_filter_functions(&f, "unknown", &err), 0);
	assert_false(pw_wipe_filter_passes(&f, &e));
	f = (struct pw_wipe_filter){ 0 };
	assert_int_equal(pw_wipe_filter_verdicts(&f, "unknown", &err), 0);
	assert_false(pw_wipe_filter_passes(&f, &e));
}

static void the_names_of_all_functions_fit_the_remedy(void **state)
{
	struct pw_wipe_filter f = { 0 };
	struct pw_error err;

	(void)state;
	assert_int_equal(pw_wipe_filter_functions(&f, "memset", &err), -EINVAL);
	assert_string_equal(err.what, "there is no wipe function 'memset'");
	assert_non_null(strstr(err.remedy, "explicit_bzero"));
	assert_non_null(strstr(err.remedy, "CRYPTO_clear_free"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_become_a_set),
		cmocka_unit_test(a_wrong_word_is_named_with_the_right_ones),
		cmocka_unit_test(a_long_word_is_cut_in_the_message),
		cmocka_unit_test(nothing_given_passes_everything),
		cmocka_unit_test(all_that_is_given_must_hold),
		cmocka_unit_test(a_name_of_sixteen_bytes_is_read_no_further),
		cmocka_unit_test(numbers_out_of_range_are_in_no_set),
		cmocka_unit_test(the_names_of_all_functions_fit_the_remedy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
