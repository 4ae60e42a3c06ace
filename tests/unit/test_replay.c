// SPDX-License-Identifier: GPL-2.0-or-later
/* links: rest. A recorded file as a source; what damage looks like to who watches. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <zlib.h>

#include "lib/recording.h"
#include "lib/tree.h"
#include "user/source/replay.h"

/* ---- a file, and what a watcher sees of it ------------------------------------------ */

struct fixture {
	struct tree tree;
	char path[96];
	struct trace trace;
	struct recorded file;
	struct pw_error err;
	struct pw_source *source;
	/* seen */
	unsigned int counters, ticks;
	struct pw_tick last;
};

#define TICKS 5

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	tree_init(&f->tree);
	snprintf(f->path, sizeof(f->path), "%s/trace.pwrec", f->tree.root);
	trace_machine(&f->trace, "boot");
	for (unsigned int i = 1; i <= TICKS; i++) {
		trace_counters(&f->trace, trace_key(7), i);
		trace_tick(&f->trace)->lost[PW_LOSS_DAMAGED] = 10 * i; /* of an earlier replay */
	}
	f->file = recorded_of(&f->trace);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	pw_source_destroy(f->source);
	tree_remove(&f->tree, "");
	trace_free(&f->trace);
	free(f->file.bytes);
	free(f);
	return 0;
}

static void save(const struct fixture *f, size_t len)
{
	FILE *out = fopen(f->path, "w");

	assert_non_null(out);
	assert_int_equal(fwrite(f->file.bytes, 1, len, out), len);
	assert_int_equal(fclose(out), 0);
}

static int watch(void *ctx, const struct pw_record *rec)
{
	struct fixture *f = ctx;

	f->counters += rec->type == PW_REC_COUNTERS;
	if (rec->type != PW_REC_TICK)
		return 0;
	f->ticks++;
	memcpy(&f->last, rec, sizeof(f->last));
	return 0;
}

static void open_file(struct fixture *f)
{
	assert_int_equal(pw_source_replay_create(f->path, &f->source, &f->err), 0);
	assert_false(f->source->live);
}

static void play(struct fixture *f)
{
	unsigned int intervals = 0;
	int rc;

	open_file(f);
	while (!(rc = pw_source_collect(f->source, watch, f, &f->err)))
		assert_int_equal(f->ticks, ++intervals); /* one tick in each */
	assert_int_equal(rc, -ENODATA);
	assert_int_equal(pw_source_collect(f->source, watch, f, &f->err), -ENODATA);
	assert_int_equal(f->ticks, intervals);
}

static size_t block_at(const struct fixture *f, unsigned int n)
{
	const uint32_t magic = PW_RECORDING_BLOCK_MAGIC;
	const uint8_t *at = f->file.bytes;

	for (;; at++) {
		at = memmem(at, f->file.len - (size_t)(at - f->file.bytes), &magic, sizeof(magic));
		assert_non_null(at);
		if (!n--)
			return (size_t)(at - f->file.bytes);
	}
}

/* ---- tests ----------------------------------------------------------------------------- */

static void whole(void **state)
{
	struct fixture *f = *state;

	save(f, f->file.len);
	play(f);
	assert_int_equal(f->ticks, TICKS);
	assert_int_equal(f->counters, TICKS);
	assert_int_equal(f->last.lost[PW_LOSS_DAMAGED], 10 * TICKS);
	assert_int_equal(pw_source_replay_damaged(f->source), 0);
}

/* Cut in the last interval: the tick before it, which is the last seen, tells. */
static void cut_inside_the_last_interval(void **state)
{
	struct fixture *f = *state;

	save(f, f->file.len - 1);
	play(f);
	assert_int_equal(f->ticks, TICKS - 1);
	assert_int_equal(f->last.sequence, TICKS - 1);
	assert_int_equal(f->last.lost[PW_LOSS_DAMAGED], 10 * (TICKS - 1) + 1);
	assert_int_equal(pw_source_replay_damaged(f->source), 1);
}

static void cut_inside_the_first_interval(void **state)
{
	struct fixture *f = *state;

	save(f, block_at(f, 1) - 1);
	play(f);
	assert_int_equal(f->ticks, 1); /* made up, so that the damage is shown */
	assert_int_equal(f->last.sequence, 1);
	assert_int_equal(f->last.interval_ns, 0);
	assert_int_equal(f->last.lost[PW_LOSS_DAMAGED], 1);
}

