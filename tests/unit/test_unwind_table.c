// SPDX-License-Identifier: GPL-2.0-or-later
/* links: rest. Unwind tables of functions whose frames this file itself describes, and of bad files. */
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "user/base/cleanup.h"
#include "user/symbol/unwind_table.h"

#ifdef __x86_64__

/* Never called: only their frames are read. Each label begins a state. */
__asm__(".text\n"
	".globl frames_plain, frames_pushed, frames_room, frames_based, frames_end\n"
	".type frames_plain, @function\n"
	"frames_plain: .cfi_startproc\n"
	"	nop\n"
	"	.cfi_def_cfa_offset 16\n"
	"	.cfi_offset rbp, -16\n"
	"frames_pushed: nop\n"
	"	.cfi_def_cfa_offset 4112\n"
	"frames_room: nop\n"
	"	.cfi_def_cfa rbp, 16\n"
	"frames_based: nop\n"
	"	.cfi_endproc\n"
	"frames_end: nop\n"
	".globl frames_outermost, frames_aligned, frames_aligned_8, frames_odd, frames_huge, frames_signal\n"
	"frames_outermost: .cfi_startproc\n"
	"	.cfi_undefined rip\n"
	"	nop\n"
	"	.cfi_endproc\n"
	/* DW_OP_breg6 -8; DW_OP_deref, and rbp at what rbp says */
	"frames_aligned: .cfi_startproc\n"
	"	.cfi_escape 0x0f,0x03,0x76,0x78,0x06\n"
	"	.cfi_escape 0x10,0x06,0x02,0x76,0x00\n"
	"	nop\n"
	"	.cfi_endproc\n"
	/* DW_OP_breg7 24; DW_OP_deref; DW_OP_plus_uconst 8 */
	"frames_aligned_8: .cfi_startproc\n"
	"	.cfi_escape 0x0f,0x05,0x77,0x18,0x06,0x23,0x08\n"
	"	nop\n"
	"	.cfi_endproc\n"
	"frames_odd: .cfi_startproc\n"
	"	.cfi_def_cfa_register r10\n"
	"	nop\n"
	"	.cfi_endproc\n"
	"frames_huge: .cfi_startproc\n"
	"	.cfi_def_cfa_offset 4194304\n"
	"	nop\n"
	"	.cfi_endproc\n"
	/* as libc says it of the return from a handler: DW_OP_breg7 160; DW_OP_deref */
	"frames_signal: .cfi_startproc\n"
	"	.cfi_signal_frame\n"
	"	.cfi_escape 0x0f,0x04,0x77,0xa0,0x01,0x06\n"
	"	.cfi_escape 0x10,0x10,0x03,0x77,0xa8,0x01\n"
	"	nop\n"
	"	.cfi_endproc\n");

extern const char frames_plain[], frames_pushed[], frames_room[], frames_based[], frames_end[],
	frames_outermost[], frames_aligned[], frames_aligned_8[], frames_odd[], frames_huge[],
	frames_signal[];

static struct pw_unwind_table own;

static int build_own(void **state)
{
	int fd pw_auto_close = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

	(void)state;
	return pw_unwind_table_build(fd, -1, &own);
}

static int free_own(void **state)
{
	(void)state;
	pw_unwind_table_free(&own);
	return 0;
}

/* Where this program was loaded: a position-independent one's addresses begin at 0. */
static int load_base(struct dl_phdr_info *info, size_t size, void *ret)
{
	(void)size;
	*(uint64_t *)ret = info->dlpi_addr;
	return 1; /* the first is the program */
}

static struct pw_unwind_row at(const char *place)
{
	const struct pw_unwind_row *row;
	uint64_t base = 0;

	dl_iterate_phdr(load_base, &base);
	row = pw_unwind_table_find(&own, (uint32_t)((uint64_t)place - base - own.base));
	assert_non_null(row);
	return *row;
}

static void assert_row(const char *place, enum pw_unwind_cfa rule, int cfa, enum pw_unwind_rbp rbp,
		       int rbp_at)
{
	struct pw_unwind_row row = at(place);

	assert_int_equal(row.cfa_rule, rule);
	assert_int_equal(row.cfa * 8, cfa);
	assert_int_equal(row.rbp_rule, rbp);
	assert_int_equal(row.rbp * 8, rbp_at);
}

static void states_of_a_function(void **state)
{
	(void)state;
	assert_row(frames_plain, PW_UNWIND_RSP, 8, PW_UNWIND_RBP_KEPT, 0);
	assert_row(frames_pushed, PW_UNWIND_RSP, 16, PW_UNWIND_RBP_AT_CFA, -16);
	assert_row(frames_room, PW_UNWIND_RSP, 4112, PW_UNWIND_RBP_AT_CFA, -16);
	assert_row(frames_based, PW_UNWIND_RBP, 16, PW_UNWIND_RBP_AT_CFA, -16);
	assert_row(frames_end, PW_UNWIND_UNKNOWN, 0, PW_UNWIND_RBP_KEPT, 0);
}

