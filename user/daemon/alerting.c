// SPDX-License-Identifier: GPL-2.0-or-later
#include "user/daemon/alerting.h"

#include <stdio.h>

#include "user/alert/evidence.h"
#include "user/base/cleanup.h"
#include "user/base/clock.h"

#define EVENTS_PER_ROUND 64

/* ---- verdicts --------------------------------------------------------------------- */

/* A suspect that ends, or goes on in another class, leaves the alert of its old one. */
static void take_event(struct pw_alert_book *book, const struct pw_verdict_event *ev,
		       const char *host, uint64_t real_ns)
{
	uint64_t member = pw_alert_member(&ev->subject, ev->kind);
	bool begins = pw_verdict_is_suspect(ev->to) && !ev->ended;
	struct pw_alert a;

	if (pw_verdict_is_suspect(ev->from) && (!begins || ev->from != ev->to))
		pw_alert_book_drop(book,
				   pw_alert_id_of(pw_subject_fingerprint(&ev->subject, ev->kind),
						  pw_verdict_names[ev->from]),
				   member, real_ns, ev->reason);
	if (!begins)
		return;
	pw_alert_of_event(ev, host, &a);
	pw_alert_book_raise(book, &a, member, ev->covered_by_process, 0);
}

/* *ret_lost: some are gone, so that only looking tells. true: there were any. */
static bool take_events(struct pw_alerting *s, struct pw_alert_book *book,
			const struct pw_trends *trends, const char *host, bool *ret_lost)
{
	const struct pw_verdict_event *events[EVENTS_PER_ROUND];
	uint64_t lost, before = s->sequence, real_ns = pw_clock_real_ns();
	size_t n;

	do {
		n = pw_trends_events(trends, s->sequence, events, EVENTS_PER_ROUND, &lost);
		*ret_lost |= lost != 0;
		for (size_t i = 0; i < n; i++) {
			take_event(book, events[i], host, real_ns);
			s->sequence = events[i]->sequence;
		}
	} while (n == EVENTS_PER_ROUND);
	return s->sequence != before;
}

/*
 * Compares with how it is: what a restart or an overrun kept from us, and the
 * figures of what fires. Alerts of wipes are held by time and stay out of it.
 */
static void reconcile(struct pw_alert_book *book, const struct pw_trends *trends, const char *host,
		      bool sweep)
{
	pw_auto_free struct pw_suspect *suspects = NULL;
	size_t count = 0;

	if (pw_trends_suspects(trends, NULL, &suspects, &count))
		return;
	pw_alert_book_forget(book);
	/* The worst come first, and the last to raise an alert gives it its words. */
	for (size_t i = count; i-- > 0;) {
		const struct pw_suspect *x = &suspects[i];
		struct pw_alert a;

		if (!x->suspected_since_ns)
			continue;
		pw_alert_of_suspect(x, host, &a);
		pw_alert_book_raise(book, &a, pw_alert_member(x->subject, x->kind),
				    x->covered_by_process, 0);
	}
	if (sweep)
		pw_alert_book_sweep(book, pw_clock_real_ns(), "it is no longer among the suspects");
}

static bool take_verdicts(struct pw_alerting *s, struct pw_alert_book *book,
			  const struct pw_trends *trends, const char *host)
{
	uint64_t now_ns = pw_clock_boot_ns(), grace_ns = PW_ALERTING_GRACE_NS;
	bool lost = false, changed = take_events(s, book, trends, host, &lost);

	grace_ns += (uint64_t)(PW_ALERTING_GRACE_SCALED_NS / pw_trends_time_scale(trends));
	if (!s->started_ns)
		s->started_ns = now_ns;
	if (lost || now_ns >= s->reconcile_ns) {
		reconcile(book, trends, host, now_ns - s->started_ns >= grace_ns);
		s->reconcile_ns = now_ns + PW_ALERTING_RECONCILE_NS;
	}
	return changed;
}

/* Nobody would ever end what fires. */
static void end_verdicts(struct pw_alerting *s, struct pw_alert_book *book)
{
	if (s->started_ns)
		return;
	s->started_ns = pw_clock_boot_ns();
	pw_alert_book_forget(book);
	pw_alert_book_sweep(book, pw_clock_real_ns(), "leaks are not looked for any more");
}

/* ---- wipes ------------------------------------------------------------------------- */

static void take_wipes(struct pw_alerting *s, struct pw_alert_book *book, const struct pw_model *m,
		       const char *host)
{
	uint64_t seen = m->wipes.total + m->secrets.log.total;
	uint64_t now_ns = pw_clock_boot_ns(), real_ns = pw_clock_real_ns();
	pw_auto_free struct pw_wipe_alert *wipes = NULL;
	size_t count = 0;

	if (seen == s->wipes_seen || now_ns < s->wipes_ns || pw_wipe_alerts(m, 0, &wipes, &count))
		return;
	s->wipes_seen = seen;
	s->wipes_ns = now_ns + PW_ALERTING_WIPES_NS;
	for (size_t i = 0; i < count; i++) {
		uint64_t until_ns = pw_model_realtime(m, wipes[i].last_ns) + PW_ALERTING_HOLD_NS;
		struct pw_alert a;

		if (until_ns <= real_ns)
			continue;
		pw_alert_of_wipe(&wipes[i], m, host, &a);
		pw_alert_book_raise(book, &a, wipes[i].fingerprint, false, until_ns);
	}
}

bool pw_alerting_tick(struct pw_alerting *s, struct pw_alert_book *book, const struct pw_model *m,
		      const struct pw_trends *trends, const char *host)
{
	bool changed = false;

	if (trends)
		changed = take_verdicts(s, book, trends, host);
	else
		end_verdicts(s, book);
	take_wipes(s, book, m, host);
	return changed;
}

void pw_alerting_reset(struct pw_alerting *s)
{
	s->started_ns = s->reconcile_ns = s->sequence = 0;
}
