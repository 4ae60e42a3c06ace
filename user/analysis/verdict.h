/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is said of one series of memory, how sure it is, and why: each gate
 * that was asked, with its figure and its bound. A verdict of the first tier
 * can only suspect; the last three classes need evidence that later tiers
 * bring.
 */
#ifndef PW_ANALYSIS_VERDICT_H
#define PW_ANALYSIS_VERDICT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum pw_verdict_class {
	PW_VERDICT_UNKNOWN = 0, /* too little was seen */
	PW_VERDICT_STABLE, /* no growth worth a word */
	PW_VERDICT_WARMING, /* grows, and ever slower */
	PW_VERDICT_BOUNDED, /* a saw-tooth, a plateau, a step */
	PW_VERDICT_LOAD_FOLLOWING, /* grows with the work that is done */
	PW_VERDICT_GROWING, /* as leaks grow: a suspect */
	PW_VERDICT_ALLOCATOR_RETAINED,
	PW_VERDICT_GROWTH_REACHABLE,
	PW_VERDICT_LEAK_UNREACHABLE,
	PW_VERDICT_CLASSES
};

/*
 * In the order in which they are asked. One that fails decides the class, and
 * those after it are still computed where they can be, for explain.
 */
enum pw_gate {
	PW_GATE_SPAN, /* enough blocks of the window were seen; value: blocks */
	PW_GATE_TREND, /* Mann-Kendall, corrected for autocorrelation; value: z */
	PW_GATE_SLOPE, /* lower bound of Theil-Sen's slope; value: units per hour */
	PW_GATE_WANDER, /* drift in standard errors of a walk that only wanders */
	PW_GATE_FLOOR, /* growth over the window; value: units */
	PW_GATE_DECELERATION, /* value: late growth rate / early growth rate */
	PW_GATE_STEP, /* the largest share of one block in the growth; value: 0..1 */
	PW_GATE_HIGH_GROUND, /* last quarter's floors above all earlier ones; value: units above */
	PW_GATE_LOAD, /* value: share of the growth that load explains, 0..1; 2: can't be told apart */
	/*
	 * What of this window outweighs its shortness: the time watched, the growth
	 * against the size it began with, against all that moved in the long time
	 * before, or against the scatter beside the line; the best of them, 1 is enough.
	 */
	PW_GATE_WEIGHT,
	PW_GATE_PERSISTENCE, /* passes in a row; value: passes */
	PW_GATES
};

struct pw_gate_result {
	bool asked; /* there was enough to compute it */
	bool passed;
	double value;
	double bound; /* what value is held against; its direction is the gate's */
};

struct pw_verdict {
	enum pw_verdict_class verdict;
	/*
	 * Of `growing`: the share of such verdicts that were leaks in the corpus,
	 * at equal numbers of leaking and healthy series. Of the others: the share
	 * that were none. 0 where nothing is known.
	 */
	double confidence;
	uint64_t window_ns; /* the window that decided; in the series' own time */
	uint64_t block_ns;
	unsigned int blocks; /* of the window that have values */
	unsigned int gaps; /* of the window in which nobody watched */
	uint64_t from_ns, to_ns;
	uint64_t since_ns; /* where the growth began, as far back as was seen; 0: no growth */
	uint64_t first, last; /* floors of the window's first and last block */
	double slope, slope_low, slope_high; /* units per hour, 90 % interval */
	unsigned int passes; /* judgements in a row that passed every gate before persistence */
	struct pw_gate_result gates[PW_GATES];
};

extern const char *const pw_verdict_names[PW_VERDICT_CLASSES]; /* "unknown", "stable", ... */
extern const char *const pw_gate_names[PW_GATES]; /* "span", "trend", ... */

/* Where the first tier escalates: growing, and what later tiers make of it. */
bool pw_verdict_is_suspect(enum pw_verdict_class v);
/* The first gate that was asked and failed; PW_GATES: none. */
enum pw_gate pw_verdict_failed_gate(const struct pw_verdict *v);

/*
 * One sentence for a gate's result, in words and figures: "growth slowed by
 * 60 % over the window: warming". unit: "bytes" (written with K, M, G) or a
 * plural noun ("threads"). Returns what snprintf does.
 */
int pw_gate_explain(const struct pw_verdict *v, enum pw_gate gate, const char *unit, char *buf,
		    size_t size);
/* One sentence for the whole: class, how fast, since when, the deciding gate. */
int pw_verdict_explain(const struct pw_verdict *v, const char *unit, char *buf, size_t size);

#endif
