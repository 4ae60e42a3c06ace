// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What forks do to a watched range. Without HOLD parent and child share the
 * pages until one of them writes; pages that are pinned (HOLD) the kernel copies
 * for the child at once, so that the parent's never leave it.
 */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/module/physical.h"
#include "tests/module/subject.h"
#include "tests/module/tap.h"

#define FULL "DDDDADDDD"
#define PAGES 9u
#define ABSENT 4u

static void act(struct subject *s, bool ok)
{
	if (!ok)
		s->sh->error = errno;
}

static void write_page(struct subject *s, unsigned int page)
{
	*(volatile char *)subject_page(s, page) = 'w';
}

/* ---- children ---------------------------------------------------------------------------- */

static void reap(struct subject *s, pid_t child, int want)
{
	int status = -1;

	act(s, waitpid(child, &status, 0) == child);
	if (!s->sh->error && status != want)
		s->sh->error = EPROTO;
}

/* A child that does something and ends. */
static void child_once(struct subject *s, void (*what)(struct subject *))
{
	pid_t child = fork();

	if (child == 0) {
		if (what)
			what(s);
		_exit(0);
	}
	s->sh->value[0] = child;
	reap(s, child, 0);
}

/* A child that lives until it is killed. */
static pid_t child_that_stays(struct subject *s)
{
	pid_t child = fork();

	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		pause();
		_exit(0);
	}
	s->sh->value[0] = child;
	return child;
}

static void child_end(struct subject *s, pid_t child)
{
	act(s, !kill(child, SIGKILL));
	reap(s, child, SIGKILL);
}

/* ---- what the subject does --------------------------------------------------------------- */

static void child_exits(struct subject *s)
{
	child_once(s, NULL);
}

static void write_two(struct subject *s)
{
	write_page(s, 1);
	write_page(s, 2);
}

static void child_writes(struct subject *s)
{
	child_once(s, write_two);
}

static void child_unmaps_own(struct subject *s)
{
	munmap(subject_page(s, 0), PAGES * PAGE);
}

static void child_unmaps(struct subject *s)
{
	child_once(s, child_unmaps_own);
}

static void child_discards_own(struct subject *s)
{
	madvise(subject_page(s, 0), PAGES * PAGE, MADV_DONTNEED);
}

static void child_discards(struct subject *s)
{
	child_once(s, child_discards_own);
}

static void grandchild(struct subject *s)
{
	child_once(s, write_two);
}

static void child_forks(struct subject *s)
{
	child_once(s, grandchild);
}

static void child_executes_own(struct subject *s)
{
	(void)s;
	execl("/proc/self/exe", "test", "--leave", NULL);
	_exit(1);
}

static void child_executes(struct subject *s)
{
	child_once(s, child_executes_own);
}

static void vfork_exec(struct subject *s)
{
	pid_t child = vfork();

	if (child == 0) {
		execl("/proc/self/exe", "test", "--leave", NULL);
		_exit(1);
	}
	reap(s, child, 0);
}

/* Shares the memory, and is a process of its own. */
static int shares_memory(void *arg)
{
	(void)arg;
	_exit(0);
}

static void clone_vm(struct subject *s)
{
	static char stack[65536] __attribute__((aligned(64)));
	pid_t child = clone(shares_memory, stack + sizeof(stack), CLONE_VM | SIGCHLD, NULL);

	act(s, child > 0);
	reap(s, child, 0);
}

static void parent_writes(struct subject *s)
{
	pid_t child = child_that_stays(s);

	write_page(s, 1);
	write_page(s, 3);
	write_page(s, ABSENT); /* a page that comes is none that goes */
	subject_pause(s);
	child_end(s, child);
}

/* The only one that has them writes: the kernel leaves him the pages. */
static void parent_writes_alone(struct subject *s)
{
	child_once(s, NULL);
	write_page(s, 1);
	write_page(s, 3);
}

static void parent_unmaps(struct subject *s)
{
	pid_t child = child_that_stays(s);

	act(s, !munmap(subject_page(s, 0), PAGES * PAGE));
	subject_pause(s);
	child_end(s, child);
}

static void parent_discards(struct subject *s)
{
	pid_t child = child_that_stays(s);

	act(s, !madvise(subject_page(s, 2), 4 * PAGE, MADV_DONTNEED));
	subject_pause(s);
	child_end(s, child);
}

