// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What people use instead. Mann (1945), Kendall (1975); Hamed and Rao,
 * "A modified Mann-Kendall trend test for autocorrelated data" (1998).
 */
#include "tests/corpus/detector.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define PAIRS_MAX (BASELINE_BLOCKS_MAX * (BASELINE_BLOCKS_MAX - 1) / 2)

static int compare_doubles(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static double mann_kendall_s(const struct floors *f)
{
	double s = 0;

	for (size_t i = 0; i < f->count; i++) {
		for (size_t j = i + 1; j < f->count; j++)
			s += (f->values[j] > f->values[i]) - (f->values[j] < f->values[i]);
	}
	return s;
}

/* Corrected for ties. */
static double mann_kendall_variance(const struct floors *f)
{
	double sorted[BASELINE_BLOCKS_MAX], n = (double)f->count, sum;

	memcpy(sorted, f->values, f->count * sizeof(sorted[0]));
	qsort(sorted, f->count, sizeof(sorted[0]), compare_doubles);
	sum = n * (n - 1) * (2 * n + 5);
	for (size_t i = 0, j; i < f->count; i = j) {
		double t;

		for (j = i; j < f->count && sorted[j] == sorted[i]; j++)
			;
		t = (double)(j - i);
		sum -= t * (t - 1) * (2 * t + 5);
	}
	return sum / 18;
}

/* With the correction for continuity. */
static double z_of(double s, double variance)
{
	return variance > 0 && s > 0 ? (s - 1) / sqrt(variance) : 0;
}

bool rises_by_mann_kendall(const struct floors *f, double bound)
{
	return z_of(mann_kendall_s(f), mann_kendall_variance(f)) > bound;
}

static double theil_sen(const struct floors *f)
{
	static double slopes[PAIRS_MAX];
	size_t n = 0;

	for (size_t i = 0; i < f->count; i++) {
		for (size_t j = i + 1; j < f->count; j++)
			slopes[n++] = (f->values[j] - f->values[i]) / (f->hours[j] - f->hours[i]);
	}
	qsort(slopes, n, sizeof(slopes[0]), compare_doubles);
	return n % 2 ? slopes[n / 2] : (slopes[n / 2 - 1] + slopes[n / 2]) / 2;
}

/* Of what is left when the trend is taken out; ties share their rank. */
static void ranks_without_trend(const struct floors *f, double *ret)
{
	double slope = theil_sen(f), rest[BASELINE_BLOCKS_MAX];

	for (size_t i = 0; i < f->count; i++)
		rest[i] = f->values[i] - slope * f->hours[i];
	for (size_t i = 0; i < f->count; i++) {
		ret[i] = 0;
		for (size_t j = 0; j < f->count; j++)
			ret[i] += rest[j] < rest[i] ? 1 : rest[j] == rest[i] ? .5 : 0;
		ret[i] -= (double)f->count / 2;
	}
}

bool rises_by_hamed_rao(const struct floors *f, double bound)
{
	double ranks[BASELINE_BLOCKS_MAX], n = (double)f->count, all = 0, sum = 0, factor;

	ranks_without_trend(f, ranks);
	for (size_t i = 0; i < f->count; i++)
		all += ranks[i] * ranks[i];
	for (size_t lag = 1; lag + 3 < f->count && all > 0; lag++) {
		double k = (double)lag, rho = 0;

		for (size_t i = 0; i + lag < f->count; i++)
			rho += ranks[i] * ranks[i + lag];
		rho /= all;
		/* Only what is significant at 95 %. */
		if (fabs(rho) > 1.96 / sqrt(n))
			sum += (n - k) * (n - k - 1) * (n - k - 2) * rho;
	}
	factor = 1 + 2 / (n * (n - 1) * (n - 2)) * sum;
	return z_of(mann_kendall_s(f), mann_kendall_variance(f) * fmax(factor, 1 / n)) > bound;
}

struct line {
	double slope, r2, mean;
};

static struct line fit(const struct floors *f, size_t from)
{
	double n = (double)(f->count - from), x = 0, y = 0, xx = 0, xy = 0, yy = 0;

	for (size_t i = from; i < f->count; i++) {
		x += f->hours[i] / n;
		y += f->values[i] / n;
	}
	for (size_t i = from; i < f->count; i++) {
		double dx = f->hours[i] - x, dy = f->values[i] - y;

		xx += dx * dx;
		xy += dx * dy;
		yy += dy * dy;
	}
	if (xx <= 0 || yy <= 0)
		return (struct line){ .mean = y };
	return (struct line){ .slope = xy / xx, .r2 = xy * xy / (xx * yy), .mean = y };
}

bool rises_by_least_squares(const struct floors *f, double bound)
{
	struct line l = fit(f, 0);

	return l.slope > 0 && l.r2 > bound;
}

bool rises_by_minima(const struct floors *f, double bound)
{
	size_t rising = 0;

	for (size_t i = f->count; i-- > 1 && f->values[i] > f->values[i - 1];)
		rising++;
	return (double)rising >= bound;
}

bool rises_by_last_quarter(const struct floors *f, double bound)
{
	struct line whole = fit(f, 0), last = fit(f, f->count - f->count / 4);

	return whole.slope > 0 && last.slope > bound * last.mean;
}

/* ---- the window ---------------------------------------------------------------- */

struct window {
	const struct baseline *b;
	double values[BASELINE_BLOCKS_MAX]; /* ring, by block number; NAN: not seen */
	size_t begun; /* block number of the first since the restart */
	unsigned int passes;
};

static void clear(struct window *w, size_t block)
{
	for (size_t i = 0; i < w->b->blocks; i++)
		w->values[i] = NAN;
	w->begun = block;
	w->passes = 0;
}

static bool judge(struct window *w, size_t block)
{
	struct floors f = { 0 };
	size_t n = w->b->blocks, from = block + 1 > n ? block + 1 - n : 0;
	double growth;

	for (size_t i = from > w->begun ? from : w->begun; i <= block; i++) {
		if (isnan(w->values[i % n]))
			continue;
		f.hours[f.count] = (double)(i * w->b->block_steps) / HOUR_STEPS;
		f.values[f.count++] = w->values[i % n];
	}
	if (f.count < w->b->blocks_min)
		return false;
	growth = f.values[f.count - 1] - f.values[0];
	return growth > fmax(2 << 20, .01 * f.values[0]) && w->b->rises(&f, w->b->bound);
}

static double block_minimum(const struct specimen *s, size_t from, size_t to)
{
	double least = NAN;

	for (size_t i = from; i < to; i++) {
		if (s->values[i] != VALUE_GAP)
			least = fmin(least, (double)s->values[i]);
	}
	return least;
}

static bool restarted_within(const struct specimen *s, size_t from, size_t to)
{
	for (size_t i = 0; i < s->restart_count; i++) {
		if (s->restarts[i] >= from && s->restarts[i] < to)
			return true;
	}
	return false;
}

void baseline_run(const struct detector *d, const struct specimen *s, struct outcome *ret)
{
	const struct baseline *b = d->baseline;
	struct window w = { .b = b };

	*ret = (struct outcome){ .first = NEVER };
	clear(&w, 0);
	for (size_t block = 0; (block + 1) * b->block_steps <= s->steps; block++) {
		size_t from = block * b->block_steps, to = from + b->block_steps;

		/* The block of a restart belongs to neither life. */
		if (restarted_within(s, from, to)) {
			clear(&w, block + 1);
			continue;
		}
		w.values[block % b->blocks] = block_minimum(s, from, to);
		w.passes = judge(&w, block) ? w.passes + 1 : 0;
		if (w.passes < b->passes)
			continue;
		if (to <= s->leak.onset) {
			ret->early = true;
			continue;
		}
		ret->first = to - 1;
		return;
	}
}
