// SPDX-License-Identifier: GPL-2.0-or-later
#include "user/store/replay.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/cleanup.h"
#include "user/base/clock.h"
#include "user/model/event.h"
#include "user/store/replay_wipes.h"

#define PROCESSES_MAX (1u << 18)
#define CHANGES_MAX (1u << 22)
#define EVENTS_KEPT_MAX (1u << 16)
/* wait(2)'s encoding of neither an exit nor a signal: how it ended is not known */
#define EXIT_CODE_UNKNOWN 0x7f

struct past_process {
	int64_t id; /* the history's */
	uint64_t end_ns; /* 0: alive at last sight */
	struct pw_identity *identity; /* the record, strings behind it */
	uint64_t peak_bytes; /* highest RSS of the points so far */
	bool told; /* its IDENTITY was delivered */
	bool ended; /* its EXIT was delivered */
};

struct change {
	uint32_t step;
	uint32_t process;
	struct pw_store_point point;
};

struct past_event {
	uint64_t time_ns;
	uint32_t pid;
	uint32_t type;
	int64_t value;
	char comm[PW_COMM_LEN];
	char path[128];
};

struct machine_step {
	bool watched;
	uint64_t available_bytes;
	struct pw_store_point point;
};

struct past {
	uint64_t from_ns, to_ns, step_ns;
	const struct pw_machine *machine;
	struct past_process *processes;
	size_t process_count, process_room;
	struct change *changes;
	size_t change_count, change_room;
	struct past_event *events;
	size_t event_count, event_room, event_told;
	struct machine_step steps[PW_STORE_REPLAY_STEPS];
	uint32_t loading; /* the process whose points are being read */
	uint64_t sequence, last_tick_ns;
	pw_sink sink;
	void *ctx;
};

static void past_destroy(struct past *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->process_count; i++)
		free(p->processes[i].identity);
	free(p->processes);
	free(p->changes);
	free(p->events);
	free(p);
}
PW_DEFINE_CLEANUP(struct past, past_destroy)

/* Room for one more item; 0, -ENOMEM, or -E2BIG at the limit. */
static int make_room(void *array, size_t count, size_t *room, size_t size, size_t limit)
{
	size_t wanted = *room ? *room * 2 : 256;
	void **items = array;
	void *more;

	if (count < *room)
		return 0;
	if (count >= limit)
		return -E2BIG;
	more = reallocarray(*items, wanted, size);
	if (!more)
		return -ENOMEM;
	*items = more;
	*room = wanted;
	return 0;
}

static uint32_t step_of(const struct past *p, uint64_t time_ns)
{
	uint64_t step = time_ns > p->from_ns ? (time_ns - p->from_ns) / p->step_ns : 0;

	return step < PW_STORE_REPLAY_STEPS ? (uint32_t)step : PW_STORE_REPLAY_STEPS - 1;
}

/* ---- loading ------------------------------------------------------------------- */

/* An IDENTITY record with its strings behind it. */
static struct pw_identity *identity_of(const struct pw_store_process *row)
{
	const char *const texts[] = { row->exe, row->cgroup, row->unit, row->container };
	struct pw_identity *r;
	uint16_t lengths[4];
	size_t room = sizeof(*r);
	char *at;

	for (size_t i = 0; i < 4; i++) {
		size_t len = strnlen(texts[i], PW_RECORD_MAX / 8);

		lengths[i] = (uint16_t)len;
		room += len;
	}
	room = (room + 7) & ~(size_t)7;
	r = calloc(1, room);
	if (!r)
		return NULL;
	r->rec.type = PW_REC_IDENTITY;
	r->rec.size = (uint16_t)room;
	r->key = (struct pw_key){ .pid = row->pid, .start_ns = row->start_ns };
	r->uid = row->uid;
	r->exe_len = lengths[0];
	r->cgroup_len = lengths[1];
	r->unit_len = lengths[2];
	r->container_len = lengths[3];
	memcpy(r->comm, row->comm, strnlen(row->comm, sizeof(r->comm)));
	at = (char *)(r + 1);
	for (size_t i = 0; i < 4; i++) {
		memcpy(at, texts[i], lengths[i]);
		at += lengths[i];
	}
	return r;
}

