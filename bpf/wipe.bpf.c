// SPDX-License-Identifier: GPL-2.0-only
/*
 * Calls of wipe functions in user space. The entry notes who called with what;
 * on the return the range is read back. A wipe function inside another one,
 * for the same range, belongs to that one's call.
 *
 * Each thread has a small stack of open calls, ordered by stack pointer like
 * the calls themselves. A call that was left by longjmp, or by a signal handler
 * that never came back, is told as one that did not return, as soon as it is
 * noticed: its frame lies below the stack pointer (which is how the kernel
 * decides it for its return probes, arch_uretprobe_is_alive), or something
 * else stands where the address of the kernel's return trampoline has to stand.
 */
#include "bpf/wipe_thread.bpf.h"

char LICENSE[] SEC("license") = "GPL";

/* ---- records ------------------------------------------------------------------------ */

static __always_inline struct pw_wipe *begin_wipe(const struct wipe_call *call)
{
	struct pw_wipe *rec = pw_event_reserve(sizeof(*rec));

	if (!rec)
		return NULL;
	__builtin_memset(rec, 0, sizeof(*rec));
	pw_event_begin(&rec->rec, PW_REC_WIPE, sizeof(*rec));
	pw_fill_current(&rec->key, &rec->cgroup_id, &rec->tid, &rec->uid, rec->comm);
	rec->address = call->address;
	rec->size = call->size;
	rec->caller = call->caller;
	rec->function = pw_cookie_function(call->cookie);
	rec->fill = call->fill;
	rec->flags = call->flags;
	rec->first_dirty = PW_UNKNOWN;
	rec->segment_kind = PW_SEG_KINDS;
	return rec;
}

PW_SUBPROG int tell_unreturned(const struct wipe_call *call)
{
	struct pw_wipe *rec;

	if (!call || call->inside)
		return 0;
	pw_count_loss(PW_LOSS_WIPE_UNPAIRED);
	rec = begin_wipe(call);
	if (!rec)
		return 0;
	rec->verdict = PW_WIPED_UNKNOWN;
	rec->reason = PW_UNSEEN_NO_RETURN;
	rec->duration_ns = bpf_ktime_get_boot_ns() - call->entered_ns;
	pw_event_submit(rec);
	return 0;
}

PW_SUBPROG int tell_returned(const struct wipe_call *call, struct pw_look *look)
{
	u64 now = bpf_ktime_get_boot_ns();
	struct pw_wipe *rec;

	if (!call || !look)
		return 0;
	look->address = call->address;
	look->size = call->size;
	look->fill = call->fill;
	pw_look_back(look);
	rec = begin_wipe(call);
	if (!rec)
		return 0;
	rec->rec.time_ns = now;
	rec->duration_ns = now - call->entered_ns;
	rec->checked_bytes = look->checked;
	rec->dirty_bytes = look->dirty;
	rec->first_dirty = look->first_dirty;
	rec->verdict = look->verdict;
	rec->reason = look->reason;
	rec->segment_kind = pw_segment_hint(call->address, call->sp);
	if (track_releases)
		pw_remember_wipe(rec);
	pw_event_submit(rec);
	return 0;
}

/* ---- the stack of open calls ---------------------------------------------------------- */

static __always_inline struct wipe_call *top_of(struct wipe_thread *t)
{
	u64 depth = t->depth;

	if (!depth || depth > PW_CALL_DEPTH)
		return NULL;
	return &t->calls[(depth - 1) & (PW_CALL_DEPTH - 1)];
}

/*
 * Drops what can't return any more: calls whose frame lies below sp. Calls
 * within a dropped one go with it.
 */
static __always_inline void drop_below(struct wipe_thread *t, u64 sp)
{
	for (int i = 0; i < PW_CALL_DEPTH; i++) {
		struct wipe_call *top = top_of(t);

		if (!top || top->sp >= sp)
			break;
		tell_unreturned(top);
		t->depth--;
	}
}

