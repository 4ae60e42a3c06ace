/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The documents that only the daemon has: status, history, errors. */
#ifndef PW_DAEMON_DOCUMENTS_H
#define PW_DAEMON_DOCUMENTS_H

#include "user/analysis/trends.h"
#include "user/daemon/http.h"
#include "user/daemon/state.h"
#include "user/store/store.h"
#include "user/view/document.h"

struct pw_status_row {
	const struct pw_daemon *daemon;
	uint64_t now_ns; /* CLOCK_BOOTTIME */
	struct pw_http_status http;
	struct pw_broadcast_status streams;
	struct pw_trends_cost trends; /* zero: off */
	uint64_t history_bytes;
	struct pw_alert_book_status alerts;
};

struct pw_error_row {
	unsigned int status;
	const char *text, *remedy;
};

/* What a history was asked for. */
struct pw_history_range {
	uint64_t from_ns, to_ns; /* realtime, half-open */
	bool truncated;
};

struct pw_history_point {
	struct pw_store_point point;
	uint64_t available_bytes; /* machine only */
};

/* Strings are the row's own. */
struct pw_history_process {
	struct pw_store_process process;
	char *strings;
};

struct pw_history_event {
	struct pw_store_event event;
	char *strings;
};

/* The strings of the event are the row's own; times are realtime. */
struct pw_history_wipe {
	struct pw_wipe_event event; /* first: the columns are those of the live events */
	char *strings;
};

/* The strings of the subject are the row's own. */
struct pw_history_verdict {
	struct pw_verdict_event event; /* first: the columns are those of the live changes */
	char *strings;
};

extern const struct pw_document_shape pw_document_status; /* header: struct pw_status_row */
extern const struct pw_document_shape pw_document_error; /* header: struct pw_error_row */
/* Header: struct pw_history_range. */
extern const struct pw_document_shape pw_document_history_processes;
extern const struct pw_document_shape pw_document_history_points;
extern const struct pw_document_shape pw_document_history_machine;
extern const struct pw_document_shape pw_document_history_events;
extern const struct pw_document_shape pw_document_history_verdicts;
extern const struct pw_document_shape pw_document_history_wipes;
extern const struct pw_document_shape pw_document_history_secrets;

extern const struct pw_document_shape *const pw_daemon_document_shapes[]; /* ends with NULL */

#endif
