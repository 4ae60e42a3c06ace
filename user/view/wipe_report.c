// SPDX-License-Identifier: GPL-2.0-or-later
#include "user/view/wipe_report.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "user/analysis/forgotten.h"
#include "user/base/cleanup.h"

const struct pw_document_shape pw_document_wipes = {
	.schema = "pagewarden.wipes",
	.version = 1,
	.about = "Calls of observed wipe functions, what was left after them, and what to make of it.",
	.header = pw_machine_columns,
	.tables = {
		[PW_WIPES_EVENTS] = { "wipes", NULL, pw_wipe_columns,
			"One object per call of an observed function, oldest first." },
		[PW_WIPES_TOTALS] = { "totals", "Totals", pw_wipe_total_columns,
			"One object: all calls that were counted, also those that are not listed." },
		[PW_WIPES_FUNCTIONS] = { "functions", "Observed functions", pw_wipe_function_columns,
			"Functions that are observed, with their calls by verdict." },
		[PW_WIPES_CALLERS] = { "callers", "Callers", pw_wipe_caller_columns,
			"Places that call a wipe function: those that did not always wipe whole "
			"first, then the busiest." },
		[PW_WIPES_ALERTS] = { "alerts", "Alerts", pw_alert_columns,
			"What somebody should act on, with the evidence." },
		[PW_WIPES_FORGOTTEN] = { "forgotten_wipes", "Suspected forgotten wipes",
			pw_wipe_site_columns, "Sites that nearly always wipe a buffer before they "
			"give it back, and once did not." },
		[PW_WIPES_PROBES] = { "probes", "Probes", pw_wipe_probe_columns,
			"One object per observed function and file." },
		[PW_WIPES_NOTES] = { "notes", "What cannot be seen", pw_wipe_note_columns,
			"The blind spots, a sentence each." },
		[PW_WIPES_LOSSES] = { "losses", "Lost", pw_loss_columns,
			"What was not counted, by cause; empty: nothing." },
	},
};

const struct pw_document_shape pw_document_alerts = {
	.schema = "pagewarden.alerts",
	.version = 1,
	.about = "What somebody should act on: secrets that went dirty, wipes in part, forgotten wipes.",
	.header = pw_machine_columns,
	.tables = { { "alerts", NULL, pw_alert_columns, "One object per kind and place." },
		    { "notes", "What cannot be seen", pw_wipe_note_columns,
		      "The blind spots, a sentence each." } },
};

/* ---- rows ------------------------------------------------------------------------------ */

/* The newest `limit` that pass, oldest first. */
static int choose_events(struct pw_wipe_report *r, const struct pw_wipe_report_options *opt)
{
	const struct pw_wipe_ledger *l = &r->model->wipes;
	size_t count = opt->no_events ? 0 : pw_wipe_event_count(l);
	struct pw_rows *out = &r->tables[PW_WIPES_EVENTS];
	int err = pw_rows_make(out, count);

	for (size_t i = 0; !err && i < count; i++) {
		const struct pw_wipe_event *e = pw_wipe_event_at(l, i);

		if (e->sequence > opt->after && pw_wipe_filter_passes(opt->filter, e))
			pw_rows_add(out, e);
	}
	if (!err && opt->limit)
		pw_rows_keep_last(out, opt->limit);
	return err;
}

static bool is_chosen(const struct pw_wipe_filter *f, uint32_t function)
{
	return function < PW_WIPE_FUNCTIONS && (!f || !f->by_function || f->functions[function]);
}

static int choose_alerts(struct pw_wipe_report *r, const struct pw_wipe_filter *f)
{
	size_t count;
	int err = pw_wipe_alerts(r->model, f ? f->pid : 0, &r->alerts, &count);

	err = err ? err : pw_rows_make(&r->tables[PW_WIPES_ALERTS], count);
	for (size_t i = 0; !err && i < count; i++) {
		const struct pw_wipe_alert *a = &r->alerts[i];

		if (pw_wipe_filter_process(f, a->key.pid, a->comm, a->exe ? a->exe : ""))
			pw_rows_add(&r->tables[PW_WIPES_ALERTS], a);
	}
	return err;
}

