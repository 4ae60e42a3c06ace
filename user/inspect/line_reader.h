/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines of a big /proc file, in bounded memory. */
#ifndef PW_INSPECT_LINE_READER_H
#define PW_INSPECT_LINE_READER_H

#include <stdbool.h>
#include <stddef.h>

#include "user/inspect/lock_meter.h"

#define PW_LINE_MAX 65536 /* a path of PATH_MAX bytes, all escaped, is a quarter of this */

struct pw_line_reader {
	int fd; /* the caller's */
	struct pw_lock_meter *meter; /* charged for each read; may be NULL */
	bool eof;
	size_t at, len;
	char buf[PW_LINE_MAX];
};

void pw_line_reader_init(struct pw_line_reader *r, int fd, struct pw_lock_meter *meter);
/*
 * The next line, without its newline, NUL-terminated in place, valid until the
 * next call. 1: a line; 0: the end; -EBADMSG: longer than PW_LINE_MAX; another
 * -errno of read.
 */
int pw_line_next(struct pw_line_reader *r, char **line, size_t *len);

#endif
