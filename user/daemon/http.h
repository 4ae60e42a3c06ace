/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * HTTP on the daemon's sockets: connections, who they are, their limits, and
 * the shape of requests. What is answered is decided in api.c. Requests are
 * hostile until checked; nothing here blocks.
 */
#ifndef PW_DAEMON_HTTP_H
#define PW_DAEMON_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "user/base/error.h"

#define PW_HTTP_CONNECTIONS 64 /* all users but root, who may take PW_HTTP_CONNECTIONS_ROOT */
#define PW_HTTP_CONNECTIONS_ROOT 80
#define PW_HTTP_CONNECTIONS_USER 16
#define PW_HTTP_URL_MAX 1024
#define PW_HTTP_TIMEOUT_S 10
#define PW_HTTP_ANSWERS_BYTES (32u << 20) /* under way together; one is always allowed */
#define PW_HTTP_PARAMETERS 8
#define PW_HTTP_UID_TCP ((uid_t)-1) /* counts as one user */

struct pw_daemon;
struct pw_http;
struct pw_stream;

struct pw_http_parameter {
	const char *name, *value;
};

struct pw_http_request {
	const char *path; /* without the query */
	struct pw_http_parameter parameters[PW_HTTP_PARAMETERS];
	size_t parameter_count;
	uid_t uid; /* of the peer; PW_HTTP_UID_TCP: it came by TCP */
	const char *accept; /* the header; NULL: none */
};

/* An answer. Bytes and stream are taken over; zero is an empty 200. */
struct pw_http_answer {
	unsigned int status; /* 0: 200 */
	const char *type; /* NULL: application/json */
	char *bytes; /* malloc'ed */
	size_t len;
	struct pw_stream *(*stream)(struct pw_daemon *d, void (*wake)(void *), void *ctx, int *err);
};

int pw_http_create(struct pw_daemon *d, struct pw_http **ret, struct pw_error *err);
/* Ends every connection; streams are told to finish first. Takes NULL. */
void pw_http_destroy(struct pw_http *h);

/* The descriptor that polls readable when pw_http_run() has work. */
int pw_http_fd(const struct pw_http *h);
/* How long the loop may sleep; UINT64_MAX: as long as it likes. */
uint64_t pw_http_timeout_ms(const struct pw_http *h);
void pw_http_run(struct pw_http *h);
/* Takes waiting connections of the Unix socket, or of the TCP one. false: stop listening until the
 * next tick (out of descriptors). */
bool pw_http_accept(struct pw_http *h, int listen_fd, bool tcp);

struct pw_http_status {
	unsigned int connections;
	uint64_t requests, refused, errors; /* ever */
};
struct pw_http_status pw_http_status(const struct pw_http *h);

#endif