static int take_process(void *ctx, const struct pw_store_process *row)
{
	struct past *p = ctx;
	struct pw_identity *identity;
	int err = make_room(&p->processes, p->process_count, &p->process_room,
			    sizeof(*p->processes), PROCESSES_MAX);

	if (err)
		return err;
	identity = identity_of(row);
	if (!identity)
		return -ENOMEM;
	p->processes[p->process_count++] = (struct past_process){
		.id = row->id,
		.end_ns = row->end_ns,
		.identity = identity,
	};
	return 0;
}

static int take_machine_point(void *ctx, const struct pw_store_machine_point *m)
{
	struct past *p = ctx;
	struct machine_step *step = &p->steps[step_of(p, m->point.time_ns)];

	step->watched = true;
	step->available_bytes = m->available_bytes;
	step->point = m->point;
	return 0;
}

static bool same_amounts(const struct pw_store_point *a, const struct pw_store_point *b)
{
	return a->anon_bytes == b->anon_bytes && a->file_bytes == b->file_bytes &&
	       a->shmem_bytes == b->shmem_bytes && a->swap_bytes == b->swap_bytes &&
	       a->page_table_bytes == b->page_table_bytes && a->minor_faults == b->minor_faults &&
	       a->major_faults == b->major_faults && a->cpu_ns == b->cpu_ns;
}

/* Keeps the last point of a step, and only where something changed. */
static int take_point(void *ctx, const struct pw_store_point *point)
{
	struct past *p = ctx;
	uint32_t step = step_of(p, point->time_ns);
	struct change *last = p->change_count ? &p->changes[p->change_count - 1] : NULL;
	int err;

	if (last && last->process != p->loading)
		last = NULL;
	if (last && (last->step == step || same_amounts(&last->point, point))) {
		last->point = *point;
		return 0;
	}
	err = make_room(&p->changes, p->change_count, &p->change_room, sizeof(*p->changes),
			CHANGES_MAX);
	if (err)
		return err;
	p->changes[p->change_count++] =
		(struct change){ .step = step, .process = p->loading, .point = *point };
	return 0;
}

static int take_event(void *ctx, const struct pw_store_event *e)
{
	static const uint32_t types[] = { PW_REC_EXEC, PW_REC_EXIT, PW_REC_OOM };
	struct past *p = ctx;
	struct past_event *kept;
	int err = make_room(&p->events, p->event_count, &p->event_room, sizeof(*p->events),
			    EVENTS_KEPT_MAX);

	if (err)
		return err == -E2BIG ? 0 : err; /* the numbers matter more */
	kept = &p->events[p->event_count];
	*kept = (struct past_event){ .time_ns = e->time_ns, .pid = e->pid, .value = e->value };
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (strcmp(e->type, pw_event_type_name(types[i])) == 0)
			kept->type = types[i];
	}
	memcpy(kept->comm, e->comm, strnlen(e->comm, sizeof(kept->comm)));
	memcpy(kept->path, e->detail, strnlen(e->detail, sizeof(kept->path) - 1));
	p->event_count += kept->type != 0;
	return 0;
}

static int by_step(const void *a, const void *b)
{
	const struct change *x = a, *y = b;

	if (x->step != y->step)
		return x->step < y->step ? -1 : 1;
	return (x->process > y->process) - (x->process < y->process);
}

static int load(struct past *p, struct pw_store *s)
{
	int err = pw_store_each_process(s, p->from_ns, p->to_ns, take_process, p);

	err = err ? err : pw_store_each_machine_point(s, p->from_ns, p->to_ns, take_machine_point, p);
	err = err ? err : pw_store_each_event(s, p->from_ns, p->to_ns, take_event, p);
	for (size_t i = 0; !err && i < p->process_count; i++) {
		p->loading = (uint32_t)i;
		err = pw_store_each_point(s, p->processes[i].id, p->from_ns, p->to_ns, take_point, p);
	}
	if (!err && p->change_count)
		qsort(p->changes, p->change_count, sizeof(*p->changes), by_step);
	return err;
}

