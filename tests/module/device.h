/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The module's device, for its tests. Calls return 0 or -errno, so that a test
 * can ask for the error that the ABI's prose promises; the must_ variants end
 * the case.
 */
#ifndef TESTS_MODULE_DEVICE_H
#define TESTS_MODULE_DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "kmod/uapi/pagewarden.h"
#include "kmod/uapi/pagewarden_dev.h"

#define COOKIE 0x5ec7e7c00c1eull
#define LABEL "the test's key"

int dev_open(void); /* O_RDWR | O_NONBLOCK | O_CLOEXEC; ends the case where it can't */
struct pw_dev_info dev_info(int fd);
/* Passes a descriptor on, and takes one, through a socket. */
void dev_send(int socket, int fd);
int dev_receive(int socket);

int dev_watch(int fd, pid_t pid, uint64_t start, uint64_t length, uint32_t flags, uint64_t *id);
uint64_t must_watch(int fd, pid_t pid, uint64_t start, uint64_t length, uint32_t flags);
int dev_unwatch(int fd, uint64_t id, struct pw_dev_unwatch *u); /* u may be NULL */
int dev_next(int fd, uint64_t after, struct pw_dev_next *n);
int dev_wipe(int fd, pid_t pid, uint64_t start, uint64_t length, struct pw_dev_wipe *w);

/* What a descriptor delivered. */
struct records {
	struct pw_secret *secrets;
	size_t count, room;
	struct pw_wipe *wipes;
	size_t wipe_count, wipe_room;
};

/*
 * Appends everything that happened until now: reads until no released page
 * waits to be looked at and the ring is empty. Checks what is true of each
 * record whatever happened (sizes, order of time, sums of pages, the verdict as
 * the worst of them) and ends the case where it isn't.
 */
void records_read(struct records *r, int fd);
void records_drain(struct records *r, int fd); /* what is in the ring; lost ones are not asked for */
void records_clear(struct records *r); /* keeps the room */
void records_print(const struct records *r);
/* The n-th record with this event, of this watch; NULL: none. id 0: any. */
const struct pw_secret *records_find(const struct records *r, uint64_t id, uint32_t event, size_t n);
size_t records_count(const struct records *r, uint64_t id, uint32_t event);

const char *secret_text(const struct pw_secret *s); /* one line; a static buffer */
uint64_t pages_of(uint64_t from, uint64_t to); /* that [from, to) touches */

/* For tap_afterwards: nothing of the module's may be in use between two cases. */
const char *dev_leftovers(void);

#endif
