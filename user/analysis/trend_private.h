/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One series between the files of the detector. Time is counted in steps of
 * 10 s of the series' own clock since its first sample; block b of a window
 * covers the steps [b * steps, (b + 1) * steps).
 */
#ifndef PW_ANALYSIS_TREND_PRIVATE_H
#define PW_ANALYSIS_TREND_PRIVATE_H

#include "user/analysis/trend.h"

#define PW_TREND_STEP_NS 10000000000ull
#define PW_TREND_LEVELS 7
#define PW_TREND_GAP (-1.0f)
#define PW_TREND_VALUE_MAX (1ull << 62) /* what a float can hold and give back */
#define PW_TREND_POINTS 12 /* changes that are kept as such; more of them make it dense */

/* Steps in a block: windows of 12 min, 1, 4, 8, 16, 32 and 64 hours. */
extern const uint16_t pw_trend_block_steps[PW_TREND_LEVELS];

struct pw_trend_ring {
	float open; /* minimum of the block that is not yet over */
	float blocks[PW_TREND_BLOCKS]; /* block b is at b % PW_TREND_BLOCKS */
};

struct pw_trend_rings {
	struct pw_trend_ring level[PW_TREND_LEVELS];
};

struct pw_trend_point {
	uint32_t step;
	float value; /* from this step up to the next point's; PW_TREND_GAP: nobody watched */
};

struct pw_trend {
	int64_t origin_ns; /* of step 0, in the caller's clock; before its zero after a reboot */
	union {
		struct pw_trend_point one; /* capacity 0 */
		struct pw_trend_point *points; /* capacity > 0 */
		struct pw_trend_rings *rings; /* dense */
	};
	uint32_t last_step;
	uint32_t judged_step; /* last_step at the last judgement */
	float last;
	uint8_t started, dense;
	uint8_t count, capacity; /* of points; the oldest first */
	uint8_t verdict; /* enum pw_verdict_class, the whole's */
	/* By window: its last judgement, see PW_TREND_CLASS_MASK. */
	uint8_t judged[PW_TREND_LEVELS];
};

/* judged[]: class, whether it is pending, passes. */
#define PW_TREND_CLASS_MASK 7u
#define PW_TREND_PENDING 8u
#define PW_TREND_PASSES_SHIFT 4
#define PW_TREND_PASSES_MAX 15

/* Steps since origin, at the options' scale; 0 before it. */
uint32_t pw_trend_step_of(const struct pw_trend_options *opt, int64_t origin_ns, uint64_t time_ns);
uint64_t pw_trend_step_ns(const struct pw_trend_options *opt); /* of the caller's clock */

void pw_trend_rings_init(struct pw_trend_rings *r);
/*
 * From last_step on to step. fill: what the steps between had, PW_TREND_GAP
 * when nobody watched.
 */
void pw_trend_rings_advance(struct pw_trend_rings *r, uint32_t last_step, uint32_t step, float fill);
void pw_trend_rings_put(struct pw_trend_rings *r, float value);

/*
 * The closed blocks of a window, oldest first, PW_TREND_GAP in gaps; at most
 * PW_TREND_BLOCKS, fewer in a young series. *ret_first: the first one's number.
 */
size_t pw_trend_window(const struct pw_trend *t, unsigned int level, float *ret_values,
		       uint32_t *ret_first);

#endif
