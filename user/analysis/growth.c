// SPDX-License-Identifier: GPL-2.0-or-later
#include "user/analysis/growth.h"

#define SECOND 1000000000ull

const uint64_t pw_horizon_ns[PW_HORIZONS] = {
	[PW_HORIZON_1M] = 60 * SECOND,
	[PW_HORIZON_10M] = 600 * SECOND,
	[PW_HORIZON_1H] = 3600 * SECOND,
	[PW_HORIZON_8H] = 8 * 3600 * SECOND,
};

const char *const pw_horizon_name[PW_HORIZONS] = {
	[PW_HORIZON_1M] = "1m",
	[PW_HORIZON_10M] = "10m",
	[PW_HORIZON_1H] = "1h",
	[PW_HORIZON_8H] = "8h",
};

bool pw_growth_per_minute(const struct pw_series *s, uint64_t now_ns, enum pw_horizon h,
			  uint32_t page_size, double *ret_bytes_per_minute)
{
	uint64_t span = pw_horizon_ns[h];
	uint64_t then, now;

	if (now_ns < span || !pw_series_at(s, now_ns, now_ns - span, &then) ||
	    !pw_series_at(s, now_ns, now_ns, &now))
		return false;
	*ret_bytes_per_minute =
		((double)now - (double)then) * page_size / ((double)span / (60.0 * SECOND));
	return true;
}
