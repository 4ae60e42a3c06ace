// SPDX-License-Identifier: GPL-2.0-or-later
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bpf/pagewarden.skel.h"
#include "user/base/cleanup.h"
#include "user/base/clock.h"
#include "user/source/bpf_private.h"

#define UNFINISHED_NS (10 * PW_NSEC_PER_SEC) /* no migration of one batch takes as long */

static int push_id(struct pw_bpf *b, uint32_t id)
{
	return bpf_map_update_elem(bpf_map__fd(b->skel->maps.free_slots), NULL, &id, BPF_ANY);
}

int pw_bpf_slots_init(struct pw_bpf *b, struct pw_error *err)
{
	uint32_t i;

	b->slot_owner = calloc(b->capacity, sizeof(*b->slot_owner));
	b->active = calloc(b->capacity, sizeof(*b->active));
	b->slots = pw_bpf_map_memory(b->skel->maps.slots, b->capacity * sizeof(*b->slots));
	if (!b->slot_owner || !b->active || !b->slots)
		return pw_error_set(err, -ENOMEM, "cannot map the process slots: %s",
				    strerror(errno));
	/* A stack: the lowest index goes out first, so that few pages are touched. */
	for (i = b->capacity; i > 0; i--) {
		b->slots[i - 1].id = i;
		if (push_id(b, i))
			return pw_error_set(err, -errno, "cannot fill the table of free slots: %s",
					    strerror(errno));
	}
	return 0;
}

void pw_bpf_slots_deinit(struct pw_bpf *b)
{
	if (b->slots)
		munmap(b->slots, b->capacity * sizeof(*b->slots));
	free(b->slot_owner);
	free(b->active);
}

/* ---- one pass ------------------------------------------------------------------- */

static int run_iterator(struct pw_bpf *b, struct pw_error *err)
{
	pw_auto_close int fd = bpf_iter_create(bpf_link__fd(b->skel->links.count_tasks));
	char nothing[64];
	ssize_t n;

	if (fd < 0)
		return pw_error_set(err, -errno, "cannot iterate over the tasks: %s",
				    strerror(errno));
	b->skel->bss->pass++;
	b->skel->bss->pass_ns = pw_clock_boot_ns();
	b->skel->bss->birth_now = b->skel->bss->pass_ns >> PW_BIRTH_SHIFT;
	b->skel->bss->threads_seen = 0;
	b->skel->bss->processes_seen = 0;
	/* The program writes nothing: a read runs it until the end or until it is time to yield. */
	while ((n = read(fd, nothing, sizeof(nothing))) > 0 || (n < 0 && errno == EAGAIN))
		;
	return n < 0 ? pw_error_set(err, -errno, "cannot iterate over the tasks: %s",
				    strerror(errno)) :
		       0;
}

static bool slot_used(const struct pw_slot *slot)
{
	return __atomic_load_n(&slot->state, __ATOMIC_ACQUIRE) == PW_SLOT_USED;
}

static struct pw_key slot_key(const struct pw_slot *slot)
{
	return (struct pw_key){ .pid = slot->pid, .start_ns = slot->start_ns };
}

static struct pw_known *owner_of(struct pw_bpf *b, uint32_t index)
{
	struct pw_slot *slot = &b->slots[index];
	struct pw_key key = slot_key(slot);
	struct pw_known *p;

	if (b->slot_owner[index])
		return b->slot_owner[index];
	p = pw_bpf_known_get(b, &key);
	if (!p)
		return NULL;
	p->slot = index + 1;
	b->slot_owner[index] = p;
	return p;
}

/*
 * Whether the process of this slot is gone although no EXIT came: visited once
 * and not in this pass, or charged for a page and in no pass since then.
 */
static bool is_gone(struct pw_known *p, const struct pw_slot *slot, uint32_t pass)
{
	bool waited = p->flags & PW_KNOWN_UNVISITED;

	if (slot->pass)
		return slot->pass != pass;
	p->flags |= PW_KNOWN_UNVISITED;
	return waited;
}

int pw_bpf_slots_pass(struct pw_bpf *b, struct pw_error *err)
{
	uint32_t i, pass;
	int rc = run_iterator(b, err);

	if (rc)
		return rc;
	pass = b->skel->bss->pass;
	b->active_count = 0;
	for (i = 0; i < b->capacity; i++) {
		struct pw_slot *slot = &b->slots[i];
		struct pw_known *p;

		if (!slot_used(slot))
			continue;
		b->active[b->active_count++] = i;
		p = owner_of(b, i);
		if (!p)
			continue;
		if (slot->pass) {
			p->parent_pid = slot->parent_pid;
			p->cgroup_id = slot->cgroup_id;
			memcpy(p->comm, slot->comm, sizeof(p->comm));
		}
		if (is_gone(p, slot, pass))
			pw_bpf_known_end(b, p);
	}
	return 0;
}

