// SPDX-License-Identifier: GPL-2.0-or-later
/* The ABI header stands alone, and its records keep to their own rules. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "kmod/uapi/pagewarden.h"

static void records_are_multiples_of_eight(void **state)
{
	const size_t sizes[] = {
		sizeof(struct pw_fork),	    sizeof(struct pw_exec),	sizeof(struct pw_exit),
		sizeof(struct pw_oom),	    sizeof(struct pw_counters), sizeof(struct pw_identity),
		sizeof(struct pw_segments), sizeof(struct pw_segment),	sizeof(struct pw_machine),
		sizeof(struct pw_tick),
	};

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		assert_int_equal(sizes[i] % 8, 0);
		assert_in_range(sizes[i], sizeof(struct pw_record), PW_RECORD_MAX);
	}
}

static void loss_causes_fit_the_tick(void **state)
{
	(void)state;
	assert_true(PW_LOSS_STORE < PW_LOSS_CAUSES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(records_are_multiples_of_eight),
		cmocka_unit_test(loss_causes_fit_the_tick),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
