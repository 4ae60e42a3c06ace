/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What tests/programs/wipes.c says it did. */
#ifndef TESTS_PROGRAMS_WIPES_H
#define TESTS_PROGRAMS_WIPES_H

#include <stdint.h>

#include "kmod/uapi/pagewarden.h"

#define WIPE_TRUTHS_MAX 1024
#define WIPE_READ_BACK (256u << 10) /* the source is told to read back no more */
#define WIPE_ANY_KIND 0xffff
#define WIPE_NOT_HERE 0xffffffffu /* a count: the kernel has no such memory */

struct wipe_truth {
	uint64_t address, size, checked, dirty, first_dirty;
	uint32_t pid, tid;
	uint16_t function, kind; /* kind: enum pw_segment_kind */
	uint8_t verdict, reason, fill, flags;
	uint8_t secretmem; /* readable by its process alone: the verdict may be either */
	uint8_t reserved[7];
};

#endif
