/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which device numbers are memory-backed file systems, in the target's own mounts. */
#ifndef PW_INSPECT_MOUNTS_H
#define PW_INSPECT_MOUNTS_H

#include <stdbool.h>
#include <stdint.h>

#include "user/base/procfs.h"

#define PW_MOUNTS_MAX 1024 /* memory-backed ones */

enum pw_mount_type { PW_MOUNT_OTHER = 0, PW_MOUNT_TMPFS, PW_MOUNT_HUGETLBFS };

struct pw_mounts {
	unsigned int count;
	struct pw_mount {
		uint32_t dev_major, dev_minor;
		enum pw_mount_type type;
	} * list;
};

/* Best effort: 0 or -ENOMEM. A mount table that can't be read has no mounts. */
int pw_mounts_read(const struct pw_procfs *fs, uint32_t pid, struct pw_mounts *ret);
void pw_mounts_deinit(struct pw_mounts *m);
enum pw_mount_type pw_mounts_type(const struct pw_mounts *m, uint32_t dev_major, uint32_t dev_minor);

#endif
