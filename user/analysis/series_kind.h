/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which values of a process, a group or a cgroup are watched for growth. */
#ifndef PW_ANALYSIS_SERIES_KIND_H
#define PW_ANALYSIS_SERIES_KIND_H

#include <stdbool.h>
#include <stdint.h>

#include "user/model/model.h"

enum pw_series_kind {
	PW_SERIES_ANON, /* anonymous + swap, bytes */
	PW_SERIES_HEAP, /* the brk heap, virtual bytes */
	/*
	 * Private writable mappings beside it: arenas, mmaps, thread stacks; virtual
	 * bytes. Where the break is not known (/proc), with the heap in them.
	 */
	PW_SERIES_MAPPED,
	PW_SERIES_STACK, /* the main stack, virtual bytes */
	PW_SERIES_THREADS,
	PW_SERIES_SHMEM, /* bytes */
	PW_SERIES_PAGE_TABLES, /* bytes */
	PW_SERIES_OPEN_FILES,
	PW_SERIES_KERNEL, /* slab and socket memory charged to a cgroup, bytes */
	PW_SERIES_KINDS
};

/* Bits of enum pw_series_kind. */
#define PW_SERIES_OF_PROCESS ((1u << PW_SERIES_KERNEL) - 1)
#define PW_SERIES_OF_CGROUP (1u << PW_SERIES_KERNEL)

extern const char *const pw_series_names[PW_SERIES_KINDS]; /* "anon", "heap", "mapped", ... */
extern const char *const pw_series_units[PW_SERIES_KINDS]; /* "bytes", "threads", "files" */
/* Growth that is worth a word: see pw_trend_options.floor. */
extern const uint64_t pw_series_floors[PW_SERIES_KINDS];

/* false: not known. */
bool pw_series_of_process(const struct pw_model *m, const struct pw_process *p,
			  enum pw_series_kind kind, uint64_t *ret);
/* The sum over the living members, of SHMEM the largest of them; false: known of none. */
bool pw_series_of_group(const struct pw_model *m, const struct pw_group *g,
			enum pw_series_kind kind, uint64_t *ret);
bool pw_series_of_cgroup(const struct pw_model *m, uint64_t cgroup_id, enum pw_series_kind kind,
			 uint64_t *ret);

#endif
