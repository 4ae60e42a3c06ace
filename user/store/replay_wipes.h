/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The wipe ledger's part of replay.h: its records of a range, in order, in realtime. */
#ifndef PW_STORE_REPLAY_WIPES_H
#define PW_STORE_REPLAY_WIPES_H

#include "user/source/source.h"
#include "user/store/store.h"

/*
 * WIPE, RELEASE and SECRET records of [from, to), each with its caller's
 * strings and its program behind it. 0; a sink's result; -errno of a query.
 */
int pw_store_replay_wipes(struct pw_store *s, uint64_t from_ns, uint64_t to_ns, pw_sink sink,
			  void *ctx);

#endif
