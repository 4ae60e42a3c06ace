// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What one window must show to be taken for a leak. Each bound was chosen on
 * the tuning series of the corpus; what each gate is worth on others stands in
 * docs/accuracy.md, and why it is there in docs/decisions/leak-detector.md.
 *
 * Two profiles: a window of 32 hours or more has seen a day and its night, and
 * most warm-ups and fills to their end. A shorter one has to be straighter,
 * and to bring weight: see ask_weight().
 */
#include "user/analysis/trend_gates.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "user/analysis/drift.h"
#include "user/analysis/mann_kendall.h"
#include "user/analysis/theil_sen.h"

#define HOUR_NS 3600000000000.0

#define LONG_LEVEL 5 /* windows of 32 hours and more */
#define LONG_BLOCKS_MIN 16 /* of them: 21 hours */

#define MIN_Z 2.326 /* one-sided 1 % */
#define MIN_SHARE 0.01 /* of the level */
#define MIN_SPREADS 3.0 /* median absolute deviations from the line */
#define MAX_LOAD_SHARE 0.5
#define COLLINEAR 0.8

/* What a profile asks. */
struct profile {
	double drift; /* standard errors */
	double late_share; /* growth rate of the last half against the first */
	double last_share; /* of the last third against the middle one; 0: not asked */
	double step_share; /* the largest step in the growth */
};
static const struct profile long_profile = { 3, 0.6, 0, 0.4 };
static const struct profile short_profile = { 5, 0.75, 0.6, 0.25 };

/* Weight, by window: growth in the sizes it began with; in the ranges of the time before. */
static const double size_for_weight[PW_TREND_LEVELS] = { 2, 2, 3, 4, 3, 0, 0 };
static const double range_for_weight[PW_TREND_LEVELS] = { 0, 0, 1, 1, 0.5, 0, 0 };
#define FAST_FLOORS 128 /* of the finest window: growth in floors, 256 MiB of bytes, */
#define FAST_SIZES 8 /* or in the sizes it began with, which must be */
#define FAST_SIZE_FLOORS 16 /* so many floors: who starts from nothing may be starting */
#define STARTING_SIZES 2 /* within an hour, growth to more than this is a start and a warm-up, */
#define STARTING_LATE_SHARE 0.9 /* if it slows down at all */
#define BEFORE_HOURS 16 /* that the time before must have */
#define CLEAN_LEVEL 2 /* the window of 4 hours, */
#define CLEAN_BLOCKS_MIN 18 /* when 3 of them were seen, */
#define CLEAN_SCATTERS 75 /* may call a line as clean as this */
#define CLEAN_SHARE_MIN 0.05 /* whose growth is neither too little to be true */
#define CLEAN_SHARE_MAX 0.3 /* nor as much as caches grow while they fill, */
#define CLEAN_HALVES 0.2 /* and that is as straight as this */
#define CLEAN_BEND_MIN 0.8
#define CLEAN_BEND_MAX 1.3

struct window {
	const struct pw_trend_case *c;
	size_t span; /* blocks, gaps counted */
	size_t n; /* with values */
	uint32_t first; /* block number */
	double x[PW_TREND_BLOCKS]; /* block in the window */
	double y[PW_TREND_BLOCKS];
	double slope; /* Theil-Sen's, per block */
	double growth; /* of that line over the window */
	struct pw_drift drift;
	double halves; /* growth rate of the last half against the first */
	double before_low, before_high; /* of all floors that are known from before the window */
	size_t before; /* how many */
};

/* ---- small sums ---------------------------------------------------------------- */

static double minimum(const double *y, size_t n)
{
	double m = DBL_MAX;

	for (size_t i = 0; i < n; i++)
		m = y[i] < m ? y[i] : m;
	return m;
}

static double maximum(const double *y, size_t n)
{
	double m = -DBL_MAX;

	for (size_t i = 0; i < n; i++)
		m = y[i] > m ? y[i] : m;
	return m;
}

