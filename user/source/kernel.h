/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the running kernel tells about itself: types from its BTF, flag values
 * from BTF or from a tracepoint's format. Nothing here is guessed from a
 * version number.
 */
#ifndef PW_SOURCE_KERNEL_H
#define PW_SOURCE_KERNEL_H

#include <stdbool.h>
#include <stdint.h>

#include "user/base/error.h"
#include "user/base/procfs.h"

struct pw_kernel {
	uint32_t page_struct_shift; /* log2(sizeof(struct page)) */
	uint32_t possible_cpus;
	uint64_t max_pfn; /* one past the last page frame of any zone */
	/* GFP flags, by what their presence or absence means for the ledger */
	uint64_t gfp_user; /* HIGHMEM | MOVABLE | HARDWALL */
	uint64_t gfp_cache; /* WRITE | NORETRY */
	uint64_t gfp_huge; /* NOMEMALLOC */
	/* the shape of tracepoints that changed */
	bool exit_tells_last;
	bool victim_is_pid;
	bool has_collapse; /* mm_collapse_huge_page */
	bool has_collapse_file;
	bool has_mark_victim;
	bool has_migration_pmd;
	bool fentry; /* programs on function entry and exit load here */
	bool rss_percpu; /* mm's rss_stat is four percpu counters */
};

/* 0; -EOPNOTSUPP with what is missing and how to get it. */
int pw_kernel_probe(const struct pw_procfs *fs, struct pw_kernel *ret, struct pw_error *err);

/* "cannot WHAT: permission denied", and which privileges it takes. Returns -EPERM. */
int pw_kernel_no_privilege(struct pw_error *err, const char *what);

/* The value of "__GFP_NAME" in a tracepoint's print format; 0: not there. */
uint64_t pw_kernel_gfp_from_format(const char *format, const char *name);

#endif
