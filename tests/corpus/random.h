/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Random numbers of the corpus: xoshiro256** (Blackman and Vigna, 2018), seeded
 * by splitmix64 from what a number is for. The same on every machine, so that a
 * series has a name under which it can be made again.
 */
#ifndef CORPUS_RANDOM_H
#define CORPUS_RANDOM_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>

struct rng {
	uint64_t s[4];
	double spare;
	bool has_spare;
};

static inline uint64_t rng_mix(uint64_t *state)
{
	uint64_t z = (*state += 0x9e3779b97f4a7c15ull);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
	return z ^ (z >> 31);
}

/* Streams never meet: each of the three names goes through the mixer by itself. */
static inline void rng_init(struct rng *r, uint64_t stream, uint64_t index, uint64_t purpose)
{
	uint64_t state = stream;

	state = rng_mix(&state) ^ index;
	state = rng_mix(&state) ^ purpose;
	for (int i = 0; i < 4; i++)
		r->s[i] = rng_mix(&state);
	r->has_spare = false;
}

static inline uint64_t rng_next(struct rng *r)
{
	uint64_t *s = r->s, five = s[1] * 5, t = s[1] << 17;
	uint64_t result = ((five << 7) | (five >> 57)) * 9;

	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= t;
	s[3] = (s[3] << 45) | (s[3] >> 19);
	return result;
}

/* [0, 1) */
static inline double rng_unit(struct rng *r)
{
	return (double)(rng_next(r) >> 11) * 0x1p-53;
}

static inline double rng_range(struct rng *r, double low, double high)
{
	return low + (high - low) * rng_unit(r);
}

/* As likely between 1 and 2 as between 10 and 20. */
static inline double rng_log_range(struct rng *r, double low, double high)
{
	return low * exp(log(high / low) * rng_unit(r));
}

/* [0, n) */
static inline uint64_t rng_below(struct rng *r, uint64_t n)
{
	return (uint64_t)(rng_unit(r) * (double)n);
}

static inline bool rng_chance(struct rng *r, double p)
{
	return rng_unit(r) < p;
}

static inline double rng_exponential(struct rng *r, double mean)
{
	return -mean * log(1 - rng_unit(r));
}

/* Marsaglia's polar method. */
static inline double rng_normal(struct rng *r)
{
	double u, v, q, f;

	if (r->has_spare) {
		r->has_spare = false;
		return r->spare;
	}
	do {
		u = 2 * rng_unit(r) - 1;
		v = 2 * rng_unit(r) - 1;
		q = u * u + v * v;
	} while (q >= 1 || q == 0);
	f = sqrt(-2 * log(q) / q);
	r->spare = v * f;
	r->has_spare = true;
	return u * f;
}

/* A stationary AR(1) of variance one: Ornstein-Uhlenbeck at steps of dt with time constant tau. */
struct ar1 {
	double value, keep, kick;
};

static inline void ar1_init(struct ar1 *a, struct rng *r, double dt, double tau)
{
	a->keep = exp(-dt / tau);
	a->kick = sqrt(1 - a->keep * a->keep);
	a->value = rng_normal(r);
}

static inline double ar1_next(struct ar1 *a, struct rng *r)
{
	a->value = a->keep * a->value + a->kick * rng_normal(r);
	return a->value;
}

#endif
