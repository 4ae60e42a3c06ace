/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One process as two walks over /proc see it: what is remembered of it, what
 * changed, and the records that say so.
 */
#ifndef PW_SOURCE_PROC_PROCESS_H
#define PW_SOURCE_PROC_PROCESS_H

#include <stdbool.h>
#include <stdint.h>

#include "kmod/uapi/pagewarden.h"
#include "user/base/procfs.h"

/* What is remembered of a process's resources; see proc_resources.h. */
struct pw_proc_held {
	uint64_t looked_ns; /* at its descriptors; 0: never */
	uint64_t read_ns; /* all the rest */
	uint64_t activity; /* as it was then */
	uint32_t open_files;
	uint64_t signature; /* of the last RESOURCES; 0: none */
	uint64_t voluntary_switches; /* of the last RESOURCES: they never fall */
};

struct pw_proc_process {
	struct pw_key key;
	bool announced; /* its IDENTITY was given */
	struct pw_proc_stat stat; /* of the last walk */
	uint32_t uid;
	uint64_t cgroup_id;
	uint64_t hiwater_rss_pages;
	struct pw_proc_held held;
};

/* What all records of one walk share. */
struct pw_proc_walk {
	const struct pw_procfs *fs;
	uint64_t now_ns;
	uint64_t before_ns; /* of the TICK before */
	uint64_t resources_every_ns;
	uint32_t page_size;
	uint32_t rss_error_pages;
};

/*
 * Looks at a pid. -ESRCH: gone; -ENOENT: nothing that has memory of its own
 * (a kernel thread, a zombie); another -errno: not ours to see.
 */
int pw_proc_process_look(const struct pw_procfs *fs, uint32_t pid, struct pw_proc_process *ret);

/* Whether anything that COUNTERS tells may have moved. */
bool pw_proc_process_changed(const struct pw_proc_process *before, const struct pw_proc_process *now);
bool pw_proc_process_execed(const struct pw_proc_process *before, const struct pw_proc_process *now);

/*
 * A process between two walks: stat is read once more behind status, so that
 * the numbers are of one process. -ESRCH: it ended, or its pid is another's.
 */
int pw_proc_process_counters(const struct pw_proc_walk *w, struct pw_proc_process *p,
			     struct pw_counters *ret);

void pw_proc_process_fork(const struct pw_proc_walk *w, const struct pw_proc_process *p,
			  const struct pw_proc_process *parent_or_null, struct pw_fork *ret);
void pw_proc_process_exec(const struct pw_proc_walk *w, const struct pw_proc_process *p,
			  const struct pw_identity *id, struct pw_exec *ret);
void pw_proc_process_exit(const struct pw_proc_walk *w, const struct pw_proc_process *p,
			  struct pw_exit *ret);

#endif
