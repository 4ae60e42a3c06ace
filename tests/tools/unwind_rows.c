// SPDX-License-Identifier: GPL-2.0-or-later
/* unwind_rows FILE: the rows of its unwind table: place, CFA rule, offset, rbp rule, offset. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "user/symbol/unwind_table.h"

int main(int argc, char **argv)
{
	struct pw_unwind_table t;
	int fd = argc == 2 ? open(argv[1], O_RDONLY | O_CLOEXEC) : -1;
	int rc = fd < 0 ? -1 : pw_unwind_table_build(fd, -1, &t);

	if (rc) {
		fprintf(stderr, "unwind_rows: %s: %s\n", argc == 2 ? argv[1] : "one file",
			rc == -1 ? "can't be opened" : strerror(-rc));
		return 1;
	}
	for (size_t i = 0; i < t.count; i++) {
		const struct pw_unwind_row *r = &t.rows[i];

		printf("%llx %u %d %u %d\n", (unsigned long long)(t.base + r->pc), r->cfa_rule,
		       r->cfa * 8, r->rbp_rule, r->rbp * 8);
	}
	pw_unwind_table_free(&t);
	close(fd);
	return 0;
}
