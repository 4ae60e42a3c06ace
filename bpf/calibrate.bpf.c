// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where the kernel's array of struct page begins. Its address is exported
 * nowhere, so user space touches fresh pages one by one and compares each
 * page's descriptor, seen here, with its PFN, read from pagemap.
 */
#include "bpf/core_compat.bpf.h"

char LICENSE[] SEC("license") = "GPL";

const volatile __u64 gfp_user;
const volatile __u64 gfp_cache;

__u32 self; /* the toucher, as the kernel numbers it */
__u64 last_page;
__u64 pages; /* seen so far */

/* Run by user space itself, once: pid namespaces don't matter this way. */
SEC("raw_tp")
int learn_self(void *ctx)
{
	self = (u32)bpf_get_current_pid_tgid();
	return 0;
}

SEC("raw_tp/mm_page_alloc")
int watch(struct bpf_raw_tracepoint_args *ctx)
{
	u64 gfp = (u32)ctx->args[2];

	if ((u32)bpf_get_current_pid_tgid() != self || ctx->args[1] != 0)
		return 0;
	if ((gfp & gfp_user) != gfp_user || (gfp & gfp_cache))
		return 0;
	last_page = ctx->args[0];
	pages++;
	return 0;
}
