/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a growing series will run into, and when. Pure.
 */
#ifndef PW_ANALYSIS_LIMIT_H
#define PW_ANALYSIS_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

#include "user/analysis/series_kind.h"
#include "user/analysis/verdict.h"
#include "user/model/model.h"

enum pw_limit_kind {
	PW_LIMIT_NONE, /* nothing known bounds it */
	PW_LIMIT_CGROUP, /* memory.max of the cgroup or of one above it */
	PW_LIMIT_ADDRESS_SPACE, /* RLIMIT_AS */
	PW_LIMIT_DATA, /* RLIMIT_DATA */
	PW_LIMIT_OPEN_FILES, /* RLIMIT_NOFILE */
	PW_LIMIT_THREADS, /* pids.max of the cgroup */
	PW_LIMIT_MACHINE, /* available memory and free swap */
	PW_LIMIT_KINDS
};

extern const char *const pw_limit_names[PW_LIMIT_KINDS]; /* "none", "cgroup", "rlimit-as", ... */

struct pw_limit {
	enum pw_limit_kind kind;
	uint64_t limit; /* units of the series */
	uint64_t used; /* of it, by all who share it */
	uint64_t left; /* limit - used */
};

struct pw_time_to_limit {
	bool known; /* the slope's best guess leads there */
	/* seconds from now, in real time (a time scale is already taken out); infinity: never */
	double seconds;
	double seconds_low, seconds_high; /* 90 % interval */
};

/*
 * The slope's own interval holds the line through the floors, and little else: what runs
 * into the limit is the peak above it, and whatever the program does next. With it alone
 * the interval held the truth in a quarter of the linear leaks of the corpus. So its ends
 * are wider, by what nine in ten leaks of the corpus's tuning stream need.
 */
#define PW_LIMIT_SOONER 0.3
#define PW_LIMIT_LATER 1.25

/*
 * From the verdict's slope and its bounds. scale: as pw_trend_options. Where
 * nothing is left, the time is 0. An end of the interval is infinity where the
 * slope's bound does not lead to the limit.
 */
void pw_limit_time(const struct pw_limit *limit, const struct pw_verdict *v, double time_scale,
		   struct pw_time_to_limit *ret);

/*
 * The tightest limit that a series of this kind of a process (of a group) has:
 * smallest `left`. Which limits a kind has:
 *
 *   resident bytes (anon, shmem, page tables, kernel) and the heap, which is
 *   used as it is asked for: CGROUP, MACHINE
 *   address space (anon, heap, mapped, stack, shmem): ADDRESS_SPACE
 *   private writable (anon, heap, mapped): DATA
 *   threads: THREADS; open files: OPEN_FILES
 *
 * Of a group: of the members' own limits (RLIMIT_*), that of the member with
 * the least left, though the growth may be all the members': a time from it errs
 * on the early side.
 */
void pw_limit_of_process(const struct pw_model *m, const struct pw_process *p,
			 enum pw_series_kind kind, struct pw_limit *ret);
void pw_limit_of_group(const struct pw_model *m, const struct pw_group *g, enum pw_series_kind kind,
		       struct pw_limit *ret);
void pw_limit_of_cgroup(const struct pw_model *m, uint64_t cgroup_id, enum pw_series_kind kind,
			struct pw_limit *ret);

#endif
