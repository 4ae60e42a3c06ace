// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Ways that few programs take: MADV_FREE, whose pages go when the kernel likes;
 * userfaultfd, which gives pages, write-protects and moves them; and mappings
 * that can't be watched, put in the place of what is.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/module/machine.h"
#include "tests/module/physical.h"
#include "tests/module/subject.h"
#include "tests/module/tap.h"

#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT 21
#endif
#ifndef SYS_memfd_secret
#define SYS_memfd_secret 447
#endif
#ifndef UFFDIO_MOVE /* since 6.8 */
#define UFFD_FEATURE_MOVE (1 << 16)
#define UFFDIO_MOVE_MODE_ALLOW_SRC_HOLES (1ull << 1)
struct uffdio_move {
	__u64 dst, src, len, mode;
	__s64 move;
};
#define UFFDIO_MOVE _IOWR(UFFDIO, 0x05, struct uffdio_move)
#endif

#define FULL "DDDDADDDDZ"
#define PAGES 10u
#define ABSENT 4u
#define PART_FROM 2u
#define PART_TO 7u
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

static void advise(struct subject *s, int advice)
{
	act(s, !madvise(subject_page(s, 0), PAGES * PAGE, advice));
}

/* ---- MADV_FREE ------------------------------------------------------------------------------ */

/* Nothing goes by the call itself. */
static void given_up(struct subject *s)
{
	advise(s, MADV_FREE);
}

static void given_up_and_unmapped(struct subject *s)
{
	given_up(s);
	act(s, !munmap(subject_page(s, 0), PAGES * PAGE));
}

/* Reclaim takes what was given up, without a place in swap. */
static void given_up_and_reclaimed(struct subject *s)
{
	given_up(s);
	subject_pause(s); /* as long as the module looks at them, its references keep them */
	advise(s, MADV_PAGEOUT);
}

/* What was written to after it was given up is the program's again. */
static void given_up_and_written(struct subject *s)
{
	given_up(s);
	subject_pause(s);
	*(volatile char *)subject_page(s, 1) = 'w';
	*(volatile char *)subject_page(s, 2) = 'w';
	advise(s, MADV_PAGEOUT);
}

static const struct free_way {
	const char *name;
	void (*act)(struct subject *s);
	uint32_t cause, held_cause;
	bool paused;
	bool stay; /* pages 1 and 2 */
} free_ways[] = {
	{ "MADV_FREE", given_up, PW_CAUSE_NONE, PW_CAUSE_NONE, false, false },
	{ "MADV_FREE, then munmap", given_up_and_unmapped, PW_CAUSE_UNMAP, PW_CAUSE_UNMAP, false,
	  false },
	{ "MADV_FREE, then reclaim", given_up_and_reclaimed, PW_CAUSE_DISCARD, PW_CAUSE_NONE, true,
	  false },
	{ "MADV_FREE, written to, then reclaim", given_up_and_written, PW_CAUSE_DISCARD,
	  PW_CAUSE_NONE, true, true },
};

static void free_run(const struct free_way *w, uint32_t flags)
{
	struct subject s = {
		.fd = dev_open(), .letters = FULL, .flags = flags, .inside = 1, .act = w->act
	};
	uint32_t cause = holds(&s) ? w->held_cause : w->cause;
	struct expect e;

	must_start(&s);
	subject_go(&s);
	records_read(&s.r, s.fd);
	if (w->paused) {
		must_have_no_other(&s, 0, 0, 0);
		subject_go(&s);
		records_read(&s.r, s.fd);
	}
	expect_none(&e);
	if (cause) {
		expect_pages(&e, &s, 0, w->stay ? 1 : PAGES, BY_CONTENTS);
		if (w->stay)
			expect_pages(&e, &s, 3, PAGES, BY_CONTENTS);
		must_release(&s, cause, &e, flags & PW_WATCH_SCRUB);
	}
	must_have_no_other(&s, cause, 0, 0);
	for (unsigned int i = 0; i < PAGES && cause == PW_CAUSE_DISCARD; i++)
		must_equal(page_present(s.pid, s.sh->base + i * PAGE), w->stay && (i == 1 || i == 2));
	expect_none(&e);
	expect_pages(&e, &s, 0, PAGES, BY_CONTENTS);
	must_unwatch(&s, &e);
	subject_end(&s);
}

