// SPDX-License-Identifier: GPL-2.0-or-later
/* The gates: one window after the other, and what they say together. */
#include "user/analysis/trend_load.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "kmod/uapi/pagewarden.h"
#include "user/analysis/mann_kendall.h"
#include "user/analysis/theil_sen.h"

#define HOUR_NS 3600000000000.0

#define MIN_BLOCKS 12 /* with values */
#define MIN_Z 2.326 /* one-sided 1 % */
#define MIN_SHARE 0.01 /* of the level */
#define MIN_SPREADS 3.0 /* median absolute deviations from the line */
#define MIN_LATE_SHARE 0.5 /* late growth rate against early */
#define MAX_STEP_SHARE 0.4
#define MAX_LOAD_SHARE 0.5
#define COLLINEAR 0.8
#define NEEDED_PASSES 3

struct window {
	unsigned int level;
	size_t span; /* blocks, gaps counted */
	size_t n; /* with values */
	uint32_t first; /* block number */
	double x[PW_TREND_BLOCKS]; /* block in the window */
	double y[PW_TREND_BLOCKS];
	double slope; /* per block */
	double growth; /* of the line over the window */
	struct pw_mann_kendall mk;
};

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

static double median(double *v, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		double x = v[i];
		size_t j = i;

		for (; j && v[j - 1] > x; j--)
			v[j] = v[j - 1];
		v[j] = x;
	}
	return n == 0 ? 0 : n % 2 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
}

static void gate(struct pw_verdict *v, enum pw_gate g, double value, double bound, bool passed)
{
	v->gates[g] = (struct pw_gate_result){
		.asked = true, .passed = passed, .value = value, .bound = bound
	};
}

static void read_window(const struct pw_trend *t, unsigned int level, struct window *ret)
{
	float values[PW_TREND_BLOCKS];

	ret->level = level;
	ret->span = pw_trend_window(t, level, values, &ret->first);
	ret->n = 0;
	for (size_t i = 0; i < ret->span; i++)
		if (values[i] != PW_TREND_GAP) {
			ret->x[ret->n] = (double)i;
			ret->y[ret->n++] = (double)values[i];
		}
}

/* The median distance from the median line. */
static double deviation(const struct window *w)
{
	double r[PW_TREND_BLOCKS];
	double middle;

	for (size_t i = 0; i < w->n; i++)
		r[i] = w->y[i] - w->slope * w->x[i];
	middle = median(r, w->n);
	for (size_t i = 0; i < w->n; i++)
		r[i] = fabs(w->y[i] - w->slope * w->x[i] - middle);
	return median(r, w->n);
}

static double slope_of(const struct window *w, size_t from, size_t to)
{
	struct pw_theil_sen ts;

	pw_theil_sen(w->x + from, w->y + from, to - from, &ts);
	return ts.slope;
}

static void ask_deceleration(const struct window *w, struct pw_verdict *v)
{
	size_t n = w->n;
	double early = slope_of(w, 0, n / 2), late = slope_of(w, n / 2, n);
	double middle = slope_of(w, n / 3, 2 * n / 3), last = slope_of(w, 2 * n / 3, n);
	double halves = early > 0 ? late / early : 1, thirds = middle > 0 ? last / middle : 1;
	double share = fmin(halves, thirds);

	if (!(late > 0))
		share = fmin(share, 0);
	gate(v, PW_GATE_DECELERATION, share, MIN_LATE_SHARE, share >= MIN_LATE_SHARE);
}

/* What grew while nobody watched is taken as spread over the gap: else a leak would end with each of them. */
static void ask_step(const struct window *w, struct pw_verdict *v)
{
	double most = 0, grown = w->y[w->n - 1] - w->y[0];

	for (size_t i = 1; i < w->n; i++)
		most = fmax(most, (w->y[i] - w->y[i - 1]) / (w->x[i] - w->x[i - 1]));
	most = grown > 0 ? fmin(most / grown, 1) : 1;
	gate(v, PW_GATE_STEP, most, MAX_STEP_SHARE, most <= MAX_STEP_SHARE);
}

