// SPDX-License-Identifier: GPL-2.0-or-later
#include "user/analysis/mann_kendall.h"

#include <math.h>
#include <string.h>

#define SIGNIFICANT 1.959963984540054 /* two-sided 5 % */

/*
 * Ranks 1..n, ties share their mean. Returns the sum of t(t-1)(2t+5) over the
 * groups of ties, which lowers the variance of s.
 */
static double rank(const double *y, size_t n, double *ranks)
{
	double ties = 0;

	for (size_t i = 0; i < n; i++) {
		unsigned int below = 0, equal = 0;

		for (size_t j = 0; j < n; j++) {
			below += y[j] < y[i];
			equal += y[j] == y[i];
		}
		ranks[i] = below + (equal + 1) / 2.0;
		/* each of the t members of a group adds a t-th of its term */
		ties += (equal - 1.0) * (2.0 * equal + 5.0);
	}
	return ties;
}

static double autocorrelation_factor(const double *y, size_t n, double slope)
{
	double flat[PW_MANN_KENDALL_MAX], ranks[PW_MANN_KENDALL_MAX];
	double mean = (n + 1) / 2.0, power = 0, sum = 0;
	double bound = SIGNIFICANT / sqrt((double)n);

	for (size_t i = 0; i < n; i++)
		flat[i] = y[i] - slope * (double)i;
	rank(flat, n, ranks);
	for (size_t i = 0; i < n; i++) {
		ranks[i] -= mean;
		power += ranks[i] * ranks[i];
	}
	if (power <= 0)
		return 1;
	for (size_t lag = 1; lag + 2 < n; lag++) {
		double product = 0, left = (double)(n - lag);

		for (size_t i = lag; i < n; i++)
			product += ranks[i] * ranks[i - lag];
		product /= power;
		if (fabs(product) > bound)
			sum += left * (left - 1) * (left - 2) * product;
	}
	return 1 + 2 * sum / ((double)n * (double)(n - 1) * (double)(n - 2));
}

void pw_mann_kendall(const double *y, size_t n, double slope, struct pw_mann_kendall *ret)
{
	double ranks[PW_MANN_KENDALL_MAX];
	double ties, s;

	memset(ret, 0, sizeof(*ret));
	ret->factor = 1;
	if (n < 3 || n > PW_MANN_KENDALL_MAX)
		return;
	for (size_t i = 1; i < n; i++)
		for (size_t j = 0; j < i; j++)
			ret->s += (y[i] > y[j]) - (y[i] < y[j]);
	ties = rank(y, n, ranks);
	ret->variance = ((double)n * (double)(n - 1) * (2.0 * (double)n + 5) - ties) / 18;
	if (ret->variance <= 0)
		return;
	s = ret->s > 0 ? ret->s - 1 : ret->s < 0 ? ret->s + 1 : 0;
	ret->factor = autocorrelation_factor(y, n, slope);
	ret->z = s / sqrt(ret->variance);
	/* Strong alternation can push the estimate to nothing or below: then it is no estimate. */
	ret->z_corrected = ret->factor > 0.05 ? ret->z / sqrt(ret->factor) : ret->z;
}
