/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A process with a watched region, and what the module must say about it.
 *
 * The region is a row of pages, each of one kind, one letter a page:
 *
 *	D  filled with the physical pattern     A  absent, never touched
 *	Z  touched, all bytes 0                 b  one byte that is not 0, at BYTE_AT
 *	e  only its last byte is not 0          f  only its first byte is not 0
 *
 * The case's own process makes the subject, lets it go on step by step, reads the
 * records and compares them with what it expects page by page. The expectation
 * is computed from the letters and the watched bytes alone.
 */
#ifndef TESTS_MODULE_SUBJECT_H
#define TESTS_MODULE_SUBJECT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "tests/module/device.h"

#define PAGE 4096ull
#define BYTE_AT 1000u
#define REGION 0x200000000000ull /* aligned to huge pages, far from everything */
#define OTHER_REGION 0x210000000000ull

enum backing {
	ANON, /* private, anonymous */
	BRK, /* the brk heap; its base is where brk begins */
	SHARED_ANON,
	MEMFD, /* shared; the descriptor is subject.memfd */
	FILE_PRIVATE, /* of a tmpfs file full of 0; every letter but A writes */
	THREAD_STACK, /* ANON with MAP_STACK | MAP_NORESERVE: to be sure that flags don't matter */
};

/* Shared between the case and its subject. */
struct shared {
	uint64_t base;
	uint64_t id;
	int32_t watch_error;
	int32_t error; /* of what it did */
	uint64_t value[8];
};

struct subject {
	/* set before subject_start() */
	int fd; /* the device */
	const char *letters;
	enum backing backing;
	uint64_t from, to; /* watched bytes, from the base; to 0: the whole region */
	uint32_t flags;
	unsigned int inside; /* id of the pattern in watched bytes of pages [secret_from, secret_to) */
	uint32_t secret_from, secret_to; /* secret_to 0: all pages */
	bool by_admin; /* the case registers, not the subject */
	void (*act)(struct subject *s); /* runs in the subject, after step 1 */
	const void *arg;
	/* set by it */
	struct shared *sh;
	pid_t pid;
	int memfd;
	int to_subject, from_subject;
	struct records r;
};

/*
 * Forks the subject, which maps and fills its region and registers it. Returns
 * with errors in sh->watch_error; must_start() ends the case instead.
 */
void subject_start(struct subject *s);
void must_start(struct subject *s);
void subject_go(struct subject *s); /* lets it act; returns when it has, or is dead */
void subject_pause(struct subject *s); /* within act(): waits for the next subject_go() */
int subject_end(struct subject *s); /* lets it exit; wait(2)'s status */
void *subject_page(struct subject *s, unsigned int page); /* address in its memory */

/* ---- expectations --------------------------------------------------------------------- */

enum category {
	BY_CONTENTS, /* clean or dirty */
	MAPPED,
	SWAPPED,
	COPIED,
	HELD,
	UNKNOWN, /* with some reason */
	GONE_BEFORE, /* absent */
};

struct expect {
	uint64_t clean, dirty, mapped, swapped, copied, held, unknown, absent;
	uint64_t dirty_bytes, first_dirty;
};

void expect_none(struct expect *e);
/* Adds pages [first, last) of the region, as far as they are watched. */
void expect_pages(struct expect *e, const struct subject *s, unsigned int first, unsigned int last,
		  enum category c);

/*
 * All RELEASED records of this cause together are what is expected; where
 * nothing is expected but absent pages, no record may be as well. scrubbed: each
 * dirty page was.
 */
void must_release(struct subject *s, uint32_t cause, const struct expect *e, bool scrubbed);
/* No RELEASED but of these two causes (0: none), and this many SHARED. */
void must_have_no_other(struct subject *s, uint32_t cause, uint32_t other_cause, size_t shared);
/* Unwatches; its answer and the ENDED record are both this, but for absent pages. */
void must_unwatch(struct subject *s, const struct expect *e);
/* The one ENDED record of the watch. */
void must_end(struct subject *s, uint32_t cause, const struct expect *e);

#endif
