/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One look at one address space: its VMAs, how much of each is resident, and
 * what each is for. Emits one SEGMENTS record and its SEGMENTs. The target is
 * not stopped; the time inside calls that take its mmap lock is measured.
 */
#ifndef PW_INSPECT_ADDRESS_SPACE_H
#define PW_INSPECT_ADDRESS_SPACE_H

#include "user/base/procfs.h"
#include "user/inspect/lock_meter.h"
#include "user/source/source.h"

struct pw_vma {
	uint64_t start, end, offset;
	uint64_t inode;
	uint32_t dev_major, dev_minor;
	uint32_t perms; /* PW_PERM_* */
	char name[256]; /* path, [heap], [anon:NAME]; ""; cut at the end */
};

struct pw_thread {
	uint32_t tid;
	uint64_t sp; /* of the user's stack; 0: not known */
	char comm[PW_COMM_LEN]; /* raw bytes */
};

/*
 * VMAs and threads from elsewhere than /proc: the iterators of the BPF source.
 * read calls add for each VMA in address order; threads for each thread in any
 * order. 0, -ESRCH, an error of add, or -EOPNOTSUPP (then /proc is read; add was
 * not called). meter is charged for what holds the target's mmap lock.
 */
struct pw_vma_provider {
	int (*read)(void *ctx, const struct pw_procfs *fs, const struct pw_key *key,
		    struct pw_lock_meter *meter,
		    int (*add)(void *add_ctx, const struct pw_vma *vma), void *add_ctx);
	int (*threads)(void *ctx, const struct pw_key *key,
		       int (*add)(void *add_ctx, const struct pw_thread *thread), void *add_ctx);
	void *ctx;
};

/* provider may be NULL. flags: PW_SEGMENT_*. Results as pw_source_ops.segments. */
int pw_address_space_scan(const struct pw_procfs *fs, const struct pw_vma_provider *provider,
			  const struct pw_key *key, unsigned int flags, pw_sink sink, void *ctx,
			  struct pw_error *err);

#endif