struct xol_area___pw {
	u64 vaddr;
} __attribute__((preserve_access_index));

struct uprobes_state___pw {
	struct xol_area___pw *xol_area;
} __attribute__((preserve_access_index));

struct mm_struct___uprobes {
	struct uprobes_state___pw uprobes_state;
} __attribute__((preserve_access_index));

/* Where functions with a return probe return to; 0: not known. */
static __always_inline u64 return_trampoline(void)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct mm_struct___uprobes *mm = (void *)BPF_CORE_READ(task, mm);

	if (!bpf_core_type_exists(struct xol_area___pw) ||
	    !bpf_core_field_exists(mm->uprobes_state.xol_area))
		return 0;
	return BPF_CORE_READ(mm, uprobes_state.xol_area, vaddr);
}

/* Whether an open call above this one in the stack of the thread can still return. */
static __always_inline bool is_open(const struct wipe_call *open, u64 trampoline)
{
	u64 returns_to = 0;

	if (!trampoline)
		return true;
	return !bpf_probe_read_user(&returns_to, sizeof(returns_to), (void *)open->sp) &&
	       returns_to == trampoline;
}

/* Drops what can't return any more, seen from a call that begins. */
static __always_inline void drop_stale(struct wipe_thread *t, const struct wipe_call *call,
				       u64 trampoline)
{
	for (int i = 0; i < PW_CALL_DEPTH; i++) {
		struct wipe_call *top = top_of(t);

		if (!top || top->sp == call->sp || (top->sp > call->sp && is_open(top, trampoline)))
			break;
		tell_unreturned(top);
		t->depth--;
	}
}

enum same_frame { FRAME_JUMPED, FRAME_TWIN, FRAME_STALE };

/*
 * A call whose return address stands where an open one's does: the open one
 * jumped here (a tail call); or another probe of the same inode tells the same
 * call once more; or the open one was left and its place in the stack is used
 * again.
 */
static __always_inline enum same_frame judge_same(const struct wipe_call *open,
						  const struct wipe_call *call, u64 trampoline)
{
	if (trampoline ? call->caller == trampoline : call->caller != open->caller)
		return FRAME_JUMPED;
	if (call->cookie >> 32 != open->cookie >> 32 && call->caller == open->caller &&
	    (u32)call->cookie == (u32)open->cookie && call->address == open->address)
		return FRAME_TWIN;
	return FRAME_STALE;
}

static __always_inline bool is_within(const struct wipe_call *inner, const struct wipe_call *outer)
{
	return inner->address >= outer->address && inner->address - outer->address <= outer->size &&
	       inner->size <= outer->size - (inner->address - outer->address);
}

/* Puts a call on the stack of its thread, after what it makes stale. */
PW_SUBPROG int push_call(struct wipe_thread *t, struct wipe_call *call)
{
	struct wipe_call *top;
	u64 depth, trampoline;

	if (!t || !call)
		return 0;
	trampoline = t->depth ? return_trampoline() : 0;
	drop_stale(t, call, trampoline);
	top = top_of(t);
	if (top && top->sp == call->sp) {
		enum same_frame same = judge_same(top, call, trampoline);

		if (same == FRAME_TWIN) {
			top->twins++;
			return 0;
		}
		if (same == FRAME_JUMPED) {
			call->caller = top->caller;
		} else {
			tell_unreturned(top);
			t->depth--;
			top = top_of(t);
		}
	}
	if (top && is_within(call, top)) {
		call->inside = 1;
		top->flags |= PW_WIPE_NESTED | (call->flags & PW_WIPE_FORTIFIED);
	}
	depth = t->depth;
	if (depth >= PW_CALL_DEPTH) {
		pw_count_loss(PW_LOSS_WIPE_UNPAIRED);
		return 0;
	}
	t->calls[depth & (PW_CALL_DEPTH - 1)] = *call;
	t->depth = depth + 1;
	return 0;
}

