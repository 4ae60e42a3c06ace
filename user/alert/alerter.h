/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Alerts on their ways: the journal, a program, Alertmanager. Whoever has
 * something to tell raises it in the book; here it is told, once, and what a
 * receiver could not take yet is kept. One epoll descriptor, nothing blocks.
 *
 * Below the spool's path: `firing`, the alerts that were told and have not
 * ended; `exec/` and `alertmanager/`, notices that wait.
 */
#ifndef PW_ALERT_ALERTER_H
#define PW_ALERT_ALERTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "user/alert/alert_book.h"
#include "user/alert/way.h"
#include "user/base/error.h"

struct pw_alert_options {
	bool no_journal;
	char exec[1024]; /* words; "": none */
	uint64_t exec_timeout_ns;
	char alertmanager[600]; /* URL; "": none */
	uint64_t refresh_ns;
	char spool[4016]; /* a directory; "": in memory */
	uint32_t spool_max; /* notices, for each way */
	uint32_t rate; /* alerts that may begin in an hour */
};

/* Words for the log; priority as syslog's. */
typedef void (*pw_alert_log)(int priority, const char *text, ...)
	__attribute__((format(printf, 2, 3)));

struct pw_alerter;

/* Takes over what an earlier one left in the spool. options are copied. */
int pw_alerter_create(const struct pw_alert_options *opt, pw_alert_log log, struct pw_alerter **ret,
		      struct pw_error *err);
void pw_alerter_destroy(struct pw_alerter *a); /* saves; takes NULL */
/* What a reload may change: the rate. The rest takes effect at the next start. */
void pw_alerter_set_rate(struct pw_alerter *a, uint32_t rate);

/* Where alerts are raised and dropped; the next run tells. */
struct pw_alert_book *pw_alerter_book(struct pw_alerter *a);
/* On every way, past the book and its rate: what alert-test does. */
void pw_alerter_tell(struct pw_alerter *a, const struct pw_alert *alert);

int pw_alerter_fd(const struct pw_alerter *a);
uint64_t pw_alerter_timeout_ms(const struct pw_alerter *a); /* UINT64_MAX: no hurry */
void pw_alerter_run(struct pw_alerter *a);

const struct pw_alert_way *pw_alerter_way(const struct pw_alerter *a, enum pw_alert_way_kind k);

#endif
