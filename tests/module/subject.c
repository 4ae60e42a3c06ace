// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/module/subject.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/module/physical.h"
#include "tests/module/tap.h"

static uint64_t region_bytes(const struct subject *s)
{
	return strlen(s->letters) * PAGE;
}

static uint64_t watched_to(const struct subject *s)
{
	return s->to ? s->to : region_bytes(s);
}

/* ---- in the subject --------------------------------------------------------------------- */

static void *map_region(struct subject *s)
{
	int flags = MAP_FIXED_NOREPLACE | MAP_PRIVATE, fd = -1;
	uint64_t bytes = region_bytes(s);

	switch (s->backing) {
	case BRK:
		/* A whole huge page up, so that nothing of libc's is near. */
		s->sh->base = ((uint64_t)sbrk(0) + (2ull << 20)) & ~((2ull << 20) - 1);
		return brk((void *)(s->sh->base + bytes)) ? MAP_FAILED : (void *)s->sh->base;
	case SHARED_ANON:
		flags = MAP_FIXED_NOREPLACE | MAP_SHARED | MAP_ANONYMOUS;
		break;
	case MEMFD:
		flags = MAP_FIXED_NOREPLACE | MAP_SHARED;
		fd = s->memfd;
		break;
	case FILE_PRIVATE:
		fd = s->memfd;
		break;
	case THREAD_STACK:
		flags |= MAP_STACK | MAP_NORESERVE | MAP_ANONYMOUS;
		break;
	default:
		flags |= MAP_ANONYMOUS;
	}
	return mmap((void *)REGION, bytes, PROT_READ | PROT_WRITE, flags, fd, 0);
}

/* The part of a page that is watched: [*from, *to) in bytes of the page; false: none. */
static bool watched_part(const struct subject *s, unsigned int page, uint32_t *from, uint32_t *to)
{
	uint64_t start = page * PAGE, end = start + PAGE;

	if (s->from >= end || watched_to(s) <= start)
		return false;
	*from = s->from > start ? s->from - start : 0;
	*to = watched_to(s) < end ? watched_to(s) - start : PAGE;
	return true;
}

static void fill_secret(struct subject *s, uint8_t *at, unsigned int page)
{
	uint32_t from = 0, to = 0;

	physical_fill(at, PAGE, 0);
	if (page >= s->secret_from && (!s->secret_to || page < s->secret_to) &&
	    watched_part(s, page, &from, &to))
		physical_fill(at + from, to - from, s->inside);
}

static void fill_region(struct subject *s, volatile uint8_t *at)
{
	for (unsigned int i = 0; s->letters[i]; i++, at += PAGE) {
		switch (s->letters[i]) {
		case 'D':
			fill_secret(s, (uint8_t *)at, i);
			break;
		case 'Z':
			at[0] = 0;
			break;
		case 'b':
			at[BYTE_AT] = 'b';
			break;
		case 'e':
			at[PAGE - 1] = 'e';
			break;
		case 'f':
			at[0] = 'f';
			break;
		}
	}
}

void subject_pause(struct subject *s)
{
	char byte = 'd';

	if (write(s->from_subject, &byte, 1) != 1 || read(s->to_subject, &byte, 1) != 1)
		_exit(0);
}

static void subject_main(struct subject *s)
{
	struct shared *sh = s->sh;
	void *at;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGPIPE, SIG_IGN);
	sh->base = REGION;
	/* khugepaged and faults must not make huge pages of the region, unless a case wants them. */
	prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
	at = map_region(s);
	if (at == MAP_FAILED)
		tap_fail("subject: mapping its region: %s", strerror(errno));
	fill_region(s, at);
	if (!s->by_admin)
		sh->watch_error = dev_watch(s->fd, 0, sh->base + s->from, watched_to(s) - s->from,
					    s->flags, &sh->id);
	subject_pause(s);
	if (s->act)
		s->act(s);
	subject_pause(s);
	_exit(0);
}

