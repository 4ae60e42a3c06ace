/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The daemon: one thread and one epoll loop that wires source -> model ->
 * store and serves the HTTP/JSON API and the record stream on a Unix socket.
 */
#ifndef PW_DAEMON_DAEMON_H
#define PW_DAEMON_DAEMON_H

#include <stdbool.h>
#include <stdint.h>

#include "user/base/error.h"
#include "user/source/source.h"

#define PW_DAEMON_SOCKET PW_SOURCE_SOCKET
#define PW_DAEMON_HISTORY "/var/lib/pagewarden/history.db"
#define PW_DAEMON_CONFIG "/etc/pagewarden/pagewarden.conf"

struct pw_daemon_options {
	const char *config_path; /* NULL: PW_DAEMON_CONFIG, and it may be absent */
	const char *socket_path;
	const char *history_path; /* "" : no history */
	const char *group; /* who may connect beside root; default "pagewarden" */
	uint64_t interval_ns; /* default 2 s */
	uint64_t flush_ns; /* default 10 s */
	uint64_t history_max_bytes;
	struct pw_source_options source;
};

/* Runs until SIGTERM or SIGINT; SIGHUP reloads the configuration. 0 or -errno. */
int pw_daemon_run(const struct pw_daemon_options *opt, struct pw_error *err);

#endif
