/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the analysis says, as alerts: names, labels, and sentences. Pure. */
#ifndef PW_ALERT_EVIDENCE_H
#define PW_ALERT_EVIDENCE_H

#include "user/alert/alert.h"
#include "user/analysis/trends.h"
#include "user/analysis/wipe_alert.h"

#define PW_ALERT_LEAK "PagewardenLeakSuspected"

/* The new verdict of an event; it need not be a suspect's. host: raw. */
void pw_alert_of_event(const struct pw_verdict_event *ev, const char *host, struct pw_alert *ret);
void pw_alert_of_suspect(const struct pw_suspect *s, const char *host, struct pw_alert *ret);
/* Tells the members of one alert apart. */
uint64_t pw_alert_member(const struct pw_subject *s, enum pw_series_kind kind);

void pw_alert_of_wipe(const struct pw_wipe_alert *w, const struct pw_model *m, const char *host,
		      struct pw_alert *ret);

#endif
