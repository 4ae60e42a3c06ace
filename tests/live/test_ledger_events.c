// SPDX-License-Identifier: GPL-2.0-or-later
// links: rest
// timeout: 240
/*
 * Beside the pages themselves: the exact counters against /proc, the events of
 * a known (prime) number of processes, what a full ring loses, sampling within
 * its variance, reuse of slots, seeding, and options that make no sense.
 */
#include "tests/lib/watch.h"

#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <sys/mman.h>

#define CHILDREN 101
#define PAGE 4096ul

static void run_children(int n, void (*child)(void))
{
	for (int i = 0; i < n; i++) {
		pid_t pid = fork();

		assert_true(pid >= 0);
		if (pid == 0) {
			child();
			_exit(3);
		}
		assert_int_equal(waitpid(pid, NULL, 0), pid);
	}
}

static void do_nothing(void)
{
}

static void exec_touch(void)
{
	char path[PATH_MAX];

	program_path("touch", path);
	execl(path, path, NULL); /* no mode: it ends with 2 */
}

/* ---- events ----------------------------------------------------------------------- */

static void forks_and_exits(void **state)
{
	struct watch w = { .parent = getpid() };
	const struct pw_source_options opt = { .no_ledger = true };

	(void)state;
	watch_open(&w, &opt);
	watch_collect(&w);
	assert_true(w.machine.coverage & PW_COVER_EVENTS);
	assert_false(w.machine.coverage & PW_COVER_LEDGER);
	assert_int_equal(w.machine.sample_every, 0);
	run_children(CHILDREN, do_nothing);
	watch_collect(&w);
	assert_int_equal(w.forks, CHILDREN);
	assert_int_equal(w.exits, CHILDREN);
	assert_int_equal(w.execs, 0);
	assert_int_equal(w.last_exit.exit_code, 3 << 8);
	assert_true(w.last_exit.minor_faults > 0);
	assert_int_equal(w.tick.lost[PW_LOSS_RING_FULL], 0);
	assert_int_equal(w.tick.events_tried, w.tick.events_received);
	watch_close(&w);
}

static void execs_with_their_path(void **state)
{
	struct watch w = { .parent = getpid() };
	const struct pw_source_options opt = { .no_ledger = true };
	char path[PATH_MAX];

	(void)state;
	watch_open(&w, &opt);
	watch_collect(&w);
	run_children(CHILDREN, exec_touch);
	watch_collect(&w);
	assert_int_equal(w.forks, CHILDREN);
	assert_int_equal(w.execs, CHILDREN);
	assert_int_equal(w.exits, CHILDREN);
	assert_int_equal(w.last_exit.exit_code, 2 << 8);
	program_path("touch", path);
	path[sizeof(w.last_exec.path) - 1] = 0;
	assert_string_equal((const char *)w.last_exec.path, path);
	assert_string_equal((const char *)w.last_exec.comm, "touch");
	watch_close(&w);
}

static void *wait_for_the_end(void *arg)
{
	pause();
	return arg;
}

/* All threads end at once: still one EXIT for each process. */
static void many_threads(void)
{
	pthread_t t;

	for (int i = 0; i < 7; i++)
		if (pthread_create(&t, NULL, wait_for_the_end, NULL))
			_exit(9);
	_exit(0);
}

static void one_exit_for_many_threads(void **state)
{
	struct watch w = { .parent = getpid() };
	const struct pw_source_options opt = { .no_ledger = true };

	(void)state;
	watch_open(&w, &opt);
	watch_collect(&w);
	run_children(31, many_threads);
	watch_collect(&w);
	/* Where tracepoints can be preempted (7.0), a program may be skipped; then it is counted. */
	assert_in_range(w.forks + w.exits, 62 - w.tick.lost[PW_LOSS_RECURSION], 62);
	assert_true(w.exits <= 31);
	watch_close(&w);
}

