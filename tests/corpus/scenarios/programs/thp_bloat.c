// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * thp_bloat: a sparse hash table in a region of huge pages: each first touch
 * brings 2 MiB where 4 KiB are meant, until all of the region is there.
 */
#include "work.h"

#include <sys/mman.h>

int main(void)
{
	const size_t region = 128 * MIB;
	uint64_t state = 521288629;
	char *at = (char *)aligned_alloc(2 * MIB, region);

	begin();
	if (!at)
		return 1;
	madvise(at, region, MADV_HUGEPAGE);
	for (;; wait_for(0.1))
		for (int i = 0; i < 2; i++)
			at[random_next(&state) % region] = 1;
}
