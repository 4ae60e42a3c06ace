/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The loads of one subject between the files of the detector. */
#ifndef PW_ANALYSIS_TREND_LOAD_H
#define PW_ANALYSIS_TREND_LOAD_H

#include "user/analysis/trend_private.h"

enum pw_work { PW_WORK_REQUESTS, PW_WORK_CPU, PW_WORKS };

struct pw_trend_load_ring {
	float open[PW_WORKS]; /* of the block that is not yet over, without what finer blocks hold */
	uint16_t blocks[PW_WORKS][PW_TREND_BLOCKS]; /* logarithms; block b is at b % PW_TREND_BLOCKS */
};

struct pw_trend_load_rings {
	struct pw_trend_load_ring level[PW_TREND_LEVELS];
};

struct pw_trend_load {
	int64_t origin_ns;
	struct pw_trend_load_rings *rings; /* NULL: no work yet */
	uint64_t totals[PW_LOAD_KINDS];
	uint32_t last_step;
	uint8_t started;
	uint8_t known;
};

bool pw_trend_load_knows(const struct pw_trend_load *l, enum pw_work work);
/*
 * The work done in each of n blocks' time from from_ns on. Returns how many of
 * them, from the first on, are not known.
 */
size_t pw_trend_load_spans(const struct pw_trend_load *l, enum pw_work work,
			   const struct pw_trend_options *opt, unsigned int level, int64_t from_ns,
			   size_t n, double *ret_spans);

#endif
