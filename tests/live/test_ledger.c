// SPDX-License-Identifier: GPL-2.0-or-later
// links: rest
// timeout: 240
/*
 * The page ledger, every page sampled, against programs with a known (prime)
 * number of pages and against the kernel's own walk of their page tables.
 * Differences between two intervals are compared, so that what the program
 * itself needs cancels out.
 */
#include <sys/utsname.h>

#include "tests/lib/watch.h"

#define PAGES 7919u

#define HUGE_MODE "/sys/kernel/mm/transparent_hugepage/enabled"
#define KHUGEPAGED "/sys/kernel/mm/transparent_hugepage/khugepaged/"
#define KHUGEPAGED_PERIOD KHUGEPAGED "scan_sleep_millisecs"
#define KHUGEPAGED_RETRY KHUGEPAGED "alloc_sleep_millisecs" /* after it found no huge page */

static struct watch w;
static char huge_mode[32]; /* the machine's own; "": no transparent huge pages */

/* The word in brackets: "always [madvise] never"; or all, without brackets. */
static void read_setting(const char *path, char *value, size_t size)
{
	char line[128] = "", *from = line;
	FILE *f = fopen(path, "re");

	value[0] = 0;
	if (!f)
		return;
	if (fgets(line, sizeof(line), f) && strchr(line, '['))
		from = strchr(line, '[') + 1;
	from[strcspn(from, "]\n")] = 0;
	snprintf(value, size, "%.30s", from);
	fclose(f);
}

static void need_huge_pages(void)
{
	if (!huge_mode[0]) {
		print_message("this kernel gives no transparent huge pages\n");
		skip();
	}
}

struct point {
	int64_t live, touched, freed; /* the ledger's */
	int64_t anon, shmem; /* the counters' */
	int64_t proc; /* anon + shmem of the page tables */
	int64_t skipped; /* programs that the kernel skipped */
};

static struct point look(const struct driven *d)
{
	const struct pw_counters *c = &w.counters[0];

	w.watched[0] = d->pid;
	settle();
	watch_collect(&w);
	assert_int_equal(c->key.pid, d->pid);
	return (struct point){
		.live = c->ledger_live_pages,
		.touched = c->ledger_touched_pages,
		.freed = c->ledger_freed_pages,
		.anon = c->anon_pages,
		.shmem = c->shmem_pages,
		.proc = proc_anon_pages(d->pid) + proc_shmem_pages(d->pid),
		.skipped = w.tick.lost[PW_LOSS_RECURSION],
	};
}

/* One step, and by how much everything moved. */
static struct point step(struct driven *d)
{
	struct point before = look(d), after;

	drive_step(d);
	after = look(d);
	return (struct point){
		.live = after.live - before.live,
		.touched = after.touched - before.touched,
		.freed = after.freed - before.freed,
		.anon = after.anon - before.anon,
		.shmem = after.shmem - before.shmem,
		.proc = after.proc - before.proc,
		.skipped = after.skipped - before.skipped,
	};
}

/*
 * How many pages the ledger may have missed in a step. None, until 7.0: from
 * then on tracepoint programs are preempted, and the kernel skips a program
 * for the tasks that run in between. Each skip is counted, so no more pages
 * than skips may be missing.
 */
static int64_t unseen(const struct point *p)
{
	struct utsname name;

	assert_int_equal(uname(&name), 0);
	return atoi(name.release) >= 7 ? p->skipped : 0;
}

static bool within(int64_t value, int64_t expected, int64_t slack)
{
	return value >= expected - slack && value <= expected + slack;
}

static void fail_point(const char *where, const struct point *p)
{
	fail_msg("%s: %+ld touched %+ld freed, live %+ld; rss_stat %+ld %+ld, page tables %+ld; "
		 "programs skipped since the start: %llu",
		 where, p->touched, p->freed, p->live, p->anon, p->shmem, p->proc,
		 w.tick.lost[PW_LOSS_RECURSION]);
}

