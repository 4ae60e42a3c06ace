// SPDX-License-Identifier: GPL-2.0-or-later
/* The columns of the machine's timeline. */
#include "user/view/tables.h"

#include <sys/wait.h>

#include "user/view/table_values.h"

#define EVENT_VALUE(name, condition, set, expression)                                  \
	static void get_##name(const void *ctx, const void *row, struct pw_value *ret) \
	{                                                                              \
		const struct pw_model *m = ctx;                                        \
		const struct pw_event *e = row;                                        \
                                                                                       \
		(void)m;                                                               \
		if (condition)                                                         \
			set(ret, expression);                                          \
		else                                                                   \
			pw_value_unknown(ret);                                         \
	}

#define IS_EXIT (e->type == PW_REC_EXIT)
#define EXITED (IS_EXIT && WIFEXITED(e->exit_code))
#define SIGNALED (IS_EXIT && WIFSIGNALED(e->exit_code))
#define BYTES (e->pages * (uint64_t)m->machine.page_size)

EVENT_VALUE(time, true, pw_value_u, pw_model_realtime(m, e->time_ns))
EVENT_VALUE(type, true, pw_value_text, pw_event_type_name(e->type))
EVENT_VALUE(pid, true, pw_value_u, e->key.pid)
EVENT_VALUE(start_time, true, pw_value_u, pw_model_realtime(m, e->key.start_ns))
EVENT_VALUE(parent_pid, e->type == PW_REC_FORK, pw_value_u, e->parent.pid)
EVENT_VALUE(comm, true, pw_value_text_or_unknown, e->comm)
EVENT_VALUE(path, e->type == PW_REC_EXEC, pw_value_text_or_unknown, e->path)
EVENT_VALUE(exit_status, EXITED, pw_value_u, (uint64_t)WEXITSTATUS(e->exit_code))
EVENT_VALUE(exit_signal, SIGNALED, pw_value_u, (uint64_t)WTERMSIG(e->exit_code))
EVENT_VALUE(hiwater_rss_bytes, IS_EXIT && e->pages, pw_value_u, BYTES)
EVENT_VALUE(rss_bytes, e->type == PW_REC_OOM, pw_value_u, BYTES)

const struct pw_column pw_event_columns[] = {
#define C(name, title, unit, width, standard, help)                             \
	{                                                                       \
#name, title, help, PW_UNIT_##unit, width, standard, get_##name \
	}
	C(time, "TIME", TIME, 24, true, "when it happened"),
	C(type, "EVENT", TEXT, 8, true, "fork, exec, exit or oom-kill"),
	C(pid, "PID", COUNT, 7, true, "process id in the initial namespace; of a fork, the child's"),
	C(start_time, "STARTED", TIME, 24, false, "when the process started"),
	C(parent_pid, "PARENT", COUNT, 7, true, "of a fork: process id of the parent"),
	C(exit_status, "EXIT", COUNT, 4, true, "of an exit: the status passed to exit"),
	C(exit_signal, "SIG", COUNT, 3, true, "of an exit: the signal that ended it"),
	C(hiwater_rss_bytes, "PEAK", BYTES, 6, true, "of an exit: the highest resident size ever"),
	C(rss_bytes, "RSS", BYTES, 6, true, "of an OOM kill: the resident size"),
	C(comm, "COMMAND", TEXT, 15, true, "the kernel's short name of the process"),
	C(path, "PATH", TEXT, 0, true, "of an exec: the path given to execve"),
	{ NULL },
#undef C
};
