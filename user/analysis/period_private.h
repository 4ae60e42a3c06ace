/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of a period share. */
#ifndef PW_ANALYSIS_PERIOD_PRIVATE_H
#define PW_ANALYSIS_PERIOD_PRIVATE_H

#include "user/analysis/period.h"

/* Room for one more pointer in an array of them. 0 or -ENOMEM. */
int pw_period_make_room(void *array, size_t count, size_t *room);
/* The period's own copy; equal strings have one address. One too many is counted and told as "". */
const char *pw_period_keep(struct pw_period *p, const char *text);
/* The process of this PID that lived at that time, the last that began; NULL. */
struct pw_period_process *pw_period_process_at(struct pw_period *p, uint32_t pid, uint64_t time_ns);
/* Of kept strings; NULL. */
struct pw_period_group *pw_period_group_find(const struct pw_period *p, const char *exe,
					     const char *cgroup);
int pw_period_find_restarts(struct pw_period *p);

#endif
