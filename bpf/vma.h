/* SPDX-License-Identifier: GPL-2.0-only */
/* What the iterators of bpf/vma.bpf.c write. Between one object and its loader: no ABI. */
#ifndef PW_BPF_VMA_H
#define PW_BPF_VMA_H

#ifndef __VMLINUX_H__
#include <linux/types.h>
#endif

#define PW_VMA_NAME_MAX 256 /* with a NUL; longer names are cut or, for paths, looked up */

enum pw_vma_name {
	PW_VMA_NAME_NONE = 0,
	PW_VMA_NAME_PATH = 1, /* as d_path tells; empty: it did not fit */
	PW_VMA_NAME_ELSEWHERE = 2, /* a path that only /proc/PID/map_files tells */
	PW_VMA_NAME_HEAP = 3,
	PW_VMA_NAME_STACK = 4,
	PW_VMA_NAME_ANON = 5, /* PR_SET_VMA_ANON_NAME */
	PW_VMA_NAME_SPECIAL = 6, /* "[vdso]", with its brackets */
};

struct pw_vma_record {
	__u64 start, end, page_offset, inode;
	__u64 vm_flags; /* VM_READ, VM_WRITE, VM_EXEC, VM_SHARED, ... */
	__u32 dev; /* the kernel's own encoding: major << 20 | minor */
	__u16 source; /* enum pw_vma_name */
	__u16 name_len; /* bytes that follow, without NUL */
};

struct pw_thread_record {
	__u64 sp;
	__u32 tid, tgid;
	__u8 comm[16];
};

#endif