/* The arguments of the function, as its convention passes them. */
static __always_inline void read_arguments(struct pt_regs *ctx, struct wipe_call *call)
{
	u64 room;

	call->address = PT_REGS_PARM1(ctx);
	switch (pw_cookie_convention(call->cookie)) {
	case PW_CALL_SIZE:
		call->size = PT_REGS_PARM2(ctx);
		break;
	case PW_CALL_SIZE32:
		call->size = (u32)PT_REGS_PARM2(ctx);
		break;
	case PW_CALL_FILL_SIZE:
		call->fill = (u8)PT_REGS_PARM2(ctx);
		call->size = PT_REGS_PARM3(ctx);
		break;
	case PW_CALL_ROOM_FILL_SIZE:
		room = PT_REGS_PARM2(ctx);
		call->fill = (u8)PT_REGS_PARM3(ctx);
		call->size = PT_REGS_PARM4(ctx);
		if (call->size > room)
			call->size = room;
		break;
	}
}

SEC("uprobe")
int wipe_enter(struct pt_regs *ctx)
{
	u32 tid = (u32)bpf_get_current_pid_tgid();
	struct wipe_call call = {};
	struct wipe_thread *t;

	pw_keep_thread_stack(ctx);
	if (!pw_watched())
		return 0;
	call.cookie = bpf_get_attach_cookie(ctx);
	read_arguments(ctx, &call);
	/* A call that clears nothing is no wipe. */
	if (!call.size)
		return 0;
	call.sp = PT_REGS_SP(ctx);
	bpf_probe_read_user(&call.caller, sizeof(call.caller), (void *)call.sp);
	if (call.cookie & PW_COOKIE_FORTIFIED)
		call.flags = PW_WIPE_FORTIFIED;
	call.entered_ns = bpf_ktime_get_boot_ns();
	t = pw_thread_get(tid);
	if (!t) {
		pw_count_loss(PW_LOSS_WIPE_UNPAIRED);
		return 0;
	}
	push_call(t, &call);
	return 0;
}

/*
 * A return without an open call is one of a call that was not noted: it began
 * before the probe, cleared nothing, or was counted when there was no room.
 */
SEC("uretprobe")
int wipe_leave(struct pt_regs *ctx)
{
	u32 tid = (u32)bpf_get_current_pid_tgid();
	u64 sp = PT_REGS_SP(ctx) - sizeof(u64);
	struct wipe_thread *t = bpf_map_lookup_elem(&wipe_threads, &tid);
	struct wipe_call *top;

	pw_keep_thread_stack(ctx);
	if (!t)
		return 0;
	drop_below(t, sp);
	top = top_of(t);
	if (!top || top->sp != sp ||
	    pw_cookie_function(top->cookie) != pw_cookie_function(bpf_get_attach_cookie(ctx)))
		return 0;
	if (top->twins) {
		top->twins--;
		return 0;
	}
	if (!top->inside)
		tell_returned(top, &t->look);
	t->depth--;
	pw_thread_put(t, tid);
	return 0;
}

/* ---- threads that end in a call --------------------------------------------------------- */

static __always_inline void forget_thread(u32 tid)
{
	struct wipe_thread *t = bpf_map_lookup_elem(&wipe_threads, &tid);

	if (!t)
		return;
	drop_below(t, ~0ull);
	bpf_map_delete_elem(&wipe_threads, &tid);
}

SEC("raw_tp/sched_process_exit")
int wipe_thread_exit(struct bpf_raw_tracepoint_args *ctx)
{
	forget_thread((u32)bpf_get_current_pid_tgid());
	return 0;
}

/* (task, old_pid, bprm): a thread that execs takes its leader's id */
SEC("raw_tp/sched_process_exec")
int wipe_process_exec(struct bpf_raw_tracepoint_args *ctx)
{
	u32 old = (u32)ctx->args[1], now = (u32)bpf_get_current_pid_tgid();

	forget_thread(now);
	if (old != now)
		forget_thread(old);
	return 0;
}
