// SPDX-License-Identifier: GPL-2.0-only
/*
 * Buffers that go back to the allocator or the kernel. Those that were wiped
 * are read once more. Of the others those are told that go back where wiped
 * ones have gone back before: somebody may have forgotten a wipe there.
 *
 * CRYPTO_free calls free for the same buffer: the first one that sees it takes
 * its wipe along, and the inner one finds a buffer that was never wiped, at a
 * place where none ever is.
 */
#include "bpf/wipe_thread.bpf.h"

char LICENSE[] SEC("license") = "GPL";

struct release_site_key {
	u64 start_ns; /* with pid: the process */
	u64 caller;
	u32 pid;
	u32 function;
};

struct release_site {
	u64 wiped;
	u64 unwiped;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, struct release_site_key);
	__type(value, struct release_site);
} release_sites SEC(".maps");

/* By thread: the buffer that CRYPTO_clear_free is about to wipe and free. */
struct clearing {
	u64 address;
	u64 caller;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, u32);
	__type(value, struct clearing);
} clearing_threads SEC(".maps");

/* By thread: the last release that was told; the same one through another probe is passed over. */
struct told_release {
	u64 sp;
	u64 address;
	u64 cookie;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, u32);
	__type(value, struct told_release);
} told_releases SEC(".maps");

/* One release, as the probe saw it. */
struct release {
	u64 sp;
	u64 address;
	u64 size;
	u64 caller;
	u64 cookie;
	struct pw_key key;
	u32 tid;
	u32 function;
	u32 areas; /* that an munmap was found to cover */
};

static __always_inline bool is_twin(const struct release *r)
{
	struct told_release told = { r->sp, r->address, r->cookie };
	struct told_release *last = bpf_map_lookup_elem(&told_releases, &r->tid);

	if (last && last->sp == r->sp && last->address == r->address &&
	    (u32)last->cookie == (u32)r->cookie && last->cookie != r->cookie)
		return true;
	bpf_map_update_elem(&told_releases, &r->tid, &told, BPF_ANY);
	return false;
}

static __always_inline struct release_site *find_site(const struct release *r, bool create)
{
	struct release_site_key key = {
		.start_ns = r->key.start_ns,
		.caller = r->caller,
		.pid = r->key.pid,
		.function = r->function,
	};
	struct release_site none = {}, *site = bpf_map_lookup_elem(&release_sites, &key);

	if (site || !create)
		return site;
	bpf_map_update_elem(&release_sites, &key, &none, BPF_NOEXIST);
	return bpf_map_lookup_elem(&release_sites, &key);
}

/*
 * A site that mostly gives back what was not wiped (operator delete) would
 * flood the ring: beyond this ratio each doubling is told.
 */
static __always_inline bool is_worth_telling(u64 wiped, u64 unwiped)
{
	return unwiped <= 16 + 4 * wiped || !(unwiped & (unwiped - 1));
}

static __always_inline struct pw_release *begin_release(const struct release *r)
{
	struct pw_release *rec = pw_event_reserve(sizeof(*rec));

	if (!rec)
		return NULL;
	__builtin_memset(rec, 0, sizeof(*rec));
	pw_event_begin(&rec->rec, PW_REC_RELEASE, sizeof(*rec));
	pw_fill_current(&rec->key, &rec->cgroup_id, &rec->tid, &rec->uid, rec->comm);
	rec->address = r->address;
	rec->size = r->size;
	rec->caller = r->caller;
	rec->function = r->function;
	rec->first_dirty = PW_UNKNOWN;
	rec->segment_kind = pw_segment_hint(r->address, r->sp);
	return rec;
}

/* Not static: the verifier looks at it once, not for each place and round that calls it. */
__noinline int pw_tell_wiped(const struct release *r, const struct wiped_range *range, u64 address)
{
	struct release_site *site;
	struct wipe_thread *t;
	struct pw_release *rec;

	if (!r || !range)
		return 0;
	t = pw_thread_get(r->tid);
	site = find_site(r, true);
	if (!t || !site) {
		pw_count_loss(PW_LOSS_WIPE_UNPAIRED);
		return 0;
	}
	__sync_fetch_and_add(&site->wiped, 1);
	t->look.address = address;
	t->look.size = range->size;
	t->look.fill = range->fill;
	pw_look_back(&t->look);
	rec = begin_release(r);
	if (rec) {
		rec->wipe_time_ns = range->time_ns;
		rec->wipe_address = address;
		rec->wipe_size = range->size;
		rec->wipe_caller = range->caller;
		rec->wipe_function = range->function;
		rec->checked_bytes = t->look.checked;
		rec->dirty_bytes = t->look.dirty;
		rec->first_dirty = t->look.first_dirty;
		rec->verdict = t->look.verdict;
		rec->reason = t->look.reason;
		rec->site_wiped = site->wiped;
		rec->site_unwiped = site->unwiped;
		pw_event_submit(rec);
	}
	pw_thread_put(t, r->tid);
	return 0;
}

