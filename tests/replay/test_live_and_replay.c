// SPDX-License-Identifier: GPL-2.0-or-later
/* links: rest. What a live run showed, its recording shows again, byte for byte. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "lib/tree.h"
#include "user/analysis/trends.h"
#include "user/base/clock.h"
#include "user/model/model.h"
#include "user/source/recording.h"
#include "user/source/source.h"
#include "user/view/emit.h"
#include "user/view/report.h"

#define INTERVALS 6

struct run {
	struct tree tree;
	char path[96];
	FILE *file;
	struct pw_recording_writer *writer;
	struct pw_model *model;
	uint64_t records;
};

/* ---- the live run --------------------------------------------------------------------- */

static int write_file(void *ctx, const void *bytes, size_t len)
{
	return fwrite(bytes, 1, len, ctx) == len ? 0 : -EIO;
}

static int take(void *ctx, const struct pw_record *rec)
{
	struct run *r = ctx;

	r->records++;
	assert_int_equal(pw_recording_write(r->writer, rec), 0);
	return pw_model_ingest(r->model, rec);
}

/* Something must happen between two ticks: births, deaths, an exec, growth. */
static void churn(void **memory, unsigned int i)
{
	pid_t pid = fork();

	if (!pid) {
		execl("/bin/true", "true", (char *)NULL);
		_exit(1);
	}
	memory[i] = malloc(1 << 20);
	assert_non_null(memory[i]);
	memset(memory[i], (int)i, 1 << 20);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

/* The key as the source gave it. */
static struct pw_key own_key(const struct run *r)
{
	const struct pw_process *p = pw_model_pid(r->model, (uint32_t)getpid());

	assert_non_null(p);
	return p->key;
}

static void record(struct run *r, struct pw_source *src)
{
	void *memory[INTERVALS];
	struct pw_error err = { 0 };

	for (unsigned int i = 0; i < INTERVALS; i++) {
		churn(memory, i);
		assert_int_equal(pw_source_collect(src, take, r, &err), 0);
		if (i == 1 || i == INTERVALS - 2) {
			struct pw_key key = own_key(r);

			assert_int_equal(pw_source_segments(src, &key, 0, take, r, &err), 0);
		}
		usleep(50000);
	}
	for (unsigned int i = 0; i < INTERVALS; i++)
		free(memory[i]);
}

static void open_run(struct run *r)
{
	tree_init(&r->tree);
	snprintf(r->path, sizeof(r->path), "%s/run.pwr", r->tree.root);
	r->file = fopen(r->path, "w");
	assert_non_null(r->file);
	assert_int_equal(pw_recording_writer_create(write_file, r->file, &r->writer), 0);
	assert_int_equal(pw_model_create(NULL, &r->model), 0);
}

static void close_recording(struct run *r)
{
	assert_int_equal(pw_recording_flush(r->writer), 0);
	pw_recording_writer_destroy(r->writer);
	assert_int_equal(fclose(r->file), 0);
}

/* ---- the replay ------------------------------------------------------------------------ */

static struct pw_model *replay(const struct run *r)
{
	struct pw_error err = { 0 };
	struct pw_source *src;
	struct pw_model *m;
	int rc;

	assert_int_equal(pw_source_replay_create(r->path, &src, &err), 0);
	assert_int_equal(pw_model_create(NULL, &m), 0);
	while (!(rc = pw_source_collect(src, pw_model_ingest, m, &err)))
		;
	assert_int_equal(rc, -ENODATA);
	pw_source_destroy(src);
	return m;
}

static char *report(const struct pw_model *m, enum pw_format format)
{
	const struct pw_emit_options opt = { .format = format };
	struct pw_report r;
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	assert_int_equal(pw_report_init(&r, m, 0), 0);
	assert_int_equal(pw_report_emit(&r, &opt, out), 0);
	pw_report_deinit(&r);
	assert_int_equal(fclose(out), 0);
	return text;
}

static void compare(const struct pw_model *live, const struct pw_model *replayed)
{
	static const enum pw_format formats[] = { PW_FORMAT_TEXT, PW_FORMAT_JSON, PW_FORMAT_CSV,
						  PW_FORMAT_HTML };

	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		char *a = report(live, formats[i]), *b = report(replayed, formats[i]);

		assert_true(strlen(a) > 200);
		assert_string_equal(a, b);
		free(a);
		free(b);
	}
}

static void record_and_compare(struct pw_source *src)
{
	struct run r = { 0 };
	struct pw_model *replayed;

	open_run(&r);
	record(&r, src);
	close_recording(&r);
	replayed = replay(&r);
	assert_int_equal(r.model->sequence, INTERVALS);
	assert_int_equal(replayed->sequence, INTERVALS);
	assert_true(r.records > 3 * INTERVALS);
	compare(r.model, replayed);
	pw_model_destroy(replayed);
	pw_model_destroy(r.model);
	tree_remove(&r.tree, "");
	pw_source_destroy(src);
}

/* ---- verdicts --------------------------------------------------------------------------- */

#define SCALE 600.0 /* a second counts as ten minutes */
#define VERDICT_INTERVALS 110
#define LEAK_BYTES_PER_SECOND (10u << 20)
#define LEAK_MAX (1ul << 30)

