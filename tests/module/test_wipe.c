// SPDX-License-Identifier: GPL-2.0-or-later
/* The verified wipe: what it clears, what it leaves alone, what it refuses before it began. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/module/machine.h"
#include "tests/module/physical.h"
#include "tests/module/subject.h"
#include "tests/module/tap.h"

#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT 21
#endif
#define PAGES 8u
#define BYTES (PAGES * PAGE)
#define NOBODY 65534

static uint8_t *region(size_t bytes, int flags)
{
	uint8_t *at = mmap((void *)REGION, bytes, PROT_READ | PROT_WRITE,
			   flags | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

	must(at != MAP_FAILED);
	return at;
}

static uint8_t *dirty_region(void)
{
	uint8_t *at = region(BYTES, MAP_PRIVATE);

	memset(at, 'x', BYTES);
	return at;
}

static bool holds_only(const uint8_t *at, size_t bytes, uint8_t byte)
{
	for (size_t i = 0; i < bytes; i++)
		if (at[i] != byte)
			return false;
	return true;
}

/* The whole answer of a wipe with nothing special about it. */
static void must_wipe(int fd, pid_t pid, uint64_t start, uint64_t length, uint64_t absent,
		      uint64_t copies)
{
	struct pw_dev_wipe w;
	int err = dev_wipe(fd, pid, start, length, &w);

	if (err)
		tap_fail("wipe: %s", strerror(-err));
	must_equal(w.wiped_bytes, length - absent);
	must_equal(w.absent_bytes, absent);
	must_equal(w.unreached_bytes, 0);
	must_equal(w.first_unreached, ~0ull);
	must_equal(w.first_dirty, ~0ull);
	must_equal(w.copies_left_pages, copies);
	must_equal(w.reason, PW_UNSEEN_NONE);
	must_equal(w.verdict, PW_WIPED_WHOLE);
}

/* Exactly one WIPE record, of this range and process. */
static void must_tell(int fd, pid_t pid, uint64_t start, uint64_t length, uint64_t copies)
{
	struct records r = { 0 };
	const struct pw_wipe *w;

	records_read(&r, fd);
	must_equal(r.wipe_count, 1);
	must_equal(r.count, 0);
	w = &r.wipes[0];
	must_equal(w->function, PW_WIPE_MODULE);
	must_equal(w->key.pid, pid);
	must(w->key.start_ns);
	must_equal(w->tid, syscall(SYS_gettid));
	must_equal(w->address, start);
	must_equal(w->size, length);
	must_equal(w->fill, 0);
	must_equal(w->verdict, PW_WIPED_WHOLE);
	must_equal(w->reason, PW_UNSEEN_NONE);
	must_equal(w->dirty_bytes, 0);
	must_equal(w->first_dirty, PW_UNKNOWN);
	must_equal(w->unreached_bytes, 0);
	must_equal(w->copies_left_pages, copies);
	must_equal(w->flags & PW_WIPE_OTHER_PROCESS, pid == getpid() ? 0 : PW_WIPE_OTHER_PROCESS);
	must_equal(w->uid, 0);
	must_equal(w->file_len + w->symbol_len, 0);
	must_equal(w->rec.size, sizeof(*w));
}

static void own_memory(const void *arg)
{
	uint8_t *at = dirty_region();
	int fd = dev_open();

	(void)arg;
	must_wipe(fd, 0, REGION, BYTES, 0, 0);
	must_tell(fd, getpid(), REGION, BYTES, 0);
	must(holds_only(at, BYTES, 0));
}

static void by_own_pid(const void *arg)
{
	uint8_t *at = dirty_region();
	int fd = dev_open();

	(void)arg;
	must_wipe(fd, getpid(), REGION, BYTES, 0, 0);
	must(holds_only(at, BYTES, 0));
}

/* Not one byte more, not one less. */
static void odd_bytes(const void *arg)
{
	static const struct {
		uint64_t from, to;
	} ranges[] = { { 1, 2 },
		       { 0, 1 },
		       { 4095, 4097 },
		       { 100, 3 * PAGE + 5 },
		       { PAGE, 2 * PAGE - 1 },
		       { BYTES - 1, BYTES } };
	uint8_t *at = dirty_region();
	int fd = dev_open();

	(void)arg;
	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
		memset(at, 'x', BYTES);
		must_wipe(fd, 0, REGION + ranges[i].from, ranges[i].to - ranges[i].from, 0, 0);
		must(holds_only(at, ranges[i].from, 'x'));
		must(holds_only(at + ranges[i].from, ranges[i].to - ranges[i].from, 0));
		must(holds_only(at + ranges[i].to, BYTES - ranges[i].to, 'x'));
	}
}

