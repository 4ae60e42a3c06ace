// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/corpus/shape.h"

#include <math.h>

#define MINUTE 60.
#define HOUR 3600.

/* One worker's run: what its shape adds per step, as a share of the level beside 1. */
struct run {
	const struct shape_params *p;
	const struct load *load;
	struct rng *r;
	size_t from, to;
	double *share; /* [0] is step `from` */
};

/* ---- parameters -------------------------------------------------------------- */

static void draw_saw_tooth(struct rng *r, struct shape_params *p)
{
	double full_max;

	p->period = rng_log_range(r, 5, 30 * MINUTE);
	p->depth = rng_range(r, .2, 2);
	p->wobble = rng_range(r, .002, .02);
	p->rest = rng_range(r, 0, .06);
	full_max = fmin(40, 6 * HOUR / p->period);
	p->full_every = (unsigned int)rng_range(r, fmin(8, full_max), full_max + 1);
}

static void draw_steps(struct rng *r, struct shape_params *p)
{
	p->step_count = 1 + rng_below(r, SHAPE_STEPS_MAX);
	for (size_t i = 0; i < p->step_count; i++) {
		p->steps[i].at = rng_below(r, SPAN_STEPS);
		p->steps[i].by = rng_chance(r, .65) ? rng_range(r, .05, .6) : -rng_range(r, .05, .2);
	}
}

static void draw_follower(struct rng *r, struct shape_params *p)
{
	p->amplitude = rng_range(r, .2, 1.5);
	p->tau = rng_log_range(r, MINUTE, 30 * MINUTE);
	p->fall_tau = p->shape == SHAPE_SURGE ? rng_log_range(r, 10 * MINUTE, 3 * HOUR) : p->tau;
}

void shape_draw(const struct plan *plan, struct rng *r, struct shape_params *ret)
{
	struct shape_params p = { .shape = plan->shape };

	p.level = fmax(plan->level / plan->workers, 4 << 20);
	p.noise = rng_log_range(r, .002, .03);
	p.noise_tau = rng_log_range(r, 30, HOUR);
	p.amplitude = rng_log_range(r, .2, 3);
	switch (p.shape) {
	case SHAPE_NOISE:
		p.noise = rng_log_range(r, .01, .08);
		break;
	case SHAPE_SAW_TOOTH:
		draw_saw_tooth(r, &p);
		break;
	case SHAPE_WARM_UP:
		p.tau = rng_log_range(r, 5 * MINUTE, 24 * HOUR);
		break;
	case SHAPE_LRU_FILL:
		p.amplitude = rng_log_range(r, .3, 5);
		p.tau = rng_log_range(r, HOUR, 36 * HOUR);
		p.with_load = rng_chance(r, .5);
		break;
	case SHAPE_DIURNAL_SAW_TOOTH:
		draw_saw_tooth(r, &p);
		draw_follower(r, &p);
		break;
	case SHAPE_DIURNAL:
	case SHAPE_BATCH:
	case SHAPE_SURGE:
	case SHAPE_LOAD_RAMP:
	case SHAPE_WEEKLY:
		draw_follower(r, &p);
		break;
	case SHAPE_STEPS:
		draw_steps(r, &p);
		break;
	case SHAPE_LOG_RATCHET:
		p.amplitude = rng_log_range(r, .1, 1);
		p.tau = rng_log_range(r, 10 * MINUTE, 4 * HOUR);
		break;
	case SHAPE_SLOW_OU:
		p.amplitude = rng_range(r, .04, .2);
		p.tau = rng_log_range(r, 2 * HOUR, 24 * HOUR);
		break;
	case SHAPE_HEAP_RATCHET:
		p.amplitude = rng_range(r, .2, .6);
		p.tau = rng_log_range(r, 5 * MINUTE, HOUR);
		p.keep = rng_range(r, .6, .97);
		break;
	case SHAPE_POOL_DOUBLING:
		p.tau = rng_log_range(r, 20 * MINUTE, 18 * HOUR);
		p.step_count = 3 + rng_below(r, 4); /* doublings */
		break;
	case SHAPE_THP_BLOAT:
		p.amplitude = rng_range(r, .1, 1);
		p.tau = rng_log_range(r, HOUR, 12 * HOUR);
		break;
	case SHAPE_PERIODIC_RESTART:
		p.period = rng_log_range(r, 4 * HOUR, 24 * HOUR);
		p.tau = rng_log_range(r, 5 * MINUTE, p.period / 6);
		break;
	default:
		break;
	}
	*ret = p;
}

