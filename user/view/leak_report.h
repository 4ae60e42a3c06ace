/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What `pagewarden leaks` and `explain` show, and the daemon's /v1/leaks and
 * /v1/explain: rows of trends, chosen, with what could not be seen beside them.
 * Holds pointers into the trends: until their next tick.
 */
#ifndef PW_VIEW_LEAK_REPORT_H
#define PW_VIEW_LEAK_REPORT_H

#include "user/base/error.h"
#include "user/view/document.h"
#include "user/view/leak_plot.h"
#include "user/view/leak_table.h"

/* Header: pw_leak_header_columns. Tables: enum pw_leak_part. */
enum pw_leak_part {
	PW_LEAKS_SERIES,
	PW_LEAKS_CHANGES,
	PW_LEAKS_NOTES,
	PW_LEAKS_LOSSES,
	PW_LEAKS_PARTS
};

/* One subject and one verdict of it, gate by gate. Header as above. Tables: enum pw_explain_part. */
enum pw_explain_part {
	PW_EXPLAIN_VERDICT, /* the series that is explained: one row */
	PW_EXPLAIN_GATES,
	PW_EXPLAIN_FLOORS,
	PW_EXPLAIN_SERIES, /* all of the subject */
	PW_EXPLAIN_CHANGES,
	PW_EXPLAIN_NEXT, /* what to do */
	PW_EXPLAIN_NOTES,
	PW_EXPLAIN_LOSSES,
	PW_EXPLAIN_PARTS
};

/* What the reports are made of. */
struct pw_leak_material {
	const struct pw_trends *trends;
	const struct pw_model *model; /* NULL: none; then nothing is known of losses */
	const char *origin, *origin_name; /* see struct pw_leak_header */
	uint64_t watched_ns;
	/* changes to show, oldest first; the filters are applied to them, too */
	const struct pw_verdict_event *const *events;
	size_t event_count;
};

struct pw_leak_options {
	bool all; /* also series that are no suspects */
	uint32_t pid; /* of this process and its group alone; 0: any */
	const char *cgroup; /* of this cgroup and those below it alone; NULL: any */
	size_t limit; /* most rows; 0: all that the trends give */
};

#define PW_LEAK_NOTES_MAX 8
#define PW_LEAK_NOTE_BYTES 320

struct pw_leak_notes {
	size_t count;
	char text[PW_LEAK_NOTES_MAX][PW_LEAK_NOTE_BYTES];
};

struct pw_leak_report {
	struct pw_leak_header header;
	struct pw_suspect *suspects;
	size_t suspects_shown; /* rows of suspects */
	size_t rows_seen; /* before they were chosen from */
	struct pw_rows tables[PW_LEAKS_PARTS];
	struct pw_leak_notes notes;
	struct pw_loss_row losses[PW_LOSS_CAUSES];
	/* text: the suspects, why they are, the others */
	struct pw_table text_tables[PW_LEAKS_PARTS + 2];
};

/* 0 or -ENOMEM. */
int pw_leak_report_init(struct pw_leak_report *r, const struct pw_leak_material *of,
			const struct pw_leak_options *opt);
void pw_leak_report_deinit(struct pw_leak_report *r); /* takes a zeroed one */
/* pw_document_leaks; d stands on r. text: laid out for a person. */
void pw_leak_report_document(struct pw_leak_report *r, bool text, struct pw_shaped_document *d);

/* Whose story: exactly one of pid, exe and cgroup alone; a group may name its cgroup as well. */
struct pw_explain_target {
	uint32_t pid;
	const char *exe; /* a group's program: the path, or its last part */
	const char *cgroup;
	int kind; /* enum pw_series_kind; -1: the worst */
};

struct pw_explain_report {
	struct pw_leak_header header;
	struct pw_suspect *suspects;
	const struct pw_subject *subject;
	const struct pw_suspect *chosen; /* NULL: it is gone, and what is left are its changes */
	struct pw_rows tables[PW_EXPLAIN_PARTS];
	struct pw_gate_row gates[PW_GATES];
	struct pw_floor_row floors[PW_TREND_BLOCKS];
	struct pw_leak_notes notes, next;
	struct pw_loss_row losses[PW_LOSS_CAUSES];
	struct pw_leak_plot plot;
	const void *plot_lines[PW_PLOT_LINES];
	char headline[1024];
	const void *headline_row;
	struct pw_table text_tables[PW_EXPLAIN_PARTS + 2];
};

/*
 * 0; -ENOMEM; -ESRCH: no such subject, or nothing was seen of it that changed,
 * and no change of a verdict tells of one that is gone;
 * -EEXIST: several groups run this program; each with words.
 */
int pw_explain_report_init(struct pw_explain_report *r, const struct pw_leak_material *of,
			   const struct pw_explain_target *target, struct pw_error *err);
void pw_explain_report_deinit(struct pw_explain_report *r); /* takes a zeroed one */
/* pw_document_explain; d stands on r. text: laid out for a person, with the plot. */
void pw_explain_report_document(struct pw_explain_report *r, bool text, bool ascii,
				struct pw_shaped_document *d);

/* ---- what both reports are made with (leak_notes.c) ------------------------------------ */

void pw_leak_header_fill(struct pw_leak_header *h, const struct pw_leak_material *of);
/* Less than the detector needs of the fastest leak. */
bool pw_leak_too_little(const struct pw_leak_header *h);
/* The path itself, or one below it. */
bool pw_leak_in_cgroup(const char *path, const char *cgroup);
void pw_leak_note(struct pw_leak_notes *n, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* How much could be seen, and what a verdict of the first tier does not know. */
void pw_leak_notes_fill(struct pw_leak_notes *n, const struct pw_leak_header *h,
			const struct pw_suspect *suspects, size_t count);
int pw_leak_notes_rows(const struct pw_leak_notes *n, struct pw_rows *ret);
/* Where there is no model there are no rows. */
int pw_leak_loss_rows(struct pw_rows *ret, const struct pw_model *m,
		      struct pw_loss_row losses[PW_LOSS_CAUSES]);

#endif
