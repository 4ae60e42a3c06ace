// SPDX-License-Identifier: GPL-2.0-or-later
#include <bpf/libbpf.h>
#include <errno.h>
#include <string.h>

#include "bpf/pagewarden.skel.h"
#include "user/source/bpf_private.h"
#include "user/source/bpf_wipe.h"

int pw_bpf_deliver(struct pw_bpf *b, const struct pw_record *rec)
{
	if (!b->sink_result)
		b->sink_result = b->sink(b->sink_ctx, rec);
	return b->sink_result;
}

static void on_fork(struct pw_bpf *b, const struct pw_fork *f)
{
	struct pw_known *p = pw_bpf_known_get(b, &f->key);
	const struct pw_known *parent = pw_bpf_known_find(b, &f->parent);

	if (!p)
		return;
	p->parent_pid = f->parent.pid;
	p->cgroup_id = f->cgroup_id;
	memcpy(p->comm, f->comm, sizeof(p->comm));
	p->parent = f->parent;
	/* Kept now, because the parent may be gone first. */
	if (!p->exe && parent && parent->exe)
		p->exe = strdup(parent->exe);
}

static void on_exec(struct pw_bpf *b, const struct pw_exec *e)
{
	struct pw_known *p = pw_bpf_known_get(b, &e->key);
	char path[sizeof(e->path) + 1];

	if (!p)
		return;
	memcpy(path, e->path, sizeof(e->path));
	path[sizeof(e->path)] = 0;
	p->cgroup_id = e->cgroup_id;
	memcpy(p->comm, e->comm, sizeof(p->comm));
	pw_bpf_known_exec(b, p, path);
}

/* Who a process was comes before its end. */
static int on_exit_record(struct pw_bpf *b, const struct pw_exit *x)
{
	struct pw_known *p = pw_bpf_known_get(b, &x->key);
	int rc;

	if (!p)
		return pw_bpf_deliver(b, &x->rec);
	memcpy(p->comm, x->comm, sizeof(p->comm));
	if (p->flags & PW_KNOWN_PENDING)
		pw_bpf_identify(b, p);
	rc = pw_bpf_deliver(b, &x->rec);
	if (!p->slot)
		pw_bpf_slots_link(b, p);
	if (p->slot) {
		struct pw_slot *slot = &b->slots[p->slot - 1];

		slot->minor_faults = x->minor_faults;
		slot->major_faults = x->major_faults;
		slot->hiwater_rss_pages = x->hiwater_rss_pages;
	}
	pw_bpf_known_end(b, p);
	return rc;
}

/* Kernels before 6.10 name the victim by pid alone. */
static int on_oom(struct pw_bpf *b, const struct pw_oom *o)
{
	struct pw_oom full = *o;
	uint32_t i;

	if (full.key.start_ns)
		return pw_bpf_deliver(b, &full.rec);
	for (i = 0; i < b->active_count; i++) {
		const struct pw_slot *slot = &b->slots[b->active[i]];
		const struct pw_known *p = b->slot_owner[b->active[i]];

		if (!p || slot->pid != full.key.pid || p->flags & PW_KNOWN_ENDED)
			continue;
		full.key.start_ns = slot->start_ns;
		full.anon_pages = slot->rss[PW_RSS_ANON];
		full.file_pages = slot->rss[PW_RSS_FILE];
		full.shmem_pages = slot->rss[PW_RSS_SHMEM];
		memcpy(full.comm, slot->comm, sizeof(full.comm));
		break;
	}
	return pw_bpf_deliver(b, &full.rec);
}

static int on_record(void *ctx, void *data, size_t size)
{
	struct pw_bpf *b = ctx;
	const struct pw_record *rec = data;

	b->events_received++;
	if (size < sizeof(*rec) || size < rec->size)
		return 0;
	switch (rec->type) {
	case PW_REC_FORK:
		on_fork(b, data);
		return pw_bpf_deliver(b, rec);
	case PW_REC_EXEC:
		on_exec(b, data);
		return pw_bpf_deliver(b, rec);
	case PW_REC_EXIT:
		return on_exit_record(b, data);
	case PW_REC_OOM:
		return on_oom(b, data);
	case PW_REC_WIPE:
	case PW_REC_RELEASE:
	case PW_REC_SECRET:
		return pw_bpf_wipe_record(b, rec);
	}
	return 0;
}

int pw_bpf_events_init(struct pw_bpf *b, struct pw_error *err)
{
	b->ring = ring_buffer__new(bpf_map__fd(b->skel->maps.events), on_record, b, NULL);
	if (!b->ring)
		return pw_error_set(err, -errno, "cannot map the event ring: %s", strerror(errno));
	return 0;
}

void pw_bpf_events_deinit(struct pw_bpf *b)
{
	ring_buffer__free(b->ring);
}

int pw_bpf_events_drain(struct pw_bpf *b)
{
	int n = ring_buffer__consume(b->ring);

	if (b->sink_result)
		return b->sink_result;
	return n < 0 ? n : 0;
}