static void free_trial(const void *arg)
{
	for (size_t i = 0; i < 3; i++) {
		tap_note("flags %u", held_too[i]);
		free_run(arg, held_too[i]);
	}
}

/* What is in swap is given up at once: its slots go with what is in them. */
static void page_out_and_free(struct subject *s)
{
	advise(s, MADV_PAGEOUT);
	subject_pause(s);
	given_up(s);
}

static void swapped_then_freed(const void *arg)
{
	struct subject s = { .fd = dev_open(), .letters = FULL, .inside = 1, .act = page_out_and_free };
	struct expect e;

	(void)arg;
	swap_on();
	must_start(&s);
	subject_go(&s);
	records_read(&s.r, s.fd);
	expect_none(&e);
	expect_pages(&e, &s, 0, PAGES, SWAPPED);
	e.absent = 0; /* reclaim comes for pages, not for a range */
	must_release(&s, PW_CAUSE_RECLAIM, &e, false);
	records_clear(&s.r);
	subject_go(&s);
	records_read(&s.r, s.fd);
	e.absent = 1;
	must_release(&s, PW_CAUSE_DISCARD, &e, false);
	must_have_no_other(&s, PW_CAUSE_DISCARD, 0, 0);
	must_equal(dev_unwatch(s.fd, s.sh->id, NULL), 0);
	subject_end(&s);
}

/* ---- userfaultfd ------------------------------------------------------------------------------ */

static int uffd_open(uint64_t features)
{
	struct uffdio_api api = { .api = UFFD_API, .features = features };
	int fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);

	if (fd >= 0 && !ioctl(fd, UFFDIO_API, &api))
		return fd;
	close(fd);
	return -1;
}

/* In the subject: -1 with an error in value[0], for uffd_needed() to say it. */
static int uffd_on(struct subject *s, void *start, uint64_t pages, uint64_t mode, uint64_t features)
{
	struct uffdio_register r = { .range = { (uintptr_t)start, pages * PAGE }, .mode = mode };
	int fd = uffd_open(features);

	if (fd >= 0 && !ioctl(fd, UFFDIO_REGISTER, &r))
		return fd;
	s->sh->value[0] = errno ? errno : EINVAL;
	return -1;
}

static void uffd_needed(const struct subject *s, const char *what)
{
	if (s->sh->value[0])
		tap_skip("no %s: %s", what, strerror((int)s->sh->value[0]));
}

static char given_page[PAGE] __attribute__((aligned(PAGE)));

/* Page 2 becomes the kernel's page of zeroes, page 3 is given; page 4 stays missing. */
static void missing_pages_are_given(struct subject *s)
{
	int fd = uffd_on(s, subject_page(s, 0), PAGES, UFFDIO_REGISTER_MODE_MISSING, 0);
	struct uffdio_zeropage zero = { .range = { (uintptr_t)subject_page(s, 2), PAGE } };
	struct uffdio_copy copy = { .dst = (uintptr_t)subject_page(s, 3),
				    .src = (uintptr_t)given_page,
				    .len = PAGE };

	if (fd < 0)
		return;
	memset(given_page, 'g', PAGE);
	act(s, !ioctl(fd, UFFDIO_ZEROPAGE, &zero));
	act(s, !ioctl(fd, UFFDIO_COPY, &copy));
	act(s, *(volatile char *)subject_page(s, 2) == 0);
	act(s, *(volatile char *)subject_page(s, 3) == 'g');
	subject_pause(s);
	act(s, !munmap(subject_page(s, 0), PAGES * PAGE));
}

