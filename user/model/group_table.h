/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The model's groups: who is in which, within limits.groups. A full table
 * gives up the empty group that was last alive the longest ago; when none is
 * empty, a process stays without a group and PW_LOSS_NAMES_FULL counts it.
 */
#ifndef PW_MODEL_GROUP_TABLE_H
#define PW_MODEL_GROUP_TABLE_H

#include "user/model/model.h"

/* By exe, then cgroup: the order of every output. */
int pw_group_order(const struct pw_group *a, const struct pw_group *b);
/* Puts p into the group of its exe and cgroup, out of the one it was in. 0 or -ENOMEM. */
int pw_group_join(struct pw_model *m, struct pw_process *p, uint64_t time_ns);
/* p died and stays remembered; p lives again (it was only thought dead). */
void pw_group_died(struct pw_process *p);
void pw_group_revived(struct pw_process *p);
/* p is no member any more. */
void pw_group_leave(struct pw_process *p);
/* The sums over the living members: begin, add each living process, end. */
void pw_group_sums_begin(struct pw_model *m);
void pw_group_sums_add(const struct pw_process *p);
void pw_group_sums_end(struct pw_model *m, uint64_t time_ns);
/* Frees all groups; their members must have left. */
void pw_groups_clear(struct pw_model *m);

#endif