/* tried = received + lost, exactly, when nobody empties the smallest ring in time. */
static void a_full_ring_is_counted(void **state)
{
	struct watch w = { .parent = getpid() };
	const struct pw_source_options opt = { .no_ledger = true, .ring_bytes = 4096 };

	(void)state;
	watch_open(&w, &opt);
	watch_collect(&w);
	run_children(509, do_nothing);
	watch_collect(&w);
	assert_true(w.tick.lost[PW_LOSS_RING_FULL] > 0);
	assert_true(w.tick.events_tried >= 2 * 509);
	assert_int_equal(w.tick.events_tried,
			 w.tick.events_received + w.tick.lost[PW_LOSS_RING_FULL]);
	/* The ring works again once it is empty. */
	w.forks = w.exits = 0;
	run_children(7, do_nothing);
	watch_collect(&w);
	assert_int_equal(w.tick.events_tried,
			 w.tick.events_received + w.tick.lost[PW_LOSS_RING_FULL]);
	assert_int_equal(w.forks, 7);
	assert_int_equal(w.exits, 7);
	watch_close(&w);
}

/* ---- counters ----------------------------------------------------------------------- */

/* /proc/PID/status may lag by a batch for each CPU before 6.18; ours may not. */
static int64_t status_slack(void)
{
	int64_t cpus = sysconf(_SC_NPROCESSORS_CONF);

	return (2 * cpus > 32 ? 2 * cpus : 32) * cpus;
}

static void expect_status(const struct driven *d, const char *name, uint64_t ours_kb, int64_t slack_kb)
{
	int64_t theirs = proc_value(d->pid, "status", name);

	if (llabs(theirs - (int64_t)ours_kb) > slack_kb)
		fail_msg("%s: /proc says %ld kB, the counters %lu kB", name, theirs, ours_kb);
}

static void counters_equal_proc(void **state)
{
	struct watch w = { 0 };
	const struct pw_source_options opt = { .sample_every = 64 };
	struct driven d = drive("shared", 2003);
	const struct pw_counters *c = &w.counters[0];
	int64_t slack = status_slack() * 4;

	(void)state;
	drive_step(&d);
	w.watched[0] = d.pid;
	watch_open(&w, &opt);
	watch_collect(&w);
	assert_true(w.machine.coverage & PW_COVER_RSS_EXACT);
	assert_false(c->flags & PW_COUNTERS_RSS_BOUND);
	/* the page tables know exactly; of shared pages, how many there are at least */
	assert_int_equal(c->anon_pages, proc_anon_pages(d.pid));
	assert_in_range(c->shmem_pages, proc_shmem_pages(d.pid), proc_shmem_pages(d.pid) + 2000);
	expect_status(&d, "RssAnon", c->anon_pages * 4, slack);
	expect_status(&d, "RssFile", c->file_pages * 4, slack);
	expect_status(&d, "RssShmem", c->shmem_pages * 4, slack);
	expect_status(&d, "VmHWM", c->hiwater_rss_pages * 4, 3 * slack);
	expect_status(&d, "VmSize", c->virtual_pages * 4, 0);
	expect_status(&d, "VmData", c->data_pages * 4, 0);
	expect_status(&d, "VmStk", c->stack_pages * 4, 0);
	expect_status(&d, "VmLck", c->locked_pages * 4, 0);
	expect_status(&d, "VmPTE", c->page_table_bytes / 1024, 0);
	expect_status(&d, "Threads", c->threads, 0);
	expect_status(&d, "PPid", c->parent_pid, 0);
	expect_status(&d, "Uid", c->uid, 0);
	assert_int_equal(c->parent_pid, getpid());
	assert_string_equal((const char *)c->comm, "touch");
	drive_end(&d);
	watch_close(&w);
}

/* Records only when something changed: an idle process is silent. */
static void idle_processes_are_silent(void **state)
{
	struct watch w = { 0 };
	const struct pw_source_options opt = { 0 };
	struct driven d = drive("anon", 1009);

	(void)state;
	w.watched[0] = d.pid;
	watch_open(&w, &opt);
	watch_collect(&w);
	assert_int_equal(w.counters[0].key.pid, d.pid);
	w.counters[0].key.pid = 0;
	watch_collect(&w);
	assert_int_equal(w.counters[0].key.pid, 0);
	drive_step(&d);
	watch_collect(&w);
	assert_int_equal(w.counters[0].key.pid, d.pid);
	drive_end(&d);
	watch_close(&w);
}

