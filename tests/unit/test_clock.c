// SPDX-License-Identifier: GPL-2.0-or-later
/* Clocks agree with each other; durations are read; times are written. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "user/base/clock.h"
#include "user/base/error.h"

static void clocks_agree(void **state)
{
	uint64_t a = pw_clock_boot_ns();
	uint64_t boot = pw_clock_boot_realtime_ns();
	uint64_t real = pw_clock_real_ns();
	uint64_t b = pw_clock_boot_ns();

	(void)state;
	assert_true(a <= b);
	/* boot + a <= real <= boot + b, but for a step of the wall clock by NTP */
	assert_true(boot + a <= real + PW_NSEC_PER_SEC);
	assert_true(real <= boot + b + PW_NSEC_PER_SEC);
}

static void durations(void **state)
{
	static const struct {
		const char *text;
		uint64_t ns;
	} good[] = {
		{ "0", 0 },
		{ "5", 5 * PW_NSEC_PER_SEC },
		{ "90s", 90 * PW_NSEC_PER_SEC },
		{ "250ms", 250 * PW_NSEC_PER_MSEC },
		{ "15m", 900 * PW_NSEC_PER_SEC },
		{ "24h", 86400 * PW_NSEC_PER_SEC },
		{ "7d", 7 * 86400 * PW_NSEC_PER_SEC },
	};
	static const char *const bad[] = {
		"",	    "s",       "-1",
		"1.5s",	    "5 s",     "5x",
		"5sm",	    " 5",      "99999999999999999999",
		"213504d1", "300000d",
	};
	uint64_t ns = 77;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(pw_clock_parse_duration(bad[i], &ns), -EINVAL);
	assert_int_equal(ns, 77);
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_int_equal(pw_clock_parse_duration(good[i].text, &ns), 0);
		assert_int_equal(ns, good[i].ns);
	}
}

static void times_are_written(void **state)
{
	char buf[PW_RFC3339_LEN];

	(void)state;
	assert_string_equal(pw_clock_rfc3339(0, buf), "1970-01-01T00:00:00.000Z");
	assert_string_equal(pw_clock_rfc3339(1769903999123999999ull, buf),
			    "2026-01-31T23:59:59.123Z");
	assert_string_equal(pw_clock_rfc3339(UINT64_MAX, buf), "2554-07-21T23:34:33.709Z");
}

static void errors_carry_cause_and_remedy(void **state)
{
	struct pw_error e;
	char text[600] = "";
	FILE *out = fmemopen(text, sizeof(text), "w");

	(void)state;
	assert_int_equal(pw_error_set(&e, -EPERM, "cannot open %s", "x"), -EPERM);
	assert_string_equal(e.remedy, "");
	pw_error_remedy(&e, "run as %s", "root");
	pw_error_print(&e, out);
	fclose(out);
	assert_string_equal(text, "pagewarden: cannot open x\n  run as root\n");
	assert_int_equal(pw_error_set(NULL, -EIO, "nobody listens"), -EIO);
	pw_error_remedy(NULL, "nobody listens");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(clocks_agree),
		cmocka_unit_test(durations),
		cmocka_unit_test(times_are_written),
		cmocka_unit_test(errors_carry_cause_and_remedy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
