/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The paths below /v1/history: rows of the store as documents. */
#ifndef PW_DAEMON_HISTORY_H
#define PW_DAEMON_HISTORY_H

#include "user/analysis/wipe_filter.h"
#include "user/daemon/http.h"

struct pw_history_query {
	uint64_t from_ns, to_ns;
	size_t limit;
	int64_t process; /* id in the history, where one is asked for */
	const struct pw_wipe_filter *wipes; /* of wipes and secrets: which */
};

void pw_history_processes(struct pw_daemon *d, const struct pw_history_query *q,
			  struct pw_http_answer *ret);
void pw_history_points(struct pw_daemon *d, const struct pw_history_query *q,
		       struct pw_http_answer *ret);
void pw_history_machine(struct pw_daemon *d, const struct pw_history_query *q,
			struct pw_http_answer *ret);
void pw_history_events(struct pw_daemon *d, const struct pw_history_query *q,
		       struct pw_http_answer *ret);
void pw_history_verdicts(struct pw_daemon *d, const struct pw_history_query *q,
			 struct pw_http_answer *ret);
void pw_history_wipes(struct pw_daemon *d, const struct pw_history_query *q,
		      struct pw_http_answer *ret);
void pw_history_secrets(struct pw_daemon *d, const struct pw_history_query *q,
			struct pw_http_answer *ret);

#endif
