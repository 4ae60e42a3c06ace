// SPDX-License-Identifier: GPL-2.0-or-later
#include "user/view/emitter.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "user/base/clock.h"
#include "user/base/text.h"

#define NUMBER_MAX 64

bool pw_emit_right_aligned(enum pw_unit unit)
{
	return unit != PW_UNIT_TEXT && unit != PW_UNIT_SPARK && unit != PW_UNIT_TIME &&
	       unit != PW_UNIT_BOOL;
}

/* "0", "7.3", "812", "1.2k", "34M": at most 5 columns below 1e15. */
static void decimal(double d, char out[NUMBER_MAX])
{
	static const char suffix[] = { '\0', 'k', 'M', 'G', 'T', 'P', 'E' };
	size_t i = 0;

	while (d >= 999.5 && i + 1 < sizeof(suffix)) {
		d /= 1000;
		i++;
	}
	if (d == 0)
		snprintf(out, NUMBER_MAX, "0");
	else
		snprintf(out, NUMBER_MAX, "%.*f%c", d < 9.95 ? 1 : 0, d, suffix[i]);
}

void pw_emit_duration(uint64_t ns, char out[PW_PLAIN_MAX])
{
	static const struct {
		double ns;
		const char *unit;
	} scale[] = { { 1, "ns" },     { 1e3, "us" },	{ 1e6, "ms" },	  { 1e9, "s" },
		      { 60e9, "min" }, { 3600e9, "h" }, { 86400e9, "d" }, { 365 * 86400e9, "y" } };
	size_t i = 0;

	/* what would round to 1000.0ms is 1.0s */
	while (i + 1 < sizeof(scale) / sizeof(scale[0]) && (double)ns >= 0.9999 * scale[i + 1].ns)
		i++;
	snprintf(out, PW_PLAIN_MAX, "%.*f%s", i ? 1 : 0, (double)ns / scale[i].ns, scale[i].unit);
}

static void signed_size(double d, char out[NUMBER_MAX])
{
	char buf[PW_SIZE_TEXT];
	double bound = 9e18; /* inside int64_t */

	d = d > bound ? bound : d < -bound ? -bound : d;
	snprintf(out, NUMBER_MAX, "%s", pw_text_signed_size((int64_t)llround(d), buf));
}

void pw_emit_amount(double n, bool bytes, char out[PW_PLAIN_MAX])
{
	const char *sign = n < 0 ? "-" : "";
	char size[PW_SIZE_TEXT], digits[NUMBER_MAX];

	n = fabs(n);
	if (bytes) {
		/* above 2^64 is no size of anything */
		snprintf(out, PW_PLAIN_MAX, "%s%s", sign,
			 pw_text_size(n < 1.8e19 ? (uint64_t)llround(n) : UINT64_MAX, size));
	} else if (n < 10) {
		snprintf(out, PW_PLAIN_MAX, "%s%.3g", sign, n);
	} else {
		decimal(n, digits);
		snprintf(out, PW_PLAIN_MAX, "%s%.40s", sign, digits);
	}
}

static void number(enum pw_unit unit, const struct pw_value *v, char out[NUMBER_MAX])
{
	char buf[PW_SIZE_TEXT];

	switch (unit) {
	case PW_UNIT_BYTES:
		snprintf(out, NUMBER_MAX, "%s", pw_text_size(v->u, buf));
		break;
	case PW_UNIT_SIGNED_BYTES:
		snprintf(out, NUMBER_MAX, "%s", pw_text_signed_size(v->i, buf));
		break;
	case PW_UNIT_BYTES_PER_MINUTE:
		signed_size(v->d, out);
		break;
	case PW_UNIT_PER_SECOND:
		decimal(v->d, out);
		break;
	case PW_UNIT_RATIO:
		snprintf(out, NUMBER_MAX, "%.*f", v->d < 0.0995 ? 2 : 1, v->d * 100);
		break;
	case PW_UNIT_AMOUNT:
		pw_emit_amount(v->amount.n, v->amount.bytes, out);
		break;
	case PW_UNIT_NS:
		pw_emit_duration(v->u, out);
		break;
	case PW_UNIT_BOOL:
		snprintf(out, NUMBER_MAX, "%s", v->b ? "yes" : "no");
		break;
	case PW_UNIT_COUNT:
	case PW_UNIT_TIME:
	case PW_UNIT_ADDRESS:
	case PW_UNIT_TEXT:
	case PW_UNIT_SPARK:
		pw_emit_plain(unit, v, out);
		break;
	}
}

/* A number that lost digits would lie: a shorter form, or none. */
static void squeeze(enum pw_unit unit, const struct pw_value *v, unsigned int width,
		    char out[NUMBER_MAX])
{
	if (!width || strlen(out) <= width)
		return;
	if (unit == PW_UNIT_COUNT)
		decimal((double)v->u, out);
	if (strlen(out) > width) {
		memset(out, '#', width < NUMBER_MAX ? width : NUMBER_MAX - 1);
		out[width < NUMBER_MAX ? width : NUMBER_MAX - 1] = '\0';
	}
}

static void to_ascii(char *text, size_t size)
{
	static const char hex[] = "0123456789abcdef";
	char buf[PW_CELL_MAX];
	size_t used = 0;

	for (const char *p = text; *p && used + 5 < sizeof(buf) && used + 5 < size; p++) {
		unsigned char c = (unsigned char)*p;

		if (c < 0x80) {
			buf[used++] = *p;
			continue;
		}
		buf[used++] = '\\';
		buf[used++] = 'x';
		buf[used++] = hex[c >> 4];
		buf[used++] = hex[c & 15];
	}
	memcpy(text, buf, used);
	text[used] = '\0';
}

static size_t text_cell(const struct pw_value *v, unsigned int width, bool ascii, char *out,
			size_t out_size)
{
	char escaped[PW_CELL_MAX];

	pw_text_escape(escaped, sizeof(escaped), v->text.bytes, v->text.len);
	if (ascii)
		to_ascii(escaped, sizeof(escaped));
	return pw_text_fit(out, out_size, escaped, width ? width : pw_text_width(escaped), 0);
}

size_t pw_emit_cell(const struct pw_column *c, const struct pw_value *v, unsigned int width,
		    bool ascii, char *out, size_t out_size)
{
	char text[NUMBER_MAX] = "-";

	if (v->known && c->unit == PW_UNIT_TEXT)
		return text_cell(v, width, ascii, out, out_size);
	if (v->known && c->unit == PW_UNIT_SPARK)
		return pw_emit_spark(v, width, ascii, out, out_size);
	if (v->known)
		number(c->unit, v, text);
	if (pw_emit_right_aligned(c->unit))
		squeeze(c->unit, v, width, text);
	return pw_text_fit(out, out_size, text, width ? width : strlen(text),
			   pw_emit_right_aligned(c->unit));
}
