// SPDX-License-Identifier: GPL-2.0-or-later
#include "user/view/leak_report.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

const struct pw_document_shape pw_document_leaks = {
	.schema = "pagewarden.leaks",
	.version = 1,
	.about = "Which series of memory grow as leaks grow, why, and why the others do not.",
	.header = pw_leak_header_columns,
	.tables = {
		[PW_LEAKS_SERIES] = { "series", NULL, pw_leak_columns,
			"One object per series of a process, a group or a cgroup; suspects first, "
			"the nearest to its limit before the others.", pw_leak_shown },
		[PW_LEAKS_CHANGES] = { "changes", "Changes", pw_verdict_event_columns,
			"Verdicts that changed, oldest first; when asked for." },
		[PW_LEAKS_NOTES] = { "notes", "What to know", pw_wipe_note_columns,
			"How much could be seen, a sentence each." },
		[PW_LEAKS_LOSSES] = { "losses", "Lost", pw_loss_columns,
			"What was not counted, by cause; empty: nothing." },
	},
};

static bool event_passes(const struct pw_leak_options *opt, const struct pw_verdict_event *e)
{
	if (opt->pid && (e->subject.type != PW_SUBJECT_PROCESS || e->subject.key.pid != opt->pid))
		return false;
	return !opt->cgroup || pw_leak_in_cgroup(e->subject.cgroup, opt->cgroup);
}

static int choose_events(struct pw_leak_report *r, const struct pw_leak_material *of,
			 const struct pw_leak_options *opt)
{
	struct pw_rows *out = &r->tables[PW_LEAKS_CHANGES];
	int err = pw_rows_make(out, of->event_count);

	for (size_t i = 0; !err && i < of->event_count; i++) {
		if (event_passes(opt, of->events[i]))
			pw_rows_add(out, of->events[i]);
	}
	return err;
}

/* It says what its process says, and is not judged itself. */
static bool is_group_of_one(const struct pw_suspect *s)
{
	return s->subject->type == PW_SUBJECT_GROUP && s->subject->members == 1 &&
	       !pw_verdict_is_suspect(s->verdict.verdict);
}

/* A group that a suspected process stands for is not told twice, but where all is told. */
static bool passes(const struct pw_leak_options *opt, const struct pw_suspect *s)
{
	if ((s->covered_by_process && !opt->all) || is_group_of_one(s))
		return false;
	return !opt->cgroup || pw_leak_in_cgroup(s->subject->cgroup, opt->cgroup);
}

static int query(struct pw_leak_report *r, const struct pw_leak_material *of,
		 const struct pw_leak_options *opt)
{
	const struct pw_trends_query q = {
		.all = opt->all,
		.pid = opt->pid,
	};

	return pw_trends_suspects(of->trends, &q, &r->suspects, &r->rows_seen);
}

static int choose_series(struct pw_leak_report *r, const struct pw_leak_material *of,
			 const struct pw_leak_options *opt)
{
	struct pw_rows *out = &r->tables[PW_LEAKS_SERIES];
	int err = query(r, of, opt);

	err = err ? err : pw_rows_make(out, r->rows_seen);
	for (size_t i = 0; !err && i < r->rows_seen; i++) {
		const struct pw_suspect *s = &r->suspects[i];

		if ((opt->limit && out->count == opt->limit) || !passes(opt, s))
			continue;
		pw_rows_add(out, s);
		r->suspects_shown += pw_verdict_is_suspect(s->verdict.verdict);
	}
	if (err)
		return err;
	if (!r->suspects_shown && !pw_leak_too_little(&r->header))
		pw_leak_note(&r->notes, "Nothing here grows as leaks grow.");
	pw_leak_notes_fill(&r->notes, &r->header, r->suspects, r->rows_seen);
	return 0;
}

int pw_leak_report_init(struct pw_leak_report *r, const struct pw_leak_material *of,
			const struct pw_leak_options *opt)
{
	int err;

	memset(r, 0, sizeof(*r));
	pw_leak_header_fill(&r->header, of);
	err = choose_series(r, of, opt);
	err = err ? err : choose_events(r, of, opt);
	err = err ? err : pw_leak_notes_rows(&r->notes, &r->tables[PW_LEAKS_NOTES]);
	err = err ? err : pw_leak_loss_rows(&r->tables[PW_LEAKS_LOSSES], of->model, r->losses);
	if (err)
		pw_leak_report_deinit(r);
	return err;
}

void pw_leak_report_deinit(struct pw_leak_report *r)
{
	for (size_t i = 0; i < PW_LEAKS_PARTS; i++)
		pw_rows_free(&r->tables[i]);
	free(r->suspects);
	memset(r, 0, sizeof(*r));
}

void pw_leak_report_document(struct pw_leak_report *r, bool text, struct pw_shaped_document *d)
{
	struct pw_table *t = r->text_tables;
	size_t n = 0;

	pw_document_build(d, &pw_document_leaks, r->header.model, &r->header, r->tables);
	if (!text)
		return;
	/* the sentence needs a line of its own to be read whole */
	t[0] = t[1] = t[2] = d->tables[PW_LEAKS_SERIES];
	t[0].count = t[1].count = r->suspects_shown;
	t[1].title = "Why";
	t[1].shown = pw_leak_evidence_shown;
	t[2].rows += r->suspects_shown;
	t[2].count -= r->suspects_shown;
	t[2].title = "No suspects, and why not";
	t[2].shown = pw_leak_others_shown;
	memcpy(&t[3], &d->tables[PW_LEAKS_CHANGES], (PW_LEAKS_PARTS - PW_LEAKS_CHANGES) * sizeof(*t));
	/* the first is printed even when it is empty, so it is one that is not */
	while (n < PW_LEAKS_PARTS + 1 && !t[n].count)
		n++;
	d->doc.tables = t + n;
	d->doc.table_count = PW_LEAKS_PARTS + 2 - n;
}
