// SPDX-License-Identifier: GPL-2.0-or-later
/* Readers of the table: one word for a process or a group, and the ranked list. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "user/analysis/trends_private.h"

#define ROWS_DEFAULT 10000
/* A series that stood still for so long (scaled) is a stable one. */
#define STILL_NS (3600 * PW_NSEC_PER_SEC)

/* What deserves a look sooner. */
static const uint8_t severity[PW_VERDICT_CLASSES] = {
	[PW_VERDICT_UNKNOWN] = 0,	   [PW_VERDICT_STABLE] = 1,
	[PW_VERDICT_BOUNDED] = 2,	   [PW_VERDICT_LOAD_FOLLOWING] = 3,
	[PW_VERDICT_WARMING] = 4,	   [PW_VERDICT_ALLOCATOR_RETAINED] = 5,
	[PW_VERDICT_GROWTH_REACHABLE] = 6, [PW_VERDICT_GROWING] = 7,
	[PW_VERDICT_LEAK_UNREACHABLE] = 8,
};

static enum pw_verdict_class worse(enum pw_verdict_class a, enum pw_verdict_class b)
{
	return severity[b] > severity[a] ? b : a;
}

static enum pw_verdict_class worst_of(const struct pw_trends *t, const struct pw_trends_subject *s)
{
	uint64_t still_ns = pw_trends_real_ns(t, STILL_NS);
	enum pw_verdict_class worst = PW_VERDICT_UNKNOWN;

	if (s->known != s->moved && s->sampled_ns - s->begin_ns >= still_ns)
		worst = PW_VERDICT_STABLE;
	for (unsigned int kind = 0; kind < PW_SERIES_KINDS; kind++) {
		const struct pw_trends_series *se = pw_trends_series_of(s, kind);

		if (se)
			worst = worse(worst, se->held);
	}
	return worst;
}

enum pw_verdict_class pw_trends_of_process(const struct pw_trends *t, const struct pw_key *key)
{
	const struct pw_trends_name name = {
		.type = PW_SUBJECT_PROCESS,
		.key = key,
		.boot_id = t->boot_id,
	};
	const struct pw_trends_subject *s = pw_trends_find(t, &name, pw_trends_hash(&name));

	return s ? worst_of(t, s) : PW_VERDICT_UNKNOWN;
}

enum pw_verdict_class pw_trends_of_group(const struct pw_trends *t, const struct pw_group *g)
{
	const struct pw_trends_name name = { .type = PW_SUBJECT_GROUP,
					     .exe = g->exe,
					     .cgroup = g->cgroup };
	const struct pw_trends_subject *s = pw_trends_find(t, &name, pw_trends_hash(&name));
	enum pw_verdict_class worst = s ? worst_of(t, s) : PW_VERDICT_UNKNOWN;

	for (const struct pw_process *p = g->members; p; p = p->next_in_group) {
		if (p->alive)
			worst = worse(worst, pw_trends_of_process(t, &p->key));
	}
	return worst;
}

/* ---- the ranked list ----------------------------------------------------------------- */

/* What ranks a row; the rest is only made for those within the limit. */
struct candidate {
	const struct pw_trends_subject *s;
	const struct pw_trends_series *se;
	enum pw_series_kind kind;
	double seconds; /* to the limit; infinity */
	double rate; /* growth against size */
};

static int compare(double a, double b)
{
	return (a > b) - (a < b);
}

static int by_identity(const struct candidate *x, const struct candidate *y)
{
	if (x->s->s.type != y->s->s.type)
		return x->s->s.type < y->s->s.type ? -1 : 1;
	if (x->s->s.key.pid != y->s->s.key.pid)
		return x->s->s.key.pid < y->s->s.key.pid ? -1 : 1;
	if (x->s->hash != y->s->hash)
		return x->s->hash < y->s->hash ? -1 : 1;
	return (int)x->kind - (int)y->kind;
}

static int by_rank(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;
	bool suspect = x->se->suspicion, other = y->se->suspicion;
	int order;

	if (suspect != other)
		return suspect ? -1 : 1;
	order = suspect ? compare(x->seconds, y->seconds) : 0;
	if (!order && !suspect)
		order = severity[y->se->held] - severity[x->se->held];
	order = order ? order : compare(y->rate, x->rate);
	return order ? order : by_identity(x, y);
}

