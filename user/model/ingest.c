// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Taking records. They may come from a hostile file: what is out of bounds is
 * counted in invalid_records and skipped; a record about an unknown process is
 * no error, because its beginning may lie before the trace or have been lost.
 */
#include "user/model/ingest.h"

#include <errno.h>
#include <string.h>

#include "user/model/event_log.h"
#include "user/model/process_table.h"
#include "user/model/wipe_ledger.h"

#define PAGES_LIMIT PW_INGEST_PAGES_LIMIT
#define TIME_LIMIT PW_INGEST_TIME_LIMIT

bool pw_ingest_key_in_bounds(const struct pw_key *key)
{
	return key->pid && key->pid <= INT32_MAX && key->start_ns < TIME_LIMIT;
}

int pw_ingest_invalid(struct pw_model *m)
{
	m->invalid_records++;
	return 0;
}

void pw_ingest_set_comm(struct pw_process *p, const uint8_t comm[PW_COMM_LEN])
{
	if (!comm[0])
		return;
	memcpy(p->comm, comm, PW_COMM_LEN);
	p->comm[PW_COMM_LEN] = '\0';
}

void pw_ingest_set_parent(struct pw_model *m, struct pw_process *p, uint32_t parent_pid)
{
	const struct pw_process *parent;

	if (p->parent.pid == parent_pid)
		return;
	parent = pw_model_pid(m, parent_pid);
	p->parent = (struct pw_key){ .pid = parent_pid };
	if (parent && parent->alive)
		p->parent = parent->key;
}

static struct pw_event event_of(const struct pw_record *rec, const struct pw_key *key,
				const uint8_t comm[PW_COMM_LEN])
{
	struct pw_event ev = { .time_ns = rec->time_ns, .type = rec->type, .key = *key };

	memcpy(ev.comm, comm, PW_COMM_LEN);
	return ev;
}

static int on_fork(struct pw_model *m, const struct pw_record *rec)
{
	const struct pw_fork *r = (const void *)rec;
	struct pw_event ev = event_of(rec, &r->key, r->comm);
	struct pw_process *p;
	int err;

	ev.parent = r->parent;
	err = pw_event_log_add(&m->events, &ev);
	if (!err)
		err = pw_process_obtain(m, &r->key, rec->time_ns, &p);
	if (err || !p)
		return err;
	p->confirmed = true;
	p->parent = r->parent;
	p->cgroup_id = r->cgroup_id;
	if (!p->has_counters)
		p->forked = true;
	pw_ingest_set_comm(p, r->comm);
	return p->identified ? 0 : pw_ingest_inherit(m, p);
}

static int on_exec(struct pw_model *m, const struct pw_record *rec)
{
	const struct pw_exec *r = (const void *)rec;
	struct pw_event ev = event_of(rec, &r->key, r->comm);
	struct pw_process *p;
	int err;

	memcpy(ev.path, r->path, sizeof(r->path));
	pw_wipes_process_gone(&m->wipes, &r->key, rec->time_ns);
	err = pw_event_log_add(&m->events, &ev);
	if (!err)
		err = pw_process_obtain(m, &r->key, rec->time_ns, &p);
	if (err || !p)
		return err;
	p->confirmed = true;
	p->execs++;
	p->cgroup_id = r->cgroup_id;
	pw_ingest_set_comm(p, r->comm);
	/* What it runs now in full, and its new group, come with the IDENTITY that follows. */
	return 0;
}

static int on_exit(struct pw_model *m, const struct pw_record *rec)
{
	const struct pw_exit *r = (const void *)rec;
	struct pw_event ev = event_of(rec, &r->key, r->comm);
	struct pw_process *p = pw_model_process(m, &r->key);
	int err;

	ev.exit_code = r->exit_code;
	ev.pages = r->hiwater_rss_pages;
	pw_wipes_process_gone(&m->wipes, &r->key, rec->time_ns);
	err = pw_event_log_add(&m->events, &ev);
	if (err || !p || p->exit_seen)
		return err;
	p->exit_seen = true;
	p->exit_code = r->exit_code;
	pw_ingest_set_comm(p, r->comm);
	if (r->hiwater_rss_pages > p->now.hiwater_rss_pages)
		p->now.hiwater_rss_pages = r->hiwater_rss_pages;
	if (r->minor_faults > p->now.minor_faults)
		p->now.minor_faults = r->minor_faults;
	if (r->major_faults > p->now.major_faults)
		p->now.major_faults = r->major_faults;
	if (p->alive)
		pw_process_retire(m, p, rec->time_ns);
	return 0;
}

static int on_oom(struct pw_model *m, const struct pw_record *rec)
{
	const struct pw_oom *r = (const void *)rec;
	struct pw_event ev = event_of(rec, &r->key, r->comm);
	struct pw_process *p = pw_model_process(m, &r->key);

	if (r->anon_pages > PAGES_LIMIT || r->file_pages > PAGES_LIMIT || r->shmem_pages > PAGES_LIMIT)
		return pw_ingest_invalid(m);
	ev.pages = r->anon_pages + r->file_pages + r->shmem_pages;
	if (p && !p->oom_killed) {
		p->oom_killed = true;
		if (p->group)
			p->group->oom_kills++;
	}
	return pw_event_log_add(&m->events, &ev);
}

