// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Every call of the device, with its first allocation or copy failing, then its
 * second, and so on until one run has none left to fail (/proc/TID/fail-nth of
 * a kernel with fault injection). A run that fails must say one of the two
 * errors that such a fault may be told as, and leave everything as it was; one
 * that gets over the fault must have done all of its work.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/module/device.h"
#include "tests/module/faults.h"
#include "tests/module/tap.h"

#define PAGE 4096ul
#define PAGES 40ul
#define BYTES (PAGES * PAGE)
#define FILL 0xa5
#define FAULTS_MAX 3000u

/* One call under test. What prepare, check and undo do is never made to fail. */
struct call {
	const char *name;
	uint32_t flags; /* of the watch */
	void (*prepare)(const struct call *c);
	int (*run)(const struct call *c); /* 0 or -errno; touches nothing but what it tests */
	void (*check_failed)(const struct call *c); /* may be NULL: counters alone */
	bool (*was_done)(void); /* though the answer could not be given (EFAULT) */
	void (*check_done)(const struct call *c);
	void (*undo)(const struct call *c); /* after a run that succeeded */
	void (*clean)(const struct call *c); /* after each run */
	unsigned int faults_min; /* that must be found, or the test looks past the call */
};

/* What the calls of a case work on. */
static struct {
	int device;
	int other; /* a second descriptor of the device, of `open` */
	uint8_t *memory; /* PAGES, filled with FILL */
	uint8_t *arena;
	uint64_t id;
	pid_t child; /* with the same memory */
	struct records records;
	union {
		struct pw_secret secret;
		uint8_t bytes[PW_RECORD_MAX];
	} record;
	ssize_t got;
	struct pw_dev_wipe wipe;
	struct pw_dev_unwatch unwatch;
	struct pw_dev_next next;
	struct pw_dev_info info;
} with;

/* ---- the loop ------------------------------------------------------------------------- */

static unsigned int unanswered; /* calls that did their work and could not tell */

/* One run with the n-th fault; false: there was no n-th. */
static bool run_with_fault(const struct call *c, unsigned int n, unsigned int *failed)
{
	struct state empty = state_now(with.device), prepared;
	bool came;
	int err;

	if (c->prepare)
		c->prepare(c);
	prepared = state_now(with.device);
	fault_arm(n);
	err = c->run(c);
	came = fault_disarm();
	if (err && !came)
		tap_fail("run %u failed without a fault: %s", n, strerror(-err));
	if (err && err != -ENOMEM && err != -EFAULT)
		tap_fail("fault %u is told as %s", n, strerror(-err));
	if (err)
		(*failed)++;
	if (err == -EFAULT && c->was_done && c->was_done()) {
		unanswered++;
	} else if (err) {
		must_be_as_before(&prepared, with.device);
		if (c->check_failed)
			c->check_failed(c);
	} else {
		if (c->check_done)
			c->check_done(c);
		if (c->undo)
			c->undo(c);
	}
	if (c->clean)
		c->clean(c);
	if (unanswered > 1)
		tap_fail("fault %u: only the last copy can come too late", n);
	must_be_as_before(&empty, with.device);
	return came;
}

static void fail_each(const void *arg)
{
	const struct call *c = arg;
	unsigned int n = 1, failed = 0;

	with.device = dev_open();
	faults_init();
	with.memory = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	must(with.memory != MAP_FAILED);
	must(!madvise(with.memory, BYTES, MADV_NOHUGEPAGE));
	memset(with.memory, FILL, BYTES);
	while (run_with_fault(c, n, &failed)) {
		if (++n > FAULTS_MAX)
			tap_fail("more than %u faults", FAULTS_MAX);
	}
	tap_note("%s: %u faults, %u of them failed the call", c->name, n - 1, failed);
	if (n - 1 < c->faults_min)
		tap_fail("only %u faults came, at least %u must be there to come", n - 1,
			 c->faults_min);
}

/* ---- the calls ------------------------------------------------------------------------ */

