// SPDX-License-Identifier: GPL-2.0-only
#include <linux/capability.h>
#include <linux/pid.h>
#include <linux/sched.h>
#include <linux/sched/mm.h>
#include <linux/sched/task.h>

#include "event.h"
#include "target.h"

int pw_target_get(s32 nr, struct pw_target *ret)
{
	struct task_struct *task;
	struct pid *pid;
	struct mm_struct *mm;
	int err = -ESRCH;

	if (nr < 0)
		return -EINVAL;
	pid = nr ? find_get_pid(nr) : get_pid(task_tgid(current));
	task = get_pid_task(pid, PIDTYPE_TGID);
	if (!task)
		goto put_pid;
	/* Before anything of it is told: the answer must not depend on its state. */
	if (!same_thread_group(task, current) && !capable(CAP_SYS_PTRACE)) {
		err = -EPERM;
		goto put_task;
	}
	/* The leader may be gone while its threads live on; the caller's memory is always there. */
	mm = get_task_mm(same_thread_group(task, current) ? current : task);
	if (!mm)
		goto put_task;
	ret->mm = mm;
	ret->pid = pid;
	ret->foreign = !same_thread_group(task, current);
	pw_event_key(&ret->key, task);
	pw_event_comm(ret->comm, task);
	put_task_struct(task);
	return 0;

put_task:
	put_task_struct(task);
put_pid:
	put_pid(pid);
	return err;
}

void pw_target_put(struct pw_target *target)
{
	mmput(target->mm);
	put_pid(target->pid);
}
