// SPDX-License-Identifier: GPL-2.0-or-later
// links: rest
// timeout: 240
/*
 * Calls of wipe functions, against a program that knows what it did: each is
 * told once, with the right verdict, figures and caller, and nothing else is.
 */
#include "tests/lib/watch.h"

#include <errno.h>
#include <poll.h>
#include <time.h>

#include "tests/programs/wipes.h"

#define EVENTS_MAX 4096
#define PROBES_MAX 256
#define TEXT 300

struct wipe_event {
	struct pw_wipe w;
	char file[TEXT], symbol[128];
	bool matched;
};

struct probe_event {
	struct pw_wipe_probe p;
	char path[TEXT], symbol[128];
};

static struct wipe_event events[EVENTS_MAX];
static size_t event_count;
static struct probe_event probes[PROBES_MAX];
static size_t probe_count;
static struct watch watching;

static void copy_text(char *out, size_t size, const void *from, size_t len)
{
	assert_true(len < size);
	memcpy(out, from, len);
	out[len] = '\0';
}

static int take(void *ctx, const struct pw_record *rec)
{
	const uint8_t *bytes = (const void *)rec;

	if (rec->type == PW_REC_WIPE && event_count < EVENTS_MAX) {
		struct wipe_event *e = &events[event_count++];

		memcpy(&e->w, rec, sizeof(e->w));
		assert_true(sizeof(e->w) + e->w.file_len + e->w.symbol_len <= rec->size);
		copy_text(e->file, sizeof(e->file), bytes + sizeof(e->w), e->w.file_len);
		copy_text(e->symbol, sizeof(e->symbol), bytes + sizeof(e->w) + e->w.file_len,
			  e->w.symbol_len);
		e->matched = false;
	}
	if (rec->type == PW_REC_WIPE_PROBE && probe_count < PROBES_MAX) {
		struct probe_event *p = &probes[probe_count++];

		memcpy(&p->p, rec, sizeof(p->p));
		copy_text(p->path, sizeof(p->path), bytes + sizeof(p->p), p->p.path_len);
		copy_text(p->symbol, sizeof(p->symbol), bytes + sizeof(p->p) + p->p.path_len,
			  p->p.symbol_len);
	}
	return watch_sink(ctx, rec);
}

static void collect(void)
{
	struct pw_error err = { 0 };

	if (pw_source_collect(watching.src, take, &watching, &err))
		fail_msg("%s; %s", err.what, err.remedy);
}

static void close_source(void)
{
	if (watching.src)
		watch_close(&watching);
}

static void open_source(const struct pw_source_options *opt)
{
	close_source();
	event_count = probe_count = 0;
	watch_open(&watching, opt);
	collect();
}

static const struct pw_source_options *usual_options(void)
{
	static const struct pw_source_options opt = {
		.no_ledger = true,
		.wipes = { .on = true, .no_kernel = true, .read_back_bytes = WIPE_READ_BACK },
	};

	return &opt;
}

/* The same source for most tests: to open and close it takes seconds on a busy machine. */
static void open_usual_source(void)
{
	if (!watching.src)
		open_source(usual_options());
	event_count = 0;
}

static bool is_probed(const char *path_end, const char *symbol)
{
	for (size_t i = 0; i < probe_count; i++) {
		const size_t len = strlen(probes[i].path), n = strlen(path_end);

		if (len >= n && strcmp(probes[i].path + len - n, path_end) == 0 &&
		    strcmp(probes[i].symbol, symbol) == 0 && probes[i].p.error == 0)
			return true;
	}
	return false;
}

/* Drains as a command does between its intervals, until the program's own functions are observed. */
static void wait_for_probes(const char *program)
{
	struct pollfd p = { .fd = pw_source_fd(watching.src), .events = POLLIN };
	struct pw_error err = { 0 };

	for (int i = 0; i < 1000 && !is_probed(program, "wc_ForceZero"); i++) {
		poll(&p, 1, 10);
		assert_int_equal(pw_source_drain(watching.src, take, &watching, &err), 0);
	}
	assert_true(is_probed(program, "wc_ForceZero"));
}

