// SPDX-License-Identifier: GPL-2.0-or-later
/* Feeding a period: who lived, what happened, who watched. Points are in period_curve.c. */
#include "user/analysis/period_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/clock.h"
#include "user/model/intern.h"

#define STRINGS_MAX (16u << 20)
#define GROUPS_MAX (1u << 15)
#define SUSPECTS_MAX (1u << 15)
/* A step that comes late is no gap, nor is the time that is not written yet. */
#define GAP_MIN_NS (30 * PW_NSEC_PER_SEC)
#define STEP_MIN_NS (10 * PW_NSEC_PER_SEC)
/* An end is told by its event and by its row, which may differ by a step. */
#define END_SLACK_NS (10 * PW_NSEC_PER_SEC)

static uint64_t ceil_div(uint64_t a, uint64_t b)
{
	return a / b + (a % b != 0);
}

int pw_period_create(uint64_t from_ns, uint64_t to_ns, struct pw_period **ret)
{
	struct pw_period *p;
	int err;

	if (to_ns <= from_ns)
		return -EINVAL;
	p = calloc(1, sizeof(*p));
	if (!p)
		return -ENOMEM;
	p->from_ns = from_ns;
	p->to_ns = to_ns;
	p->bin_ns = ceil_div(to_ns - from_ns, PW_PERIOD_BINS);
	p->step_ns = ceil_div(ceil_div(to_ns - from_ns, PW_PERIOD_STEPS), STEP_MIN_NS) * STEP_MIN_NS;
	p->step_count = (size_t)ceil_div(to_ns - from_ns, p->step_ns);
	for (size_t i = 0; i < p->step_count; i++)
		p->steps[i].time_ns = from_ns + (i + 1) * p->step_ns;
	p->last_boot = (struct pw_period_boot){ "", "", "", 0 };
	err = pw_intern_create(STRINGS_MAX, &p->strings);
	err = err ? err : pw_hash_init(&p->ids, PW_PERIOD_PROCESSES_MAX);
	err = err ? err : pw_hash_init(&p->group_hash, GROUPS_MAX);
	err = err ? err : pw_hash_init(&p->suspect_hash, SUSPECTS_MAX);
	if (err) {
		pw_period_destroy(p);
		return err;
	}
	*ret = p;
	return 0;
}

void pw_period_destroy(struct pw_period *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->process_count; i++)
		free(p->processes[i]);
	for (size_t i = 0; i < p->group_count; i++)
		free(p->groups[i]);
	for (size_t i = 0; i < p->suspect_count; i++)
		free(p->suspects[i]);
	free(p->suspects);
	pw_hash_deinit(&p->suspect_hash);
	free(p->processes);
	free(p->by_pid);
	free(p->groups);
	pw_hash_deinit(&p->ids);
	pw_hash_deinit(&p->group_hash);
	pw_intern_destroy(p->strings);
	free(p);
}

int pw_period_make_room(void *array, size_t count, size_t *room)
{
	size_t wanted = *room ? *room * 2 : 64;
	void **items = array;
	void *more;

	if (count < *room)
		return 0;
	more = reallocarray(*items, wanted, sizeof(void *));
	if (!more)
		return -ENOMEM;
	*items = more;
	*room = wanted;
	return 0;
}

const char *pw_period_keep(struct pw_period *p, const char *text)
{
	const char *kept = "";

	if (text && text[0] && pw_intern_get(p->strings, text, strlen(text), &kept))
		p->left_out++;
	return kept;
}

static void copy_comm(char to[PW_COMM_LEN + 1], const char *comm)
{
	size_t len = strnlen(comm, PW_COMM_LEN);

	memcpy(to, comm, len);
	to[len] = '\0';
}

/* ---- boots ------------------------------------------------------------------------ */