/* Gross volumes of known calls, through whatever hook this kernel gives. */
static void expect_volumes(enum pw_vm_calls how)
{
	struct watch w = { 0 };
	const struct pw_source_options opt = { .no_seed = true, .vm_calls = how };
	struct driven d = drive("volumes", 1009);
	struct pw_counters before;

	w.watched[0] = d.pid;
	watch_open(&w, &opt);
	drive_step(&d); /* asks for the break */
	watch_collect(&w);
	before = w.counters[0];
	if (!(w.machine.coverage & PW_COVER_VM_CALLS)) {
		assert_int_equal(how, PW_VM_CALLS_AUTO);
		assert_false(w.machine.coverage & PW_COVER_FENTRY);
		assert_false(before.flags & PW_COUNTERS_VM_CALLS);
		print_message("fentry does not load here: volumes are not counted, and said so\n");
	} else {
		assert_true(before.flags & PW_COUNTERS_VM_CALLS);
		drive_step(&d);
		watch_collect(&w);
		assert_int_equal(w.counters[0].mmap_bytes - before.mmap_bytes, (1009 + 7) * PAGE);
		assert_int_equal(w.counters[0].munmap_bytes - before.munmap_bytes, (1009 + 7) * PAGE);
		assert_int_equal(w.counters[0].brk_grown_bytes - before.brk_grown_bytes, 1009 * PAGE);
		assert_int_equal(w.counters[0].brk_shrunk_bytes - before.brk_shrunk_bytes,
				 1009 * PAGE);
	}
	drive_end(&d);
	watch_close(&w);
}

static void volumes_by_fentry(void **state)
{
	(void)state;
	expect_volumes(PW_VM_CALLS_AUTO);
}

static void volumes_by_system_calls(void **state)
{
	(void)state;
	expect_volumes(PW_VM_CALLS_SYSCALL);
}

/* ---- sampling, seeding, slots ----------------------------------------------------------- */

/*
 * One page in 64: the estimate's variance is at most the binomial's,
 * 64^2 n p (1 - p); four deviations are one failure in 16,000 runs.
 */
static void sampling_is_within_its_variance(void **state)
{
	struct watch w = { 0 };
	const struct pw_source_options opt = { .sample_every = 64 };
	struct driven d = drive("anon", 33053);
	double bound = 4 * 64 * sqrt(33053 * (1 / 64.0) * (63 / 64.0));
	double estimate;

	(void)state;
	w.watched[0] = d.pid;
	watch_open(&w, &opt);
	drive_step(&d);
	watch_collect(&w);
	estimate = w.counters[0].ledger_touched_pages;
	print_message("33053 pages: estimated %.0f, at most %.0f off\n", estimate, bound);
	assert_true(fabs(estimate - 33053) < bound);
	drive_step(&d);
	settle();
	watch_collect(&w);
	assert_int_equal(w.counters[0].ledger_freed_pages, w.counters[0].ledger_touched_pages);
	drive_end(&d);
	watch_close(&w);
}

/* Contents keep their sample wherever compaction puts them: the estimate does not move. */
static void sampled_pages_keep_their_sample(void **state)
{
	struct watch w = { 0 };
	const struct pw_source_options opt = { .sample_every = 16 };
	int64_t moved = proc_value(0, "vmstat", "pgmigrate_success");

	(void)state;
	watch_open(&w, &opt);
	for (int i = 0; i < 8; i++) {
		struct driven d = drive("scatter", 16411);
		uint64_t live;

		w.watched[0] = d.pid;
		drive_step(&d);
		settle();
		watch_collect(&w);
		live = w.counters[0].ledger_live_pages;
		for (int j = 0; j < 5; j++)
			write_file("/proc/sys/vm/compact_memory", "1");
		watch_collect(&w);
		assert_int_equal(w.counters[0].ledger_live_pages, live);
		drive_step(&d);
		drive_step(&d); /* all unmapped */
		settle();
		watch_collect(&w);
		assert_true(w.counters[0].ledger_live_pages < 16 * 16);
		drive_end(&d);
		if (proc_value(0, "vmstat", "pgmigrate_success") > moved + 1009)
			break;
	}
	assert_true(proc_value(0, "vmstat", "pgmigrate_success") > moved + 1009);
	for (int i = 0; i < PW_LOSS_CAUSES; i++)
		if (w.tick.lost[i])
			print_message("loss %d: %llu\n", i, w.tick.lost[i]);
	assert_int_equal(watch_page_losses(&w), 0);
	watch_close(&w);
}