static void fill(const struct call *c)
{
	(void)c;
	memset(with.memory, FILL, BYTES);
}

static int count_bytes(uint8_t value)
{
	int n = 0;

	for (size_t i = 0; i < BYTES; i++)
		n += with.memory[i] == value;
	return n;
}

static void check_untouched(const struct call *c)
{
	(void)c;
	must_equal(count_bytes(FILL), BYTES);
}

static int run_open(const struct call *c)
{
	(void)c;
	with.other = open(PW_DEV_PATH, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	return with.other < 0 ? -errno : 0;
}

static void close_other(const struct call *c)
{
	(void)c;
	close(with.other);
}

static int run_info(const struct call *c)
{
	(void)c;
	with.info = (struct pw_dev_info){ .size = sizeof(with.info) };
	return ioctl(with.device, PW_IOC_INFO, &with.info) ? -errno : 0;
}

static void check_info(const struct call *c)
{
	(void)c;
	must_equal(with.info.abi, PW_DEV_ABI);
}

static int run_watch(const struct call *c)
{
	return dev_watch(with.device, 0, (uintptr_t)with.memory + 100, BYTES - 300, c->flags,
			 &with.id);
}

static int run_watch_child(const struct call *c)
{
	return dev_watch(with.device, with.child, (uintptr_t)with.memory + 100, BYTES - 300,
			 c->flags, &with.id);
}

/* A watch that was not made must not be listed, nor be told of. */
static void check_no_watch(const struct call *c)
{
	must_equal(dev_next(with.device, 0, &with.next), -ENOENT);
	check_untouched(c);
}

static void check_watch(const struct call *c)
{
	must_equal(dev_next(with.device, with.id - 1, &with.next), 0);
	must_equal(with.next.id, with.id);
	must_equal(with.next.cookie, COOKIE);
	must_equal(with.next.held_pages, c->flags & PW_WATCH_HOLD ? PAGES : 0);
	check_untouched(c);
}

static void discard(const struct call *c)
{
	(void)c;
	must(!madvise(with.memory, BYTES, MADV_DONTNEED));
}

static void check_no_watch_of_absent(const struct call *c)
{
	(void)c;
	must_equal(dev_next(with.device, 0, &with.next), -ENOENT);
}

static void check_watch_of_absent(const struct call *c)
{
	(void)c;
	must_equal(dev_next(with.device, with.id - 1, &with.next), 0);
	must_equal(with.next.held_pages, PAGES);
	must_equal(count_bytes(0), BYTES);
}

static void end_watch(const struct call *c)
{
	(void)c;
	must_equal(dev_unwatch(with.device, with.id, NULL), 0);
}

static void fork_child(const struct call *c)
{
	(void)c;
	with.child = fork();
	must(with.child >= 0);
	if (with.child == 0) {
		pause();
		_exit(0);
	}
}

static void kill_child(const struct call *c)
{
	(void)c;
	must(!kill(with.child, SIGKILL));
	must_equal(waitpid(with.child, NULL, 0), with.child);
}

static void begin_watch(const struct call *c)
{
	fill(c);
	must_equal(run_watch(c), 0);
}

static int run_unwatch(const struct call *c)
{
	(void)c;
	return dev_unwatch(with.device, with.id, &with.unwatch);
}

/* Nothing is changed by a call that fails: the watch is there, and ends the second time. */
static void check_still_watched(const struct call *c)
{
	check_watch(c);
	end_watch(c);
}

static bool was_unwatched(void)
{
	return dev_next(with.device, with.id - 1, &with.next) == -ENOENT;
}

static void check_unwatched(const struct call *c)
{
	must_equal(with.unwatch.pages_dirty + with.unwatch.pages_mapped + with.unwatch.pages_unknown,
		   PAGES);
	must_equal(dev_unwatch(with.device, with.id, NULL), -ENOENT);
	check_untouched(c);
}

static int run_next(const struct call *c)
{
	(void)c;
	return dev_next(with.device, 0, &with.next);
}

static void check_next(const struct call *c)
{
	(void)c;
	must_equal(with.next.id, with.id);
	must_equal(with.next.cookie, COOKIE);
}

static int run_wipe(const struct call *c)
{
	(void)c;
	return dev_wipe(with.device, 0, (uintptr_t)with.memory, BYTES, &with.wipe);
}

static bool was_wiped(void)
{
	return count_bytes(0) == BYTES;
}

/* What it says that it wiped is wiped, and the rest is counted with its reason. */
static void check_wiped(const struct call *c)
{
	(void)c;
	must_equal(with.wipe.wiped_bytes + with.wipe.unreached_bytes + with.wipe.absent_bytes, BYTES);
	must_equal(count_bytes(0), with.wipe.wiped_bytes + with.wipe.absent_bytes);
	if (with.wipe.unreached_bytes)
		must(with.wipe.reason != PW_UNSEEN_NONE && with.wipe.verdict != PW_WIPED_WHOLE);
	else
		must_equal(with.wipe.verdict, PW_WIPED_WHOLE);
}

static void prepare_child_wipe(const struct call *c)
{
	fill(c);
	fork_child(c);
}

static int run_wipe_child(const struct call *c)
{
	(void)c;
	return dev_wipe(with.device, with.child, (uintptr_t)with.memory, BYTES, &with.wipe);
}

/* Ours is a copy of its own that the wipe must count, not touch. */
static void check_wiped_child(const struct call *c)
{
	must_equal(with.wipe.wiped_bytes + with.wipe.unreached_bytes + with.wipe.absent_bytes, BYTES);
	check_untouched(c);
}

static int run_arena(const struct call *c)
{
	(void)c;
	with.arena = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, with.device, 0);
	if (with.arena == MAP_FAILED)
		return -errno;
	for (size_t i = 0; i < BYTES; i += PAGE)
		((volatile uint8_t *)with.arena)[i] = FILL;
	return 0;
}