/* The value below which share of them are; at most PW_TREND_BLOCKS. */
static double quantile(const double *y, size_t n, double share)
{
	double v[PW_TREND_BLOCKS];

	if (!n)
		return 0;
	for (size_t i = 0; i < n; i++) {
		size_t j = i;

		for (; j && v[j - 1] > y[i]; j--)
			v[j] = v[j - 1];
		v[j] = y[i];
	}
	return v[(size_t)((double)(n - 1) * share + 0.5)];
}

/* The median distance from the median line. */
static double deviation(const struct window *w)
{
	double r[PW_TREND_BLOCKS], middle;

	for (size_t i = 0; i < w->n; i++)
		r[i] = w->y[i] - w->slope * w->x[i];
	middle = quantile(r, w->n, 0.5);
	for (size_t i = 0; i < w->n; i++)
		r[i] = fabs(r[i] - middle);
	return quantile(r, w->n, 0.5);
}

static double correlation(const double *a, const double *b, size_t n)
{
	double ma = 0, mb = 0, aa = 0, bb = 0, ab = 0;

	for (size_t i = 0; i < n; i++) {
		ma += a[i] / (double)n;
		mb += b[i] / (double)n;
	}
	for (size_t i = 0; i < n; i++) {
		aa += (a[i] - ma) * (a[i] - ma);
		bb += (b[i] - mb) * (b[i] - mb);
		ab += (a[i] - ma) * (b[i] - mb);
	}
	return aa > 0 && bb > 0 ? ab / sqrt(aa * bb) : 0;
}

static double median_slope(const double *x, const double *y, size_t from, size_t to)
{
	struct pw_theil_sen ts;

	pw_theil_sen(x + from, y + from, to - from, &ts);
	return ts.slope;
}

/* Late against early; an early rate of nothing at all is taken as a hundredth of the whole's. */
static double rate_ratio(double late, double early, double whole)
{
	return late / fmax(early, fmax(fabs(whole) * 0.01, DBL_MIN));
}

/* ---- the window ---------------------------------------------------------------- */

/*
 * A block that lies below both its neighbours is lifted to the lower of them: a
 * restart of a worker, or of all, makes such dips, and they are no floors.
 */
static void lift_dips(double *y, size_t n)
{
	double left = n ? y[0] : 0;

	for (size_t i = 1; i + 1 < n; i++) {
		double own = y[i];

		y[i] = fmax(own, fmin(left, y[i + 1]));
		left = own;
	}
}

static size_t read_blocks(const struct pw_trend *t, unsigned int level, double *ret_x,
			  double *ret_y, uint32_t *ret_first, size_t *ret_n)
{
	float values[PW_TREND_BLOCKS];
	size_t span = pw_trend_window(t, level, values, ret_first), n = 0;

	for (size_t i = 0; i < span; i++)
		if (values[i] != PW_TREND_GAP) {
			ret_x[n] = (double)i;
			ret_y[n++] = (double)values[i];
		}
	lift_dips(ret_y, n);
	*ret_n = n;
	return span;
}

static void read_window(const struct pw_trend_case *c, struct window *ret)
{
	ret->c = c;
	ret->before = 0;
	ret->span = read_blocks(c->trend, c->level, ret->x, ret->y, &ret->first, &ret->n);
}

/* What longer windows know of the time before this one. */
static void read_before(struct window *w)
{
	uint64_t start = (uint64_t)w->first * pw_trend_block_steps[w->c->level];

	w->before_low = DBL_MAX;
	w->before_high = -DBL_MAX;
	for (unsigned int k = w->c->level + 1; k < PW_TREND_LEVELS; k++) {
		double x[PW_TREND_BLOCKS], y[PW_TREND_BLOCKS];
		uint32_t first;
		size_t n;

		read_blocks(w->c->trend, k, x, y, &first, &n);
		for (size_t i = 0; i < n; i++) {
			if ((first + (uint64_t)x[i] + 1) * pw_trend_block_steps[k] > start)
				break;
			w->before_low = fmin(w->before_low, y[i]);
			w->before_high = fmax(w->before_high, y[i]);
			w->before++;
		}
	}
}

