// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Bytes as records into the model, and the model into every output. Each
 * record takes a byte for its type, a byte that lengthens or shortens it, and
 * its content from what follows.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/fuzz.h"
#include "fuzz/kinds.h"
#include "user/analysis/wipe_alert.h"
#include "user/model/export.h"
#include "user/model/model.h"
#include "user/view/report.h"

static void show(const struct pw_model *m, FILE *out)
{
	static const enum pw_format formats[] = { PW_FORMAT_TEXT, PW_FORMAT_JSON, PW_FORMAT_CSV,
						  PW_FORMAT_HTML };
	struct pw_report report;

	if (pw_report_init(&report, m, 0))
		return;
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		struct pw_emit_options opt = { .format = formats[i] };

		rewind(out);
		assert(!pw_report_emit(&report, &opt, out));
	}
	pw_report_deinit(&report);
}

/* What the model tells a late listener is never refused by his. */
static void tell_on(const struct pw_model *m)
{
	struct pw_model *late;

	assert(!pw_model_create(NULL, &late));
	assert(!pw_model_export(m, pw_model_ingest, late));
	assert(!late->invalid_records && !late->unknown_records);
	pw_model_destroy(late);
}

static void alert(const struct pw_model *m, uint32_t pid)
{
	struct pw_wipe_alert *alerts;
	size_t count;

	assert(!pw_wipe_alerts(m, pid, &alerts, &count));
	for (size_t i = 0; i < count; i++)
		assert(alerts[i].what[0] && alerts[i].evidence[0] && alerts[i].count);
	free(alerts);
}

/* The next record into rec, of which no more than its size may be read. */
static struct pw_record *make(const uint8_t **data, size_t *left)
{
	size_t kind = **data % KINDS, size = kinds[kind].size, n;
	int8_t longer = (int8_t)(*data)[1];
	struct pw_record *rec;

	*data += 2;
	*left -= 2;
	size = longer > -100 ? size + (longer > 0 ? (size_t)longer * 8 : 0) : sizeof(*rec) + 8;
	rec = calloc(1, size);
	n = size - sizeof(*rec) < *left ? size - sizeof(*rec) : *left;
	memcpy((uint8_t *)rec + 8, *data, n);
	*data += n;
	*left -= n;
	rec->type = kinds[kind].type;
	rec->size = (uint16_t)size;
	return rec;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct pw_model_limits limits = {
		.processes = 16, .dead = 8, .groups = 8, .strings = 4096
	};
	static FILE *out;
	struct pw_model *m;
	unsigned int shown = 0;

	if (!out)
		out = fopen("/dev/null", "w");
	if (!out || pw_model_create(&limits, &m))
		abort();
	while (size > 2) {
		struct pw_record *rec = make(&data, &size);
		int rc = pw_model_ingest(m, rec);

		assert(!rc);
		if (rec->type == PW_REC_TICK && shown++ < 4)
			show(m, out);
		free(rec);
	}
	show(m, out);
	alert(m, 0);
	alert(m, 7);
	tell_on(m);
	pw_model_destroy(m);
	return 0;
}