static void missing_pages(const void *arg)
{
	struct subject s = {
		.fd = dev_open(), .letters = "DDAAADDDDD", .inside = 1, .act = missing_pages_are_given
	};
	struct expect e;

	(void)arg;
	must_start(&s);
	subject_go(&s);
	uffd_needed(&s, "userfaultfd");
	records_read(&s.r, s.fd);
	must_have_no_other(&s, 0, 0, 0);
	subject_go(&s);
	records_read(&s.r, s.fd);
	s.letters = "DDADADDDDD";
	expect_none(&e);
	expect_pages(&e, &s, 0, PAGES, BY_CONTENTS);
	must_release(&s, PW_CAUSE_UNMAP, &e, false);
	must_have_no_other(&s, PW_CAUSE_UNMAP, 0, 0);
	must_unwatch(&s, &e);
	subject_end(&s);
}

/* Nobody answers: a call that wants the pages fails; one that doesn't, does not wait for them. */
static void nobody_answers(const void *arg)
{
	struct uffdio_register r = { .range = { REGION, PAGES * PAGE },
				     .mode = UFFDIO_REGISTER_MODE_MISSING };
	int fd = dev_open(), uffd = uffd_open(0);
	struct pw_dev_wipe w;
	uint64_t id = 0;

	(void)arg;
	if (uffd < 0)
		tap_skip("no userfaultfd: %s", strerror(errno));
	must(mmap((void *)REGION, PAGES * PAGE, PROT_READ | PROT_WRITE,
		  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) != MAP_FAILED);
	must(!ioctl(uffd, UFFDIO_REGISTER, &r));
	must_equal(dev_watch(fd, 0, REGION, PAGES * PAGE, PW_WATCH_HOLD, &id), -EFAULT);
	id = must_watch(fd, 0, REGION, PAGES * PAGE, 0);
	must_equal(dev_wipe(fd, 0, REGION, PAGES * PAGE, &w), 0);
	must_equal(w.absent_bytes, PAGES * PAGE);
	must_equal(w.verdict, PW_WIPED_WHOLE);
	must_equal(dev_unwatch(fd, id, NULL), 0);
}

static void *read_into_region(void *arg)
{
	return (void *)read(*(int *)arg, (void *)REGION, PAGE);
}

/* A reader whose buffer waits for a handler holds up nobody but itself. */
static void reader_waits(const void *arg)
{
	struct uffdio_register r = { .range = { REGION, PAGE }, .mode = UFFDIO_REGISTER_MODE_MISSING };
	struct uffdio_zeropage zero = { .range = { REGION, PAGE } };
	int fd = dev_open(), other = dev_open(), uffd = uffd_open(0);
	struct pollfd p = { uffd, POLLIN, 0 };
	uint64_t id;
	pthread_t t;
	void *got;

	(void)arg;
	if (uffd < 0)
		tap_skip("no userfaultfd: %s", strerror(errno));
	must(mmap((void *)OTHER_REGION, PAGES * PAGE, PROT_READ | PROT_WRITE,
		  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) != MAP_FAILED);
	must(mmap((void *)REGION, PAGE, PROT_READ | PROT_WRITE,
		  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) != MAP_FAILED);
	must(!ioctl(uffd, UFFDIO_REGISTER, &r));
	id = must_watch(fd, 0, OTHER_REGION, PAGES * PAGE, 0);
	must(!pthread_create(&t, NULL, read_into_region, &fd));
	must_equal(poll(&p, 1, 10000), 1);
	must_equal(dev_info(fd).watches, 1);
	must_equal(dev_unwatch(fd, id, NULL), 0);
	for (int i = 0; i < 10; i++)
		must_equal(dev_unwatch(other,
				       must_watch(other, 0, OTHER_REGION, PAGE, PW_WATCH_HOLD), NULL),
			   0);
	must(!ioctl(uffd, UFFDIO_ZEROPAGE, &zero));
	must(!pthread_join(t, &got));
	must((ssize_t)got >= (ssize_t)sizeof(struct pw_secret));
	must_equal(((struct pw_secret *)REGION)->id, id);
}

