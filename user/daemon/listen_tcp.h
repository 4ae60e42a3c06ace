/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The TCP socket for /metrics: an address, and on this machine alone unless it is allowed otherwise. */
#ifndef PW_DAEMON_LISTEN_TCP_H
#define PW_DAEMON_LISTEN_TCP_H

#include <stdbool.h>
#include <sys/socket.h>

#include "user/base/error.h"

struct pw_tcp_address {
	struct sockaddr_storage address;
	socklen_t len;
	bool loopback; /* 127.0.0.0/8 or ::1 */
};

/* "127.0.0.1:9750", "[::1]:9750": numbers, never names. 0 or -EINVAL. */
int pw_tcp_address_parse(const char *text, struct pw_tcp_address *ret);
/* A listening, non-blocking descriptor. */
int pw_tcp_listen(const struct pw_tcp_address *a, const char *text, int *ret_fd,
		  struct pw_error *err);
/*
 * Whether a Host header names a machine as a person with a local address does:
 * by number or as localhost. A browser that was lured here by a foreign name
 * that resolves to 127.0.0.1 says that name. NULL: there is none.
 */
bool pw_tcp_host_is_local(const char *host);

#endif