/* ---- the program ------------------------------------------------------------------------ */

static struct driven start(const char *program, const char *mode)
{
	char path[PATH_MAX], byte;
	int to[2], from[2];
	struct driven d;

	program_path(program, path);
	assert_int_equal(pipe2(to, O_CLOEXEC) | pipe2(from, O_CLOEXEC), 0);
	d.pid = fork();
	assert_true(d.pid >= 0);
	if (d.pid == 0) {
		dup2(to[0], STDIN_FILENO);
		dup2(from[1], STDOUT_FILENO);
		execl(path, path, mode, NULL);
		_exit(127);
	}
	close(to[0]);
	close(from[1]);
	d.in = to[1];
	d.out = from[0];
	assert_int_equal(read(d.out, &byte, 1), 1);
	assert_int_equal(byte, 'r');
	return d;
}

static void read_all(int fd, void *out, size_t size)
{
	for (size_t done = 0; done < size;) {
		ssize_t n = read(fd, (char *)out + done, size - done);

		assert_true(n > 0);
		done += (size_t)n;
	}
}

/* Runs the mode; how many truths, or WIPE_NOT_HERE. */
static uint32_t run(struct driven *d, struct wipe_truth *truths)
{
	uint32_t count;

	assert_int_equal(write(d->in, "g", 1), 1);
	read_all(d->out, &count, sizeof(count));
	if (count == WIPE_NOT_HERE)
		return count;
	assert_true(count <= WIPE_TRUTHS_MAX);
	read_all(d->out, truths, count * sizeof(*truths));
	return count;
}

/* ---- comparing --------------------------------------------------------------------------- */

static bool is_as_told(const struct wipe_truth *t, const struct pw_wipe *w)
{
	if (t->secretmem)
		return w->verdict == PW_WIPED_WHOLE ||
		       (w->verdict == PW_WIPED_UNKNOWN && w->reason == PW_UNSEEN_SECRETMEM);
	return w->checked_bytes == t->checked && w->dirty_bytes == t->dirty &&
	       w->first_dirty == t->first_dirty && w->verdict == t->verdict &&
	       w->reason == t->reason && w->fill == t->fill && w->flags == t->flags &&
	       (t->kind == WIPE_ANY_KIND || w->segment_kind == t->kind);
}

static void match(const struct wipe_truth *t, size_t index)
{
	for (size_t i = 0; i < event_count; i++) {
		struct wipe_event *e = &events[i];
		const struct pw_wipe *w = &e->w;

		/* the calls of one thread come in their order */
		if (e->matched || w->tid != t->tid)
			continue;
		e->matched = true;
		assert_int_equal(w->key.pid, t->pid);
		if (w->address != t->address || w->size != t->size || w->function != t->function ||
		    !is_as_told(t, w))
			fail_msg("call %zu: function %u of %llx + %llu: checked %llu dirty %llu first "
				 "%lld verdict %u reason %u fill %x flags %x kind %u; told was function "
				 "%u of %llx + %llu: checked %llu dirty %llu first %lld verdict %u reason "
				 "%u fill %x flags %x kind %u",
				 index, t->function, (long long)t->address, (long long)t->size,
				 (long long)t->checked, (long long)t->dirty,
				 (long long)t->first_dirty, t->verdict, t->reason, t->fill,
				 t->flags, t->kind, w->function, w->address, w->size,
				 w->checked_bytes, w->dirty_bytes, (long long)w->first_dirty,
				 w->verdict, w->reason, w->fill, w->flags, w->segment_kind);
		return;
	}
	fail_msg("call %zu, function %u of %lx + %lu by %u, was not told (%llu tried, %llu received, "
		 "%llu without a place)",
		 index, t->function, t->address, t->size, t->tid, watching.tick.events_tried,
		 watching.tick.events_received, watching.tick.lost[PW_LOSS_WIPE_UNPAIRED]);
}

