/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The rows of what is said of growth: a series and its verdict, the gates of
 * one, its floors, the changes, and how much could be seen. ctx of the getters:
 * the model, or NULL: then the starts of processes are not known.
 */
#ifndef PW_VIEW_LEAK_TABLE_H
#define PW_VIEW_LEAK_TABLE_H

#include "user/analysis/trends.h"
#include "user/view/column.h"

extern const struct pw_column pw_leak_columns[]; /* row: struct pw_suspect */
extern const struct pw_column pw_gate_columns[]; /* row: struct pw_gate_row */
extern const struct pw_column pw_floor_columns[]; /* row: struct pw_floor_row */
extern const struct pw_column pw_verdict_event_columns[]; /* row: struct pw_verdict_event */
extern const struct pw_column pw_leak_header_columns[]; /* row: struct pw_leak_header */

/* What text shows of suspects, of why, of those that are none, and of the series of one process. */
extern const char *const pw_leak_shown[];
extern const char *const pw_leak_evidence_shown[];
extern const char *const pw_leak_others_shown[];
extern const char *const pw_leak_summary_shown[];

struct pw_gate_row {
	const struct pw_suspect *suspect;
	enum pw_gate gate;
};

/* A block of the window that the verdict stands on. */
struct pw_floor_row {
	const struct pw_suspect *suspect;
	uint64_t time_ns; /* begin of the block */
	uint64_t value; /* PW_UNKNOWN: a gap */
	double line; /* Theil-Sen's; NAN: none */
};

/* How much was seen, and by whom. */
struct pw_leak_header {
	const struct pw_model *model; /* NULL: none */
	uint64_t now_ns; /* realtime of the last sample; 0: none */
	const char *origin; /* "daemon", "history", "recording", "own" */
	const char *origin_name; /* the socket or the file; "" */
	uint64_t watched_ns; /* real time since the first sample of anything */
	double time_scale;
	struct pw_trends_cost cost;
};

/* "4711 nginx", "/usr/bin/nginx in /system.slice/nginx.service": raw bytes. Returns buf. */
const char *pw_leak_name(const struct pw_subject *s, char *buf, size_t size);
bool pw_leak_in_bytes(enum pw_series_kind kind);
/* Seconds that are ns, for a column; false: never, or so far away that it means never. */
bool pw_leak_seconds(double seconds, uint64_t *ret_ns);

#endif
