// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Every way that a process itself lets pages of a watched range go: what the
 * module says about each page, exactly, with and without HOLD and SCRUB, for a
 * whole region, a part of it, and bytes that begin and end within pages. What
 * SCRUB promised to clear must not be anywhere in physical memory afterwards.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/module/physical.h"
#include "tests/module/subject.h"
#include "tests/module/tap.h"

#ifndef MADV_DONTNEED_LOCKED
#define MADV_DONTNEED_LOCKED 24
#endif

#define MIXED "DDDZAbDDefDZD"
#define FULL "DDDDADDDDADDD"
#define PAGES 13u
#define PART_FROM 3u
#define PART_TO 8u

static void act(struct subject *s, bool ok)
{
	if (!ok)
		s->sh->error = errno;
}

static void *all(struct subject *s)
{
	return subject_page(s, 0);
}

static void unmap_all(struct subject *s)
{
	act(s, !munmap(all(s), PAGES * PAGE));
}

static void unmap_part(struct subject *s)
{
	act(s, !munmap(subject_page(s, PART_FROM), (PART_TO - PART_FROM) * PAGE));
}

static void unmap_page_by_page(struct subject *s)
{
	for (unsigned int i = 0; i < PAGES; i++)
		act(s, !munmap(subject_page(s, (i * 5) % PAGES), PAGE));
}

static void map_over(struct subject *s)
{
	act(s, mmap(all(s), PAGES * PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
		    0) != MAP_FAILED);
}

/* What moved must be whole where it is now. */
static void check_moved(struct subject *s, const char *letters, const uint8_t *now)
{
	for (unsigned int i = 0; letters[i]; i++)
		if (letters[i] == 'D' && (!now[i * PAGE] || !now[i * PAGE + PAGE - 1]))
			s->sh->error = EBADMSG;
}

static void move_with(struct subject *s, int flags)
{
	void *to = mremap(all(s), PAGES * PAGE, PAGES * PAGE, flags, (void *)OTHER_REGION);

	act(s, to == (void *)OTHER_REGION);
	if (!s->sh->error)
		check_moved(s, s->letters, to);
}

static void move_all(struct subject *s)
{
	move_with(s, MREMAP_MAYMOVE | MREMAP_FIXED);
}

static void move_leaving_the_mapping(struct subject *s)
{
	move_with(s, MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP);
}

static void shrink(struct subject *s)
{
	act(s, mremap(all(s), PAGES * PAGE, PART_FROM * PAGE, 0) == all(s));
}

static void shrink_brk(struct subject *s)
{
	act(s, !brk(subject_page(s, PART_FROM)));
}

static void advise(struct subject *s, unsigned int from, unsigned int to, int advice)
{
	act(s, !madvise(subject_page(s, from), (to - from) * PAGE, advice));
}

static void dontneed(struct subject *s)
{
	advise(s, 0, PAGES, MADV_DONTNEED);
}

static void dontneed_part(struct subject *s)
{
	advise(s, PART_FROM, PART_TO, MADV_DONTNEED);
}

/* There is nothing to go the second time. */
static void dontneed_twice(struct subject *s)
{
	dontneed(s);
	dontneed(s);
}

static void dontneed_locked(struct subject *s)
{
	act(s, !mlock2(all(s), PAGES * PAGE, MLOCK_ONFAULT));
	advise(s, 0, PAGES, MADV_DONTNEED_LOCKED);
}

static void remove_pages(struct subject *s)
{
	advise(s, 0, PAGES, MADV_REMOVE);
}

static void punch_hole(struct subject *s)
{
	act(s, !fallocate(s->memfd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, PART_FROM * PAGE,
			  (PART_TO - PART_FROM) * PAGE));
}

static void truncate_file(struct subject *s)
{
	act(s, !ftruncate(s->memfd, PART_FROM * PAGE));
}

static void leave(struct subject *s)
{
	(void)s;
	_exit(0);
}

static void kill_itself(struct subject *s)
{
	(void)s;
	kill(getpid(), SIGKILL);
}

static void crash(struct subject *s)
{
	*(volatile char *)subject_page(s, 1000 * PAGES) = 1;
}

/* /proc/self/exe with an argument that this program knows. */
static void execute(struct subject *s)
{
	execl("/proc/self/exe", "test", "--leave", NULL);
	act(s, false);
}

