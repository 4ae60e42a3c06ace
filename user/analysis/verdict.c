// SPDX-License-Identifier: GPL-2.0-or-later
/* A verdict in words: short plain sentences with their figures. */
#include "user/analysis/verdict.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "user/base/text.h"

#define TEXT 48

const char *const pw_verdict_names[PW_VERDICT_CLASSES] = {
	[PW_VERDICT_UNKNOWN] = "unknown",
	[PW_VERDICT_STABLE] = "stable",
	[PW_VERDICT_WARMING] = "warming",
	[PW_VERDICT_BOUNDED] = "bounded",
	[PW_VERDICT_LOAD_FOLLOWING] = "load-following",
	[PW_VERDICT_GROWING] = "growing",
	[PW_VERDICT_ALLOCATOR_RETAINED] = "allocator-retained",
	[PW_VERDICT_GROWTH_REACHABLE] = "growth-reachable",
	[PW_VERDICT_LEAK_UNREACHABLE] = "leak-unreachable",
};

const char *const pw_gate_names[PW_GATES] = {
	[PW_GATE_SPAN] = "span",
	[PW_GATE_TREND] = "trend",
	[PW_GATE_SLOPE] = "slope",
	[PW_GATE_FLOOR] = "floor",
	[PW_GATE_DECELERATION] = "deceleration",
	[PW_GATE_STEP] = "step",
	[PW_GATE_HIGH_GROUND] = "high-ground",
	[PW_GATE_LOAD] = "load",
	[PW_GATE_WANDER] = "wander",
	[PW_GATE_WEIGHT] = "weight",
	[PW_GATE_PERSISTENCE] = "persistence",
};

bool pw_verdict_is_suspect(enum pw_verdict_class v)
{
	return v >= PW_VERDICT_GROWING && v < PW_VERDICT_CLASSES;
}

enum pw_gate pw_verdict_failed_gate(const struct pw_verdict *v)
{
	for (int g = 0; g < PW_GATES; g++)
		if (v->gates[g].asked && !v->gates[g].passed)
			return g;
	return PW_GATES;
}

/* "3.2M", "-120K", "14 threads", "0.25 files" */
static const char *amount(double value, const char *unit, char buf[TEXT])
{
	char size[PW_SIZE_TEXT];

	if (!strcmp(unit, "bytes"))
		snprintf(buf, TEXT, "%s",
			 pw_text_signed_size((int64_t)fmax(-9e18, fmin(9e18, value)), size));
	else if (fabs(value) >= 10 || value == 0)
		snprintf(buf, TEXT, "%.0f %s", value, unit);
	else
		snprintf(buf, TEXT, "%.2g %s", value, unit);
	return buf[0] == '+' ? buf + 1 : buf;
}

static const char *span(uint64_t ns, char buf[TEXT])
{
	double minutes = (double)ns / 60e9;

	if (minutes < 90)
		snprintf(buf, TEXT, "%.3g min", minutes);
	else if (minutes < 72 * 60)
		snprintf(buf, TEXT, "%.3g h", minutes / 60);
	else
		snprintf(buf, TEXT, "%.3g days", minutes / 1440);
	return buf;
}

static double percent(double share)
{
	return fmax(-999, fmin(999, share * 100));
}

static int explain_deceleration(const struct pw_gate_result *g, char *buf, size_t size)
{
	if (g->value <= 0)
		return snprintf(buf, size, "growth came to rest within the window: %s",
				g->passed ? "still growing" : "warming");
	if (!g->passed)
		return snprintf(buf, size, "growth slowed by %.0f %% over the window: warming",
				percent(1 - g->value));
	if (g->value < 1)
		return snprintf(buf, size,
				"growth slowed by %.0f %% over the window, less than warming does",
				percent(1 - g->value));
	return snprintf(buf, size, "growth did not slow over the window");
}

static int explain_load(const struct pw_gate_result *g, char *buf, size_t size)
{
	if (g->value > 1)
		return snprintf(buf, size,
				"work rose along with it: load and time can't be told apart");
	return snprintf(buf, size, "%.0f %% of the growth follows the rate of work: %s",
			percent(g->value), g->passed ? "load does not explain it" : "load-following");
}