/* What trends save, to be compared without the order in which they do. */
struct saved {
	uint64_t sum; /* of the hashes of all pieces */
	size_t count, bytes;
};

static int add_piece(void *ctx, uint64_t id, const void *bytes, size_t size)
{
	struct saved *s = ctx;

	s->sum += pw_hash_bytes(bytes, size, id);
	s->bytes += size;
	s->count++;
	return 0;
}

static struct pw_trends *fresh_trends(void)
{
	const struct pw_trends_options opt = { .time_scale = SCALE };
	struct pw_trends *t;

	assert_int_equal(pw_trends_create(&opt, &t), 0);
	return t;
}

/*
 * This process leaks, by the clock, so that a machine that lets it wait finds
 * a straight line too; the rest of the machine does what it does.
 */
static struct pw_trends *record_leak(struct run *r, struct pw_source *src)
{
	char *leak = mmap(NULL, LEAK_MAX, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	uint64_t begun_ns = pw_clock_boot_ns(), leaked = 0, due;
	struct pw_trends *t = fresh_trends();
	struct pw_error err = { 0 };

	assert_ptr_not_equal(leak, MAP_FAILED);
	for (unsigned int i = 0; i < VERDICT_INTERVALS; i++) {
		due = (pw_clock_boot_ns() - begun_ns) * LEAK_BYTES_PER_SECOND / PW_NSEC_PER_SEC;
		assert_true(due < LEAK_MAX);
		memset(leak + leaked, 1, due - leaked);
		leaked = due;
		assert_int_equal(pw_source_collect(src, take, r, &err), 0);
		assert_int_equal(pw_trends_tick(t, r->model), 0);
		usleep(40000);
	}
	munmap(leak, LEAK_MAX);
	return t;
}

static struct pw_trends *replay_leak(const struct run *r)
{
	struct pw_trends *t = fresh_trends();
	struct pw_error err = { 0 };
	struct pw_source *src;
	struct pw_model *m;

	assert_int_equal(pw_source_replay_create(r->path, &src, &err), 0);
	assert_int_equal(pw_model_create(NULL, &m), 0);
	while (!pw_source_collect(src, pw_model_ingest, m, &err))
		assert_int_equal(pw_trends_tick(t, m), 0);
	pw_source_destroy(src);
	pw_model_destroy(m);
	return t;
}

static void compare_events(const struct pw_trends *live, const struct pw_trends *replayed)
{
	const struct pw_verdict_event *a[64], *b[64];
	uint64_t lost;
	size_t count = pw_trends_events(live, 0, a, 64, &lost);

	assert_int_equal(pw_trends_events(replayed, 0, b, 64, &lost), count);
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(a[i]->time_ns, b[i]->time_ns);
		assert_int_equal(a[i]->subject.key.pid, b[i]->subject.key.pid);
		assert_int_equal(a[i]->kind, b[i]->kind);
		assert_int_equal(a[i]->to, b[i]->to);
		assert_true(a[i]->verdict.slope == b[i]->verdict.slope);
		assert_string_equal(a[i]->reason, b[i]->reason);
	}
}

static bool suspects_us(const struct pw_trends *t)
{
	const struct pw_trends_query q = { .pid = (uint32_t)getpid() };
	struct pw_suspect *rows;
	size_t count;

	assert_int_equal(pw_trends_suspects(t, &q, &rows, &count), 0);
	free(rows);
	return count > 0;
}

static void verdicts(void **state)
{
	const struct pw_source_options opt = { 0 };
	struct saved a = { 0 }, b = { 0 };
	struct pw_trends *live, *replayed;
	struct run r = { 0 };
	struct pw_source *src;
	struct pw_error err;

	(void)state;
	assert_int_equal(pw_source_proc_create(&opt, &src, &err), 0);
	open_run(&r);
	live = record_leak(&r, src);
	close_recording(&r);
	replayed = replay_leak(&r);
	assert_true(suspects_us(live));
	assert_true(suspects_us(replayed));
	compare_events(live, replayed);
	assert_int_equal(pw_trends_save(live, false, add_piece, &a), 0);
	assert_int_equal(pw_trends_save(replayed, false, add_piece, &b), 0);
	assert_int_equal(a.count, b.count);
	assert_int_equal(a.bytes, b.bytes);
	assert_int_equal(a.sum, b.sum);
	pw_trends_destroy(live);
	pw_trends_destroy(replayed);
	pw_model_destroy(r.model);
	tree_remove(&r.tree, "");
	pw_source_destroy(src);
}

/* ---- tests ------------------------------------------------------------------------------ */

static void of_proc(void **state)
{
	const struct pw_source_options opt = { 0 };
	struct pw_error err;
	struct pw_source *src;

	(void)state;
	assert_int_equal(pw_source_proc_create(&opt, &src, &err), 0);
	record_and_compare(src);
}

static void of_bpf(void **state)
{
	const struct pw_source_options opt = { 0 };
	struct pw_error err;
	struct pw_source *src;

	(void)state;
	if (pw_source_bpf_create(&opt, &src, &err)) {
		print_message("%s\n", err.what);
		skip();
	}
	record_and_compare(src);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(verdicts),
		cmocka_unit_test(of_proc),
		cmocka_unit_test(of_bpf),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