static bool is_of(uint32_t pid, const struct wipe_truth *truths, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		if (truths[i].pid == pid)
			return true;
	return false;
}

/* Since the tick before: so many calls that did not return, and nothing else. */
static void expect_lossless(const struct pw_tick *before, uint64_t unpaired)
{
	for (int i = 0; i < PW_LOSS_CAUSES; i++)
		if (i != PW_LOSS_PROC_GONE)
			assert_int_equal(watching.tick.lost[i] - before->lost[i],
					 i == PW_LOSS_WIPE_UNPAIRED ? unpaired : 0);
	assert_int_equal(watching.tick.events_tried, watching.tick.events_received);
}

static void expect_truths(const struct wipe_truth *truths, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		match(&truths[i], i);
	for (size_t i = 0; i < event_count; i++)
		if (!events[i].matched && is_of(events[i].w.key.pid, truths, count))
			fail_msg("one more was told: function %u of %llx + %llu by %u",
				 events[i].w.function, events[i].w.address, events[i].w.size,
				 events[i].w.tid);
}

/* One mode of one program, from the start of both to the last record. */
static uint32_t check_mode(const char *program, const char *mode, uint64_t unpaired)
{
	static struct wipe_truth truths[WIPE_TRUTHS_MAX];
	struct pw_tick before;
	struct driven d;
	uint32_t count;

	open_usual_source();
	before = watching.tick;
	assert_true(watching.machine.coverage & PW_COVER_WIPES);
	d = start(program, mode);
	wait_for_probes(program);
	count = run(&d, truths);
	collect();
	if (count != WIPE_NOT_HERE) {
		expect_truths(truths, count);
		expect_lossless(&before, unpaired);
	}
	drive_end(&d);
	return count;
}