/* The ledger moved by this much, and the RSS by that, in the kernel's counters and its page tables. */
static void expect_moves(const struct point *p, int64_t touched, int64_t freed, int64_t rss)
{
	char where[64];

	snprintf(where, sizeof(where), "expected %+ld %+ld, rss %+ld", touched, freed, rss);
	if (!within(p->touched, touched, unseen(p)) || !within(p->freed, freed, unseen(p)) ||
	    !within(p->live, touched - freed, unseen(p)) || p->proc != rss ||
	    p->anon + p->shmem != rss)
		fail_point(where, p);
}

static void expect_step(struct driven *d, int64_t touched, int64_t freed)
{
	uint64_t lost = watch_page_losses(&w);
	struct point p = step(d);

	expect_moves(&p, touched, freed, touched - freed);
	assert_int_equal(watch_page_losses(&w), lost);
}

static struct driven begin(const char *mode, unsigned long pages)
{
	struct driven d = drive(mode, pages);

	look(&d);
	return d;
}

static void anonymous(void **state)
{
	struct driven d = begin("anon", PAGES);

	(void)state;
	expect_step(&d, PAGES, 0);
	expect_step(&d, 0, PAGES);
	drive_end(&d);
}

static void dontneed(void **state)
{
	struct driven d = begin("dontneed", PAGES);

	(void)state;
	expect_step(&d, PAGES, 0);
	expect_step(&d, 0, PAGES / 7);
	expect_step(&d, PAGES / 7, 0);
	expect_step(&d, 0, PAGES);
	drive_end(&d);
}

/* Lazily freed pages stay until the kernel wants them, and are taken back by a write. */
static void madv_free(void **state)
{
	struct driven d = begin("free", PAGES);

	(void)state;
	expect_step(&d, PAGES, 0);
	expect_step(&d, 0, 0);
	expect_step(&d, 0, 0);
	expect_step(&d, 0, PAGES);
	drive_end(&d);
}

static void zero_page(void **state)
{
	struct driven d = begin("zero", PAGES);

	(void)state;
	expect_step(&d, 0, 0);
	expect_step(&d, PAGES, 0);
	expect_step(&d, 0, PAGES);
	drive_end(&d);
}

static void populate(void **state)
{
	struct driven d = begin("populate", PAGES);

	(void)state;
	expect_step(&d, PAGES, 0);
	expect_step(&d, 0, PAGES);
	drive_end(&d);
}

static void read_into_fresh_memory(void **state)
{
	struct driven d = begin("read", PAGES);

	(void)state;
	expect_step(&d, PAGES, 0);
	expect_step(&d, 0, PAGES);
	drive_end(&d);
}

/* New threads are up when their stacks don't grow any more. */
static void wait_until_still(const struct driven *d)
{
	int64_t before = -1, now;

	while ((now = proc_anon_pages(d->pid)) != before) {
		before = now;
		usleep(200000);
	}
}

static void threads(void **state)
{
	struct driven d = begin("threads", PAGES);
	int64_t missed;
	struct point p;

	(void)state;
	step(&d); /* starts them: stacks */
	wait_until_still(&d);
	p = step(&d);
	/* Besides the area, a thread's first work may touch its own stack and malloc's data. */
	if (p.touched < PAGES - unseen(&p) || p.touched > PAGES + 4 * 8 ||
	    !within(p.live, p.proc, unseen(&p)) || p.anon != p.proc)
		fail_point("threads", &p);
	missed = p.proc - p.live;
	assert_int_equal(w.counters[0].threads, proc_value(d.pid, "status", "Threads"));
	p = step(&d);
	if (!within(p.freed, PAGES - missed, unseen(&p)) || p.touched || p.proc != -(int64_t)PAGES)
		fail_point("threads, freed", &p);
	drive_end(&d);
}

