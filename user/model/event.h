/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The machine's timeline: a ring of the newest forks, execs, exits, OOM kills. */
#ifndef PW_MODEL_EVENT_H
#define PW_MODEL_EVENT_H

#include <stddef.h>
#include <stdint.h>

#include "kmod/uapi/pagewarden.h"

struct pw_event {
	uint64_t time_ns;
	uint32_t type; /* PW_REC_FORK, EXEC, EXIT, OOM */
	int32_t exit_code;
	struct pw_key key;
	struct pw_key parent;
	uint64_t pages; /* EXIT: high-water RSS; OOM: anon + file + shmem */
	char comm[PW_COMM_LEN + 1]; /* raw */
	char path[129]; /* EXEC; raw */
};

#define PW_EVENTS_MAX 4096

struct pw_event_log {
	struct pw_event *ring; /* PW_EVENTS_MAX, allocated at first use */
	uint64_t total; /* ever; the newest is ring[(total - 1) % MAX] */
};

const char *pw_event_type_name(uint32_t type); /* "fork", "exec", "exit", "oom-kill" */

#endif