void *subject_page(struct subject *s, unsigned int page)
{
	return (void *)(s->sh->base + page * PAGE);
}

/* ---- in the case --------------------------------------------------------------------------- */

/* Waits until the subject says so; false: it is dead. */
static bool wait_for_subject(struct subject *s)
{
	char byte;

	return read(s->from_subject, &byte, 1) == 1;
}

void subject_start(struct subject *s)
{
	int there[2], back[2];

	s->sh = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	must(s->sh != MAP_FAILED);
	must(!pipe2(there, O_CLOEXEC) && !pipe2(back, O_CLOEXEC));
	signal(SIGPIPE, SIG_IGN);
	s->memfd = -1;
	if (s->backing == MEMFD || s->backing == FILE_PRIVATE) {
		s->memfd = (int)syscall(SYS_memfd_create, "region", 0);
		must(s->memfd >= 0 && !ftruncate(s->memfd, (off_t)region_bytes(s)));
	}
	s->pid = fork();
	must(s->pid >= 0);
	if (s->pid == 0) {
		close(there[1]);
		close(back[0]);
		s->to_subject = there[0];
		s->from_subject = back[1];
		subject_main(s);
	}
	close(there[0]);
	close(back[1]);
	s->to_subject = there[1];
	s->from_subject = back[0];
	if (!wait_for_subject(s))
		tap_fail("the subject died before it began");
	if (s->by_admin)
		s->sh->watch_error = dev_watch(s->fd, s->pid, s->sh->base + s->from,
					       watched_to(s) - s->from, s->flags, &s->sh->id);
}

static void must_be_registered(struct subject *s)
{
	const struct pw_secret *reg;

	records_read(&s->r, s->fd);
	must_equal(records_count(&s->r, 0, PW_SECRET_REGISTERED), 1);
	must_equal(s->r.count, 1);
	reg = records_find(&s->r, s->sh->id, PW_SECRET_REGISTERED, 0);
	must(reg);
	must_equal(reg->start, s->sh->base + s->from);
	must_equal(reg->end, s->sh->base + watched_to(s));
	must_equal(reg->key.pid, s->pid);
	must_equal(reg->cookie, COOKIE);
	must(!strcmp((const char *)reg->label, LABEL));
	must_equal(reg->uid, 0);
	must_equal(reg->flags, (s->flags & PW_WATCH_HOLD ? PW_SECRET_HOLDING : 0) |
				       (s->flags & PW_WATCH_SCRUB ? PW_SECRET_SCRUBBING : 0) |
				       (s->by_admin ? PW_SECRET_BY_ADMIN : 0));
}

void must_start(struct subject *s)
{
	subject_start(s);
	if (s->sh->watch_error)
		tap_fail("watch: %s", strerror(-s->sh->watch_error));
	must_be_registered(s);
}

void subject_go(struct subject *s)
{
	char byte = 'g';

	if (write(s->to_subject, &byte, 1) == 1)
		wait_for_subject(s);
	if (s->sh->error)
		tap_fail("the subject could not do it: %s", strerror(s->sh->error));
}

int subject_end(struct subject *s)
{
	int status = 0;

	close(s->to_subject);
	must_equal(waitpid(s->pid, &status, 0), s->pid);
	return status;
}

/* ---- expectations ------------------------------------------------------------------------- */

void expect_none(struct expect *e)
{
	*e = (struct expect){ .first_dirty = PW_UNKNOWN };
}

/* Bytes that are not 0 in [from, to) of a page, and the first of them. */
static uint32_t dirty_part(char letter, uint32_t from, uint32_t to, uint32_t *first)
{
	uint32_t at = letter == 'b' ? BYTE_AT : letter == 'e' ? PAGE - 1 : 0;

	*first = from;
	if (letter == 'D')
		return to - from;
	if (letter == 'Z' || letter == 'A' || at < from || at >= to)
		return 0;
	*first = at;
	return 1;
}

