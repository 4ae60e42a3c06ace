// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the kernel does to a watched range on its own, or because somebody else
 * asked: reclaim, migration, huge pages, merged pages, the OOM killer. Held pages
 * stay where they are.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/module/machine.h"
#include "tests/module/physical.h"
#include "tests/module/subject.h"
#include "tests/module/tap.h"

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif
#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT 21
#endif

#ifndef MADV_SOFT_OFFLINE
#define MADV_SOFT_OFFLINE 101
#endif

#define MPOL_MF_MOVE (1 << 1)

#define FULL "DDDDADDDDD"
#define PAGES 10u
#define HUGE_PAGES 512u

static const uint32_t held_too[] = { 0, PW_WATCH_HOLD, PW_WATCH_HOLD | PW_WATCH_SCRUB };

static void act(struct subject *s, bool ok)
{
	if (!ok)
		s->sh->error = errno;
}

static bool holds(const struct subject *s)
{
	return s->flags & PW_WATCH_HOLD;
}

/* ---- swap ---------------------------------------------------------------------------------- */

static void page_out(struct subject *s)
{
	act(s, !madvise(subject_page(s, 0), PAGES * PAGE, MADV_PAGEOUT));
}

static unsigned int swapped_now(const struct subject *s)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < PAGES; i++)
		n += page_swapped(s->pid, s->sh->base + i * PAGE);
	return n;
}

/* What went by reclaim: in swap, or not to be looked at from where it was done. */
static void must_be_swapped(struct subject *s, bool foreign)
{
	const struct pw_secret *one;
	uint64_t swapped = 0, unknown = 0;

	must_have_no_other(s, PW_CAUSE_RECLAIM, 0, 0);
	if (holds(s)) {
		must_equal(swapped_now(s), 0);
		must_equal(records_count(&s->r, 0, PW_SECRET_RELEASED), 0);
		return;
	}
	must_equal(swapped_now(s), PAGES - 1);
	for (size_t i = 0; (one = records_find(&s->r, s->sh->id, PW_SECRET_RELEASED, i)); i++) {
		swapped += one->pages_swapped;
		unknown += one->pages_unknown;
		if (one->pages_unknown)
			must_equal(one->reason, PW_UNSEEN_FOREIGN);
		must_equal(one->pages_clean + one->pages_dirty + one->pages_mapped +
				   one->pages_copied + one->pages_held,
			   0);
	}
	if (swapped + unknown != PAGES - 1 || (unknown && !foreign)) {
		records_print(&s->r);
		tap_fail("%ju swapped, %ju unknown", (uintmax_t)swapped, (uintmax_t)unknown);
	}
}

static void swapped_by_itself(const void *arg)
{
	swap_on();
	for (size_t i = 0; i < 3; i++) {
		struct subject s = { .fd = dev_open(),
				     .letters = FULL,
				     .flags = held_too[i],
				     .inside = 1,
				     .act = page_out };

		must_start(&s);
		subject_go(&s);
		records_read(&s.r, s.fd);
		must_be_swapped(&s, false);
		must_equal(dev_unwatch(s.fd, s.sh->id, NULL), 0);
		subject_end(&s);
	}
	(void)arg;
}

static void swapped_from_outside(const void *arg)
{
	swap_on();
	for (size_t i = 0; i < 3; i++) {
		struct subject s = {
			.fd = dev_open(), .letters = FULL, .flags = held_too[i], .inside = 1
		};
		struct iovec range = { (void *)REGION, PAGES * PAGE };
		int pidfd;

		must_start(&s);
		pidfd = (int)syscall(SYS_pidfd_open, s.pid, 0);
		must(pidfd >= 0);
		must_equal(syscall(SYS_process_madvise, pidfd, &range, 1ul, MADV_PAGEOUT, 0ul),
			   PAGES * PAGE);
		records_read(&s.r, s.fd);
		must_be_swapped(&s, true);
		must_equal(dev_unwatch(s.fd, s.sh->id, NULL), 0);
		subject_end(&s);
		close(pidfd);
	}
	(void)arg;
}

/* Swapped out and in again, changed, and then unmapped: dirty as it is at the end. */
static void page_out_and_unmap(struct subject *s)
{
	page_out(s);
	subject_pause(s);
	*(volatile char *)subject_page(s, 1) = 0;
	*(volatile char *)subject_page(s, 2) = 'c';
	act(s, !munmap(subject_page(s, 1), PAGE));
	act(s, !munmap(subject_page(s, 0), PAGE)); /* in swap, and not looked at there */
}

