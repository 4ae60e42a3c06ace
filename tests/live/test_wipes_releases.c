// SPDX-License-Identifier: GPL-2.0-or-later
// links: rest
/* Buffers that go back, matched with their wipes; and the kernel's own wipes. */
#include "tests/lib/watch.h"

#include <errno.h>

#define RELEASES_MAX 256

static struct pw_release releases[RELEASES_MAX];
static char symbols[RELEASES_MAX][64];
static size_t release_count;
static struct pw_wipe kernel_wipe;
static char kernel_caller[64], kernel_file[64];
static int kernel_probe_error = -1;

static int take(void *ctx, const struct pw_record *rec)
{
	const struct pw_wipe *w = (const void *)rec;

	if (rec->type == PW_REC_RELEASE && release_count < RELEASES_MAX) {
		struct pw_release *r = &releases[release_count];

		memcpy(r, rec, sizeof(*r));
		snprintf(symbols[release_count++], 64, "%.*s", r->symbol_len,
			 (const char *)rec + sizeof(*r) + r->file_len);
	}
	if (rec->type == PW_REC_WIPE && w->function == PW_WIPE_KVFREE_SENSITIVE) {
		memcpy(&kernel_wipe, rec, sizeof(kernel_wipe));
		snprintf(kernel_file, 64, "%.*s", w->file_len, (const char *)(w + 1));
		snprintf(kernel_caller, 64, "%.*s", w->symbol_len,
			 (const char *)(w + 1) + w->file_len);
	}
	if (rec->type == PW_REC_WIPE_PROBE &&
	    ((const struct pw_wipe_probe *)rec)->function == PW_WIPE_KVFREE_SENSITIVE)
		kernel_probe_error = ((const struct pw_wipe_probe *)rec)->error;
	return watch_sink(ctx, rec);
}

static void collect(struct watch *w)
{
	struct pw_error err = { 0 };

	if (pw_source_collect(w->src, take, w, &err))
		fail_msg("%s; %s", err.what, err.remedy);
}

static struct driven start(void)
{
	char path[PATH_MAX], byte;
	int to[2], from[2];
	struct driven d;

	program_path("releases", path);
	assert_int_equal(pipe2(to, O_CLOEXEC) | pipe2(from, O_CLOEXEC), 0);
	d.pid = fork();
	assert_true(d.pid >= 0);
	if (d.pid == 0) {
		dup2(to[0], STDIN_FILENO);
		dup2(from[1], STDOUT_FILENO);
		execl(path, path, NULL);
		_exit(127);
	}
	close(to[0]);
	close(from[1]);
	d.in = to[1];
	d.out = from[0];
	assert_int_equal(read(d.out, &byte, 1), 1);
	return d;
}

static void run(struct driven *d)
{
	char byte;

	assert_int_equal(write(d->in, "g", 1), 1);
	assert_int_equal(read(d->out, &byte, 1), 1);
	assert_int_equal(byte, 'd');
}

static size_t next;

/* The next release: of a buffer with a wipe of so many bytes, or 0. */
static const struct pw_release *expect(uint16_t function, const char *symbol, uint64_t wiped_size,
				       uint64_t site_wiped, uint64_t site_unwiped)
{
	const struct pw_release *r = &releases[next];

	assert_true(next < release_count);
	assert_int_equal(r->function, function);
	assert_string_equal(symbols[next], symbol);
	assert_int_equal(r->wipe_size, wiped_size);
	assert_int_equal(r->site_wiped, site_wiped);
	assert_int_equal(r->site_unwiped, site_unwiped);
	assert_int_equal(r->wipe_time_ns != 0, wiped_size != 0);
	assert_int_equal(r->checked_bytes, wiped_size);
	if (!wiped_size)
		assert_int_equal(r->verdict, PW_WIPED_UNKNOWN);
	next++;
	return r;
}