static bool counters_in_bounds(const struct pw_counters *c)
{
	const uint64_t pages[] = {
		c->anon_pages,
		c->file_pages,
		c->shmem_pages,
		c->swap_pages,
		c->virtual_pages,
		c->data_pages,
		c->stack_pages,
		c->exec_pages,
		c->locked_pages,
		c->pinned_pages,
		c->hiwater_rss_pages,
		c->ledger_live_pages,
		c->page_table_bytes / 4096,
		c->brk_bytes / 4096,
	};

	for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
		if (pages[i] > PAGES_LIMIT)
			return false;
	}
	return true;
}

static void first_sample(struct pw_process *p)
{
	p->has_counters = true;
	p->first_footprint_pages = pw_process_footprint(p);
	if (p->forked)
		return; /* it began at 0 */
	pw_process_rebase(p);
}

/*
 * A sample taken when the address space was gone already has its totals, but
 * no sizes: those of the last sample in life are what the process was.
 */
static void last_sample(struct pw_process *p, const struct pw_counters *r)
{
	const struct pw_counters before = p->now;

	p->now = *r;
	if (before.hiwater_rss_pages > r->hiwater_rss_pages)
		p->now.hiwater_rss_pages = before.hiwater_rss_pages;
	if (r->anon_pages || r->file_pages || r->shmem_pages || r->swap_pages)
		return;
	p->now.threads = before.threads;
	p->now.anon_pages = before.anon_pages;
	p->now.file_pages = before.file_pages;
	p->now.shmem_pages = before.shmem_pages;
	p->now.swap_pages = before.swap_pages;
	p->now.page_table_bytes = before.page_table_bytes;
	p->now.virtual_pages = before.virtual_pages;
	p->now.data_pages = before.data_pages;
	p->now.stack_pages = before.stack_pages;
	p->now.exec_pages = before.exec_pages;
	p->now.locked_pages = before.locked_pages;
	p->now.pinned_pages = before.pinned_pages;
	p->now.brk_bytes = before.brk_bytes;
	p->now.map_count = before.map_count;
}

static int on_counters(struct pw_model *m, const struct pw_record *rec)
{
	const struct pw_counters *r = (const void *)rec;
	struct pw_process *p = pw_model_process(m, &r->key);
	bool last = r->flags & PW_COUNTERS_DEAD;
	int err = 0;

	if (!counters_in_bounds(r))
		return pw_ingest_invalid(m);
	if (!p && !last)
		err = pw_process_obtain(m, &r->key, rec->time_ns, &p);
	if (err || !p)
		return err;
	p->confirmed = true;
	if (last)
		last_sample(p, r);
	else
		p->now = *r;
	p->uid = r->uid;
	p->cgroup_id = r->cgroup_id;
	pw_ingest_set_comm(p, r->comm);
	pw_ingest_set_parent(m, p, r->parent_pid);
	if (!p->has_counters)
		first_sample(p);
	if (!p->alive && (last || p->exit_seen || !pw_process_revive(m, p)))
		return 0;
	p->sampled = true;
	if (last)
		pw_process_retire(m, p, rec->time_ns);
	return 0;
}

struct handler {
	uint16_t type;
	uint16_t size; /* of its struct: a shorter record is damaged */
	bool has_key; /* behind the header */
	int (*take)(struct pw_model *m, const struct pw_record *rec);
};

static const struct handler handlers[] = {
	{ PW_REC_COUNTERS, sizeof(struct pw_counters), true, on_counters },
	{ PW_REC_FORK, sizeof(struct pw_fork), true, on_fork },
	{ PW_REC_EXEC, sizeof(struct pw_exec), true, on_exec },
	{ PW_REC_EXIT, sizeof(struct pw_exit), true, on_exit },
	{ PW_REC_OOM, sizeof(struct pw_oom), true, on_oom },
	{ PW_REC_IDENTITY, sizeof(struct pw_identity), true, pw_ingest_identity },
	{ PW_REC_SEGMENTS, sizeof(struct pw_segments), true, pw_ingest_segments },
	{ PW_REC_SEGMENT, sizeof(struct pw_segment), true, pw_ingest_segment },
	{ PW_REC_RESOURCES, sizeof(struct pw_resources), true, pw_ingest_resources },
	{ PW_REC_CGROUP, sizeof(struct pw_cgroup), false, pw_ingest_cgroup },
	{ PW_REC_WIPE, sizeof(struct pw_wipe), false, pw_ingest_wipe },
	{ PW_REC_RELEASE, sizeof(struct pw_release), true, pw_ingest_release },
	{ PW_REC_WIPE_PROBE, sizeof(struct pw_wipe_probe), false, pw_ingest_wipe_probe },
	{ PW_REC_SECRET, sizeof(struct pw_secret), true, pw_ingest_secret },
	{ PW_REC_MACHINE, sizeof(struct pw_machine), false, pw_ingest_machine },
	{ PW_REC_TICK, sizeof(struct pw_tick), false, pw_ingest_tick },
};

static bool record_in_bounds(const struct handler *h, const struct pw_record *rec)
{
	const struct pw_key *key = (const void *)(rec + 1);

	if (rec->size < h->size || rec->size > PW_RECORD_MAX || rec->time_ns >= TIME_LIMIT)
		return false;
	return !h->has_key || pw_ingest_key_in_bounds(key);
}

int pw_model_ingest(void *model, const struct pw_record *rec)
{
	struct pw_model *m = model;

	for (size_t i = 0; i < sizeof(handlers) / sizeof(handlers[0]); i++) {
		if (handlers[i].type != rec->type)
			continue;
		return record_in_bounds(&handlers[i], rec) ? handlers[i].take(m, rec) :
							     pw_ingest_invalid(m);
	}
	m->unknown_records++;
	return 0;
}
