// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A round of samples: every living process, group and cgroup of the model.
 * Who was not met any more has ended.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "user/analysis/trends_private.h"
#include "user/base/key.h"

/* A source describes all living processes at once, but for those it learns of by events. */
#define GRACE_ROUNDS 3
#define QUIET_NS \
	(12 * 3600 * PW_NSEC_PER_SEC) /* scaled: what moved no more since then may stand still */
/* Of windows and loads: with 10,000 processes that all move the daemon stays below 64 MiB. */
#define SERIES_BYTES_MAX (14u << 20)

struct round {
	struct pw_trends *t;
	const struct pw_model *m;
	int err; /* the first */
};

/* ---- cells and series ---------------------------------------------------------------- */

static bool has_moved(enum pw_series_kind kind, uint64_t base, uint64_t value)
{
	uint64_t by = value > base ? value - base : base - value;

	return by > pw_series_floors[kind] / PW_TRENDS_MOVE_SHARE;
}

/* Sampled in the round before this one, and none was missed between. */
static bool is_continued(const struct pw_trends *t, const struct pw_trends_subject *s)
{
	return t->watched && s->round + 1 == t->round;
}

static int take_value(struct pw_trends *t, struct pw_trends_subject *s, enum pw_series_kind kind,
		      uint64_t value)
{
	const struct pw_trend_options opt = pw_trends_options_of(t, kind);
	struct pw_trends_series *se;
	int err;

	if (!(s->known & 1u << kind)) {
		s->known |= (uint16_t)(1u << kind);
		s->cells[kind].base = value;
		return 0;
	}
	se = pw_trends_series_of(s, kind);
	if (!se) {
		if (!has_moved(kind, s->cells[kind].base, value))
			return 0;
		if (t->series_bytes > SERIES_BYTES_MAX) {
			t->windowless++;
			return 0;
		}
		err = pw_trends_make_series(t, s, kind);
		if (err)
			return err;
		se = s->cells[kind].series;
	}
	err = pw_trend_add(se->trend, &opt, t->now_ns, value, is_continued(t, s));
	if (value != se->value) {
		se->value = value;
		se->moved_ns = t->now_ns;
		s->dirty = true;
	}
	return err;
}

/* A saved table says that who lived stood where it was last written until the table's own time. */
static void bring_forward(struct round *r, struct pw_trends_subject *s)
{
	struct pw_trends *t = r->t;

	if (!s->s.restored || !s->s.alive || s->sampled_ns >= t->restored_ns)
		return;
	for (unsigned int kind = 0; kind < PW_SERIES_KINDS; kind++) {
		const struct pw_trend_options opt = pw_trends_options_of(t, kind);
		struct pw_trends_series *se = pw_trends_series_of(s, kind);
		int err = se ? pw_trend_add(se->trend, &opt, t->restored_ns, se->value, true) : 0;

		if (err && !r->err)
			r->err = err;
	}
	s->sampled_ns = t->restored_ns;
}

/* After a hole in the watch: what stood still has seen none before this one. */
static void note_gap(struct round *r, struct pw_trends_subject *s)
{
	struct pw_trends *t = r->t;

	bring_forward(r, s);
	if (!s->sampled_ns || is_continued(t, s))
		return;
	s->gap_from_ns = s->sampled_ns;
	s->gap_to_ns = t->now_ns;
	s->dirty = true;
}

static int take_load(struct pw_trends *t, struct pw_trends_subject *s, const struct pw_load *load)
{
	const struct pw_trend_options opt = pw_trends_options_of(t, PW_SERIES_ANON);
	int err;

	memcpy(s->load, load->totals, sizeof(s->load));
	if (!s->moved || !load->known)
		return 0;
	if (!s->loads) {
		err = pw_trend_load_create(&s->loads);
		if (err)
			return err;
	}
	return pw_trend_load_add(s->loads, &opt, t->now_ns, load);
}

static void count_bytes(struct pw_trends *t, struct pw_trends_subject *s)
{
	for (unsigned int kind = 0; kind < PW_SERIES_KINDS; kind++) {
		struct pw_trends_series *se = pw_trends_series_of(s, kind);

		if (se)
			pw_trends_count_bytes(t, s, se);
	}
}

