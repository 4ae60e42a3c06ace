// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "user/inspect/line_reader.h"

void pw_line_reader_init(struct pw_line_reader *r, int fd, struct pw_lock_meter *meter)
{
	r->fd = fd;
	r->meter = meter;
	r->eof = false;
	r->at = r->len = 0;
}

/* Moves the rest to the front and reads more behind it. One byte stays free for a NUL. */
static int fill(struct pw_line_reader *r)
{
	uint64_t began = pw_lock_begin();
	ssize_t n;

	memmove(r->buf, r->buf + r->at, r->len - r->at);
	r->len -= r->at;
	r->at = 0;
	if (r->len == sizeof(r->buf) - 1)
		return -EBADMSG;
	do {
		n = read(r->fd, r->buf + r->len, sizeof(r->buf) - 1 - r->len);
	} while (n < 0 && errno == EINTR);
	if (r->meter)
		pw_lock_end(r->meter, began);
	if (n < 0)
		return -errno;
	r->eof = n == 0;
	r->len += (size_t)n;
	return 0;
}

int pw_line_next(struct pw_line_reader *r, char **line, size_t *len)
{
	char *newline;

	for (;;) {
		newline = memchr(r->buf + r->at, '\n', r->len - r->at);
		if (newline || r->eof)
			break;
		int err = fill(r);

		if (err)
			return err;
	}
	if (!newline && r->at == r->len)
		return 0;
	*line = r->buf + r->at;
	*len = (newline ? (size_t)(newline - r->buf) : r->len) - r->at;
	(*line)[*len] = '\0';
	r->at += *len + (newline ? 1 : 0);
	return 1;
}
