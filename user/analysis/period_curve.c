// SPDX-License-Identifier: GPL-2.0-or-later
/* The points of a period: the curve of each process, of its group, and who held what at a kill. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "user/analysis/period_private.h"
#include "user/analysis/period_suspect.h"
#include "user/base/clock.h"

/* Time that is not written yet is no gap at the end. */
#define TAIL_MIN_NS (120 * PW_NSEC_PER_SEC)

static uint32_t bin_of(const struct pw_period *p, uint64_t time_ns)
{
	uint64_t bin = time_ns > p->from_ns ? (time_ns - p->from_ns) / p->bin_ns : 0;

	return bin < PW_PERIOD_BINS ? (uint32_t)bin : PW_PERIOD_BINS - 1;
}

static uint32_t kib_of(uint64_t bytes)
{
	return bytes / 1024 < PW_PERIOD_GAP ? (uint32_t)(bytes / 1024) : PW_PERIOD_GAP - 1;
}

/* What it has now stands in the bins before `bin`, from its birth on. */
static void fill_to(const struct pw_period *p, struct pw_period_process *q, uint32_t bin)
{
	uint32_t born = bin_of(p, q->start_ns);

	if (q->next_bin < born)
		q->next_bin = born;
	for (; q->next_bin < bin; q->next_bin++) {
		if (q->known)
			q->curve[q->next_bin] = kib_of(q->now_bytes);
	}
}

static bool lives_at(const struct pw_period_process *q, uint64_t time_ns)
{
	return q->start_ns <= time_ns && (!q->end_ns || q->end_ns >= time_ns);
}

/* ---- kills ------------------------------------------------------------------------ */

static void insert_holder(struct pw_period_kill *k, const struct pw_period_process *q)
{
	size_t at = k->holder_count;

	while (at && k->holders[at - 1].bytes < q->now_bytes)
		at--;
	if (at == PW_PERIOD_HOLDERS)
		return;
	if (k->holder_count < PW_PERIOD_HOLDERS)
		k->holder_count++;
	memmove(&k->holders[at + 1], &k->holders[at],
		(k->holder_count - at - 1) * sizeof(k->holders[0]));
	k->holders[at] = (struct pw_period_holder){ q, q->now_bytes };
}

static void note_holders(struct pw_period *p, struct pw_period_kill *k)
{
	for (size_t i = 0; i < p->process_count; i++) {
		const struct pw_period_process *q = p->processes[i];

		if (q->known && q->now_bytes && lives_at(q, k->time_ns))
			insert_holder(k, q);
	}
}

/* The kills that nothing is known of any more before `seen_ns`. */
static void pass_kills(struct pw_period *p, uint64_t seen_ns)
{
	while (p->kills_passed < p->kill_count && p->kills[p->kills_passed].time_ns < seen_ns)
		note_holders(p, &p->kills[p->kills_passed++]);
}

/* ---- points ----------------------------------------------------------------------- */

static bool match_id(const void *item, const void *key)
{
	return ((const struct pw_period_process *)item)->id == *(const int64_t *)key;
}

int pw_period_add_point(struct pw_period *p, int64_t process, uint64_t time_ns, uint64_t step_ns,
			uint64_t bytes, uint64_t high_bytes)
{
	struct pw_period_process *q =
		pw_hash_find(&p->ids, pw_hash_mix((uint64_t)process), match_id, &process);
	uint64_t seen_ns = time_ns + step_ns;

	pass_kills(p, seen_ns);
	if (!q || time_ns >= p->to_ns)
		return 0;
	if (seen_ns > p->from_ns) {
		fill_to(p, q, bin_of(p, seen_ns - 1));
		if (!q->seen)
			q->begin_bytes = q->known ? q->now_bytes : bytes;
		q->seen = true;
		high_bytes = high_bytes > bytes ? high_bytes : bytes;
		if (high_bytes > q->peak_bytes)
			q->peak_bytes = high_bytes;
	}
	q->known = true;
	q->now_bytes = bytes;
	return 0;
}

/* ---- the end ---------------------------------------------------------------------- */

/*
 * Who lived when the watching began has his first value as his beginning, who
 * lived when it ended his last value as his end.
 */
