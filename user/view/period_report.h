/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The report on a period of the history: what an admin reads in the morning.
 * A sentence, what it is made of, then the tables. Holds pointers into the
 * period and the model.
 */
#ifndef PW_VIEW_PERIOD_REPORT_H
#define PW_VIEW_PERIOD_REPORT_H

#include "user/analysis/period_suspect.h"
#include "user/view/document.h"
#include "user/view/wipe_report.h"

enum pw_period_table { /* in the order of pw_document_period.tables */
		       PW_PERIOD_FINDINGS,
		       PW_PERIOD_SUSPECTS,
		       PW_PERIOD_GROWN_GROUPS,
		       PW_PERIOD_GROWN_PROCESSES,
		       PW_PERIOD_OOM_KILLS,
		       PW_PERIOD_OOM_HOLDERS,
		       PW_PERIOD_RESTARTS,
		       PW_PERIOD_SHRUNK_GROUPS,
		       PW_PERIOD_SHRUNK_PROCESSES,
		       PW_PERIOD_LARGEST_GROUPS,
		       PW_PERIOD_ALERTS,
		       PW_PERIOD_BOOTS,
		       PW_PERIOD_GAPS,
		       PW_PERIOD_MACHINE,
		       PW_PERIOD_LOSSES,
		       PW_PERIOD_COVERAGE,
		       PW_PERIOD_TABLES
};

enum pw_finding_level { PW_FINDING_BAD, PW_FINDING_WARN, PW_FINDING_NOTE, PW_FINDING_LEVELS };
extern const char *const pw_finding_names[PW_FINDING_LEVELS]; /* "bad", "warn", "note" */

struct pw_finding {
	enum pw_finding_level level;
	char text[400]; /* raw bytes: names are in it */
};
#define PW_FINDINGS_MAX 32

/* Who held what before a kill: one of its holders. */
struct pw_holder_row {
	const struct pw_period_kill *kill;
	const struct pw_period_holder *holder;
	unsigned int rank; /* 1: the largest */
};

struct pw_period_coverage_row {
	const char *what;
	double share; /* of the watched time; NAN: not told */
	const char *text; /* what is missing without it */
};

struct pw_period_report {
	const struct pw_period *period;
	const struct pw_model *wipes; /* what the period has of the wipe ledger */
	size_t limit;
	bool has_use;
	struct pw_period_use use;
	uint64_t restarts, failures, lost;
	size_t alerts;
	size_t suspects, new_suspects, resolved; /* suspects: that stand, the new ones among them */
	char summary[400]; /* raw bytes */
	struct pw_finding findings[PW_FINDINGS_MAX]; /* the worst first */
	size_t finding_count;
	struct pw_rows tables[PW_PERIOD_TABLES];
	/* what the rows stand on */
	struct pw_holder_row *holders;
	struct pw_loss_row losses[PW_LOSS_CAUSES];
	struct pw_period_coverage_row coverage[PW_COVERAGE_ROWS_MAX];
	struct pw_wipe_report wipe_report;
};

#define PW_PERIOD_LIMIT 10 /* rows of each table by default */
#define PW_PERIOD_TEXT_WIDTH 100

extern const struct pw_column pw_period_columns[]; /* row: struct pw_period_report */
extern const struct pw_column pw_finding_columns[]; /* row: struct pw_finding */
extern const struct pw_column pw_period_suspect_columns[]; /* row: struct pw_period_suspect */
extern const struct pw_column pw_period_group_columns[]; /* row: struct pw_period_group */
extern const struct pw_column pw_period_process_columns[]; /* row: struct pw_period_process */
extern const struct pw_column pw_period_kill_columns[]; /* row: struct pw_period_kill */
extern const struct pw_column pw_period_holder_columns[]; /* row: struct pw_holder_row */
extern const struct pw_column pw_period_restart_columns[]; /* row: struct pw_period_group */
extern const struct pw_column pw_period_boot_columns[]; /* row: struct pw_period_boot */
extern const struct pw_column pw_period_gap_columns[]; /* row: struct pw_period_gap */
extern const struct pw_column pw_period_step_columns[]; /* row: struct pw_period_step */
extern const struct pw_column pw_period_coverage_columns[]; /* row: struct pw_period_coverage_row */

/*
 * wipes: a model that was told the wipe ledger of the period in realtime; it
 * may be empty. limit: most rows of each ranking; 0: the default. 0 or -ENOMEM.
 */
int pw_period_report_init(struct pw_period_report *r, const struct pw_period *p,
			  const struct pw_model *wipes, size_t limit);
void pw_period_report_deinit(struct pw_period_report *r); /* takes a zeroed one */

/*
 * Text (PW_PERIOD_TEXT_WIDTH columns), JSON, CSV of one table, or HTML. 0 or
 * -errno of the write.
 */
int pw_period_report_emit(const struct pw_period_report *r, const struct pw_emit_options *opt,
			  enum pw_period_table csv_table, FILE *out);
int pw_period_html(const struct pw_period_report *r, FILE *out); /* period_html.c */

/* period_findings.c: fills summary and findings from the rest. */
void pw_period_find(struct pw_period_report *r);

/* "exit 1", "signal 11", "OOM-killed"; "" where it is not known. Returns buf. */
char *pw_period_end_text(const struct pw_period_process *p, char *buf, size_t size);
/* Memory less what was available, of a step that tells of both. */
uint64_t pw_period_used(const struct pw_period_step *s);

#endif
