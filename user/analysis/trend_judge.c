// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The windows together: each is judged when one of its blocks has closed, and
 * counts its passes; one that has enough of them makes the series a suspect.
 */
#include "user/analysis/trend_gates.h"

#include <string.h>

#include "kmod/uapi/pagewarden.h"

#define NEEDED_PASSES 3

/* What is remembered of each window's last judgement, in one byte. */
struct memory {
	enum pw_verdict_class verdict;
	bool pending; /* grows, but not yet for sure: all gates but weight or persistence passed */
	unsigned int passes;
};

static struct memory recall(uint8_t bits)
{
	return (struct memory){ .verdict = bits & PW_TREND_CLASS_MASK,
				.pending = bits & PW_TREND_PENDING,
				.passes = bits >> PW_TREND_PASSES_SHIFT };
}

static uint8_t remember(const struct memory *m)
{
	return (uint8_t)(m->passes << PW_TREND_PASSES_SHIFT | (m->pending ? PW_TREND_PENDING : 0) |
			 m->verdict);
}

static enum pw_verdict_class class_of(enum pw_gate failed)
{
	switch (failed) {
	case PW_GATE_SPAN:
	case PW_GATE_WEIGHT:
	case PW_GATE_PERSISTENCE:
		return PW_VERDICT_UNKNOWN;
	case PW_GATE_TREND:
	case PW_GATE_SLOPE:
	case PW_GATE_FLOOR:
		return PW_VERDICT_STABLE;
	case PW_GATE_DECELERATION:
		return PW_VERDICT_WARMING;
	case PW_GATE_WANDER:
	case PW_GATE_STEP:
	case PW_GATE_HIGH_GROUND:
		return PW_VERDICT_BOUNDED;
	case PW_GATE_LOAD:
		return PW_VERDICT_LOAD_FOLLOWING;
	case PW_GATES:
		break;
	}
	return PW_VERDICT_GROWING;
}

/*
 * One more judgement. What was a suspect for long is not acquitted by the
 * first doubt: each halves its passes.
 */
static unsigned int count_pass(const struct memory *before, bool passed)
{
	if (passed)
		return before->passes < PW_TREND_PASSES_MAX ? before->passes + 1 : before->passes;
	return before->verdict == PW_VERDICT_GROWING ? before->passes / 2 : 0;
}

/* closed: a block did since the last judgement; otherwise what was said then stands. */
static void judge_window(const struct pw_trend_case *c, bool all, bool closed, struct memory *m,
			 struct pw_verdict *ret)
{
	const struct pw_trend_options *opt = c->options;
	enum pw_gate failed;

	memset(ret, 0, sizeof(*ret));
	pw_trend_ask_gates(c, all, ret);
	failed = pw_trend_failed_gate(ret, opt, PW_GATE_PERSISTENCE);
	if (closed)
		m->passes = count_pass(m, failed == PW_GATES && ret->gates[PW_GATE_TREND].asked);
	ret->gates[PW_GATE_PERSISTENCE] =
		(struct pw_gate_result){ .asked = true,
					 .passed = m->passes >= NEEDED_PASSES,
					 .value = m->passes,
					 .bound = NEEDED_PASSES };
	if (closed) {
		bool suspect =
			ret->gates[PW_GATE_PERSISTENCE].passed ||
			(opt && opt->gates_off & 1u << PW_GATE_PERSISTENCE && failed == PW_GATES);

		if (failed == PW_GATES && !suspect)
			failed = PW_GATE_PERSISTENCE;
		m->verdict = suspect ? PW_VERDICT_GROWING : class_of(failed);
		m->pending = failed == PW_GATE_WEIGHT || failed == PW_GATE_PERSISTENCE;
	}
	ret->passes = m->passes;
	ret->verdict = m->verdict;
}

static int weight_of(const struct memory *m)
{
	if (m->verdict == PW_VERDICT_GROWING)
		return 4;
	if (m->verdict > PW_VERDICT_STABLE)
		return 3;
	return m->pending ? 2 : m->verdict == PW_VERDICT_STABLE ? 1 : 0;
}

/*
 * The window that speaks for the series: the longest of those that have most to
 * say. The finest one is only heard when it suspects, or there is no other: of
 * twelve minutes everything can be said.
 */
static unsigned int spokesman(const struct pw_trend *t, const uint8_t *judged)
{
	unsigned int best = 0;
	int most = -1;

	for (unsigned int k = 0; k < PW_TREND_LEVELS; k++) {
		struct memory m = recall(judged[k]);
		int weight = weight_of(&m);

		if (k && t->last_step / pw_trend_block_steps[k] < PW_TREND_BLOCKS_MIN)
			break;
		if (k == 1 && most < 4)
			most = -1;
		if (weight >= most) {
			most = weight;
			best = k;
		}
	}
	return best;
}

