/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Is there a drift in a series that may as well wander? Least squares on a
 * line with AR(1) errors (Prais and Winsten 1954), the autocorrelation freed
 * of its bias in small samples (Kendall 1954: -(2 + 4 rho) / n with a line
 * taken out) and taken as 1 when it is near it, as Perron and Yabu (2009) do:
 * then the test is of the mean of the increments, and holds for random walks.
 * Pure.
 *
 * Beside it what a parabola says: how much faster or slower the end is.
 */
#ifndef PW_ANALYSIS_DRIFT_H
#define PW_ANALYSIS_DRIFT_H

#include <stddef.h>

#define PW_DRIFT_MAX 24 /* values */
#define PW_DRIFT_CERTAIN 99.0 /* t of a line without any noise */

struct pw_drift {
	double t; /* slope in standard errors */
	double rho; /* 0 to 1 */
	double growth; /* of the least-squares line over the window */
	double scatter; /* standard deviation of what is beside the line */
	double end_to_start; /* the parabola's slope at the end against that at the start; 9: that fell */
};

/* x strictly ascending; 5 to PW_DRIFT_MAX values; fewer: all zero. */
void pw_drift(const double *x, const double *y, size_t n, struct pw_drift *ret);

#endif