static void check_arena(const struct call *c)
{
	(void)c;
	must_equal(dev_info(with.device).arena_bytes, BYTES);
	for (size_t i = 0; i < BYTES; i++)
		must_equal(with.arena[i], i % PAGE ? 0 : FILL);
}

static void unmap_arena(const struct call *c)
{
	(void)c;
	must(!munmap(with.arena, BYTES));
}

static void make_arena(const struct call *c)
{
	must_equal(run_arena(c), 0);
}

static int run_unmap_arena(const struct call *c)
{
	(void)c;
	return munmap(with.arena, BYTES) ? -errno : 0;
}

/* Records that are waiting: those of one watch's life. */
static void make_records(const struct call *c)
{
	struct records r = { 0 };

	records_read(&r, with.device);
	begin_watch(c);
	end_watch(c);
}

static int run_read(const struct call *c)
{
	(void)c;
	with.got = read(with.device, &with.record, sizeof(with.record));
	return with.got < 0 ? -errno : 0;
}

static void check_read(const struct call *c)
{
	(void)c;
	must(with.got >= (ssize_t)sizeof(with.record.secret));
	must_equal(with.record.secret.rec.type, PW_REC_SECRET);
	must_equal(with.record.secret.id, with.id);
	must_equal(with.record.secret.event, PW_SECRET_REGISTERED);
}

/* A read that failed has lost nothing. */
static void check_read_again(const struct call *c)
{
	must_equal(run_read(c), 0);
	check_read(c);
}

static int run_poll(const struct call *c)
{
	struct pollfd p = { .fd = with.device, .events = POLLIN };

	(void)c;
	return poll(&p, 1, 0) < 0 ? -errno : 0;
}

/* ---- ways that pages go: the module hears of them within other calls -------------------- */

static void begin_region_watch(const struct call *c)
{
	records_clear(&with.records);
	records_read(&with.records, with.device);
	records_clear(&with.records);
	begin_watch(c);
}

