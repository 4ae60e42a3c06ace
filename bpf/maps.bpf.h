/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Maps and options that the programs share. bpf/maps.bpf.c defines them; the
 * sizes that depend on the machine are set by user space before the load.
 */
#ifndef PW_MAPS_BPF_H
#define PW_MAPS_BPF_H

#include "bpf/events.bpf.h"

/* One entry per block of sample_every pages; see slot.h. */
PW_EXTERN struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u64);
} ledger SEC(".maps");

PW_EXTERN struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct pw_slot);
} slots SEC(".maps");

/* Ids of unused slots; user space fills it. */
PW_EXTERN struct {
	__uint(type, BPF_MAP_TYPE_STACK);
	__uint(max_entries, 1);
	__type(value, u32);
} free_slots SEC(".maps");

PW_EXTERN struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, struct pw_key);
	__type(value, u32);
} procs SEC(".maps");

/* The last process that this CPU charged. */
struct pw_last_owner {
	u64 start_ns;
	u32 pid;
	u32 id;
};

PW_EXTERN struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct pw_last_owner);
} last_owner SEC(".maps");

PW_EXTERN struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 4096);
	__type(key, struct pw_migration_key);
	__type(value, struct pw_migration);
} migrating SEC(".maps");

/* PFN -> entry, of pages whose contents were sampled before they moved to a PFN that is not. */
PW_EXTERN struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1);
	__type(key, u64);
	__type(value, u64);
} strays SEC(".maps");

/* One bit per PFN: whether `strays` has it. */
PW_EXTERN struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u64);
} stray_bits SEC(".maps");

#endif /* PW_MAPS_BPF_H */