static void parent_exits(struct subject *s)
{
	if (fork() == 0) {
		/* outlives the subject; the case's process group is killed at its end */
		close(s->from_subject);
		sleep(600);
		_exit(0);
	}
	_exit(0);
}

static void child_was_first(struct subject *s)
{
	pid_t child = child_that_stays(s);

	child_end(s, child);
	act(s, !munmap(subject_page(s, 0), PAGES * PAGE));
}

static void not_inherited(struct subject *s)
{
	act(s, !madvise(subject_page(s, 0), PAGES * PAGE, MADV_DONTFORK));
	child_once(s, NULL);
	act(s, !madvise(subject_page(s, 0), PAGES * PAGE, MADV_DOFORK));
	act(s, !madvise(subject_page(s, 0), PAGES * PAGE, MADV_WIPEONFORK));
	child_once(s, NULL);
}

static void forks_often(struct subject *s)
{
	for (int i = 0; i < 7; i++)
		child_once(s, NULL);
}

/* ---- trials ------------------------------------------------------------------------------ */

struct trial {
	const char *name;
	void (*act)(struct subject *s);
	size_t shared; /* SHARED records */
	uint32_t cause; /* what goes, of pages [from, to) */
	unsigned int from, to;
	enum category plain, hold;
	bool paused; /* the child still lives when the records are read */
	bool ends;
};

static const struct trial trials[] = {
	{ "fork, the child exits", child_exits, 1 },
	{ "fork, the child writes", child_writes, 1 },
	{ "fork, the child unmaps", child_unmaps, 1 },
	{ "fork, the child discards", child_discards, 1 },
	{ "fork, the child forks", child_forks, 1 },
	{ "fork, the child executes", child_executes, 1 },
	{ "fork seven times", forks_often, 7 },
	{ "vfork and exec", vfork_exec, 0 },
	{ "a process with the same memory ends", clone_vm, 0 },
	{ "the child exits, then the parent writes", parent_writes_alone, 1 },
	{ "the child exits, then the parent unmaps", child_was_first, 1, PW_CAUSE_UNMAP, 0, PAGES,
	  BY_CONTENTS, BY_CONTENTS },
	{ "the parent unmaps while the child lives", parent_unmaps, 1, PW_CAUSE_UNMAP, 0, PAGES,
	  COPIED, BY_CONTENTS, .paused = true },
	{ "the parent discards while the child lives", parent_discards, 1, PW_CAUSE_DISCARD, 2, 6,
	  COPIED, BY_CONTENTS, .paused = true },
	{ "the parent exits while the child lives", parent_exits, 1, PW_CAUSE_EXIT, 0, PAGES,
	  COPIED, BY_CONTENTS, .ends = true },
	{ "fork of what is not inherited", not_inherited, 0 },
};

static void check_shared(struct subject *s)
{
	const struct pw_secret *one;

	for (size_t i = 0; (one = records_find(&s->r, s->sh->id, PW_SECRET_SHARED, i)); i++) {
		must_equal(one->from, s->sh->base);
		must_equal(one->to, s->sh->base + PAGES * PAGE);
		must_equal(one->cause, PW_CAUSE_FORK);
		must_equal(one->key.pid, s->pid);
		if (one->other_pid && s->sh->value[0] && i == 0)
			must_equal(one->other_pid, s->sh->value[0]);
	}
}

static void run_with(const struct trial *t, uint32_t flags)
{
	enum category c = flags & PW_WATCH_HOLD ? t->hold : t->plain;
	struct subject s = { .fd = dev_open(),
			     .letters = FULL,
			     .backing = ANON,
			     .flags = flags,
			     .inside = 1,
			     .act = t->act };
	struct expect e;

	must_start(&s);
	subject_go(&s);
	if (t->ends)
		subject_end(&s);
	records_read(&s.r, s.fd);
	check_shared(&s);
	expect_none(&e);
	if (t->cause) {
		expect_pages(&e, &s, t->from, t->to, c);
		must_release(&s, t->cause, &e, flags & PW_WATCH_SCRUB && c == BY_CONTENTS);
	}
	must_have_no_other(&s, t->cause, 0, t->shared);
	if (t->paused)
		subject_go(&s);
	if (t->ends) {
		must_end(&s, t->cause, &e);
		return;
	}
	expect_none(&e);
	expect_pages(&e, &s, 0, t->from, BY_CONTENTS);
	expect_pages(&e, &s, t->from, t->to, c);
	expect_pages(&e, &s, t->to, PAGES, BY_CONTENTS);
	must_unwatch(&s, &e);
	subject_end(&s);
}