static int run_munmap(const struct call *c)
{
	(void)c;
	return munmap(with.memory, BYTES) ? -errno : 0;
}

static int run_discard(const struct call *c)
{
	(void)c;
	return madvise(with.memory, BYTES, MADV_DONTNEED) ? -errno : 0;
}

/* Each page is accounted for, if only as unknown for want of memory. */
static void check_told(const struct call *c)
{
	const struct pw_secret *s;
	uint64_t pages = 0;

	(void)c;
	state_now(with.device);
	records_read(&with.records, with.device);
	for (size_t i = 0; (s = records_find(&with.records, with.id, PW_SECRET_RELEASED, i)); i++)
		pages += s->pages_clean + s->pages_dirty + s->pages_mapped + s->pages_held +
			 s->pages_unknown;
	if (pages != PAGES)
		records_print(&with.records);
	must_equal(pages, PAGES);
}

static void map_again(const struct call *c)
{
	end_watch(c);
	must(mmap(with.memory, BYTES, PROT_READ | PROT_WRITE,
		  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == with.memory);
	must(!madvise(with.memory, BYTES, MADV_NOHUGEPAGE));
}

static void check_region_watched(const struct call *c)
{
	check_watch(c);
	end_watch(c);
}

static int run_fork(const struct call *c)
{
	pid_t pid = (pid_t)syscall(SYS_fork);

	(void)c;
	if (pid < 0)
		return errno == EAGAIN ? -ENOMEM : -errno;
	if (pid == 0)
		_exit(0);
	with.child = pid;
	return 0;
}

static void reap(const struct call *c)
{
	int status;

	must_equal(waitpid(with.child, &status, 0), with.child);
	end_watch(c);
}

/* A page table that fork gave back may have made a copy: only the watch itself is asked for. */
static const struct call calls[] = {
	{ .name = "open", .run = run_open, .undo = close_other, .faults_min = 2 },
	{ .name = "info", .run = run_info, .check_done = check_info, .faults_min = 2 },
	{ .name = "watch",
	  .run = run_watch,
	  .check_failed = check_no_watch,
	  .check_done = check_watch,
	  .undo = end_watch,
	  .faults_min = 3 },
	{ .name = "watch, hold",
	  .flags = PW_WATCH_HOLD,
	  .run = run_watch,
	  .check_failed = check_no_watch,
	  .check_done = check_watch,
	  .undo = end_watch,
	  .faults_min = 4 },
	{ .name = "watch, hold and scrub",
	  .flags = PW_WATCH_HOLD | PW_WATCH_SCRUB,
	  .run = run_watch,
	  .check_failed = check_no_watch,
	  .check_done = check_watch,
	  .undo = end_watch,
	  .faults_min = 4 },
	{ .name = "watch of absent pages, hold",
	  .flags = PW_WATCH_HOLD,
	  .prepare = discard,
	  .run = run_watch,
	  .check_failed = check_no_watch_of_absent,
	  .check_done = check_watch_of_absent,
	  .undo = end_watch,
	  .faults_min = PAGES },
	{ .name = "watch of another process",
	  .prepare = fork_child,
	  .run = run_watch_child,
	  .check_failed = check_no_watch,
	  .check_done = check_watch,
	  .undo = end_watch,
	  .clean = kill_child,
	  .faults_min = 3 },
	{ .name = "watch of another process, hold",
	  .flags = PW_WATCH_HOLD,
	  .prepare = fork_child,
	  .run = run_watch_child,
	  .check_failed = check_no_watch,
	  .check_done = check_watch,
	  .undo = end_watch,
	  .clean = kill_child,
	  .faults_min = 4 },
	{ .name = "unwatch",
	  .was_done = was_unwatched,
	  .prepare = begin_watch,
	  .run = run_unwatch,
	  .check_failed = check_still_watched,
	  .check_done = check_unwatched,
	  .faults_min = 2 },
	{ .name = "unwatch, hold",
	  .was_done = was_unwatched,
	  .flags = PW_WATCH_HOLD,
	  .prepare = begin_watch,
	  .run = run_unwatch,
	  .check_failed = check_still_watched,
	  .check_done = check_unwatched,
	  .faults_min = 2 },
	{ .name = "next",
	  .prepare = begin_watch,
	  .run = run_next,
	  .check_done = check_next,
	  .clean = end_watch,
	  .faults_min = 2 },
	{ .name = "wipe",
	  .was_done = was_wiped,
	  .prepare = fill,
	  .run = run_wipe,
	  .check_failed = check_untouched,
	  .check_done = check_wiped,
	  .faults_min = 2 },
	{ .name = "wipe of another process",
	  .prepare = prepare_child_wipe,
	  .run = run_wipe_child,
	  .check_failed = check_untouched,
	  .check_done = check_wiped_child,
	  .clean = kill_child,
	  .faults_min = 2 },
	{ .name = "arena",
	  .run = run_arena,
	  .check_done = check_arena,
	  .undo = unmap_arena,
	  .faults_min = PAGES },
	{ .name = "arena's end",
	  .prepare = make_arena,
	  .run = run_unmap_arena,
	  .check_failed = unmap_arena },
	{ .name = "read",
	  .prepare = make_records,
	  .run = run_read,
	  .check_failed = check_read_again,
	  .check_done = check_read,
	  .faults_min = 1 },
	{ .name = "poll", .run = run_poll },
	{ .name = "munmap of what is watched",
	  .prepare = begin_region_watch,
	  .run = run_munmap,
	  .check_failed = check_region_watched,
	  .check_done = check_told,
	  .undo = map_again },
	{ .name = "munmap of what is held",
	  .flags = PW_WATCH_HOLD | PW_WATCH_SCRUB,
	  .prepare = begin_region_watch,
	  .run = run_munmap,
	  .check_failed = check_region_watched,
	  .check_done = check_told,
	  .undo = map_again },
	{ .name = "discard of what is watched",
	  .prepare = begin_region_watch,
	  .run = run_discard,
	  .check_failed = check_region_watched,
	  .check_done = check_told,
	  .undo = end_watch },
	{ .name = "discard of what is held",
	  .flags = PW_WATCH_HOLD,
	  .prepare = begin_region_watch,
	  .run = run_discard,
	  .check_failed = check_region_watched,
	  .check_done = check_told,
	  .undo = end_watch },
	{ .name = "fork with a watch",
	  .prepare = begin_watch,
	  .run = run_fork,
	  .check_failed = check_still_watched,
	  .undo = reap,
	  .faults_min = 5 },
	{ .name = "fork with held pages",
	  .flags = PW_WATCH_HOLD,
	  .prepare = begin_watch,
	  .run = run_fork,
	  .check_failed = check_still_watched,
	  .undo = reap,
	  .faults_min = 5 },
};

static void no_faults_here(const void *arg)
{
	(void)arg;
	tap_skip("this kernel has no /proc/TID/fail-nth: it is built without fault injection");
}

/*
 * Without restartable sequences: on its way back to a thread that was preempted the
 * kernel writes to their area, and where that page was shared by a fork, and the
 * fault hits its copy, the thread gets SIGSEGV.
 */
static void do_without_rseq(char **argv)
{
	if (getenv("GLIBC_TUNABLES") || setenv("GLIBC_TUNABLES", "glibc.pthread.rseq=0", 1))
		return;
	execv("/proc/self/exe", argv);
}

int main(int argc, char **argv)
{
	do_without_rseq(argv);
	tap_seconds = 600;
	tap_afterwards = dev_leftovers;
	if (!faults_possible()) {
		tap_case(no_faults_here, NULL, "faults");
		return tap_end();
	}
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		if (argc == 1 || strstr(calls[i].name, argv[1]))
			tap_case(fail_each, &calls[i], "%s", calls[i].name);
	return tap_end();
}
