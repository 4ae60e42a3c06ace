// SPDX-License-Identifier: GPL-2.0-or-later
#include "user/view/column.h"

#include <math.h>
#include <string.h>

void pw_value_unknown(struct pw_value *ret)
{
	ret->known = false;
}

void pw_value_u(struct pw_value *ret, uint64_t u)
{
	ret->known = true;
	ret->u = u;
}

void pw_value_i(struct pw_value *ret, int64_t i)
{
	ret->known = true;
	ret->i = i;
}

void pw_value_d(struct pw_value *ret, double d)
{
	ret->known = isfinite(d);
	ret->d = d + 0.0; /* turns -0 into 0, which would print as "-0" */
}

void pw_value_b(struct pw_value *ret, bool b)
{
	ret->known = true;
	ret->b = b;
}

void pw_value_amount(struct pw_value *ret, double n, bool bytes)
{
	ret->known = isfinite(n);
	ret->amount.n = n + 0.0;
	ret->amount.bytes = bytes;
}

void pw_value_text(struct pw_value *ret, const char *bytes)
{
	ret->known = true;
	ret->text.bytes = bytes;
	ret->text.len = strlen(bytes);
	ret->text.rank = 0;
}

void pw_value_word(struct pw_value *ret, const char *bytes, unsigned int rank)
{
	pw_value_text(ret, bytes);
	ret->text.rank = rank;
}

void pw_value_text_or_unknown(struct pw_value *ret, const char *bytes)
{
	if (bytes && *bytes)
		pw_value_text(ret, bytes);
	else
		pw_value_unknown(ret);
}

const struct pw_column *pw_column_find(const struct pw_column *columns, const char *name)
{
	for (const struct pw_column *c = columns; c->name; c++) {
		if (strcmp(c->name, name) == 0)
			return c;
	}
	return NULL;
}

size_t pw_column_count(const struct pw_column *columns)
{
	size_t n = 0;

	while (columns[n].name)
		n++;
	return n;
}

static int compare_text(const struct pw_value *a, const struct pw_value *b)
{
	size_t shorter = a->text.len < b->text.len ? a->text.len : b->text.len;
	int order;

	if (a->text.rank != b->text.rank)
		return a->text.rank < b->text.rank ? -1 : 1;
	order = memcmp(a->text.bytes, b->text.bytes, shorter);
	if (order)
		return order;
	return (a->text.len > b->text.len) - (a->text.len < b->text.len);
}

/* A sparkline sorts by its newest point. */
static uint64_t spark_newest(const struct pw_value *v)
{
	size_t n = v->spark.count;

	while (n && v->spark.gapped && v->spark.points[n - 1] == PW_SPARK_GAP)
		n--;
	return n ? v->spark.points[n - 1] : 0;
}

static int compare_known(enum pw_unit unit, const struct pw_value *a, const struct pw_value *b)
{
	switch (unit) {
	case PW_UNIT_TEXT:
		return compare_text(a, b);
	case PW_UNIT_SIGNED_BYTES:
		return (a->i > b->i) - (a->i < b->i);
	case PW_UNIT_BYTES_PER_MINUTE:
	case PW_UNIT_PER_SECOND:
	case PW_UNIT_RATIO:
		return (a->d > b->d) - (a->d < b->d);
	case PW_UNIT_AMOUNT:
		return (a->amount.n > b->amount.n) - (a->amount.n < b->amount.n);
	case PW_UNIT_BOOL:
		return (int)a->b - (int)b->b;
	case PW_UNIT_SPARK:
		return (spark_newest(a) > spark_newest(b)) - (spark_newest(a) < spark_newest(b));
	case PW_UNIT_COUNT:
	case PW_UNIT_BYTES:
	case PW_UNIT_NS:
	case PW_UNIT_TIME:
	case PW_UNIT_ADDRESS:
		break;
	}
	return (a->u > b->u) - (a->u < b->u);
}

int pw_column_compare(const struct pw_column *c, const void *ctx, const void *a, const void *b,
		      bool descending)
{
	struct pw_value va, vb;
	int order;

	c->get(ctx, a, &va);
	c->get(ctx, b, &vb);
	if (!va.known || !vb.known)
		return (int)vb.known - (int)va.known;
	order = compare_known(c->unit, &va, &vb);
	return descending ? -order : order;
}