/* ---- shapes ------------------------------------------------------------------ */

static double age(const struct run *run, size_t i)
{
	return (double)(i - run->from) * STEP_SECONDS;
}

/* The load as memory feels it: smoothed, quicker up than down where connections linger. */
static void follow(struct run *run)
{
	const struct shape_params *p = run->p;
	double up = 1 - exp(-STEP_SECONDS / p->tau), down = 1 - exp(-STEP_SECONDS / p->fall_tau);
	double state = run->load->rate[run->from];

	for (size_t i = run->from; i < run->to; i++) {
		double gap = run->load->rate[i] - state;

		state += gap * (gap > 0 ? up : down);
		run->share[i - run->from] += p->amplitude * state;
	}
}

/* Each job takes as much as it takes, however busy it makes the machine, and gives it back. */
static void batch(struct run *run)
{
	const struct shape_params *p = run->p;
	double up = 1 - exp(-STEP_SECONDS / MINUTE), down = 1 - exp(-STEP_SECONDS / p->tau);
	double state = 0, goal = 0;
	size_t next = 0, end = 0;

	for (size_t i = run->from; i < run->to; i++) {
		while (next < run->load->burst_count && run->load->bursts[next].from <= i) {
			end = run->load->bursts[next].from + run->load->bursts[next].steps;
			goal = 2 * p->amplitude * rng_range(run->r, .3, 1);
			next++;
		}
		if (i >= end)
			goal = 0;
		state += (goal - state) * (goal > state ? up : down);
		run->share[i - run->from] += state;
	}
}

struct teeth {
	double floor, depth, begin, end;
	unsigned int minor;
};

static void next_tooth(const struct shape_params *p, struct rng *r, struct teeth *t)
{
	t->minor = (t->minor + 1) % p->full_every;
	t->depth = p->depth * exp(.15 * rng_normal(r));
	t->floor = p->wobble * rng_normal(r) + p->rest * p->depth * t->minor;
	t->begin = t->end;
	t->end += p->period * exp(.15 * rng_normal(r));
}

static void saw_tooth(struct run *run)
{
	struct teeth t = { .minor = (unsigned int)rng_below(run->r, run->p->full_every) };

	t.end = -run->p->period * rng_unit(run->r);
	do
		next_tooth(run->p, run->r, &t);
	while (t.end <= 0);
	for (size_t i = run->from; i < run->to; i++) {
		double at = age(run, i);
		double least = t.floor + t.depth * (at - t.begin) / (t.end - t.begin);

		/* The collections within the step: its minimum lies right behind one of them. */
		while (t.end < at + STEP_SECONDS) {
			next_tooth(run->p, run->r, &t);
			least = fmin(least, t.floor);
		}
		run->share[i - run->from] += least;
	}
}

static void warm_up(struct run *run)
{
	for (size_t i = run->from; i < run->to; i++)
		run->share[i - run->from] += run->p->amplitude * -expm1(-age(run, i) / run->p->tau);
}

static void fill(struct run *run)
{
	const struct shape_params *p = run->p;
	double full = 0;

	for (size_t i = run->from; i < run->to; i++) {
		full += (p->with_load ? run->load->rate[i] : 1) * STEP_SECONDS / p->tau;
		run->share[i - run->from] += p->amplitude * fmin(full, 1);
	}
}

static void steps(struct run *run)
{
	const struct shape_params *p = run->p;

	for (size_t i = run->from; i < run->to; i++) {
		for (size_t s = 0; s < p->step_count; s++)
			run->share[i - run->from] += i >= p->steps[s].at ? p->steps[s].by : 0;
	}
}

static void log_ratchet(struct run *run)
{
	const struct shape_params *p = run->p;
	double whole = log1p(72 * HOUR / p->tau), fragments = 0;

	for (size_t i = run->from; i < run->to; i++) {
		double t = age(run, i);

		/* Twelve an hour at first, and ever more rarely. */
		if (rng_chance(run->r, 12 * STEP_SECONDS / HOUR / (1 + t / p->tau)))
			fragments += .03 * p->amplitude * rng_unit(run->r);
		run->share[i - run->from] += p->amplitude * log1p(t / p->tau) / whole + fragments;
	}
}