static void absent_pages(const void *arg)
{
	uint8_t *at = region(BYTES, MAP_PRIVATE);
	int fd = dev_open();

	(void)arg;
	memset(at + PAGE, 'x', PAGE);
	memset(at + 4 * PAGE, 'x', PAGE);
	must_wipe(fd, 0, REGION + 10, BYTES - 20, BYTES - 20 - 2 * PAGE, 0);
	for (unsigned int i = 0; i < PAGES; i++)
		must_equal(page_present(getpid(), REGION + i * PAGE), i == 1 || i == 4);
	must(holds_only(at, BYTES, 0));
}

/* A page that was only read is the kernel's page of zeros: nobody's secret, nobody's to write. */
static void zero_page(const void *arg)
{
	const volatile uint8_t *at = region(BYTES, MAP_PRIVATE);
	struct pw_dev_wipe w;
	int fd = dev_open();

	(void)arg;
	for (unsigned int i = 0; i < PAGES; i++)
		must_equal(at[i * PAGE], 0);
	must_equal(dev_wipe(fd, 0, REGION, BYTES, &w), 0);
	must_equal(w.verdict, PW_WIPED_WHOLE);
	must_equal(w.wiped_bytes + w.absent_bytes, BYTES);
	must_equal(w.unreached_bytes, 0);
}

static void swapped_pages(const void *arg)
{
	uint8_t *at = dirty_region();
	struct pw_dev_wipe w;
	unsigned int out = 0;
	int fd = dev_open();

	(void)arg;
	swap_on();
	must(!madvise(at, BYTES, MADV_PAGEOUT));
	for (unsigned int i = 0; i < PAGES; i++)
		out += page_swapped(getpid(), REGION + i * PAGE);
	must_equal(out, PAGES);
	must_equal(dev_wipe(fd, 0, REGION, BYTES, &w), 0);
	must_equal(w.swapped_pages, PAGES);
	must_equal(w.wiped_bytes, BYTES);
	must_equal(w.absent_bytes, 0);
	must_equal(w.verdict, PW_WIPED_WHOLE);
	must(holds_only(at, BYTES, 0));
}

static pid_t child_that_stays(void)
{
	pid_t child = fork();

	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		pause();
		_exit(0);
	}
	must(child > 0);
	return child;
}

/* The child has the old pages: they are counted, and stay as they are. */
static void copies_elsewhere(const void *arg)
{
	uint8_t *at = dirty_region(), *there;
	pid_t child = child_that_stays();
	int fd = dev_open(), mem;
	char path[32];

	(void)arg;
	must_wipe(fd, 0, REGION, BYTES, 0, PAGES);
	must_tell(fd, getpid(), REGION, BYTES, PAGES);
	must(holds_only(at, BYTES, 0));
	there = malloc(BYTES);
	snprintf(path, sizeof(path), "/proc/%d/mem", child);
	mem = open(path, O_RDONLY);
	must(there && mem >= 0 && pread(mem, there, BYTES, (off_t)REGION) == (ssize_t)BYTES);
	must(holds_only(there, BYTES, 'x'));
	must(!kill(child, SIGKILL));
	waitpid(child, NULL, 0);
}

/* A child has the swap slots, and so the contents; or had them, and is gone. */
static void copies_in_swap(const void *arg)
{
	const bool child_lives = arg != NULL;
	uint8_t *at = dirty_region();
	struct pw_dev_wipe w;
	int fd = dev_open();
	pid_t child;

	swap_on();
	must(!madvise(at, BYTES, MADV_PAGEOUT));
	must_equal(page_swapped(getpid(), REGION), true);
	child = child_that_stays();
	if (!child_lives) {
		must(!kill(child, SIGKILL));
		must_equal(waitpid(child, NULL, 0), child);
	}
	must_equal(dev_wipe(fd, 0, REGION, BYTES, &w), 0);
	must_equal(w.verdict, PW_WIPED_WHOLE);
	must_equal(w.wiped_bytes, BYTES);
	must_equal(w.swapped_pages, PAGES);
	must_equal(w.copies_left_pages, child_lives ? PAGES : 0);
	must(holds_only(at, BYTES, 0));
	kill(child, SIGKILL);
}

