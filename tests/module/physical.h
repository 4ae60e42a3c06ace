/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Looks for a pattern in the machine's whole physical memory (the direct map in
 * /proc/kcore), to see whether contents that the module promised to clear are
 * gone. The pattern is random, made once per program, and kept inverted, so that
 * the program itself never matches; it carries an id, so that one pass over the
 * memory answers for many tests. No byte of it is 0.
 */
#ifndef TESTS_MODULE_PHYSICAL_H
#define TESTS_MODULE_PHYSICAL_H

#include <stddef.h>
#include <stdint.h>

#define PHYSICAL_IDS 4096u /* ids are 0 .. this - 1 */
#define PHYSICAL_UNIT 16u /* bytes of one copy of the pattern */

void physical_init(void); /* once, before the first fork */

/* Fills whole words of [at, at + bytes) with the pattern; the odd bytes at both ends with 0xff. */
void physical_fill(void *at, size_t bytes, unsigned int id);

/*
 * Copies of each id's pattern found now, into found[PHYSICAL_IDS]; returns the
 * bytes that were looked at. Ends the case where the memory can't be read.
 */
uint64_t physical_scan(uint32_t *found);

#endif
