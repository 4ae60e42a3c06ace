/* SPDX-License-Identifier: GPL-2.0-only */
/* From a task to the slot of its process. */
#ifndef PW_OWNER_BPF_H
#define PW_OWNER_BPF_H

#include "bpf/maps.bpf.h"

static __always_inline struct pw_slot *pw_slot_of(u32 id)
{
	u32 index = (id & PW_SLOT_INDEX_MASK) - 1;

	return bpf_map_lookup_elem(&slots, &index);
}

/* The id of the process's slot; 0 when it has none. */
PW_SUBPROG u32 pw_slot_find(u32 pid, u64 start_ns)
{
	struct pw_key key = { .pid = pid, .start_ns = start_ns };
	u32 *id = bpf_map_lookup_elem(&procs, &key);

	return id ? *id : 0;
}

/*
 * Takes a free slot for a process that has none. Two CPUs may race: one wins
 * the key, the other puts its slot back. 0: no slot is free (counted).
 */
PW_SUBPROG u32 pw_slot_create(u32 pid, u64 start_ns)
{
	struct pw_key key = { .pid = pid, .start_ns = start_ns };
	struct pw_slot *slot;
	u32 id = 0;

	if (bpf_map_pop_elem(&free_slots, &id)) {
		pw_count_loss(PW_LOSS_SLOTS_FULL);
		return 0;
	}
	slot = pw_slot_of(id);
	if (!slot)
		return 0;
	slot->pid = pid;
	slot->start_ns = start_ns;
	if (bpf_map_update_elem(&procs, &key, &id, BPF_NOEXIST)) {
		bpf_map_push_elem(&free_slots, &id, 0);
		return pw_slot_find(pid, start_ns);
	}
	slot->state = PW_SLOT_USED;
	return id;
}

static __always_inline u32 pw_slot_get(u32 pid, u64 start_ns)
{
	u32 id = pw_slot_find(pid, start_ns);

	return id ? id : pw_slot_create(pid, start_ns);
}

/* The same through a one-entry cache per CPU: page faults come in runs. */
static __always_inline u32 pw_slot_get_cached(u32 pid, u64 start_ns)
{
	struct pw_last_owner *last;
	u32 zero = 0, id;

	last = bpf_map_lookup_elem(&last_owner, &zero);
	if (!last)
		return 0;
	if (last->pid == pid && last->start_ns == start_ns)
		return last->id;
	id = pw_slot_get(pid, start_ns);
	if (id) {
		/* An interrupt's program on this CPU must not see a torn entry. */
		last->pid = 0;
		barrier();
		last->start_ns = start_ns;
		last->id = id;
		barrier();
		last->pid = pid;
	}
	return id;
}

#endif /* PW_OWNER_BPF_H */