static void another_process(const void *arg)
{
	uint8_t *at = region(BYTES, MAP_SHARED);
	struct pw_dev_wipe w;
	int fd = dev_open();
	pid_t child;

	/* Its own private memory; the shared one shows us what it saw. */
	(void)arg;
	child = fork();
	if (child == 0) {
		uint8_t *own = mmap((void *)OTHER_REGION, BYTES, PROT_READ | PROT_WRITE,
				    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		memset(own, 'x', BYTES);
		__atomic_store_n(&at[0], 1, __ATOMIC_SEQ_CST);
		while (__atomic_load_n(&at[1], __ATOMIC_SEQ_CST) == 0)
			usleep(1000);
		_exit(holds_only(own, PAGE, 'x') && holds_only(own + PAGE, BYTES - PAGE, 0) ? 7 : 8);
	}
	while (__atomic_load_n(&at[0], __ATOMIC_SEQ_CST) == 0)
		usleep(1000);
	must_equal(dev_wipe(fd, child, REGION + (1ull << 42), PAGE, &w), -EFAULT);
	must_wipe(fd, child, OTHER_REGION + PAGE, BYTES - PAGE, 0, 0);
	must_tell(fd, child, OTHER_REGION + PAGE, BYTES - PAGE, 0);
	__atomic_store_n(&at[1], 1, __ATOMIC_SEQ_CST);
	{
		int status = 0;

		must_equal(waitpid(child, &status, 0), child);
		must_equal(WEXITSTATUS(status), 7);
	}
	must_equal(dev_wipe(fd, child, OTHER_REGION, PAGE, &w), -ESRCH);
}

static void huge_page(const void *arg)
{
	const size_t bytes = 4ul << 20;
	uint8_t *at = region(bytes, MAP_PRIVATE);
	int fd = dev_open();

	(void)arg;
	must(!madvise(at, bytes, MADV_HUGEPAGE));
	memset(at, 'x', bytes);
	if (!huge_kb(getpid(), REGION))
		tap_skip("no huge pages");
	must_wipe(fd, 0, REGION + 1000, 2ul << 20, 0, 0);
	must(holds_only(at, 1000, 'x'));
	must(holds_only(at + 1000, 2ul << 20, 0));
	must(holds_only(at + 1000 + (2ul << 20), bytes - 1000 - (2ul << 20), 'x'));
}

static void shared_anonymous(const void *arg)
{
	uint8_t *at = region(BYTES, MAP_SHARED);
	struct pw_dev_wipe w;
	int fd = dev_open(), err;

	(void)arg;
	memset(at, 'x', BYTES);
	err = dev_wipe(fd, 0, REGION, BYTES, &w);
	if (err) { /* it is a file of shmem to the kernel */
		must_equal(err, -EOPNOTSUPP);
		must(holds_only(at, BYTES, 'x'));
	} else {
		must_equal(w.wiped_bytes, BYTES);
		must(holds_only(at, BYTES, 0));
	}
}

/* ---- refusals: nothing is changed ------------------------------------------------------------ */

static void refused_whole(const void *arg)
{
	uint8_t *at = dirty_region();
	struct pw_dev_wipe w;
	int fd = dev_open(), file;

	(void)arg;
	/* read-only in the middle */
	must(!mprotect(at + 4 * PAGE, PAGE, PROT_READ));
	must_equal(dev_wipe(fd, 0, REGION, BYTES, &w), -EOPNOTSUPP);
	must(holds_only(at, BYTES, 'x'));
	must(!mprotect(at + 4 * PAGE, PAGE, PROT_READ | PROT_WRITE));
	/* a hole in the middle */
	must(!munmap(at + 4 * PAGE, PAGE));
	must_equal(dev_wipe(fd, 0, REGION, BYTES, &w), -EFAULT);
	must(holds_only(at, 4 * PAGE, 'x'));
	must(holds_only(at + 5 * PAGE, 3 * PAGE, 'x'));
	/* a shared mapping of a file in its place */
	file = open("/tmp/wiped", O_RDWR | O_CREAT | O_TRUNC, 0600);
	must(file >= 0 && !ftruncate(file, PAGE));
	must(mmap(at + 4 * PAGE, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, file, 0) !=
	     MAP_FAILED);
	memset(at + 4 * PAGE, 'x', PAGE);
	must_equal(dev_wipe(fd, 0, REGION, BYTES, &w), -EOPNOTSUPP);
	must(holds_only(at, BYTES, 'x'));
	unlink("/tmp/wiped");
	{
		struct records r = { 0 };

		records_read(&r, fd);
		must_equal(r.wipe_count, 0);
	}
}

static void refused_ranges(const void *arg)
{
	static const struct {
		uint64_t start, length;
		int err;
	} ranges[] = {
		{ REGION, 0, -EINVAL },
		{ REGION, ~0ull, -EINVAL },
		{ ~0ull - 10, 20, -EINVAL },
		{ 0xffff888000000000, PAGE, -EINVAL },
		{ 0xfffffffffff000, PAGE, -EINVAL }, /* the end, also with five levels */
		{ 0x8000000000000000, PAGE, -EINVAL },
		{ 0, PAGE, -EFAULT },
		{ OTHER_REGION, PAGE, -EFAULT },
		{ REGION + BYTES - 1, 2, -EFAULT },
	};
	uint8_t *at = dirty_region();
	struct pw_dev_wipe w;
	int fd = dev_open();

	(void)arg;
	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
		int err = dev_wipe(fd, 0, ranges[i].start, ranges[i].length, &w);

		if (err != ranges[i].err)
			tap_fail("range %zu: %d, not %d", i, err, ranges[i].err);
	}
	must(holds_only(at, BYTES, 'x'));
	must_equal(dev_wipe(fd, -1, REGION, BYTES, &w), -EINVAL);
	must_equal(dev_wipe(fd, 4194303, REGION, BYTES, &w), -ESRCH);
	must_equal(dev_wipe(fd, 2, REGION, BYTES, &w), -ESRCH); /* a kernel thread: no memory */
}