static int choose_forgotten(struct pw_wipe_report *r, const struct pw_wipe_filter *f)
{
	pw_auto_free const struct pw_wipe_site **sites = NULL;
	size_t count;
	int err = pw_forgotten_sites(r->model, f ? f->pid : 0, &sites, &count);

	err = err ? err : pw_rows_make(&r->tables[PW_WIPES_FORGOTTEN], count);
	for (size_t i = 0; !err && i < count; i++) {
		const struct pw_wipe_site *s = sites[i];

		if (pw_wipe_filter_process(f, s->last_unwiped_key.pid, s->last_unwiped_comm, s->exe))
			pw_rows_add(&r->tables[PW_WIPES_FORGOTTEN], s);
	}
	return err;
}

static int choose_probes(struct pw_wipe_report *r, const struct pw_wipe_filter *f)
{
	const struct pw_wipe_ledger *l = &r->model->wipes;
	int err = pw_rows_make(&r->tables[PW_WIPES_PROBES], l->probe_count);

	for (size_t i = 0; !err && i < l->probe_count; i++) {
		if (is_chosen(f, l->probes[i].probe.function))
			pw_rows_add(&r->tables[PW_WIPES_PROBES], &l->probes[i]);
	}
	return err;
}

static uint64_t bad_calls(const struct pw_wipe_caller *c)
{
	return c->by_verdict[PW_WIPED_PART] + c->by_verdict[PW_WIPED_NOTHING];
}

static uint64_t all_calls(const struct pw_wipe_caller *c)
{
	return bad_calls(c) + c->by_verdict[PW_WIPED_WHOLE] + c->by_verdict[PW_WIPED_UNKNOWN];
}

/* By id in the end, so that the same records give the same order. */
static int worse_caller(const void *a, const void *b)
{
	const struct pw_wipe_caller *x = *(const void *const *)a, *y = *(const void *const *)b;

	if (bad_calls(x) != bad_calls(y))
		return bad_calls(x) < bad_calls(y) ? 1 : -1;
	if (all_calls(x) != all_calls(y))
		return all_calls(x) < all_calls(y) ? 1 : -1;
	return x->id < y->id ? -1 : x->id > y->id;
}

/* A caller is of a program, not of a process: it goes with the process of its newest call. */
static int choose_callers(struct pw_wipe_report *r, const struct pw_wipe_report_options *opt)
{
	const struct pw_wipe_ledger *l = &r->model->wipes;
	struct pw_rows *out = &r->tables[PW_WIPES_CALLERS];
	int err = pw_rows_make(out, l->caller_count);

	for (size_t i = 0; !err && i < l->caller_count; i++) {
		const struct pw_wipe_caller *c = &l->callers[i];
		char comm[PW_COMM_LEN + 1] = "";

		memcpy(comm, c->last.comm, PW_COMM_LEN);
		if (is_chosen(opt->filter, c->function) &&
		    pw_wipe_filter_process(opt->filter, c->last.key.pid, comm, c->exe))
			pw_rows_add(out, c);
	}
	if (err)
		return err;
	qsort((void *)out->rows, out->count, sizeof(void *), worse_caller);
	if (opt->callers && out->count > opt->callers)
		out->count = opt->callers;
	return 0;
}

/* ---- sums -------------------------------------------------------------------------------- */

static bool is_release(unsigned int function)
{
	return function >= PW_RELEASE_FREE;
}

