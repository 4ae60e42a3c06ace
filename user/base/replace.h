/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A file that is replaced whole or not at all: written to a temporary beside
 * it and renamed at the end. What is no regular file (/dev/stdout, a FIFO) is
 * written directly, because it cannot be replaced.
 */
#ifndef PW_BASE_REPLACE_H
#define PW_BASE_REPLACE_H

#include <stdio.h>

struct pw_replace {
	FILE *file; /* write here */
	char *path; /* the file, symbolic links followed */
	char *temporary; /* NULL: written directly */
};

/* 0 or -errno. */
int pw_replace_begin(struct pw_replace *r, const char *path);
/* Flushes to the disk and renames. On failure nothing is left behind. 0 or -errno. */
int pw_replace_commit(struct pw_replace *r);
/* Gives up: the file stays as it was. Harmless after commit, and on a zeroed one. */
void pw_replace_abort(struct pw_replace *r);

#endif
