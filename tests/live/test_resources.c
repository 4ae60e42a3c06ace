// SPDX-License-Identifier: GPL-2.0-or-later
// links: rest
// timeout: 240
/*
 * What a process holds beside memory: a known (prime) number of descriptors,
 * limits, switches and calls, from both sources, against /proc and against
 * what the kernel says to the process itself.
 */
#include "tests/lib/watch.h"

#include <dirent.h>
#include <sys/resource.h>
#include <time.h>

#include "tests/programs/holder.h"

#define FILES 1009u
#define THREADS 7u
#define SECOND 1000000000ull

enum from { BPF, PROC };

static void open_source(struct watch *w, enum from from)
{
	const struct pw_source_options opt = { .no_ledger = true };
	struct pw_error err = { 0 };

	if (from == BPF)
		watch_open(w, &opt);
	else if (pw_source_proc_create(&opt, &w->src, &err))
		fail_msg("%s; %s", err.what, err.remedy);
}

/* A source that begins now tells of everybody at once. */
static struct pw_resources look(const struct driven *d, enum from from)
{
	struct watch w = { .watched = { (uint32_t)d->pid } };
	struct pw_resources r;

	open_source(&w, from);
	watch_collect(&w);
	assert_true(w.machine.coverage & PW_COVER_RESOURCES);
	r = w.resources[0];
	assert_int_equal(r.key.pid, d->pid);
	assert_true(r.rec.time_ns > r.key.start_ns);
	watch_close(&w);
	return r;
}

static uint64_t count_fds(pid_t pid)
{
	char path[64];
	uint64_t n = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	dir = opendir(path);
	assert_non_null(dir);
	for (struct dirent *e = readdir(dir); e; e = readdir(dir))
		n += e->d_name[0] != '.';
	closedir(dir);
	return n;
}

static void descriptors_of(enum from from)
{
	char files[16];
	struct driven d;
	uint32_t left;

	snprintf(files, sizeof(files), "%u", FILES);
	d = drive_program("holder", files, THREADS);
	assert_int_equal(look(&d, from).open_files, 4); /* and /dev/zero */
	drive_step(&d); /* limits */
	assert_int_equal(drive_step(&d), FILES);
	assert_int_equal(look(&d, from).open_files, FILES);
	assert_int_equal(count_fds(d.pid), FILES);
	drive_step(&d); /* threads that end */
	left = drive_step(&d);
	assert_int_equal(look(&d, from).open_files, left);
	assert_int_equal(count_fds(d.pid), left);
	drive_end(&d);
}

static void descriptors(void **state)
{
	(void)state;
	descriptors_of(BPF);
}

static void descriptors_from_proc(void **state)
{
	(void)state;
	descriptors_of(PROC);
}

static void assert_limit(const struct driven *d, int resource, uint64_t said)
{
	struct rlimit rl;

	assert_int_equal(prlimit(d->pid, resource, NULL, &rl), 0);
	assert_int_equal(said, rl.rlim_cur == RLIM_INFINITY ? PW_UNKNOWN : rl.rlim_cur);
}

static void limits_of(enum from from)
{
	struct driven d = drive_program("holder", "4", THREADS);

	for (int step = 0; step < 2; step++) {
		struct pw_resources r = look(&d, from);

		assert_true(r.flags & PW_RESOURCES_LIMITS);
		assert_limit(&d, RLIMIT_AS, r.limit_address_space_bytes);
		assert_limit(&d, RLIMIT_DATA, r.limit_data_bytes);
		assert_limit(&d, RLIMIT_NOFILE, r.limit_open_files);
		if (step) {
			assert_int_equal(r.limit_address_space_bytes, HOLDER_ADDRESS_SPACE);
			assert_int_equal(r.limit_data_bytes, HOLDER_DATA);
			assert_int_equal(r.limit_open_files, HOLDER_FILES);
		}
		drive_step(&d);
	}
	drive_end(&d);
}

static void limits(void **state)
{
	(void)state;
	limits_of(BPF);
}

static void limits_from_proc(void **state)
{
	(void)state;
	limits_of(PROC);
}