void pw_wipe_tally_add(struct pw_wipe_tally *t, const struct pw_model *m,
		       const struct pw_wipe_filter *f)
{
	const struct pw_wipe_ledger *l = &m->wipes;
	size_t count = pw_wipe_event_count(l);
	size_t fresh = l->total - t->seen < count ? (size_t)(l->total - t->seen) : count;

	t->missed += l->total - t->seen - fresh;
	t->seen = l->total;
	for (size_t i = count - fresh; i < count; i++) {
		const struct pw_wipe_event *e = pw_wipe_event_at(l, i);
		unsigned int function = pw_wipe_event_function(e);
		unsigned int verdict = pw_wipe_event_verdict(e);

		if (function < PW_WIPE_FUNCTIONS && verdict < PW_WIPE_VERDICTS &&
		    pw_wipe_filter_passes(f, e))
			t->calls[function][verdict] += 1 + (e->release ? e->rel.more : e->wipe.more);
	}
}

/* The calls by function and verdict, from the best that is there. */
static void count_calls(struct pw_wipe_report *r, const struct pw_wipe_report_options *opt)
{
	const struct pw_wipe_ledger *l = &r->model->wipes;
	struct pw_wipe_tally kept = { 0 };
	const uint64_t(*calls)[PW_WIPE_VERDICTS] = l->by_function_verdict;

	_Static_assert(sizeof(kept.calls) == sizeof(l->by_function_verdict), "the same shape");
	if (opt->tally) {
		calls = opt->tally->calls;
		r->totals.not_shown = opt->tally->missed;
	} else if (opt->filter) {
		pw_wipe_tally_add(&kept, r->model, opt->filter);
		r->totals.not_shown = kept.missed;
		calls = (const uint64_t(*)[PW_WIPE_VERDICTS])kept.calls;
	}
	for (unsigned int i = 0; i < PW_WIPE_FUNCTIONS; i++) {
		memcpy(r->functions[i].by_verdict, calls[i], sizeof(calls[i]));
		r->functions[i].function = (uint16_t)i;
		r->functions[i].example = "";
	}
}

static void count_probes(struct pw_wipe_report *r)
{
	const struct pw_rows *probes = &r->tables[PW_WIPES_PROBES];

	for (size_t i = 0; i < probes->count; i++) {
		const struct pw_wipe_probe_row *p = probes->rows[i];
		struct pw_wipe_function_row *f = &r->functions[p->probe.function];

		if (p->probe.error) {
			f->files_refused++;
			continue;
		}
		if (!f->files++)
			f->example = p->path;
	}
}

/* The functions that are observed or were called, and the sums over them. */
static int choose_functions(struct pw_wipe_report *r)
{
	struct pw_wipe_totals *t = &r->totals;
	int err = pw_rows_make(&r->tables[PW_WIPES_FUNCTIONS], PW_WIPE_FUNCTIONS);

	for (unsigned int i = 0; !err && i < PW_WIPE_FUNCTIONS; i++) {
		const struct pw_wipe_function_row *f = &r->functions[i];
		uint64_t calls = 0;

		for (unsigned int v = 0; v < PW_WIPE_VERDICTS; v++) {
			calls += f->by_verdict[v];
			if (!is_release(i))
				t->by_verdict[v] += f->by_verdict[v];
		}
		*(is_release(i) ? &t->releases : &t->wipes) += calls;
		t->functions += f->files != 0;
		t->files += f->files;
		t->files_refused += f->files_refused;
		if (calls || f->files || f->files_refused)
			pw_rows_add(&r->tables[PW_WIPES_FUNCTIONS], f);
	}
	return err;
}

static int choose_totals(struct pw_wipe_report *r)
{
	const struct pw_rows *alerts = &r->tables[PW_WIPES_ALERTS];
	int err = pw_rows_make(&r->tables[PW_WIPES_TOTALS], 1);

	r->totals.alerts = alerts->count;
	for (size_t i = 0; i < alerts->count; i++)
		r->totals.certain_alerts +=
			((const struct pw_wipe_alert *)alerts->rows[i])->confidence >= 1;
	if (!err)
		pw_rows_add(&r->tables[PW_WIPES_TOTALS], &r->totals);
	return err;
}