static void swapped_then_unmapped(const void *arg)
{
	struct subject s = { .fd = dev_open(), .letters = FULL, .inside = 1, .act = page_out_and_unmap };
	const struct pw_secret *one;
	uint64_t dirty = 0, swapped = 0, bytes = 0;

	(void)arg;
	swap_on();
	must_start(&s);
	subject_go(&s);
	records_read(&s.r, s.fd);
	must_be_swapped(&s, false);
	records_clear(&s.r);
	subject_go(&s);
	records_read(&s.r, s.fd);
	must_have_no_other(&s, PW_CAUSE_UNMAP, 0, 0);
	for (size_t i = 0; (one = records_find(&s.r, s.sh->id, PW_SECRET_RELEASED, i)); i++) {
		dirty += one->pages_dirty;
		bytes += one->dirty_bytes;
		swapped += one->pages_swapped;
	}
	must_equal(dirty, 1);
	must_equal(bytes, PAGE - 1);
	must_equal(swapped, 1);
	must_equal(dev_unwatch(s.fd, s.sh->id, NULL), 0);
	subject_end(&s);
}

/* ---- migration -------------------------------------------------------------------------------- */

/*
 * Pages move to the other node: their contents to new pages, and the old ones went
 * with them. Held pages can't be moved.
 */
static unsigned int move_to_node(struct subject *s, int node)
{
	void *pages[PAGES];
	int nodes[PAGES], status[PAGES];
	unsigned int moved = 0;

	for (unsigned int i = 0; i < PAGES; i++) {
		pages[i] = subject_page(s, i);
		nodes[i] = node;
	}
	if (syscall(SYS_move_pages, s->pid, (unsigned long)PAGES, pages, nodes, status,
		    MPOL_MF_MOVE) < 0)
		tap_fail("move_pages: %s", strerror(errno));
	/* Where they are now: what it says of those that it could not move is not to be relied on. */
	if (syscall(SYS_move_pages, s->pid, (unsigned long)PAGES, pages, NULL, status, 0))
		tap_fail("move_pages: %s", strerror(errno));
	for (unsigned int i = 0; i < PAGES; i++)
		moved += status[i] == node;
	return moved;
}

static int node_of(struct subject *s)
{
	void *page = subject_page(s, 0);
	int status = -1;

	must_equal(syscall(SYS_move_pages, s->pid, 1ul, &page, NULL, &status, 0), 0);
	return status;
}

static void migrated(const void *arg)
{
	(void)arg;
	if (access("/sys/devices/system/node/node1", F_OK))
		tap_skip("this guest has one node");
	for (size_t i = 0; i < 2; i++) {
		struct subject s = {
			.fd = dev_open(), .letters = FULL, .flags = held_too[i], .inside = 1
		};
		struct expect e;

		must_start(&s);
		must_equal(move_to_node(&s, !node_of(&s)), holds(&s) ? 0 : PAGES - 1);
		records_read(&s.r, s.fd);
		expect_none(&e);
		if (!holds(&s)) {
			expect_pages(&e, &s, 0, PAGES, BY_CONTENTS);
			must_release(&s, PW_CAUSE_RECLAIM, &e, false);
		}
		must_have_no_other(&s, holds(&s) ? 0 : PW_CAUSE_RECLAIM, 0, 0);
		expect_pages(&e, &s, 0, PAGES, BY_CONTENTS);
		if (!holds(&s)) /* what is absent now was absent then, and counts once */
			e.absent--;
		must_unwatch(&s, &e);
		subject_end(&s);
	}
}

/* One page is taken out of use; its contents are somewhere else before. */
static void offline(struct subject *s)
{
	int rc = madvise(subject_page(s, 1), PAGE, MADV_SOFT_OFFLINE);

	s->sh->value[0] = rc ? errno : 0;
}

