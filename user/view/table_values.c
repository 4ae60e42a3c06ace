// SPDX-License-Identifier: GPL-2.0-or-later
#include "user/view/table_values.h"

#include <string.h>

#define SPARK_TIER 0 /* a point a second */
#define SPARK_POINTS 60

_Static_assert(SPARK_POINTS <= sizeof(((struct pw_value *)0)->scratch.points) / sizeof(uint32_t),
	       "points fit the scratch room");

void pw_table_growth(const struct pw_model *m, const struct pw_series *s, enum pw_horizon h,
		     struct pw_value *ret)
{
	double d;

	if (s->started && pw_growth_per_minute(s, m->now_ns, h, m->machine.page_size, &d))
		pw_value_d(ret, d);
	else
		pw_value_unknown(ret);
}

void pw_table_spark(const struct pw_model *m, const struct pw_series *s, struct pw_value *ret)
{
	if (!s->started) {
		pw_value_unknown(ret);
		return;
	}
	ret->known = true;
	ret->spark.points = ret->scratch.points;
	ret->spark.scale = m->machine.page_size;
	ret->spark.gapped = false;
	ret->spark.count =
		pw_series_points(s, SPARK_TIER, m->now_ns, ret->scratch.points, SPARK_POINTS);
}

void pw_table_verdict(struct pw_value *ret, enum pw_verdict_class v)
{
	pw_value_word(ret, pw_verdict_names[v], PW_VERDICT_CLASSES - v);
}

void pw_table_hex(const uint8_t *bytes, size_t len, struct pw_value *ret)
{
	static const char digits[] = "0123456789abcdef";
	size_t room = sizeof(ret->scratch.text) / 2;

	if (!len) {
		pw_value_unknown(ret);
		return;
	}
	len = len < room ? len : room;
	for (size_t i = 0; i < len; i++) {
		ret->scratch.text[2 * i] = digits[bytes[i] >> 4];
		ret->scratch.text[2 * i + 1] = digits[bytes[i] & 15];
	}
	ret->known = true;
	ret->text.bytes = ret->scratch.text;
	ret->text.len = 2 * len;
	ret->text.rank = 0;
}

void pw_table_bytes(const uint8_t *bytes, size_t size, struct pw_value *ret)
{
	ret->known = bytes[0] != 0;
	ret->text.bytes = (const char *)bytes;
	ret->text.len = strnlen((const char *)bytes, size);
	ret->text.rank = 0;
}
