/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A PID from the command line, before anything is loaded for it. */
#ifndef PW_CMD_PID_H
#define PW_CMD_PID_H

#include <stdint.h>

#include "user/base/error.h"
#include "user/base/procfs.h"

/* 0, or -ESRCH with words: not there, a thread's ("COMMAND LEADER" is the remedy), not to be seen. */
int pw_pid_check(const struct pw_procfs *fs, uint32_t pid, const char *command, struct pw_error *err);
/* The words for a process that is not there, or has no address space. Returns -ESRCH. */
int pw_pid_not_there(const struct pw_procfs *fs, uint32_t pid, struct pw_error *err);

#endif
