/* SPDX-License-Identifier: GPL-2.0-or-later */
/* VMAs and threads of one process from the task_vma and task iterators (6.1 and newer). */
#ifndef PW_SOURCE_BPF_VMA_H
#define PW_SOURCE_BPF_VMA_H

#include "user/inspect/address_space.h"

struct pagewarden_bpf; /* the loaded skeleton */

/*
 * Fills the provider; obj must be loaded and outlive it. Threads may share the
 * provider: one reads at a time. -EOPNOTSUPP: this kernel can't, or the
 * programs were not loaded.
 */
int pw_vma_provider_init(struct pagewarden_bpf *obj, struct pw_vma_provider *ret);

#endif
