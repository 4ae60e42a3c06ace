/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The memory cgroups that have processes, or had: what the last CGROUP record
 * said. Owned by the model; readers hold a row only between two ticks.
 */
#ifndef PW_MODEL_CGROUP_H
#define PW_MODEL_CGROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kmod/uapi/pagewarden.h"

struct pw_model;
struct pw_process;

struct pw_cgroup_row {
	struct pw_cgroup last; /* without its path; rec.time_ns: when this was so */
	const char *path; /* interned, raw; "" when not known */
	uint64_t first_seen_ns;
	uint64_t path_hash;
	bool confirmed; /* a record came since the last MACHINE */
};

/* NULL: unknown. */
struct pw_cgroup_row *pw_model_cgroup(const struct pw_model *m, uint64_t cgroup_id);
/* The one of this path that is not gone, or the nearest above it that is known. */
struct pw_cgroup_row *pw_model_cgroup_at(const struct pw_model *m, const char *path);
/* By its id, else by its path: see struct pw_cgroup. */
struct pw_cgroup_row *pw_model_cgroup_of(const struct pw_model *m, const struct pw_process *p);
/* All, gone ones too, ordered by path, then id. Free the array, not the items. */
int pw_model_cgroups(const struct pw_model *m, struct pw_cgroup_row ***ret, size_t *ret_count);

#endif
