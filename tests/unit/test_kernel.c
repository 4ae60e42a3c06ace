// SPDX-License-Identifier: GPL-2.0-or-later
// links: rest
/* GFP flags out of a tracepoint's format, as kernels without them in BTF print it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "user/source/kernel.h"

static const char format_6_1[] =
	"print fmt: \"page=%p gfp_flags=%s\", REC->page, (REC->gfp_flags) ? __print_flags(REC->gfp_flags, \"|\", "
	"{( unsigned long)(((((((( gfp_t)(0x400u|0x800u)) | (( gfp_t)0x40u)) | (( gfp_t)0x100000u)) | "
	"(( gfp_t)0x02u)) | (( gfp_t)0x08u)) | 0)), \"GFP_HIGHUSER_MOVABLE\"}, "
	"{( unsigned long)(( gfp_t)0x02u), \"__GFP_HIGHMEM\"}, "
	"{( unsigned long)(( gfp_t)0x10000u), \"__GFP_NORETRY\"}, "
	"{( unsigned long)((( gfp_t)0x08u)), \"__GFP_MOVABLE\"}) : \"none\"";

static void flags_by_name(void **state)
{
	(void)state;
	assert_int_equal(pw_kernel_gfp_from_format(format_6_1, "HIGHMEM"), 0x02);
	assert_int_equal(pw_kernel_gfp_from_format(format_6_1, "MOVABLE"), 0x08);
	assert_int_equal(pw_kernel_gfp_from_format(format_6_1, "NORETRY"), 0x10000);
}

/* Not there, or only as a part of another name: 0, which the caller refuses. */
static void absent_flags_are_zero(void **state)
{
	(void)state;
	assert_int_equal(pw_kernel_gfp_from_format(format_6_1, "WRITE"), 0);
	assert_int_equal(pw_kernel_gfp_from_format(format_6_1, "HIGH"), 0);
	assert_int_equal(pw_kernel_gfp_from_format("", "WRITE"), 0);
}

/* Later kernels print shifts of an enumerator, which is no number: BTF has it there. */
static void expressions_are_not_numbers(void **state)
{
	(void)state;
	assert_int_equal(pw_kernel_gfp_from_format("{(1UL << (___GFP_WRITE_BIT)), \"__GFP_WRITE\"}",
						   "WRITE"),
			 0);
	assert_int_equal(pw_kernel_gfp_from_format("0x1000u \"__GFP_WRITE\"", "WRITE"), 0);
	assert_int_equal(pw_kernel_gfp_from_format("\"__GFP_WRITE\"", "WRITE"), 0);
	assert_int_equal(pw_kernel_gfp_from_format("{0x, \"__GFP_WRITE\"}", "WRITE"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(flags_by_name),
		cmocka_unit_test(absent_flags_are_zero),
		cmocka_unit_test(expressions_are_not_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
