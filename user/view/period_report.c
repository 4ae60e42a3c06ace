// SPDX-License-Identifier: GPL-2.0-or-later
#include "user/view/period_report.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "user/model/loss.h"

static const char *const group_shown[] = {
	"change_bytes", "begin_bytes", "end_bytes", "peak_bytes", "curve_bytes",
	"processes",	"state",       "name",	    "place",	  NULL,
};
static const char *const holder_shown[] = {
	"kill_time", "pid", "footprint_bytes", "victim", "comm", "unit", NULL,
};

const struct pw_document_shape pw_document_period = {
	.schema = "pagewarden.period",
	.version = 1,
	.about = "A period of a machine's memory, from its history.",
	.header = pw_period_columns,
	.tables = {
		[PW_PERIOD_FINDINGS] = { "findings", "What stands out", pw_finding_columns,
			"What somebody should know, the worst first." },
		[PW_PERIOD_SUSPECTS] = { "suspects", "Suspected leaks", pw_period_suspect_columns,
			"What grows, or grew, the way leaks grow, the nearest to its limit first; what is "
			"resolved comes last." },
		[PW_PERIOD_GROWN_GROUPS] = { "grown_groups", "Who grew: programs (in a cgroup)",
			pw_period_group_columns, "Programs whose processes hold more at the end of the "
			"period than at its begin, by at least 1 MiB, the most first.", group_shown },
		[PW_PERIOD_GROWN_PROCESSES] = { "grown_processes", "Who grew: processes",
			pw_period_process_columns, "Processes that hold more at the end of the period than "
			"at its begin, by at least 1 MiB; who started in it began with nothing." },
		[PW_PERIOD_OOM_KILLS] = { "oom_kills", "OOM kills", pw_period_kill_columns,
			"What the OOM killer ended, and the machine the last time before, oldest first." },
		[PW_PERIOD_OOM_HOLDERS] = { "oom_holders", "Who held memory before each OOM kill",
			pw_period_holder_columns, "The largest processes of the machine the last time before "
			"the kill.", holder_shown },
		[PW_PERIOD_RESTARTS] = { "restarts", "Restarts", pw_period_restart_columns,
			"Programs of which one ended and another began within ten minutes: after a failure, or "
			"when it had run for ten minutes and no other of its group was left." },
		[PW_PERIOD_SHRUNK_GROUPS] = { "shrunk_groups", "Who shrank: programs (in a cgroup)",
			pw_period_group_columns, "Programs whose processes hold less at the end of the period "
			"than at its begin, by at least 1 MiB, the most first.", group_shown },
		[PW_PERIOD_SHRUNK_PROCESSES] = { "shrunk_processes", "Who shrank: processes",
			pw_period_process_columns, "Processes that hold less at the end of the period than at "
			"its begin, by at least 1 MiB; who ended in it gave all back." },
		[PW_PERIOD_LARGEST_GROUPS] = { "largest_groups", "Who holds most at the end",
			pw_period_group_columns, "Programs by the footprint of their processes at the end of the "
			"period.", group_shown },
		[PW_PERIOD_ALERTS] = { "alerts", "Alerts of the wipe ledger", pw_alert_columns,
			"Of the period, as they are today: secrets that went dirty, wipes in part, forgotten "
			"wipes." },
		[PW_PERIOD_BOOTS] = { "boots", "Boots", pw_period_boot_columns,
			"Boots of the machine in the period." },
		[PW_PERIOD_GAPS] = { "gaps", "Gaps", pw_period_gap_columns,
			"Times of which nothing is known." },
		[PW_PERIOD_MACHINE] = { "machine", "Memory of the machine", pw_period_step_columns,
			"The machine's memory in steps, oldest first; null: nobody watched." },
		[PW_PERIOD_LOSSES] = { "losses", "Lost", pw_loss_columns,
			"What was not counted in the period, by cause; empty: nothing." },
		[PW_PERIOD_COVERAGE] = { "coverage_parts", "Coverage", pw_period_coverage_columns,
			"What Pagewarden could see in the period." },
	},
	.csv_table = PW_PERIOD_GROWN_GROUPS,
};