/* An interval of more than one block, cut behind its first. */
static void cut_between_records_and_their_tick(void **state)
{
	struct fixture *f = *state;
	struct pw_recording_writer *w;
	size_t cut;
	struct trace t = { .now_ns = 100 * TRACE_SECOND, .sequence = 1 };

	assert_int_equal(pw_recording_writer_create(recorded_write, &f->file, &w), 0);
	f->file.len -= sizeof(struct pw_recording_header); /* appended to what is there */
	trace_counters(&t, trace_key(8), 1);
	assert_int_equal(trace_play(&t, recorded_record, w), 0);
	assert_int_equal(pw_recording_flush(w), 0);
	cut = f->file.len;
	trace_tick(&t);
	assert_int_equal(trace_play(&t, recorded_record, w), 0);
	pw_recording_writer_destroy(w);
	save(f, cut + 20);
	play(f);
	assert_int_equal(f->counters, TICKS + 1);
	assert_int_equal(f->ticks, TICKS + 1);
	assert_int_equal(f->last.sequence, TICKS + 1);
	assert_int_equal(f->last.rec.time_ns, 100 * TRACE_SECOND);
	assert_int_equal(f->last.interval_ns, (100 - TICKS) * TRACE_SECOND);
	assert_int_equal(f->last.lost[PW_LOSS_DAMAGED], 10 * TICKS + 1);
	trace_free(&t);
}

static void a_damaged_block_in_the_middle(void **state)
{
	struct fixture *f = *state;

	f->file.bytes[block_at(f, 2) + 30] ^= 4;
	save(f, f->file.len);
	play(f);
	assert_int_equal(f->ticks, TICKS - 1);
	assert_int_equal(f->counters, TICKS - 1);
	assert_int_equal(f->last.lost[PW_LOSS_DAMAGED], 10 * TICKS + 1);
	assert_int_equal(pw_source_replay_damaged(f->source), 1);
}

static void nothing_but_a_header(void **state)
{
	struct fixture *f = *state;

	save(f, sizeof(struct pw_recording_header));
	play(f);
	assert_int_equal(f->ticks, 0);
	assert_int_equal(pw_source_replay_damaged(f->source), 0);
}

static void no_segments_any_more(void **state)
{
	struct fixture *f = *state;
	const struct pw_key key = trace_key(7);

	save(f, f->file.len);
	open_file(f);
	assert_int_equal(pw_source_segments(f->source, &key, 0, watch, f, &f->err), -EOPNOTSUPP);
	assert_true(f->err.what[0] && f->err.remedy[0]);
	assert_int_equal(pw_source_fd(f->source), -1);
}

static int refuse(void *ctx, const struct pw_record *rec)
{
	(void)ctx;
	(void)rec;
	return -EPIPE;
}

static void a_sink_may_stop(void **state)
{
	struct fixture *f = *state;

	save(f, f->file.len);
	open_file(f);
	assert_int_equal(pw_source_collect(f->source, refuse, NULL, &f->err), -EPIPE);
	assert_string_equal(f->err.what, ""); /* it is not the file's fault */
}

static void refused(struct fixture *f, int rc, const char *words, const char *remedy)
{
	memset(&f->err, 0, sizeof(f->err));
	assert_int_equal(pw_source_replay_create(f->path, &f->source, &f->err), rc);
	assert_null(f->source);
	assert_non_null(strstr(f->err.what, f->path));
	assert_non_null(strstr(f->err.what, words));
	assert_non_null(strstr(f->err.remedy, remedy));
}

static void files_that_cannot_be_replayed(void **state)
{
	struct fixture *f = *state;
	struct pw_recording_header h;

	refused(f, -ENOENT, "No such file", "");
	save(f, 0);
	refused(f, -EINVAL, "not a recording", "pagewarden record");
	save(f, 20);
	refused(f, -EBADMSG, "ends inside its header", "");
	memcpy(&h, f->file.bytes, sizeof(h));
	h.version = 2;
	h.crc = 0;
	h.crc = (uint32_t)crc32(0, (const void *)&h, sizeof(h));
	memcpy(f->file.bytes, &h, sizeof(h));
	save(f, f->file.len);
	refused(f, -EPROTONOSUPPORT,
		"made by a newer pagewarden (format 2); this one reads up to 1", "as new as");
	f->file.bytes[0] = '!';
	save(f, f->file.len);
	refused(f, -EINVAL, "not a recording", "pagewarden record");
	snprintf(f->path, sizeof(f->path), "%s", f->tree.root);
	refused(f, -EISDIR, "Is a directory", "");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(whole),
		TEST(cut_inside_the_last_interval),
		TEST(cut_inside_the_first_interval),
		TEST(cut_between_records_and_their_tick),
		TEST(a_damaged_block_in_the_middle),
		TEST(nothing_but_a_header),
		TEST(no_segments_any_more),
		TEST(a_sink_may_stop),
		TEST(files_that_cannot_be_replayed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