/* What was touched before the start is in the ledger afterwards, and leaves it like the rest. */
static void running_processes_are_seeded(void **state)
{
	struct watch w = { 0 };
	const struct pw_source_options opt = { .sample_every = 1 };
	struct driven anon = drive("anon", 7919), shared = drive("shared", 2003);
	const struct pw_counters *c = w.counters;

	(void)state;
	drive_step(&anon);
	drive_step(&shared);
	settle();
	w.watched[0] = anon.pid;
	w.watched[1] = shared.pid;
	watch_open(&w, &opt);
	watch_collect(&w);
	assert_true(w.machine.coverage & PW_COVER_SEEDED);
	for (int i = 0; i < 2; i++)
		assert_true(c[i].flags & PW_COUNTERS_SEEDED);
	/* Shared with nobody but the test, which forked it: what the parent had first is not here. */
	assert_in_range(c[0].ledger_live_pages, 7919, c[0].anon_pages + c[0].shmem_pages);
	assert_in_range(c[1].ledger_live_pages, 2003, c[1].anon_pages + c[1].shmem_pages);
	assert_in_range(c[0].anon_pages + c[0].shmem_pages - c[0].ledger_live_pages, 0, 700);
	drive_step(&anon);
	settle();
	watch_collect(&w);
	assert_int_equal(c[0].ledger_freed_pages, 7919);
	drive_end(&anon);
	drive_end(&shared);
	watch_close(&w);
}

static void nothing_is_seeded_when_not_asked(void **state)
{
	struct watch w = { 0 };
	const struct pw_source_options opt = { .sample_every = 1, .no_seed = true };
	struct driven d = drive("anon", 7919);

	(void)state;
	drive_step(&d);
	w.watched[0] = d.pid;
	watch_open(&w, &opt);
	watch_collect(&w);
	assert_false(w.machine.coverage & PW_COVER_SEEDED);
	assert_true(w.counters[0].ledger_live_pages < 32);
	assert_true(w.counters[0].anon_pages > 7919);
	drive_end(&d);
	watch_close(&w);
}

