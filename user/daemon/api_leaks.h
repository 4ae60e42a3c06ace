/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The paths of suspected leaks: documents of the daemon's table of trends. */
#ifndef PW_DAEMON_API_LEAKS_H
#define PW_DAEMON_API_LEAKS_H

#include "user/daemon/http.h"
#include "user/view/leak_report.h"

struct pw_leak_query {
	struct pw_leak_options options; /* but for pid and cgroup, which the target has */
	struct pw_explain_target target; /* kind - 1 in `kind`: zero is the worst */
};

void pw_api_leaks(struct pw_daemon *d, const struct pw_leak_query *q, struct pw_http_answer *ret);
void pw_api_explain(struct pw_daemon *d, const struct pw_leak_query *q, struct pw_http_answer *ret);
/* The table itself: pw_trends_write_all(). */
void pw_api_trends(struct pw_daemon *d, struct pw_http_answer *ret);

#endif
