// SPDX-License-Identifier: GPL-2.0-or-later
#include "user/daemon/api_wipes.h"

#include "user/base/cleanup.h"
#include "user/daemon/answer.h"
#include "user/daemon/api.h"
#include "user/daemon/memory_tape.h"
#include "user/daemon/state.h"
#include "user/model/export.h"
#include "user/view/wipe_report.h"

static bool is_filtered(const struct pw_wipe_filter *f)
{
	return f->pid || f->process || f->by_function || f->by_verdict;
}

static void answer(struct pw_daemon *d, const struct pw_ledger_query *q, bool events,
		   void (*build)(const struct pw_wipe_report *r, struct pw_shaped_document *doc),
		   struct pw_http_answer *ret)
{
	const struct pw_wipe_report_options opt = {
		/* without a filter the totals are the ledger's, since the daemon's start */
		.filter = is_filtered(&q->filter) ? &q->filter : NULL,
		.limit = q->limit,
		.no_events = !events,
	};
	struct pw_shaped_document doc;
	struct pw_wipe_report r;

	if (pw_wipe_report_init(&r, d->model, &opt)) {
		pw_api_error(ret, 500, NULL, "out of memory");
		return;
	}
	build(&r, &doc);
	pw_answer_document(ret, &doc.doc);
	pw_wipe_report_deinit(&r);
}

void pw_api_wipes(struct pw_daemon *d, const struct pw_ledger_query *q, struct pw_http_answer *ret)
{
	answer(d, q, true, pw_wipe_report_document, ret);
}

void pw_api_wipe_summary(struct pw_daemon *d, const struct pw_ledger_query *q,
			 struct pw_http_answer *ret)
{
	answer(d, q, false, pw_wipe_report_document, ret);
}

void pw_api_alerts(struct pw_daemon *d, const struct pw_ledger_query *q, struct pw_http_answer *ret)
{
	answer(d, q, false, pw_wipe_report_alerts, ret);
}

void pw_api_secrets(struct pw_daemon *d, const struct pw_ledger_query *q, struct pw_http_answer *ret)
{
	struct pw_secret_report_options opt = q->secrets;
	struct pw_shaped_document doc;
	struct pw_secret_report r;

	opt.filter = &q->filter;
	opt.limit = q->limit;
	if (pw_secret_report_init(&r, d->model, &opt)) {
		pw_api_error(ret, 500, NULL, "out of memory");
		return;
	}
	pw_secret_report_document(&r, &doc);
	pw_answer_document(ret, &doc.doc);
	pw_secret_report_deinit(&r);
}

void pw_api_secret_records(struct pw_daemon *d, struct pw_http_answer *ret)
{
	struct pw_memory_tape tape;
	int r = pw_memory_tape_init(&tape, 0); /* the table is bounded */

	r = r ? r : pw_model_export_secrets(d->model, pw_memory_tape_sink, &tape);
	r = r ? r : pw_recording_flush(tape.writer);
	if (r) {
		pw_api_error(ret, 500, NULL, "out of memory");
	} else {
		ret->type = "application/octet-stream";
		ret->bytes = pw_steal(tape.bytes);
		ret->len = tape.len;
	}
	pw_memory_tape_deinit(&tape);
}