static void ask_high_ground(const struct window *w, struct pw_verdict *v)
{
	size_t quarter = w->n / 4;
	double above = minimum(w->y + w->n - quarter, quarter) - maximum(w->y, w->n - quarter);

	gate(v, PW_GATE_HIGH_GROUND, above, 0, above > 0);
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

/*
 * What follows load is a level: so much work, so much memory. What leaks by
 * the request is the sum of the work done: it goes on rising when work doesn't.
 * So the question is whether the *rate* of work explains the growth. When the
 * rate itself rose with time all along, nothing tells the two apart.
 */
static void ask_load(const struct pw_trend *t, const struct window *w,
		     const struct pw_trend_load *load, const struct pw_trend_options *opt,
		     struct pw_verdict *v)
{
	double spans[PW_TREND_BLOCKS], rate[PW_TREND_BLOCKS], y[PW_TREND_BLOCKS], x[PW_TREND_BLOCKS];
	int64_t from = t->origin_ns + (int64_t)((uint64_t)w->first * pw_trend_block_steps[w->level] *
						pw_trend_step_ns(opt));
	enum pw_work work = PW_WORK_REQUESTS;
	size_t unknown, n = 0;
	double with_time, with_memory, memory_time, share;

	if (!load)
		return;
	if (!pw_trend_load_knows(load, work))
		work = PW_WORK_CPU;
	if (!pw_trend_load_knows(load, work))
		return;
	unknown = pw_trend_load_spans(load, work, opt, w->level, from, w->span, spans);
	for (size_t i = 0; i < w->n; i++)
		if (w->x[i] >= (double)unknown) {
			x[n] = w->x[i];
			y[n] = w->y[i];
			rate[n++] = spans[(size_t)w->x[i]];
		}
	if (n < MIN_BLOCKS)
		return;
	with_time = correlation(rate, x, n);
	with_memory = correlation(rate, y, n);
	memory_time = correlation(x, y, n);
	if (with_time > COLLINEAR && with_memory > COLLINEAR) {
		gate(v, PW_GATE_LOAD, 2, MAX_LOAD_SHARE, false);
		return;
	}
	/* standardised coefficient of the rate in memory ~ time + rate, times what the rate rose */
	share = with_time > 0 && with_time < 1 && memory_time > 0 ?
			(with_memory - with_time * memory_time) / (1 - with_time * with_time) *
				with_time / memory_time :
			0;
	share = fmax(0, fmin(1, share));
	gate(v, PW_GATE_LOAD, share, MAX_LOAD_SHARE, share <= MAX_LOAD_SHARE);
}

static bool is_off(const struct pw_trend_options *opt, enum pw_gate g)
{
	return opt && opt->gates_off & 1u << g;
}

/* Of those asked so far. */
static bool failed(const struct pw_verdict *v, const struct pw_trend_options *opt)
{
	for (int g = 0; g < PW_GATE_PERSISTENCE; g++)
		if (v->gates[g].asked && !v->gates[g].passed && !is_off(opt, g))
			return true;
	return false;
}

/* Gates before persistence; those behind a failed one only when all is wanted. */
static void ask_gates(const struct pw_trend *t, const struct window *w,
		      const struct pw_trend_load *load, const struct pw_trend_options *opt,
		      bool all, struct pw_verdict *v)
{
	double step_hours = (double)pw_trend_step_ns(opt) / HOUR_NS;
	double per_hour = 1 / (step_hours * pw_trend_block_steps[w->level]);
	double low, high, floor_units = opt ? (double)opt->floor : 0, need;
	struct window line = *w;
	struct pw_theil_sen ts;

	if (opt && opt->time_scale > 0)
		per_hour /= opt->time_scale; /* per hour of the series' own time */
	gate(v, PW_GATE_SPAN, (double)w->n, MIN_BLOCKS, w->n >= MIN_BLOCKS);
	if (w->n < 3)
		return;
	/* Cheap, and most series end here: floors that did not rise are no growth by any measure. */
	if (!all && (w->n < MIN_BLOCKS ||
		     minimum(w->y + w->n / 2, w->n - w->n / 2) - minimum(w->y, w->n / 2) <= 0)) {
		gate(v, PW_GATE_FLOOR, 0, floor_units, is_off(opt, PW_GATE_FLOOR));
		if (!is_off(opt, PW_GATE_FLOOR))
			return;
	}
	pw_theil_sen(w->x, w->y, w->n, &ts);
	line.slope = ts.slope;
	line.growth = ts.slope * (w->x[w->n - 1] - w->x[0]);
	pw_mann_kendall(w->y, w->n, ts.slope, &line.mk);
	pw_theil_sen_bounds(&ts, line.mk.variance * fmax(line.mk.factor, 1), &low, &high);
	v->slope = ts.slope * per_hour;
	v->slope_low = low * per_hour;
	v->slope_high = high * per_hour;
	gate(v, PW_GATE_TREND, line.mk.z_corrected, MIN_Z, line.mk.z_corrected >= MIN_Z);
	gate(v, PW_GATE_SLOPE, v->slope_low, 0, v->slope_low > 0);
	need = fmax(floor_units, fmax(MIN_SHARE * w->y[0], MIN_SPREADS * deviation(&line)));
	gate(v, PW_GATE_FLOOR, line.growth, need, line.growth > need);
	if (!all && failed(v, opt))
		return;
	ask_deceleration(&line, v);
	ask_step(&line, v);
	ask_high_ground(&line, v);
	if (!all && failed(v, opt))
		return;
	ask_load(t, &line, load, opt, v);
}

static enum pw_verdict_class class_of(const struct pw_verdict *v, const struct pw_trend_options *opt)
{
	static const enum pw_verdict_class by_gate[PW_GATES] = {
		[PW_GATE_SPAN] = PW_VERDICT_UNKNOWN,
		[PW_GATE_TREND] = PW_VERDICT_STABLE,
		[PW_GATE_SLOPE] = PW_VERDICT_STABLE,
		[PW_GATE_FLOOR] = PW_VERDICT_STABLE,
		[PW_GATE_DECELERATION] = PW_VERDICT_WARMING,
		[PW_GATE_STEP] = PW_VERDICT_BOUNDED,
		[PW_GATE_HIGH_GROUND] = PW_VERDICT_BOUNDED,
		[PW_GATE_LOAD] = PW_VERDICT_LOAD_FOLLOWING,
		[PW_GATE_PERSISTENCE] = PW_VERDICT_STABLE,
	};

	for (int g = 0; g < PW_GATES; g++)
		if (v->gates[g].asked && !v->gates[g].passed && !is_off(opt, g))
			return by_gate[g];
	return PW_VERDICT_GROWING;
}

static void judge_window(const struct pw_trend *t, unsigned int level,
			 const struct pw_trend_load *load, const struct pw_trend_options *opt,
			 bool all, struct pw_verdict *ret)
{
	uint64_t block_ns = pw_trend_step_ns(opt) * pw_trend_block_steps[level];
	struct window w;

	memset(ret, 0, sizeof(*ret));
	read_window(t, level, &w);
	ret->block_ns = (uint64_t)(PW_TREND_STEP_NS * pw_trend_block_steps[level]);
	ret->window_ns = ret->block_ns * PW_TREND_BLOCKS;
	ret->blocks = (unsigned int)w.n;
	ret->gaps = (unsigned int)(w.span - w.n);
	ret->from_ns = (uint64_t)t->origin_ns + w.first * block_ns;
	ret->to_ns = ret->from_ns + w.span * block_ns;
	if (w.n) {
		ret->first = (uint64_t)w.y[0];
		ret->last = (uint64_t)w.y[w.n - 1];
	}
	ask_gates(t, &w, load, opt, all, ret);
}

static void count_passes(unsigned int before, const struct pw_trend_options *opt,
			 struct pw_verdict *v)
{
	v->passes = 0;
	if (!failed(v, opt))
		v->passes = before < PW_TREND_PASSES_MAX ? before + 1 : before;
	gate(v, PW_GATE_PERSISTENCE, v->passes, NEEDED_PASSES, v->passes >= NEEDED_PASSES);
	v->verdict = class_of(v, opt);
}

/*
 * The window that decides: one that grows, the longest of them; otherwise the
 * longest that says more than that it is stable; otherwise the longest.
 */
static bool is_more(const struct pw_verdict *v, const struct pw_verdict *than)
{
	static const uint8_t weight[PW_VERDICT_CLASSES] = {
		[PW_VERDICT_UNKNOWN] = 0, [PW_VERDICT_STABLE] = 1,	   [PW_VERDICT_BOUNDED] = 2,
		[PW_VERDICT_WARMING] = 2, [PW_VERDICT_LOAD_FOLLOWING] = 2, [PW_VERDICT_GROWING] = 3,
	};

	return weight[v->verdict] >= weight[than->verdict];
}

static void judge(const struct pw_trend *t, const struct pw_trend_load *load,
		  const struct pw_trend_options *opt, bool all, uint8_t *judged,
		  struct pw_verdict *ret)
{
	struct pw_verdict v;

	memset(ret, 0, sizeof(*ret));
	for (unsigned int k = 0; k < PW_TREND_LEVELS; k++) {
		unsigned int steps = pw_trend_block_steps[k];
		unsigned int passes = judged[k] >> PW_TREND_CLASS_BITS;
		bool closed = t->last_step / steps != t->judged_step / steps;

		if (t->last_step / steps < MIN_BLOCKS && k > 0)
			break;
		judge_window(t, k, load, opt, all, &v);
		if (closed) {
			count_passes(passes, opt, &v);
			judged[k] = (uint8_t)(v.passes << PW_TREND_CLASS_BITS | v.verdict);
		} else {
			v.passes = passes;
			gate(&v, PW_GATE_PERSISTENCE, passes, NEEDED_PASSES, passes >= NEEDED_PASSES);
			v.verdict = judged[k] & PW_TREND_CLASS_MASK;
		}
		if (is_more(&v, ret))
			*ret = v;
	}
	if (ret->verdict == PW_VERDICT_GROWING)
		ret->since_ns = ret->from_ns;
}

void pw_trend_judge(struct pw_trend *t, const struct pw_trend_load *load,
		    const struct pw_trend_options *opt, struct pw_verdict *ret)
{
	judge(t, load, opt, false, t->judged, ret);
	t->judged_step = t->last_step;
	t->verdict = (uint8_t)ret->verdict;
}

void pw_trend_look(const struct pw_trend *t, const struct pw_trend_load *load,
		   const struct pw_trend_options *opt, struct pw_verdict *ret)
{
	uint8_t judged[PW_TREND_LEVELS];

	memcpy(judged, t->judged, sizeof(judged));
	judge(t, load, opt, true, judged, ret);
}

bool pw_trend_is_due(const struct pw_trend *t)
{
	uint32_t length = pw_trend_block_steps[0];

	return t->started && t->last_step / length != t->judged_step / length;
}

enum pw_verdict_class pw_trend_class(const struct pw_trend *t)
{
	return t->verdict;
}

size_t pw_trend_floors(const struct pw_trend *t, const struct pw_trend_options *opt,
		       uint64_t window_ns, uint64_t *ret_values, uint64_t *ret_from_ns,
		       uint64_t *ret_block_ns)
{
	unsigned int level = 0;
	float values[PW_TREND_BLOCKS];
	uint32_t first;
	size_t n;

	while (level + 1 < PW_TREND_LEVELS &&
	       pw_trend_block_steps[level] * PW_TREND_STEP_NS * PW_TREND_BLOCKS < window_ns)
		level++;
	n = pw_trend_window(t, level, values, &first);
	for (size_t i = 0; i < n; i++)
		ret_values[i] = values[i] == PW_TREND_GAP ? PW_UNKNOWN : (uint64_t)values[i];
	*ret_block_ns = pw_trend_step_ns(opt) * pw_trend_block_steps[level];
	*ret_from_ns = (uint64_t)t->origin_ns + first * *ret_block_ns;
	return n;
}
