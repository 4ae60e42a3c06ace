// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Restarts: a process of a group ended, and another of the same group and boot
 * began within RESTART_MAX_NS. It counts when the first one failed, or when it
 * had run for SETTLED_NS and nobody of its group was left: a worker that comes
 * and goes in a pool, and a job that a timer starts again and again, are none.
 * Where nobody is there to restart it, neither a service manager nor a
 * container's, a failure is a crash or an OOM kill behind a minute: a shell's
 * grep fails all day, and people interrupt what they try out. Each beginning is
 * the restart of one end at most.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "user/analysis/period_private.h"
#include "user/base/cleanup.h"
#include "user/base/clock.h"

#define RESTART_MAX_NS (600 * PW_NSEC_PER_SEC)
#define SETTLED_NS (600 * PW_NSEC_PER_SEC)
#define TRIED_OUT_NS (60 * PW_NSEC_PER_SEC)
/* A supervisor may start the next one before the end of the last is noticed. */
#define OVERLAP_NS (10 * PW_NSEC_PER_SEC)

struct members {
	struct pw_period_process **by_start, **by_end; /* by_end: the ended ones */
	size_t count, ended;
};

bool pw_period_ended_well(const struct pw_period_process *p)
{
	int sig;

	if (p->oom_killed)
		return false;
	if (!p->exit_known)
		return true;
	if (WIFEXITED(p->exit_code))
		return WEXITSTATUS(p->exit_code) == 0;
	sig = p->exit_code & 0x7f;
	return sig == SIGTERM || sig == SIGINT || sig == SIGHUP;
}

static int compare_start(const void *a, const void *b)
{
	const struct pw_period_process *x = *(void *const *)a, *y = *(void *const *)b;

	if (x->start_ns != y->start_ns)
		return x->start_ns < y->start_ns ? -1 : 1;
	return (x->id > y->id) - (x->id < y->id);
}

static int compare_end(const void *a, const void *b)
{
	const struct pw_period_process *x = *(void *const *)a, *y = *(void *const *)b;

	if (x->end_ns != y->end_ns)
		return x->end_ns < y->end_ns ? -1 : 1;
	return (x->id > y->id) - (x->id < y->id);
}

/* How many of the sorted have a time below `time_ns`. */
static size_t count_before(struct pw_period_process **rows, size_t count, uint64_t time_ns, bool end)
{
	size_t low = 0;

	while (low < count) {
		size_t middle = low + (count - low) / 2;

		if ((end ? rows[middle]->end_ns : rows[middle]->start_ns) < time_ns)
			low = middle + 1;
		else
			count = middle;
	}
	return low;
}

/* Others of the group that lived when this one ended. */
static bool others_lived(const struct members *m, const struct pw_period_process *q)
{
	uint64_t before = q->end_ns > OVERLAP_NS ? q->end_ns - OVERLAP_NS : 0;
	size_t began = count_before(m->by_start, m->count, before, false);
	size_t ended = count_before(m->by_end, m->ended, q->end_ns, true);

	return began > ended + (q->start_ns < before);
}

static bool is_supervised(const struct pw_period_group *g)
{
	static const char service[] = ".service";
	size_t len = strlen(g->unit), tail = sizeof(service) - 1;

	return g->container[0] || (len > tail && strcmp(g->unit + len - tail, service) == 0);
}

/* By itself, not by a person or a pipe. */
static bool crashed(const struct pw_period_process *q)
{
	static const int crashes[] = { SIGSEGV, SIGABRT, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGSYS };

	for (size_t i = 0; q->exit_known && i < sizeof(crashes) / sizeof(crashes[0]); i++) {
		if ((q->exit_code & 0x7f) == crashes[i])
			return true;
	}
	return q->oom_killed;
}

static bool is_worth_it(const struct members *m, const struct pw_period_process *q)
{
	uint64_t lived_ns = q->end_ns - q->start_ns;

	if (!pw_period_ended_well(q))
		return is_supervised(q->group) || (crashed(q) && lived_ns >= TRIED_OUT_NS);
	return lived_ns >= SETTLED_NS && !others_lived(m, q);
}

static void note_restart(struct pw_period_group *g, struct pw_period_process *ended,
			 struct pw_period_process *began)
{
	g->restarts++;
	g->failures += !pw_period_ended_well(ended);
	g->last_ended = ended;
	g->last_began = began;
	g->down_ns = began->start_ns > ended->end_ns ? began->start_ns - ended->end_ns : 0;
}

static void pair(struct pw_period *p, struct pw_period_group *g, const struct members *m)
{
	size_t next = 0;

	for (size_t i = 0; i < m->ended; i++) {
		struct pw_period_process *q = m->by_end[i];

		if (q->end_ns < p->from_ns || q->end_ns < q->start_ns || !is_worth_it(m, q))
			continue;
		while (next < m->count && (m->by_start[next]->start_ns + OVERLAP_NS < q->end_ns ||
					   m->by_start[next]->start_ns <= q->start_ns))
			next++;
		if (next == m->count)
			return;
		if (m->by_start[next]->start_ns <= q->end_ns + RESTART_MAX_NS &&
		    m->by_start[next]->boot == q->boot)
			note_restart(g, q, m->by_start[next++]);
	}
}

static int find_in_group(struct pw_period *p, struct pw_period_group *g)
{
	pw_auto_free struct pw_period_process **rows = NULL;
	struct members m = { 0 };

	for (const struct pw_period_process *q = g->processes; q; q = q->next_in_group)
		m.count++;
	if (m.count < 2)
		return 0;
	rows = malloc(2 * m.count * sizeof(*rows));
	if (!rows)
		return -ENOMEM;
	m.by_start = rows;
	m.by_end = rows + m.count;
	m.count = 0;
	for (struct pw_period_process *q = g->processes; q; q = q->next_in_group) {
		m.by_start[m.count++] = q;
		if (q->end_ns)
			m.by_end[m.ended++] = q;
	}
	qsort(m.by_start, m.count, sizeof(void *), compare_start);
	qsort(m.by_end, m.ended, sizeof(void *), compare_end);
	pair(p, g, &m);
	return 0;
}

int pw_period_find_restarts(struct pw_period *p)
{
	int err = 0;

	for (size_t i = 0; !err && i < p->group_count; i++)
		err = find_in_group(p, p->groups[i]);
	return err;
}
