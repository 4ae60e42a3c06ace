/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The module's one way out: each event is one record of pagewarden.h. It goes to
 * the tracepoint of its kind (raw_tp programs get the whole record by pointer)
 * and into one ring, which every descriptor reads at its own pace. A ring that
 * is full overwrites its oldest record; who had not read it counts a loss.
 *
 * Pushing takes one spinlock for the time of a copy, allocates nothing, and may
 * be done wherever a notifier callback runs: process context, under locks, not
 * in interrupts.
 */
#ifndef PW_EVENT_H
#define PW_EVENT_H

#include <linux/poll.h>
#include <linux/types.h>

#include "uapi/pagewarden.h"

struct pw_dev_info;
struct task_struct;

/* The place of one descriptor in the ring. */
struct pw_reader {
	u64 next; /* sequence of the record to read next; lock of the ring */
	u64 lost; /* overwritten before they were read; lock of the ring */
	u32 uid; /* sees records of this user, */
	bool all; /* or all */
};

int pw_event_init(void);
void pw_event_exit(void);

/*
 * Fill in rec->rec (type, size, time) and send. The caller has filled in the
 * rest; `uid` of the record decides who may read it.
 */
void pw_event_secret(struct pw_secret *rec);
void pw_event_wipe(struct pw_wipe *rec);

/* Who: the key of `task`'s process. `comm` is the thread group leader's. */
void pw_event_key(struct pw_key *key, struct task_struct *task);
void pw_event_comm(u8 comm[PW_COMM_LEN], struct task_struct *task);

void pw_reader_init(struct pw_reader *reader, u32 uid, bool all);
/* Copies whole records; 0: none yet; -EINVAL: the next one does not fit; -EFAULT. */
ssize_t pw_reader_copy(struct pw_reader *reader, char __user *to, size_t room);
bool pw_reader_ready(struct pw_reader *reader);
u64 pw_reader_lost(struct pw_reader *reader);
wait_queue_head_t *pw_event_wait(void);

/* The fields of INFO that events count. */
void pw_event_info(struct pw_dev_info *info);

#endif /* PW_EVENT_H */
