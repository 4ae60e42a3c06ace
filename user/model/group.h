/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Processes of one program in one cgroup, so that a pool of short-lived
 * workers has one row. A group outlives its members.
 */
#ifndef PW_MODEL_GROUP_H
#define PW_MODEL_GROUP_H

#include <stdint.h>

#include "user/model/series.h"

struct pw_process;

struct pw_group {
	const char *exe; /* interned, raw */
	const char *cgroup; /* interned, raw */
	const char *unit;
	const char *container;
	struct pw_process *members; /* alive and remembered dead */
	uint32_t alive;
	uint64_t born; /* members ever */
	uint64_t died;
	uint64_t oom_kills;
	/* sums over the living members, refreshed at each tick */
	uint64_t anon_pages, file_pages, shmem_pages, swap_pages, page_table_bytes, virtual_pages;
	uint64_t ledger_live_pages, ledger_touched_pages, ledger_freed_pages;
	uint64_t minor_faults, major_faults, threads;
	double minor_faults_rate, major_faults_rate, touched_rate, freed_rate, cpu_share;
	uint64_t first_seen_ns;
	uint64_t last_seen_ns; /* the last tick with a living member */
	uint64_t first_footprint_pages;
	struct pw_series footprint;
};

/* anon + shmem + swap of the living members, in pages. */
uint64_t pw_group_footprint(const struct pw_group *g);

#endif
