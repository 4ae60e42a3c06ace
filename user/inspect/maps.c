// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/cleanup.h"
#include "user/inspect/line_reader.h"
#include "user/inspect/maps.h"

/* Hex digits to their value + 1; 0: no digit. */
static const uint8_t digits[256] = {
	['0'] = 1,  ['1'] = 2,	['2'] = 3,  ['3'] = 4,	['4'] = 5,  ['5'] = 6,
	['6'] = 7,  ['7'] = 8,	['8'] = 9,  ['9'] = 10, ['a'] = 11, ['b'] = 12,
	['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16,
};

/* Hex digits up to the expected delimiter, which is consumed. */
static inline bool take_hex(const char **at, char delimiter, uint64_t *ret)
{
	const char *s = *at;
	uint64_t n = 0;
	uint8_t digit;

	while ((digit = digits[(uint8_t)*s]) != 0) {
		n = n << 4 | (digit - 1u);
		s++;
	}
	if (s == *at || s - *at > 16 || *s != delimiter)
		return false;
	*at = s + 1;
	*ret = n;
	return true;
}

/* The same for a decimal that a space or the end of the line follows. */
static bool take_decimal(const char **at, uint64_t *ret)
{
	const char *s = *at;
	uint64_t n = 0;

	for (; *s >= '0' && *s <= '9'; s++)
		if (__builtin_mul_overflow(n, 10, &n) ||
		    __builtin_add_overflow(n, (uint64_t)(*s - '0'), &n))
			return false;
	if (s == *at || (*s != ' ' && *s != '\0'))
		return false;
	*at = s;
	*ret = n;
	return true;
}

static bool take_perms(const char **at, uint32_t *ret)
{
	const char *s = *at;

	if (!s[0] || !s[1] || !s[2] || !s[3] || s[4] != ' ')
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

	if (!take_hex(&line, '-', &start) || !take_hex(&line, ' ', &end) ||
	    !take_perms(&line, &perms) || !take_hex(&line, ' ', &offset) ||
	    !take_hex(&line, ':', &major) || !take_hex(&line, ' ', &minor) ||
	    !take_decimal(&line, &inode))
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
