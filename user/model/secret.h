/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ranges registered with the module: each watch from REGISTERED to ENDED, and
 * what became of its pages. Bounded: PW_SECRETS_MAX watches; the oldest ended
 * ones make room, a live one that finds none is counted.
 */
#ifndef PW_MODEL_SECRET_H
#define PW_MODEL_SECRET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kmod/uapi/pagewarden.h"

#define PW_SECRETS_MAX 4096
#define PW_SECRET_EVENTS_MAX 4096

enum pw_secret_state {
	PW_SECRET_LIVE,
	PW_SECRET_ENDED_CLEAN, /* all that went was clean */
	PW_SECRET_ENDED_DIRTY, /* some of it went with contents */
	PW_SECRET_LEFT_BEHIND, /* copies, swap, or holders elsewhere keep contents */
	PW_SECRET_ENDED_UNKNOWN, /* some of it could not be looked at, nothing worse */
};

struct pw_secret_row {
	uint64_t id;
	struct pw_key key;
	enum pw_secret_state
		state; /* of a live one that released something dirty already: ENDED_DIRTY with live */
	bool live;
	bool confirmed; /* any record came since the last MACHINE */
	uint64_t registered_ns; /* 0: before the trace */
	uint64_t ended_ns; /* 0: live */
	uint32_t shared; /* SHARED events */
	struct pw_secret sums; /* counts over all RELEASED, or of ENDED; texts and range of the last record */
	const char *exe; /* interned; "" */
};

/* The raw events, for the timeline and the evidence. */
struct pw_secret_log {
	struct pw_secret *ring; /* PW_SECRET_EVENTS_MAX */
	uint64_t total;
};

struct pw_secret_table {
	struct pw_secret_row *rows; /* by id, ascending */
	size_t count, capacity;
	struct pw_secret_log log;
	uint64_t registered, ended, released; /* events ever */
	uint64_t by_verdict[8]; /* RELEASED and ENDED, by enum pw_secret_verdict */
	uint64_t full; /* had no room */
};

const char *pw_secret_state_name(
	enum pw_secret_state s); /* "live", "released-clean", "released-dirty", "left-behind", "unknown" */
const char *pw_secret_event_name(uint32_t event);
const char *pw_secret_cause_name(uint32_t cause);
const char *pw_secret_verdict_name(uint32_t verdict);

size_t pw_secret_event_count(const struct pw_secret_table *t);
const struct pw_secret *pw_secret_event_at(const struct pw_secret_table *t, size_t index);

#endif