static bool is_long(const struct window *w)
{
	return w->c->level >= LONG_LEVEL;
}

static const struct profile *profile_of(const struct window *w)
{
	return is_long(w) ? &long_profile : &short_profile;
}

static double floor_of(const struct window *w)
{
	return w->c->options ? (double)w->c->options->floor : 0;
}

/* ---- gates --------------------------------------------------------------------- */

static void gate(struct pw_verdict *v, enum pw_gate g, double value, double bound, bool passed)
{
	v->gates[g] = (struct pw_gate_result){
		.asked = true, .passed = passed, .value = value, .bound = bound
	};
}

static void ask_trend(struct window *w, struct pw_verdict *v)
{
	double time_scale =
		w->c->options && w->c->options->time_scale > 0 ? w->c->options->time_scale : 1;
	double block_hours = (double)pw_trend_step_ns(w->c->options) * time_scale / HOUR_NS *
			     pw_trend_block_steps[w->c->level];
	struct pw_mann_kendall mk;
	struct pw_theil_sen ts;
	double low, high;

	pw_theil_sen(w->x, w->y, w->n, &ts);
	w->slope = ts.slope;
	w->growth = ts.slope * (w->x[w->n - 1] - w->x[0]);
	pw_mann_kendall(w->y, w->n, ts.slope, &mk);
	pw_theil_sen_bounds(&ts, mk.variance * fmax(mk.factor, 1), &low, &high);
	v->slope = ts.slope / block_hours;
	v->slope_low = low / block_hours;
	v->slope_high = high / block_hours;
	gate(v, PW_GATE_TREND, mk.z_corrected, MIN_Z, mk.z_corrected >= MIN_Z);
	gate(v, PW_GATE_SLOPE, v->slope_low, 0, v->slope_low > 0);
}

static void ask_wander(struct window *w, struct pw_verdict *v)
{
	double bound = profile_of(w)->drift;

	pw_drift(w->x, w->y, w->n, &w->drift);
	gate(v, PW_GATE_WANDER, w->drift.t, bound, w->drift.t >= bound);
}

static void ask_floor(const struct window *w, struct pw_verdict *v)
{
	double need = fmax(floor_of(w), fmax(MIN_SHARE * w->y[0], MIN_SPREADS * deviation(w)));

	gate(v, PW_GATE_FLOOR, w->growth, need, w->growth > need);
}

/* Last half against first of the longest window that has enough to tell; 1: there is none. */
static double ratio_of_longest(const struct window *w)
{
	for (unsigned int k = PW_TREND_LEVELS - 1; k > w->c->level; k--) {
		double x[PW_TREND_BLOCKS], y[PW_TREND_BLOCKS];
		uint32_t first;
		size_t n;

		read_blocks(w->c->trend, k, x, y, &first, &n);
		if (n >= 8)
			return rate_ratio(median_slope(x, y, n / 2, n),
					  median_slope(x, y, 0, n / 2), median_slope(x, y, 0, n));
	}
	return 1;
}

/*
 * Warm-ups, fills and fragmentation slow down; a leak does not. A long window
 * also stands against the longest: all that is remembered must not say that
 * growth was faster once.
 */
static void ask_deceleration(struct window *w, struct pw_verdict *v)
{
	const struct profile *p = profile_of(w);
	size_t n = w->n;
	double bound = p->late_share, share, thirds;

	w->halves = rate_ratio(median_slope(w->x, w->y, n / 2, n),
			       median_slope(w->x, w->y, 0, n / 2), w->slope);
	share = w->halves;
	if (is_long(w)) {
		share = fmin(share, ratio_of_longest(w));
	} else {
		thirds = rate_ratio(median_slope(w->x, w->y, 2 * n / 3, n),
				    median_slope(w->x, w->y, n / 3, 2 * n / 3), w->slope);
		/* both bounds at once: the value is told in terms of the halves' */
		share = fmin(share, thirds * p->late_share / p->last_share);
		if (w->c->level < CLEAN_LEVEL && w->growth > STARTING_SIZES * w->y[0])
			bound = STARTING_LATE_SHARE;
	}
	gate(v, PW_GATE_DECELERATION, share, bound, share > bound);
}

