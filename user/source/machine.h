/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The machine's part of MACHINE and TICK records, the same for every live
 * source. Below a root prefix the recorded tree answers, its clock included,
 * for all but the page size and our own cost.
 */
#ifndef PW_SOURCE_MACHINE_H
#define PW_SOURCE_MACHINE_H

#include <stdbool.h>

#include "kmod/uapi/pagewarden.h"
#include "user/base/procfs.h"

/* CLOCK_BOOTTIME; of a tree its /proc/uptime, 0 when it has none. */
uint64_t pw_machine_now_ns(const struct pw_procfs *fs);
/*
 * Fills a MACHINE record with all but sample_every, process_capacity and
 * ledger_bytes. source: "bpf", "proc". 0 or -errno when /proc/meminfo can't be
 * read; other fields are then 0 or "".
 */
int pw_machine_fill(const struct pw_procfs *fs, const char *source, uint32_t coverage,
		    struct pw_machine *ret);
/* Fills a TICK's header, sequence, memory of the machine and own CPU and RSS. */
int pw_machine_tick(const struct pw_procfs *fs, uint64_t sequence, uint64_t last_tick_ns,
		    struct pw_tick *ret);
/*
 * Whether /proc shows other users' processes to this one: false when it is
 * mounted with hidepid and we lack CAP_SYS_PTRACE (the group that a mount may
 * exempt is not looked at), or when init can't be read.
 */
bool pw_machine_sees_all(const struct pw_procfs *fs);

#endif
