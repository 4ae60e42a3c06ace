/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files of one kind in a directory, named by the time they stand for
 * (PREFIX-20260131T235959Z.SUFFIX) and bounded in number and bytes: the oldest
 * go first, the newest stays whatever the bounds say. Other files are not
 * touched, but for what a write left that was killed on its way (the name with
 * six more letters, see replace.h) an hour ago.
 */
#ifndef PW_BASE_ROTATION_H
#define PW_BASE_ROTATION_H

#include <stddef.h>
#include <stdint.h>

struct pw_rotation {
	const char *directory, *prefix, *suffix; /* suffix with its dot: ".html" */
	size_t files; /* most of them; 0: no bound */
	uint64_t bytes; /* of all together; 0: no bound */
};

/* The path of the file that stands for this time; free it. NULL: no memory. */
char *pw_rotation_path(const struct pw_rotation *r, uint64_t realtime_ns);
/* Removes what is over the bounds. 0 or -errno; *ret_removed is set in either case. */
int pw_rotation_trim(const struct pw_rotation *r, size_t *ret_removed);

#endif