static void *execute_there(void *arg)
{
	execute(arg);
	return NULL;
}

static void execute_from_thread(struct subject *s)
{
	pthread_t t;

	act(s, !pthread_create(&t, NULL, execute_there, s));
	pthread_join(t, NULL);
}

static void *leave_there(void *arg)
{
	(void)arg;
	syscall(SYS_exit_group, 0);
	return NULL;
}

static void leave_from_thread(struct subject *s)
{
	pthread_t t;

	act(s, !pthread_create(&t, NULL, leave_there, NULL));
	pthread_join(t, NULL);
}

static void *unmap_there(void *arg)
{
	unmap_all(arg);
	return NULL;
}

/* The leader of the threads is gone first; the last thread unmaps and ends. */
static void *unmap_when_alone(void *arg)
{
	usleep(20000);
	unmap_all(arg);
	return NULL;
}

static void unmap_from_thread(struct subject *s)
{
	pthread_t t;

	act(s, !pthread_create(&t, NULL, unmap_there, s));
	pthread_join(t, NULL);
}

static void unmap_without_leader(struct subject *s)
{
	pthread_t t;

	act(s, !pthread_create(&t, NULL, unmap_when_alone, s));
	syscall(SYS_exit, 0);
}

static void nothing_goes(struct subject *s)
{
	char *at = all(s);

	act(s, !mprotect(at, PAGES * PAGE, PROT_NONE));
	act(s, !mprotect(at, PAGES * PAGE, PROT_READ | PROT_WRITE));
	act(s, !mlock2(at, PAGES * PAGE, MLOCK_ONFAULT));
	act(s, !munlock(at, PAGES * PAGE));
	advise(s, 0, PAGES, MADV_COLD);
	advise(s, 0, PAGES, MADV_WILLNEED);
	advise(s, 0, PAGES, MADV_DONTDUMP);
	advise(s, 0, PAGES, MADV_DONTFORK);
	act(s, mremap(at, PAGES * PAGE, (PAGES + 4) * PAGE, 0) == at);
	act(s, !munmap(at + PAGES * PAGE, 4 * PAGE));
}

/* vmsplice(2): the pipe has the pages when they are unmapped. */
static void splice_and_unmap(struct subject *s)
{
	struct iovec all_of_it = { all(s), 4 * PAGE };
	int pipe_of[2];

	act(s, !pipe(pipe_of));
	act(s, vmsplice(pipe_of[1], &all_of_it, 1, 0) == 4 * PAGE);
	act(s, !munmap(all(s), 4 * PAGE));
}

struct way {
	const char *name;
	void (*act)(struct subject *s);
	const char *letters;
	enum backing backing;
	uint32_t cause; /* PW_CAUSE_NONE: nothing goes */
	unsigned int from, to; /* the pages that go */
	enum category plain, hold;
	bool ends; /* the process is gone after it */
};

