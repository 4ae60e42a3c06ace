// SPDX-License-Identifier: GPL-2.0-only
/*
 * The exact counters of every process, once per interval and never on a
 * fault: an iterator visits every thread and sums into the slot of its
 * process. User space starts a pass by raising `pass`; what a slot's pass
 * field does not show as visited in this pass is not running any more.
 */
#include "bpf/resources.bpf.h"

char LICENSE[] SEC("license") = "GPL";

#define PW_CPUS_MAX 1024

__u32 pass;
__u64 pass_ns; /* when it began */
__u64 threads_seen;
__u64 processes_seen;

/* Distance of each CPU's per-CPU variables from their common address; see learn_cpus. */
__u32 cpus_known;
__u64 cpu_offset[PW_CPUS_MAX];
const volatile __u32 cpus;

/* ---- per-CPU offsets --------------------------------------------------------- */

/*
 * __per_cpu_offset is not in kallsyms. But the kernel tells the address of a
 * per-CPU map's element on each CPU, and the map itself holds the common
 * address: the difference is the CPU's offset.
 */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u64);
} yardstick SEC(".maps");

/* A pointer that has been through memory is a number. */
static volatile u64 as_number;

static long learn_cpu(u32 cpu, u64 *common)
{
	u32 zero = 0;
	void *here = bpf_map_lookup_percpu_elem(&yardstick, &zero, cpu);

	if (!here || cpu >= PW_CPUS_MAX)
		return 1;
	as_number = (u64)here;
	cpu_offset[cpu & (PW_CPUS_MAX - 1)] = as_number - *common;
	cpus_known = cpu + 1;
	return 0;
}

SEC("raw_tp")
int learn_cpus(void *ctx)
{
	u64 common = 0;

	as_number = (u64)&yardstick;
	if (bpf_probe_read_kernel(&common, sizeof(common),
				  (void *)(as_number + bpf_core_field_offset(struct bpf_array, pptrs))))
		return 0;
	if (!common)
		return 0;
	bpf_loop(cpus < PW_CPUS_MAX ? cpus : PW_CPUS_MAX, learn_cpu, &common, 0);
	return 0;
}

/* ---- rss_stat ----------------------------------------------------------------- */

struct rss_sum {
	u64 counters[PW_MM_COUNTERS]; /* per-CPU addresses */
	s64 sum[PW_MM_COUNTERS];
};

/* The four are one allocation since 14ef95be6f55 (6.6): one read per CPU. */
static long add_cpu_together(u32 cpu, struct rss_sum *s)
{
	s32 part[PW_MM_COUNTERS];
	u64 offset = cpu_offset[cpu & (PW_CPUS_MAX - 1)];

	if (bpf_probe_read_kernel(part, sizeof(part), (void *)(s->counters[0] + offset)))
		return 0;
	s->sum[0] += part[0];
	s->sum[1] += part[1];
	s->sum[2] += part[2];
	s->sum[3] += part[3];
	return 0;
}

static long add_cpu_apart(u32 cpu, struct rss_sum *s)
{
	u64 offset = cpu_offset[cpu & (PW_CPUS_MAX - 1)];
	int i;

#pragma unroll
	for (i = 0; i < PW_MM_COUNTERS; i++) {
		s32 part = 0;

		bpf_probe_read_kernel(&part, sizeof(part), (void *)(s->counters[i] + offset));
		s->sum[i] += part;
	}
	return 0;
}

static __always_inline void read_rss_percpu(struct mm_struct *mm, struct rss_sum *s)
{
	struct mm_struct___percpu *m = (void *)mm;

	/* Written out: a relocated access takes no loop variable as its index. */
	s->sum[0] = BPF_CORE_READ(m, rss_stat[0].count);
	s->sum[1] = BPF_CORE_READ(m, rss_stat[1].count);
	s->sum[2] = BPF_CORE_READ(m, rss_stat[2].count);
	s->sum[3] = BPF_CORE_READ(m, rss_stat[3].count);
	s->counters[0] = (u64)BPF_CORE_READ(m, rss_stat[0].counters);
	s->counters[1] = (u64)BPF_CORE_READ(m, rss_stat[1].counters);
	s->counters[2] = (u64)BPF_CORE_READ(m, rss_stat[2].counters);
	s->counters[3] = (u64)BPF_CORE_READ(m, rss_stat[3].counters);
	if (!cpus_known)
		return;
	if (s->counters[1] == s->counters[0] + sizeof(s32) &&
	    s->counters[2] == s->counters[0] + 2 * sizeof(s32) &&
	    s->counters[3] == s->counters[0] + 3 * sizeof(s32))
		bpf_loop(cpus_known, add_cpu_together, s, 0);
	else
		bpf_loop(cpus_known, add_cpu_apart, s, 0);
}

static __always_inline u64 not_negative(s64 x)
{
	return x < 0 ? 0 : x;
}

