/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The history of suspicions: every change of a verdict, and the windows behind
 * the verdicts, so that a restart forgets neither.
 */
#ifndef PW_STORE_TRENDS_H
#define PW_STORE_TRENDS_H

#include "user/analysis/trends.h"
#include "user/store/store.h"

/*
 * Takes the changes since the last call; buffers. Those that the table of
 * trends could not keep until now are counted as lost rows.
 */
void pw_store_take_verdicts(struct pw_store *s, const struct pw_trends *t);

/*
 * Writes the subjects that changed (all: every one) and drops those that were
 * forgotten, in one transaction of its own. When it fails the rows are counted
 * as lost, and the next call has to write all. The windows take at most a
 * quarter of the file: beyond that subjects are not saved, and counted.
 */
int pw_store_save_trends(struct pw_store *s, struct pw_trends *t, bool all, struct pw_error *err);
/*
 * Restores what was saved into a new table. *ret_refused: rows that could not
 * be used: damaged, of another time scale, beyond the table's room. They are
 * dropped with the next save of all.
 */
int pw_store_restore_trends(struct pw_store *s, struct pw_trends *t, size_t *ret_refused,
			    struct pw_error *err);

/*
 * The changes of verdicts in [from, to), oldest first; as the other queries of
 * store.h. The event is as it was, but for its sequence, which is its id here,
 * and the gates, which are not kept.
 */
int pw_store_each_verdict(struct pw_store *s, uint64_t from_ns, uint64_t to_ns,
			  int (*fn)(void *ctx, const struct pw_verdict_event *ev), void *ctx);

#endif
