// SPDX-License-Identifier: GPL-2.0-only
/*
 * The page ledger: who first touched each sampled page of user memory, until
 * it is freed. Raw tracepoints in the page allocator; the filters stand
 * cheapest first and everything behind them is out of line.
 */
#include "bpf/ledger.bpf.h"
#include "bpf/stray.bpf.h"

char LICENSE[] SEC("license") = "GPL";

/* __GFP_* values differ between kernels; user space learns them. */
const volatile __u64 gfp_user; /* HIGHMEM | MOVABLE | HARDWALL: all set for user memory */
const volatile __u64 gfp_cache; /* WRITE | NORETRY: page cache, balloons */
const volatile __u64 gfp_huge; /* NOMEMALLOC: every transparent huge page, no hugetlb page */
const volatile bool follow_collapse;

/* User space sets it each interval: a clock read here would cost more than all the rest. */
__u32 birth_now;

/* A huge page that a kernel thread allocated for an address space yet unknown. */
__u64 collapsing_pfn;
__u32 collapsing_tid;

struct enter_ctx {
	u64 block;
	u64 entry;
};

/* Puts one sampled page into the ledger. */
static __always_inline void enter(u64 block, u64 entry)
{
	u64 *slot_entry = pw_entry(block);
	u64 old;

	if (!slot_entry)
		return;
	old = __sync_lock_test_and_set(slot_entry, entry);
	if (old) {
		pw_credit_free(old);
		pw_count_loss(PW_LOSS_STALE_PAGE);
	}
}

static long enter_block(u32 i, struct enter_ctx *c)
{
	enter(c->block + i, c->entry);
	return 0;
}

/* The process that first touches pages in this context; 0: none. */
static __always_inline u32 current_owner(void)
{
	struct task_struct *task = (void *)bpf_get_current_task_btf();
	struct task_struct *leader;
	struct mm_struct *mm = task->mm;

	if (!mm)
		return 0;
	leader = task->group_leader;
	if (task->flags & PW_PF_KTHREAD) {
		/* kthread_use_mm(): works for somebody else */
		struct task_struct *owner = pw_mm_owner(mm);

		if (!owner)
			return 0;
		return pw_slot_get_cached(BPF_CORE_READ(owner, tgid),
					  BPF_CORE_READ(owner, group_leader, start_boottime));
	}
	if (task->vfork_done && pw_in_execve(task) == false) {
		struct task_struct *parent = task->real_parent;

		if (parent->mm == mm)
			leader = parent->group_leader;
	}
	return pw_slot_get_cached(leader->tgid, leader->start_boottime);
}

/* Charges the sampled pages of an allocation to the slot. */
static __always_inline void charge(u32 id, u64 pfn, u32 order)
{
	struct pw_slot *slot = pw_slot_of(id);
	struct enter_ctx c = { .block = pfn >> sample_shift, .entry = id | (u64)birth_now << 32 };
	u32 blocks = 1;

	if (!slot || slot->id != id)
		return;
	if (order <= sample_shift) {
		enter(c.block, c.entry);
	} else {
		blocks = 1u << ((order - sample_shift) & 31);
		if (blocks > PW_BLOCKS_MAX)
			return;
		bpf_loop(blocks, enter_block, &c, 0);
	}
	__sync_fetch_and_add(&slot->touched, blocks);
}

static __noinline int charge_current(u64 pfn, u32 order, bool again)
{
	u32 id = current_owner();

	if (id) {
		u64 *entry = pw_entry(pfn >> sample_shift);

		if (!again || (entry && (u32)*entry != id))
			charge(id, pfn, order);
		return 0;
	}
	if (again)
		return 0;
	if (order >= PW_ORDER_HUGE && follow_collapse) {
		/* khugepaged says whose it is when it is done */
		collapsing_pfn = pfn;
		collapsing_tid = (u32)bpf_get_current_pid_tgid();
		return 0;
	}
	pw_count_loss(PW_LOSS_NO_OWNER);
	return 0;
}

static __always_inline int on_alloc(struct bpf_raw_tracepoint_args *ctx, bool again)
{
	u64 page = ctx->args[0];
	u32 order = ctx->args[1];
	u64 gfp = (u32)ctx->args[2];
	u64 pfn;

	if ((gfp & gfp_user) != gfp_user)
		return 0;
	if (order == 0) {
		if (gfp & gfp_cache)
			return 0;
	} else if (!(gfp & gfp_huge) && (order >= PW_ORDER_HUGE || (gfp & gfp_cache))) {
		return 0;
	}
	if (!page)
		return 0;
	pfn = pw_pfn_of(page);
	if (pfn >= max_pfn) {
		if (!again)
			pw_count_loss(PW_LOSS_OUT_OF_RANGE);
		return 0;
	}
	if (order < sample_shift && !pw_range_sampled(pfn, order))
		return 0;
	return charge_current(pfn, order, again);
}

