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

/* A group that a suspected process stands for is not told twice, but where all is told. */
static bool passes(const struct pw_leak_options *opt, const struct pw_suspect *s)
{
	if (s->covered_by_process && !opt->all)
		return false;
	return !opt->cgroup || pw_leak_in_cgroup(s->subject->cgroup, opt->cgroup);
}

static int choose_series(struct pw_leak_report *r, const struct pw_leak_material *of,
			 const struct pw_leak_options *opt)
{
	const struct pw_trends_query query = {
		.all = opt->all,
		.pid = opt->pid,
		/* what is chosen here is cut here */
		.limit = opt->cgroup || !opt->all ? 0 : opt->limit,
	};
	struct pw_rows *out = &r->tables[PW_LEAKS_SERIES];
	size_t count = 0;
	int err = pw_trends_suspects(of->trends, &query, &r->suspects, &count);

	err = err ? err : pw_rows_make(out, count);
	for (size_t i = 0; !err && i < count; i++) {
		if ((!opt->limit || out->count < opt->limit) && passes(opt, &r->suspects[i]))
			pw_rows_add(out, &r->suspects[i]);
	}
	if (!err)
		pw_leak_notes_fill(&r->notes, &r->header, r->suspects, count);
	return err;
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
	pw_document_build(d, &pw_document_leaks, r->header.model, &r->header, r->tables);
	if (!text)
		return;
	/* the sentence needs a line of its own to be read whole */
	r->text_tables[0] = d->tables[PW_LEAKS_SERIES];
	r->text_tables[1] = d->tables[PW_LEAKS_SERIES];
	r->text_tables[1].title = "Why";
	r->text_tables[1].shown = pw_leak_evidence_shown;
	memcpy(&r->text_tables[2], &d->tables[PW_LEAKS_CHANGES],
	       (PW_LEAKS_PARTS - PW_LEAKS_CHANGES) * sizeof(r->text_tables[0]));
	d->doc.tables = r->text_tables;
	d->doc.table_count = PW_LEAKS_PARTS + 1;
}