static void offlined(const void *arg)
{
	struct subject s = { .fd = dev_open(), .letters = FULL, .inside = 1, .act = offline };
	struct expect e;

	(void)arg;
	must_start(&s);
	subject_go(&s);
	records_read(&s.r, s.fd);
	if (s.sh->value[0] == EINVAL)
		tap_skip("this kernel has no soft offlining");
	must_equal(s.sh->value[0], 0);
	expect_none(&e);
	expect_pages(&e, &s, 1, 2, BY_CONTENTS);
	must_release(&s, PW_CAUSE_RECLAIM, &e, false);
	must_have_no_other(&s, PW_CAUSE_RECLAIM, 0, 0);
	expect_pages(&e, &s, 0, PAGES, BY_CONTENTS);
	must_unwatch(&s, &e);
	subject_end(&s);
}

/* Compaction moves what it likes; each page that it moved went once, and none other did. */
static void compacted(const void *arg)
{
	struct subject s = { .fd = dev_open(), .letters = FULL, .inside = 1 };
	uint64_t before[PAGES], moved = 0, told = 0;
	const struct pw_secret *one;

	(void)arg;
	must_start(&s);
	for (unsigned int i = 0; i < PAGES; i++)
		before[i] = pagemap_of(s.pid, s.sh->base + i * PAGE);
	if (write_file("/proc/sys/vm/compact_memory", "1"))
		tap_skip("this kernel has no compaction");
	records_read(&s.r, s.fd);
	must_have_no_other(&s, PW_CAUSE_RECLAIM, 0, 0);
	for (unsigned int i = 0; i < PAGES; i++)
		moved += before[i] != pagemap_of(s.pid, s.sh->base + i * PAGE);
	for (size_t i = 0; (one = records_find(&s.r, s.sh->id, PW_SECRET_RELEASED, i)); i++)
		told += one->pages_dirty + one->pages_unknown;
	tap_note("%ju pages moved", (uintmax_t)moved);
	must(told >= moved);
	must_equal(dev_unwatch(s.fd, s.sh->id, NULL), 0);
	subject_end(&s);
}

/* ---- huge pages ---------------------------------------------------------------------------------- */

static char huge_letters[2 * HUGE_PAGES + 1];

/* The region is mapped anew: two huge pages full of one byte; the watch is the case's. */
static void make_huge(struct subject *s)
{
	char *at = mmap(subject_page(s, 0), 2 * HUGE_PAGES * PAGE, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);

	act(s, at == subject_page(s, 0));
	prctl(PR_SET_THP_DISABLE, 0, 0, 0, 0);
	act(s, !madvise(at, 2 * HUGE_PAGES * PAGE, MADV_HUGEPAGE));
	memset(at, 'h', 2 * HUGE_PAGES * PAGE);
}

struct huge_way {
	const char *name;
	void (*act)(struct subject *s);
	uint32_t cause;
	unsigned int from, to;
};

static void huge_unmap(struct subject *s)
{
	act(s, !munmap(subject_page(s, 0), 2 * HUGE_PAGES * PAGE));
}

static void huge_unmap_part(struct subject *s)
{
	act(s, !munmap(subject_page(s, 100), 100 * PAGE));
}

static void huge_discard_part(struct subject *s)
{
	act(s, !madvise(subject_page(s, HUGE_PAGES - 50), 100 * PAGE, MADV_DONTNEED));
}

static void huge_discard_whole(struct subject *s)
{
	act(s, !madvise(subject_page(s, HUGE_PAGES), HUGE_PAGES * PAGE, MADV_DONTNEED));
}

/* Splitting the mapping lets no page go. */
static void huge_split(struct subject *s)
{
	act(s, !mprotect(subject_page(s, 7), PAGE, PROT_READ));
	act(s, !mprotect(subject_page(s, 7), PAGE, PROT_READ | PROT_WRITE));
}

static void huge_exit(struct subject *s)
{
	(void)s;
	_exit(0);
}

static const struct huge_way huge_ways[] = {
	{ "munmap of huge pages", huge_unmap, PW_CAUSE_UNMAP, 0, 2 * HUGE_PAGES },
	{ "munmap of a part of a huge page", huge_unmap_part, PW_CAUSE_UNMAP, 100, 200 },
	{ "MADV_DONTNEED across two huge pages", huge_discard_part, PW_CAUSE_DISCARD,
	  HUGE_PAGES - 50, HUGE_PAGES + 50 },
	{ "MADV_DONTNEED of one huge page", huge_discard_whole, PW_CAUSE_DISCARD, HUGE_PAGES,
	  2 * HUGE_PAGES },
	{ "a huge page is split", huge_split, PW_CAUSE_NONE, 0, 0 },
	{ "exit with huge pages", huge_exit, PW_CAUSE_EXIT, 0, 2 * HUGE_PAGES },
};

