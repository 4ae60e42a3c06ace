// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Judging what is due, a slot of the wheel after the other, and holding on to
 * what was said. A suspect is acquitted by several judgements in a row, for a
 * part of the window that suspected it: one block in which a leak rests is no
 * mended leak. The other classes change when two judgements agree.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "user/analysis/trends_private.h"

#define ACQUITTALS 3 /* in a row, of a suspect, and */
#define ACQUITTED_SHARE 8 /* for this part of the window */
#define AGREEMENTS 2 /* in a row, for another class of what is no suspect */
#define GROUP_PATIENCE \
	3 /* judgements that a group waits, so that its processes have their say first */
#define COVERING_SHARE 0.5 /* of a group's slope */

/* ---- limits -------------------------------------------------------------------------- */

static const struct pw_group *find_group(const struct pw_model *m, const struct pw_subject *s)
{
	for (size_t i = 0; i < m->groups.capacity; i++) {
		const struct pw_group *g = m->groups.slots[i].item;

		if (g && !strcmp(g->exe, s->exe) && !strcmp(g->cgroup, s->cgroup))
			return g;
	}
	return NULL;
}

static void find_limit(const struct pw_model *m, const struct pw_subject *s,
		       enum pw_series_kind kind, struct pw_limit *ret)
{
	const struct pw_process *p;
	const struct pw_group *g;

	switch (s->type) {
	case PW_SUBJECT_PROCESS:
		p = pw_model_process(m, &s->key);
		if (p)
			pw_limit_of_process(m, p, kind, ret);
		return;
	case PW_SUBJECT_GROUP:
		g = find_group(m, s);
		if (g)
			pw_limit_of_group(m, g, kind, ret);
		return;
	default:
		pw_limit_of_cgroup(m, s->cgroup_id, kind, ret);
	}
}

void pw_trends_refresh_limit(struct pw_trends *t, const struct pw_model *m,
			     const struct pw_trends_subject *s, enum pw_series_kind kind)
{
	struct pw_trends_series *se = pw_trends_series_of(s, kind);

	if (!se || !se->suspicion)
		return;
	find_limit(m, &s->s, kind, &se->suspicion->limit);
	pw_limit_time(&se->suspicion->limit, &se->suspicion->verdict, t->options.time_scale,
		      &se->suspicion->time_to_limit);
}

/* ---- groups and their processes ------------------------------------------------------ */

/* Names are interned: equal pointers are equal names. */
static bool is_member(const struct pw_trends_subject *s, const struct pw_trends_subject *group)
{
	return s && s->s.type == PW_SUBJECT_PROCESS && s->s.exe == group->s.exe &&
	       s->s.cgroup == group->s.cgroup;
}

bool pw_trends_covered(const struct pw_trends *t, const struct pw_trends_subject *group,
		       enum pw_series_kind kind)
{
	const struct pw_trends_series *whole = pw_trends_series_of(group, kind);

	if (group->s.type != PW_SUBJECT_GROUP || !whole)
		return false;
	for (size_t i = 0; i < t->subjects.capacity; i++) {
		const struct pw_trends_subject *s = t->subjects.slots[i].item;
		const struct pw_trends_series *se =
			is_member(s, group) ? pw_trends_series_of(s, kind) : NULL;

		if (se && se->suspicion && se->slope >= COVERING_SHARE * whole->slope)
			return true;
	}
	return false;
}

/* ---- a verdict ----------------------------------------------------------------------- */

static void emit(struct pw_trends *t, const struct pw_trends_subject *s, enum pw_series_kind kind,
		 enum pw_verdict_class from, const struct pw_verdict *v,
		 const struct pw_trends_suspicion *known, const char *reason)
{
	const struct pw_trends_series *se = s->cells[kind].series;
	struct pw_verdict_event ev = {
		.from = from,
		.to = v->verdict,
		.ended = reason != NULL,
		.verdict = *v,
		.value = se->value,
	};

	if (known) {
		ev.limit = known->limit;
		ev.time_to_limit = known->time_to_limit;
	}
	if (ev.ended)
		ev.to = PW_VERDICT_UNKNOWN;
	ev.covered_by_process = pw_trends_covered(t, s, kind);
	if (reason)
		snprintf(ev.reason, sizeof(ev.reason), "%s", reason);
	else
		pw_verdict_explain(v, pw_series_units[kind], ev.reason, sizeof(ev.reason));
	pw_trends_emit(t, s, kind, &ev);
}

static void begin_suspicion(struct pw_trends *t, const struct pw_model *m,
			    struct pw_trends_subject *s, enum pw_series_kind kind,
			    const struct pw_verdict *v)
{
	struct pw_trends_series *se = s->cells[kind].series;
	enum pw_verdict_class from = se->held;

	if (!se->suspicion) {
		se->suspicion = calloc(1, sizeof(*se->suspicion));
		if (!se->suspicion)
			return; /* the next judgement tries again */
		se->suspected_since_ns = t->now_ns;
		t->suspects++;
		s->dirty = true;
	}
	se->suspicion->verdict = *v;
	se->suspicion->window_ns = v->window_ns;
	se->suspicion->acquitted_ns = 0;
	se->held = v->verdict;
	pw_trends_refresh_limit(t, m, s, kind);
	if (from != v->verdict)
		emit(t, s, kind, from, v, se->suspicion, NULL);
}

static void end_suspicion(struct pw_trends *t, struct pw_trends_subject *s,
			  enum pw_series_kind kind, const struct pw_verdict *v, const char *reason)
{
	struct pw_trends_series *se = s->cells[kind].series;

