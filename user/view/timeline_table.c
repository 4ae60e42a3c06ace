// SPDX-License-Identifier: GPL-2.0-or-later
/* A footprint's history as rows: the finest step that reaches back to each moment. */
#include "user/view/tables.h"

static const struct pw_timeline_row *timeline_row(const void *row)
{
	return row;
}

static void get_time(const void *ctx, const void *row, struct pw_value *ret)
{
	pw_value_u(ret, pw_model_realtime(ctx, timeline_row(row)->time_ns));
}

static void get_step_ns(const void *ctx, const void *row, struct pw_value *ret)
{
	(void)ctx;
	pw_value_u(ret, timeline_row(row)->step_ns);
}

static void get_footprint_bytes(const void *ctx, const void *row, struct pw_value *ret)
{
	const struct pw_model *m = ctx;

	pw_value_u(ret, timeline_row(row)->pages * m->machine.page_size);
}

const struct pw_column pw_timeline_columns[] = {
	{ "time", "TIME", "end of the step", PW_UNIT_TIME, 24, true, get_time },
	{ "step_ns", "STEP", "length of the step", PW_UNIT_NS, 8, true, get_step_ns },
	{ "footprint_bytes", "FOOTPR", "the footprint at the end of the step", PW_UNIT_BYTES, 8,
	  true, get_footprint_bytes },
	{ NULL },
};

/* Points of one tier that are older than `before`, oldest first. */
static size_t add_tier(const struct pw_series *s, unsigned int tier, uint64_t now_ns,
		       uint64_t *before, struct pw_timeline_row *out)
{
	uint64_t step = pw_series_step_ns[tier], newest = now_ns / step * step;
	uint32_t points[PW_SERIES_POINTS];
	size_t n = pw_series_points(s, tier, now_ns, points, PW_SERIES_POINTS), kept = 0;

	for (size_t i = 0; i < n; i++) {
		uint64_t time = newest - (n - 1 - i) * step;

		if (time < *before)
			out[kept++] = (struct pw_timeline_row){ time, step, points[i] };
	}
	if (kept)
		*before = out[0].time_ns;
	return kept;
}

size_t pw_timeline_rows(const struct pw_series *s, uint64_t now_ns, struct pw_timeline_row *out)
{
	struct pw_timeline_row tiers[PW_SERIES_TIERS][PW_SERIES_POINTS];
	size_t counts[PW_SERIES_TIERS], n = 0;
	uint64_t before = UINT64_MAX;

	for (unsigned int t = 0; t < PW_SERIES_TIERS; t++)
		counts[t] = add_tier(s, t, now_ns, &before, tiers[t]);
	for (unsigned int t = PW_SERIES_TIERS; t-- > 0;) {
		for (size_t i = 0; i < counts[t]; i++)
			out[n++] = tiers[t][i];
	}
	return n;
}
