/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The memory controller's files of one cgroup, of cgroup v2 or, where the
 * controller is v1's, of v1. Their text is untrusted.
 */
#ifndef PW_SOURCE_CGROUP_VALUES_H
#define PW_SOURCE_CGROUP_VALUES_H

#include <stdbool.h>

#include "kmod/uapi/pagewarden.h"
#include "user/base/procfs.h"

/* Where this machine's memory controller is. */
struct pw_cgroup_tree {
	const char *mount; /* below the root prefix */
	bool v1;
};

/* -ENOENT: nowhere; the kernel has none, it is off, or not mounted where everybody mounts it. */
int pw_cgroup_tree_find(const struct pw_procfs *fs, struct pw_cgroup_tree *ret);
/* Whether processes are in this very cgroup, not below it. */
bool pw_cgroup_has_processes(int dir_fd);
/*
 * Fills the values of *ret, unknown ones with PW_UNKNOWN; the limits are the
 * cgroup's own. With limits_only no more is read than they need.
 */
void pw_cgroup_read(int dir_fd, bool v1, bool limits_only, struct pw_cgroup *ret);

#endif
