// SPDX-License-Identifier: GPL-2.0-or-later
#include "user/daemon/status.h"

#include "user/base/clock.h"
#include "user/daemon/answer.h"
#include "user/daemon/documents.h"
#include "user/daemon/state.h"

void pw_status_answer(struct pw_daemon *d, struct pw_http_answer *ret)
{
	struct pw_status_row row = {
		.daemon = d,
		.now_ns = pw_clock_boot_ns(),
		.http = pw_http_status(d->http),
		.streams = pw_broadcast_status(d->broadcast),
		.history_bytes = d->store ? pw_store_bytes(d->store) : 0,
	};
	struct pw_coverage_row parts[PW_COVERAGE_ROWS_MAX];
	struct pw_loss_row losses[PW_LOSS_CAUSES];
	const void *part_rows[PW_COVERAGE_ROWS_MAX], *loss_rows[PW_LOSS_CAUSES], *ways[PW_WAYS];
	struct pw_rows tables[] = { { part_rows,
				      pw_coverage_rows(d->model, parts, PW_COVERAGE_ROWS_MAX) },
				    { ways, PW_WAYS },
				    { loss_rows, pw_loss_rows(d->model, losses, PW_LOSS_CAUSES) } };
	struct pw_shaped_document doc;

	if (d->trends)
		pw_trends_cost(d->trends, &row.trends);
	for (size_t i = 0; i < tables[0].count; i++)
		part_rows[i] = &parts[i];
	for (size_t i = 0; i < PW_WAYS; i++)
		ways[i] = pw_alerter_way(d->alerter, i);
	for (size_t i = 0; i < tables[2].count; i++)
		loss_rows[i] = &losses[i];
	pw_alert_book_status(pw_alerter_book(d->alerter), &row.alerts);
	pw_document_build(&doc, &pw_document_status, d->model, &row, tables);
	pw_answer_document(ret, &doc.doc);
}
