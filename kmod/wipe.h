/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Verified wipe: PW_IOC_WIPE of pagewarden_dev.h.
 *
 * Whose memory: pw_target_get() (target.h). Its outcome goes out once, when the
 * work is done, through pw_event_wipe() (event.h), with `uid` the caller's
 * (from_kuid(&init_user_ns, current_uid())); a call that is refused tells
 * nothing. Nothing is charged: a wipe keeps no memory.
 */
#ifndef PW_WIPE_H
#define PW_WIPE_H

struct pw_file;

/* `arg` is a whole struct pw_dev_wipe in kernel memory; it is written back when this returns 0. */
int pw_wipe_ioctl(struct pw_file *file, void *arg);

#endif /* PW_WIPE_H */
