// SPDX-License-Identifier: GPL-2.0-only
/*
 * Migration (compaction, NUMA balancing, CMA, offlining): contents move from
 * one PFN to another and take their entry along. set_migration_* shows the old
 * PFN, remove_migration_* the new one; the thread that migrates does both,
 * batch-wise since 6.3, for each mapping of a page. Only sources that have an
 * entry are remembered between the two.
 *
 * The old entry is cleared at the second step, because a migration that fails
 * puts the old PFN back, as does the split of a huge page.
 */
#include "bpf/stray.bpf.h"

char LICENSE[] SEC("license") = "GPL";

#define PW_HUGE_PAGES (1u << PW_ORDER_HUGE)

static __noinline u64 peek(u64 pfn)
{
	u64 *entry;

	if (pw_sampled(pfn)) {
		entry = pw_entry(pfn >> sample_shift);
		return entry ? *entry : 0;
	}
	return stray_count ? pw_stray_peek(pfn) : 0;
}

/* A block of a huge page always has an entry, wherever in the block it stands. */
static __always_inline u64 peek_huge(u64 pfn)
{
	u64 *entry = pw_entry(pfn >> sample_shift);

	return entry ? *entry : 0;
}

/* Replaces an entry; what stood there was charged when the copy's page was allocated. */
static __always_inline void replace(u64 block, u64 with)
{
	u64 *entry = pw_entry(block);
	u64 old;

	if (!entry)
		return;
	old = __sync_lock_test_and_set(entry, with);
	if (old)
		pw_credit_free(old);
}

/*
 * Whether this entry was made for the running thread: when it allocated the
 * page that it now copies to. Of a source that was not in the ledger, the copy
 * shall not be either. What belongs to somebody else stays: a fork during a
 * migration brings a page back once more often than it was taken out.
 */
static __noinline bool is_mine(u64 entry)
{
	struct task_struct *task = (void *)bpf_get_current_task_btf();
	struct task_struct *leader = task->group_leader;

	return entry && (u32)entry == pw_slot_find(leader->tgid, leader->start_boottime);
}

static __noinline int forget(u64 pfn)
{
	if (!is_mine(peek(pfn)))
		return 0;
	if (pw_sampled(pfn))
		replace(pfn >> sample_shift, 0);
	else
		pw_credit_free(pw_stray_take(pfn));
	return 0;
}

static __noinline int move(u64 from, u64 to, u64 entry)
{
	u64 *source;

	if (pw_sampled(from)) {
		source = pw_entry(from >> sample_shift);
		/* Another mapping of the same page moved it already, or it was freed. */
		if (!source || __sync_val_compare_and_swap(source, entry, 0) != entry)
			return 0;
	} else if (pw_stray_take(from) != entry) {
		return 0;
	}
	if (pw_sampled(to)) {
		replace(to >> sample_shift, entry);
	} else {
		pw_stray_put(to, entry);
	}
	return 0;
}

struct huge_move {
	u64 from;
	u64 to;
};

static long move_block(u32 i, struct huge_move *m)
{
	u64 *source = pw_entry(m->from + i);

	if (source)
		replace(m->to + i, __sync_lock_test_and_set(source, 0));
	return 0;
}

static long forget_block(u32 i, u64 *block)
{
	replace(*block + i, 0);
	return 0;
}

static __always_inline void move_huge(u64 from, u64 to)
{
	struct huge_move m = { .from = from >> sample_shift, .to = to >> sample_shift };

	bpf_loop(PW_HUGE_PAGES >> sample_shift, move_block, &m, 0);
}

static __always_inline void forget_huge(u64 pfn)
{
	u64 block = pfn >> sample_shift;

	if (!is_mine(peek_huge(pfn)))
		return;
	bpf_loop(PW_HUGE_PAGES >> sample_shift, forget_block, &block, 0);
}

static __always_inline u64 object_of(u64 pfn)
{
	return pw_page_object(vmemmap_base + (pfn << page_shift));
}

/* Remembers one more mapping of a page that is in the ledger. */
static __always_inline bool remember(struct pw_migration *m, const struct pw_migrating_page *page)
{
	u32 i;

#pragma unroll
	for (i = 0; i < PW_MIGRATION_DEPTH; i++) {
		if (i < m->count && m->page[i].pfn == page->pfn && !m->page[i].moved_to) {
			m->page[i].mappings++;
			return true;
		}
		if (i == m->count) {
			m->page[i] = *page;
			m->count = i + 1;
			return true;
		}
	}
	return false;
}