int pw_period_add_boot(struct pw_period *p, const char *boot_id, const char *host,
		       const char *release, uint64_t time_ns)
{
	struct pw_period_boot b;

	if (time_ns >= p->to_ns)
		return 0;
	b = (struct pw_period_boot){ pw_period_keep(p, boot_id), pw_period_keep(p, host),
				     pw_period_keep(p, release), time_ns };
	p->last_boot = b;
	if (time_ns >= p->from_ns && p->boot_count < PW_PERIOD_BOOTS_MAX)
		p->boots[p->boot_count++] = b;
	return 0;
}

/* ---- processes and groups --------------------------------------------------------- */

static bool match_group(const void *item, const void *key)
{
	const struct pw_period_group *g = item, *wanted = key;

	return g->exe == wanted->exe && g->cgroup == wanted->cgroup &&
	       (g->exe[0] || strcmp(g->comm, wanted->comm) == 0);
}

/* Kept strings are equal where their addresses are. */
static uint64_t hash_group(const struct pw_period_group *g)
{
	uint64_t h = pw_hash_mix((uintptr_t)g->exe) ^ (uintptr_t)g->cgroup;

	return g->exe[0] ? pw_hash_mix(h) : pw_hash_bytes(g->comm, strlen(g->comm), h);
}

struct pw_period_group *pw_period_group_find(const struct pw_period *p, const char *exe,
					     const char *cgroup)
{
	const struct pw_period_group wanted = { .exe = exe, .cgroup = cgroup };

	return pw_hash_find(&p->group_hash, hash_group(&wanted), match_group, &wanted);
}

/* The group of these strings; NULL with *err for lack of memory or room. */
static struct pw_period_group *group_of(struct pw_period *p, const struct pw_period_identity *who,
					int *err)
{
	struct pw_period_group wanted = { .exe = pw_period_keep(p, who->exe),
					  .cgroup = pw_period_keep(p, who->cgroup) };
	struct pw_period_group *g;

	copy_comm(wanted.comm, who->comm);
	g = pw_hash_find(&p->group_hash, hash_group(&wanted), match_group, &wanted);
	if (g)
		return g;
	*err = pw_period_make_room(&p->groups, p->group_count, &p->group_room);
	g = *err ? NULL : malloc(sizeof(*g));
	if (!g) {
		*err = -ENOMEM;
		return NULL;
	}
	*g = wanted;
	g->unit = pw_period_keep(p, who->unit);
	g->container = pw_period_keep(p, who->container);
	*err = pw_hash_insert(&p->group_hash, hash_group(g), g);
	if (*err) {
		free(g);
		return NULL;
	}
	p->groups[p->group_count++] = g;
	return g;
}

static struct pw_period_process *process_create(struct pw_period *p,
						const struct pw_period_identity *who)
{
	struct pw_period_process *q = calloc(1, sizeof(*q));

	if (!q)
		return NULL;
	q->id = who->id;
	q->pid = who->pid;
	q->uid = who->uid;
	q->start_ns = who->start_ns;
	q->end_ns = who->end_ns;
	q->boot = pw_period_keep(p, who->boot_id);
	copy_comm(q->comm, who->comm);
	for (size_t i = 0; i < PW_PERIOD_BINS; i++)
		q->curve[i] = PW_PERIOD_GAP;
	return q;
}

int pw_period_add_process(struct pw_period *p, const struct pw_period_identity *who)
{
	struct pw_period_process *q;
	int err = pw_period_make_room(&p->processes, p->process_count, &p->process_room);

	if (err)
		return err;
	q = process_create(p, who);
	if (!q)
		return -ENOMEM;
	q->group = group_of(p, who, &err);
	err = err ? err : pw_hash_insert(&p->ids, pw_hash_mix((uint64_t)q->id), q);
	if (err) {
		free(q);
		p->left_out += err == -ENOSPC;
		return err == -ENOSPC ? 0 : err;
	}
	q->next_in_group = q->group->processes;
	q->group->processes = q;
	p->processes[p->process_count++] = q;
	free(p->by_pid); /* made anew at the next question */
	p->by_pid = NULL;
	return 0;
}