/* The end of a subject's part of the round. */
static void settle(struct round *r, struct pw_trends_subject *s, int err)
{
	struct pw_trends *t = r->t;

	if (err && !r->err)
		r->err = err;
	if (!s->begin_ns)
		s->begin_ns = t->now_ns;
	count_bytes(t, s);
	s->s.restored = false;
	s->s.last_seen_ns = s->sampled_ns = t->now_ns;
	s->round = t->round;
	for (unsigned int kind = 0; kind < PW_SERIES_KINDS; kind++)
		pw_trends_refresh_limit(t, r->m, s, kind);
}

/* Begins anew: nothing that was seen before counts. */
static void reset(struct pw_trends *t, struct pw_trends_subject *s, const char *reason)
{
	pw_trends_end(t, s, reason);
	for (unsigned int kind = 0; kind < PW_SERIES_KINDS; kind++)
		pw_trends_drop_series(t, s, kind, 0);
	t->series_bytes -= s->load_bytes;
	s->load_bytes = 0;
	pw_trend_load_destroy(s->loads);
	s->loads = NULL;
	s->known = 0;
	s->begin_ns = s->sampled_ns = s->gap_from_ns = s->gap_to_ns = 0;
	s->s.restarts++;
	s->dirty = true;
}

/* Found, or made; NULL when there is no room or no memory. */
static struct pw_trends_subject *obtain(struct round *r, const struct pw_trends_name *name)
{
	uint64_t hash = pw_trends_hash(name);
	struct pw_trends_subject *s = pw_trends_find(r->t, name, hash);
	int err;

	if (s)
		return s;
	err = pw_trends_add(r->t, name, hash, &s);
	if (err) {
		if (err != -ENOSPC && !r->err)
			r->err = err;
		return NULL;
	}
	s->s.first_seen_ns = r->t->now_ns;
	return s;
}

/* Replaces what changed; strings of the model's are compared, not kept. */
static void rename_to(struct round *r, struct pw_trends_subject *s, const char **to, const char *name)
{
	int err;

	if (!strcmp(*to, name))
		return;
	err = pw_trends_set_string(r->t, to, name, SIZE_MAX);
	s->dirty = true;
	if (err && !r->err)
		r->err = err;
}

/* ---- processes ----------------------------------------------------------------------- */

static struct pw_load load_of(const struct pw_process *p)
{
	const struct pw_resources *res = &p->resources;
	struct pw_load load = { .known = 1u << PW_LOAD_CPU };

	load.totals[PW_LOAD_CPU] = p->now.cpu_ns;
	if (res->flags & PW_RESOURCES_SWITCHES) {
		load.known |= 1u << PW_LOAD_SWITCHES;
		load.totals[PW_LOAD_SWITCHES] = res->voluntary_switches;
	}
	if (res->flags & PW_RESOURCES_IO_CALLS) {
		load.known |= 1u << PW_LOAD_IO_CALLS;
		load.totals[PW_LOAD_IO_CALLS] = res->io_calls;
	}
	return load;
}

/* Where execs are events, a new name alone is none (a deleted program, a mount). */
static bool began_anew(const struct round *r, const struct pw_trends_subject *s,
		       const struct pw_process *p)
{
	if (!s->sampled_ns)
		return false;
	if (s->execs != p->execs && !s->s.restored)
		return true;
	if (!s->s.restored && r->m->machine.coverage & PW_COVER_EVENTS)
		return false;
	return s->s.exe[0] && p->exe[0] && strcmp(s->s.exe, p->exe) != 0;
}

static struct pw_trends_name name_of_process(const struct round *r, const struct pw_process *p)
{
	return (struct pw_trends_name){
		.type = PW_SUBJECT_PROCESS,
		.key = &p->key,
		.boot_id = r->t->boot_id,
	};
}

/* Kernel threads have no memory of their own. */
static bool is_watched(const struct pw_process *p)
{
	return p && p->alive && p->has_counters &&
	       (p->now.virtual_pages || p->now.anon_pages || p->now.file_pages);
}

