// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/corpus/plan.h"

#include "tests/corpus/random.h"

const double size_edges[SIZE_BINS + 1] = { .1, .3, 1, 3, 10, 30 };

const char *const shape_names[SHAPES] = {
	[SHAPE_NOISE] = "noise",
	[SHAPE_SAW_TOOTH] = "saw-tooth",
	[SHAPE_WARM_UP] = "warm-up",
	[SHAPE_LRU_FILL] = "lru-fill",
	[SHAPE_DIURNAL] = "diurnal",
	[SHAPE_BATCH] = "batch",
	[SHAPE_STEPS] = "steps",
	[SHAPE_LOG_RATCHET] = "log-ratchet",
	[SHAPE_SLOW_OU] = "slow-ou",
	[SHAPE_HEAP_RATCHET] = "heap-ratchet",
	[SHAPE_DIURNAL_SAW_TOOTH] = "diurnal-saw-tooth",
	[SHAPE_SURGE] = "surge",
	[SHAPE_LOAD_RAMP] = "load-ramp",
	[SHAPE_WEEKLY] = "weekly",
	[SHAPE_POOL_DOUBLING] = "pool-doubling",
	[SHAPE_THP_BLOAT] = "thp-bloat",
	[SHAPE_PERIODIC_RESTART] = "periodic-restart",
};

const char *const shape_texts[SHAPES] = {
	[SHAPE_NOISE] = "AR(1) noise around a level, time constant 30 s to 1 h",
	[SHAPE_SAW_TOOTH] = "garbage collection every 5 s to 30 min, jitter in period and depth; minor "
			    "collections leave a rest that a full one takes",
	[SHAPE_WARM_UP] = "saturating exponential, time constant 5 min to 24 h",
	[SHAPE_LRU_FILL] =
		"a cache that fills linearly (in half of the series: with the load) until it is "
		"full after 1 to 36 h",
	[SHAPE_DIURNAL] = "follows a daily load",
	[SHAPE_BATCH] = "bursts every half to six hours that recede",
	[SHAPE_STEPS] = "one to four shifts of the level, more of them up than down",
	[SHAPE_LOG_RATCHET] = "logarithmic growth, and fragmentation that comes ever more rarely",
	[SHAPE_SLOW_OU] = "Ornstein-Uhlenbeck, time constant 2 to 24 h",
	[SHAPE_HEAP_RATCHET] = "a heap that gives its maxima back only in part",
	[SHAPE_DIURNAL_SAW_TOOTH] = "a saw-tooth on a level that follows a daily load",
	[SHAPE_SURGE] = "a surge of connections that recedes, the memory after it",
	[SHAPE_LOAD_RAMP] = "follows a load that rises for one to three days",
	[SHAPE_WEEKLY] = "follows a load with working days and weekends",
	[SHAPE_POOL_DOUBLING] = "pools that double until what they hold saturates",
	[SHAPE_THP_BLOAT] = "huge pages collapse until nothing is left to collapse, some are split",
	[SHAPE_PERIODIC_RESTART] = "warms up, and is restarted every 4 to 24 h; seen as a group",
};

const char *const leak_names[LEAKS] = {
	[LEAK_NONE] = "none",	   [LEAK_LINEAR] = "linear",   [LEAK_BURSTY] = "bursty",
	[LEAK_LOAD] = "with-load", [LEAK_LATE] = "late-onset", [LEAK_ACCELERATING] = "accelerating",
};

const char *const profile_names[PROFILES] = {
	[PROFILE_STEADY] = "steady", [PROFILE_DIURNAL] = "diurnal", [PROFILE_BURSTS] = "bursts",
	[PROFILE_WEEKLY] = "weekly", [PROFILE_RAMP] = "ramp",	    [PROFILE_SURGE] = "surge",
};

bool shape_is_hard(enum shape shape)
{
	return shape != SHAPE_NOISE && shape != SHAPE_SAW_TOOTH;
}

bool shape_is_named(enum shape shape)
{
	return shape <= SHAPE_DIURNAL_SAW_TOOTH;
}

size_t plan_count(unsigned int rounds)
{
	return (size_t)rounds * ROUND_SERIES * SHAPES;
}

static enum profile choose_profile(struct rng *r, enum shape shape, enum leak leak)
{
	switch (shape) {
	case SHAPE_DIURNAL:
	case SHAPE_DIURNAL_SAW_TOOTH:
		return PROFILE_DIURNAL;
	case SHAPE_BATCH:
		return PROFILE_BURSTS;
	case SHAPE_SURGE:
		return PROFILE_SURGE;
	case SHAPE_LOAD_RAMP:
		return PROFILE_RAMP;
	case SHAPE_WEEKLY:
		return PROFILE_WEEKLY;
	default:
		break;
	}
	if (leak == LEAK_LOAD)
		return rng_chance(r, .5) ? PROFILE_DIURNAL : PROFILE_BURSTS;
	return (enum profile)rng_below(r, PROFILE_WEEKLY);
}

static void choose_circumstances(struct rng *r, struct plan *p)
{
	p->workers = rng_chance(r, .6) ? 1 : (unsigned int)rng_log_range(r, 2, 65);
	p->leak_everywhere = rng_chance(r, .5);
	p->restarts = rng_chance(r, .2) ? 1 + (unsigned int)rng_below(r, 3) : 0;
	p->gaps = rng_chance(r, .2) ? 1 + (unsigned int)rng_below(r, 3) : 0;
	p->limited = rng_chance(r, .3);
	/* Its restarts are its shape. */
	if (p->shape == SHAPE_PERIODIC_RESTART)
		p->restarts = 0;
	/* A process that was restarted is another series: its limit says nothing of this one. */
	if (p->leak == LEAK_NONE || p->restarts)
		p->limited = false;
}

void plan_make(enum stream stream, uint32_t index, struct plan *ret)
{
	struct plan p = { .stream = stream, .index = index };
	uint32_t place = index / SHAPES;
	struct rng r;

	rng_init(&r, stream, index, 0);
	p.shape = (enum shape)(index % SHAPES);
	if (place % 2) {
		uint32_t cell = place / 2;

		p.leak = (enum leak)(1 + cell % (LEAKS - 1));
		p.size_bin = cell / (LEAKS - 1) % SIZE_BINS;
		p.size = rng_log_range(&r, size_edges[p.size_bin], size_edges[p.size_bin + 1]);
	}
	p.level = rng_log_range(&r, 32 << 20, 4e9);
	choose_circumstances(&r, &p);
	p.profile = choose_profile(&r, p.shape, p.leak);
	*ret = p;
}
