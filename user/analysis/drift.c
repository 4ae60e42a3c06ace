// SPDX-License-Identifier: GPL-2.0-or-later
#include "user/analysis/drift.h"

#include <math.h>
#include <string.h>

/* y = a u + b v by least squares; b's t. */
static double t_of_second(const double *u, const double *v, const double *y, size_t n)
{
	double uu = 0, uv = 0, vv = 0, uy = 0, vy = 0, d, a, b, left = 0;

	for (size_t i = 0; i < n; i++) {
		uu += u[i] * u[i];
		uv += u[i] * v[i];
		vv += v[i] * v[i];
		uy += u[i] * y[i];
		vy += v[i] * y[i];
	}
	d = uu * vv - uv * uv;
	if (!(d > 0))
		return 0;
	a = (vv * uy - uv * vy) / d;
	b = (uu * vy - uv * uy) / d;
	for (size_t i = 0; i < n; i++)
		left += (y[i] - a * u[i] - b * v[i]) * (y[i] - a * u[i] - b * v[i]);
	left = sqrt(left / (double)(n - 2) * uu / d);
	return left > 0 ? b / left : b > 0 ? PW_DRIFT_CERTAIN : b < 0 ? -PW_DRIFT_CERTAIN : 0;
}

static double t_of_increments(const double *x, const double *y, size_t n)
{
	double mean = 0, variance = 0, error;

	for (size_t i = 1; i < n; i++)
		mean += (y[i] - y[i - 1]) / (x[i] - x[i - 1]) / (double)(n - 1);
	for (size_t i = 1; i < n; i++) {
		double off = (y[i] - y[i - 1]) / (x[i] - x[i - 1]) - mean;

		variance += off * off / (double)(n - 2);
	}
	error = sqrt(variance / (double)(n - 1));
	return error > 0 ? mean / error :
	       mean > 0	 ? PW_DRIFT_CERTAIN :
	       mean < 0	 ? -PW_DRIFT_CERTAIN :
			   0;
}

static double autocorrelation(const double *rest, size_t n)
{
	double both = 0, one = 0, rho;

	for (size_t i = 1; i < n; i++) {
		both += rest[i] * rest[i - 1];
		one += rest[i - 1] * rest[i - 1];
	}
	rho = one > 0 ? both / one : 0;
	rho = (rho + 2 / (double)n) / (1 - 4 / (double)n);
	if (rho > 1 - 0.5 / sqrt((double)n))
		return 1;
	return rho > 0 ? rho : 0;
}

static double t_of_line(const double *x, const double *y, size_t n, double rho)
{
	double one[PW_DRIFT_MAX], time[PW_DRIFT_MAX], value[PW_DRIFT_MAX];

	if (rho >= 1)
		return t_of_increments(x, y, n);
	one[0] = sqrt(1 - rho * rho);
	time[0] = one[0] * x[0];
	value[0] = one[0] * y[0];
	for (size_t i = 1; i < n; i++) {
		one[i] = 1 - rho;
		time[i] = x[i] - rho * x[i - 1];
		value[i] = y[i] - rho * y[i - 1];
	}
	return t_of_second(one, time, value, n);
}

/*
 * The curve that is left beside the line, c (x - mean)^2 less its own line,
 * gives the parabola's two slopes.
 */
static double end_to_start(const double *x, const double *rest, size_t n, double slope, double mean)
{
	double m2 = 0, m3 = 0, cc = 0, cy = 0, curve, bend, start, end;

	for (size_t i = 0; i < n; i++) {
		double u = x[i] - mean;

		m2 += u * u;
		m3 += u * u * u;
	}
	for (size_t i = 0; i < n; i++) {
		double u = x[i] - mean;

		curve = u * u - m2 / (double)n - m3 / m2 * u;
		cc += curve * curve;
		cy += curve * rest[i];
	}
	bend = cc > 0 ? cy / cc : 0;
	slope -= bend * m3 / m2;
	start = slope + 2 * bend * (x[0] - mean);
	end = slope + 2 * bend * (x[n - 1] - mean);
	return start > 0 ? fmin(end / start, 9) : 9;
}

void pw_drift(const double *x, const double *y, size_t n, struct pw_drift *ret)
{
	double mean_x = 0, mean_y = 0, xx = 0, xy = 0, left = 0, slope;
	double rest[PW_DRIFT_MAX];

	memset(ret, 0, sizeof(*ret));
	if (n < 5 || n > PW_DRIFT_MAX)
		return;
	for (size_t i = 0; i < n; i++) {
		mean_x += x[i] / (double)n;
		mean_y += y[i] / (double)n;
	}
	for (size_t i = 0; i < n; i++) {
		xx += (x[i] - mean_x) * (x[i] - mean_x);
		xy += (x[i] - mean_x) * (y[i] - mean_y);
	}
	slope = xy / xx;
	for (size_t i = 0; i < n; i++) {
		rest[i] = y[i] - mean_y - slope * (x[i] - mean_x);
		left += rest[i] * rest[i];
	}
	ret->growth = slope * (x[n - 1] - x[0]);
	ret->scatter = sqrt(left / (double)(n - 2));
	ret->rho = autocorrelation(rest, n);
	ret->t = fmax(-PW_DRIFT_CERTAIN, fmin(PW_DRIFT_CERTAIN, t_of_line(x, y, n, ret->rho)));
	ret->end_to_start = end_to_start(x, rest, n, slope, mean_x);
}
