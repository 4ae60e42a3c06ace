/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tables of Pagewarden: which columns each thing has. */
#ifndef PW_VIEW_TABLES_H
#define PW_VIEW_TABLES_H

#include "user/model/model.h"
#include "user/view/column.h"

/* ctx of the model's getters: the model, for the page size and the time. */
extern const struct pw_column pw_process_columns[]; /* row: struct pw_process */
extern const struct pw_column pw_group_columns[]; /* row: struct pw_group */
extern const struct pw_column pw_segment_columns[]; /* row: struct pw_segment_row */
extern const struct pw_column pw_scan_columns[]; /* row: struct pw_process, after a scan */
extern const struct pw_column pw_event_columns[]; /* row: struct pw_event */
extern const struct pw_column pw_machine_columns[]; /* row: struct pw_model */
extern const struct pw_column pw_loss_columns[]; /* row: struct pw_loss_row */
extern const struct pw_column pw_coverage_columns[]; /* row: struct pw_coverage_row */
extern const struct pw_column pw_timeline_columns[]; /* row: struct pw_timeline_row */
extern const struct pw_column pw_wipe_columns[]; /* row: struct pw_wipe_event */
extern const struct pw_column pw_wipe_total_columns[]; /* row: struct pw_wipe_totals */
extern const struct pw_column pw_wipe_function_columns[]; /* row: struct pw_wipe_function_row */
extern const struct pw_column pw_wipe_caller_columns[]; /* row: struct pw_wipe_caller */
extern const struct pw_column pw_wipe_site_columns[]; /* row: struct pw_wipe_site */
extern const struct pw_column pw_wipe_probe_columns[]; /* row: struct pw_wipe_probe_row */
extern const struct pw_column pw_wipe_note_columns[]; /* row: the text itself */
extern const struct pw_column pw_alert_columns[]; /* row: struct pw_wipe_alert */
extern const struct pw_column pw_secret_columns[]; /* row: struct pw_secret_row */
extern const struct pw_column pw_secret_event_columns[]; /* row: struct pw_secret */
extern const struct pw_column pw_doctor_columns[]; /* row: struct pw_doctor_row; ctx: none */
extern const struct pw_column pw_doctor_host_columns[]; /* row: struct pw_doctor_host; ctx: none */

struct pw_loss_row {
	const char *cause;
	const char *text;
	uint64_t count;
};

/* Calls of one function, and where it is observed. */
struct pw_wipe_function_row {
	uint16_t function; /* enum pw_wipe_function */
	uint64_t by_verdict[4]; /* by enum pw_wipe_verdict */
	uint64_t files, files_refused;
	const char *example; /* the first file; "": none, or the kernel */
};

struct pw_wipe_totals {
	uint64_t wipes, releases;
	uint64_t by_verdict[4]; /* of the wipes, by enum pw_wipe_verdict */
	uint64_t functions, files, files_refused; /* observed */
	uint64_t alerts, certain_alerts;
	uint64_t not_shown; /* events that were counted and made room for newer ones before they were shown */
};

struct pw_coverage_row {
	const char *what;
	bool seen;
	bool expected; /* a full installation has it; the rest are extras */
	const char *text; /* what is missing without it; "" when seen */
};

enum pw_doctor_state {
	PW_DOCTOR_OK,
	PW_DOCTOR_ABSENT, /* an extra that is not there */
	PW_DOCTOR_MISSING, /* something will not be seen */
	PW_DOCTOR_FAILED, /* nothing works without it */
};

struct pw_doctor_row {
	const char *check; /* "page ledger" */
	enum pw_doctor_state state;
	const char *found; /* what was tried and seen */
	const char *costs; /* what is missing without it; "" */
	const char *remedy; /* how to get it; "" */
};

struct pw_doctor_host {
	const char *host;
	const char *kernel;
	uint32_t uid;
	const char *verdict; /* one sentence */
};

/* What text shows of the segments of several processes. */
extern const char *const pw_segment_shown[];

struct pw_timeline_row {
	uint64_t time_ns, step_ns;
	uint64_t pages;
};

/* What a series still knows, oldest first; room for PW_TIMELINE_ROWS_MAX. Returns how many. */
#define PW_TIMELINE_ROWS_MAX (PW_SERIES_TIERS * PW_SERIES_POINTS)
size_t pw_timeline_rows(const struct pw_series *s, uint64_t now_ns, struct pw_timeline_row *out);

/* Rows of losses and coverage: causes with a count, all parts. Return how many. */
#define PW_COVERAGE_ROWS_MAX 32
size_t pw_loss_rows(const struct pw_model *m, struct pw_loss_row *out, size_t n);
size_t pw_coverage_rows(const struct pw_model *m, struct pw_coverage_row *out, size_t n);

#endif
