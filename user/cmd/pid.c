// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "user/cmd/pid.h"
#include "user/source/machine.h"

int pw_pid_not_there(const struct pw_procfs *fs, uint32_t pid, struct pw_error *err)
{
	struct pw_proc_stat stat;

	if (pw_procfs_stat(fs, pid, &stat) == 0)
		return pw_error_set(err, -ESRCH,
				    "process %u has no address space of its own: a kernel thread, "
				    "or one that has ended and waits for its parent",
				    pid);
	pw_error_set(err, -ESRCH, "there is no process %u", pid);
	if (pw_machine_sees_all(fs))
		pw_error_remedy(err, "it has ended, or runs in another pid namespace; "
				     "pagewarden top lists what is there");
	else
		pw_error_remedy(err, "or it is another user's, and /proc is mounted with hidepid: "
				     "run as root, or mount /proc without it");
	return -ESRCH;
}

int pw_pid_check(const struct pw_procfs *fs, uint32_t pid, const char *command, struct pw_error *err)
{
	char status[4096];
	const char *tgid;
	unsigned long leader;
	int rc;

	rc = pw_procfs_read(fs, pid, "status", status, sizeof(status), NULL);
	if (rc == -ESRCH || rc == -ENOENT)
		return pw_pid_not_there(fs, pid, err);
	if (rc && rc != -E2BIG)
		return 0; /* what can't be read is told by who needs it */
	tgid = strstr(status, "\nTgid:");
	leader = tgid ? strtoul(tgid + 6, NULL, 10) : pid;
	if (leader == pid)
		return 0;
	pw_error_set(err, -ESRCH, "%u is a thread of process %lu", pid, leader);
	pw_error_remedy(err, "%s %lu", command, leader);
	return -ESRCH;
}
