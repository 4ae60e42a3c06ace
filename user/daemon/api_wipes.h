/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The paths of the wipe ledger: documents of the daemon's model. */
#ifndef PW_DAEMON_API_WIPES_H
#define PW_DAEMON_API_WIPES_H

#include "user/analysis/wipe_filter.h"
#include "user/daemon/http.h"
#include "user/view/secret_report.h"

/* What may be asked for; zero: everything. */
struct pw_ledger_query {
	struct pw_wipe_filter filter;
	struct pw_secret_report_options secrets; /* by state; `filter` is the one above */
	size_t limit; /* rows, the newest; 0: all */
};

void pw_api_wipes(struct pw_daemon *d, const struct pw_ledger_query *q, struct pw_http_answer *ret);
/* The same document without a row for each event: totals for who polls. */
void pw_api_wipe_summary(struct pw_daemon *d, const struct pw_ledger_query *q,
			 struct pw_http_answer *ret);
void pw_api_alerts(struct pw_daemon *d, const struct pw_ledger_query *q, struct pw_http_answer *ret);
void pw_api_secrets(struct pw_daemon *d, const struct pw_ledger_query *q, struct pw_http_answer *ret);
/* All of them as records: pw_model_export_secrets(). */
void pw_api_secret_records(struct pw_daemon *d, struct pw_http_answer *ret);

#endif
