/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Faults on demand: on a kernel with fault injection the n-th allocation or copy
 * that this thread causes fails, whatever call it is in. And what must be the
 * same again after a call that failed.
 */
#ifndef TESTS_MODULE_FAULTS_H
#define TESTS_MODULE_FAULTS_H

#include <stdbool.h>
#include <stdint.h>

bool faults_possible(void); /* whether this kernel can */
void faults_init(void); /* once in each process, before the first */
void fault_arm(unsigned int n); /* from now, the n-th fails */
bool fault_disarm(void); /* whether it has */

struct state {
	uint64_t watches, watched_bytes, held_pages, arena_bytes, memory_bytes;
	int64_t pins;
};

/* Waits until no released page is still to be looked at. */
struct state state_now(int device);
/* Ends the case where anything differs. */
void must_be_as_before(const struct state *before, int device);

#endif
