/* SPDX-License-Identifier: GPL-2.0-only */
/* Whose memory an ioctl is about, and whether the caller may. */
#ifndef PW_TARGET_H
#define PW_TARGET_H

#include <linux/types.h>

#include "uapi/pagewarden.h"

struct mm_struct;
struct pid;

struct pw_target {
	struct mm_struct *mm; /* mm_users is held */
	struct pid *pid; /* of the thread group; held */
	struct pw_key key;
	u8 comm[PW_COMM_LEN];
	bool foreign; /* another process's */
};

/*
 * `pid` as the caller's pid namespace knows it, 0 the caller itself. 0, -EINVAL
 * (negative), -EPERM (another process without CAP_SYS_PTRACE), -ESRCH (none
 * such, ending, or a kernel thread). May sleep.
 */
int pw_target_get(s32 pid, struct pw_target *ret);
void pw_target_put(struct pw_target *target);

#endif /* PW_TARGET_H */
