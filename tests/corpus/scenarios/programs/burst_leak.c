// SPDX-License-Identifier: GPL-2.0-or-later
/* burst_leak: idle mostly; of each nightly job, every 12 s, two MiB of small blocks stay behind. */
#include "work.h"

int main(void)
{
	uint64_t state = 521288629;

	begin();
	for (;; wait_for(9 + (double)(random_next(&state) % 6000) / 1000)) {
		void *work = filled(4 * MIB);

		for (size_t kept = 0; kept < 2 * MIB; kept += 256)
			filled(240);
		wait_for(0.3);
		free(work);
	}
}
