/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The one ring of records and the counters of what was lost. Each object that
 * emits defines these maps (PW_DEFINE_MAPS in one of its files); user space
 * gives all objects the same two.
 *
 * tried = received + RING_FULL, exactly: every attempt is counted, and so is
 * every failed reserve. The reader is woken only when the ring is half full;
 * otherwise it comes by itself at the end of its interval.
 */
#ifndef PW_EVENTS_BPF_H
#define PW_EVENTS_BPF_H

#include "bpf/core_compat.bpf.h"

#ifdef PW_DEFINE_MAPS
#define PW_EXTERN
#else
#define PW_EXTERN extern
#endif

PW_EXTERN struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct pw_stats);
} stats SEC(".maps");

PW_EXTERN struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} events SEC(".maps");

#ifdef PW_DEFINE_MAPS
const volatile __u64 ring_half; /* bytes that wake the reader */
#else
extern const volatile __u64 ring_half;
#endif

static __always_inline struct pw_stats *pw_stats(void)
{
	u32 zero = 0;

	return bpf_map_lookup_elem(&stats, &zero);
}

static __always_inline void pw_count_loss(u32 cause)
{
	struct pw_stats *s = pw_stats();

	if (s && cause < PW_LOSS_CAUSES)
		s->lost[cause]++;
}

/* Atomic, because uprobes and the tracepoints of new kernels can be preempted. */
static __always_inline void *pw_event_reserve(u64 size)
{
	struct pw_stats *s = pw_stats();
	void *rec;

	if (!s)
		return NULL;
	__sync_fetch_and_add(&s->events_tried, 1);
	rec = bpf_ringbuf_reserve(&events, size, 0);
	if (!rec)
		__sync_fetch_and_add(&s->lost[PW_LOSS_RING_FULL], 1);
	return rec;
}

static __always_inline void pw_event_submit(void *rec)
{
	u64 waiting = bpf_ringbuf_query(&events, BPF_RB_AVAIL_DATA);

	bpf_ringbuf_submit(rec, waiting >= ring_half ? BPF_RB_FORCE_WAKEUP : BPF_RB_NO_WAKEUP);
}

static __always_inline void pw_event_begin(struct pw_record *rec, u16 type, u16 size)
{
	rec->type = type;
	rec->size = size;
	rec->reserved = 0;
	rec->time_ns = bpf_ktime_get_boot_ns();
}

static __always_inline void pw_event_key(struct pw_key *key, struct task_struct *leader)
{
	key->pid = BPF_CORE_READ(leader, tgid);
	key->reserved = 0;
	key->start_ns = BPF_CORE_READ(leader, start_boottime);
}

static __always_inline u64 pw_cgroup_of(struct task_struct *task)
{
	return BPF_CORE_READ(task, cgroups, dfl_cgrp, kn, id);
}

#endif /* PW_EVENTS_BPF_H */