static uint64_t io_calls(pid_t pid)
{
	return (uint64_t)proc_value(pid, "io", "syscr") + (uint64_t)proc_value(pid, "io", "syscw");
}

/* What the process knew and did since: its answer, a read that waits, and threads that were not quite gone. */
static void assert_work(const struct driven *d, const struct pw_resources *r, uint64_t switches)
{
	assert_true(r->flags & PW_RESOURCES_SWITCHES);
	assert_in_range(r->voluntary_switches, switches, switches + THREADS + 3);
	assert_in_range(switches, THREADS * HOLDER_SLEEPS, UINT32_MAX);
	if (!(r->flags & PW_RESOURCES_IO_CALLS)) {
		assert_int_not_equal(access("/proc/self/io", F_OK), 0); /* a kernel without them */
		return;
	}
	assert_int_equal(r->io_calls, io_calls(d->pid));
	assert_true(r->io_calls >= THREADS * HOLDER_SLEEPS);
}

/* Threads that ended and threads that live count alike. */
static void switches_and_calls(void **state)
{
	struct driven d = drive_program("holder", "29", THREADS);
	struct pw_resources r;
	uint64_t switches;

	(void)state;
	drive_step(&d);
	drive_step(&d);
	switches = drive_step(&d);
	r = look(&d, BPF);
	assert_work(&d, &r, switches);
	drive_step(&d);
	switches = drive_step(&d);
	r = look(&d, BPF);
	assert_work(&d, &r, switches);
	assert_true(r.voluntary_switches >= 2 * THREADS * HOLDER_SLEEPS);
	drive_end(&d);
}

/* /proc tells the switches of living threads only. */
static void switches_and_calls_from_proc(void **state)
{
	struct driven d = drive_program("holder", "29", THREADS);
	struct pw_resources r;
	uint64_t before, after;

	(void)state;
	for (int step = 0; step < 4; step++)
		drive_step(&d);
	before = look(&d, PROC).voluntary_switches;
	after = drive_step(&d);
	r = look(&d, PROC);
	assert_true(r.flags & PW_RESOURCES_SWITCHES);
	assert_in_range(r.voluntary_switches, before + THREADS * HOLDER_SLEEPS, after + THREADS + 3);
	assert_int_equal(r.io_calls, io_calls(d.pid));
	drive_end(&d);
}

static void wait_ms(long ms)
{
	const struct timespec ts = { ms / 1000, ms % 1000 * 1000000 };

	nanosleep(&ts, NULL);
}

/* Told anew only when it changed, and no sooner than every 10 s. */
static void cadence_of(enum from from)
{
	struct watch w = { 0 };
	struct pw_resources first;
	struct driven d;

	open_source(&w, from);
	watch_collect(&w);
	d = drive_program("holder", "29", THREADS); /* after the first pass: its turn is at birth */
	w.watched[0] = (uint32_t)d.pid;
	watch_collect(&w);
	first = w.resources[0];
	assert_int_equal(first.open_files, 4);
	drive_step(&d);
	drive_step(&d);
	wait_ms(1000);
	watch_collect(&w);
	assert_memory_equal(&w.resources[0], &first, sizeof(first));
	wait_ms(9500);
	watch_collect(&w);
	assert_int_equal(w.resources[0].open_files, 29);
	assert_true(w.resources[0].rec.time_ns >= first.rec.time_ns + 10 * SECOND - SECOND / 100);
	w.resources[0].open_files = 0;
	wait_ms(10500);
	watch_collect(&w);
	assert_int_equal(w.resources[0].open_files, 0); /* nothing changed: nothing told */
	watch_close(&w);
	drive_end(&d);
}

static void cadence(void **state)
{
	(void)state;
	cadence_of(BPF);
}

static void cadence_from_proc(void **state)
{
	(void)state;
	cadence_of(PROC);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(descriptors),
		cmocka_unit_test(descriptors_from_proc),
		cmocka_unit_test(limits),
		cmocka_unit_test(limits_from_proc),
		cmocka_unit_test(switches_and_calls),
		cmocka_unit_test(switches_and_calls_from_proc),
		cmocka_unit_test(cadence),
		cmocka_unit_test(cadence_from_proc),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