/* ---- telling ------------------------------------------------------------------- */

static int tell(struct past *p, void *record, uint16_t type, uint16_t size, uint64_t time_ns)
{
	struct pw_record *rec = record;

	rec->type = type;
	rec->size = size;
	rec->time_ns = time_ns;
	return p->sink(p->ctx, rec);
}

static int tell_machine(struct past *p)
{
	struct pw_machine m = *p->machine;

	m.boot_realtime_ns = 0;
	memset(m.boot_id, 0, sizeof(m.boot_id)); /* a range may hold several */
	return tell(p, &m, PW_REC_MACHINE, sizeof(m), p->from_ns);
}

static int tell_counters(struct past *p, const struct change *c, uint64_t time_ns)
{
	struct past_process *q = &p->processes[c->process];
	const struct pw_store_point *v = &c->point;
	uint64_t page = p->machine->page_size;
	uint64_t rss = v->anon_bytes + v->file_bytes + v->shmem_bytes;
	struct pw_counters r = {
		.key = q->identity->key,
		.uid = q->identity->uid,
		.flags = PW_COUNTERS_PARTIAL,
		.anon_pages = v->anon_bytes / page,
		.file_pages = v->file_bytes / page,
		.shmem_pages = v->shmem_bytes / page,
		.swap_pages = v->swap_bytes / page,
		.page_table_bytes = v->page_table_bytes,
		.minor_faults = v->minor_faults,
		.major_faults = v->major_faults,
		.cpu_ns = v->cpu_ns,
	};
	int err = 0;

	q->peak_bytes = rss > q->peak_bytes ? rss : q->peak_bytes;
	r.hiwater_rss_pages = q->peak_bytes / page;
	memcpy(r.comm, q->identity->comm, sizeof(r.comm));
	if (!q->told)
		err = tell(p, q->identity, PW_REC_IDENTITY, q->identity->rec.size, time_ns);
	q->told = true;
	return err ? err : tell(p, &r, PW_REC_COUNTERS, sizeof(r), time_ns);
}

/* Whose event it is: the process with this PID that lived then. NULL: the history has none. */
static struct past_process *process_of(const struct past *p, const struct past_event *e)
{
	struct past_process *found = NULL;

	for (size_t i = 0; i < p->process_count; i++) {
		struct past_process *q = &p->processes[i];

		if (q->identity->key.pid == e->pid && q->identity->key.start_ns <= e->time_ns &&
		    (!q->end_ns || e->time_ns <= q->end_ns + p->step_ns))
			found = q; /* the last that began */
	}
	return found;
}

static int tell_exit(struct past *p, struct past_process *q, uint64_t time_ns, int32_t exit_code)
{
	struct pw_exit r = {
		.key = q->identity->key,
		.exit_code = exit_code,
		.hiwater_rss_pages = q->peak_bytes / p->machine->page_size,
	};

	q->ended = true;
	memcpy(r.comm, q->identity->comm, sizeof(r.comm));
	return tell(p, &r, PW_REC_EXIT, sizeof(r), time_ns);
}

static int tell_event(struct past *p, const struct past_event *e)
{
	struct past_process *q = process_of(p, e);
	struct pw_key key = { .pid = e->pid, .start_ns = e->time_ns };

	if (q)
		key = q->identity->key;
	if (e->type == PW_REC_OOM) {
		struct pw_oom r = { .key = key };

		r.anon_pages = (uint64_t)e->value / p->machine->page_size;
		memcpy(r.comm, e->comm, sizeof(r.comm));
		return tell(p, &r, PW_REC_OOM, sizeof(r), e->time_ns);
	}
	if (e->type == PW_REC_EXEC) {
		struct pw_exec r = { .key = key };

		memcpy(r.comm, e->comm, sizeof(r.comm));
		memcpy(r.path, e->path, sizeof(r.path));
		return q ? tell(p, &r, PW_REC_EXEC, sizeof(r), e->time_ns) : 0;
	}
	return q && !q->ended ? tell_exit(p, q, e->time_ns, (int32_t)e->value) : 0;
}