/* What grew while nobody watched is taken as spread over the gap: else a leak would end with each of them. */
static void ask_step(const struct window *w, struct pw_verdict *v)
{
	double bound = profile_of(w)->step_share;
	double most = 0, grown = w->y[w->n - 1] - w->y[0];

	for (size_t i = 1; i < w->n; i++)
		most = fmax(most, (w->y[i] - w->y[i - 1]) / (w->x[i] - w->x[i - 1]));
	most = grown > 0 ? fmin(most / grown, 1) : 1;
	gate(v, PW_GATE_STEP, most, bound, most < bound);
}

/* A short window's lowest must do what a long one's median does, and against all that was before. */
static void ask_high_ground(const struct window *w, struct pw_verdict *v)
{
	size_t quarter = w->n / 4, early = w->n - quarter;
	double above = quantile(w->y + early, quarter, 0.5) - quantile(w->y, early, 0.9);

	if (!is_long(w)) {
		double lowest = minimum(w->y + early, quarter);

		above = fmin(above, lowest - maximum(w->y, early));
		if (w->before)
			above = fmin(above, lowest - w->before_high);
	}
	gate(v, PW_GATE_HIGH_GROUND, above, 0, above > 0);
}

/*
 * What follows load is a level: so much work, so much memory. What leaks by
 * the request is the sum of all work: it goes on rising while work does not.
 * So the question is how much of the growth the *rate* of work explains:
 *
 * - memory = a + b rate + c time, by least squares: b times what the rate rose;
 * - but never more than in proportion: twice the work, at most twice the memory.
 *
 * Where the rate rose along with time, the regression can't tell them apart;
 * the proportion still can, when memory grew much more than work did.
 *
 * Returns the share of the growth, or 2: can't be told; below 0: not known.
 */
static double load_share(const struct window *w, enum pw_work work)
{
	const struct pw_trend_case *c = w->c;
	double spans[PW_TREND_BLOCKS], rate[PW_TREND_BLOCKS], x[PW_TREND_BLOCKS], y[PW_TREND_BLOCKS];
	uint64_t since = (uint64_t)w->first * pw_trend_block_steps[c->level];
	int64_t from =
		(int64_t)((uint64_t)c->trend->origin_ns + since * pw_trend_step_ns(c->options));
	double with_time, with_memory, memory_time, most, share;
	double early = 0, late = 0, early_memory = 0, late_memory = 0;
	size_t unknown, n = 0;

	if (!pw_trend_load_knows(c->load, work))
		return -1;
	unknown = pw_trend_load_spans(c->load, work, c->options, c->level, from, w->span, spans);
	for (size_t i = 0; i < w->n; i++)
		if (w->x[i] >= (double)unknown) {
			x[n] = w->x[i];
			y[n] = w->y[i];
			rate[n++] = spans[(size_t)w->x[i]];
		}
	if (n < PW_TREND_BLOCKS_MIN)
		return -1;
	for (size_t i = 0; i < n / 3; i++) {
		early += rate[i];
		late += rate[n - 1 - i];
		early_memory += y[i];
		late_memory += y[n - 1 - i];
	}
	if (!(late > early) || !(late_memory > early_memory))
		return 0;
	most = early > 0 ? (late / early - 1) / (late_memory / fmax(early_memory, 1) - 1) : 1;
	with_time = correlation(rate, x, n);
	with_memory = correlation(rate, y, n);
	memory_time = correlation(x, y, n);
	if (with_time > COLLINEAR && with_memory > COLLINEAR)
		return most > MAX_LOAD_SHARE ? 2 : most;
	share = with_time > 0 && with_time < 1 && memory_time > 0 ?
			(with_memory - with_time * memory_time) / (1 - with_time * with_time) *
				with_time / memory_time :
			0;
	return fmax(0, fmin(share, fmin(most, 1)));
}

