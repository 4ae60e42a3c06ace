// SPDX-License-Identifier: GPL-2.0-only
/*
 * Gross volumes of address space that a process asks for and gives back: mmap,
 * munmap, brk and mremap. On their functions' exit where fentry loads, which
 * costs nobody else anything; on request through the tracepoint of every
 * system call's exit. 32-bit programs on a 64-bit kernel are not seen.
 */
#include "bpf/owner.bpf.h"

char LICENSE[] SEC("license") = "GPL";

/* x86-64, arch/x86/entry/syscalls/syscall_64.tbl */
#define NR_MMAP 9
#define NR_MUNMAP 11
#define NR_BRK 12
#define NR_MREMAP 25
#define PAGE_BYTES 4096ull
#define ERRNO_MAX 4095ull

static __always_inline struct pw_slot *current_slot(void)
{
	struct task_struct *task = (void *)bpf_get_current_task_btf();
	struct task_struct *leader = task->group_leader;
	struct pw_slot *slot;
	u32 id;

	id = pw_slot_get_cached(leader->tgid, leader->start_boottime);
	slot = id ? pw_slot_of(id) : NULL;
	return slot && slot->id == id ? slot : NULL;
}

static __always_inline u64 whole_pages(u64 bytes)
{
	return (bytes + PAGE_BYTES - 1) & ~(PAGE_BYTES - 1);
}

static __always_inline void add(u64 *to, u64 bytes)
{
	__sync_fetch_and_add(to, bytes);
}

/* brk returns where the heap ends now; the first call of a program only asks. */
static __always_inline void count_brk(struct pw_slot *slot, u64 end)
{
	u64 before = slot->brk_seen;

	slot->brk_seen = end;
	if (!before)
		return;
	if (end > before)
		add(&slot->brk_grown_bytes, end - before);
	else if (end < before)
		add(&slot->brk_shrunk_bytes, before - end);
}

static __noinline int count_call(u32 nr, struct pt_regs *regs, u64 result)
{
	u64 second = whole_pages(BPF_CORE_READ(regs, si));
	u64 third = whole_pages(BPF_CORE_READ(regs, dx));
	struct pw_slot *slot;

	if (result >= -ERRNO_MAX)
		return 0;
	slot = current_slot();
	if (!slot)
		return 0;
	if (nr == NR_MMAP)
		add(&slot->mmap_bytes, second);
	else if (nr == NR_MUNMAP)
		add(&slot->munmap_bytes, second);
	else if (nr == NR_BRK)
		count_brk(slot, result);
	else if (third > second)
		add(&slot->mmap_bytes, third - second);
	else
		add(&slot->munmap_bytes, second - third);
	return 0;
}

SEC("?fexit/__x64_sys_mmap")
int BPF_PROG(exit_mmap, struct pt_regs *regs, long result)
{
	return count_call(NR_MMAP, regs, result);
}

SEC("?fexit/__x64_sys_munmap")
int BPF_PROG(exit_munmap, struct pt_regs *regs, long result)
{
	return count_call(NR_MUNMAP, regs, result);
}

SEC("?fexit/__x64_sys_brk")
int BPF_PROG(exit_brk, struct pt_regs *regs, long result)
{
	return count_call(NR_BRK, regs, result);
}

SEC("?fexit/__x64_sys_mremap")
int BPF_PROG(exit_mremap, struct pt_regs *regs, long result)
{
	return count_call(NR_MREMAP, regs, result);
}

/* (regs, result) */
SEC("?raw_tp/sys_exit")
int exit_any(struct bpf_raw_tracepoint_args *ctx)
{
	struct pt_regs *regs = (void *)ctx->args[0];
	u64 nr = BPF_CORE_READ(regs, orig_ax);

	if (nr != NR_MMAP && nr != NR_MUNMAP && nr != NR_BRK && nr != NR_MREMAP)
		return 0;
	return count_call(nr, regs, ctx->args[1]);
}
