/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who observes wipes for a command: the daemon where it does so already, else programs of its own. */
#ifndef PW_CMD_WIPE_SOURCE_H
#define PW_CMD_WIPE_SOURCE_H

#include "user/cmd/session.h"

struct pw_wipe_wish {
	struct pw_wipe_options options; /* `on` need not be set */
	const char *cgroup; /* its path, as it was given; NULL: any */
	bool ledger; /* the page ledger is wanted as well */
};

/* The options alone: PW_OPTION_TAKEN, or PW_EXIT_USAGE after a message. */
int pw_wipe_wish_bounded(const struct pw_wipe_wish *w, const struct pw_command *c);
/* Looks up the cgroup and the PID. 0, or -errno with words. */
int pw_wipe_wish_check(struct pw_wipe_wish *w, const char *command, struct pw_error *err);
/* Sets c's source so that the session that it opens observes what is wished. */
void pw_wipe_source_choose(struct pw_common *c, const struct pw_wipe_wish *w);
/* Whether the daemon's model knows what the module told since it observes. */
bool pw_wipe_source_daemon_sees_module(const struct pw_common *c);
/* After the first tick of a live session: 0, or -errno with words when it observes no wipes. */
int pw_wipe_source_check(const struct pw_session *s, struct pw_error *err);

#endif
