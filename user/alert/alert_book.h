/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The alerts that fire. Causes with one fingerprint and class are one alert
 * with many members: it begins with the first and ends with the last. At most
 * `rate` begin in an hour; what is more waits for its turn while it fires, and
 * is counted when it ends before that. Time is a parameter; no I/O.
 */
#ifndef PW_ALERT_ALERT_BOOK_H
#define PW_ALERT_ALERT_BOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "user/alert/alert.h"

#define PW_ALERTS_MAX 512
#define PW_ALERT_MEMBERS_MAX 64 /* that are told apart; more are counted in `crowded` */

/* A begin or an end, for every receiver. */
typedef void (*pw_alert_tell)(void *ctx, const struct pw_alert *a);

struct pw_alert_book;

/* rate: 1 or more an hour. */
int pw_alert_book_create(unsigned int rate, pw_alert_tell tell, void *ctx,
			 struct pw_alert_book **ret);
void pw_alert_book_destroy(struct pw_alert_book *b); /* takes NULL */
void pw_alert_book_set_rate(struct pw_alert_book *b, unsigned int rate);

/*
 * A member of alert a is there, new or again. a's texts and figures replace
 * those of the alert unless `keep`; when it began stays. hold_until: realtime
 * at which it ends if nothing more is heard; 0: only by drop or sweep.
 */
void pw_alert_book_raise(struct pw_alert_book *b, const struct pw_alert *a, uint64_t member,
			 bool keep, uint64_t hold_until_ns);
/* This member is gone; reason: one sentence. */
void pw_alert_book_drop(struct pw_alert_book *b, uint64_t id, uint64_t member, uint64_t now_ns,
			const char *reason);
/*
 * What is still so: forget, then raise each that is, then sweep those that
 * nobody raised. Alerts that are held until a time stay out of it.
 */
void pw_alert_book_forget(struct pw_alert_book *b);
void pw_alert_book_sweep(struct pw_alert_book *b, uint64_t now_ns, const char *reason);
/* Ends what was held long enough and tells what waits. Returns when to come again; UINT64_MAX: never. */
uint64_t pw_alert_book_run(struct pw_alert_book *b, uint64_t now_ns);

/* The alerts that were told and fire, in no order; from index on. Returns how many went to ret. */
size_t pw_alert_book_firing(const struct pw_alert_book *b, size_t index,
			    const struct pw_alert **ret, size_t max);
const struct pw_alert *pw_alert_book_find(const struct pw_alert_book *b, uint64_t id);

struct pw_alert_book_status {
	size_t firing, waiting; /* waiting: fire, and were not told yet */
	uint64_t begun, ended; /* ever */
	uint64_t suppressed; /* ended before their turn came */
	uint64_t refused; /* found no room */
	uint64_t crowded; /* members that found no room in their alert */
};
void pw_alert_book_status(const struct pw_alert_book *b, struct pw_alert_book_status *ret);

/* Across a restart. changed: since the last save; load takes untrusted bytes. */
bool pw_alert_book_is_changed(const struct pw_alert_book *b);
int pw_alert_book_save(struct pw_alert_book *b, char **ret, size_t *ret_len); /* free it */
int pw_alert_book_load(struct pw_alert_book *b, const char *text, size_t len);

#endif