static void slow_ou(struct run *run)
{
	struct ar1 x;

	ar1_init(&x, run->r, STEP_SECONDS, run->p->tau);
	for (size_t i = run->from; i < run->to; i++)
		run->share[i - run->from] += fmax(run->p->amplitude * ar1_next(&x, run->r), -.8);
}

static void heap_ratchet(struct run *run)
{
	const struct shape_params *p = run->p;
	double peak = 0, heap = 0, down = 1 - exp(-STEP_SECONDS / (10 * MINUTE));
	struct ar1 demand;

	ar1_init(&demand, run->r, STEP_SECONDS, p->tau);
	for (size_t i = run->from; i < run->to; i++) {
		double x = fmin(fmax(ar1_next(&demand, run->r), -3), 3);
		double wanted = exp(p->amplitude * x), rest;

		peak = fmax(peak, wanted);
		rest = fmax(wanted, p->keep * peak);
		heap = heap < rest ? rest : heap + (rest - heap) * down;
		run->share[i - run->from] += heap;
	}
}

static void pool_doubling(struct run *run)
{
	const struct shape_params *p = run->p;
	double pool = ldexp(1, -(int)p->step_count);

	for (size_t i = run->from; i < run->to; i++) {
		while (-expm1(-age(run, i) / p->tau) > pool)
			pool *= 2;
		run->share[i - run->from] += p->amplitude * pool;
	}
}

static void thp_bloat(struct run *run)
{
	const struct shape_params *p = run->p;
	double unit = fmin((2 << 20) / p->level, p->amplitude / 20), bloat = 0;

	for (size_t i = run->from; i < run->to; i++) {
		double collapses = (p->amplitude - bloat) / unit * STEP_SECONDS / p->tau;
		unsigned int whole = (unsigned int)(fmax(collapses, 0) + rng_unit(run->r));

		bloat += unit * whole;
		if (rng_chance(run->r, STEP_SECONDS / (24 * HOUR)))
			bloat *= rng_range(run->r, .5, .9);
		run->share[i - run->from] += bloat;
	}
}

/* share is of 1 while it lives: -1 makes nothing of it. */
static void periodic_restart(struct run *run)
{
	const struct shape_params *p = run->p;
	double down = rng_range(run->r, 20, 60), stagger = rng_range(run->r, 0, 60);
	double next = p->period + stagger, born = 0;

	for (size_t i = run->from; i < run->to; i++) {
		double t = age(run, i);

		if (t >= next) {
			born = next + down;
			next += p->period * exp(.02 * rng_normal(run->r));
		}
		run->share[i - run->from] += t < born ? -1 :
							p->amplitude * -expm1(-(t - born) / p->tau);
	}
}

static void (*const shape_fns[SHAPES][2])(struct run *run) = {
	[SHAPE_SAW_TOOTH] = { saw_tooth },
	[SHAPE_WARM_UP] = { warm_up },
	[SHAPE_LRU_FILL] = { fill },
	[SHAPE_DIURNAL] = { follow },
	[SHAPE_BATCH] = { batch },
	[SHAPE_STEPS] = { steps },
	[SHAPE_LOG_RATCHET] = { log_ratchet },
	[SHAPE_SLOW_OU] = { slow_ou },
	[SHAPE_HEAP_RATCHET] = { heap_ratchet },
	[SHAPE_DIURNAL_SAW_TOOTH] = { saw_tooth, follow },
	[SHAPE_SURGE] = { follow },
	[SHAPE_LOAD_RAMP] = { follow },
	[SHAPE_WEEKLY] = { follow },
	[SHAPE_POOL_DOUBLING] = { pool_doubling },
	[SHAPE_THP_BLOAT] = { thp_bloat },
	[SHAPE_PERIODIC_RESTART] = { periodic_restart },
};

void shape_run(const struct shape_params *p, const struct load *load, struct rng *r, size_t from,
	       size_t to, double *sum)
{
	static double share[SPAN_STEPS];
	struct run run = { p, load, r, from, to, share };
	struct ar1 noise;

	for (size_t i = 0; i < to - from; i++)
		share[i] = 1;
	for (int f = 0; f < 2 && shape_fns[p->shape][f]; f++)
		shape_fns[p->shape][f](&run);
	ar1_init(&noise, r, STEP_SECONDS, p->noise_tau);
	for (size_t i = 0; i < to - from; i++) {
		double wobble = 1 + p->noise * ar1_next(&noise, r);

		sum[from + i] += p->level * fmax(share[i] * wobble, 0);
	}
}
