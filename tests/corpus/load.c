// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/corpus/load.h"

#include <math.h>

static double daily(double hours, double phase, double amplitude)
{
	double a = 2 * M_PI * (hours / 24 + phase);

	/* The second harmonic makes the morning steeper than the evening. */
	return 1 + amplitude * (.85 * sin(a) + .15 * sin(2 * a));
}

static void make_diurnal(struct rng *r, struct load *l)
{
	double phase = rng_unit(r), amplitude = rng_range(r, .4, .9);

	for (size_t i = 0; i < SPAN_STEPS; i++)
		l->rate[i] = daily((double)i / HOUR_STEPS, phase, amplitude);
}

static void make_weekly(struct rng *r, struct load *l)
{
	double phase = rng_unit(r), amplitude = rng_range(r, .3, .7);
	double start = rng_range(r, 0, 168), weekend = rng_range(r, .3, .6);

	for (size_t i = 0; i < SPAN_STEPS; i++) {
		double hours = (double)i / HOUR_STEPS, of_week = fmod(start + hours, 168);

		l->rate[i] = daily(hours, phase, amplitude) * (of_week >= 120 ? weekend : 1);
	}
}

static void make_ramp(struct rng *r, struct load *l)
{
	double from = rng_range(r, 0, 12), to = rng_range(r, from + 24, 72);
	double times = rng_range(r, 1.5, 4);

	for (size_t i = 0; i < SPAN_STEPS; i++) {
		double share = ((double)i / HOUR_STEPS - from) / (to - from);

		l->rate[i] = 1 + (times - 1) * fmin(fmax(share, 0), 1);
	}
}

static void make_surge(struct rng *r, struct load *l)
{
	double from = rng_range(r, 3, 48), rise = rng_range(r, 1, 6), hold = rng_range(r, 0, 4);
	double fall = rng_range(r, 1, 6), times = rng_range(r, 2, 5);

	for (size_t i = 0; i < SPAN_STEPS; i++) {
		double t = (double)i / HOUR_STEPS - from;
		double up = fmin(fmax(t / rise, 0), 1);
		double down = fmin(fmax((t - rise - hold) / fall, 0), 1);

		l->rate[i] = 1 + (times - 1) * (up - down);
	}
}

static void make_bursts(struct rng *r, struct load *l)
{
	double pause = rng_range(r, .5, 6) * HOUR_STEPS;
	double times = rng_range(r, 1, 5);
	double at = rng_exponential(r, pause);

	for (size_t i = 0; i < SPAN_STEPS; i++)
		l->rate[i] = 1;
	while (at < SPAN_STEPS && l->burst_count < LOAD_BURSTS_MAX) {
		struct burst b = { (uint32_t)at, (uint32_t)(rng_range(r, 5, 60) * 6) };
		double height = times * rng_range(r, .5, 1.5);

		for (size_t i = b.from; i < b.from + b.steps && i < SPAN_STEPS; i++)
			l->rate[i] += height;
		l->bursts[l->burst_count++] = b;
		at += b.steps + rng_exponential(r, pause);
	}
}

static void make_rate(enum profile profile, struct rng *r, struct load *l)
{
	l->burst_count = 0;
	switch (profile) {
	case PROFILE_DIURNAL:
		make_diurnal(r, l);
		break;
	case PROFILE_WEEKLY:
		make_weekly(r, l);
		break;
	case PROFILE_RAMP:
		make_ramp(r, l);
		break;
	case PROFILE_SURGE:
		make_surge(r, l);
		break;
	case PROFILE_BURSTS:
		make_bursts(r, l);
		break;
	default:
		for (size_t i = 0; i < SPAN_STEPS; i++)
			l->rate[i] = 1;
	}
}

/* What of it shows: requests wake the program, take CPU, read and write; and each of them varies. */
static void count_totals(struct rng *r, struct load *l)
{
	double requests = rng_log_range(r, 5, 2000) * STEP_SECONDS;
	double cpu = rng_log_range(r, 2e4, 5e5), io = rng_range(r, 2, 6);
	/* What it does without any request. */
	double idle_cpu = cpu * requests * rng_range(r, 0, .1);
	double sums[PW_LOAD_KINDS] = { 0 };
	struct ar1 cost;

	ar1_init(&cost, r, STEP_SECONDS, 600);
	for (size_t i = 0; i < SPAN_STEPS; i++) {
		double served = requests * l->rate[i];

		sums[PW_LOAD_CPU] += idle_cpu + served * cpu * exp(.05 * ar1_next(&cost, r));
		sums[PW_LOAD_SWITCHES] += served;
		sums[PW_LOAD_IO_CALLS] += served * io;
		l->totals[i] = (struct pw_load){ .known = 1u << PW_LOAD_CPU | 1u << PW_LOAD_SWITCHES |
							  1u << PW_LOAD_IO_CALLS };
		for (int k = 0; k < PW_LOAD_KINDS; k++)
			l->totals[i].totals[k] = (uint64_t)sums[k];
	}
}

void load_make(enum profile profile, struct rng *r, struct load *ret)
{
	double noise = rng_range(r, .05, .2), mean = 0;
	struct ar1 jitter;

	make_rate(profile, r, ret);
	ar1_init(&jitter, r, STEP_SECONDS, rng_log_range(r, 30, 1800));
	for (size_t i = 0; i < SPAN_STEPS; i++) {
		ret->rate[i] *= exp(noise * ar1_next(&jitter, r));
		mean += ret->rate[i] / SPAN_STEPS;
	}
	for (size_t i = 0; i < SPAN_STEPS; i++)
		ret->rate[i] /= mean;
	ret->quiet = 1 / mean;
	count_totals(r, ret);
}