static void rules_that_are_expressions(void **state)
{
	(void)state;
	assert_row(frames_aligned, PW_UNWIND_RBP_DEREF, -8, PW_UNWIND_RBP_AT_RBP, 0);
	assert_row(frames_aligned_8, PW_UNWIND_RSP_DEREF_8, 24, PW_UNWIND_RBP_KEPT, 0);
	assert_row(frames_signal, PW_UNWIND_SIGNAL, 0, PW_UNWIND_RBP_KEPT, 0);
}

static void the_outermost_frame(void **state)
{
	(void)state;
	assert_row(frames_outermost, PW_UNWIND_END, 0, PW_UNWIND_RBP_KEPT, 0);
}

static void what_does_not_fit_is_unknown(void **state)
{
	(void)state;
	assert_row(frames_odd, PW_UNWIND_UNKNOWN, 0, PW_UNWIND_RBP_KEPT, 0);
	assert_row(frames_huge, PW_UNWIND_UNKNOWN, 0, PW_UNWIND_RBP_KEPT, 0);
	assert_true(own.unknown_bytes >= 2);
}

static void rows_are_sorted_and_differ(void **state)
{
	(void)state;
	for (size_t i = 1; i < own.count; i++) {
		const struct pw_unwind_row *a = &own.rows[i - 1], *b = &own.rows[i];

		assert_true(a->pc < b->pc);
		assert_true(a->cfa_rule != b->cfa_rule || a->cfa != b->cfa ||
			    a->rbp_rule != b->rbp_rule || a->rbp != b->rbp);
	}
	assert_null(own.rows[0].pc ? pw_unwind_table_find(&own, own.rows[0].pc - 1) : NULL);
}

/* ---- bad files ---------------------------------------------------------------------- */

static uint8_t *own_file(size_t *ret_size)
{
	int fd pw_auto_close = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	struct stat st;
	uint8_t *bytes;

	assert_int_equal(fstat(fd, &st), 0);
	bytes = malloc((size_t)st.st_size);
	assert_int_equal(read(fd, bytes, (size_t)st.st_size), st.st_size);
	*ret_size = (size_t)st.st_size;
	return bytes;
}

static int build_of(const uint8_t *bytes, size_t size)
{
	int fd pw_auto_close = memfd_create("elf", MFD_CLOEXEC);
	struct pw_unwind_table t = { 0 };
	int rc;

	assert_int_equal(write(fd, bytes, size), size);
	rc = pw_unwind_table_build(fd, -1, &t);
	if (rc)
		assert_null(t.rows); /* untouched */
	pw_unwind_table_free(&t);
	return rc;
}

static void files_that_are_cut(void **state)
{
	size_t size;
	uint8_t *bytes = own_file(&size);

	(void)state;
	assert_int_equal(build_of(bytes, 0), -ENOEXEC);
	assert_int_equal(build_of(bytes, 63), -ENOEXEC);
	for (size_t cut = 64; cut < size; cut += size / 97)
		assert_true(build_of(bytes, cut) <= 0);
	free(bytes);
}

/* The same damage in each run: bytes of the whole file, then of the section alone. */
static void files_that_are_damaged(void **state)
{
	size_t size;
	uint8_t *bytes = own_file(&size);
	uint64_t seed = 0x9e3779b97f4a7c15;

	(void)state;
	for (int round = 0; round < 60; round++) {
		for (int i = 0; i < 200; i++) {
			seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
			bytes[64 + seed % (size - 64)] = (uint8_t)(seed >> 40);
		}
		assert_true(build_of(bytes, size) <= 0);
	}
	free(bytes);
}

static void other_files(void **state)
{
	static const char text[] = "#!/bin/sh\necho this is not a program, though it can be run\n";
	struct pw_unwind_table t;
	int dir pw_auto_close = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	(void)state;
	assert_int_equal(build_of((const uint8_t *)text, sizeof(text)), -ENOEXEC);
	assert_int_equal(pw_unwind_table_build(dir, -1, &t), -ENOEXEC);
	assert_int_equal(pw_unwind_table_build(-1, -1, &t), -EBADF);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(states_of_a_function),
		cmocka_unit_test(rules_that_are_expressions),
		cmocka_unit_test(the_outermost_frame),
		cmocka_unit_test(what_does_not_fit_is_unknown),
		cmocka_unit_test(rows_are_sorted_and_differ),
		cmocka_unit_test(files_that_are_cut),
		cmocka_unit_test(files_that_are_damaged),
		cmocka_unit_test(other_files),
	};

	return cmocka_run_group_tests_name("tests", tests, build_own, free_own);
}

#else
int main(void)
{
	print_message("1..0 # SKIP unwind tables are made of x86-64 programs alone\n");
	return 0;
}
#endif