static const struct huge_way *huge_now;

static void huge_steps(struct subject *s)
{
	make_huge(s);
	s->sh->value[0] = huge_kb(getpid(), s->sh->base);
	subject_pause(s);
	huge_now->act(s);
}

static void huge_run(const struct huge_way *w, uint32_t flags)
{
	struct subject s = { .fd = dev_open(), .letters = huge_letters, .act = huge_steps };
	const uint64_t pages = 2 * HUGE_PAGES;
	struct expect e;

	huge_now = w;
	subject_start(&s);
	must_equal(s.sh->watch_error, 0);
	must_equal(dev_unwatch(s.fd, s.sh->id, NULL), 0);
	subject_go(&s);
	if (s.sh->value[0] < 4096)
		tap_skip("no huge pages: %ju kB", (uintmax_t)s.sh->value[0]);
	s.flags = flags;
	s.sh->id = must_watch(s.fd, s.pid, s.sh->base, pages * PAGE, flags);
	records_read(&s.r, s.fd);
	records_clear(&s.r);
	subject_go(&s);
	if (w->cause == PW_CAUSE_EXIT)
		subject_end(&s);
	records_read(&s.r, s.fd);
	expect_none(&e);
	e.dirty = w->to - w->from;
	e.dirty_bytes = e.dirty * PAGE;
	if (e.dirty)
		e.first_dirty = s.sh->base + w->from * PAGE;
	if (w->cause)
		must_release(&s, w->cause, &e, flags & PW_WATCH_SCRUB);
	must_have_no_other(&s, w->cause, 0, 0);
	e.dirty = pages;
	e.dirty_bytes = pages * PAGE;
	e.first_dirty = s.sh->base;
	if (w->cause == PW_CAUSE_EXIT)
		return must_end(&s, PW_CAUSE_EXIT, &e);
	must_unwatch(&s, &e);
	subject_end(&s);
}

static void huge_trial(const void *arg)
{
	for (size_t i = 0; i < 3; i++) {
		tap_note("flags %u", held_too[i]);
		huge_run(arg, held_too[i]);
	}
}

/* Small pages that become a huge one: their contents are copied, the old pages go with them. */
static void collapse_steps(struct subject *s)
{
	char *at = subject_page(s, 0);

	prctl(PR_SET_THP_DISABLE, 0, 0, 0, 0);
	s->sh->value[0] = madvise(at, HUGE_PAGES * PAGE, MADV_COLLAPSE) ? errno : 0;
	s->sh->value[1] = huge_kb(getpid(), s->sh->base);
}

static void collapsed(const void *arg)
{
	for (size_t i = 0; i < 2; i++) {
		struct subject s = { .fd = dev_open(),
				     .letters = huge_letters,
				     .flags = held_too[i],
				     .to = 100 * PAGE,
				     .act = collapse_steps };
		struct expect e;

		must_start(&s);
		subject_go(&s);
		records_read(&s.r, s.fd);
		tap_note("madvise %ju, %ju kB huge", (uintmax_t)s.sh->value[0],
			 (uintmax_t)s.sh->value[1]);
		if (!holds(&s) && s.sh->value[0])
			tap_skip("no collapse: %s", strerror((int)s.sh->value[0]));
		must_equal(s.sh->value[1], holds(&s) ? 0 : 2048);
		expect_none(&e);
		expect_pages(&e, &s, 0, 100, BY_CONTENTS);
		if (!holds(&s))
			must_release(&s, PW_CAUSE_RECLAIM, &e, false);
		must_have_no_other(&s, holds(&s) ? 0 : PW_CAUSE_RECLAIM, 0, 0);
		if (!holds(&s)) /* and the new ones are still there */
			expect_pages(&e, &s, 0, 100, BY_CONTENTS);
		must_unwatch(&s, &e);
		subject_end(&s);
	}
	(void)arg;
}

/* ---- merged pages ----------------------------------------------------------------------------------- */

#define KSM "/sys/kernel/mm/ksm/"

static void mergeable(struct subject *s)
{
	act(s, !madvise(subject_page(s, 0), PAGES * PAGE, MADV_MERGEABLE));
}