static void ask_load(const struct window *w, struct pw_verdict *v)
{
	double share = -1;

	if (!w->c->load)
		return;
	for (unsigned int work = 0; work < PW_WORKS; work++)
		share = fmax(share, load_share(w, work));
	if (share >= 0)
		gate(v, PW_GATE_LOAD, share, MAX_LOAD_SHARE, share <= MAX_LOAD_SHARE);
}

/* Growth to several times the size; in a few minutes it must be fast as well, or to many times. */
static double size_weight(const struct window *w)
{
	double floor_units = floor_of(w);
	double weight = w->growth / (fmax(w->y[0], floor_units) + 1) / size_for_weight[w->c->level];

	if (w->c->level > 0)
		return weight;
	return fmax(w->growth / (fmax(w->y[0], FAST_SIZE_FLOORS * floor_units) + 1) / FAST_SIZES,
		    fmin(weight, w->growth / (FAST_FLOORS * floor_units + 1)));
}

/* A line so clean, and bent so little, that its growth is no accident. */
static double clean_weight(const struct window *w)
{
	double share = w->growth / (w->y[0] + 1), bend = w->drift.end_to_start;

	if (w->c->level != CLEAN_LEVEL || w->n < CLEAN_BLOCKS_MIN ||
	    fabs(w->halves - 1) > CLEAN_HALVES || bend < CLEAN_BEND_MIN || bend > CLEAN_BEND_MAX ||
	    share < CLEAN_SHARE_MIN || share > CLEAN_SHARE_MAX)
		return 0;
	return w->drift.growth / (w->drift.scatter + 1) / CLEAN_SCATTERS;
}

/*
 * Over a few hours a cache that fills and a leak look alike, so a window must
 * outweigh what it can't know by one of: the time watched; growth to several
 * times the size; growth beyond all that moved in the many hours before it; or,
 * from the window of four hours on, a line without a doubt. Once is enough: a
 * leak goes on when the windows have moved past the small size it began with.
 */
static void ask_weight(const struct window *w, struct pw_verdict *v)
{
	unsigned int k = w->c->level;
	double hours = (double)w->span * pw_trend_block_steps[k] / 360;
	double before = (double)w->first * pw_trend_block_steps[k] / 360;
	double long_enough = LONG_BLOCKS_MIN * (double)pw_trend_block_steps[LONG_LEVEL] / 360;
	double weight = hours / long_enough;

	if (!is_long(w)) {
		weight = fmax(weight, size_weight(w));
		if (w->before && before >= BEFORE_HOURS && range_for_weight[k] > 0)
			weight = fmax(weight, w->growth / (w->before_high - w->before_low + 1) /
						      range_for_weight[k]);
		weight = fmax(weight, clean_weight(w));
	}
	if (w->c->suspected)
		weight = fmax(weight, 1);
	gate(v, PW_GATE_WEIGHT, weight, 1, weight >= 1);
}

static bool is_off(const struct pw_trend_options *opt, enum pw_gate g)
{
	return opt && opt->gates_off & 1u << g;
}

enum pw_gate pw_trend_failed_gate(const struct pw_verdict *v, const struct pw_trend_options *opt,
				  enum pw_gate end)
{
	for (enum pw_gate g = 0; g < end; g++)
		if (v->gates[g].asked && !v->gates[g].passed && !is_off(opt, g))
			return g;
	return PW_GATES;
}

