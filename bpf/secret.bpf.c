// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the module tells through its tracepoints: whole records of the ABI, put
 * into the ring as they are. With a pid asked for, those about its memory. A
 * cgroup does not narrow them: many come from a context (reclaim, somebody
 * else's process_madvise) that says nothing about whose memory it was.
 *
 * As long as these programs are attached, the kernel holds the module.
 */
#include "bpf/wipe.bpf.h"

char LICENSE[] SEC("license") = "GPL";

/* Whether it is the record that this was built for, and about a wanted process. */
static __always_inline bool is_wanted(const void *from, u16 type, u16 size)
{
	struct {
		struct pw_record rec;
		struct pw_key key;
	} head;

	if (bpf_probe_read_kernel(&head, sizeof(head), from))
		return false;
	return head.rec.type == type && head.rec.size == size &&
	       (!only_pid || head.key.pid == only_pid);
}

/* `size` is a constant where this is inlined: the ring asks for one. */
static __always_inline int relay(const void *from, u16 type, u16 size)
{
	void *rec;

	if (!is_wanted(from, type, size))
		return 0;
	rec = pw_event_reserve(size);
	if (!rec)
		return 0;
	bpf_probe_read_kernel(rec, size, from);
	pw_event_submit(rec);
	return 0;
}

/* (const struct pw_secret *) */
SEC("?raw_tp/pw_secret")
int module_secret(struct bpf_raw_tracepoint_args *ctx)
{
	return relay((const void *)ctx->args[0], PW_REC_SECRET, sizeof(struct pw_secret));
}

/* (const struct pw_wipe *) */
SEC("?raw_tp/pw_wipe")
int module_wipe(struct bpf_raw_tracepoint_args *ctx)
{
	return relay((const void *)ctx->args[0], PW_REC_WIPE, sizeof(struct pw_wipe));
}