static const struct way ways[] = {
	{ "munmap", unmap_all, MIXED, ANON, PW_CAUSE_UNMAP, 0, PAGES },
	{ "munmap of a part", unmap_part, MIXED, ANON, PW_CAUSE_UNMAP, PART_FROM, PART_TO },
	{ "munmap page by page", unmap_page_by_page, MIXED, ANON, PW_CAUSE_UNMAP, 0, PAGES },
	{ "munmap of a stack", unmap_all, MIXED, THREAD_STACK, PW_CAUSE_UNMAP, 0, PAGES },
	{ "munmap of a private file mapping", unmap_all, MIXED, FILE_PRIVATE, PW_CAUSE_UNMAP, 0,
	  PAGES },
	{ "munmap from another thread", unmap_from_thread, MIXED, ANON, PW_CAUSE_UNMAP, 0, PAGES },
	{ "munmap after the leader's end", unmap_without_leader, MIXED, ANON, PW_CAUSE_UNMAP, 0,
	  PAGES, .ends = true },
	{ "mmap over it", map_over, MIXED, ANON, PW_CAUSE_UNMAP, 0, PAGES },
	{ "mremap elsewhere", move_all, FULL, ANON, PW_CAUSE_UNMAP, 0, PAGES, MAPPED, MAPPED },
	{ "mremap elsewhere, the mapping stays", move_leaving_the_mapping, FULL, ANON,
	  PW_CAUSE_UNMAP, 0, PAGES, MAPPED, MAPPED },
	{ "mremap shrinks", shrink, MIXED, ANON, PW_CAUSE_UNMAP, PART_FROM, PAGES },
	{ "brk shrinks", shrink_brk, MIXED, BRK, PW_CAUSE_UNMAP, PART_FROM, PAGES },
	{ "MADV_DONTNEED", dontneed, MIXED, ANON, PW_CAUSE_DISCARD, 0, PAGES },
	{ "MADV_DONTNEED twice", dontneed_twice, MIXED, ANON, PW_CAUSE_DISCARD, 0, PAGES },
	{ "MADV_DONTNEED of a part", dontneed_part, MIXED, ANON, PW_CAUSE_DISCARD, PART_FROM,
	  PART_TO },
	{ "MADV_DONTNEED of a private file mapping", dontneed, MIXED, FILE_PRIVATE,
	  PW_CAUSE_DISCARD, 0, PAGES },
	{ "MADV_DONTNEED_LOCKED", dontneed_locked, MIXED, ANON, PW_CAUSE_DISCARD, 0, PAGES },
	{ "MADV_REMOVE of shared memory", remove_pages, MIXED, SHARED_ANON, PW_CAUSE_DISCARD, 0,
	  PAGES },
	{ "a hole in a memfd", punch_hole, MIXED, MEMFD, PW_CAUSE_DISCARD, PART_FROM, PART_TO },
	{ "a memfd truncated", truncate_file, MIXED, MEMFD, PW_CAUSE_DISCARD, PART_FROM, PAGES },
	{ "exit", leave, MIXED, ANON, PW_CAUSE_EXIT, 0, PAGES, .ends = true },
	{ "exit from another thread", leave_from_thread, MIXED, ANON, PW_CAUSE_EXIT, 0, PAGES,
	  .ends = true },
	{ "exit with the brk heap", leave, MIXED, BRK, PW_CAUSE_EXIT, 0, PAGES, .ends = true },
	{ "SIGKILL", kill_itself, MIXED, ANON, PW_CAUSE_EXIT, 0, PAGES, .ends = true },
	{ "SIGSEGV", crash, MIXED, ANON, PW_CAUSE_EXIT, 0, PAGES, .ends = true },
	{ "exec", execute, MIXED, ANON, PW_CAUSE_EXEC, 0, PAGES, .ends = true },
	{ "exec from another thread", execute_from_thread, MIXED, ANON, PW_CAUSE_EXEC, 0, PAGES,
	  .ends = true },
	{ "what lets nothing go", nothing_goes, MIXED, ANON, PW_CAUSE_NONE, 0, 0 },
	{ "munmap while a pipe has the pages", splice_and_unmap, FULL, ANON, PW_CAUSE_UNMAP, 0, 4,
	  HELD, HELD },
};

/* What part of the region is watched. */
static const struct extent {
	const char *name;
	uint64_t from, to;
} extents[] = {
	{ "whole", 0, PAGES *PAGE },
	{ "pages 2 to 9", 2 * PAGE, 9 * PAGE },
	{ "odd bytes", PAGE + 100, 10 * PAGE + 333 },
	{ "bytes of one page", 7 * PAGE + 16, 7 * PAGE + 48 },
};
#define EXTENTS (sizeof(extents) / sizeof(extents[0]))

static const struct {
	const char *name;
	uint32_t flags;
} modes[] = {
	{ "", 0 },
	{ ", HOLD", PW_WATCH_HOLD },
	{ ", SCRUB", PW_WATCH_HOLD | PW_WATCH_SCRUB },
};

struct trial {
	const struct way *way;
	uint32_t flags;
	unsigned int inside; /* id of the pattern, of the first extent; the others follow */
};

static bool scrubs(const struct trial *t)
{
	return t->flags & PW_WATCH_SCRUB && t->way->hold == BY_CONTENTS && t->way->cause;
}

/* Pages that do not go stay as they are until the end. */
static void expect_end(struct expect *e, const struct subject *s, const struct way *w, enum category c)
{
	expect_none(e);
	expect_pages(e, s, 0, w->from, BY_CONTENTS);
	expect_pages(e, s, w->from, w->to, c);
	expect_pages(e, s, w->to, PAGES, BY_CONTENTS);
}

