// SPDX-License-Identifier: GPL-2.0-or-later
#include "user/base/text.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "user/base/unicode.h"

/* One unit of the escaped form of the bytes at in; the bytes taken go to *taken. */
static size_t escape_unit(const char *in, size_t len, char unit[8], size_t *taken)
{
	static const char hex[] = "0123456789abcdef";
	unsigned char byte = (unsigned char)*in;
	uint32_t code = 0;
	size_t n = pw_utf8_decode(in, len, &code);

	*taken = 1;
	if (byte == '\\') {
		memcpy(unit, "\\\\", 2);
		return 2;
	}
	if (n && pw_unicode_printable(code)) {
		memcpy(unit, in, n);
		*taken = n;
		return n;
	}
	unit[0] = '\\';
	unit[1] = 'x';
	unit[2] = hex[byte >> 4];
	unit[3] = hex[byte & 15];
	return 4;
}

size_t pw_text_escape(char *out, size_t out_size, const char *bytes, size_t len)
{
	size_t used = 0, taken;
	char unit[8];

	if (!out_size)
		return 0;
	if (len == SIZE_MAX)
		len = strlen(bytes);
	for (size_t i = 0; i < len; i += taken) {
		size_t n = escape_unit(bytes + i, len - i, unit, &taken);

		if (n >= out_size - used)
			break;
		memcpy(out + used, unit, n);
		used += n;
	}
	out[used] = '\0';
	return used;
}

/* The next sequence and its width; a byte that is no UTF-8 counts as one column. */
static size_t next_cell(const char *s, size_t len, unsigned int *width)
{
	uint32_t code;
	size_t n = pw_utf8_decode(s, len, &code);

	*width = n ? pw_unicode_width(code) : 1;
	return n ? n : 1;
}

size_t pw_text_width(const char *utf8)
{
	size_t len = strlen(utf8), width = 0;
	unsigned int w;

	for (size_t i = 0; i < len; width += w)
		i += next_cell(utf8 + i, len - i, &w);
	return width;
}

/*
 * Bytes of the longest beginning that fits both bounds; its columns go to
 * *columns. Where the bytes suffice for the width, each open column keeps one
 * for its blank: marks without a width must not eat them.
 */
static size_t prefix_that_fits(const char *s, size_t bytes, size_t width, size_t *columns)
{
	const bool padded = width <= bytes;
	size_t len = strlen(s), i = 0;

	*columns = 0;
	while (i < len) {
		unsigned int w;
		size_t n = next_cell(s + i, len - i, &w);

		if (*columns + w > width)
			break;
		if (i + n + (padded ? width - *columns - w : 0) > bytes)
			break;
		*columns += w;
		i += n;
	}
	return i;
}

size_t pw_text_fit(char *out, size_t out_size, const char *utf8, size_t width, int right_align)
{
	size_t columns, len, pad;

	if (!out_size)
		return 0;
	len = prefix_that_fits(utf8, out_size - 1, width, &columns);
	pad = width - columns;
	if (pad > out_size - 1 - len)
		pad = out_size - 1 - len;
	memcpy(out + (right_align ? pad : 0), utf8, len);
	memset(out + (right_align ? 0 : len), ' ', pad);
	out[len + pad] = '\0';
	return len + pad;
}

static const char size_units[] = "KMGTPE";

char *pw_text_size(uint64_t bytes, char buf[PW_SIZE_TEXT])
{
	double v = (double)bytes / 1024;
	unsigned int unit = 0;

	if (bytes < 1000) {
		snprintf(buf, PW_SIZE_TEXT, "%u", (unsigned int)bytes);
		return buf;
	}
	if (v < 999.5) {
		snprintf(buf, PW_SIZE_TEXT, "%.0fK", v);
		return buf;
	}
	for (; v >= (unit ? 999.95 : 999.5); unit++)
		v /= 1024;
	snprintf(buf, PW_SIZE_TEXT, "%.1f%c", v, size_units[unit]);
	return buf;
}

char *pw_text_signed_size(int64_t bytes, char buf[PW_SIZE_TEXT])
{
	char size[PW_SIZE_TEXT];

	if (!bytes)
		return pw_text_size(0, buf);
	pw_text_size(bytes < 0 ? 0 - (uint64_t)bytes : (uint64_t)bytes, size);
	snprintf(buf, PW_SIZE_TEXT, "%c%.*s", bytes < 0 ? '-' : '+', PW_SIZE_TEXT - 2, size);
	return buf;
}

int pw_text_parse_size(const char *text, uint64_t *ret_bytes)
{
	uint64_t n = 0;
	const char *p = text;
	unsigned int shift = 0;

	for (; *p >= '0' && *p <= '9'; p++) {
		if (__builtin_mul_overflow(n, 10, &n) ||
		    __builtin_add_overflow(n, (uint64_t)(*p - '0'), &n))
			return -ERANGE;
	}
	if (p == text)
		return -EINVAL;
	if (*p) {
		char unit = (char)(*p >= 'a' && *p <= 'z' ? *p - 'a' + 'A' : *p);
		const char *u = strchr(size_units, unit);

		if (!u || p[1])
			return -EINVAL;
		shift = 10 * (unsigned int)(u - size_units + 1);
	}
	if (n > UINT64_MAX >> shift)
		return -ERANGE;
	*ret_bytes = n << shift;
	return 0;
}