/* ---- what can't be seen ------------------------------------------------------------------ */

bool pw_wipes_observed(const struct pw_model *m)
{
	return (m->machine.coverage & (PW_COVER_WIPES | PW_COVER_WIPES_KERNEL)) || m->wipes.total ||
	       m->wipes.probe_count;
}

static bool is_history(const struct pw_model *m)
{
	return strncmp((const char *)m->machine.source, "history", sizeof(m->machine.source)) == 0;
}

static int choose_notes(struct pw_wipe_report *r)
{
	static const char not_observed[] =
		"Wipes were not observed. To observe them: pagewarden wipes, "
		"pagewarden record --wipes, or wipes = on in pagewarden.conf.";
	static const char none_in_history[] =
		"The history has no wipe of this time: there was none, or the daemon did not "
		"observe them (wipes = on in pagewarden.conf).";
	static const char no_releases[] =
		"Releases of buffers were not observed, so that forgotten wipes can't be suspected "
		"and what became of a wiped range is known from the end of its process alone: "
		"--releases, with --pid or --cgroup, observes them.";
	const struct pw_model *m = r->model;
	int err = pw_rows_make(&r->tables[PW_WIPES_NOTES], PW_WIPE_NOTES_MAX);

	if (err)
		return err;
	if (!pw_wipes_observed(m)) {
		pw_rows_add(&r->tables[PW_WIPES_NOTES],
			    is_history(m) ? none_in_history : not_observed);
		return 0;
	}
	for (size_t i = 0; pw_wipe_blind_spots[i] && i < PW_WIPE_NOTES_MAX - 1; i++)
		pw_rows_add(&r->tables[PW_WIPES_NOTES], pw_wipe_blind_spots[i]);
	if (!(m->machine.coverage & PW_COVER_RELEASES) && !m->wipes.releases && !is_history(m))
		pw_rows_add(&r->tables[PW_WIPES_NOTES], no_releases);
	return 0;
}

/* ---- the whole ---------------------------------------------------------------------------- */

static int summarise(struct pw_wipe_report *r, const struct pw_wipe_report_options *opt)
{
	int err = choose_callers(r, opt);

	err = err ? err : choose_alerts(r, opt->filter);
	err = err ? err : choose_forgotten(r, opt->filter);
	err = err ? err : choose_probes(r, opt->filter);
	if (err)
		return err;
	count_calls(r, opt);
	count_probes(r);
	err = choose_functions(r);
	err = err ? err : choose_totals(r);
	return err ? err : choose_notes(r);
}

int pw_wipe_report_init(struct pw_wipe_report *r, const struct pw_model *m,
			const struct pw_wipe_report_options *opt)
{
	int err;

	memset(r, 0, sizeof(*r));
	r->model = m;
	err = choose_events(r, opt);
	err = err ? err : pw_rows_of_losses(&r->tables[PW_WIPES_LOSSES], m, r->losses);
	if (!err && !opt->no_summary)
		err = summarise(r, opt);
	if (err)
		pw_wipe_report_deinit(r);
	return err;
}

void pw_wipe_report_deinit(struct pw_wipe_report *r)
{
	for (size_t i = 0; i < PW_WIPES_TABLES; i++)
		pw_rows_free(&r->tables[i]);
	free(r->alerts);
	memset(r, 0, sizeof(*r));
}

void pw_wipe_report_document(const struct pw_wipe_report *r, struct pw_shaped_document *d)
{
	pw_document_build(d, &pw_document_wipes, r->model, r->model, r->tables);
}

void pw_wipe_report_alerts(const struct pw_wipe_report *r, struct pw_shaped_document *d)
{
	const struct pw_rows tables[] = { r->tables[PW_WIPES_ALERTS], r->tables[PW_WIPES_NOTES] };

	pw_document_build(d, &pw_document_alerts, r->model, r->model, tables);
}
