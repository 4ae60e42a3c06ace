/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Notices that one receiver has still to get, oldest first; bounded: when it
 * is full the oldest one that is not on its way is dropped and counted. Each is
 * a file of its own, so that those of a daemon that was killed are there for
 * the next one. A file that can't be written is kept in memory alone; what a
 * crash of the machine loses is what the kernel had not written yet.
 */
#ifndef PW_ALERT_SPOOL_H
#define PW_ALERT_SPOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "user/base/error.h"

#define PW_SPOOL_TEXT_MAX 16384 /* bytes of one notice */

struct pw_spool;

struct pw_spool_item {
	uint64_t sequence;
	char *text;
	size_t len;
	bool busy; /* on its way: the caller's */
	bool saved;
};

/*
 * path: a directory, made with mode 0750 when it is missing; "": in memory
 * alone. What lies there is taken over; what is no notice of ours is left.
 */
int pw_spool_create(const char *path, size_t max, struct pw_spool **ret, struct pw_error *err);
void pw_spool_destroy(struct pw_spool *s); /* the files stay; takes NULL */

/* Takes a copy. 0, -EFBIG, -ENOMEM, or the -errno of the disk: then it is kept all the same. */
int pw_spool_put(struct pw_spool *s, const char *text, size_t len);
size_t pw_spool_count(const struct pw_spool *s);
/* index < count, oldest first; valid until the next put or remove. */
struct pw_spool_item *pw_spool_at(const struct pw_spool *s, size_t index);
struct pw_spool_item *pw_spool_find(const struct pw_spool *s, uint64_t sequence);
/* It was delivered, or nobody wants it. */
void pw_spool_remove(struct pw_spool *s, uint64_t sequence);
uint64_t pw_spool_dropped(const struct pw_spool *s); /* ever, for want of room */

#endif
