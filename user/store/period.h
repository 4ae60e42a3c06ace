/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A period of the history, summed up (user/analysis/period.h). One pass over
 * the rows as they are stored, from one state of the file: a day of a thousand
 * processes takes half a second of CPU, where asking for each of them takes
 * half a minute.
 */
#ifndef PW_STORE_PERIOD_H
#define PW_STORE_PERIOD_H

#include "user/analysis/period.h"
#include "user/store/store.h"

/*
 * Half-open, realtime. 0; -ENODATA with words when nothing was watched in it;
 * -errno of a query. For a reader of its own: it has no time limit.
 */
int pw_store_period(struct pw_store *s, uint64_t from_ns, uint64_t to_ns, struct pw_period **ret,
		    struct pw_error *err);

#endif
