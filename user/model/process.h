/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One process, alive or dead: (pid, start). Owned by the model; readers hold
 * it only between two ticks.
 */
#ifndef PW_MODEL_PROCESS_H
#define PW_MODEL_PROCESS_H

#include <stdbool.h>
#include <stdint.h>

#include "kmod/uapi/pagewarden.h"
#include "user/model/segment.h"
#include "user/model/series.h"

struct pw_group;

#define PW_BUILD_ID_MAX 32

struct pw_process {
	struct pw_key key;
	struct pw_key parent;
	uint32_t uid;
	uint32_t identity_flags; /* PW_IDENTITY_* */
	uint64_t cgroup_id;
	char comm[PW_COMM_LEN + 1]; /* raw bytes: a view escapes */
	char *exe; /* raw; "" when not known; never NULL */
	char *cmdline;
	const char *cgroup; /* interned in the model; "" when not known */
	const char *unit; /* interned */
	const char *container; /* interned */
	uint8_t build_id[PW_BUILD_ID_MAX];
	uint8_t build_id_len;
	bool alive;
	bool identified; /* an IDENTITY came */
	bool oom_killed;
	bool exit_seen; /* an EXIT came; else it was found gone, and exit_code is not known */
	bool forked; /* its FORK came: its counters began at 0 in this trace */
	bool sampled; /* COUNTERS came since the last tick */
	bool confirmed; /* any record came since the last MACHINE */
	uint32_t execs; /* seen */
	int32_t exit_code;
	uint64_t first_seen_ns;
	uint64_t exit_ns; /* 0: alive */
	struct pw_counters now; /* the last sample; zero before the first */
	bool has_counters;
	struct pw_resources resources; /* the last; flags say what is known: none before the first */
	bool has_rates; /* the rates below are known: alive, with a sample at both ends */
	bool has_base; /* prev_* below stand for a tick */
	/* rates over the last interval, per second */
	double minor_faults_rate;
	double major_faults_rate;
	double touched_rate; /* pages */
	double freed_rate;
	double cpu_share; /* of one CPU */
	/* what stood at the last tick, for the rates */
	uint64_t prev_minor_faults, prev_major_faults, prev_touched, prev_freed, prev_cpu_ns;
	uint64_t first_footprint_pages; /* at first sight, for growth since then */
	struct pw_series footprint; /* anon + shmem + swap: what cannot be dropped */
	struct pw_segment_set *segments; /* the last view; NULL: never asked */
	struct pw_group *group; /* NULL until identified */
	/* intrusive links of the model */
	uint64_t hash; /* of the key */
	struct pw_process *next_in_group;
	struct pw_process *prev_in_group;
	struct pw_process *older_dead; /* dead list, newest first */
	struct pw_process *newer_dead;
};

/* anon + shmem + swap of the last sample, in pages. */
uint64_t pw_process_footprint(const struct pw_process *p);
/* anon + file + shmem, in pages. */
uint64_t pw_process_rss(const struct pw_process *p);
/* Where its series ends: now for the living, the exit for the dead. */
uint64_t pw_process_until(const struct pw_process *p, uint64_t now_ns);
/* (anon + shmem) - ledger_live, in pages: what the ledger can't account for. */
int64_t pw_process_residual(const struct pw_process *p);

#endif