static void merged(const void *arg)
{
	(void)arg;
	if (access(KSM "run", F_OK))
		tap_skip("this kernel has no KSM");
	write_file(KSM "sleep_millisecs", "5");
	for (size_t i = 0; i < 2; i++) {
		struct subject s = { .fd = dev_open(),
				     .letters = "bbbbbbbbbb",
				     .flags = held_too[i],
				     .act = mergeable };
		const struct pw_secret *one;
		uint64_t told = 0;

		must_start(&s);
		subject_go(&s);
		must_equal(write_file(KSM "run", "1"), 0);
		for (int t = 0; t < 100 && atoi(read_file(KSM "pages_sharing")) == 0; t++)
			usleep(holds(&s) ? 5000 : 50000);
		tap_note("%s pages shared", read_file(KSM "pages_sharing"));
		must_equal(write_file(KSM "run", "0"), 0);
		records_read(&s.r, s.fd);
		for (size_t n = 0; (one = records_find(&s.r, 0, PW_SECRET_RELEASED, n)); n++)
			told += one->pages_dirty + one->pages_unknown + one->pages_mapped;
		/* Each page but the one that all share went; that one may have been copied, too. */
		if (holds(&s))
			must_equal(told, 0);
		else if (told < PAGES - 1) {
			records_print(&s.r);
			tap_fail("%ju pages told of", (uintmax_t)told);
		}
		must_equal(dev_unwatch(s.fd, s.sh->id, NULL), 0);
		subject_end(&s);
	}
}

/* ---- the OOM killer ------------------------------------------------------------------------------------ */

static void eat(struct subject *s)
{
	const size_t step = 1ul << 20;

	(void)s;
	prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
	for (;;) {
		char *p =
			mmap(NULL, step, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (p == MAP_FAILED)
			_exit(1);
		memset(p, 1, step);
	}
}

static void killed_for_memory(const void *arg)
{
	for (size_t i = 0; i < 3; i++) {
		struct subject s = {
			.fd = dev_open(), .letters = FULL, .flags = held_too[i], .inside = 1, .act = eat
		};
		const char *group = cgroup_make("pw-oom", 24ull << 20);
		struct expect e;

		must_start(&s);
		must_equal(cgroup_enter(group, s.pid), 0);
		subject_go(&s);
		must_equal(subject_end(&s), SIGKILL);
		records_read(&s.r, s.fd);
		expect_none(&e);
		expect_pages(&e, &s, 0, PAGES, BY_CONTENTS);
		must_release(&s, PW_CAUSE_EXIT, &e, s.flags & PW_WATCH_SCRUB);
		must_have_no_other(&s, PW_CAUSE_EXIT, 0, 0);
		must_end(&s, PW_CAUSE_EXIT, &e);
	}
	(void)arg;
}

int main(int argc, char **argv)
{
	const char *only = argc > 1 ? argv[1] : "";
	cpu_set_t one;
	const struct {
		void (*run)(const void *arg);
		const char *name;
	} cases[] = {
		{ swapped_by_itself, "MADV_PAGEOUT" },
		{ swapped_from_outside, "MADV_PAGEOUT from another process" },
		{ swapped_then_unmapped, "swapped pages are unmapped" },
		{ migrated, "pages move to another node" },
		{ offlined, "a page is taken out of use" },
		{ compacted, "compaction" },
		{ collapsed, "small pages become a huge one" },
		{ merged, "pages are merged" },
		{ killed_for_memory, "the OOM killer" },
	};

	/* What waits in another CPU's batch is not swapped out. */
	CPU_ZERO(&one);
	CPU_SET(0, &one);
	sched_setaffinity(0, sizeof(one), &one);
	physical_init();
	memset(huge_letters, 'b', sizeof(huge_letters) - 1);
	write_file("/sys/kernel/mm/transparent_hugepage/enabled", "madvise");
	tap_afterwards = dev_leftovers;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (strstr(cases[i].name, only))
			tap_case(cases[i].run, NULL, "%s", cases[i].name);
	for (size_t i = 0; i < sizeof(huge_ways) / sizeof(huge_ways[0]); i++)
		if (strstr(huge_ways[i].name, only))
			tap_case(huge_trial, &huge_ways[i], "%s", huge_ways[i].name);
	swap_off();
	return tap_end();
}
