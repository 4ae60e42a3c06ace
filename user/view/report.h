/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The report: what a machine's memory did in the time that the model has seen.
 * Who holds most, who grew most, who died and how big it was, what the OOM
 * killer did, which secrets were wiped and which were not, and what was not
 * seen. Holds pointers into the model.
 */
#ifndef PW_VIEW_REPORT_H
#define PW_VIEW_REPORT_H

#include "user/view/document.h"
#include "user/view/secret_report.h"
#include "user/view/wipe_report.h"

enum pw_report_table { /* in the order of pw_document_report.tables */
		       PW_REPORT_PROCESSES,
		       PW_REPORT_GROWING,
		       PW_REPORT_GROUPS,
		       PW_REPORT_GROWING_GROUPS,
		       PW_REPORT_SEGMENTS,
		       PW_REPORT_DEAD,
		       PW_REPORT_OOM_KILLS,
		       PW_REPORT_EVENTS,
		       PW_REPORT_ALERTS,
		       PW_REPORT_WIPE_FUNCTIONS,
		       PW_REPORT_WIPE_CALLERS,
		       PW_REPORT_FORGOTTEN,
		       PW_REPORT_SECRETS,
		       PW_REPORT_WIPE_NOTES,
		       PW_REPORT_LOSSES,
		       PW_REPORT_COVERAGE,
		       PW_REPORT_TABLES
};

struct pw_report {
	const struct pw_model *model;
	size_t limit;
	struct pw_rows tables[PW_REPORT_TABLES];
	/* what the rows stand on */
	const void **rows[PW_REPORT_TABLES];
	struct pw_loss_row losses[PW_LOSS_CAUSES];
	struct pw_coverage_row coverage[PW_COVERAGE_ROWS_MAX];
	struct pw_wipe_report wipes;
	struct pw_secret_report secrets;
};

#define PW_REPORT_LIMIT 25 /* rows of each table by default */

/* limit: most rows of each table; 0: the default. 0 or -ENOMEM. */
int pw_report_init(struct pw_report *r, const struct pw_model *m, size_t limit);
void pw_report_deinit(struct pw_report *r); /* takes a zeroed one */

/* Text, JSON, CSV or HTML. 0 or -errno of the write. */
int pw_report_emit(const struct pw_report *r, const struct pw_emit_options *opt, FILE *out);

/* The HTML page alone (report_html.c). */
int pw_report_html(const struct pw_report *r, FILE *out);

#endif
