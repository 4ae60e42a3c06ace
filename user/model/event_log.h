/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writing the timeline; event.h is for its readers. */
#ifndef PW_MODEL_EVENT_LOG_H
#define PW_MODEL_EVENT_LOG_H

#include "user/model/event.h"

/* 0 or -ENOMEM. The oldest event makes room. */
int pw_event_log_add(struct pw_event_log *log, const struct pw_event *ev);
void pw_event_log_deinit(struct pw_event_log *log);

#endif
