// SPDX-License-Identifier: GPL-2.0-or-later
/* Times of day that people write. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>

#include "user/base/clock.h"

static void times_are_read(void **state)
{
	static const struct {
		const char *text;
		uint64_t ns;
	} good[] = {
		{ "1970-01-01T00:00:00Z", 0 },
		{ "2001-09-09T01:46:40Z", 1000000000ull * PW_NSEC_PER_SEC },
		{ "2001-09-09T01:46:40.25z", 1000000000250000000ull },
		{ "2001-09-09T03:46:40+02:00", 1000000000ull * PW_NSEC_PER_SEC },
		{ "2001-09-08T20:16:40.123456789123-05:30", 1000000000123456789ull },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		uint64_t ns = 1;

		assert_int_equal(pw_clock_parse_rfc3339(good[i].text, &ns), 0);
		assert_int_equal(ns, good[i].ns);
	}
}

static void what_was_written_is_read(void **state)
{
	char buf[PW_RFC3339_LEN];
	uint64_t ns;

	(void)state;
	pw_clock_rfc3339(1700000000123000000ull, buf);
	assert_int_equal(pw_clock_parse_rfc3339(buf, &ns), 0);
	assert_int_equal(ns, 1700000000123000000ull);
}

static void nonsense_is_refused(void **state)
{
	static const char *const bad[] = {
		"",
		"yesterday",
		"2001-09-09",
		"2001-09-09T01:46:40",
		"2001-09-09T01:46:40Zulu",
		"2001-09-09T01:46:40+2",
		"2001-09-09T01:46:40+24:00",
		"2001-13-09T01:46:40Z",
		"1969-12-31T23:59:59Z",
		"9999-01-01T00:00:00Z",
	};
	uint64_t ns = 7;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(pw_clock_parse_rfc3339(bad[i], &ns), -EINVAL);
	assert_int_equal(ns, 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(times_are_read),
		cmocka_unit_test(what_was_written_is_read),
		cmocka_unit_test(nonsense_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
