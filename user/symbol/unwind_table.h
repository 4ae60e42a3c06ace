/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Unwind tables: what the .eh_frame (or .debug_frame) of an ELF file says,
 * as rows that the unwinder in the kernel can search. elfutils reads the
 * section; what doesn't fit a row becomes PW_UNWIND_UNKNOWN and is counted.
 *
 * The file may be a stranger's: its size and the number of rows are bounded,
 * it is read and never mapped, and no program of it is run.
 */
#ifndef PW_SYMBOL_UNWIND_TABLE_H
#define PW_SYMBOL_UNWIND_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "bpf/unwind.h"

#define PW_UNWIND_ROWS_MAX (4u << 20)
#define PW_UNWIND_FILE_MAX (2ull << 30) /* bytes */

struct pw_unwind_table {
	struct pw_unwind_row *rows; /* sorted by pc, each pc once; neighbours differ */
	size_t count;
	uint64_t base; /* the lowest loaded address, of which pc counts */
	uint64_t covered_bytes; /* of code, by rows that can be unwound */
	uint64_t unknown_bytes; /* of code that has a rule which doesn't fit */
	uint32_t entries; /* FDEs */
	uint32_t damaged_entries; /* left out */
};

/*
 * debug_fd: the separate debug file, asked for .debug_frame where the file has
 * no .eh_frame; -1: none. 0; -ENOEXEC no ELF file of this machine; -ENOENT no
 * call frame information; -EBADMSG damaged; -EFBIG past the bounds.
 */
int pw_unwind_table_build(int fd, int debug_fd, struct pw_unwind_table *ret);
void pw_unwind_table_free(struct pw_unwind_table *t);

/* The row for a place; NULL: before the first. */
const struct pw_unwind_row *pw_unwind_table_find(const struct pw_unwind_table *t, uint32_t pc);

#endif
