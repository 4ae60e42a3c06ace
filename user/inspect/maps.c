// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/cleanup.h"
#include "user/inspect/line_reader.h"
#include "user/inspect/maps.h"

/* Digits of base up to the expected delimiter, which is consumed. */
static bool take_number(const char **at, unsigned int base, char delimiter, uint64_t *ret)
{
	const char *s = *at;
	uint64_t n = 0;

	for (;; s++) {
		unsigned int digit;

		if (*s >= '0' && *s <= '9')
			digit = (unsigned int)(*s - '0');
		else if (*s >= 'a' && *s <= 'f')
			digit = (unsigned int)(*s - 'a') + 10;
		else
			break;
		if (digit >= base || n > (UINT64_MAX - digit) / base)
			return false;
		n = n * base + digit;
	}
	if (s == *at || *s != delimiter)
		return false;
	*at = s + 1;
	*ret = n;
	return true;
}

static bool take_perms(const char **at, uint32_t *ret)
{
	const char *s = *at;

	if (strnlen(s, 5) < 5 || s[4] != ' ')
		return false;
	*ret = (s[0] == 'r' ? PW_PERM_R : 0) | (s[1] == 'w' ? PW_PERM_W : 0) |
	       (s[2] == 'x' ? PW_PERM_X : 0) | (s[3] == 's' ? PW_PERM_SHARED : 0);
	*at = s + 5;
	return true;
}

/* The kernel writes a newline in a path as "\012", and nothing else escaped. */
static void copy_name(char *out, size_t size, const char *name)
{
	size_t n = 0;

	while (*name && n + 1 < size) {
		if (strncmp(name, "\\012", 4) == 0) {
			out[n++] = '\n';
			name += 4;
		} else {
			out[n++] = *name++;
		}
	}
	out[n] = '\0';
}

int pw_maps_parse(const char *line, struct pw_vma *ret)
{
	uint64_t start, end, offset, major, minor, inode;
	uint32_t perms;

	if (!take_number(&line, 16, '-', &start) || !take_number(&line, 16, ' ', &end) ||
	    !take_perms(&line, &perms) || !take_number(&line, 16, ' ', &offset) ||
	    !take_number(&line, 16, ':', &major) || !take_number(&line, 16, ' ', &minor))
		return -EBADMSG;
	/* the inode is followed by padding, or ends the line */
	if (!take_number(&line, 10, ' ', &inode) && !take_number(&line, 10, '\0', &inode))
		return -EBADMSG;
	if (major > UINT32_MAX || minor > UINT32_MAX || start >= end)
		return -EBADMSG;
	ret->start = start;
	ret->end = end;
	ret->offset = offset;
	ret->inode = inode;
	ret->dev_major = (uint32_t)major;
	ret->dev_minor = (uint32_t)minor;
	ret->perms = perms;
	ret->name[0] = '\0';
	if (line[-1] == ' ')
		copy_name(ret->name, sizeof(ret->name), line + strspn(line, " "));
	return 0;
}

int pw_maps_read(int fd, struct pw_lock_meter *meter,
		 int (*add)(void *ctx, const struct pw_vma *vma), void *ctx)
{
	pw_auto_free struct pw_line_reader *lines = malloc(sizeof(*lines));
	struct pw_vma vma;
	size_t len;
	char *line;
	int err;

	if (!lines)
		return -ENOMEM;
	pw_line_reader_init(lines, fd, meter);
	while ((err = pw_line_next(lines, &line, &len)) > 0) {
		err = pw_maps_parse(line, &vma);
		if (!err)
			err = add(ctx, &vma);
		if (err)
			return err;
	}
	return err;
}
