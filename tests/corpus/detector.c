// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/corpus/detector.h"

#include <math.h>
#include <stdlib.h>

#include "user/analysis/limit.h"

struct feed {
	const struct specimen *s;
	struct pw_trend_options options;
	struct pw_trend *trend;
	struct pw_trend_load *load;
	size_t restart; /* the next */
};

static void start(struct feed *f, const struct specimen *s, uint32_t gates_off)
{
	*f = (struct feed){ .s = s, .options = { .floor = 2 << 20, .gates_off = gates_off } };
	if (pw_trend_create(&f->trend) || pw_trend_load_create(&f->load))
		abort();
}

static void stop(struct feed *f)
{
	pw_trend_destroy(f->trend);
	pw_trend_load_destroy(f->load);
}

/* true: a verdict came of it. */
static bool step(struct feed *f, size_t i, struct pw_verdict *ret)
{
	uint64_t now = specimen_time(f->s, i);
	struct pw_load load;

	if (f->restart < f->s->restart_count && f->s->restarts[f->restart] == i) {
		pw_trend_reset(f->trend, now);
		pw_trend_load_reset(f->load, now);
		f->restart++;
	}
	if (f->s->values[i] == VALUE_GAP)
		return false;
	load = specimen_load(f->s, i);
	if (pw_trend_load_add(f->load, &f->options, now, &load) ||
	    pw_trend_add(f->trend, &f->options, now, f->s->values[i], false))
		abort();
	if (!pw_trend_is_due(f->trend))
		return false;
	pw_trend_judge(f->trend, f->load, &f->options, ret);
	return true;
}

/* What was said of the time to the limit that ended the series, and when it ended. */
static void check_limit(const struct specimen *s, size_t i, const struct pw_verdict *v,
			struct limit_check *ret)
{
	struct pw_limit limit = { .kind = PW_LIMIT_CGROUP, .limit = s->limit, .used = s->values[i] };
	struct pw_time_to_limit time;

	if (s->limit == UINT64_MAX || i + 1 >= s->steps)
		return;
	limit.left = s->limit - s->values[i];
	pw_limit_time(&limit, v, 1, &time);
	*ret = (struct limit_check){ .asked = true,
				     .truth = (double)(s->steps - 1 - i) * STEP_SECONDS,
				     .low = time.seconds_low,
				     .guess = time.seconds,
				     .high = time.seconds_high };
	ret->covered = time.known && ret->low <= ret->truth && ret->truth <= ret->high;
}

static void note_call(const struct specimen *s, size_t i, const struct pw_verdict *v,
		      struct outcome *o)
{
	if (i < s->leak.onset) {
		o->early = true;
	} else if (o->first == NEVER) {
		o->first = i;
		o->confidence = v->confidence;
		o->window_ns = v->window_ns;
		check_limit(s, i, v, &o->limit_first);
	} else if (!o->limit_later.asked && i >= (o->first + s->steps) / 2) {
		check_limit(s, i, v, &o->limit_later);
	}
}

void own_run(const struct specimen *s, uint32_t gates_off, judged_fn judged, void *ctx,
	     struct outcome *ret)
{
	struct outcome o = { .first = NEVER, .failed = PW_GATES };
	struct pw_verdict v = { 0 };
	struct feed f;

	start(&f, s, gates_off);
	for (size_t i = 0; i < s->steps; i++) {
		if (!step(&f, i, &v))
			continue;
		o.judged++;
		if (judged)
			judged(ctx, s, i, &v, f.trend);
		if (pw_verdict_is_suspect(v.verdict))
			note_call(s, i, &v, &o);
	}
	o.last = v.verdict;
	o.failed = pw_verdict_failed_gate(&v);
	if (o.first == NEVER)
		o.confidence = v.confidence;
	stop(&f);
	*ret = o;
}

static void run_own(const struct detector *d, const struct specimen *s, struct outcome *ret)
{
	own_run(s, d->gates_off, NULL, NULL, ret);
}

/* Windows, bounds and repetitions are those that did best on the tuning stream: docs/accuracy.md. */
static const struct baseline mann_kendall = { rises_by_mann_kendall, 6, HOUR_STEPS, 24, 24, 6 };
static const struct baseline hamed_rao = { rises_by_hamed_rao, 3.09, HOUR_STEPS, 24, 24, 12 };
static const struct baseline least_squares = { rises_by_least_squares, .8, HOUR_STEPS, 24, 24, 12 };
static const struct baseline rising_minima = { rises_by_minima, 5, HOUR_STEPS, 24, 24, 3 };
static const struct baseline last_quarter = { rises_by_last_quarter, .05, HOUR_STEPS, 24, 12, 3 };

const struct detector detectors[] = {
	{ .name = "pagewarden", .text = "its verdict is growing", .run = run_own },
	{ .name = "mann-kendall",
	  .text = "24 hourly minima, z above 6, six hours in a row",
	  .run = baseline_run,
	  .baseline = &mann_kendall },
	{ .name = "hamed-rao",
	  .text = "24 hourly minima, z above 3.09 (p < .001), twelve hours in a row",
	  .run = baseline_run,
	  .baseline = &hamed_rao },
	{ .name = "least-squares",
	  .text = "24 hourly minima, rising with R2 above .8, twelve hours in a row",
	  .run = baseline_run,
	  .baseline = &least_squares },
	{ .name = "five-minima",
	  .text = "five rises of hourly minima in a row after a day, three hours in a row",
	  .run = baseline_run,
	  .baseline = &rising_minima },
	{ .name = "last-quarter",
	  .text = "12 to 24 hourly minima, the last quarter rises by more than 5 %/h, three hours in a row",
	  .run = baseline_run,
	  .baseline = &last_quarter },
};
const size_t detector_count = sizeof(detectors) / sizeof(detectors[0]);