static void protect_by_uffd(struct subject *s)
{
	int fd = uffd_on(s, subject_page(s, 0), PAGES, UFFDIO_REGISTER_MODE_WP,
			 UFFD_FEATURE_PAGEFAULT_FLAG_WP);
	struct uffdio_writeprotect wp = { .range = { (uintptr_t)subject_page(s, 0), PAGES * PAGE },
					  .mode = UFFDIO_WRITEPROTECT_MODE_WP };

	if (fd < 0)
		return;
	act(s, !ioctl(fd, UFFDIO_WRITEPROTECT, &wp));
	wp.mode = 0;
	act(s, !ioctl(fd, UFFDIO_WRITEPROTECT, &wp));
	*(volatile char *)subject_page(s, 0) = 'w';
}

static void protected(const void *arg)
{
	(void)arg;
	for (size_t i = 0; i < 3; i++) {
		struct subject s = { .fd = dev_open(),
				     .letters = FULL,
				     .flags = held_too[i],
				     .inside = 1,
				     .act = protect_by_uffd };
		struct expect e;

		must_start(&s);
		subject_go(&s);
		uffd_needed(&s, "write protection by userfaultfd");
		records_read(&s.r, s.fd);
		must_have_no_other(&s, 0, 0, 0);
		expect_none(&e);
		expect_pages(&e, &s, 0, PAGES, BY_CONTENTS);
		must_unwatch(&s, &e);
		subject_end(&s);
	}
}

/* Moves [from, to) to the same place of the other region; value[1]: 0, or why not. */
static void move_pages(struct subject *s, unsigned int from, unsigned int to)
{
	uint64_t bytes = 2 * HUGE_PAGES * PAGE;
	struct uffdio_move move = { .dst = OTHER_REGION + from * PAGE,
				    .src = s->sh->base + from * PAGE,
				    .len = (to - from) * PAGE,
				    .mode = UFFDIO_MOVE_MODE_ALLOW_SRC_HOLES };
	int fd;

	act(s, mmap((void *)OTHER_REGION, bytes, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) != MAP_FAILED);
	fd = uffd_on(s, (void *)OTHER_REGION, 2 * HUGE_PAGES, UFFDIO_REGISTER_MODE_MISSING,
		     UFFD_FEATURE_MOVE);
	if (fd < 0)
		return;
	s->sh->value[1] = ioctl(fd, UFFDIO_MOVE, &move) ? errno : 0;
	s->sh->value[2] = (uint64_t)move.move;
	/* Wakes whoever would wait for a page there for ever. */
	close(fd);
}

static void move_part(struct subject *s)
{
	move_pages(s, PART_FROM, PART_TO);
	if (s->sh->value[0] || s->sh->value[1])
		return;
	for (unsigned int i = PART_FROM; i < PART_TO; i++)
		if (!*(volatile char *)(OTHER_REGION + i * PAGE) != (i == ABSENT))
			s->sh->error = EBADMSG;
}

/*
 * Records of what moved away: these pages, still mapped, of which some may be
 * unknown. Newer kernels move several at a time, and as often as it takes; then
 * those that are left for the next time were still mapped as well.
 */
