/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ranges that are registered with the module, as rows of documents. Holds pointers into the model. */
#ifndef PW_VIEW_SECRET_REPORT_H
#define PW_VIEW_SECRET_REPORT_H

#include "user/analysis/wipe_filter.h"
#include "user/view/document.h"

enum pw_secret_list_table { /* in the order of pw_document_secrets.tables */
			    PW_SECRETS_RANGES,
			    PW_SECRETS_EVENTS,
			    PW_SECRETS_ALERTS,
			    PW_SECRETS_LOSSES,
			    PW_SECRETS_TABLES
};

#define PW_SECRET_STATES 5 /* enum pw_secret_state */

struct pw_secret_report_options {
	const struct pw_wipe_filter *filter; /* by its process alone; NULL: everything */
	bool by_state; /* whether the set counts */
	bool states[PW_SECRET_STATES]; /* a live one that released something dirty is both */
	uint64_t watch; /* this registration alone; 0: all */
	size_t limit; /* the newest so many ranges; 0: all */
	uint64_t after; /* events that came later than this many only */
};

struct pw_secret_report {
	const struct pw_model *model;
	struct pw_rows tables[PW_SECRETS_TABLES];
	/* what the rows stand on */
	struct pw_wipe_alert *alerts;
	struct pw_loss_row losses[PW_LOSS_CAUSES];
};

/* Comma-separated names. 0, or -EINVAL with *err naming the word and listing the names. */
int pw_secret_report_states(struct pw_secret_report_options *opt, const char *names,
			    struct pw_error *err);

/* 0 or -ENOMEM. */
int pw_secret_report_init(struct pw_secret_report *r, const struct pw_model *m,
			  const struct pw_secret_report_options *opt);
void pw_secret_report_deinit(struct pw_secret_report *r); /* takes a zeroed one */
/* pw_document_secrets with these rows; d stands on r. */
void pw_secret_report_document(const struct pw_secret_report *r, struct pw_shaped_document *d);

#endif
