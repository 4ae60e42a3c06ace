/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Theil-Sen's slope: the median of the slopes of all pairs, with bounds from
 * the order statistics that Mann-Kendall's variance names (Sen 1968). Pure;
 * robust to 29 % of outliers.
 */
#ifndef PW_ANALYSIS_THEIL_SEN_H
#define PW_ANALYSIS_THEIL_SEN_H

#include <stddef.h>

#define PW_THEIL_SEN_MAX 24 /* values: 276 pairs */

struct pw_theil_sen {
	size_t pairs;
	double slope; /* units of y per unit of x; 0 with fewer than two values */
	double slopes[PW_THEIL_SEN_MAX * (PW_THEIL_SEN_MAX - 1) / 2]; /* of all pairs, in no order */
};

/* x strictly ascending; n at most PW_THEIL_SEN_MAX, what is beyond is not looked at. */
void pw_theil_sen(const double *x, const double *y, size_t n, struct pw_theil_sen *ret);
/* The 90 % interval; variance: of Mann-Kendall's s. */
void pw_theil_sen_bounds(struct pw_theil_sen *ts, double variance, double *ret_low, double *ret_high);

#endif
