// SPDX-License-Identifier: GPL-2.0-or-later
#include "user/analysis/theil_sen.h"

#include <math.h>
#include <stddef.h>

#define NINETY_PERCENT 1.6448536269514722

/*
 * The value of rank k, counted from 0, by Hoare's selection: afterwards nothing
 * left of v[k] is above it, and nothing right of it below. A few per cent of a
 * sort's time, and most series need the median alone.
 */
static double select_rank(double *v, size_t n, size_t k)
{
	ptrdiff_t low = 0, high = (ptrdiff_t)n - 1, at = (ptrdiff_t)k;

	while (low < high) {
		double pivot = v[at];
		ptrdiff_t i = low, j = high;

		do {
			while (v[i] < pivot)
				i++;
			while (pivot < v[j])
				j--;
			if (i <= j) {
				double swap = v[i];

				v[i++] = v[j];
				v[j--] = swap;
			}
		} while (i <= j);
		if (j < at)
			low = i;
		if (at < i)
			high = j;
	}
	return v[at];
}

static double median(double *v, size_t n)
{
	double upper = select_rank(v, n, n / 2), lower;

	if (n % 2)
		return upper;
	lower = v[0];
	for (size_t i = 1; i < n / 2; i++)
		lower = v[i] > lower ? v[i] : lower;
	return (lower + upper) / 2;
}

void pw_theil_sen(const double *x, const double *y, size_t n, struct pw_theil_sen *ret)
{
	size_t count = 0;

	if (n > PW_THEIL_SEN_MAX)
		n = PW_THEIL_SEN_MAX;
	for (size_t i = 1; i < n; i++)
		for (size_t j = 0; j < i; j++)
			ret->slopes[count++] = (y[i] - y[j]) / (x[i] - x[j]);
	ret->pairs = count;
	ret->slope = count ? median(ret->slopes, count) : 0;
}

void pw_theil_sen_bounds(struct pw_theil_sen *ts, double variance, double *ret_low, double *ret_high)
{
	double half = NINETY_PERCENT * sqrt(variance > 0 ? variance : 0) / 2;
	double low = (double)ts->pairs / 2 - half, high = (double)ts->pairs / 2 + half;

	if (ts->pairs == 0) {
		*ret_low = *ret_high = 0;
		return;
	}
	/* Sen: the slopes of rank M1 and M2 + 1, counted from 1, rounded outwards */
	*ret_low = select_rank(ts->slopes, ts->pairs, low < 1 ? 0 : (size_t)low - 1);
	*ret_high = select_rank(ts->slopes, ts->pairs,
				high + 1 > (double)ts->pairs ? ts->pairs - 1 : (size_t)ceil(high));
}
