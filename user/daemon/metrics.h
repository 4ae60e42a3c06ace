/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What /metrics says: docs/metrics.md lists every name. */
#ifndef PW_DAEMON_METRICS_H
#define PW_DAEMON_METRICS_H

#include "user/daemon/http.h"
#include "user/view/openmetrics.h"

#define PW_METRICS_PATH "/metrics"
#define PW_METRICS_SUSPECTS \
	512 /* rows of suspects, the worst; those that are not shown are counted */

struct pw_model;
struct pw_trends;

/* accept: the request's header, which decides the form; NULL: none. */
void pw_metrics_answer(struct pw_daemon *d, const char *accept, struct pw_http_answer *ret);

/*
 * Its parts. Groups: the `top` greatest, those that are suspected, and one row
 * for all others. trends may be NULL. 0 or -ENOMEM.
 */
int pw_metrics_groups(struct pw_metrics *w, const struct pw_model *m,
		      const struct pw_trends *trends, size_t top);
int pw_metrics_suspects(struct pw_metrics *w, const struct pw_trends *trends);
void pw_metrics_machine(struct pw_metrics *w, const struct pw_model *m);
void pw_metrics_wipes(struct pw_metrics *w, const struct pw_model *m);
/* The daemon itself: its cost, losses, history, connections, alerts. */
void pw_metrics_own(struct pw_metrics *w, struct pw_daemon *d);

#endif