/*
 * The share of such verdicts that were right, at equal numbers of leaking and
 * healthy series: from the tuning series, as docs/accuracy.md tells.
 */
static double confidence_of(const struct pw_verdict *v, unsigned int level)
{
	static const double growing[PW_TREND_LEVELS] = { 0.85, 0.85, 0.88, 0.91, 0.97, 0.97, 0.95 };
	static const double others[PW_VERDICT_CLASSES] = {
		[PW_VERDICT_STABLE] = 0.9,
		[PW_VERDICT_WARMING] = 0.64,
		[PW_VERDICT_BOUNDED] = 0.58,
		[PW_VERDICT_LOAD_FOLLOWING] = 0.62,
	};

	return v->verdict == PW_VERDICT_GROWING ? growing[level] : others[v->verdict];
}

static void judge(const struct pw_trend_case *series, bool all, uint8_t *judged,
		  struct pw_verdict *ret)
{
	const struct pw_trend *t = series->trend;
	unsigned int best, latest = PW_TREND_LEVELS;
	struct pw_trend_case c = *series;
	struct memory m;

	for (unsigned int k = 0; k < PW_TREND_LEVELS; k++)
		c.suspected |= recall(judged[k]).verdict == PW_VERDICT_GROWING;
	for (c.level = 0; c.level < PW_TREND_LEVELS; c.level++) {
		unsigned int steps = pw_trend_block_steps[c.level];

		if (t->last_step / steps == t->judged_step / steps)
			break; /* blocks of longer windows end with one of this */
		m = recall(judged[c.level]);
		judge_window(&c, all, true, &m, ret);
		judged[c.level] = remember(&m);
		latest = c.level;
	}
	best = spokesman(t, judged);
	m = recall(judged[best]);
	if (best != latest && !all && m.verdict == t->verdict && m.verdict != PW_VERDICT_GROWING) {
		/* nothing new, and nobody to worry about: the common case costs nothing */
		memset(ret, 0, sizeof(*ret));
		ret->verdict = m.verdict;
		ret->passes = m.passes;
	} else if (best != latest) {
		c.level = best;
		judge_window(&c, all, false, &m, ret);
	}
	ret->confidence = confidence_of(ret, best);
	if (ret->verdict == PW_VERDICT_GROWING)
		ret->since_ns = pw_trend_growth_since(t, series->options);
}

void pw_trend_judge(struct pw_trend *t, const struct pw_trend_load *load,
		    const struct pw_trend_options *opt, struct pw_verdict *ret)
{
	const struct pw_trend_case c = { .trend = t, .load = load, .options = opt };

	judge(&c, false, t->judged, ret);
	t->judged_step = t->last_step;
	t->verdict = (uint8_t)ret->verdict;
}

void pw_trend_look(const struct pw_trend *t, const struct pw_trend_load *load,
		   const struct pw_trend_options *opt, struct pw_verdict *ret)
{
	const struct pw_trend_case c = { .trend = t, .load = load, .options = opt };
	uint8_t judged[PW_TREND_LEVELS];

	memcpy(judged, t->judged, sizeof(judged));
	judge(&c, true, judged, ret);
}

bool pw_trend_is_due(const struct pw_trend *t)
{
	uint32_t length = pw_trend_block_steps[0];

	if (!t->started || t->last_step / length == t->judged_step / length)
		return false;
	/* What never changed needs to be called stable once. */
	return t->dense || t->count > 1 || t->verdict != PW_VERDICT_STABLE;
}

enum pw_verdict_class pw_trend_class(const struct pw_trend *t)
{
	return t->verdict;
}

size_t pw_trend_floors(const struct pw_trend *t, const struct pw_trend_options *opt,
		       uint64_t window_ns, uint64_t *ret_values, uint64_t *ret_from_ns,
		       uint64_t *ret_block_ns)
{
	unsigned int level = 0;
	float values[PW_TREND_BLOCKS];
	uint32_t first;
	size_t n;

	while (level + 1 < PW_TREND_LEVELS &&
	       pw_trend_block_steps[level] * PW_TREND_STEP_NS * PW_TREND_BLOCKS < window_ns)
		level++;
	n = pw_trend_window(t, level, values, &first);
	for (size_t i = 0; i < n; i++)
		ret_values[i] = values[i] == PW_TREND_GAP ? PW_UNKNOWN : (uint64_t)values[i];
	*ret_block_ns = pw_trend_step_ns(opt) * pw_trend_block_steps[level];
	*ret_from_ns = (uint64_t)t->origin_ns + first * *ret_block_ns;
	return n;
}
