/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the wipe ledger has to say to somebody who should act, with the
 * evidence: wipes that covered a part, secrets that went back dirty or were
 * left behind, suspected forgotten wipes. Repeats from one place are one alert
 * with a count.
 */
#ifndef PW_ANALYSIS_WIPE_ALERT_H
#define PW_ANALYSIS_WIPE_ALERT_H

#include <stddef.h>
#include <stdint.h>

#include "user/model/model.h"

enum pw_wipe_alert_kind {
	PW_ALERT_SECRET_DIRTY, /* certain: the module looked */
	PW_ALERT_SECRET_LEFT_BEHIND, /* certain */
	PW_ALERT_WIPED_IN_PART, /* certain: read back after the call */
	PW_ALERT_REWRITTEN, /* a wiped buffer went back with new contents: suspicion */
	PW_ALERT_FORGOTTEN_WIPE, /* suspicion, with its share */
	PW_ALERT_KINDS
};

struct pw_wipe_alert {
	enum pw_wipe_alert_kind kind;
	uint64_t fingerprint; /* of kind, program and place: the same in every run and on every host */
	struct pw_key key; /* of the newest */
	char comm[PW_COMM_LEN + 1];
	const char *exe; /* the model's */
	uint64_t first_ns, last_ns, count;
	double confidence; /* 1: certain; else the bound of forgotten.h */
	char what[192]; /* one sentence */
	char evidence[320]; /* figures: addresses, offsets, counts, call site */
};

const char *pw_wipe_alert_name(enum pw_wipe_alert_kind k); /* "secret-released-dirty", ... */

/* Ordered by kind, then newest first. pid 0: all. Free the array. 0 or -ENOMEM. */
int pw_wipe_alerts(const struct pw_model *m, uint32_t pid, struct pw_wipe_alert **ret,
		   size_t *ret_count);

#endif
