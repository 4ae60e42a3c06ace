/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The CGROUP records of every live source: a walk over the memory controller's
 * hierarchy, every 10 s mostly. Told of are the cgroups in which processes are, and
 * those in which some were, until they are removed; not the root, whose values
 * are the machine's.
 */
#ifndef PW_SOURCE_CGROUPS_H
#define PW_SOURCE_CGROUPS_H

#include "user/base/procfs.h"
#include "user/source/source.h"

struct pw_cgroups;

#define PW_CGROUPS_MAX 4096 /* that are told of */

/* fs must outlive it. -ENOENT: this machine shows no memory controller. */
int pw_cgroups_create(const struct pw_procfs *fs, uint64_t every_ns, struct pw_cgroups **ret);
void pw_cgroups_destroy(struct pw_cgroups *c); /* takes NULL */
/* When it is due. 0, the sink's result, or -ENOMEM. */
int pw_cgroups_collect(struct pw_cgroups *c, uint64_t now_ns, pw_sink sink, void *ctx);
/* Cgroups that found no room; takes NULL. */
uint64_t pw_cgroups_lost(const struct pw_cgroups *c);

#endif