static int compare_pid(const void *a, const void *b)
{
	const struct pw_period_process *x = *(void *const *)a, *y = *(void *const *)b;

	if (x->pid != y->pid)
		return x->pid < y->pid ? -1 : 1;
	return (x->start_ns > y->start_ns) - (x->start_ns < y->start_ns);
}

static bool sort_by_pid(struct pw_period *p)
{
	if (p->by_pid || !p->process_count)
		return p->by_pid;
	p->by_pid = malloc(p->process_count * sizeof(void *));
	if (!p->by_pid)
		return false;
	memcpy(p->by_pid, p->processes, p->process_count * sizeof(void *));
	qsort(p->by_pid, p->process_count, sizeof(void *), compare_pid);
	return true;
}

struct pw_period_process *pw_period_process_at(struct pw_period *p, uint32_t pid, uint64_t time_ns)
{
	size_t low = 0, high = p->process_count;
	struct pw_period_process *q;

	if (!sort_by_pid(p))
		return NULL;
	while (low < high) { /* the first behind (pid, time) */
		size_t middle = low + (high - low) / 2;

		q = p->by_pid[middle];
		if (q->pid < pid || (q->pid == pid && q->start_ns <= time_ns))
			low = middle + 1;
		else
			high = middle;
	}
	q = low ? p->by_pid[low - 1] : NULL;
	if (!q || q->pid != pid || (q->end_ns && time_ns > q->end_ns + END_SLACK_NS))
		return NULL;
	return q;
}

/* ---- events ----------------------------------------------------------------------- */

int pw_period_add_exit(struct pw_period *p, uint64_t time_ns, uint32_t pid, int32_t exit_code)
{
	struct pw_period_process *q = pw_period_process_at(p, pid, time_ns);

	if (!q || q->exit_known)
		return 0;
	q->exit_known = true;
	q->exit_code = exit_code;
	if (!q->end_ns || q->end_ns > time_ns)
		q->end_ns = time_ns; /* the row comes with the step */
	return 0;
}

int pw_period_add_oom(struct pw_period *p, uint64_t time_ns, uint32_t pid, const char *comm,
		      uint64_t rss_bytes)
{
	struct pw_period_process *victim = pw_period_process_at(p, pid, time_ns);
	struct pw_period_kill *k = p->kill_count ? &p->kills[p->kill_count - 1] : NULL;

	/* a history that was closed and opened again may have it twice */
	if (k && k->time_ns == time_ns && k->pid == pid)
		return 0;
	if (victim)
		victim->oom_killed = true;
	if (p->kill_count == PW_PERIOD_KILLS_MAX) {
		p->kills_left_out++;
		return 0;
	}
	k = &p->kills[p->kill_count++];
	k->time_ns = time_ns;
	k->pid = pid;
	k->rss_bytes = rss_bytes;
	k->victim = victim;
	copy_comm(k->comm, comm);
	for (size_t i = 0; i < PW_PERIOD_BINS; i++)
		k->curve[i] = PW_PERIOD_GAP;
	return 0;
}

/* ---- the machine ------------------------------------------------------------------ */

static void add_gap(struct pw_period *p, uint64_t from_ns, uint64_t to_ns)
{
	if (to_ns < from_ns + GAP_MIN_NS)
		return;
	if (p->gap_count == PW_PERIOD_GAPS_MAX) {
		p->gaps_left_out++;
		return;
	}
	p->gaps[p->gap_count++] = (struct pw_period_gap){ .from_ns = from_ns, .to_ns = to_ns };
}

