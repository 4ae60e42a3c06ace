/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the daemon's files share: the stages, and what status tells about them. */
#ifndef PW_DAEMON_STATE_H
#define PW_DAEMON_STATE_H

#include <sys/types.h>

#include "user/analysis/trends.h"
#include "user/daemon/alerting.h"
#include "user/daemon/broadcast.h"
#include "user/daemon/config.h"
#include "user/daemon/listen.h"
#include "user/daemon/token.h"
#include "user/model/model.h"
#include "user/source/source.h"
#include "user/store/store.h"

struct pw_http;

struct pw_daemon {
	const struct pw_daemon_options *options;
	struct pw_daemon_config config;
	gid_t group; /* (gid_t)-1: there is no such group */
	struct pw_source *source;
	struct pw_error source_why; /* why it is not a better one; what[0] == 0: it is the best */
	struct pw_model *model;
	struct pw_store *store; /* NULL: off, or it could not be opened */
	struct pw_error store_error; /* the last failure of the history; what[0] == 0: none */
	struct pw_trends *trends; /* NULL: off */
	bool trends_save_all; /* the history does not have what it was given last */
	bool trends_failure_told;
	uint64_t trends_saved_ns; /* CLOCK_BOOTTIME of the last attempt */
	struct pw_broadcast *broadcast;
	struct pw_listener listener;
	struct pw_http *http;
	int tcp_fd; /* listens for /metrics; -1: not */
	struct pw_token token;
	struct pw_alerter *alerter;
	struct pw_alerting alerting;

	/* the loop; -1: none */
	int epoll_fd, signal_fd, tick_fd, flush_fd, source_fd;
	bool stopping;
	bool listening; /* the listener is in the epoll set */
	uint64_t watchdog_ns; /* 0: systemd asked for none */
	uint64_t watchdog_next_ns;
	uint64_t store_retry_ns; /* when to try the history again */
	unsigned int failures; /* collects that failed in a row */
	bool store_failure_told;

	/* for the status */
	uint64_t started_ns; /* CLOCK_BOOTTIME */
	uint64_t late_ticks; /* timer expirations that found the loop busy */
	uint64_t collect_ns, collect_longest_ns;
	uint64_t flush_longest_ns;
	uint64_t trends_cpu_ns, trends_longest_ns;
	uint64_t reloads;
	uint64_t history_lost_rows; /* with those of stores closed since */
};

/* Says it on stderr with the journal's priority: 3 error, 4 warning, 6 information. */
void pw_daemon_log(int priority, const char *text, ...) __attribute__((format(printf, 2, 3)));
void pw_daemon_log_error(int priority, const struct pw_error *err);

#endif
