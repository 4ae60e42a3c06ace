// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/corpus/specimen.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define PAGE 4096.

/* What the numbers are drawn for: a change in one leaves the others as they are. */
enum purpose {
	PURPOSE_PLAN,
	PURPOSE_LOAD,
	PURPOSE_SHAPE,
	PURPOSE_LEAK,
	PURPOSE_LIVES,
	PURPOSE_GAPS,
	PURPOSE_WORKERS = 1000, /* and one for each worker's shape and leak */
};

#define LIVES_MAX (RESTARTS_MAX + 1)

struct life {
	size_t from, to;
};

static int compare_sizes(const void *a, const void *b)
{
	const size_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static int compare_doubles(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* When one worker was restarted: down for 10 s to a minute in between. */
static size_t make_lives(struct rng *r, unsigned int restarts, struct life lives[LIVES_MAX])
{
	size_t at[RESTARTS_MAX], from = 0;

	for (unsigned int i = 0; i < restarts; i++)
		at[i] = (size_t)rng_range(r, HOUR_STEPS, SPAN_STEPS - HOUR_STEPS);
	qsort(at, restarts, sizeof(at[0]), compare_sizes);
	for (unsigned int i = 0; i < restarts; i++) {
		lives[i] = (struct life){ from, at[i] > from ? at[i] : from };
		from = lives[i].to + 1 + rng_below(r, 6);
	}
	lives[restarts] = (struct life){ from, SPAN_STEPS };
	return restarts + 1;
}

/* The worker that leaks for all lives as long as the group. */
static bool is_leaker(const struct plan *p, unsigned int worker)
{
	return p->workers > 1 && p->leak != LEAK_NONE && !p->leak_everywhere && worker == 0;
}

static size_t worker_lives(const struct plan *p, unsigned int worker, struct life lives[LIVES_MAX])
{
	struct rng r;

	rng_init(&r, p->stream, p->index, PURPOSE_WORKERS + 3 * worker);
	return make_lives(&r, is_leaker(p, worker) ? 0 : p->restarts, lives);
}

static void add_shapes(const struct specimen *s, double *to)
{
	for (unsigned int w = 0; w < s->plan.workers; w++) {
		struct life lives[LIVES_MAX];
		size_t count = worker_lives(&s->plan, w, lives);
		struct rng r;

		rng_init(&r, s->plan.stream, s->plan.index, PURPOSE_WORKERS + 3 * w + 1);
		for (size_t i = 0; i < count; i++)
			shape_run(&s->shape, &s->load, &r, lives[i].from, lives[i].to, to);
	}
}

/* A group that is restarted as a whole leaks where it isn't: in a process beside the others. */
static bool one_leaks(const struct plan *p)
{
	return p->shape == SHAPE_PERIODIC_RESTART || (p->workers > 1 && !p->leak_everywhere);
}

static void add_leaks(const struct specimen *s, double *to)
{
	struct leak_params part = s->leak;
	unsigned int leaking = one_leaks(&s->plan) ? 1 : s->plan.workers;

	part.per_step /= leaking;
	for (unsigned int w = 0; w < leaking; w++) {
		struct life lives[LIVES_MAX];
		size_t count = worker_lives(&s->plan, w, lives);
		struct rng r;

		rng_init(&r, s->plan.stream, s->plan.index, PURPOSE_WORKERS + 3 * w + 2);
		for (size_t i = 0; i < count; i++)
			leak_run(&part, &s->load, &r, lives[i].from, lives[i].to, to);
	}
}

static double spread_of(const double *values)
{
	static double minutes[SPAN_STEPS / 6];
	size_t n = 0;

	for (size_t i = 0; i < SPAN_STEPS; i += 6) {
		if (values[i] > 0)
			minutes[n++] = values[i];
	}
	qsort(minutes, n, sizeof(minutes[0]), compare_doubles);
	return fmax(minutes[n * 9 / 10] - minutes[n / 10], .01 * minutes[n / 2]);
}

/*
 * Reached between one and three days after the start. Not where it is the
 * shape that gets there, long before the leak would: that tells nothing of one.
 */
static void end_at_limit(struct specimen *s, const double *values, struct rng *r)
{
	size_t target = (size_t)rng_range(r, DAY_STEPS, SPAN_STEPS), reached = 0;
	double limit = 0;

	s->limit = UINT64_MAX;
	s->steps = SPAN_STEPS;
	if (!s->plan.limited)
		return;
	for (size_t i = 0; i < target; i++) {
		if (values[i] <= limit)
			continue;
		limit = values[i];
		reached = i;
	}
	if (reached < DAY_STEPS / 2 || reached < s->leak.onset + DAY_STEPS / 4) {
		s->plan.limited = false;
		return;
	}
	s->limit = (uint64_t)(floor(limit / PAGE) * PAGE);
	s->steps = reached + 1;
}

/* Ten minutes to eight hours. */
static void cut_gaps(struct specimen *s, struct rng *r)
{
	for (unsigned int g = 0; g < s->plan.gaps; g++) {
		size_t from = (size_t)rng_range(r, HOUR_STEPS, SPAN_STEPS);
		size_t to = from + (size_t)(rng_log_range(r, 1. / 6, 8) * HOUR_STEPS);

		for (size_t i = from; i < to && i < SPAN_STEPS; i++)
			s->values[i] = VALUE_GAP;
	}
}

static void note_restarts(struct specimen *s)
{
	struct life lives[LIVES_MAX];
	size_t count;

	s->restart_count = 0;
	if (s->plan.workers > 1)
		return;
	count = worker_lives(&s->plan, 0, lives);
	for (size_t i = 1; i < count; i++)
		s->restarts[s->restart_count++] = lives[i].from;
}

static double sum[SPAN_STEPS]; /* of the specimen in the making */

void specimen_draw(const struct plan *plan, struct specimen *ret)
{
	struct rng r;

	ret->plan = *plan;
	rng_init(&r, plan->stream, plan->index, PURPOSE_LOAD);
	load_make(plan->profile, &r, &ret->load);
	rng_init(&r, plan->stream, plan->index, PURPOSE_SHAPE);
	shape_draw(plan, &r, &ret->shape);
}

void specimen_build(struct specimen *s, double leak_a_day)
{
	const struct plan *p = &s->plan;
	struct rng r;

	memset(sum, 0, sizeof(sum));
	add_shapes(s, sum);
	s->spread = spread_of(sum);
	rng_init(&r, p->stream, p->index, PURPOSE_LEAK);
	leak_draw(p, &r, leak_a_day ? leak_a_day : p->size * s->spread, &s->leak);
	add_leaks(s, sum);

	rng_init(&r, p->stream, p->index, PURPOSE_LIVES);
	s->start_ns = (uint64_t)(rng_log_range(&r, 10, 1e6) * 1e9);
	end_at_limit(s, sum, &r);
	for (size_t i = 0; i < SPAN_STEPS; i++)
		s->values[i] = sum[i] > 0 ? (uint64_t)(round(sum[i] / PAGE) * PAGE) : VALUE_GAP;
	rng_init(&r, p->stream, p->index, PURPOSE_GAPS);
	cut_gaps(s, &r);
	note_restarts(s);
}

void specimen_make(const struct plan *plan, struct specimen *ret)
{
	specimen_draw(plan, ret);
	specimen_build(ret, 0);
}

struct pw_load specimen_load(const struct specimen *s, size_t step)
{
	struct pw_load load = s->load.totals[step];
	size_t born = 0;

	for (size_t i = 0; i < s->restart_count && s->restarts[i] <= step; i++)
		born = s->restarts[i];
	for (int k = 0; k < PW_LOAD_KINDS && born; k++)
		load.totals[k] -= s->load.totals[born - 1].totals[k];
	return load;
}

uint64_t specimen_time(const struct specimen *s, size_t step)
{
	return s->start_ns + (uint64_t)(step + 1) * STEP_SECONDS * 1000000000ull;
}