static int tell_tick(struct past *p, const struct machine_step *step, uint64_t time_ns)
{
	uint64_t page = p->machine->page_size;
	uint64_t swap = p->machine->swap_pages, swapped = step->point.swap_bytes / page;
	struct pw_tick r = {
		.sequence = ++p->sequence,
		.interval_ns = p->last_tick_ns ? time_ns - p->last_tick_ns : 0,
		.available_pages = step->available_bytes / page,
		.cached_pages = step->point.file_bytes / page,
		.swap_free_pages = swap > swapped ? swap - swapped : 0,
	};

	for (size_t i = 0; i < p->process_count; i++)
		r.processes += p->processes[i].told && !p->processes[i].ended;
	p->last_tick_ns = time_ns;
	return tell(p, &r, PW_REC_TICK, sizeof(r), time_ns);
}

/* Those that are gone without an event of their own. */
static int tell_ends(struct past *p, uint64_t until_ns)
{
	int err = 0;

	for (size_t i = 0; !err && i < p->process_count; i++) {
		struct past_process *q = &p->processes[i];

		if (q->told && !q->ended && q->end_ns && q->end_ns < until_ns)
			err = tell_exit(p, q, q->end_ns, EXIT_CODE_UNKNOWN);
	}
	return err;
}

static int tell_events(struct past *p, uint64_t until_ns)
{
	int err = 0;

	while (!err && p->event_told < p->event_count && p->events[p->event_told].time_ns < until_ns)
		err = tell_event(p, &p->events[p->event_told++]);
	return err;
}

/* An exit ends what a process wiped before it: both in the order in which they happened. */
static int tell_wipe(void *ctx, const struct pw_record *rec)
{
	struct past *p = ctx;
	int err = tell_events(p, rec->time_ns);

	return err ? err : p->sink(p->ctx, rec);
}

static int tell_all(struct past *p, struct pw_store *s)
{
	size_t change = 0;
	int err = tell_machine(p);

	for (uint32_t step = 0; !err && step < PW_STORE_REPLAY_STEPS; step++) {
		uint64_t begin_ns = p->from_ns + step * p->step_ns;
		uint64_t end_ns = begin_ns + p->step_ns;

		while (!err && change < p->change_count && p->changes[change].step <= step)
			err = tell_counters(p, &p->changes[change++], end_ns - 1);
		if (!err && begin_ns < p->to_ns)
			err = pw_store_replay_wipes(
				s, begin_ns, end_ns < p->to_ns ? end_ns : p->to_ns, tell_wipe, p);
		err = err ? err : tell_events(p, end_ns);
		err = err ? err : tell_ends(p, end_ns);
		if (!err && p->steps[step].watched)
			err = tell_tick(p, &p->steps[step], end_ns);
	}
	return err;
}

int pw_store_replay(struct pw_store *s, uint64_t from_ns, uint64_t to_ns,
		    const struct pw_machine *machine, pw_sink sink, void *ctx, struct pw_error *err)
{
	pw_cleanup(past_destroyp) struct past *p = calloc(1, sizeof(*p));
	uint64_t step_s;
	int r;

	if (!p)
		return pw_error_set(err, -ENOMEM, "no memory for the history");
	if (to_ns <= from_ns || !machine->page_size)
		return pw_error_set(err, -EINVAL, "the range of time is empty");
	/* whole steps of the finest tier */
	step_s = (to_ns - from_ns) / PW_NSEC_PER_SEC / PW_STORE_REPLAY_STEPS + 1;
	p->step_ns = (step_s + 9) / 10 * 10 * PW_NSEC_PER_SEC;
	p->from_ns = from_ns / p->step_ns * p->step_ns;
	p->to_ns = to_ns;
	p->machine = machine;
	p->sink = sink;
	p->ctx = ctx;
	r = load(p, s);
	if (r == -E2BIG)
		pw_error_remedy(err, "ask for a shorter time");
	if (r)
		return pw_error_set(err, r, "cannot read the history: %s", strerror(-r));
	r = tell_all(p, s);
	if (!r && !p->sequence)
		return pw_error_set(err, -ENODATA, "the history holds nothing of that time");
	return r;
}