static void must_be_moved(struct subject *s, uint64_t pages, uint64_t unknown_max)
{
	const struct pw_secret *one;
	uint64_t mapped = 0, unknown = 0;

	must_have_no_other(s, PW_CAUSE_DISCARD, 0, 0);
	for (size_t i = 0; (one = records_find(&s->r, s->sh->id, PW_SECRET_RELEASED, i)); i++) {
		if (one->pages_clean + one->pages_dirty + one->pages_swapped + one->pages_copied +
		    one->pages_held)
			tap_fail("it moved: %s", secret_text(one));
		mapped += one->pages_mapped;
		unknown += one->pages_unknown;
	}
	tap_note("%ju pages moved: %ju still mapped, %ju unknown", (uintmax_t)pages,
		 (uintmax_t)mapped, (uintmax_t)unknown);
	if (mapped + unknown >= pages && unknown <= unknown_max)
		return;
	records_print(&s->r);
	tap_fail("not all are told of");
}

static void must_have_left(struct subject *s, uint64_t pages)
{
	struct pw_dev_unwatch u;

	must_equal(dev_unwatch(s->fd, s->sh->id, &u), 0);
	must_equal(u.pages_clean + u.pages_dirty, pages);
}

/* What is pinned is not moved. */
static void moved(const void *arg)
{
	(void)arg;
	for (size_t i = 0; i < 3; i++) {
		struct subject s = { .fd = dev_open(),
				     .letters = FULL,
				     .flags = held_too[i],
				     .inside = 1,
				     .act = move_part };

		must_start(&s);
		subject_go(&s);
		uffd_needed(&s, "UFFDIO_MOVE");
		must_equal(s.sh->value[1], holds(&s) ? EBUSY : 0);
		records_read(&s.r, s.fd);
		if (holds(&s))
			must_have_no_other(&s, 0, 0, 0);
		else
			must_be_moved(&s, PART_TO - PART_FROM - 1, 0);
		must_have_left(&s, holds(&s) ? PAGES : PAGES - (PART_TO - PART_FROM));
		subject_end(&s);
	}
}

static unsigned int huge_from, huge_to;
static char huge_letters[2 * HUGE_PAGES + 1];

static char *map_huge(struct subject *s)
{
	char *at = mmap(subject_page(s, 0), 2 * HUGE_PAGES * PAGE, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);

	act(s, at == subject_page(s, 0));
	prctl(PR_SET_THP_DISABLE, 0, 0, 0, 0);
	act(s, !madvise(at, 2 * HUGE_PAGES * PAGE, MADV_HUGEPAGE));
	return at;
}

static void fill_huge(struct subject *s, char *at)
{
	memset(at, 'h', 2 * HUGE_PAGES * PAGE);
	s->sh->value[3] = huge_kb(getpid(), s->sh->base);
}

static void move_huge(struct subject *s)
{
	fill_huge(s, map_huge(s));
	subject_pause(s);
	move_pages(s, huge_from, huge_to);
}

/* The same again and again, of nothing; and then of something. */
static void discard_often(struct subject *s)
{
	char *at = map_huge(s);

	subject_pause(s);
	for (int i = 0; i < 10; i++)
		act(s, !madvise(at, 100 * PAGE, MADV_DONTNEED));
	fill_huge(s, at);
	act(s, !madvise(at, 100 * PAGE, MADV_DONTNEED));
}

static void huge_start(struct subject *s)
{
	subject_start(s);
	must_equal(s->sh->watch_error, 0);
	must_equal(dev_unwatch(s->fd, s->sh->id, NULL), 0);
	subject_go(s);
	s->sh->id = must_watch(s->fd, s->pid, s->sh->base, 2 * HUGE_PAGES * PAGE, 0);
	records_read(&s->r, s->fd);
	records_clear(&s->r);
	subject_go(s);
	if (s->sh->value[3] < 4096)
		tap_skip("no huge pages: %ju kB", (uintmax_t)s->sh->value[3]);
	records_read(&s->r, s->fd);
}

