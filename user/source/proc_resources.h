/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a process holds beside memory, as /proc shows it: its descriptors every
 * 10 s, the rest, which costs ten times as much, when it ran meanwhile or
 * opened or closed any, and every minute.
 */
#ifndef PW_SOURCE_PROC_RESOURCES_H
#define PW_SOURCE_PROC_RESOURCES_H

#include <stdbool.h>

#include "user/source/proc_process.h"

/* Beyond these, what each thread did is not summed: /proc has no sum. */
#define PW_PROC_THREADS_SUMMED 64

/* Whether p is due; then it no longer is. */
bool pw_proc_resources_due(const struct pw_proc_walk *w, struct pw_proc_process *p);
/*
 * true: there is news of p in *ret. What can't be read is left out of its flags;
 * where nothing can be, there is no news.
 */
bool pw_proc_resources_news(const struct pw_proc_walk *w, struct pw_proc_process *p,
			    struct pw_resources *ret);
/* /proc/PID/limits; a limit that is not there is PW_UNKNOWN. */
void pw_proc_parse_limits(const char *text, size_t len, struct pw_resources *ret);

#endif