static void expect_contents(struct expect *e, const struct subject *s, unsigned int page,
			    uint32_t from, uint32_t to)
{
	uint32_t first, bytes = dirty_part(s->letters[page], from, to, &first);
	uint64_t at = s->sh->base + page * PAGE + first;

	if (!bytes) {
		e->clean++;
		return;
	}
	e->dirty++;
	e->dirty_bytes += bytes;
	if (at < e->first_dirty)
		e->first_dirty = at;
}

void expect_pages(struct expect *e, const struct subject *s, unsigned int first, unsigned int last,
		  enum category c)
{
	uint32_t from, to;

	for (unsigned int page = first; page < last; page++) {
		if (!watched_part(s, page, &from, &to))
			continue;
		/* HOLD brings in what is absent, full of 0. */
		if (c == GONE_BEFORE || (s->letters[page] == 'A' && !(s->flags & PW_WATCH_HOLD)))
			e->absent++;
		else if (c == BY_CONTENTS)
			expect_contents(e, s, page, from, to);
		else if (c == MAPPED)
			e->mapped++;
		else if (c == SWAPPED)
			e->swapped++;
		else if (c == COPIED)
			e->copied++;
		else if (c == HELD)
			e->held++;
		else
			e->unknown++;
	}
}

static void add(struct pw_secret *sum, const struct pw_secret *s)
{
	sum->pages_clean += s->pages_clean;
	sum->pages_dirty += s->pages_dirty;
	sum->pages_mapped += s->pages_mapped;
	sum->pages_swapped += s->pages_swapped;
	sum->pages_copied += s->pages_copied;
	sum->pages_held += s->pages_held;
	sum->pages_unknown += s->pages_unknown;
	sum->pages_absent += s->pages_absent;
	sum->pages_scrubbed += s->pages_scrubbed;
	sum->dirty_bytes += s->dirty_bytes;
	if (s->first_dirty < sum->first_dirty)
		sum->first_dirty = s->first_dirty;
}

static bool same(const struct pw_secret *got, const struct expect *e)
{
	return got->pages_clean == e->clean && got->pages_dirty == e->dirty &&
	       got->pages_mapped == e->mapped && got->pages_swapped == e->swapped &&
	       got->pages_copied == e->copied && got->pages_held == e->held &&
	       got->pages_unknown == e->unknown && got->dirty_bytes == e->dirty_bytes &&
	       got->first_dirty == e->first_dirty;
}

static void __attribute__((noreturn))
differs(struct subject *s, const char *what, const struct pw_secret *got, const struct expect *e)
{
	const uint64_t base = s->sh->base + s->from;

	tap_note("all records:");
	records_print(&s->r);
	tap_fail("%s\n is   clean %ju dirty %ju mapped %ju swapped %ju copied %ju held %ju unknown "
		 "%ju absent %ju, scrubbed %ju, %ju bytes from +%#jx\n not  clean %ju dirty %ju "
		 "mapped %ju swapped %ju copied %ju held %ju unknown %ju absent %ju, %ju bytes "
		 "from +%#jx",
		 what, (uintmax_t)got->pages_clean, (uintmax_t)got->pages_dirty,
		 (uintmax_t)got->pages_mapped, (uintmax_t)got->pages_swapped,
		 (uintmax_t)got->pages_copied, (uintmax_t)got->pages_held,
		 (uintmax_t)got->pages_unknown, (uintmax_t)got->pages_absent,
		 (uintmax_t)got->pages_scrubbed, (uintmax_t)got->dirty_bytes,
		 (uintmax_t)(got->first_dirty - base), (uintmax_t)e->clean, (uintmax_t)e->dirty,
		 (uintmax_t)e->mapped, (uintmax_t)e->swapped, (uintmax_t)e->copied,
		 (uintmax_t)e->held, (uintmax_t)e->unknown, (uintmax_t)e->absent,
		 (uintmax_t)e->dirty_bytes, (uintmax_t)(e->first_dirty - base));
}

