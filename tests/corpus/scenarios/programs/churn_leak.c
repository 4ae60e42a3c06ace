// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * churn_leak [KIB_PER_SECOND]: a hundred MiB of buffers that come and go, each
 * of its slot's size, all of them replaced within seconds, and a small block now
 * and then that nobody frees.
 */
#include "work.h"

enum { BLOCKS = 6800 };

/* 2, 4, ... 32 KiB */
static size_t size_of(size_t slot)
{
	return 2 * KIB * (slot % 16 + 1) - 64;
}

int main(int argc, char **argv)
{
	double rate = argc > 1 ? atof(argv[1]) * KIB : 60.0 * KIB, due = 0, last;
	static void *blocks[BLOCKS];
	uint64_t state = 88172645463325252u;

	begin();
	for (size_t i = 0; i < BLOCKS; i++)
		blocks[i] = filled(size_of(i));
	for (last = now();; wait_for(0.02)) {
		for (int i = 0; i < 80; i++) {
			size_t at = random_next(&state) % BLOCKS;

			free(blocks[at]);
			blocks[at] = filled(size_of(at));
		}
		for (due += rate * (now() - last), last = now(); due >= 1000; due -= 1000)
			filled(1000);
	}
}
