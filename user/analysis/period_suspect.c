// SPDX-License-Identifier: GPL-2.0-or-later
#include "user/analysis/period_suspect.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "user/analysis/period_private.h"

const char *const pw_standing_names[PW_STANDINGS] = { "new", "standing", "resolved" };

/* ---- one series of one subject ------------------------------------------------------ */

/* Its strings are kept ones, which are equal where their addresses are. */
static bool match(const void *item, const void *key)
{
	const struct pw_period_suspect *a = item, *b = key;

	if (a->type != b->type || a->kind != b->kind || a->cgroup != b->cgroup)
		return false;
	if (a->type == PW_SUBJECT_PROCESS)
		return a->pid == b->pid && a->start_ns == b->start_ns && a->boot == b->boot;
	return a->exe == b->exe;
}

static uint64_t hash_of(const struct pw_period_suspect *s)
{
	uint64_t h = pw_hash_mix((uint64_t)s->type << 8 | s->kind) ^ (uintptr_t)s->cgroup;

	if (s->type == PW_SUBJECT_PROCESS)
		return pw_hash_mix(pw_hash_mix(h ^ s->pid) ^ s->start_ns);
	return pw_hash_mix(h ^ (uintptr_t)s->exe << 1);
}

static void set_identity(struct pw_period *p, struct pw_period_suspect *s,
			 const struct pw_verdict_event *ev)
{
	const struct pw_subject *who = &ev->subject;

	s->type = who->type;
	s->kind = ev->kind;
	s->pid = who->key.pid;
	s->start_ns = who->key.start_ns;
	memcpy(s->comm, who->comm, sizeof(s->comm));
	s->boot = pw_period_keep(p, who->boot_id);
	s->exe = pw_period_keep(p, who->exe);
	s->cgroup = pw_period_keep(p, who->cgroup);
	s->unit = pw_period_keep(p, who->unit);
	s->container = pw_period_keep(p, who->container);
}

const char *pw_period_suspect_name(const struct pw_period_suspect *s)
{
	const char *path = s->type == PW_SUBJECT_CGROUP ? s->cgroup : s->exe;
	const char *slash = strrchr(path, '/');

	if (s->type == PW_SUBJECT_PROCESS && s->comm[0])
		return s->comm;
	return slash && slash[1] ? slash + 1 : path;
}

/* ---- feeding ------------------------------------------------------------------------ */

static int add_suspect(struct pw_period *p, const struct pw_period_suspect *wanted,
		       struct pw_period_suspect **ret)
{
	int err = pw_period_make_room(&p->suspects, p->suspect_count, &p->suspect_room);
	struct pw_period_suspect *s = err ? NULL : malloc(sizeof(*s));

	if (!s)
		return -ENOMEM;
	*s = *wanted;
	err = pw_hash_insert(&p->suspect_hash, hash_of(s), s);
	if (err) {
		free(s);
		p->left_out += err == -ENOSPC;
		return err == -ENOSPC ? 0 : err;
	}
	p->suspects[p->suspect_count++] = s;
	*ret = s;
	return 0;
}

/* What the begin of the period finds resolved is no news of it. */
static void take_change(struct pw_period *p, struct pw_period_suspect *s,
			const struct pw_verdict_event *ev)
{
	bool suspected = pw_verdict_is_suspect(ev->to) && !ev->ended && !ev->covered_by_process;

	if (suspected && !s->now)
		s->since_ns = ev->time_ns;
	if (!suspected && s->now)
		s->resolved_ns = ev->time_ns;
	s->now = suspected;
	if (ev->time_ns < p->from_ns)
		s->at_begin = suspected;
	memcpy(s->reason, ev->reason, sizeof(s->reason));
	if (!pw_verdict_is_suspect(ev->to))
		return;
	s->verdict = ev->verdict;
	s->value = ev->value;
	s->limit = ev->limit;
	s->time_to_limit = ev->time_to_limit;
}

int pw_period_add_verdict(struct pw_period *p, const struct pw_verdict_event *ev)
{
	struct pw_period_suspect wanted = { 0 }, *s;
	int err;

	if (ev->time_ns >= p->to_ns)
		return 0;
	set_identity(p, &wanted, ev);
	s = pw_hash_find(&p->suspect_hash, hash_of(&wanted), match, &wanted);
	if (!s) {
		err = add_suspect(p, &wanted, &s);
		if (err || !s)
			return err;
	}
	take_change(p, s, ev);
	return 0;
}

/* ---- the end ------------------------------------------------------------------------ */

static const uint32_t *curve_of(struct pw_period *p, const struct pw_period_suspect *s)
{
	const struct pw_period_group *g;
	const struct pw_period_process *q;

	switch (s->type) {
	case PW_SUBJECT_PROCESS:
		q = pw_period_process_at(p, s->pid, s->now ? p->to_ns - 1 : s->since_ns);
		return q && q->seen && q->boot == s->boot ? q->curve : NULL;
	case PW_SUBJECT_GROUP:
		g = pw_period_group_find(p, s->exe, s->cgroup);
		return g && g->lived ? g->curve : NULL;
	default:
		return NULL;
	}
}

void pw_period_finish_suspects(struct pw_period *p)
{
	size_t kept = 0;

	for (size_t i = 0; i < p->suspect_count; i++) {
		struct pw_period_suspect *s = p->suspects[i];

		if (!s->now && s->resolved_ns < p->from_ns) { /* over, or never more than covered */
			free(s);
			continue;
		}
		s->standing = !s->now	  ? PW_STANDING_RESOLVED :
			      s->at_begin ? PW_STANDING_KEPT :
					    PW_STANDING_NEW;
		s->curve = curve_of(p, s);
		p->suspects[kept++] = s;
	}
	p->suspect_count = kept;
	pw_hash_deinit(&p->suspect_hash); /* it knows what was freed */
}

/* Seconds to the limit; without one, forever. */
static double left_of(const struct pw_period_suspect *s)
{
	return s->time_to_limit.known ? s->time_to_limit.seconds : 1e300;
}

static int compare(const void *a, const void *b)
{
	const struct pw_period_suspect *x = *(void *const *)a, *y = *(void *const *)b;

	if (x->now != y->now)
		return x->now ? -1 : 1;
	if (!x->now && x->resolved_ns != y->resolved_ns)
		return x->resolved_ns > y->resolved_ns ? -1 : 1;
	if (left_of(x) != left_of(y))
		return left_of(x) < left_of(y) ? -1 : 1;
	if (x->verdict.slope != y->verdict.slope)
		return x->verdict.slope > y->verdict.slope ? -1 : 1;
	if (x->pid != y->pid)
		return x->pid < y->pid ? -1 : 1;
	return (int)x->kind - (int)y->kind;
}

int pw_period_rank_suspects(const struct pw_period *p, struct pw_period_suspect ***ret,
			    size_t *ret_count)
{
	struct pw_period_suspect **rows = malloc((p->suspect_count + 1) * sizeof(*rows));

	if (!rows)
		return -ENOMEM;
	for (size_t i = 0; i < p->suspect_count; i++)
		rows[i] = p->suspects[i];
	qsort(rows, p->suspect_count, sizeof(*rows), compare);
	*ret = rows;
	*ret_count = p->suspect_count;
	return 0;
}