SEC("raw_tp/mm_page_alloc")
int page_alloc(struct bpf_raw_tracepoint_args *ctx)
{
	return on_alloc(ctx, false);
}

/*
 * Since 7.0 a program on a tracepoint can be preempted, and until it runs on,
 * the kernel skips it for every other task on its CPU: pages go uncounted for
 * a whole time slice. Where that shows, user space attaches these twins: both
 * are rarely stuck at once, and to see an event twice changes nothing. The
 * second finds the page entered for the same process, or gone.
 */
SEC("raw_tp/mm_page_alloc")
int page_alloc_again(struct bpf_raw_tracepoint_args *ctx)
{
	return on_alloc(ctx, true);
}

static __noinline int leave(u64 block)
{
	u64 *entry = pw_entry(block);
	u64 old;

	/* Most frees are of pages that were never user memory: read before writing. */
	if (!entry || !*(volatile u64 *)entry)
		return 0;
	old = __sync_lock_test_and_set(entry, 0);
	if (old)
		pw_credit_free(old);
	return 0;
}

static long leave_block(u32 i, u64 *first)
{
	leave(*first + i);
	return 0;
}

static __always_inline int on_free(struct bpf_raw_tracepoint_args *ctx)
{
	u64 pfn = pw_pfn_of(ctx->args[0]);
	u32 order = ctx->args[1];

	if (pfn >= max_pfn)
		return 0;
	if (stray_count)
		pw_stray_free(pfn, order);
	if (order < sample_shift && !pw_range_sampled(pfn, order))
		return 0;
	if (order <= sample_shift) {
		leave(pfn >> sample_shift);
	} else {
		u64 first = pfn >> sample_shift;
		u32 blocks = 1u << ((order - sample_shift) & 31);

		if (blocks <= PW_BLOCKS_MAX)
			bpf_loop(blocks, leave_block, &first, 0);
	}
	return 0;
}

SEC("raw_tp/mm_page_free")
int page_free(struct bpf_raw_tracepoint_args *ctx)
{
	return on_free(ctx);
}

SEC("raw_tp/mm_page_free")
int page_free_again(struct bpf_raw_tracepoint_args *ctx)
{
	return on_free(ctx);
}

/* khugepaged has put a huge page in place: it is now its address space's. */
static __noinline int collapsed(struct mm_struct *mm)
{
	u64 pfn = collapsing_pfn;
	struct task_struct *owner;
	u32 id = 0;

	if (!pfn || collapsing_tid != (u32)bpf_get_current_pid_tgid())
		return 0;
	collapsing_pfn = 0;
	owner = pw_mm_owner(mm);
	if (owner)
		id = pw_slot_get(BPF_CORE_READ(owner, tgid),
				 BPF_CORE_READ(owner, group_leader, start_boottime));
	if (id)
		charge(id, pfn, PW_ORDER_HUGE);
	else
		pw_count_loss(PW_LOSS_NO_OWNER);
	return 0;
}

/* enum scan_result is private to mm/khugepaged.c; its second value has always been success */
#define PW_SCAN_SUCCEED 1

/* (mm, isolated, status); the old pages were freed before it */
SEC("?raw_tp/mm_collapse_huge_page")
int collapse_anon(struct bpf_raw_tracepoint_args *ctx)
{
	if ((u32)ctx->args[2] != PW_SCAN_SUCCEED)
		return 0;
	return collapsed((void *)ctx->args[0]);
}

/*
 * (mm, page, index, is_shmem, addr, file, nr, result) on 6.1; addr comes before
 * is_shmem later. An address is never 1. Files other than shmem are page cache.
 */
SEC("?raw_tp/mm_khugepaged_collapse_file")
int collapse_file(struct bpf_raw_tracepoint_args *ctx)
{
	if ((u32)ctx->args[7] != PW_SCAN_SUCCEED)
		return 0;
	if ((ctx->args[3] != 1) && (ctx->args[4] != 1))
		return 0;
	return collapsed((void *)ctx->args[0]);
}