/* Totals of a run begin at 0; of the run that the period found, only what it added counts. */
static void add_totals(struct pw_period *p, const struct pw_period_moment *m)
{
	struct pw_period_watch *w = &p->watch;
	bool same = p->has_totals && p->run == m->run;
	bool first = !p->has_totals;

	for (size_t i = 0; i < PW_LOSS_CAUSES; i++) {
		uint64_t before = same ? p->run_lost[i] : first ? m->lost[i] : 0;

		w->lost[i] += m->lost[i] > before ? m->lost[i] - before : 0;
		p->run_lost[i] = m->lost[i];
	}
	if (same || !first) {
		uint64_t bpf = same ? p->run_bpf_ns : 0, user = same ? p->run_user_ns : 0;

		w->bpf_ns += m->bpf_ns > bpf ? m->bpf_ns - bpf : 0;
		w->user_ns += m->user_ns > user ? m->user_ns - user : 0;
	}
	w->starts += !same && !first;
	p->has_totals = true;
	p->run = m->run;
	p->run_bpf_ns = m->bpf_ns;
	p->run_user_ns = m->user_ns;
}

static void add_watch(struct pw_period *p, const struct pw_period_moment *m, uint64_t seen_ns)
{
	struct pw_period_watch *w = &p->watch;

	w->watched_ns += seen_ns;
	if (!m->detailed)
		return;
	w->detailed_ns += seen_ns;
	for (size_t i = 0; i < 32; i++)
		w->covered_ns[i] += m->coverage >> i & 1 ? seen_ns : 0;
	if (m->own_rss_bytes > w->rss_peak_bytes)
		w->rss_peak_bytes = m->own_rss_bytes;
	w->rss_last_bytes = m->own_rss_bytes;
	add_totals(p, m);
}

static void add_to_step(struct pw_period *p, const struct pw_period_moment *m, uint64_t begin_ns)
{
	struct pw_period_step *s = &p->steps[(begin_ns - p->from_ns) / p->step_ns];

	if (!s->watched || m->lowest_available_bytes < s->lowest_available_bytes)
		s->lowest_available_bytes = m->lowest_available_bytes;
	s->watched = true;
	s->detailed = m->detailed;
	s->available_bytes = m->available_bytes;
	s->swap_bytes = m->swap_bytes;
	s->slab_bytes = m->slab_bytes;
	s->memory_bytes = m->memory_bytes;
}

/* A point of a long step stands for all that it covers. */
static void mark_watched(struct pw_period *p, const struct pw_period_moment *m, uint64_t begin_ns,
			 uint64_t end_ns)
{
	for (uint64_t t = begin_ns; t < end_ns; t += p->step_ns)
		add_to_step(p, m, t);
	for (uint64_t t = begin_ns; t < end_ns; t += p->bin_ns)
		p->bin_watched[(t - p->from_ns) / p->bin_ns] = true;
	p->bin_watched[(end_ns - 1 - p->from_ns) / p->bin_ns] = true;
}

static void add_to_kills(struct pw_period *p, const struct pw_period_moment *m, uint64_t end_ns)
{
	for (size_t i = 0; i < p->kill_count; i++) {
		struct pw_period_kill *k = &p->kills[i];

		if (end_ns > k->time_ns)
			continue;
		k->state_ns = end_ns;
		k->available_bytes = m->available_bytes;
		k->swap_bytes = m->swap_bytes;
	}
}

int pw_period_add_moment(struct pw_period *p, const struct pw_period_moment *m)
{
	uint64_t begin = m->time_ns > p->from_ns ? m->time_ns : p->from_ns;
	uint64_t end = m->time_ns + m->step_ns < p->to_ns ? m->time_ns + m->step_ns : p->to_ns;

	add_to_kills(p, m, m->time_ns + m->step_ns);
	if (begin >= end)
		return 0;
	add_gap(p, p->has_previous ? p->previous_end_ns : p->from_ns, begin);
	if (!p->has_previous)
		p->watch.first_ns = begin;
	p->has_previous = true;
	p->previous_end_ns = end;
	p->watch.last_ns = end;
	add_watch(p, m, end - begin);
	mark_watched(p, m, begin, end);
	return 0;
}
