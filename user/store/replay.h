/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The past as records: what a history knows of a range of time, told in the
 * order and the shape in which it happened, so that every view works on it.
 *
 * The range is cut into at most PW_STORE_REPLAY_STEPS intervals; steps in
 * which nothing watched are left out. Times are realtime (the machine's
 * boot_realtime is 0), because a range may hold several boots. Counters are
 * PW_COUNTERS_PARTIAL, peaks are the highest of the recorded points, and how a
 * process ended is known where the history has its event.
 */
#ifndef PW_STORE_REPLAY_H
#define PW_STORE_REPLAY_H

#include "user/source/source.h"
#include "user/store/store.h"

#define PW_STORE_REPLAY_STEPS 512

/*
 * machine: what the history does not keep (pw_machine_fill), source and coverage
 * as they shall be shown. Range half-open, realtime. 0; a sink's result; -ENODATA when nothing
 * was watched in the range; -E2BIG when it holds too much; -errno of a query.
 */
int pw_store_replay(struct pw_store *s, uint64_t from_ns, uint64_t to_ns,
		    const struct pw_machine *machine, pw_sink sink, void *ctx, struct pw_error *err);

#endif