/* Cheap, and most series end here: floors that move less than a word is worth, or don't rise. */
static bool stands(const struct window *w)
{
	double low = minimum(w->y, w->n), high = maximum(w->y, w->n);

	return high - low <= floor_of(w) ||
	       minimum(w->y + w->n / 2, w->n - w->n / 2) <= minimum(w->y, w->n / 2);
}

/*
 * Cheap as well: the finest windows, which are judged most often, weigh by size alone. One
 * whose floors span too little for that can't pass, whatever else they do.
 */
static bool is_too_light(const struct window *w)
{
	double low = minimum(w->y, w->n), high = maximum(w->y, w->n);

	return w->c->level < CLEAN_LEVEL && !w->c->suspected &&
	       1.5 * (high - low) < size_for_weight[w->c->level] * low;
}

static void describe(const struct window *w, struct pw_verdict *v)
{
	const struct pw_trend_case *c = w->c;
	uint64_t block_ns = pw_trend_step_ns(c->options) * pw_trend_block_steps[c->level];

	v->block_ns = (uint64_t)PW_TREND_STEP_NS * pw_trend_block_steps[c->level];
	v->window_ns = v->block_ns * PW_TREND_BLOCKS;
	v->blocks = (unsigned int)w->n;
	v->gaps = (unsigned int)(w->span - w->n);
	v->from_ns = (uint64_t)c->trend->origin_ns + w->first * block_ns;
	v->to_ns = v->from_ns + w->span * block_ns;
	if (w->n) {
		v->first = (uint64_t)w->y[0];
		v->last = (uint64_t)w->y[w->n - 1];
	}
}

void pw_trend_ask_gates(const struct pw_trend_case *c, bool all, struct pw_verdict *v)
{
	struct window w;
	unsigned int need;

	read_window(c, &w);
	describe(&w, v);
	need = is_long(&w) ? LONG_BLOCKS_MIN : PW_TREND_BLOCKS_MIN;
	gate(v, PW_GATE_SPAN, (double)w.n, need, w.n >= need);
	if (w.n < 5 || (!all && w.n < need && !is_off(c->options, PW_GATE_SPAN)))
		return;
	if (!all && stands(&w) && !is_off(c->options, PW_GATE_FLOOR)) {
		gate(v, PW_GATE_FLOOR, fmax(0, w.y[w.n - 1] - w.y[0]), floor_of(&w), false);
		return;
	}
	if (!all && is_too_light(&w) && !is_off(c->options, PW_GATE_WEIGHT)) {
		gate(v, PW_GATE_WEIGHT, 0, 1, false);
		return;
	}
	ask_trend(&w, v);
	ask_wander(&w, v);
	ask_floor(&w, v);
	if (!all && pw_trend_failed_gate(v, c->options, PW_GATES) < PW_GATES)
		return;
	read_before(&w);
	ask_deceleration(&w, v);
	ask_step(&w, v);
	ask_high_ground(&w, v);
	ask_weight(&w, v);
	if (!all && pw_trend_failed_gate(v, c->options, PW_GATES) < PW_GATES)
		return;
	ask_load(&w, v);
}

uint64_t pw_trend_growth_since(const struct pw_trend *t, const struct pw_trend_options *opt)
{
	double x[PW_TREND_BLOCKS], y[PW_TREND_BLOCKS], near_lowest;
	unsigned int level = PW_TREND_LEVELS;
	size_t n = 0, at = 0;
	uint32_t first = 0;

	/* the longest that has something to tell */
	while (level > 0 && n < PW_TREND_BLOCKS_MIN / 2)
		read_blocks(t, --level, x, y, &first, &n);
	if (!n)
		return (uint64_t)t->origin_ns;
	near_lowest = minimum(y, n);
	near_lowest += 0.05 * (y[n - 1] - near_lowest);
	for (size_t i = 0; i < n; i++)
		at = y[i] <= near_lowest ? i : at;
	return (uint64_t)t->origin_ns +
	       (first + (uint64_t)x[at]) * pw_trend_block_steps[level] * pw_trend_step_ns(opt);
}
