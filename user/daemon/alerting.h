/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the daemon knows becomes alerts: changed verdicts, and what the wipe ledger found. */
#ifndef PW_DAEMON_ALERTING_H
#define PW_DAEMON_ALERTING_H

#include "user/alert/alerter.h"
#include "user/analysis/trends.h"
#include "user/model/model.h"

#define PW_ALERTING_RECONCILE_NS (30 * PW_NSEC_PER_SEC)
/*
 * What fired before a restart is believed for so long: the saved trends may be
 * a minute older, and have to judge once more. The second is scaled.
 */
#define PW_ALERTING_GRACE_NS (90 * PW_NSEC_PER_SEC)
#define PW_ALERTING_GRACE_SCALED_NS (1800 * PW_NSEC_PER_SEC)
#define PW_ALERTING_WIPES_NS (10 * PW_NSEC_PER_SEC) /* between two looks at the ledger */
#define PW_ALERTING_HOLD_NS \
	(900 * PW_NSEC_PER_SEC) /* a wipe alert ends when it was quiet for so long */

/* Zeroed at the start. */
struct pw_alerting {
	uint64_t started_ns; /* CLOCK_BOOTTIME of the first tick with these trends */
	uint64_t sequence; /* of the last verdict event that was taken */
	uint64_t reconcile_ns, wipes_ns; /* CLOCK_BOOTTIME of the next look */
	uint64_t wipes_seen; /* how much the ledger held at the last one */
};

/*
 * After each tick of the model. host: the alerts' instance, raw; trends may be
 * NULL. true: verdicts changed, which is worth saving soon.
 */
bool pw_alerting_tick(struct pw_alerting *s, struct pw_alert_book *book, const struct pw_model *m,
		      const struct pw_trends *trends, const char *host);
/* The trends are other ones now, or none. */
void pw_alerting_reset(struct pw_alerting *s);

#endif