static bool is_asked_for(const struct pw_trends_subject *s, const struct pw_trends_subject *of)
{
	if (!of)
		return true;
	if (s->s.type == PW_SUBJECT_GROUP)
		return s->s.exe == of->s.exe && s->s.cgroup == of->s.cgroup;
	return s == of;
}

/* The one of this pid that was seen last. */
static const struct pw_trends_subject *find_pid(const struct pw_trends *t, uint32_t pid)
{
	const struct pw_trends_subject *found = NULL;

	for (size_t i = 0; i < t->subjects.capacity; i++) {
		const struct pw_trends_subject *s = t->subjects.slots[i].item;

		if (!s || s->s.type != PW_SUBJECT_PROCESS || s->s.key.pid != pid)
			continue;
		if (!found || s->s.last_seen_ns > found->s.last_seen_ns)
			found = s;
	}
	return found;
}

static size_t add_candidates(const struct pw_trends_subject *s, bool all, struct candidate *to)
{
	size_t count = 0;

	for (unsigned int kind = 0; kind < PW_SERIES_KINDS; kind++) {
		const struct pw_trends_series *se = pw_trends_series_of(s, kind);

		if (!se || (!all && !se->suspicion))
			continue;
		to[count] = (struct candidate){ .s = s, .se = se, .kind = kind };
		to[count].seconds = se->suspicion && se->suspicion->time_to_limit.known ?
					    se->suspicion->time_to_limit.seconds :
					    (double)INFINITY;
		to[count].rate = se->slope / ((double)se->value + 1);
		count++;
	}
	return count;
}

/* ret has room for all. */
static size_t gather(const struct pw_trends *t, const struct pw_trends_query *q, struct candidate *ret)
{
	const struct pw_trends_subject *of = q->pid ? find_pid(t, q->pid) : NULL;
	size_t count = 0;

	if (q->pid && !of)
		return 0;
	for (size_t i = 0; i < t->subjects.capacity; i++) {
		const struct pw_trends_subject *s = t->subjects.slots[i].item;

		if (s && s->moved && is_asked_for(s, of))
			count += add_candidates(s, q->all, ret + count);
	}
	qsort(ret, count, sizeof(*ret), by_rank);
	return count;
}

static void fill(const struct pw_trends *t, const struct candidate *c, struct pw_suspect *ret)
{
	const struct pw_trend_options opt = pw_trends_options_of(t, c->kind);

	*ret = (struct pw_suspect){
		.subject = &c->s->s,
		.kind = c->kind,
		.value = c->se->value,
		.suspected_since_ns = c->se->suspected_since_ns,
	};
	if (c->se->suspicion) {
		ret->verdict = c->se->suspicion->verdict;
		ret->limit = c->se->suspicion->limit;
		ret->time_to_limit = c->se->suspicion->time_to_limit;
		ret->covered_by_process = pw_trends_covered(t, c->s, c->kind);
	} else {
		pw_trend_look(c->se->trend, c->s->loads, &opt, &ret->verdict);
		ret->verdict.verdict = c->se->held;
	}
	ret->floor_count = pw_trend_floors(c->se->trend, &opt, ret->verdict.window_ns, ret->floors,
					   &ret->floors_from_ns, &ret->floors_block_ns);
}

int pw_trends_suspects(const struct pw_trends *t, const struct pw_trends_query *q,
		       struct pw_suspect **ret, size_t *ret_count)
{
	static const struct pw_trends_query suspects_alone;
	struct candidate *candidates = calloc(t->moved + 1, sizeof(*candidates));
	struct pw_suspect *rows;
	size_t count, limit;

	if (!candidates)
		return -ENOMEM;
	q = q ? q : &suspects_alone;
	count = gather(t, q, candidates);
	limit = q->limit ? q->limit : ROWS_DEFAULT;
	count = count < limit ? count : limit;
	rows = calloc(count + 1, sizeof(*rows));
	for (size_t i = 0; rows && i < count; i++)
		fill(t, &candidates[i], &rows[i]);
	free(candidates);
	if (!rows)
		return -ENOMEM;
	*ret = rows;
	*ret_count = count;
	return 0;
}
