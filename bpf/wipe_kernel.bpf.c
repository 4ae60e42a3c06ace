// SPDX-License-Identifier: GPL-2.0-only
/*
 * The kernel's own wipes, where kprobes load. The buffer is wiped and freed in
 * one call, and after it the memory is somebody else's: what it held at the
 * end is not looked at. In an interrupt the process is the interrupted one.
 */
#include "bpf/wipe.bpf.h"

char LICENSE[] SEC("license") = "GPL";

#define PW_ZERO_SIZE_PTR 16ull /* include/linux/slab.h: what kmalloc(0) gives */

static __always_inline int tell_kernel_wipe(struct pt_regs *ctx, u16 function, u64 address, u64 size)
{
	struct pw_wipe *rec;
	u64 caller = 0;

	if (address <= PW_ZERO_SIZE_PTR || !pw_watched())
		return 0;
	bpf_probe_read_kernel(&caller, sizeof(caller), (void *)PT_REGS_SP(ctx));
	rec = pw_event_reserve(sizeof(*rec));
	if (!rec)
		return 0;
	__builtin_memset(rec, 0, sizeof(*rec));
	pw_event_begin(&rec->rec, PW_REC_WIPE, sizeof(*rec));
	pw_fill_current(&rec->key, &rec->cgroup_id, &rec->tid, &rec->uid, rec->comm);
	rec->address = address;
	rec->size = size;
	rec->caller = caller;
	rec->function = function;
	rec->verdict = PW_WIPED_UNKNOWN;
	rec->reason = PW_UNSEEN_KERNEL;
	rec->first_dirty = PW_UNKNOWN;
	rec->segment_kind = PW_SEG_KINDS;
	pw_event_submit(rec);
	return 0;
}

/* (object): its size is the allocator's to know */
SEC("?kprobe/kfree_sensitive")
int wipe_kfree_sensitive(struct pt_regs *ctx)
{
	return tell_kernel_wipe(ctx, PW_WIPE_KFREE_SENSITIVE, PT_REGS_PARM1(ctx), 0);
}

/* (address, length) */
SEC("?kprobe/kvfree_sensitive")
int wipe_kvfree_sensitive(struct pt_regs *ctx)
{
	return tell_kernel_wipe(ctx, PW_WIPE_KVFREE_SENSITIVE, PT_REGS_PARM1(ctx),
				PT_REGS_PARM2(ctx));
}
