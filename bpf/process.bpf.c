// SPDX-License-Identifier: GPL-2.0-only
/* The events of a process's life, as records of the ABI through the ring. */
#include "bpf/owner.bpf.h"

char LICENSE[] SEC("license") = "GPL";

const volatile bool exit_tells_last; /* the tracepoint's second argument: last thread */
const volatile bool victim_is_pid; /* mark_victim gives a pid, not a task */

static __always_inline struct pw_slot *slot_of_key(const struct pw_key *key)
{
	u32 id = pw_slot_find(key->pid, key->start_ns);
	struct pw_slot *slot = id ? pw_slot_of(id) : NULL;

	return slot && slot->id == id ? slot : NULL;
}

/* (parent, child) */
SEC("raw_tp/sched_process_fork")
int process_fork(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *child = (void *)ctx->args[1];
	struct task_struct *parent;
	struct pw_fork *rec;

	if (BPF_CORE_READ(child, group_leader) != child || BPF_CORE_READ(child, flags) & PW_PF_KTHREAD)
		return 0;
	rec = pw_event_reserve(sizeof(*rec));
	if (!rec)
		return 0;
	pw_event_begin(&rec->rec, PW_REC_FORK, sizeof(*rec));
	pw_event_key(&rec->key, child);
	parent = BPF_CORE_READ(child, real_parent, group_leader);
	pw_event_key(&rec->parent, parent);
	rec->cgroup_id = pw_cgroup_of(child);
	bpf_probe_read_kernel(rec->comm, sizeof(rec->comm), child->comm);
	pw_event_submit(rec);
	return 0;
}

/* (task, old_pid, bprm) */
SEC("raw_tp/sched_process_exec")
int process_exec(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *task = (void *)ctx->args[0];
	struct linux_binprm *bprm = (void *)ctx->args[2];
	struct pw_slot *slot;
	struct pw_exec *rec;
	struct pw_key key;
	long len;

	pw_event_key(&key, BPF_CORE_READ(task, group_leader));
	slot = slot_of_key(&key);
	if (slot)
		slot->brk_seen = 0;
	rec = pw_event_reserve(sizeof(*rec));
	if (!rec)
		return 0;
	pw_event_begin(&rec->rec, PW_REC_EXEC, sizeof(*rec));
	rec->key = key;
	rec->cgroup_id = pw_cgroup_of(task);
	bpf_probe_read_kernel(rec->comm, sizeof(rec->comm), task->comm);
	/* The ring's memory is reused: nothing of the last record may show behind the NUL. */
	__builtin_memset(rec->path, 0, sizeof(rec->path));
	len = bpf_probe_read_kernel_str(rec->path, sizeof(rec->path), BPF_CORE_READ(bprm, filename));
	if (len < 0)
		rec->path[0] = 0;
	pw_event_submit(rec);
	return 0;
}

/* Processes whose EXIT was sent; the kernel's table of the dying is small. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, struct pw_key);
	__type(value, u8);
} ended SEC(".maps");

/*
 * Whether this is the last thread. Until the tracepoint told it (6.16), two
 * threads that end at once may both find the count at 0: the first one speaks.
 */
static __always_inline bool is_last(struct bpf_raw_tracepoint_args *ctx, struct task_struct *task,
				    const struct pw_key *key)
{
	u8 one = 1;

	if (exit_tells_last)
		return ctx->args[1] & 1;
	if (BPF_CORE_READ(task, signal, live.counter) != 0)
		return false;
	return bpf_map_update_elem(&ended, key, &one, BPF_NOEXIST) == 0;
}

/* (task) or (task, group_dead); the mm is gone already before 6.16 */
SEC("raw_tp/sched_process_exit")
int process_exit(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *task = (void *)ctx->args[0];
	struct mm_struct *mm = BPF_CORE_READ(task, mm);
	struct signal_struct *signal;
	struct pw_slot *slot;
	struct pw_exit *rec;
	struct pw_key key;

	if (BPF_CORE_READ(task, flags) & PW_PF_KTHREAD)
		return 0;
	pw_event_key(&key, BPF_CORE_READ(task, group_leader));
	if (!is_last(ctx, task, &key))
		return 0;
	rec = pw_event_reserve(sizeof(*rec));
	if (!rec)
		return 0;
	signal = BPF_CORE_READ(task, signal);
	pw_event_begin(&rec->rec, PW_REC_EXIT, sizeof(*rec));
	rec->key = key;
	rec->exit_code = BPF_CORE_READ(signal, group_exit_code);
	if (!rec->exit_code)
		rec->exit_code = BPF_CORE_READ(task, exit_code);
	rec->reserved = 0;
	rec->minor_faults = BPF_CORE_READ(signal, min_flt) + BPF_CORE_READ(task, min_flt);
	rec->major_faults = BPF_CORE_READ(signal, maj_flt) + BPF_CORE_READ(task, maj_flt);
	slot = slot_of_key(&key);
	rec->hiwater_rss_pages = slot ? slot->hiwater_rss_pages : 0;
	if (mm) {
		u64 peak = BPF_CORE_READ(mm, hiwater_rss);

		if (peak > rec->hiwater_rss_pages)
			rec->hiwater_rss_pages = peak;
	}
	bpf_probe_read_kernel(rec->comm, sizeof(rec->comm), task->comm);
	pw_event_submit(rec);
	return 0;
}

/* (pid) until 72ba14deb40a (6.10), then (task, uid) */
SEC("?raw_tp/mark_victim")
int oom_kill(struct bpf_raw_tracepoint_args *ctx)
{
	struct pw_oom *rec = pw_event_reserve(sizeof(*rec));
	struct pw_slot *slot = NULL;

	if (!rec)
		return 0;
	__builtin_memset(rec, 0, sizeof(*rec));
	pw_event_begin(&rec->rec, PW_REC_OOM, sizeof(*rec));
	if (victim_is_pid) {
		/* user space knows its start, or reads it */
		rec->key.pid = (u32)ctx->args[0];
	} else {
		struct task_struct *task = (void *)ctx->args[0];

		pw_event_key(&rec->key, BPF_CORE_READ(task, group_leader));
		bpf_probe_read_kernel(rec->comm, sizeof(rec->comm), task->comm);
		slot = slot_of_key(&rec->key);
	}
	if (slot) {
		rec->anon_pages = slot->rss[PW_RSS_ANON];
		rec->file_pages = slot->rss[PW_RSS_FILE];
		rec->shmem_pages = slot->rss[PW_RSS_SHMEM];
	}
	pw_event_submit(rec);
	return 0;
}