static __noinline int begin(u64 address, u64 pfn, u32 huge)
{
	struct pw_migration_key key = {
		.address = address,
		.tid = (u32)bpf_get_current_pid_tgid(),
		.huge = huge,
	};
	struct pw_migrating_page page = { .pfn = pfn, .mappings = 1 };
	struct pw_migration *m, fresh = {};

	if (pfn >= max_pfn)
		return 0;
	page.entry = huge ? peek_huge(pfn) : peek(pfn);
	if (!page.entry)
		return 0;
	page.object = object_of(pfn);
	m = bpf_map_lookup_elem(&migrating, &key);
	if (m) {
		if (!remember(m, &page))
			pw_count_loss(PW_LOSS_MIGRATION);
		return 0;
	}
	fresh.born_ns = bpf_ktime_get_boot_ns();
	fresh.count = 1;
	fresh.page[0] = page;
	if (bpf_map_update_elem(&migrating, &key, &fresh, BPF_NOEXIST))
		pw_count_loss(PW_LOSS_MIGRATION);
	return 0;
}

/*
 * Which of the pages taken out at this address is back at pfn: the same one
 * when the migration failed, the one that another mapping has brought there,
 * or else the first that maps the same object and has not moved. None: the
 * page that is back was not in the ledger.
 */
static __noinline u32 pick(struct pw_migration *m, u64 pfn)
{
	u64 object = object_of(pfn);
	u32 i;

#pragma unroll
	for (i = 0; i < PW_MIGRATION_DEPTH; i++) {
		if (i < m->count && (m->page[i].pfn == pfn || m->page[i].moved_to == pfn))
			return i;
	}
#pragma unroll
	for (i = 0; i < PW_MIGRATION_DEPTH; i++) {
		if (i < m->count && !m->page[i].moved_to && m->page[i].object == object)
			return i;
	}
	return PW_MIGRATION_DEPTH;
}

/* One mapping of page `at` is back; true when it was the record's last. */
static __always_inline bool mapping_is_back(struct pw_migration *m, u32 at)
{
	u32 i;

	if (--m->page[at].mappings)
		return false;
	/* no unroll pragma: clang 19 refuses it here, and the verifier takes the loop */
	for (i = 0; i < PW_MIGRATION_DEPTH - 1; i++) {
		if (i >= at)
			m->page[i] = m->page[i + 1];
	}
	return --m->count == 0;
}

static __noinline int end(u64 address, u64 pfn, u32 huge)
{
	struct pw_migration_key key = {
		.address = address,
		.tid = (u32)bpf_get_current_pid_tgid(),
		.huge = huge,
	};
	u32 at = PW_MIGRATION_DEPTH;
	struct pw_migration *m;
	u64 from, entry;
	bool moves;

	if (pfn >= max_pfn)
		return 0;
	m = bpf_map_lookup_elem(&migrating, &key);
	if (m)
		at = pick(m, pfn);
	if (!m || at >= PW_MIGRATION_DEPTH) {
		if (huge)
			forget_huge(pfn);
		else
			forget(pfn);
		return 0;
	}
	from = m->page[at].pfn;
	entry = m->page[at].entry;
	moves = from != pfn && !m->page[at].moved_to;
	if (moves)
		m->page[at].moved_to = pfn;
	if (mapping_is_back(m, at))
		bpf_map_delete_elem(&migrating, &key);
	if (!moves)
		return 0;
	if (!huge)
		move(from, pfn, entry);
	else if (peek_huge(from) == entry)
		move_huge(from, pfn);
	return 0;
}

SEC("raw_tp/set_migration_pte")
int set_migration_pte(struct bpf_raw_tracepoint_args *ctx)
{
	return begin(ctx->args[0], pw_swap_pfn(ctx->args[1]), 0);
}

SEC("raw_tp/remove_migration_pte")
int remove_migration_pte(struct bpf_raw_tracepoint_args *ctx)
{
	return end(ctx->args[0], pw_present_pfn(ctx->args[1]), 0);
}

SEC("raw_tp/set_migration_pmd")
int set_migration_pmd(struct bpf_raw_tracepoint_args *ctx)
{
	return begin(ctx->args[0], pw_swap_pfn(ctx->args[1]), 1);
}

SEC("raw_tp/remove_migration_pmd")
int remove_migration_pmd(struct bpf_raw_tracepoint_args *ctx)
{
	return end(ctx->args[0], pw_present_pfn(ctx->args[1]) & ~(u64)(PW_HUGE_PAGES - 1), 1);
}