static void finish_process(struct pw_period *p, struct pw_period_process *q)
{
	const struct pw_period_watch *w = &p->watch;
	uint64_t until = q->end_ns && q->end_ns < w->last_ns ? q->end_ns : w->last_ns;

	if (!w->last_ns || !q->known || until <= w->first_ns || q->start_ns >= w->last_ns)
		return;
	if (!q->seen) { /* silent all through */
		q->begin_bytes = q->now_bytes;
		q->seen = true;
	}
	if (q->begin_bytes > q->peak_bytes)
		q->peak_bytes = q->begin_bytes;
	fill_to(p, q, bin_of(p, until - 1) + 1);
	q->at_begin = q->start_ns < w->first_ns;
	q->at_end = !q->end_ns || q->end_ns >= w->last_ns;
	q->end_bytes = q->at_end ? q->now_bytes : 0;
	if (!q->at_begin)
		q->begin_bytes = 0;
	for (size_t i = 0; i < PW_PERIOD_BINS; i++) {
		if (!p->bin_watched[i])
			q->curve[i] = PW_PERIOD_GAP;
	}
}

/* At the end of a bin: who ended in it holds nothing any more. */
static void add_to_group(const struct pw_period *p, const struct pw_period_process *q)
{
	struct pw_period_group *g = q->group;

	g->lived++;
	g->alive += q->at_end;
	g->at_begin = g->at_begin || q->at_begin;
	g->begin_bytes += q->begin_bytes;
	g->end_bytes += q->end_bytes;
	for (size_t i = 0; i < PW_PERIOD_BINS; i++) {
		uint64_t sum;

		if (q->curve[i] == PW_PERIOD_GAP ||
		    (!q->at_end && q->end_ns < p->from_ns + (i + 1) * p->bin_ns))
			continue;
		sum = (uint64_t)g->curve[i] + q->curve[i];
		g->curve[i] = sum < PW_PERIOD_GAP ? (uint32_t)sum : PW_PERIOD_GAP - 1;
	}
}

static void finish_group(const struct pw_period *p, struct pw_period_group *g)
{
	for (size_t i = 0; i < PW_PERIOD_BINS; i++) {
		if (!p->bin_watched[i])
			g->curve[i] = PW_PERIOD_GAP;
		else if ((uint64_t)g->curve[i] * 1024 > g->peak_bytes)
			g->peak_bytes = (uint64_t)g->curve[i] * 1024;
	}
	for (const struct pw_period_process *q = g->processes; q; q = q->next_in_group)
		g->peak_bytes = q->seen && q->peak_bytes > g->peak_bytes ? q->peak_bytes :
									   g->peak_bytes;
	if (g->begin_bytes > g->peak_bytes)
		g->peak_bytes = g->begin_bytes;
	if (g->end_bytes > g->peak_bytes)
		g->peak_bytes = g->end_bytes;
}

static void finish_gaps(struct pw_period *p)
{
	if (!p->watch.last_ns) {
		p->gaps[p->gap_count++] =
			(struct pw_period_gap){ .from_ns = p->from_ns, .to_ns = p->to_ns };
	} else if (p->to_ns - p->watch.last_ns >= TAIL_MIN_NS && p->gap_count < PW_PERIOD_GAPS_MAX) {
		p->gaps[p->gap_count++] =
			(struct pw_period_gap){ .from_ns = p->watch.last_ns, .to_ns = p->to_ns };
	}
	if (p->gap_count && p->history_from_ns > p->from_ns && p->gaps[0].to_ns <= p->history_from_ns)
		p->gaps[0].before_history = true;
}

int pw_period_finish(struct pw_period *p)
{
	pass_kills(p, UINT64_MAX);
	for (size_t i = 0; i < p->process_count; i++) {
		finish_process(p, p->processes[i]);
		if (p->processes[i]->seen)
			add_to_group(p, p->processes[i]);
	}
	for (size_t i = 0; i < p->group_count; i++)
		finish_group(p, p->groups[i]);
	finish_gaps(p);
	pw_period_finish_suspects(p);
	return pw_period_find_restarts(p);
}