int pw_gate_explain(const struct pw_verdict *v, enum pw_gate gate, const char *unit, char *buf,
		    size_t size)
{
	const struct pw_gate_result *g;
	char a[TEXT], b[TEXT], window[TEXT];

	if ((unsigned int)gate >= PW_GATES)
		return snprintf(buf, size, "no such gate");
	g = &v->gates[gate];
	span(v->block_ns * (v->blocks + v->gaps), window);
	if (!g->asked)
		return snprintf(buf, size, "not asked: %s",
				gate == PW_GATE_LOAD ? "no load is known, or an earlier gate failed" :
						       "an earlier gate failed");
	switch (gate) {
	case PW_GATE_SPAN:
		return snprintf(buf, size, "%u blocks of %s were seen, %u missed; %.0f are needed",
				v->blocks, span(v->block_ns, a), v->gaps, g->bound);
	case PW_GATE_TREND:
		return snprintf(buf, size, "Mann-Kendall z of the floors %.1f, %s %.1f: %s",
				g->value, g->passed ? "at least" : "below", g->bound,
				g->passed ? "a trend" : "no clear trend");
	case PW_GATE_SLOPE:
		return snprintf(buf, size, "at least %s an hour with 95 %% certainty: %s",
				amount(g->value, unit, a),
				g->passed ? "rising" : "may as well not rise");
	case PW_GATE_WANDER:
		return snprintf(buf, size, "drifts by %.1f standard errors, %s %.0f: %s", g->value,
				g->passed ? "at least" : "below", g->bound,
				g->passed ? "more than wandering does" : "it may only wander");
	case PW_GATE_FLOOR:
		return snprintf(buf, size, "grew %s in %s, %s %s", amount(g->value, unit, a), window,
				g->passed ? "more than" : "no more than", amount(g->bound, unit, b));
	case PW_GATE_DECELERATION:
		return explain_deceleration(g, buf, size);
	case PW_GATE_STEP:
		return snprintf(buf, size, "the largest step made %.0f %% of the growth: %s",
				percent(g->value), g->passed ? "it grew all along" : "a step");
	case PW_GATE_HIGH_GROUND:
		return snprintf(buf, size, "the last quarter's floor is %s %s all earlier ones",
				amount(fabs(g->value), unit, a),
				g->value > 0 ? "above" : "below the highest of");
	case PW_GATE_LOAD:
		return explain_load(g, buf, size);
	case PW_GATE_WEIGHT:
		return snprintf(buf, size,
				"%s of growth in %s weigh %.0f %% of what is needed to tell: %s",
				amount((double)v->last - (double)v->first, unit, a), window,
				percent(g->value),
				g->passed ? "enough" : "a cache that fills looks like this too");
	case PW_GATE_PERSISTENCE:
		return snprintf(buf, size, "passed %.0f times in a row; %.0f are needed", g->value,
				g->bound);
	case PW_GATES:
		break;
	}
	return snprintf(buf, size, "no such gate");
}

int pw_verdict_explain(const struct pw_verdict *v, const char *unit, char *buf, size_t size)
{
	char speed[TEXT], low[TEXT], high[TEXT], window[TEXT], why[160] = "";
	enum pw_gate gate = pw_verdict_failed_gate(v);
	unsigned int class = v->verdict < PW_VERDICT_CLASSES ? v->verdict : PW_VERDICT_UNKNOWN;

	span(v->block_ns * (v->blocks + v->gaps), window);
	if (pw_verdict_is_suspect(v->verdict)) {
		if (v->confidence > 0) /* else nothing is known of it */
			snprintf(why, sizeof(why), ", confidence %.0f %%", percent(v->confidence));
		return snprintf(buf, size, "%s: %s an hour (90 %% between %s and %s) for %s%s",
				pw_verdict_names[class], amount(v->slope, unit, speed),
				amount(v->slope_low, unit, low), amount(v->slope_high, unit, high),
				window, why);
	}
	if (gate == PW_GATES)
		return snprintf(buf, size, "%s", pw_verdict_names[class]);
	pw_gate_explain(v, gate, unit, why, sizeof(why));
	return snprintf(buf, size, "%s over %s: %s", pw_verdict_names[class], window, why);
}
