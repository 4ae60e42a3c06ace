// SPDX-License-Identifier: GPL-2.0-or-later
/* One leak has one fingerprint, on every host, in every boot, in every container of its kind. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "user/analysis/trends.h"

static void fingerprints(void **state)
{
	struct pw_subject a = { .exe = "/bin/a", .unit = "a.service", .cgroup = "/x" };
	struct pw_subject b = { .exe = "/bin/a", .unit = "a.service", .cgroup = "/y" };
	struct pw_subject c = { .exe = "/bin/a", .unit = "session-3.scope", .cgroup = "" };
	struct pw_subject d = { .exe = "/bin/a", .unit = "session-14.scope", .cgroup = "" };
	struct pw_subject e = { .exe = "/bin/a",
				.unit = "",
				.cgroup = "/docker/0123456789abcdef0123456789abcdef" };
	struct pw_subject f = { .exe = "/bin/a",
				.unit = "",
				.cgroup = "/docker/fedcba98765432100123456789abcdef" };
	struct pw_subject g = { .exe = "/bin/a", .unit = "a@1.service", .cgroup = "" };
	struct pw_subject h = { .exe = "/bin/a", .unit = "a@2.service", .cgroup = "" };

	(void)state;
	assert_int_equal(pw_subject_fingerprint(&a, 0), pw_subject_fingerprint(&b, 0));
	assert_int_not_equal(pw_subject_fingerprint(&a, 0), pw_subject_fingerprint(&a, 1));
	assert_int_equal(pw_subject_fingerprint(&c, 0), pw_subject_fingerprint(&d, 0));
	assert_int_equal(pw_subject_fingerprint(&e, 0), pw_subject_fingerprint(&f, 0));
	assert_int_not_equal(pw_subject_fingerprint(&a, 0), pw_subject_fingerprint(&c, 0));
	assert_int_not_equal(pw_subject_fingerprint(&g, 0), pw_subject_fingerprint(&h, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(fingerprints) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