/* ---- rows -------------------------------------------------------------------------- */

static void cut(struct pw_period_report *r, enum pw_period_table t)
{
	if (r->tables[t].count > r->limit)
		r->tables[t].count = r->limit;
}

static int rank_groups(struct pw_period_report *r, enum pw_period_table t, enum pw_period_order order)
{
	struct pw_period_group **rows;
	size_t count;
	int err = pw_period_rank_groups(r->period, order, &rows, &count);

	if (err)
		return err;
	r->tables[t] = (struct pw_rows){ (const void *const *)rows, count };
	for (size_t i = 0; i < count && order == PW_PERIOD_RESTARTED; i++) {
		r->restarts += rows[i]->restarts;
		r->failures += rows[i]->failures;
	}
	cut(r, t);
	return 0;
}

static int rank_processes(struct pw_period_report *r, enum pw_period_table t,
			  enum pw_period_order order)
{
	struct pw_period_process **rows;
	size_t count;
	int err = pw_period_rank_processes(r->period, order, &rows, &count);

	if (err)
		return err;
	r->tables[t] = (struct pw_rows){ (const void *const *)rows, count };
	cut(r, t);
	return 0;
}

/* Rows that lie side by side. */
static int add_array(struct pw_period_report *r, enum pw_period_table t, const void *first,
		     size_t count, size_t size)
{
	int err = pw_rows_make(&r->tables[t], count);

	for (size_t i = 0; !err && i < count; i++)
		pw_rows_add(&r->tables[t], (const char *)first + i * size);
	return err;
}
#define ADD_ARRAY(r, t, array, count) add_array(r, t, array, count, sizeof((array)[0]))

static int add_suspects(struct pw_period_report *r)
{
	struct pw_period_suspect **rows;
	size_t count;
	int err = pw_period_rank_suspects(r->period, &rows, &count);

	if (err)
		return err;
	r->tables[PW_PERIOD_SUSPECTS] = (struct pw_rows){ (const void *const *)rows, count };
	for (size_t i = 0; i < count; i++) {
		r->suspects += rows[i]->now;
		r->new_suspects += rows[i]->standing == PW_STANDING_NEW;
		r->resolved += !rows[i]->now;
	}
	return 0;
}

static int add_kills(struct pw_period_report *r)
{
	const struct pw_period *p = r->period;
	size_t count = 0;

	r->holders = calloc(p->kill_count * PW_PERIOD_HOLDERS + 1, sizeof(*r->holders));
	if (!r->holders)
		return -ENOMEM;
	for (size_t i = 0; i < p->kill_count; i++) {
		const struct pw_period_kill *k = &p->kills[i];

		for (size_t n = 0; n < k->holder_count; n++)
			r->holders[count++] =
				(struct pw_holder_row){ k, &k->holders[n], (unsigned int)n + 1 };
	}
	if (ADD_ARRAY(r, PW_PERIOD_OOM_HOLDERS, r->holders, count))
		return -ENOMEM;
	return ADD_ARRAY(r, PW_PERIOD_OOM_KILLS, p->kills, p->kill_count);
}

static int add_alerts(struct pw_period_report *r)
{
	const struct pw_wipe_report_options opt = { .no_events = true };
	int err = pw_wipe_report_init(&r->wipe_report, r->wipes, &opt);
	const struct pw_rows *from = &r->wipe_report.tables[PW_WIPES_ALERTS];

	if (err)
		return err;
	r->alerts = from->count;
	err = pw_rows_make(&r->tables[PW_PERIOD_ALERTS], from->count);
	for (size_t i = 0; !err && i < from->count; i++)
		pw_rows_add(&r->tables[PW_PERIOD_ALERTS], from->rows[i]);
	if (!err)
		cut(r, PW_PERIOD_ALERTS);
	return err;
}

