/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One GET on the daemon's Unix socket, in HTTP/1.0 so that the body is just
 * what follows until the end of the connection. No redirects, no chunks, no
 * kept connections. What answers is untrusted: heads and bodies are bounded.
 */
#ifndef PW_SOURCE_HTTP_CLIENT_H
#define PW_SOURCE_HTTP_CLIENT_H

#include <stddef.h>
#include <stdint.h>

#include "user/base/error.h"

#define PW_HTTP_HEAD_MAX 8192

struct pw_http_head {
	unsigned int status;
	uint64_t length; /* of the body; UINT64_MAX: up to the connection's end */
};

/* A whole head, the empty line included. -EPROTO: malformed, or a body this client can't read. */
int pw_http_parse_head(const char *text, size_t len, struct pw_http_head *ret);

struct pw_http_body {
	int fd;
	int timeout_ms; /* of each wait; -1: as long as it takes */
	uint64_t left;
};

/*
 * Connects, asks for target and reads the head; timeout_ms bounds each wait.
 * On success the body's fd is the caller's. -ENOENT, -ECONNREFUSED: nobody
 * listens at the socket; -EACCES: refused; -ESRCH: 404; -EBUSY: 503;
 * -ETIMEDOUT; -EPROTO: no daemon of ours; all with words.
 */
int pw_http_get(const char *socket_path, const char *target, int timeout_ms,
		struct pw_http_body *ret, struct pw_error *err);

/* Bytes read, 0 at the body's end, -ECONNRESET before it, -ETIMEDOUT, -EINTR, or another -errno. */
int64_t pw_http_body_read(struct pw_http_body *body, void *bytes, size_t len);

#endif