static void huge_discarded(const void *arg)
{
	struct subject s = { .fd = dev_open(), .letters = huge_letters, .act = discard_often };
	struct expect e;

	(void)arg;
	huge_start(&s);
	expect_none(&e);
	e.dirty = 100;
	e.dirty_bytes = 100 * PAGE;
	e.first_dirty = s.sh->base;
	must_release(&s, PW_CAUSE_DISCARD, &e, false);
	must_have_no_other(&s, PW_CAUSE_DISCARD, 0, 0);
	must_have_left(&s, 2 * HUGE_PAGES);
	subject_end(&s);
}

/*
 * A whole one moves as it is; of a part the huge page is split first, for which
 * nobody may have a reference: the module must let go of it, and may be unable to
 * say more of that page than that it could not follow it.
 */
static void huge_run(unsigned int from, unsigned int to, uint64_t unknown_max)
{
	struct subject s = { .fd = dev_open(), .letters = huge_letters, .act = move_huge };

	huge_from = from;
	huge_to = to;
	huge_start(&s);
	uffd_needed(&s, "UFFDIO_MOVE");
	must_equal(s.sh->value[1], 0);
	must_be_moved(&s, to - from, unknown_max);
	must_have_left(&s, 2 * HUGE_PAGES - (to - from));
	subject_end(&s);
}

static void huge_whole(const void *arg)
{
	(void)arg;
	huge_run(0, HUGE_PAGES, 0);
}

static void huge_part(const void *arg)
{
	(void)arg;
	huge_run(5, 25, 20); /* the first: each of these is remembered */
	huge_run(100, 120, 20);
}

static void huge_both(const void *arg)
{
	(void)arg;
	huge_run(HUGE_PAGES - 10, 2 * HUGE_PAGES, HUGE_PAGES + 10);
}

/* ---- what can't be watched ------------------------------------------------------------------------ */

static void *map_at_region(uint64_t bytes, int flags, int fd, off_t offset)
{
	return mmap((void *)REGION, bytes, PROT_READ | PROT_WRITE, flags | MAP_FIXED, fd, offset);
}

static void *map_secret(uint64_t bytes)
{
	int fd = (int)syscall(SYS_memfd_secret, 0);
	void *at;

	if (fd < 0 || ftruncate(fd, (off_t)bytes))
		return MAP_FAILED;
	at = map_at_region(bytes, MAP_SHARED, fd, 0);
	close(fd);
	return at;
}