/* Adds to the slot, because before 6.2 the threads' caches are added as well. */
static __noinline u64 add_rss(struct mm_struct *mm, struct pw_slot *slot)
{
	struct rss_sum s = {};

	if (bpf_core_field_exists(struct mm_struct___percpu, rss_stat[0].counters)) {
		read_rss_percpu(mm, &s);
	} else {
		struct mm_struct___atomic *m = (void *)mm;

		s.sum[0] = BPF_CORE_READ(m, rss_stat.count[0].counter);
		s.sum[1] = BPF_CORE_READ(m, rss_stat.count[1].counter);
		s.sum[2] = BPF_CORE_READ(m, rss_stat.count[2].counter);
		s.sum[3] = BPF_CORE_READ(m, rss_stat.count[3].counter);
	}
	slot->rss[PW_RSS_FILE] += s.sum[PW_MM_FILEPAGES];
	slot->rss[PW_RSS_ANON] += s.sum[PW_MM_ANONPAGES];
	slot->rss[PW_RSS_SWAP] += s.sum[PW_MM_SWAPENTS];
	slot->rss[PW_RSS_SHMEM] += s.sum[PW_MM_SHMEMPAGES];
	return not_negative(s.sum[PW_MM_FILEPAGES] + s.sum[PW_MM_ANONPAGES] + s.sum[PW_MM_SHMEMPAGES]);
}

/* What this thread has counted and not yet handed to its mm (before 6.2). */
static __always_inline void add_task_cache(struct task_struct *task, struct pw_slot *slot)
{
	struct task_struct___cache *t = (void *)task;

	if (!bpf_core_field_exists(t->rss_stat))
		return;
	slot->rss[PW_RSS_FILE] += (s64)BPF_CORE_READ(t, rss_stat.count[PW_MM_FILEPAGES]);
	slot->rss[PW_RSS_ANON] += (s64)BPF_CORE_READ(t, rss_stat.count[PW_MM_ANONPAGES]);
	slot->rss[PW_RSS_SWAP] += (s64)BPF_CORE_READ(t, rss_stat.count[PW_MM_SWAPENTS]);
	slot->rss[PW_RSS_SHMEM] += (s64)BPF_CORE_READ(t, rss_stat.count[PW_MM_SHMEMPAGES]);
}

/* ---- one thread ----------------------------------------------------------------- */

static __always_inline void fill_mm(struct mm_struct *mm, struct pw_slot *slot)
{
	u64 rss = add_rss(mm, slot);
	u64 peak = mm->hiwater_rss;

	slot->hiwater_rss_pages = peak > rss ? peak : rss;
	slot->page_table_bytes = mm->pgtables_bytes.counter;
	slot->virtual_pages = mm->total_vm;
	slot->data_pages = mm->data_vm;
	slot->stack_pages = mm->stack_vm;
	slot->exec_pages = mm->exec_vm;
	slot->locked_pages = mm->locked_vm;
	slot->pinned_pages = mm->pinned_vm.counter;
	slot->brk_bytes = mm->brk - mm->start_brk;
	slot->map_count = mm->map_count;
}

static __always_inline void clear_mm(struct pw_slot *slot)
{
	slot->rss[PW_RSS_ANON] = 0;
	slot->rss[PW_RSS_FILE] = 0;
	slot->rss[PW_RSS_SHMEM] = 0;
	slot->rss[PW_RSS_SWAP] = 0;
	slot->page_table_bytes = 0;
	slot->virtual_pages = 0;
	slot->data_pages = 0;
	slot->stack_pages = 0;
	slot->exec_pages = 0;
	slot->locked_pages = 0;
	slot->pinned_pages = 0;
	slot->brk_bytes = 0;
	slot->map_count = 0;
}

/* The first thread of its process in this pass: what belongs to all of them. */
static __noinline int begin_process(struct task_struct *leader, struct pw_slot *slot)
{
	struct signal_struct *signal = leader->signal;

	slot->pass = pass;
	slot->threads = 0;
	slot->minor_faults = signal->min_flt;
	slot->major_faults = signal->maj_flt;
	slot->cpu_ns = signal->sum_sched_runtime;
	slot->parent_pid = leader->real_parent->tgid;
	slot->uid = leader->real_cred->uid.val;
	slot->cgroup_id = leader->cgroups->dfl_cgrp->kn->id;
	bpf_probe_read_kernel(slot->comm, sizeof(slot->comm), leader->comm);
	clear_mm(slot);
	processes_seen++;
	return 0;
}

static __noinline int visit(struct task_struct *task, struct pw_slot *slot)
{
	struct task_struct *leader = task->group_leader;
	struct mm_struct *mm = task->mm;

	if (slot->pass != pass) {
		begin_process(leader, slot);
		begin_resources(leader, slot, pass_ns);
	}
	add_resources(task, slot);
	slot->threads++;
	slot->minor_faults += task->min_flt;
	slot->major_faults += task->maj_flt;
	slot->cpu_ns += task->se.sum_exec_runtime;
	if (!mm)
		return 0;
	/* Until it execs, a vfork child's memory is its parent's. */
	slot->vfork_child = task->vfork_done && task->real_parent->mm == mm;
	if (slot->vfork_child)
		return 0;
	add_task_cache(task, slot);
	if (slot->mm_pass != pass) {
		slot->mm_pass = pass;
		fill_mm(mm, slot);
	}
	return 0;
}

SEC("iter/task")
int count_tasks(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	struct task_struct *leader;
	struct pw_slot *slot;
	u32 id;

	if (!task || task->flags & PW_PF_KTHREAD)
		return 0;
	threads_seen++;
	leader = task->group_leader;
	/* A process that is ending, or has no address space any more, gets no new slot. */
	if (task->mm && task->signal->live.counter > 0)
		id = pw_slot_get(leader->tgid, leader->start_boottime);
	else
		id = pw_slot_find(leader->tgid, leader->start_boottime);
	if (!id)
		return 0;
	slot = pw_slot_of(id);
	if (slot && slot->id == id)
		visit(task, slot);
	return 0;
}