static void expect_whole(uint16_t function, const char *symbol, uint64_t wiped_size,
			 uint64_t site_wiped, uint64_t site_unwiped)
{
	assert_int_equal(expect(function, symbol, wiped_size, site_wiped, site_unwiped)->verdict,
			 PW_WIPED_WHOLE);
}

static void wiped_and_forgotten(void **state)
{
	struct pw_source_options opt = { .no_ledger = true,
					 .wipes = { .on = true, .releases = true } };
	const struct pw_release *r;
	struct watch w = { 0 };
	struct driven d = start();

	(void)state;
	opt.wipes.pid = (uint32_t)d.pid;
	watch_open(&w, &opt);
	collect(&w);
	assert_true(w.machine.coverage & PW_COVER_RELEASES);
	run(&d);
	collect(&w);
	for (uint64_t i = 1; i <= 23; i++)
		expect_whole(PW_RELEASE_FREE, "give_back", 100, i, 0);
	expect(PW_RELEASE_FREE, "give_back", 0, 23, 1);
	r = expect(PW_RELEASE_FREE, "give_back", 100, 24, 1);
	assert_int_equal(r->verdict, PW_WIPED_PART);
	assert_int_equal(r->dirty_bytes, 3);
	assert_int_equal(r->first_dirty, 7);
	assert_int_equal(r->wipe_function, PW_WIPE_EXPLICIT_BZERO);
	/* each once, as the outermost */
	expect_whole(PW_RELEASE_CRYPTO_FREE, "main", 50, 1, 0);
	expect_whole(PW_RELEASE_CRYPTO_CLEAR_FREE, "main", 60, 1, 0);
	expect_whole(PW_RELEASE_MUNMAP, "unmap", 5000, 1, 0);
	expect(PW_RELEASE_MUNMAP, "unmap", 0, 1, 1);
	r = expect(PW_RELEASE_MUNMAP, "unmap", 5000, 2, 1);
	assert_int_equal(r->wipe_address, r->address + 16);
	assert_int_equal(r->size, 3 * 4096);
	expect_whole(PW_RELEASE_FREE, "give_back", 1 << 20, 25, 1);
	assert_int_equal(release_count, next);
	for (int i = 0; i < PW_LOSS_CAUSES; i++)
		if (i != PW_LOSS_PROC_GONE)
			assert_int_equal(w.tick.lost[i], 0);
	drive_end(&d);
	watch_close(&w);
}

/* A key's payload is wiped by the kernel when it was copied. */
static void kernel_side(void **state)
{
	const struct pw_source_options opt = { .no_ledger = true, .wipes.on = true };
	char payload[33] = "secret";
	struct watch w = { 0 };

	(void)state;
	watch_open(&w, &opt);
	collect(&w);
	if (!(w.machine.coverage & PW_COVER_WIPES_KERNEL)) {
		assert_true(kernel_probe_error > 0);
		print_message("no kprobes here: %s, and so it is told\n",
			      strerror(kernel_probe_error));
		watch_close(&w);
		return;
	}
	assert_int_equal(kernel_probe_error, 0);
	/* KEY_SPEC_PROCESS_KEYRING */
	if (syscall(SYS_add_key, "user", "pagewarden-test", payload, sizeof(payload), -2) < 0) {
		print_message("this kernel keeps no keys: %s\n", strerror(errno));
		watch_close(&w);
		skip();
	}
	collect(&w);
	assert_int_equal(kernel_wipe.key.pid, getpid());
	assert_int_equal(kernel_wipe.size, sizeof(payload));
	assert_int_equal(kernel_wipe.verdict, PW_WIPED_UNKNOWN);
	assert_int_equal(kernel_wipe.reason, PW_UNSEEN_KERNEL);
	assert_string_equal(kernel_file, "[kernel]");
	assert_non_null(strstr(kernel_caller, "add_key"));
	watch_close(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wiped_and_forgotten),
		cmocka_unit_test(kernel_side),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