static void *map_hugetlb(uint64_t bytes)
{
	write_file("/proc/sys/vm/nr_hugepages", "2");
	return map_at_region(bytes, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
}

/* The BIOS: what /dev/mem lets anybody see. */
static void *map_device(uint64_t bytes)
{
	int fd = open("/dev/mem", O_RDWR | O_CLOEXEC);
	void *at;

	if (fd < 0)
		return MAP_FAILED;
	at = map_at_region(bytes, MAP_SHARED, fd, 0xf0000);
	close(fd);
	return at;
}

static const struct foreign {
	const char *name;
	void *(*map)(uint64_t bytes);
	uint64_t pages;
	uint32_t reason;
	bool written;
} foreigners[] = {
	{ "memfd_secret", map_secret, PAGES, PW_UNSEEN_SECRETMEM, true },
	{ "hugetlb", map_hugetlb, HUGE_PAGES, PW_UNSEEN_DEVICE, true },
	{ "a device's memory", map_device, PAGES, PW_UNSEEN_DEVICE, false },
};

static void must_be_unknown(const struct pw_secret *s, uint64_t pages, uint32_t reason)
{
	if (s->pages_unknown != pages || s->reason != reason || s->pages_dirty || s->pages_clean)
		tap_fail("not %ju UNKNOWN with reason %u: %s", (uintmax_t)pages, reason,
			 secret_text(s));
}

/* Refused as it is; where it came over a watched range, its going is UNKNOWN, with the reason. */
static void cannot_be_watched(const void *arg)
{
	const struct foreign *f = arg;
	struct records r = { 0 };
	const uint64_t bytes = f->pages * PAGE;
	const struct pw_secret *one;
	struct pw_dev_wipe w;
	int fd = dev_open();
	uint64_t id;

	if (f->map(bytes) == MAP_FAILED)
		tap_skip("no %s here: %s", f->name, strerror(errno));
	must_equal(dev_watch(fd, 0, REGION, bytes, 0, &id), -EOPNOTSUPP);
	must_equal(dev_watch(fd, 0, REGION, bytes, PW_WATCH_HOLD, &id), -EOPNOTSUPP);
	must_equal(dev_wipe(fd, 0, REGION, bytes, &w), -EOPNOTSUPP);
	must(!munmap((void *)REGION, bytes));

	must(map_at_region(bytes, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED);
	id = must_watch(fd, 0, REGION, bytes, 0);
	must(f->map(bytes) != MAP_FAILED);
	for (uint64_t i = 0; i < f->pages; i++) {
		volatile char *at = (volatile char *)REGION + i * PAGE;

		if (f->written)
			*at = 'f';
		else
			(void)*at;
	}
	must(!munmap((void *)REGION, bytes));
	records_read(&r, fd);
	must(records_count(&r, id, PW_SECRET_RELEASED));
	/* One; 6.1 announces hugetlb's unmapping twice. */
	for (size_t i = 0; (one = records_find(&r, id, PW_SECRET_RELEASED, i)); i++) {
		must_equal(one->cause, PW_CAUSE_UNMAP);
		must_be_unknown(one, f->pages, f->reason);
	}
	/* ... and while it is there, at the end. */
	must(f->map(bytes) != MAP_FAILED);
	(void)*(volatile char *)REGION;
	must_equal(dev_unwatch(fd, id, NULL), 0);
	records_clear(&r);
	records_read(&r, fd);
	one = records_find(&r, id, PW_SECRET_ENDED, 0);
	must(one);
	must(one->pages_unknown > f->pages && !one->pages_dirty && !one->pages_clean);
	write_file("/proc/sys/vm/nr_hugepages", "0");
}

int main(int argc, char **argv)
{
	const char *only = argc > 1 ? argv[1] : "";
	char name[64];
	cpu_set_t one;
	const struct {
		void (*run)(const void *arg);
		const char *name;
	} cases[] = {
		{ swapped_then_freed, "MADV_FREE of what is in swap" },
		{ missing_pages, "userfaultfd gives pages" },
		{ nobody_answers, "userfaultfd that nobody answers" },
		{ reader_waits, "userfaultfd below a reader's buffer" },
		{ protected, "userfaultfd protects pages" },
		{ moved, "userfaultfd moves pages" },
		{ huge_discarded, "a discard again and again" },
		{ huge_whole, "userfaultfd moves a huge page" },
		{ huge_part, "userfaultfd moves a part of a huge page" },
		{ huge_both, "userfaultfd moves one huge page and a part of another" },
	};

	/* What waits in another CPU's batch is not reclaimed. */
	CPU_ZERO(&one);
	CPU_SET(0, &one);
	sched_setaffinity(0, sizeof(one), &one);
	physical_init();
	memset(huge_letters, 'b', sizeof(huge_letters) - 1);
	write_file("/sys/kernel/mm/transparent_hugepage/enabled", "madvise");
	tap_afterwards = dev_leftovers;
	for (size_t i = 0; i < sizeof(free_ways) / sizeof(free_ways[0]); i++)
		if (strstr(free_ways[i].name, only))
			tap_case(free_trial, &free_ways[i], "%s", free_ways[i].name);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (strstr(cases[i].name, only))
			tap_case(cases[i].run, NULL, "%s", cases[i].name);
	for (size_t i = 0; i < sizeof(foreigners) / sizeof(foreigners[0]); i++) {
		snprintf(name, sizeof(name), "%s can't be watched", foreigners[i].name);
		if (strstr(name, only))
			tap_case(cannot_be_watched, &foreigners[i], "%s", name);
	}
	swap_off();
	return tap_end();
}
