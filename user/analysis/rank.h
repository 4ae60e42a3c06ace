/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which rows, and in which order: filter and sort of process and group arrays.
 * Pure. A filter is a few words, all of which must hold:
 *
 *   TEXT          in comm, command line, exe, cgroup, unit or container (ASCII
 *                 case ignored), or the whole PID
 *   comm=TEXT exe=TEXT cgroup=TEXT unit=TEXT container=TEXT    in this one
 *   pid=N uid=N   exactly
 *   verdict=NAME  its growth is judged so: growing, warming, ...; suspect: as a leak
 *   min=SIZE      footprint (anon + shmem + swap) of at least SIZE: 64M, 2G
 *   !WORD         the opposite of WORD
 *
 * For a group, comm, command line, pid and uid hold when a living member has them, or a
 * remembered dead one where no member lives.
 */
#ifndef PW_ANALYSIS_RANK_H
#define PW_ANALYSIS_RANK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "user/base/error.h"
#include "user/model/group.h"
#include "user/model/process.h"

#define PW_FILTER_TERMS 8
#define PW_FILTER_TEXT 128

enum pw_filter_field {
	PW_FILTER_ANY,
	PW_FILTER_COMM,
	PW_FILTER_EXE,
	PW_FILTER_CGROUP,
	PW_FILTER_UNIT,
	PW_FILTER_CONTAINER,
	PW_FILTER_PID,
	PW_FILTER_UID,
	PW_FILTER_MIN,
	PW_FILTER_VERDICT,
};

struct pw_filter_term {
	enum pw_filter_field field;
	bool negated;
	uint64_t number; /* PID, UID; MIN in bytes; ANY: the PID it may be, or 0 */
	char text[PW_FILTER_TEXT]; /* lower case */
};

struct pw_trends; /* user/analysis/trends.h */

struct pw_filter {
	size_t count; /* 0: everything passes */
	struct pw_filter_term terms[PW_FILTER_TERMS];
	/* What verdict= asks; the caller's, NULL: nothing is judged, and no verdict passes. */
	const struct pw_trends *trends;
};

/* 0, or -EINVAL with *err naming the word. Empty text passes everything. */
int pw_filter_parse(const char *text, struct pw_filter *ret, struct pw_error *err);
bool pw_filter_process(const struct pw_filter *f, const struct pw_process *p, uint32_t page_size);
bool pw_filter_group(const struct pw_filter *f, const struct pw_group *g, uint32_t page_size);
/* Keeps what passes, in its order; returns the new count. */
size_t pw_rank_keep_processes(struct pw_process **rows, size_t count, const struct pw_filter *f,
			      uint32_t page_size);
size_t pw_rank_keep_groups(struct pw_group **rows, size_t count, const struct pw_filter *f,
			   uint32_t page_size);

/* Negative: a comes first. The caller brings direction and columns in ctx. */
typedef int (*pw_rank_compare)(const void *a, const void *b, void *ctx);
/* Stable (merge sort): rows that compare equal keep their order. 0 or -ENOMEM. */
int pw_rank_sort(const void **rows, size_t count, pw_rank_compare compare, void *ctx);

#endif