PW_SUBPROG int tell_unwiped(const struct release *r, struct release_site *site)
{
	struct pw_release *rec;
	u64 unwiped;

	if (!r || !site)
		return 0;
	unwiped = __sync_fetch_and_add(&site->unwiped, 1) + 1;
	if (!is_worth_telling(site->wiped, unwiped))
		return 0;
	rec = begin_release(r);
	if (!rec)
		return 0;
	rec->verdict = PW_WIPED_UNKNOWN;
	rec->site_wiped = site->wiped;
	rec->site_unwiped = unwiped;
	pw_event_submit(rec);
	return 0;
}

static __always_inline void read_release(struct pt_regs *ctx, struct release *r)
{
	struct task_struct *task = (void *)bpf_get_current_task();

	r->cookie = bpf_get_attach_cookie(ctx);
	r->function = pw_cookie_function(r->cookie);
	r->address = PT_REGS_PARM1(ctx);
	r->sp = PT_REGS_SP(ctx);
	r->tid = (u32)bpf_get_current_pid_tgid();
	pw_event_key(&r->key, BPF_CORE_READ(task, group_leader));
	bpf_probe_read_user(&r->caller, sizeof(r->caller), (void *)r->sp);
}

/* Inside CRYPTO_clear_free: its caller gives the buffer back. */
static __always_inline void credit_clear_free(struct release *r)
{
	struct clearing *c = bpf_map_lookup_elem(&clearing_threads, &r->tid);

	if (!c || c->address != r->address)
		return;
	r->caller = c->caller;
	r->function = PW_RELEASE_CRYPTO_CLEAR_FREE;
	bpf_map_delete_elem(&clearing_threads, &r->tid);
}

/* free, CRYPTO_free: one buffer, known by its address. */
SEC("uprobe")
int release_buffer(struct pt_regs *ctx)
{
	struct wiped_range range, *found;
	struct release_site *site;
	struct release r = {};
	struct wiped_key key;

	pw_keep_thread_stack(ctx);
	if (!PT_REGS_PARM1(ctx) || !pw_watched())
		return 0;
	read_release(ctx, &r);
	credit_clear_free(&r);
	key = (struct wiped_key){ r.key.start_ns, r.address, r.key.pid, 0 };
	found = bpf_map_lookup_elem(&wiped_ranges, &key);
	if (found) {
		range = *found;
		bpf_map_delete_elem(&wiped_ranges, &key);
		bpf_map_delete_elem(&wiped_areas, &key);
		is_twin(&r); /* notes it */
		pw_tell_wiped(&r, &range, r.address);
		return 0;
	}
	site = find_site(&r, false);
	if (site && !is_twin(&r))
		tell_unwiped(&r, site);
	return 0;
}

SEC("uprobe")
int release_cleared(struct pt_regs *ctx)
{
	u32 tid = (u32)bpf_get_current_pid_tgid();
	struct clearing c = { .address = PT_REGS_PARM1(ctx) };
	u64 sp = PT_REGS_SP(ctx);

	pw_keep_thread_stack(ctx);
	if (!c.address || !pw_watched())
		return 0;
	bpf_probe_read_user(&c.caller, sizeof(c.caller), (void *)sp);
	bpf_map_update_elem(&clearing_threads, &tid, &c, BPF_ANY);
	return 0;
}

/* ---- munmap -------------------------------------------------------------------------- */

static long tell_area(struct bpf_map *map, struct wiped_key *key, struct wiped_range *area,
		      struct release *r)
{
	struct wiped_range range;

	if (key->pid != r->key.pid || key->start_ns != r->key.start_ns ||
	    key->address < r->address || key->address - r->address >= r->size)
		return 0;
	range = *area;
	/* what lies beyond the end stays */
	if (range.size > r->size - (key->address - r->address))
		range.size = r->size - (key->address - r->address);
	r->areas++;
	pw_tell_wiped(r, &range, key->address);
	bpf_map_delete_elem(&wiped_ranges, key);
	bpf_map_delete_elem(&wiped_areas, key);
	return 0;
}

SEC("uprobe")
int release_mapping(struct pt_regs *ctx)
{
	struct release_site *site;
	struct release r = {};

	pw_keep_thread_stack(ctx);
	r.size = PT_REGS_PARM2(ctx);
	if (!r.size || !pw_watched())
		return 0;
	read_release(ctx, &r);
	bpf_for_each_map_elem(&wiped_areas, tell_area, &r, 0);
	if (r.areas)
		return 0;
	site = find_site(&r, false);
	if (site && !is_twin(&r))
		tell_unwiped(&r, site);
	return 0;
}