/* The child pays for what it copies; the parent keeps what it touched first. */
static void copy_on_write(void **state)
{
	struct driven d = begin("cow", PAGES);
	struct pw_counters parent, child;

	(void)state;
	expect_step(&d, PAGES, 0);
	w.watched[1] = drive_step(&d);
	drive_step(&d); /* the child has run once */
	watch_collect(&w);
	parent = w.counters[0];
	child = w.counters[1];
	assert_int_equal(child.key.pid, w.watched[1]);
	/* What a fork shares is in the child's RSS and not in its ledger: the residual. */
	assert_true(child.anon_pages > PAGES);
	assert_true(child.ledger_live_pages < 200);
	drive_step(&d);
	watch_collect(&w);
	assert_int_equal(w.counters[1].ledger_touched_pages - child.ledger_touched_pages, PAGES / 7);
	assert_int_equal(w.counters[1].ledger_live_pages - child.ledger_live_pages, PAGES / 7);
	assert_int_equal(w.counters[0].ledger_live_pages, parent.ledger_live_pages);
	drive_step(&d); /* the child ends: its pages go back */
	settle();
	watch_collect(&w);
	assert_int_equal(w.counters[1].ledger_live_pages, 0);
	assert_true(w.counters[1].flags & PW_COUNTERS_DEAD);
	assert_int_equal(w.counters[1].ledger_freed_pages, w.counters[1].ledger_touched_pages);
	w.watched[1] = 0;
	expect_step(&d, 0, PAGES);
	drive_end(&d);
}

/*
 * A hole in a huge page leaves the RSS at once, but its memory stays with the
 * kernel until the huge page is split: that is the ledger's residual.
 */
static void huge_pages_split_by_dontneed(void **state)
{
	struct driven d = begin("huge", 2003);
	int64_t huge, gone, hole = 101;
	struct point p;

	(void)state;
	need_huge_pages();
	expect_step(&d, 2048, 0);
	huge = proc_value(d.pid, "smaps_rollup", "AnonHugePages");
	assert_int_equal(huge, 2048 * 4);
	p = step(&d);
	gone = p.freed; /* the kernel may split it at any time */
	if (gone)
		assert_int_equal(gone, hole);
	expect_moves(&p, 0, gone, -hole);
	p = step(&d);
	expect_moves(&p, 0, hole - gone, 0);
	expect_step(&d, 0, 2048 - hole);
	drive_end(&d);
}

static void huge_pages_split_by_mprotect(void **state)
{
	struct driven d = begin("protect", 2003);

	(void)state;
	need_huge_pages();
	expect_step(&d, 2048, 0);
	expect_step(&d, 0, 0);
	expect_step(&d, 0, 2048);
	drive_end(&d);
}

/* khugepaged allocates for a process in a kernel thread of its own. */
static void huge_pages_collapsed_by_khugepaged(void **state)
{
	struct driven d = begin("collapse", 2003);
	struct point before, p = { 0 };
	char period[32], retry[32];

	(void)state;
	need_huge_pages();
	assert_true(w.machine.coverage & PW_COVER_COLLAPSE);
	read_setting(KHUGEPAGED_PERIOD, period, sizeof(period));
	read_setting(KHUGEPAGED_RETRY, retry, sizeof(retry));
	write_file(KHUGEPAGED_RETRY, "10");
	write_file(KHUGEPAGED_PERIOD, "10");
	expect_step(&d, 2048, 0);
	before = look(&d);
	drive_step(&d);
	for (int i = 0; i < 1500; i++) {
		usleep(20000);
		if (proc_value(d.pid, "smaps_rollup", "AnonHugePages") == 2048 * 4)
			break;
	}
	usleep(50000);
	p = look(&d);
	write_file(KHUGEPAGED_PERIOD, period);
	write_file(KHUGEPAGED_RETRY, retry);
	assert_int_equal(proc_value(d.pid, "smaps_rollup", "AnonHugePages"), 2048 * 4);
	assert_int_equal(p.live, before.live);
	assert_int_equal(p.proc, before.proc);
	assert_int_equal(p.touched - before.touched, 2048);
	assert_int_equal(p.freed - before.freed, 2048);
	expect_step(&d, 0, 2048);
	drive_end(&d);
}