void pw_bpf_slots_link(struct pw_bpf *b, struct pw_known *p)
{
	uint32_t id, index;

	if (bpf_map_lookup_elem(bpf_map__fd(b->skel->maps.procs), &p->key, &id))
		return;
	index = (id & PW_SLOT_INDEX_MASK) - 1;
	if (index >= b->capacity || b->slot_owner[index])
		return;
	p->slot = index + 1;
	b->slot_owner[index] = p;
}

/* ---- counters ------------------------------------------------------------------- */

static uint64_t at_least_zero(uint64_t x)
{
	return (int64_t)x < 0 ? 0 : x;
}

static uint64_t live_samples(const struct pw_slot *slot)
{
	return at_least_zero(__atomic_load_n(&slot->seeded, __ATOMIC_RELAXED) +
			     __atomic_load_n(&slot->touched, __ATOMIC_RELAXED) -
			     __atomic_load_n(&slot->freed, __ATOMIC_RELAXED));
}

uint64_t pw_bpf_never_falls(uint64_t *last, uint64_t now)
{
	if (now > *last)
		*last = now;
	return *last;
}

static uint32_t counters_flags(const struct pw_bpf *b, const struct pw_known *p,
			       const struct pw_slot *slot)
{
	uint32_t flags = 0;

	if (b->coverage & PW_COVER_LEDGER)
		flags |= PW_COUNTERS_LEDGER;
	if (b->coverage & PW_COVER_VM_CALLS)
		flags |= PW_COUNTERS_VM_CALLS;
	if (b->rss_error_pages)
		flags |= PW_COUNTERS_RSS_BOUND;
	if (p->flags & PW_KNOWN_ENDED)
		flags |= PW_COUNTERS_DEAD;
	if (slot->seeded)
		flags |= PW_COUNTERS_SEEDED;
	return flags;
}

static void fill_counters(const struct pw_bpf *b, struct pw_known *p, const struct pw_slot *slot,
			  struct pw_counters *c)
{
	uint64_t rss;

	*c = (struct pw_counters){
		.rec = { .type = PW_REC_COUNTERS, .size = sizeof(*c) },
		.key = p->key,
		.parent_pid = p->parent_pid,
		.uid = slot->uid,
		.threads = slot->threads,
		.flags = counters_flags(b, p, slot),
		.cgroup_id = p->cgroup_id,
		.anon_pages = at_least_zero(slot->rss[PW_RSS_ANON]),
		.file_pages = at_least_zero(slot->rss[PW_RSS_FILE]),
		.shmem_pages = at_least_zero(slot->rss[PW_RSS_SHMEM]),
		.swap_pages = at_least_zero(slot->rss[PW_RSS_SWAP]),
		.page_table_bytes = slot->page_table_bytes,
		.virtual_pages = slot->virtual_pages,
		.data_pages = slot->data_pages,
		.stack_pages = slot->stack_pages,
		.exec_pages = slot->exec_pages,
		.locked_pages = slot->locked_pages,
		.pinned_pages = slot->pinned_pages,
		.brk_bytes = slot->brk_bytes,
		.hiwater_rss_pages = slot->hiwater_rss_pages,
		.map_count = slot->map_count,
		.minor_faults = pw_bpf_never_falls(&p->minor_faults, slot->minor_faults),
		.major_faults = pw_bpf_never_falls(&p->major_faults, slot->major_faults),
		.cpu_ns = pw_bpf_never_falls(&p->cpu_ns, slot->cpu_ns),
		.ledger_touched_pages = slot->touched << b->sample_shift,
		.ledger_freed_pages = slot->freed << b->sample_shift,
		.ledger_live_pages = live_samples(slot) << b->sample_shift,
		.mmap_bytes = slot->mmap_bytes,
		.munmap_bytes = slot->munmap_bytes,
		.brk_grown_bytes = slot->brk_grown_bytes,
		.brk_shrunk_bytes = slot->brk_shrunk_bytes,
		.rss_error_pages = b->rss_error_pages,
	};
	/* Before 6.2 the kernel's own mark leaves out what the threads have not handed in. */
	rss = c->anon_pages + c->file_pages + c->shmem_pages;
	if (rss > c->hiwater_rss_pages && !(p->flags & PW_KNOWN_ENDED))
		c->hiwater_rss_pages = rss;
	memcpy(c->comm, p->comm, sizeof(c->comm));
}

