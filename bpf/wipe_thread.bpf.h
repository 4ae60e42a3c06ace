/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a thread has open while it is in a probed function, and the wiped ranges
 * that the releases are matched with.
 */
#ifndef PW_WIPE_THREAD_BPF_H
#define PW_WIPE_THREAD_BPF_H

#include "bpf/wipe.bpf.h"

#define PW_CALL_DEPTH 8 /* a power of two */
#define PW_WIPE_THREADS_MAX 4096 /* inside a probed function at the same time */

struct wipe_call {
	u64 sp; /* where the return address stands */
	u64 address;
	u64 size;
	u64 caller;
	u64 cookie;
	u64 entered_ns;
	u8 fill;
	u8 flags; /* PW_WIPE_* */
	u8 inside; /* belongs to the call below it in the stack */
	u8 twins; /* the same call through other probes of the same inode */
	u32 reserved;
};

struct wipe_thread {
	u64 depth;
	struct wipe_call calls[PW_CALL_DEPTH];
	struct pw_look look;
};

/* By thread id. Preallocated, so that no call goes by for want of memory. An entry lives while a
 * call is open, or until the thread ends. */
PW_EXTERN struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, PW_WIPE_THREADS_MAX);
	__type(key, u32);
	__type(value, struct wipe_thread);
} wipe_threads SEC(".maps");

static const struct wipe_thread pw_no_calls;

/* Takes the thread's entry; NULL: there is no room. */
static __always_inline struct wipe_thread *pw_thread_get(u32 tid)
{
	struct wipe_thread *t = bpf_map_lookup_elem(&wipe_threads, &tid);

	if (t)
		return t;
	if (bpf_map_update_elem(&wipe_threads, &tid, &pw_no_calls, BPF_NOEXIST))
		return NULL;
	return bpf_map_lookup_elem(&wipe_threads, &tid);
}

static __always_inline void pw_thread_put(const struct wipe_thread *t, u32 tid)
{
	if (!t->depth)
		bpf_map_delete_elem(&wipe_threads, &tid);
}

/* ---- wiped ranges ----------------------------------------------------------------- */

struct wiped_key {
	u64 start_ns; /* with pid: the process */
	u64 address;
	u32 pid;
	u32 reserved;
};

struct wiped_range {
	u64 size;
	u64 time_ns;
	u64 caller;
	u16 function;
	u8 fill;
	u8 reserved[5];
};

/* The newest ones; what is pushed out counts as never wiped. One entry each where nothing is released. */
PW_EXTERN struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1);
	__type(key, struct wiped_key);
	__type(value, struct wiped_range);
} wiped_ranges SEC(".maps");

/* Those of them that an munmap may take: few, because each munmap looks at all. */
PW_EXTERN struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1);
	__type(key, struct wiped_key);
	__type(value, struct wiped_range);
} wiped_areas SEC(".maps");

static __always_inline void pw_remember_wipe(const struct pw_wipe *w)
{
	struct wiped_key key = { .start_ns = w->key.start_ns,
				 .address = w->address,
				 .pid = w->key.pid };
	struct wiped_range range = {
		.size = w->size,
		.time_ns = w->rec.time_ns,
		.caller = w->caller,
		.function = w->function,
		.fill = w->fill,
	};

	if (w->segment_kind == PW_SEG_STACK)
		return;
	bpf_map_update_elem(&wiped_ranges, &key, &range, BPF_ANY);
	if (w->segment_kind == PW_SEG_KINDS)
		bpf_map_update_elem(&wiped_areas, &key, &range, BPF_ANY);
}

#endif /* PW_WIPE_THREAD_BPF_H */