/* Shared memory outlives its mapping: it leaves the RSS, and the ledger keeps it while it is there. */
static void shared_memory(void **state)
{
	struct driven d = begin("shared", PAGES);
	struct point p;

	(void)state;
	expect_step(&d, PAGES, 0);
	p = step(&d);
	expect_moves(&p, 0, 0, -(int64_t)PAGES);
	p = step(&d);
	expect_moves(&p, 0, PAGES, 0);
	drive_end(&d);
}

/* Everything that a process touched is gone with it. */
static void nothing_stays_behind(void **state)
{
	struct driven d = begin("anon", PAGES);
	struct pw_counters *c = &w.counters[0];

	(void)state;
	drive_step(&d);
	look(&d);
	assert_true(c->ledger_live_pages > PAGES);
	drive_end(&d);
	for (int i = 0; i < 20 && c->ledger_live_pages; i++) {
		usleep(50000);
		settle();
		watch_collect(&w);
	}
	assert_int_equal(c->ledger_live_pages, 0);
	assert_int_equal(c->ledger_freed_pages, c->ledger_touched_pages);
	assert_true(c->flags & PW_COUNTERS_DEAD);
}

/* Returns how many pages of the machine moved meanwhile. */
static int64_t compact_one_process(void)
{
	struct driven d = begin("scatter", 33053);
	int64_t moved = proc_value(0, "vmstat", "pgmigrate_success");
	struct point before, p;

	expect_step(&d, 2 * 33053, 33053);
	before = look(&d);
	for (int i = 0; i < 10; i++) {
		write_file("/proc/sys/vm/compact_memory", "1");
		p = look(&d);
		assert_int_equal(p.live, before.live);
		assert_int_equal(p.proc, before.proc);
	}
	assert_int_equal(p.touched, before.touched);
	expect_step(&d, 33053, 0);
	expect_step(&d, 0, 2 * 33053);
	drive_end(&d);
	return proc_value(0, "vmstat", "pgmigrate_success") - moved;
}

/*
 * Compaction moves the pages while they are counted: not one may be lost. A
 * process whose pages lie where others are moved to is left alone: try again.
 */
static void compaction(void **state)
{
	int64_t moved = 0;

	(void)state;
	assert_true(w.machine.coverage & PW_COVER_MIGRATION);
	for (int i = 0; i < 8 && moved < 1009; i++)
		moved += compact_one_process();
	print_message("%ld pages moved\n", moved);
	assert_true(moved >= 1009);
}

static int open_source(void **state)
{
	const struct pw_source_options opt = { .sample_every = 1 };

	(void)state;
	/* Only where a test asks for them: not in stacks and heaps. */
	read_setting(HUGE_MODE, huge_mode, sizeof(huge_mode));
	if (huge_mode[0])
		write_file(HUGE_MODE, "madvise");
	watch_open(&w, &opt);
	watch_collect(&w);
	return 0;
}

static int close_source(void **state)
{
	(void)state;
	watch_close(&w);
	if (huge_mode[0])
		write_file(HUGE_MODE, huge_mode);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(anonymous),
		cmocka_unit_test(dontneed),
		cmocka_unit_test(madv_free),
		cmocka_unit_test(zero_page),
		cmocka_unit_test(populate),
		cmocka_unit_test(read_into_fresh_memory),
		cmocka_unit_test(threads),
		cmocka_unit_test(copy_on_write),
		cmocka_unit_test(huge_pages_split_by_dontneed),
		cmocka_unit_test(huge_pages_split_by_mprotect),
		cmocka_unit_test(huge_pages_collapsed_by_khugepaged),
		cmocka_unit_test(shared_memory),
		cmocka_unit_test(nothing_stays_behind),
		cmocka_unit_test(compaction),
	};

	return cmocka_run_group_tests(tests, open_source, close_source);
}
