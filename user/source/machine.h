/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The machine's part of MACHINE and TICK records, the same for every live source. */
#ifndef PW_SOURCE_MACHINE_H
#define PW_SOURCE_MACHINE_H

#include <stdbool.h>

#include "kmod/uapi/pagewarden.h"
#include "user/base/procfs.h"

/*
 * Fills a MACHINE record with all but sample_every, process_capacity and
 * ledger_bytes. source: "bpf", "proc". 0 or -errno when /proc can't be read.
 */
int pw_machine_fill(const struct pw_procfs *fs, const char *source, uint32_t coverage,
		    struct pw_machine *ret);
/* Fills a TICK's header, sequence, memory of the machine and own CPU and RSS. */
int pw_machine_tick(const struct pw_procfs *fs, uint64_t sequence, uint64_t last_tick_ns,
		    struct pw_tick *ret);
/* Whether /proc shows other users' processes to this one (hidepid, privilege). */
bool pw_machine_sees_all(const struct pw_procfs *fs);

#endif