	emit(t, s, kind, se->held, v, se->suspicion, reason);
	free(se->suspicion);
	se->suspicion = NULL;
	se->suspected_since_ns = 0;
	se->held = reason ? PW_VERDICT_UNKNOWN : v->verdict;
	s->dirty = true;
	t->suspects--;
}

void pw_trends_end(struct pw_trends *t, struct pw_trends_subject *s, const char *reason)
{
	for (unsigned int kind = 0; kind < PW_SERIES_KINDS; kind++) {
		struct pw_trends_series *se = pw_trends_series_of(s, kind);
		struct pw_verdict last;

		if (!se || !se->suspicion)
			continue;
		last = se->suspicion->verdict;
		end_suspicion(t, s, kind, &last, reason);
	}
}

static bool is_acquitted(const struct pw_trends *t, const struct pw_trends_series *se)
{
	uint64_t needed_ns = pw_trends_real_ns(t, se->suspicion->window_ns / ACQUITTED_SHARE);

	return se->pending_count >= ACQUITTALS &&
	       t->now_ns - se->suspicion->acquitted_ns >= needed_ns;
}

/* A suspect was not suspected. To pass all gates, but not often enough again, is no acquittal. */
static void hear(struct pw_trends *t, struct pw_trends_subject *s, enum pw_series_kind kind)
{
	const struct pw_trend_options opt = pw_trends_options_of(t, kind);
	struct pw_trends_series *se = s->cells[kind].series;
	enum pw_verdict_class held = se->held;
	struct pw_verdict whole, *v = &whole;

	pw_trend_look(se->trend, s->loads, &opt, v); /* with every gate, for who asks why */
	if (pw_verdict_failed_gate(v) == PW_GATE_PERSISTENCE) {
		se->pending_count = 0;
		se->suspicion->acquitted_ns = 0;
	} else {
		if (!se->suspicion->acquitted_ns)
			se->suspicion->acquitted_ns = t->now_ns;
		se->pending_count += se->pending_count < UINT8_MAX;
		if (is_acquitted(t, se)) {
			end_suspicion(t, s, kind, v, NULL);
			se->pending_count = 0;
			return;
		}
	}
	se->suspicion->verdict = *v;
	se->suspicion->verdict.verdict = held;
}

/* What was no suspect and is none. */
static void agree(struct pw_trends_subject *s, struct pw_trends_series *se,
		  const struct pw_verdict *v)
{
	bool again = se->pending_count && se->pending == v->verdict;

	if (v->verdict == se->held) {
		se->pending_count = 0;
		return;
	}
	se->pending = v->verdict;
	se->pending_count = again ? se->pending_count + 1 : 1;
	if (se->held != PW_VERDICT_UNKNOWN && se->pending_count < AGREEMENTS)
		return;
	se->held = v->verdict;
	se->pending_count = 0;
	s->dirty = true;
}

/* A suspicion of a group that has not yet waited for those of its processes. */
static bool is_impatient(struct pw_trends_series *se)
{
	if (!pw_verdict_is_suspect(se->pending))
		se->pending_count = 0;
	return se->pending_count < GROUP_PATIENCE;
}

static void take_verdict(struct pw_trends *t, const struct pw_model *m, struct pw_trends_subject *s,
			 enum pw_series_kind kind, const struct pw_verdict *v)
{
	struct pw_trends_series *se = s->cells[kind].series;

	se->slope = v->slope;
	if (pw_verdict_is_suspect(v->verdict) && s->s.type == PW_SUBJECT_GROUP && !se->suspicion &&
	    is_impatient(se)) {
		se->pending = v->verdict;
		se->pending_count++;
	} else if (pw_verdict_is_suspect(v->verdict)) {
		se->pending_count = 0;
		begin_suspicion(t, m, s, kind, v);
	} else if (se->suspicion) {
		hear(t, s, kind);
	} else {
		agree(s, se, v);
	}
}

static void judge(struct pw_trends *t, const struct pw_model *m, struct pw_trends_subject *s,
		  enum pw_series_kind kind)
{
	const struct pw_trend_options opt = pw_trends_options_of(t, kind);
	struct pw_trends_series *se = pw_trends_series_of(s, kind);
	struct pw_verdict v;

	if (!se || !pw_trend_is_due(se->trend))
		return;
	pw_trend_judge(se->trend, s->loads, &opt, &v);
	t->judged++;
	take_verdict(t, m, s, kind, &v);
	pw_trends_count_bytes(t, s, se);
}

/*
 * A group of one says what its process says. Once it was suspected it is heard
 * until it is acquitted.
 */
static bool is_judged(const struct pw_trends_subject *s, enum pw_series_kind kind)
{
	const struct pw_trends_series *se = pw_trends_series_of(s, kind);

	return se && (s->s.type != PW_SUBJECT_GROUP || s->s.members > 1 || se->suspicion);
}

static void judge_subject(struct pw_trends *t, const struct pw_model *m, struct pw_trends_subject *s)
{
	for (unsigned int kind = 0; kind < PW_SERIES_KINDS; kind++) {
		if (is_judged(s, kind))
			judge(t, m, s, kind);
	}
}

void pw_trends_judge_slots(struct pw_trends *t, const struct pw_model *m, uint64_t after)
{
	uint64_t slots = t->slot - after < PW_TRENDS_SLOTS ? t->slot - after : PW_TRENDS_SLOTS;

	if (!slots)
		return;
	for (size_t i = 0; i < t->subjects.capacity; i++) {
		const struct pw_hash_slot *at = &t->subjects.slots[i];

		if (at->item && (at->hash - after - 1) % PW_TRENDS_SLOTS < slots)
			judge_subject(t, m, at->item);
	}
}