static void sample_process(struct round *r, const struct pw_process *p)
{
	const struct pw_trends_name name = name_of_process(r, p);
	struct pw_trends_subject *s = obtain(r, &name);
	const struct pw_load load = load_of(p);
	uint64_t value;
	int err = 0;

	if (!s)
		return;
	if (began_anew(r, s, p))
		reset(r->t, s, "the process began anew: exec");
	s->execs = p->execs;
	s->s.alive = true;
	memcpy(s->s.comm, p->comm, sizeof(s->s.comm));
	rename_to(r, s, &s->s.exe, p->exe);
	rename_to(r, s, &s->s.cgroup, p->cgroup);
	rename_to(r, s, &s->s.unit, p->unit);
	rename_to(r, s, &s->s.container, p->container);
	note_gap(r, s);
	for (unsigned int kind = 0; kind < PW_SERIES_KERNEL; kind++) {
		if (pw_series_of_process(r->m, p, kind, &value) && !err)
			err = take_value(r->t, s, kind, value);
	}
	err = err ? err : take_load(r->t, s, &load);
	settle(r, s, err);
}

/* ---- groups -------------------------------------------------------------------------- */

/* What the living members did since the last round, those that are new since their start. */
static void add_members_load(const struct round *r, const struct pw_group *g,
			     const struct pw_trends_subject *group, struct pw_load *ret)
{
	for (const struct pw_process *p = g->members; p; p = p->next_in_group) {
		const struct pw_trends_name name = name_of_process(r, p);
		const struct pw_load load = load_of(p);
		const struct pw_trends_subject *s;

		if (!is_watched(p))
			continue;
		s = pw_trends_find(r->t, &name, pw_trends_hash(&name));
		if (!s && !group->sampled_ns)
			continue;
		ret->known |= load.known;
		for (unsigned int i = 0; i < PW_LOAD_KINDS; i++) {
			uint64_t before = s ? s->load[i] : 0;

			if (load.known & 1u << i && load.totals[i] > before)
				ret->totals[i] += load.totals[i] - before;
		}
	}
}

/* None of the members of the last round lives: another incarnation of the whole. */
static bool all_are_new(const struct round *r, const struct pw_group *g,
			const struct pw_trends_subject *s)
{
	if (!s->sampled_ns || strcmp(s->s.boot_id, r->t->boot_id) != 0)
		return false; /* after a reboot its windows go on */
	for (const struct pw_process *p = g->members; p; p = p->next_in_group) {
		if (p->alive &&
		    pw_model_realtime(r->m, p->key.start_ns) + r->t->adjust_ns <= s->sampled_ns)
			return false;
	}
	return true;
}

static void sample_group(struct round *r, const struct pw_group *g)
{
	const struct pw_trends_name name = { .type = PW_SUBJECT_GROUP,
					     .exe = g->exe,
					     .cgroup = g->cgroup };
	struct pw_trends_subject *s;
	struct pw_load load = { 0 };
	uint64_t value;
	int err = 0;

	if (!g->alive || !g->exe[0])
		return;
	s = obtain(r, &name);
	if (!s)
		return;
	if (all_are_new(r, g, s))
		reset(r->t, s, "all of its processes were restarted");
	s->s.alive = true;
	s->s.members = g->alive;
	rename_to(r, s, &s->s.unit, g->unit);
	rename_to(r, s, &s->s.container, g->container);
	rename_to(r, s, &s->s.boot_id, r->t->boot_id);
	note_gap(r, s);
	for (unsigned int kind = 0; kind < PW_SERIES_KERNEL; kind++) {
		if (pw_series_of_group(r->m, g, kind, &value) && !err)
			err = take_value(r->t, s, kind, value);
	}
	memcpy(load.totals, s->load, sizeof(s->load));
	add_members_load(r, g, s, &load);
	err = err ? err : take_load(r->t, s, &load);
	settle(r, s, err);
}

/* ---- cgroups ------------------------------------------------------------------------- */

static void sample_cgroup(struct round *r, const struct pw_cgroup_row *row)
{
	const struct pw_trends_name name = { .type = PW_SUBJECT_CGROUP, .cgroup = row->path };
	struct pw_trends_subject *s;
	uint64_t value;

	if (!row->path[0] ||
	    !pw_series_of_cgroup(r->m, row->last.cgroup_id, PW_SERIES_KERNEL, &value))
		return;
	s = obtain(r, &name);
	if (!s)
		return;
	/* the same path in another boot goes on; made anew in this one it does not */
	if (s->sampled_ns && !strcmp(s->s.boot_id, r->t->boot_id) &&
	    s->s.cgroup_id != row->last.cgroup_id)
		reset(r->t, s, "the cgroup was made anew");
	s->s.cgroup_id = row->last.cgroup_id;
	s->s.alive = true;
	rename_to(r, s, &s->s.boot_id, r->t->boot_id);
	note_gap(r, s);
	settle(r, s, take_value(r->t, s, PW_SERIES_KERNEL, value));
}

