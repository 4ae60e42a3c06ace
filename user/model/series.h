/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A bounded history of one value: three rings of 64 points at growing steps.
 * A point is the *last* value in its step; time is the caller's. 788 bytes.
 */
#ifndef PW_MODEL_SERIES_H
#define PW_MODEL_SERIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PW_SERIES_POINTS 64
#define PW_SERIES_TIERS 3 /* steps of 1 s, 30 s, 15 min: 64 s, 32 min, 16 h */

extern const uint64_t pw_series_step_ns[PW_SERIES_TIERS];

struct pw_series {
	uint32_t points[PW_SERIES_TIERS][PW_SERIES_POINTS]; /* pages */
	uint32_t head_step[PW_SERIES_TIERS]; /* step number of the newest point */
	uint32_t first_step; /* of the finest tier: when the series began */
	uint8_t used[PW_SERIES_TIERS];
	bool started;
};

void pw_series_init(struct pw_series *s);
/* Steps without a value repeat the last one (a silent process did not change). */
void pw_series_add(struct pw_series *s, uint64_t time_ns, uint64_t pages);
/* The newest value; 0 before the first. */
uint32_t pw_series_last(const struct pw_series *s);
/*
 * The value at time_ns, from the finest tier that still reaches back to it;
 * the coarse tiers are interpolated within a step. false when the series began
 * later.
 */
bool pw_series_at(const struct pw_series *s, uint64_t now_ns, uint64_t time_ns, uint64_t *ret_pages);
/* The newest n <= 64 points of a tier up to now, oldest first; returns how many. */
size_t pw_series_points(const struct pw_series *s, unsigned int tier, uint64_t now_ns,
			uint32_t *out, size_t n);

#endif
