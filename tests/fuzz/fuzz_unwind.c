// SPDX-License-Identifier: GPL-2.0-or-later
/* Bytes as an ELF file whose call frame information becomes a table. */
#include <assert.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz/fuzz.h"
#include "user/symbol/unwind_table.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int fd = -1;
	struct pw_unwind_table t;

	if (fd < 0)
		fd = memfd_create("unwind", MFD_CLOEXEC);
	if (fd < 0 || ftruncate(fd, 0) || pwrite(fd, data, size, 0) != (ssize_t)size)
		abort();
	if (pw_unwind_table_build(fd, fd, &t))
		return 0;
	assert(t.count > 0 && t.count <= 2 * (size_t)PW_UNWIND_ROWS_MAX);
	for (size_t i = 1; i < t.count; i++)
		assert(t.rows[i - 1].pc < t.rows[i].pc);
	assert(t.rows[t.count - 1].cfa_rule == PW_UNWIND_UNKNOWN);
	pw_unwind_table_free(&t);
	return 0;
}