static int add_losses(struct pw_period_report *r)
{
	const struct pw_period_watch *w = &r->period->watch;
	size_t used = 0;

	for (unsigned int cause = 0; cause < PW_LOSS_CAUSES; cause++) {
		r->lost += w->lost[cause];
		if (w->lost[cause])
			r->losses[used++] = (struct pw_loss_row){
				.cause = pw_loss_name(cause) ? pw_loss_name(cause) : "unnamed",
				.text = pw_loss_text(cause) ? pw_loss_text(cause) :
							      "a cause of a newer version",
				.count = w->lost[cause],
			};
	}
	return ADD_ARRAY(r, PW_PERIOD_LOSSES, r->losses, used);
}

static int add_coverage(struct pw_period_report *r)
{
	const struct pw_period_watch *w = &r->period->watch;
	size_t used = 0;

	for (unsigned int i = 0; i < 32 && used < PW_COVERAGE_ROWS_MAX && w->detailed_ns; i++) {
		double share = (double)w->covered_ns[i] / (double)w->detailed_ns;

		if (pw_coverage_name(1u << i))
			r->coverage[used++] = (struct pw_period_coverage_row){
				.what = pw_coverage_name(1u << i),
				.share = share,
				.text = share < 1 ? pw_coverage_missing_text(1u << i) : "",
			};
	}
	return ADD_ARRAY(r, PW_PERIOD_COVERAGE, r->coverage, used);
}

static int add_rankings(struct pw_period_report *r)
{
	int err = rank_groups(r, PW_PERIOD_GROWN_GROUPS, PW_PERIOD_GROWN);

	err = err ? err : rank_processes(r, PW_PERIOD_GROWN_PROCESSES, PW_PERIOD_GROWN);
	err = err ? err : rank_groups(r, PW_PERIOD_RESTARTS, PW_PERIOD_RESTARTED);
	err = err ? err : rank_groups(r, PW_PERIOD_SHRUNK_GROUPS, PW_PERIOD_SHRUNK);
	err = err ? err : rank_processes(r, PW_PERIOD_SHRUNK_PROCESSES, PW_PERIOD_SHRUNK);
	return err ? err : rank_groups(r, PW_PERIOD_LARGEST_GROUPS, PW_PERIOD_LARGEST);
}

int pw_period_report_init(struct pw_period_report *r, const struct pw_period *p,
			  const struct pw_model *wipes, size_t limit)
{
	int err;

	memset(r, 0, sizeof(*r));
	r->period = p;
	r->wipes = wipes;
	r->limit = limit ? limit : PW_PERIOD_LIMIT;
	r->has_use = pw_period_use(p, &r->use);
	err = add_rankings(r);
	err = err ? err : add_suspects(r);
	err = err ? err : add_kills(r);
	err = err ? err : add_alerts(r);
	err = err ? err : ADD_ARRAY(r, PW_PERIOD_BOOTS, p->boots, p->boot_count);
	err = err ? err : ADD_ARRAY(r, PW_PERIOD_GAPS, p->gaps, p->gap_count);
	err = err ? err : ADD_ARRAY(r, PW_PERIOD_MACHINE, p->steps, p->step_count);
	err = err ? err : add_losses(r);
	err = err ? err : add_coverage(r);
	if (!err) {
		pw_period_find(r);
		err = ADD_ARRAY(r, PW_PERIOD_FINDINGS, r->findings, r->finding_count);
	}
	if (err)
		pw_period_report_deinit(r);
	return err;
}

void pw_period_report_deinit(struct pw_period_report *r)
{
	for (size_t i = 0; i < PW_PERIOD_TABLES; i++)
		pw_rows_free(&r->tables[i]);
	pw_wipe_report_deinit(&r->wipe_report);
	free(r->holders);
	memset(r, 0, sizeof(*r));
}