static void run_extent(const struct trial *t, const struct extent *extent, unsigned int inside)
{
	const struct way *w = t->way;
	enum category c = t->flags & PW_WATCH_HOLD ? w->hold : w->plain;
	struct subject s = {
		.fd = dev_open(),
		.letters = w->letters,
		.backing = w->backing,
		.from = extent->from,
		.to = extent->to,
		.flags = t->flags,
		.inside = inside,
		.secret_from = w->from,
		.secret_to = w->to,
		.act = w->act,
	};
	struct expect e;

	must_start(&s);
	subject_go(&s);
	if (w->ends)
		subject_end(&s);
	records_read(&s.r, s.fd);
	expect_none(&e);
	if (w->cause) {
		expect_pages(&e, &s, w->from, w->to, c);
		must_release(&s, w->cause, &e, scrubs(t));
	}
	must_have_no_other(&s, w->cause, 0, 0);
	expect_end(&e, &s, w, c);
	if (w->ends) {
		if (w->cause != PW_CAUSE_UNMAP) /* the end comes by exit, after the pages went */
			must_end(&s, w->cause, &e);
	} else {
		must_equal(records_count(&s.r, 0, PW_SECRET_ENDED), 0);
		must_unwatch(&s, &e);
		subject_end(&s);
		records_clear(&s.r);
		records_read(&s.r, s.fd);
		must_equal(s.r.count, 0);
	}
	close(s.fd);
}

static void run_trial(const void *arg)
{
	const struct trial *t = arg;

	for (unsigned int i = 0; i < EXTENTS; i++) {
		tap_note("watched: %s", extents[i].name);
		run_extent(t, &extents[i], t->inside + i);
	}
}

/* ---- contents ---------------------------------------------------------------------------- */

#define ID_LIVE 1
#define ID_FREED 2
#define ID_FIRST 16
#define FREED_BYTES (16ul << 20)

static uint32_t found[PHYSICAL_IDS];
static const char *promised[PHYSICAL_IDS];

static void *fresh(size_t bytes)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	must(p != MAP_FAILED);
	return p;
}

static void contents_are_gone(const void *arg)
{
	uint8_t *live = fresh(4 * PAGE), *freed = fresh(FREED_BYTES);
	unsigned int asked = 0, left = 0;
	uint64_t bytes;

	(void)arg;
	physical_fill(live, 4 * PAGE, ID_LIVE);
	physical_fill(freed, FREED_BYTES, ID_FREED);
	munmap(freed, FREED_BYTES);
	bytes = physical_scan(found);
	tap_note("%ju MiB scanned; a live pattern %u times, one in freed pages %u times",
		 (uintmax_t)bytes >> 20, found[ID_LIVE], found[ID_FREED]);
	/* The scanner sees: what is mapped, whole, and most of what was freed without a scrub. */
	must(found[ID_LIVE] >= 4 * PAGE / PHYSICAL_UNIT);
	must(found[ID_FREED] > FREED_BYTES / PHYSICAL_UNIT / 4);
	for (unsigned int id = 0; id < PHYSICAL_IDS; id++) {
		if (!promised[id])
			continue;
		asked++;
		if (found[id]) {
			left++;
			tap_note("%u copies of 16 bytes left: %s, %s", found[id], promised[id],
				 extents[(id - ID_FIRST) % EXTENTS].name);
		}
	}
	tap_note("%u patterns that were scrubbed looked for", asked);
	must(asked > 50);
	must_equal(left, 0);
}

int main(int argc, char **argv)
{
	unsigned int id = ID_FIRST;

	if (argc > 1 && !strcmp(argv[1], "--leave"))
		return 0;
	physical_init();
	tap_afterwards = dev_leftovers;
	for (size_t w = 0; w < sizeof(ways) / sizeof(ways[0]); w++) {
		for (size_t m = 0; m < sizeof(modes) / sizeof(modes[0]); m++) {
			struct trial t = { &ways[w], modes[m].flags, id };

			if (argc > 1 && !strstr(ways[w].name, argv[1]))
				continue;
			tap_case(run_trial, &t, "%s%s", ways[w].name, modes[m].name);
			for (size_t i = 0; i < EXTENTS; i++, id++)
				promised[id] = scrubs(&t) ? ways[w].name : NULL;
		}
	}
	if (argc == 1)
		tap_case(contents_are_gone, NULL, "scrubbed contents are nowhere in memory");
	return tap_end();
}
