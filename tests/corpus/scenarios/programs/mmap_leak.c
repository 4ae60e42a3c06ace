// SPDX-License-Identifier: GPL-2.0-or-later
/* mmap_leak: maps a buffer for each file that it handles; one in eight is never unmapped. */
#include "work.h"

#include <sys/mman.h>

int main(void)
{
	begin();
	for (long i = 0;; i++, wait_for(0.05)) {
		char *buffer = (char *)mmap(NULL, 48 * KIB, PROT_READ | PROT_WRITE,
					    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (buffer == MAP_FAILED)
			return 1;
		memset(buffer, (int)i, 48 * KIB);
		if (i % 8)
			munmap(buffer, 48 * KIB);
	}
}
