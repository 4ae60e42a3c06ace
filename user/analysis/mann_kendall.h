/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The Mann-Kendall test for a monotonic trend, with the variance corrected for
 * autocorrelation. Pure.
 *
 * Kendall (1975), with ties; the correction is that of Hamed and Rao (1998),
 * "A modified Mann-Kendall trend test for autocorrelated data": the
 * autocorrelations of the ranks of the detrended series, those that are
 * significant at 5 %.
 */
#ifndef PW_ANALYSIS_MANN_KENDALL_H
#define PW_ANALYSIS_MANN_KENDALL_H

#include <stddef.h>

#define PW_MANN_KENDALL_MAX 64 /* values */

struct pw_mann_kendall {
	double s; /* pairs that rise less pairs that fall */
	double variance; /* of s without a trend, ties counted */
	double factor; /* by which autocorrelation changes it */
	double z; /* s in standard deviations, continuity corrected, uncorrected variance */
	double z_corrected; /* with variance * factor */
};

/*
 * y: 3 to PW_MANN_KENDALL_MAX finite values in order of time. slope: per value,
 * to detrend with (Theil-Sen's). Fewer values, or all equal: z is 0.
 */
void pw_mann_kendall(const double *y, size_t n, double slope, struct pw_mann_kendall *ret);

#endif