#define MODE(name, calls, unpaired)                                            \
	static void mode_##name(void **state)                                  \
	{                                                                      \
		(void)state;                                                   \
		assert_int_equal(check_mode("wipes", #name, unpaired), calls); \
	}

MODE(whole, 28, 0)
MODE(part, 5, 0)
MODE(none, 2, 0)
MODE(fill, 5, 0)
MODE(twice, 2, 0)
MODE(threads, 707, 0)
MODE(fork, 3, 0)
MODE(mremap, 3, 0)
MODE(big, 2, 0)
MODE(unreadable, 4, 0)
MODE(nested, 5, 0)
MODE(jump, 2, 0)
MODE(signal, 2, 0)
MODE(longjmp, 3, 1)
MODE(leave, 3, 3)
MODE(nothing, 0, 0)

static void mode_secretmem(void **state)
{
	(void)state;
	if (check_mode("wipes", "secretmem", 0) == WIPE_NOT_HERE) {
		print_message("this kernel has no memfd_secret (boot with secretmem.enable=1)\n");
		skip();
	}
	for (size_t i = 0; i < event_count; i++)
		if (events[i].matched)
			print_message("memfd_secret: verdict %u, reason %u\n", events[i].w.verdict,
				      events[i].w.reason);
}

/* A program that carries its own explicit_bzero. */
static void static_program(void **state)
{
	(void)state;
	assert_int_equal(check_mode("wipes_static", "whole", 0), 28);
	assert_true(is_probed("wipes_static", "explicit_bzero"));
}

static void caller_is_named(void **state)
{
	char path[PATH_MAX];

	(void)state;
	program_path("wipes", path);
	assert_int_equal(check_mode("wipes", "twice", 0), 2);
	for (size_t i = 0; i < event_count; i++) {
		const struct wipe_event *e = &events[i];

		if (!e->matched)
			continue;
		assert_string_equal(strrchr(e->file, '/'), "/wipes");
		assert_string_equal(e->symbol, "whole_kind");
		assert_true(e->w.caller_offset > 0);
		assert_true(e->w.symbol_offset > 0);
		assert_string_equal((const char *)e->w.comm, "wipes");
	}
}

/* A process that is gone when its events are read has its callers named as well. */
static void caller_of_the_dead(void **state)
{
	static struct wipe_truth truths[WIPE_TRUTHS_MAX];
	struct driven d;
	size_t named = 0;

	(void)state;
	open_usual_source();
	d = start("wipes", "twice");
	wait_for_probes("wipes");
	run(&d, truths);
	drive_end(&d);
	collect();
	for (size_t i = 0; i < event_count; i++)
		if (events[i].w.key.pid == (uint32_t)d.pid)
			named += strcmp(events[i].symbol, "whole_kind") == 0;
	assert_int_equal(named, 2);
}

/* ---- filters -------------------------------------------------------------------------------- */

/* Of two processes that do the same, the one that was asked for. */
static void by_process(void **state)
{
	struct pw_source_options opt = *usual_options();
	static struct wipe_truth truths[WIPE_TRUTHS_MAX], others[WIPE_TRUTHS_MAX];
	struct driven wanted = start("wipes", "twice"), other = start("wipes", "twice");
	struct pw_tick before;
	uint32_t count;

	(void)state;
	opt.wipes.pid = (uint32_t)wanted.pid;
	open_source(&opt);
	before = watching.tick;
	run(&other, others);
	count = run(&wanted, truths);
	collect();
	expect_truths(truths, count);
	assert_int_equal(event_count, 2);
	expect_lossless(&before, 0);
	drive_end(&wanted);
	drive_end(&other);
	close_source();
}

static void no_such_process(void **state)
{
	struct pw_source_options opt = *usual_options();
	struct pw_error err = { 0 };
	struct pw_source *src;
	pid_t pid = fork();

	(void)state;
	if (pid == 0)
		_exit(0);
	waitpid(pid, NULL, 0);
	opt.wipes.pid = (uint32_t)pid;
	assert_int_equal(pw_source_bpf_create(&opt, &src, &err), -ESRCH);
	assert_non_null(strstr(err.what, "process"));
	opt.wipes.pid = 0;
	opt.wipes.releases = true;
	assert_int_equal(pw_source_bpf_create(&opt, &src, &err), -EINVAL);
	assert_non_null(strstr(err.remedy, "cgroup"));
}

static void off_by_default(void **state)
{
	const struct pw_source_options opt = { .no_ledger = true };
	static struct wipe_truth truths[WIPE_TRUTHS_MAX];
	struct driven d;

	(void)state;
	open_source(&opt);
	assert_false(watching.machine.coverage & PW_COVER_WIPES);
	d = start("wipes", "twice");
	run(&d, truths);
	collect();
	assert_int_equal(event_count, 0);
	assert_int_equal(probe_count, 0);
	drive_end(&d);
	close_source();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mode_whole),	   cmocka_unit_test(mode_part),
		cmocka_unit_test(mode_none),	   cmocka_unit_test(mode_fill),
		cmocka_unit_test(mode_twice),	   cmocka_unit_test(mode_threads),
		cmocka_unit_test(mode_fork),	   cmocka_unit_test(mode_mremap),
		cmocka_unit_test(mode_big),	   cmocka_unit_test(mode_unreadable),
		cmocka_unit_test(mode_secretmem),  cmocka_unit_test(mode_nested),
		cmocka_unit_test(mode_jump),	   cmocka_unit_test(mode_signal),
		cmocka_unit_test(mode_longjmp),	   cmocka_unit_test(mode_leave),
		cmocka_unit_test(mode_nothing),	   cmocka_unit_test(static_program),
		cmocka_unit_test(caller_is_named), cmocka_unit_test(caller_of_the_dead),
		cmocka_unit_test(by_process),	   cmocka_unit_test(no_such_process),
		cmocka_unit_test(off_by_default),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
