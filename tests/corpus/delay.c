// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/corpus/delay.h"

#include <math.h>
#include <stdlib.h>

#include "tests/corpus/detector.h"
#include "tests/corpus/table.h"

/* Names that no series of the tables has. */
#define FIRST_INDEX 1000000

struct speed {
	const char *name;
	double per_second; /* bytes */
	double goal_hours;
	bool saw_tooth; /* under 100 MiB of churn; else a level with a noise of at most 1 % */
};

static const struct speed speeds[] = {
	{ "1 MiB/s", 1 << 20, 1. / 6, false },
	{ "16 KiB/s", 16 << 10, 1, false },
	{ "1 KiB/s under a saw-tooth of 100 MiB", 1 << 10, 4, true },
};

static struct specimen specimen;

/* A worker of 32 to 256 MiB, alone, that does nothing but its work and its leak. */
static void make(enum stream stream, uint32_t index, const struct speed *speed, bool late)
{
	struct plan plan = {
		.stream = stream,
		.index = index,
		.shape = speed->saw_tooth ? SHAPE_SAW_TOOTH : SHAPE_NOISE,
		.leak = late ? LEAK_LATE : LEAK_LINEAR,
		.workers = 1,
		.profile = PROFILE_STEADY,
	};
	struct rng r;

	rng_init(&r, stream, index, 0);
	plan.level = rng_log_range(&r, 32 << 20, 256 << 20);
	specimen_draw(&plan, &specimen);
	specimen.shape.noise = rng_log_range(&r, .001, .01);
	if (speed->saw_tooth) {
		specimen.shape.period = rng_log_range(&r, 5, 60);
		specimen.shape.depth = (100 << 20) / specimen.shape.level;
	}
	specimen_build(&specimen, speed->per_second * 86400);
	if (specimen.leak.onset + DAY_STEPS < specimen.steps)
		specimen.steps = specimen.leak.onset + DAY_STEPS;
}

static int compare_doubles(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void row(struct table *t, enum stream stream, const struct speed *speed, bool late)
{
	uint32_t first = FIRST_INDEX + (uint32_t)(speed - speeds) * 1000 + late * 500;
	double hours[DELAY_SERIES];
	size_t called = 0;

	for (uint32_t i = 0; i < DELAY_SERIES; i++) {
		struct outcome o;

		make(stream, first + i, speed, late);
		own_run(&specimen, 0, NULL, NULL, &o);
		hours[i] = INFINITY;
		if (o.first == NEVER)
			continue;
		hours[i] = (double)(o.first + 1 - specimen.leak.onset) / HOUR_STEPS;
		called++;
	}
	/* Those that were never called count as endless. */
	qsort(hours, DELAY_SERIES, sizeof(hours[0]), compare_doubles);
	table_row(t);
	table_cell(t, "%s, %s", speed->name, late ? "after 12 to 36 h without" : "from its start");
	table_cell(t, "%zu of %d", called, DELAY_SERIES);
	table_cell(t, "%.0f", 60 * hours[DELAY_SERIES / 2]);
	table_cell(t, "%.0f", 60 * hours[DELAY_SERIES * 9 / 10]);
	table_cell(t, "%.0f", 60 * speed->goal_hours);
	table_cell(t, "%s", hours[DELAY_SERIES / 2] <= speed->goal_hours ? "reached" : "missed");
}

void print_given_speeds(enum stream stream, bool markdown, FILE *out)
{
	static struct table t;

	table_begin(&t, "Minutes until a leak of a given speed is called");
	table_cell(&t, "leak");
	table_cell(&t, "called within a day");
	table_cell(&t, "median");
	table_cell(&t, "90 %% quantile");
	table_cell(&t, "goal");
	table_cell(&t, "median against goal");
	for (size_t i = 0; i < sizeof(speeds) / sizeof(speeds[0]); i++) {
		row(&t, stream, &speeds[i], true);
		row(&t, stream, &speeds[i], false);
	}
	table_print(&t, markdown, out);
}