static void sample_cgroups(struct round *r)
{
	struct pw_cgroup_row **rows = NULL;
	size_t count = 0;
	int err = pw_model_cgroups(r->m, &rows, &count);

	for (size_t i = 0; i < count; i++)
		sample_cgroup(r, rows[i]);
	free(rows);
	if (err && !r->err)
		r->err = err;
}

/* ---- the round ----------------------------------------------------------------------- */

static const char *why_gone(const struct pw_trends *t, const struct pw_trends_subject *s)
{
	if (strcmp(s->s.boot_id, t->boot_id) != 0)
		return "the machine was restarted";
	if (s->s.restored)
		return "the process ended while nobody watched";
	return "the process ended";
}

/* Not met in this round. Returns whether it was forgotten. */
static bool take_absence(struct pw_trends *t, struct pw_trends_subject *s)
{
	uint64_t keep_ns = pw_trends_real_ns(t, PW_TRENDS_WINDOW_NS);

	if (s->s.restored && t->round < GRACE_ROUNDS &&
	    (s->s.type != PW_SUBJECT_PROCESS || !strcmp(s->s.boot_id, t->boot_id)))
		return false;
	if (s->s.type == PW_SUBJECT_PROCESS) {
		pw_trends_end(t, s, why_gone(t, s));
		pw_trends_forget(t, s);
		return true;
	}
	if (s->s.alive) {
		pw_trends_end(t, s,
			      s->s.type == PW_SUBJECT_GROUP ? "the last of its processes ended" :
							      "the cgroup is gone");
		s->s.alive = false;
		s->s.members = 0;
		s->dirty = true;
	}
	if (t->now_ns - s->s.last_seen_ns <= keep_ns)
		return false;
	pw_trends_forget(t, s);
	return true;
}

static void take_absences(struct pw_trends *t)
{
	for (size_t i = 0; i < t->subjects.capacity;) {
		struct pw_trends_subject *s = t->subjects.slots[i].item;

		/* when one is forgotten, another may move into its slot */
		if (!s || s->round == t->round || !take_absence(t, s))
			i++;
	}
}

/* Room for those that move: what stood still for long goes back to a cell. */
static void quieten(struct pw_trends *t)
{
	uint64_t quiet_ns = pw_trends_real_ns(t, QUIET_NS);

	if (t->series_bytes < SERIES_BYTES_MAX / 8 * 7)
		return;
	for (size_t i = 0; i < t->subjects.capacity; i++) {
		struct pw_trends_subject *s = t->subjects.slots[i].item;

		for (unsigned int kind = 0; s && kind < PW_SERIES_KINDS; kind++) {
			const struct pw_trends_series *se = pw_trends_series_of(s, kind);

			if (!se || se->suspicion || t->now_ns - se->moved_ns <= quiet_ns)
				continue;
			if (s->begin_ns < se->moved_ns) /* no cell stood still before that */
				s->begin_ns = se->moved_ns;
			pw_trends_drop_series(t, s, kind, se->value);
		}
	}
}

/* Longer than the ticks are apart: somebody was not there. */
static bool was_watched(const struct pw_trends *t, const struct pw_model *m, uint64_t last_ns)
{
	uint64_t usual = 2 * m->tick.interval_ns + 3 * pw_trends_real_ns(t, PW_TRENDS_STEP_NS);

	return last_ns && t->now_ns - last_ns <= usual;
}

int pw_trends_sample(struct pw_trends *t, const struct pw_model *m)
{
	struct round r = { .t = t, .m = m };

	t->watched = was_watched(t, m, t->sampled_ns);
	t->sampled_ns = t->now_ns;
	t->round++;
	t->windowless = 0;
	if (!t->began_ns)
		t->began_ns = t->now_ns;
	quieten(t);
	/* Groups come first: they look at what their members' loads were a round ago. */
	for (size_t i = 0; i < m->groups.capacity; i++) {
		if (m->groups.slots[i].item)
			sample_group(&r, m->groups.slots[i].item);
	}
	for (size_t i = 0; i < m->pids.capacity; i++) {
		if (is_watched(m->pids.slots[i].item))
			sample_process(&r, m->pids.slots[i].item);
	}
	sample_cgroups(&r);
	take_absences(t);
	return r.err;
}
