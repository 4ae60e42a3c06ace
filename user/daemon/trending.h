/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The daemon's table of trends: fed at each interval, kept in the history. */
#ifndef PW_DAEMON_TRENDING_H
#define PW_DAEMON_TRENDING_H

#include "user/daemon/state.h"

#define PW_TRENDING_SAVE_NS \
	(60 * PW_NSEC_PER_SEC) /* of the trends' time: what a crash loses of it */

/* By the configuration; what the history has of it goes on. 0 or -ENOMEM. */
int pw_trending_start(struct pw_daemon *d);
/* Saves and forgets. */
void pw_trending_stop(struct pw_daemon *d);
/* A configuration that differs from what is. */
void pw_trending_reload(struct pw_daemon *d);
/* After each interval of the model; the changes of verdicts go to the history. */
void pw_trending_tick(struct pw_daemon *d);
/* With each flush of the history: each minute the windows are saved. */
void pw_trending_flush(struct pw_daemon *d);

#endif
