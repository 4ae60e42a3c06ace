/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a series of the corpus will be: shape, leak, size, circumstances. A
 * series is named by its stream and its index; the same name is the same
 * series for ever. Streams share nothing: what is tuned on one says nothing
 * about the numbers of another.
 */
#ifndef CORPUS_PLAN_H
#define CORPUS_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STEP_SECONDS 10
#define HOUR_STEPS (3600 / STEP_SECONDS)
#define DAY_STEPS (24 * HOUR_STEPS)
#define SPAN_STEPS (72 * HOUR_STEPS)

enum stream {
	STREAM_HELD_OUT = 1, /* the figures of docs/accuracy.md; nobody looks at its series */
	STREAM_TUNING = 2, /* to work with */
	STREAM_CI = 3, /* the subset that the build runs */
};

/* What a program does with its memory when nothing leaks. */
enum shape {
	SHAPE_NOISE,
	SHAPE_SAW_TOOTH,
	SHAPE_WARM_UP,
	SHAPE_LRU_FILL,
	SHAPE_DIURNAL,
	SHAPE_BATCH,
	SHAPE_STEPS,
	SHAPE_LOG_RATCHET,
	SHAPE_SLOW_OU,
	SHAPE_HEAP_RATCHET,
	SHAPE_DIURNAL_SAW_TOOTH,
	SHAPE_SURGE,
	SHAPE_LOAD_RAMP,
	SHAPE_WEEKLY,
	SHAPE_POOL_DOUBLING,
	SHAPE_THP_BLOAT,
	SHAPE_PERIODIC_RESTART,
	SHAPES
};

enum leak {
	LEAK_NONE,
	LEAK_LINEAR,
	LEAK_BURSTY,
	LEAK_LOAD, /* a bit per request, under varying load */
	LEAK_LATE, /* begins after half a day or more */
	LEAK_ACCELERATING,
	LEAKS
};

enum profile {
	PROFILE_STEADY,
	PROFILE_DIURNAL,
	PROFILE_BURSTS,
	PROFILE_WEEKLY,
	PROFILE_RAMP,
	PROFILE_SURGE,
	PROFILES
};

/* Bins of leak sizes, in spreads a day: a spread is the series' own without its leak (specimen.h). */
#define SIZE_BINS 5
extern const double size_edges[SIZE_BINS + 1]; /* .1 .3 1 3 10 30 */

/* Series of one shape in which every cell of leak and size occurs once, and as many healthy ones. */
#define ROUND_SERIES (2 * (LEAKS - 1) * SIZE_BINS)

extern const char *const shape_names[SHAPES];
extern const char *const shape_texts[SHAPES]; /* one sentence each */
extern const char *const leak_names[LEAKS];
extern const char *const profile_names[PROFILES];

/*
 * The goal's "hard" no-leak shapes: all whose floor moves for hours without a
 * leak. Noise around a level and a saw-tooth aren't.
 */
bool shape_is_hard(enum shape shape);
/* One of the eleven that the goal names, for comparison with the first experiment. */
bool shape_is_named(enum shape shape);

struct plan {
	enum stream stream;
	uint32_t index;
	enum shape shape;
	enum leak leak;
	unsigned int size_bin;
	double size; /* spreads a day while it leaks, on average; 0: none */
	double level; /* bytes, of all workers together */
	unsigned int workers; /* 1: one process; else a group, whose series is the sum */
	bool leak_everywhere; /* of a group: every worker leaks its part; else one does, which lives on */
	unsigned int restarts; /* of the process; of a group: of each worker */
	unsigned int gaps; /* times when nobody watched */
	bool limited; /* a limit ends the series by an OOM kill when it reaches it */
	enum profile profile;
};

/* Series 0 .. plan_count(rounds) - 1: whole cells, as many healthy as leaking. */
size_t plan_count(unsigned int rounds);
void plan_make(enum stream stream, uint32_t index, struct plan *ret);

#endif