static void run_trial(const void *arg)
{
	tap_note("watched plainly");
	run_with(arg, 0);
	tap_note("held");
	run_with(arg, PW_WATCH_HOLD);
	tap_note("scrubbed");
	run_with(arg, PW_WATCH_HOLD | PW_WATCH_SCRUB);
}

/* ---- copies ------------------------------------------------------------------------------- */

static void copied(const void *arg)
{
	struct subject s = { .fd = dev_open(), .letters = FULL, .backing = ANON, .act = parent_writes };
	struct expect e;

	(void)arg;
	must_start(&s);
	subject_go(&s);
	records_read(&s.r, s.fd);
	expect_none(&e);
	expect_pages(&e, &s, 1, 2, COPIED);
	expect_pages(&e, &s, 3, 4, COPIED);
	must_release(&s, PW_CAUSE_COW, &e, false);
	must_have_no_other(&s, PW_CAUSE_COW, 0, 1);
	subject_go(&s);
	/* What it has now is there until the end: its own copies, and a page with one byte. */
	expect_pages(&e, &s, 0, ABSENT, BY_CONTENTS);
	expect_pages(&e, &s, ABSENT + 1, PAGES, BY_CONTENTS);
	e.dirty++;
	e.dirty_bytes++;
	must_unwatch(&s, &e);
	subject_end(&s);
}

static void copied_held(const void *arg)
{
	struct subject s = { .fd = dev_open(),
			     .letters = FULL,
			     .backing = ANON,
			     .flags = PW_WATCH_HOLD,
			     .act = parent_writes };
	struct expect e;

	(void)arg;
	must_start(&s);
	subject_go(&s);
	records_read(&s.r, s.fd);
	must_have_no_other(&s, 0, 0, 1);
	subject_go(&s);
	expect_none(&e);
	expect_pages(&e, &s, 0, ABSENT, BY_CONTENTS);
	expect_pages(&e, &s, ABSENT + 1, PAGES, BY_CONTENTS);
	e.dirty++;
	e.dirty_bytes++;
	must_unwatch(&s, &e);
	subject_end(&s);
}

/* Written by a debugger, into a page that a child shares: the copy is made from outside. */
static void share_and_wait(struct subject *s)
{
	pid_t child = child_that_stays(s);

	subject_pause(s);
	child_end(s, child);
}

static void copied_by_debugger(const void *arg)
{
	struct subject s = { .fd = dev_open(), .letters = FULL, .backing = ANON, .act = share_and_wait };
	const struct pw_secret *one;
	int status;

	(void)arg;
	must_start(&s);
	subject_go(&s);
	must(!ptrace(PTRACE_SEIZE, s.pid, 0, 0));
	must(!ptrace(PTRACE_INTERRUPT, s.pid, 0, 0));
	must_equal(waitpid(s.pid, &status, __WALL), s.pid);
	must(!ptrace(PTRACE_POKEDATA, s.pid, subject_page(&s, 1), 0x1122334455667788));
	must(!ptrace(PTRACE_DETACH, s.pid, 0, 0));
	records_read(&s.r, s.fd);
	must_have_no_other(&s, PW_CAUSE_COW, 0, 1);
	must_equal(records_count(&s.r, s.sh->id, PW_SECRET_RELEASED), 1);
	one = records_find(&s.r, s.sh->id, PW_SECRET_RELEASED, 0);
	must_equal(one->from, s.sh->base + PAGE);
	must_equal(one->to, s.sh->base + 2 * PAGE);
	/* From outside it may not be looked at; that it is copied may be known all the same. */
	must(one->pages_copied == 1 || (one->pages_unknown == 1 && one->reason == PW_UNSEEN_FOREIGN));
	subject_go(&s);
	must_equal(dev_unwatch(s.fd, s.sh->id, NULL), 0);
	subject_end(&s);
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "--leave"))
		return 0;
	physical_init();
	tap_afterwards = dev_leftovers;
	for (size_t i = 0; i < sizeof(trials) / sizeof(trials[0]); i++)
		if (argc == 1 || strstr(trials[i].name, argv[1]))
			tap_case(run_trial, &trials[i], "%s", trials[i].name);
	tap_case(copied, NULL, "the parent writes while the child lives");
	tap_case(copied_held, NULL, "the parent writes held pages while the child lives");
	tap_case(copied_by_debugger, NULL, "a debugger writes while a child lives");
	return tap_end();
}
