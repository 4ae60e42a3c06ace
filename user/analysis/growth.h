/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Growth of a footprint over fixed horizons, in bytes per minute. Pure.
 * Resolution: the horizon's ends are off by at most one step of the series
 * tier that serves them (1 s, 30 s, 15 min).
 */
#ifndef PW_ANALYSIS_GROWTH_H
#define PW_ANALYSIS_GROWTH_H

#include <stdbool.h>
#include <stdint.h>

#include "user/model/series.h"

enum pw_horizon { PW_HORIZON_1M, PW_HORIZON_10M, PW_HORIZON_1H, PW_HORIZON_8H, PW_HORIZONS };

extern const uint64_t pw_horizon_ns[PW_HORIZONS];
extern const char *const pw_horizon_name[PW_HORIZONS]; /* "1m", "10m", "1h", "8h" */

/* false when the series is younger than the horizon. */
bool pw_growth_per_minute(const struct pw_series *s, uint64_t now_ns, enum pw_horizon h,
			  uint32_t page_size, double *ret_bytes_per_minute);

#endif
