/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The one epoll loop: signals, intervals, flushes, connections, kernel events. */
#ifndef PW_DAEMON_LOOP_H
#define PW_DAEMON_LOOP_H

#include "user/daemon/state.h"

#define PW_STORE_RETRY_NS (60 * PW_NSEC_PER_SEC)

/* Blocks SIGTERM, SIGINT and SIGHUP; they wait for the loop. */
void pw_loop_hold_signals(void);
int pw_loop_open(struct pw_daemon *d, struct pw_error *err);
void pw_loop_close(struct pw_daemon *d);
/* The timers by the configuration. 0 or -errno. */
int pw_loop_set_timers(struct pw_daemon *d);
/* Until a signal or a source that fails for good. */
int pw_loop_run(struct pw_daemon *d, struct pw_error *err);

/* daemon.c: what the loop calls back. */
void pw_daemon_reload(struct pw_daemon *d);
int pw_daemon_open_store(struct pw_daemon *d, struct pw_error *err);

#endif
