// SPDX-License-Identifier: GPL-2.0-or-later
#include "user/view/secret_report.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "user/analysis/wipe_alert.h"
#include "user/base/words.h"

const struct pw_document_shape pw_document_secrets = {
	.schema = "pagewarden.secrets",
	.version = 1,
	.about = "Ranges that are registered with the module, and what became of their pages.",
	.header = pw_machine_columns,
	.tables = {
		[PW_SECRETS_RANGES] = { "secrets", NULL, pw_secret_columns,
			"One object per registration, by its id." },
		[PW_SECRETS_EVENTS] = { "events", "Events", pw_secret_event_columns,
			"What happened to them, oldest first." },
		[PW_SECRETS_ALERTS] = { "alerts", "Alerts", pw_alert_columns,
			"What somebody should act on, with the evidence." },
		[PW_SECRETS_LOSSES] = { "losses", "Lost", pw_loss_columns,
			"What was not counted, by cause; empty: nothing." },
	},
};

/* ---- options ----------------------------------------------------------------------------- */

static const char *state_name(unsigned int number)
{
	return pw_secret_state_name((enum pw_secret_state)number);
}

int pw_secret_report_states(struct pw_secret_report_options *opt, const char *names,
			    struct pw_error *err)
{
	static const struct pw_words known = { "state", state_name, PW_SECRET_STATES };

	opt->by_state = true;
	return pw_words_parse(&known, names, opt->states, err);
}

static bool process_passes(const struct pw_secret_report_options *opt, const struct pw_secret *s,
			   const char *exe)
{
	char comm[PW_COMM_LEN + 1] = "";

	memcpy(comm, s->comm, PW_COMM_LEN);
	return pw_wipe_filter_process(opt->filter, s->key.pid, comm, exe);
}

static bool row_passes(const struct pw_secret_report_options *opt, const struct pw_secret_row *row)
{
	if (opt->watch && opt->watch != row->id)
		return false;
	if (opt->by_state && !opt->states[row->state] && !(row->live && opt->states[PW_SECRET_LIVE]))
		return false;
	return process_passes(opt, &row->sums, row->exe);
}

/* ---- rows -------------------------------------------------------------------------------- */

static int choose_ranges(struct pw_secret_report *r, const struct pw_secret_report_options *opt)
{
	const struct pw_secret_table *t = &r->model->secrets;
	struct pw_rows *out = &r->tables[PW_SECRETS_RANGES];
	int err = pw_rows_make(out, t->count);

	for (size_t i = 0; !err && i < t->count; i++) {
		if (row_passes(opt, &t->rows[i]))
			pw_rows_add(out, &t->rows[i]);
	}
	if (!err && opt->limit)
		pw_rows_keep_last(out, opt->limit);
	return err;
}

/* The events of the ranges that are shown, which stand by ascending id. */
static bool is_shown(const struct pw_secret_report *r, uint64_t id)
{
	const struct pw_rows *ranges = &r->tables[PW_SECRETS_RANGES];
	size_t low = 0, high = ranges->count;

	while (low < high) {
		size_t middle = (low + high) / 2;
		uint64_t found = ((const struct pw_secret_row *)ranges->rows[middle])->id;

		if (found == id)
			return true;
		if (found < id)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

static int choose_events(struct pw_secret_report *r, uint64_t after)
{
	const struct pw_secret_table *t = &r->model->secrets;
	size_t count = pw_secret_event_count(t);
	int err = pw_rows_make(&r->tables[PW_SECRETS_EVENTS], count);

	for (size_t i = 0; !err && i < count; i++) {
		const struct pw_secret *s = pw_secret_event_at(t, i);

		if (t->log.total - count + i >= after && is_shown(r, s->id))
			pw_rows_add(&r->tables[PW_SECRETS_EVENTS], s);
	}
	return err;
}

static int choose_alerts(struct pw_secret_report *r, const struct pw_secret_report_options *opt)
{
	const struct pw_wipe_filter *f = opt->filter;
	size_t count;
	int err = pw_wipe_alerts(r->model, f ? f->pid : 0, &r->alerts, &count);

	err = err ? err : pw_rows_make(&r->tables[PW_SECRETS_ALERTS], count);
	for (size_t i = 0; !err && i < count; i++) {
		const struct pw_wipe_alert *a = &r->alerts[i];

		if (a->kind != PW_ALERT_SECRET_DIRTY && a->kind != PW_ALERT_SECRET_LEFT_BEHIND)
			continue;
		if (pw_wipe_filter_process(f, a->key.pid, a->comm, a->exe ? a->exe : ""))
			pw_rows_add(&r->tables[PW_SECRETS_ALERTS], a);
	}
	return err;
}

int pw_secret_report_init(struct pw_secret_report *r, const struct pw_model *m,
			  const struct pw_secret_report_options *opt)
{
	int err;

	memset(r, 0, sizeof(*r));
	r->model = m;
	err = choose_ranges(r, opt);
	err = err ? err : choose_events(r, opt->after);
	err = err ? err : choose_alerts(r, opt);
	err = err ? err : pw_rows_of_losses(&r->tables[PW_SECRETS_LOSSES], m, r->losses);
	if (err)
		pw_secret_report_deinit(r);
	return err;
}

void pw_secret_report_deinit(struct pw_secret_report *r)
{
	for (size_t i = 0; i < PW_SECRETS_TABLES; i++)
		pw_rows_free(&r->tables[i]);
	free(r->alerts);
	memset(r, 0, sizeof(*r));
}

void pw_secret_report_document(const struct pw_secret_report *r, struct pw_shaped_document *d)
{
	pw_document_build(d, &pw_document_secrets, r->model, r->model, r->tables);
}
