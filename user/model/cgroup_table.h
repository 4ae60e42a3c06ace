/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writing the model's cgroups, at most limits.cgroups; cgroup.h is for their
 * readers. A full table gives up the one that went the longest ago; when none
 * has gone, PW_LOSS_NAMES_FULL counts the new one.
 */
#ifndef PW_MODEL_CGROUP_TABLE_H
#define PW_MODEL_CGROUP_TABLE_H

#include "user/model/model.h"

int pw_cgroups_init(struct pw_model *m);
/* Frees all. */
void pw_cgroups_clear(struct pw_model *m);
/* The record was checked, but for the path: len bytes that end at a NUL, if they have one. 0 or -ENOMEM. */
int pw_cgroup_update(struct pw_model *m, const struct pw_cgroup *r, const char *path, size_t len);
/* After a MACHINE that came again: who is not told of until ..._silent() is taken as gone. */
void pw_cgroups_doubt(struct pw_model *m);
void pw_cgroups_end_silent(struct pw_model *m);
size_t pw_cgroups_memory(const struct pw_model *m);

#endif