static void refused_to_others(const void *arg)
{
	int fd = dev_open();
	struct pw_dev_wipe w;
	uint8_t *at = dirty_region();
	pid_t child = child_that_stays();

	(void)arg;
	must(!setresgid(NOBODY, NOBODY, NOBODY) && !setresuid(NOBODY, NOBODY, NOBODY));
	must_equal(dev_wipe(fd, child, REGION, BYTES, &w), -EPERM);
	must_equal(dev_wipe(fd, 1, REGION, BYTES, &w), -EPERM);
	must_equal(dev_wipe(fd, 0, REGION, BYTES, &w), 0); /* its own it may */
	must(holds_only(at, BYTES, 0));
	kill(child, SIGKILL);
}

/* ---- a wiped secret is gone -------------------------------------------------------------------- */

static void gone_from_memory(const void *arg)
{
	static uint32_t found[PHYSICAL_IDS];
	const size_t bytes = 4ul << 20;
	uint8_t *at = region(bytes, MAP_PRIVATE);
	int fd = dev_open();

	(void)arg;
	physical_fill(at, bytes, 1);
	physical_fill(at + bytes / 2, bytes / 2, 2);
	must_wipe(fd, 0, REGION, bytes / 2, 0, 0);
	physical_scan(found);
	tap_note("wiped: %u, not wiped: %u", found[1], found[2]);
	must_equal(found[1], 0);
	must(found[2] >= bytes / 2 / PHYSICAL_UNIT);
}

/* A watch of the same range sees a clean release. */
static void watched_and_wiped(const void *arg)
{
	uint8_t *at = dirty_region();
	struct pw_dev_unwatch u;
	int fd = dev_open();
	uint64_t id;

	(void)arg;
	id = must_watch(fd, 0, REGION, BYTES, PW_WATCH_HOLD);
	must_wipe(fd, 0, REGION, BYTES, 0, 0);
	must(!munmap(at, BYTES));
	must_equal(dev_unwatch(fd, id, &u), 0);
	must_equal(u.verdict, PW_SECRET_CLEAN);
	must_equal(u.pages_clean, PAGES);
	must_equal(u.dirty_bytes, 0);
}

int main(int argc, char **argv)
{
	static const char alive[] = "the child lives";
	const struct {
		void (*run)(const void *arg);
		const char *name;
		const void *arg;
	} cases[] = {
		{ own_memory, "own memory" },
		{ by_own_pid, "own memory by its pid" },
		{ odd_bytes, "odd bytes" },
		{ absent_pages, "absent pages are left alone" },
		{ zero_page, "the page of zeros" },
		{ swapped_pages, "swapped pages are brought in" },
		{ copies_elsewhere, "copies that a child has are counted" },
		{ copies_in_swap, "copies that a child has in swap are counted", alive },
		{ copies_in_swap, "swap slots that a child had are nobody's copies" },
		{ another_process, "another process" },
		{ huge_page, "a part of a huge page" },
		{ shared_anonymous, "shared anonymous memory" },
		{ refused_whole, "what is refused is not changed" },
		{ refused_ranges, "ranges and processes that make no sense" },
		{ refused_to_others, "another user's process" },
		{ watched_and_wiped, "watched, wiped, unmapped: clean" },
		{ gone_from_memory, "a wiped pattern is nowhere in memory" },
	};

	physical_init();
	write_file("/sys/kernel/mm/transparent_hugepage/enabled", "madvise");
	tap_afterwards = dev_leftovers;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (argc == 1 || strstr(cases[i].name, argv[1]))
			tap_case(cases[i].run, cases[i].arg, "%s", cases[i].name);
	swap_off();
	return tap_end();
}
