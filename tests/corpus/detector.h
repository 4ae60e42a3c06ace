/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is compared: each detector gets the same series, step by step, with
 * restarts and gaps as a watcher sees them, and says when it would have called
 * somebody. A detector calls when its verdict is a suspect at any time.
 */
#ifndef CORPUS_DETECTOR_H
#define CORPUS_DETECTOR_H

#include "tests/corpus/specimen.h"
#include "user/analysis/trend.h"

#define NEVER SIZE_MAX

/* Did the interval hold the truth? Asked of series that a limit ended. */
struct limit_check {
	bool asked;
	bool covered;
	double truth, low, guess, high; /* seconds */
};

struct outcome {
	size_t first; /* step of the first call since there was a leak to call; NEVER */
	bool early; /* called before there was one */
	/* What only ours tells. */
	double confidence; /* of the first call, or of the last verdict where there was none */
	enum pw_verdict_class last;
	enum pw_gate failed; /* by the last verdict; PW_GATES: none */
	uint64_t window_ns; /* of the first call */
	struct limit_check limit_first; /* at the first call */
	struct limit_check limit_later; /* half-way between the first call and the end */
	uint64_t judged;
};

struct detector {
	const char *name;
	const char *text; /* windows and bounds, for the reader of the tables */
	void (*run)(const struct detector *d, const struct specimen *s, struct outcome *ret);
	const struct baseline *baseline;
	uint32_t gates_off; /* ours */
};

/* The first is ours. */
extern const struct detector detectors[];
extern const size_t detector_count;

/* Ours, with a listener to each judgement; judged may be NULL. */
typedef void (*judged_fn)(void *ctx, const struct specimen *s, size_t step,
			  const struct pw_verdict *v, const struct pw_trend *t);
void own_run(const struct specimen *s, uint32_t gates_off, judged_fn judged, void *ctx,
	     struct outcome *ret);

/* ---- baselines ----------------------------------------------------------------- */

#define BASELINE_BLOCKS_MAX 96

/* The minima of a rolling window's blocks that were seen. */
struct floors {
	size_t count;
	double hours[BASELINE_BLOCKS_MAX]; /* when */
	double values[BASELINE_BLOCKS_MAX];
};

/*
 * Judges at the end of each block. All have in common that a restart empties
 * the window, that gaps are left out, and that growth below 2 MiB and 1 % is
 * none: no admin would want to be called for it.
 */
struct baseline {
	bool (*rises)(const struct floors *f, double bound);
	double bound;
	size_t block_steps, blocks, blocks_min;
	unsigned int passes; /* in a row, before it calls */
};

bool rises_by_mann_kendall(const struct floors *f, double bound); /* z above bound */
bool rises_by_hamed_rao(const struct floors *f, double bound);
bool rises_by_least_squares(const struct floors *f, double bound); /* R2 above bound */
bool rises_by_minima(const struct floors *f,
		     double bound); /* as many in a row, each above the last */
bool rises_by_last_quarter(const struct floors *f, double bound); /* share of the level an hour */

void baseline_run(const struct detector *d, const struct specimen *s, struct outcome *ret);

#endif
