// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sparse_leak: looks up one entry in each of ever more regions of a huge sparse
 * table. What grows is page tables: the entries themselves are the zero page.
 */
#include "work.h"

#include <sys/mman.h>

int main(void)
{
	const size_t table = 1ul << 40;
	volatile char *at = (volatile char *)mmap(
		NULL, table, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	size_t sum = 0;

	begin();
	if (at == MAP_FAILED)
		return 1;
	madvise((void *)at, table, MADV_NOHUGEPAGE);
	for (size_t i = 0; i < table; wait_for(0.05))
		for (int n = 0; n < 2; n++, i += 2 * MIB)
			sum += (size_t)at[i];
	return (int)sum;
}
