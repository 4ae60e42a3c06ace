/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How long calls held another process's mmap lock: an upper bound, the time
 * spent inside each call that takes it.
 */
#ifndef PW_INSPECT_LOCK_METER_H
#define PW_INSPECT_LOCK_METER_H

#include <stdint.h>

#include "user/base/clock.h"

struct pw_lock_meter {
	uint32_t calls;
	uint64_t total_ns;
	uint64_t longest_ns;
};

static inline uint64_t pw_lock_begin(void)
{
	return pw_clock_boot_ns();
}

static inline void pw_lock_end(struct pw_lock_meter *meter, uint64_t began)
{
	uint64_t took = pw_clock_boot_ns() - began;

	meter->calls++;
	meter->total_ns += took;
	if (took > meter->longest_ns)
		meter->longest_ns = took;
}

#endif
