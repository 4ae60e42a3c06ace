// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * churn_leak [KIB_PER_SECOND]: a hundred MiB of blocks that come and go, the
 * whole of them replaced every few seconds, and a small block now and then
 * that nobody frees.
 */
#include "work.h"

enum { BLOCKS = 6400, BLOCK = 16384 };

int main(int argc, char **argv)
{
	double rate = argc > 1 ? atof(argv[1]) * KIB : 60.0 * KIB, due = 0, last;
	static void *blocks[BLOCKS];
	uint64_t state = 88172645463325252u;

	begin();
	for (int i = 0; i < BLOCKS; i++)
		blocks[i] = filled(BLOCK / 2 + random_next(&state) % BLOCK);
	for (last = now();; wait_for(0.02)) {
		for (int i = 0; i < 40; i++) {
			size_t at = random_next(&state) % BLOCKS;

			free(blocks[at]);
			blocks[at] = filled(BLOCK / 2 + random_next(&state) % BLOCK);
		}
		for (due += rate * (now() - last), last = now(); due >= 1000; due -= 1000)
			filled(1000);
	}
}