static int deliver_one(struct pw_bpf *b, struct pw_known *p, const struct pw_slot *slot)
{
	struct pw_counters c;
	uint64_t signature;

	fill_counters(b, p, slot, &c);
	signature = pw_hash_bytes(&c, sizeof(c), 1) | 1;
	if (signature == p->signature)
		return 0;
	p->signature = signature;
	c.rec.time_ns = pw_clock_boot_ns();
	return pw_bpf_deliver(b, &c.rec);
}

int pw_bpf_slots_deliver(struct pw_bpf *b)
{
	uint32_t i;

	for (i = 0; i < b->active_count; i++) {
		uint32_t index = b->active[i];
		struct pw_known *p = b->slot_owner[index];
		int rc;

		/* Charged after the pass: nothing but the ledger is known of it yet. */
		if (!p || (!b->slots[index].pass && !(p->flags & PW_KNOWN_ENDED)))
			continue;
		rc = deliver_one(b, p, &b->slots[index]);
		if (!rc)
			rc = pw_bpf_resources_deliver(b, p, &b->slots[index]);
		if (rc)
			return rc;
	}
	return 0;
}

/* ---- reuse ---------------------------------------------------------------------- */

/*
 * First the generation, so that what the ledger still holds is stale; then the
 * key, so that nobody finds the slot; only then is it empty and free.
 */
static void take_back(struct pw_bpf *b, struct pw_known *p)
{
	struct pw_slot *slot = &b->slots[p->slot - 1];
	uint32_t id = slot->id + (1u << PW_SLOT_INDEX_BITS);

	__atomic_store_n(&slot->id, id, __ATOMIC_SEQ_CST);
	bpf_map_delete_elem(bpf_map__fd(b->skel->maps.procs), &p->key);
	b->retired_touched += slot->touched + slot->seeded;
	b->retired_freed += slot->freed;
	b->slot_owner[p->slot - 1] = NULL;
	memset(slot, 0, sizeof(*slot));
	__atomic_store_n(&slot->id, id, __ATOMIC_SEQ_CST);
	push_id(b, id);
	p->slot = 0;
}

/* Dead processes keep their slot while pages of theirs live, until slots run short. */
void pw_bpf_slots_reclaim(struct pw_bpf *b)
{
	struct pw_known *p, *next;
	uint32_t used = b->active_count, low = b->capacity - b->capacity / 8;

	for (p = b->ended.first; p; p = next) {
		next = p->next;
		if (p->slot) {
			if (live_samples(&b->slots[p->slot - 1]) && used <= low)
				continue;
			take_back(b, p);
			used--;
		}
		pw_bpf_known_forget(b, p);
	}
}

/*
 * A page that was freed while it migrated is never brought back: its record
 * would be taken for another page's one day.
 */
void pw_bpf_drop_unfinished_migrations(struct pw_bpf *b)
{
	int fd = bpf_map__fd(b->skel->maps.migrating);
	uint64_t now = pw_clock_boot_ns();
	struct pw_migration_key key, next;
	struct pw_migration m;
	bool more = !bpf_map_get_next_key(fd, NULL, &next);

	while (more) {
		key = next;
		more = !bpf_map_get_next_key(fd, &key, &next);
		if (!bpf_map_lookup_elem(fd, &key, &m) && m.born_ns + UNFINISHED_NS < now)
			bpf_map_delete_elem(fd, &key);
	}
}

void pw_bpf_slots_totals(struct pw_bpf *b, struct pw_tick *t)
{
	uint64_t touched = b->retired_touched, freed = b->retired_freed;
	uint64_t seeded = 0;
	uint32_t i;

	for (i = 0; i < b->active_count; i++) {
		const struct pw_slot *slot = &b->slots[b->active[i]];

		touched += slot->touched;
		freed += slot->freed;
		seeded += slot->seeded;
	}
	t->ledger_touched_pages = touched << b->sample_shift;
	t->ledger_freed_pages = (freed + t->ledger_freed_pages) << b->sample_shift;
	t->ledger_live_pages =
		at_least_zero(((touched + seeded) << b->sample_shift) - t->ledger_freed_pages);
	t->processes = b->skel->bss->processes_seen;
	t->threads = b->skel->bss->threads_seen;
}
