/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The terminal program behind top and inspect: one loop of collecting,
 * updating, drawing and keys.
 */
#ifndef PW_CMD_LIVE_H
#define PW_CMD_LIVE_H

#include "user/cmd/session.h"
#include "user/view/listing.h"

struct pw_live_options {
	struct pw_listing_options list;
	const char *columns; /* as --columns; NULL: what fits */
	/* inspect: begins in this process, and q ends; NULL: top */
	const struct pw_key *process;
	unsigned int segment_flags; /* PW_SEGMENT_* */
};

/* Until q, a signal, or an error. The terminal is as before afterwards. */
int pw_live_run(struct pw_session *s, const struct pw_live_options *opt, struct pw_error *err);

#endif