void must_release(struct subject *s, uint32_t cause, const struct expect *e, bool scrubbed)
{
	struct pw_secret sum = { .first_dirty = PW_UNKNOWN };
	const struct pw_secret *one;
	size_t records = 0;

	for (size_t i = 0; (one = records_find(&s->r, s->sh->id, PW_SECRET_RELEASED, i)); i++) {
		if (one->cause != cause)
			continue;
		records++;
		add(&sum, one);
	}
	if (!same(&sum, e))
		differs(s, "what was released", &sum, e);
	/* What finds nothing is not told: a page alone that was absent is in no record. */
	if (records && (records == 1 ? sum.pages_absent != e->absent : sum.pages_absent > e->absent))
		differs(s, "what was released (absent pages)", &sum, e);
	if (sum.pages_scrubbed != (scrubbed ? e->dirty : 0))
		differs(s, "what was scrubbed", &sum, e);
}

void must_have_no_other(struct subject *s, uint32_t cause, uint32_t other_cause, size_t shared)
{
	const struct pw_secret *one;

	for (size_t i = 0; (one = records_find(&s->r, 0, PW_SECRET_RELEASED, i)); i++) {
		if (one->id == s->sh->id && (one->cause == cause || one->cause == other_cause))
			continue;
		records_print(&s->r);
		tap_fail("not expected: %s", secret_text(one));
	}
	if (records_count(&s->r, s->sh->id, PW_SECRET_SHARED) != shared) {
		records_print(&s->r);
		tap_fail("%zu SHARED expected", shared);
	}
	if (s->r.wipe_count)
		tap_fail("a WIPE that nobody asked for");
}

void must_end(struct subject *s, uint32_t cause, const struct expect *e)
{
	const struct pw_secret *end = records_find(&s->r, s->sh->id, PW_SECRET_ENDED, 0);

	if (!end || records_count(&s->r, 0, PW_SECRET_ENDED) != 1) {
		records_print(&s->r);
		tap_fail("one ENDED expected");
	}
	if (end->cause != cause)
		tap_fail("ended by another cause than %u: %s", cause, secret_text(end));
	if (!same(end, e))
		differs(s, "the sums at the end", end, e);
}

static struct pw_secret of_unwatch(const struct pw_dev_unwatch *u)
{
	return (struct pw_secret){
		.id = u->id,
		.pages_clean = u->pages_clean,
		.pages_dirty = u->pages_dirty,
		.pages_mapped = u->pages_mapped,
		.pages_swapped = u->pages_swapped,
		.pages_copied = u->pages_copied,
		.pages_held = u->pages_held,
		.pages_unknown = u->pages_unknown,
		.pages_absent = u->pages_absent,
		.pages_scrubbed = u->pages_scrubbed,
		.dirty_bytes = u->dirty_bytes,
		.first_dirty = u->first_dirty,
		.verdict = u->verdict,
		.reason = u->reason,
	};
}

void must_unwatch(struct subject *s, const struct expect *e)
{
	const struct pw_secret *end;
	struct pw_dev_unwatch u;
	struct pw_secret told;

	must_equal(dev_unwatch(s->fd, s->sh->id, &u), 0);
	records_read(&s->r, s->fd);
	told = of_unwatch(&u);
	if (!same(&told, e))
		differs(s, "the sums that unwatch tells", &told, e);
	must_end(s, PW_CAUSE_UNWATCH, e);
	end = records_find(&s->r, s->sh->id, PW_SECRET_ENDED, 0);
	must_equal(u.pages_absent, end->pages_absent);
	must_equal(u.pages_scrubbed, end->pages_scrubbed);
	must_equal(u.verdict, end->verdict);
	must_equal(u.reason, end->reason);
}