static void touch_some(void)
{
	char *at = mmap(NULL, 211 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	for (int i = 0; at != MAP_FAILED && i < 211; i++)
		((volatile char *)at)[i * PAGE] = 1;
}

/* More processes than slots come and go: each finds one, because the dead give theirs back. */
static void slots_are_reused(void **state)
{
	uint32_t alive;
	struct watch w = { .parent = getpid() };
	struct pw_source_options opt = { .sample_every = 1 };

	(void)state;
	/* room for who runs now, and a few more */
	watch_open(&w, &opt);
	watch_collect(&w);
	alive = w.tick.processes;
	watch_close(&w);
	w.parent = getpid();
	opt.process_capacity = alive + 300;
	watch_open(&w, &opt);
	for (int round = 0; round < 20; round++) {
		run_children(53, touch_some);
		watch_collect(&w);
	}
	assert_int_equal(w.forks, 20 * 53);
	assert_int_equal(w.tick.lost[PW_LOSS_SLOTS_FULL], 0);
	assert_true(w.tick.ledger_touched_pages > 20 * 53 * 211);
	watch_close(&w);
}

/* Fewer slots than processes: the pages of the others are counted as lost, and nothing breaks. */
static void too_few_slots_are_counted(void **state)
{
	struct watch w = { 0 };
	const struct pw_source_options opt = { .sample_every = 1, .process_capacity = 2 };

	(void)state;
	watch_open(&w, &opt);
	run_children(11, touch_some);
	watch_collect(&w);
	assert_true(w.tick.lost[PW_LOSS_SLOTS_FULL] > 0);
	assert_int_equal(w.machine.process_capacity, 2);
	watch_close(&w);
}

/* ---- contention ------------------------------------------------------------------------------ */

#define TOUCHERS 6
#define TURNS 20

static void touch_in_turns(void)
{
	for (int turn = 0; turn < TURNS; turn++) {
		char *at = mmap(NULL, 5003 * PAGE, PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (at == MAP_FAILED || madvise(at, 5003 * PAGE, MADV_NOHUGEPAGE))
			_exit(1);
		for (int i = 0; i < 5003; i++)
			((volatile char *)at)[i * PAGE] = 1;
		munmap(at, 5003 * PAGE);
	}
}

/* More processes than CPUs, all touching and freeing at once. */
static void contend(void)
{
	for (int i = 0; i < TOUCHERS; i++) {
		pid_t pid = fork();

		assert_true(pid >= 0);
		if (pid == 0) {
			touch_in_turns();
			_exit(0);
		}
	}
	for (int i = 0; i < TOUCHERS; i++)
		assert_true(wait(NULL) > 0);
}

/*
 * What a preempted program makes the others miss shows within an interval, and
 * from then on at most 1 page in 100 is missed.
 */
static void contention_loses_little(void **state)
{
	struct watch w = { .parent = getpid() };
	const struct pw_source_options opt = { .sample_every = 1, .no_seed = true };
	const double expected = (double)TOUCHERS * TURNS * 5003;
	double touched = 0, freed = 0;

	(void)state;
	watch_open(&w, &opt);
	watch_collect(&w);
	contend();
	watch_collect(&w);
	w.children_count = 0; /* the first round was to find out */
	contend();
	settle();
	watch_collect(&w);
	for (size_t i = 0; i < w.children_count; i++) {
		touched += w.children[i].touched;
		freed += w.children[i].freed;
	}
	print_message("%.0f pages: %.0f touched, %.0f freed; skipped %llu\n", expected, touched,
		      freed, w.tick.lost[PW_LOSS_RECURSION]);
	/* each process needs a few pages for itself */
	assert_true(touched > expected * 0.99 && touched < expected + TOUCHERS * 200);
	assert_true(freed > expected * 0.99 && freed <= touched);
	watch_close(&w);
}

/* ---- bad input ----------------------------------------------------------------------------- */

static void refuse(const struct pw_source_options *opt, int expected)
{
	struct pw_error err = { 0 };
	struct pw_source *src = NULL;

	assert_int_equal(pw_source_bpf_create(opt, &src, &err), expected);
	assert_null(src);
	assert_true(strlen(err.what) > 0);
}

static void senseless_options_are_refused(void **state)
{
	struct pw_source_options opt = { .sample_every = 3 };

	(void)state;
	refuse(&opt, -EINVAL);
	opt.sample_every = 4096;
	refuse(&opt, -EINVAL);
	opt = (struct pw_source_options){ .ring_bytes = 5000 };
	refuse(&opt, -EINVAL);
	opt = (struct pw_source_options){ .process_capacity = 1u << 31 };
	refuse(&opt, -EINVAL);
}

/* Without privilege: an error that names it, in a child that gives it up. */
static void no_privilege_is_said(void **state)
{
	struct pw_error *err =
		mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int status;
	pid_t pid;

	(void)state;
	assert_ptr_not_equal(err, MAP_FAILED);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		const struct pw_source_options opt = { 0 };
		struct pw_source *src;

		if (setgid(65534) || setuid(65534))
			_exit(1);
		_exit(pw_source_bpf_create(&opt, &src, err) == -EPERM ? 0 : 2);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_non_null(strstr(err->remedy, "CAP_BPF"));
	munmap(err, PAGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(forks_and_exits),
		cmocka_unit_test(execs_with_their_path),
		cmocka_unit_test(one_exit_for_many_threads),
		cmocka_unit_test(a_full_ring_is_counted),
		cmocka_unit_test(counters_equal_proc),
		cmocka_unit_test(idle_processes_are_silent),
		cmocka_unit_test(volumes_by_fentry),
		cmocka_unit_test(volumes_by_system_calls),
		cmocka_unit_test(sampling_is_within_its_variance),
		cmocka_unit_test(sampled_pages_keep_their_sample),
		cmocka_unit_test(running_processes_are_seeded),
		cmocka_unit_test(nothing_is_seeded_when_not_asked),
		cmocka_unit_test(slots_are_reused),
		cmocka_unit_test(too_few_slots_are_counted),
		cmocka_unit_test(contention_loses_little),
		cmocka_unit_test(senseless_options_are_refused),
		cmocka_unit_test(no_privilege_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
