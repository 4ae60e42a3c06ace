/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The wipe ledger of a model as rows of documents: the events, their totals,
 * alerts, suspected forgotten wipes, the functions that are observed and what
 * cannot be seen. Holds pointers into the model.
 */
#ifndef PW_VIEW_WIPE_REPORT_H
#define PW_VIEW_WIPE_REPORT_H

#include "user/analysis/wipe_alert.h"
#include "user/analysis/wipe_filter.h"
#include "user/view/document.h"

enum pw_wipe_table { /* in the order of pw_document_wipes.tables */
		     PW_WIPES_EVENTS,
		     PW_WIPES_TOTALS,
		     PW_WIPES_FUNCTIONS,
		     PW_WIPES_CALLERS,
		     PW_WIPES_ALERTS,
		     PW_WIPES_FORGOTTEN,
		     PW_WIPES_PROBES,
		     PW_WIPES_NOTES,
		     PW_WIPES_LOSSES,
		     PW_WIPES_TABLES
};

/* Calls that passed a filter, counted as they came: the ledger keeps the newest only. */
struct pw_wipe_tally {
	uint64_t calls[PW_WIPE_FUNCTIONS][PW_WIPE_VERDICTS];
	uint64_t seen; /* the highest sequence that was looked at */
	uint64_t missed; /* events that had gone before they were looked at */
};

/* Counts the events since the last call that pass. */
void pw_wipe_tally_add(struct pw_wipe_tally *t, const struct pw_model *m,
		       const struct pw_wipe_filter *f);

struct pw_wipe_report_options {
	const struct pw_wipe_filter *filter; /* NULL: everything */
	const struct pw_wipe_tally *tally; /* NULL: of what the ledger keeps, or all it ever counted */
	uint64_t after; /* events with a higher sequence only */
	size_t limit; /* the newest so many; 0: all */
	size_t callers; /* at most so many; 0: all */
	bool no_events;
	bool no_summary; /* events and losses only */
};

#define PW_WIPE_NOTES_MAX 16

struct pw_wipe_report {
	const struct pw_model *model;
	struct pw_rows tables[PW_WIPES_TABLES];
	struct pw_wipe_totals totals;
	/* what the rows stand on */
	struct pw_wipe_function_row functions[PW_WIPE_FUNCTIONS];
	struct pw_wipe_alert *alerts;
	struct pw_loss_row losses[PW_LOSS_CAUSES];
};

/* 0 or -ENOMEM. */
int pw_wipe_report_init(struct pw_wipe_report *r, const struct pw_model *m,
			const struct pw_wipe_report_options *opt);
void pw_wipe_report_deinit(struct pw_wipe_report *r); /* takes a zeroed one */
/* pw_document_wipes with these rows; d stands on r. */
void pw_wipe_report_document(const struct pw_wipe_report *r, struct pw_shaped_document *d);
/* pw_document_alerts. */
void pw_wipe_report_alerts(const struct pw_wipe_report *r, struct pw_shaped_document *d);

/* Whether the model's source observed wipes, or anything of them came. */
bool pw_wipes_observed(const struct pw_model *m);

#endif
