/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What every live source says about the machine it runs on and about its own
 * cost. Below a root prefix the recorded tree answers instead, where it can.
 */
#ifndef PW_SOURCE_MACHINE_H
#define PW_SOURCE_MACHINE_H

#include <stdint.h>

#include "kmod/uapi/pagewarden.h"
#include "user/base/procfs.h"

/*
 * A whole MACHINE record, but for what only the source knows: sample_every,
 * coverage, process_capacity and ledger_bytes are 0. source is cut to fit.
 * What can't be read stays 0 or "". time_ns is now.
 */
void pw_machine_fill(const struct pw_procfs *fs, const char *source, struct pw_machine *ret);

/* CLOCK_BOOTTIME; below a root prefix the tree's /proc/uptime (0: it has none). */
uint64_t pw_machine_now_ns(const struct pw_procfs *fs);

/* The fields of a TICK that come from /proc/meminfo. 0 or -errno. */
int pw_tick_fill_memory(const struct pw_procfs *fs, struct pw_tick *tick);
/* user_ns and own_rss_bytes: of this process on the live machine, whatever the prefix. */
void pw_tick_fill_own_cost(struct pw_tick *tick);

#endif
