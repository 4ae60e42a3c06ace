// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/corpus/tally.h"

#include <math.h>
#include <stdlib.h>

const struct cell cell_all = { -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1 };

/* Bin 3 begins at three spreads a day. */
#define BIG_BIN 3

static bool fits(int wanted, int is)
{
	return wanted < 0 || wanted == is;
}

bool row_is_in(const struct row *r, const struct cell *c)
{
	const struct plan *p = &r->plan;
	bool leaks = p->leak != LEAK_NONE;

	return fits(c->shape, p->shape) && fits(c->leak, p->leak) && fits(c->leaks, leaks) &&
	       fits(c->size_bin, leaks ? (int)p->size_bin : -1) &&
	       fits(c->hard, shape_is_hard(p->shape)) && fits(c->named, shape_is_named(p->shape)) &&
	       fits(c->big, leaks && p->size_bin >= BIG_BIN) && fits(c->group, p->workers > 1) &&
	       fits(c->restarts, p->restarts > 0) && fits(c->gaps, p->gaps > 0) &&
	       fits(c->limited, p->limited);
}

bool called(const struct row *r, size_t detector)
{
	return r->outcomes[detector].first != NEVER;
}

struct share share_called(const struct rows *rows, const struct cell *c, size_t detector)
{
	struct share s = { 0, 0 };

	for (size_t i = 0; i < rows->count; i++) {
		if (!row_is_in(&rows->rows[i], c))
			continue;
		s.of++;
		s.n += called(&rows->rows[i], detector);
	}
	return s;
}

struct share share_right(const struct rows *rows, const struct cell *c, size_t detector)
{
	struct cell leaking = *c, healthy = *c;
	struct share right, wrong;

	leaking.leaks = 1;
	healthy.leaks = 0;
	healthy.leak = healthy.size_bin = healthy.big = healthy.limited = -1;
	right = share_called(rows, &leaking, detector);
	wrong = share_called(rows, &healthy, detector);
	/* Where only some of the leaks are asked for, the healthy ones weigh as many. */
	if (wrong.of)
		wrong.n = (size_t)round((double)wrong.n * (double)right.of / (double)wrong.of);
	return (struct share){ right.n, right.n + wrong.n };
}

static int compare_doubles(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

double median_hours(const struct rows *rows, const struct cell *c, size_t detector)
{
	double *hours = calloc(rows->count + 1, sizeof(hours[0])), median = NAN;
	size_t n = 0;

	if (!hours)
		abort();
	for (size_t i = 0; i < rows->count; i++) {
		const struct row *r = &rows->rows[i];

		if (row_is_in(r, c) && called(r, detector))
			hours[n++] =
				(double)(r->outcomes[detector].first + 1 - r->onset) / HOUR_STEPS;
	}
	qsort(hours, n, sizeof(hours[0]), compare_doubles);
	if (n)
		median = (hours[(n - 1) / 2] + hours[n / 2]) / 2;
	free(hours);
	return median;
}

double share_value(struct share s)
{
	return s.of ? (double)s.n / (double)s.of : NAN;
}

void wilson(struct share s, double *ret_low, double *ret_high)
{
	const double z = 1.959964;
	double n = (double)s.of, p, middle, half;

	*ret_low = 0;
	*ret_high = 1;
	if (!s.of)
		return;
	p = (double)s.n / n;
	middle = (p + z * z / (2 * n)) / (1 + z * z / n);
	half = z / (1 + z * z / n) * sqrt(p * (1 - p) / n + z * z / (4 * n * n));
	*ret_low = fmax(middle - half, 0);
	*ret_high = fmin(middle + half, 1);
}
