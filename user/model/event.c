// SPDX-License-Identifier: GPL-2.0-or-later
#include "user/model/event.h"

#include <errno.h>
#include <stdlib.h>

#include "user/model/event_log.h"

const char *pw_event_type_name(uint32_t type)
{
	switch (type) {
	case PW_REC_FORK:
		return "fork";
	case PW_REC_EXEC:
		return "exec";
	case PW_REC_EXIT:
		return "exit";
	case PW_REC_OOM:
		return "oom-kill";
	default:
		return "unknown";
	}
}

int pw_event_log_add(struct pw_event_log *log, const struct pw_event *ev)
{
	if (!log->ring) {
		log->ring = calloc(PW_EVENTS_MAX, sizeof(*log->ring));
		if (!log->ring)
			return -ENOMEM;
	}
	log->ring[log->total++ % PW_EVENTS_MAX] = *ev;
	return 0;
}

void pw_event_log_deinit(struct pw_event_log *log)
{
	free(log->ring);
	*log = (struct pw_event_log){ 0 };
}
