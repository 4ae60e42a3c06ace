// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Bytes as what trends save, whole tables and subjects, with their hashes made
 * right, which chance would never hit. What is accepted lives on: it is asked,
 * fed, judged, and saved again, and what it saves must be accepted too.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/fuzz.h"
#include "lib/trace.h"
#include "user/analysis/trends.h"
#include "user/base/bytes.h"
#include "user/base/hash.h"

#define HEAD_BYTES 24 /* of a whole table, its length included */
#define BYTES_MAX (1u << 17)

static void forge_piece(uint8_t *bytes, size_t size)
{
	struct pw_bytes_out out = { .at = bytes + size - 8, .size = 8 };

	if (size >= 8)
		pw_bytes_put_u64(&out, pw_hash_bytes(bytes, size - 8, 0));
}

static void forge_all(uint8_t *bytes, size_t size)
{
	struct pw_bytes_in in = { .at = bytes, .left = size };

	pw_bytes_get(&in, HEAD_BYTES);
	while (in.left && !in.bad) {
		size_t len = pw_bytes_get_u32(&in);
		const uint8_t *piece = pw_bytes_get(&in, len);

		if (piece)
			forge_piece(bytes + (piece - bytes), len);
	}
}

static int restore_again(void *ctx, uint64_t id, const void *bytes, size_t size)
{
	(void)id;
	assert(!pw_trends_restore(ctx, bytes, size));
	return 0;
}

/* Two subjects of one hash are possible by design of the bytes: only then is a row met twice. */
static void save_and_restore(struct pw_trends *t)
{
	const struct pw_trends_options opt = { .time_scale = pw_trends_time_scale(t),
					       .subjects = 4096 };
	struct pw_trends *again;

	if (pw_trends_create(&opt, &again))
		return;
	assert(!pw_trends_save(t, false, restore_again, again));
	pw_trends_destroy(again);
}

static void ask(struct pw_trends *t)
{
	const struct pw_trends_query all = { .all = true, .limit = 64 };
	const struct pw_verdict_event *events[16];
	struct pw_suspect *rows;
	char text[256];
	uint64_t lost;
	size_t count;

	if (pw_trends_suspects(t, &all, &rows, &count))
		return;
	for (size_t i = 0; i < count; i++) {
		assert(rows[i].floor_count <= PW_TREND_BLOCKS);
		pw_verdict_explain(&rows[i].verdict, pw_series_units[rows[i].kind], text,
				   sizeof(text));
		pw_subject_fingerprint(rows[i].subject, rows[i].kind);
	}
	free(rows);
	count = pw_trends_events(t, 0, events, 16, &lost);
	for (size_t i = 0; i < count; i++)
		assert(strlen(events[i]->reason) < sizeof(events[i]->reason));
}

/* The machine goes on; process 7 may be one that was restored. */
static void live(struct pw_trends *t)
{
	struct trace trace = { .now_ns = 1000 * TRACE_SECOND };
	struct pw_model *m;

	if (pw_model_create(NULL, &m))
		return;
	trace_machine(&trace, "boot");
	trace_identity(&trace, trace_key(7), "/usr/bin/leaky", "/a", "", "");
	for (unsigned int i = 0; i < 6; i++) {
		trace_counters(&trace, trace_key(7), 1000 + 1000 * i);
		trace.now_ns += 40 * TRACE_SECOND;
		trace_tick(&trace);
		trace_flush(&trace, pw_model_ingest, m);
		pw_trends_tick(t, m);
	}
	pw_model_destroy(m);
	trace_free(&trace);
}

static void one_by_one(uint8_t *bytes, size_t size)
{
	struct pw_trends *t;

	if (pw_trends_create(NULL, &t))
		return;
	forge_piece(bytes, size);
	if (!pw_trends_restore(t, bytes, size)) {
		ask(t);
		save_and_restore(t);
		live(t);
		ask(t);
		save_and_restore(t);
	}
	pw_trends_destroy(t);
}

static void all_at_once(uint8_t *bytes, size_t size)
{
	struct pw_trends *t;

	forge_all(bytes, size);
	if (pw_trends_read_all(bytes, size, &t))
		return;
	ask(t);
	live(t);
	ask(t);
	pw_trends_destroy(t);
}

static void one_series(const uint8_t *bytes, size_t size)
{
	const struct pw_trend_options opt = { .time_scale = 1, .floor = 1 << 20 };
	struct pw_trend *series = NULL;
	struct pw_verdict v;

	if (pw_trend_restore(bytes, size, 0, &series))
		return;
	pw_trend_look(series, NULL, &opt, &v);
	for (uint64_t i = 1; i < 100; i++) {
		pw_trend_add(series, &opt, i * 30 * TRACE_SECOND, i << 16, i % 7);
		pw_trend_judge(series, NULL, &opt, &v);
	}
	pw_trend_destroy(series);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t copy[BYTES_MAX];

	if (!size || size > sizeof(copy))
		return 0;
	memcpy(copy, data + 1, size - 1);
	switch (data[0] % 3) {
	case 0:
		one_by_one(copy, size - 1);
		break;
	case 1:
		all_at_once(copy, size - 1);
		break;
	default:
		one_series(copy, size - 1);
	}
	return 0;
}
