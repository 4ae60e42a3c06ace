// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/module/device.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/module/tap.h"

#define PAGE 4096ull
#define PATIENCE_MS 10000 /* for released pages to be looked at */

int dev_open(void)
{
	int fd = open(PW_DEV_PATH, O_RDWR | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		tap_fail("%s: %s", PW_DEV_PATH, strerror(errno));
	return fd;
}

struct pw_dev_info dev_info(int fd)
{
	struct pw_dev_info info = { .size = sizeof(info) };

	if (ioctl(fd, PW_IOC_INFO, &info))
		tap_fail("PW_IOC_INFO: %s", strerror(errno));
	return info;
}

int dev_watch(int fd, pid_t pid, uint64_t start, uint64_t length, uint32_t flags, uint64_t *id)
{
	struct pw_dev_watch w = {
		.size = sizeof(w),
		.flags = flags,
		.pid = pid,
		.start = start,
		.length = length,
		.cookie = COOKIE,
		.label = LABEL,
	};

	if (ioctl(fd, PW_IOC_WATCH, &w))
		return -errno;
	*id = w.id;
	return 0;
}

uint64_t must_watch(int fd, pid_t pid, uint64_t start, uint64_t length, uint32_t flags)
{
	uint64_t id = 0;
	int err = dev_watch(fd, pid, start, length, flags, &id);

	if (err)
		tap_fail("watch of %#jx + %#jx, flags %u: %s", (uintmax_t)start, (uintmax_t)length,
			 flags, strerror(-err));
	if (!id)
		tap_fail("a watch without an id");
	return id;
}

int dev_unwatch(int fd, uint64_t id, struct pw_dev_unwatch *u)
{
	struct pw_dev_unwatch own;

	if (!u)
		u = &own;
	*u = (struct pw_dev_unwatch){ .size = sizeof(*u), .id = id };
	return ioctl(fd, PW_IOC_UNWATCH, u) ? -errno : 0;
}

int dev_next(int fd, uint64_t after, struct pw_dev_next *n)
{
	*n = (struct pw_dev_next){ .size = sizeof(*n), .after = after };
	return ioctl(fd, PW_IOC_NEXT, n) ? -errno : 0;
}

int dev_wipe(int fd, pid_t pid, uint64_t start, uint64_t length, struct pw_dev_wipe *w)
{
	*w = (struct pw_dev_wipe){ .size = sizeof(*w), .pid = pid, .start = start, .length = length };
	return ioctl(fd, PW_IOC_WIPE, w) ? -errno : 0;
}

/* ---- records ------------------------------------------------------------------------ */

uint64_t pages_of(uint64_t from, uint64_t to)
{
	return ((to + PAGE - 1) & ~(PAGE - 1)) / PAGE - from / PAGE;
}

const char *secret_text(const struct pw_secret *s)
{
	static const char *const events[] = { "?", "REGISTERED", "RELEASED", "SHARED", "ENDED" };
	static const char *const causes[] = { "none", "unmap", "discard", "cow",     "reclaim",
					      "fork", "exit",  "exec",	  "unwatch", "close" };
	static const char *const verdicts[] = { "unknown", "clean",  "dirty", "mapped",
						"swapped", "copied", "held" };
	static char text[512];
	int n;

	n = snprintf(
		text, sizeof(text),
		"id %ju %s %s %s/%u from +%#jx to +%#jx: clean %ju dirty %ju mapped %ju "
		"swapped %ju copied %ju held %ju unknown %ju absent %ju scrubbed %ju, %ju bytes",
		(uintmax_t)s->id, s->event < 5 ? events[s->event] : "?",
		s->cause < 10 ? causes[s->cause] : "?", s->verdict < 7 ? verdicts[s->verdict] : "?",
		s->reason, (uintmax_t)(s->from - s->start), (uintmax_t)(s->to - s->start),
		(uintmax_t)s->pages_clean, (uintmax_t)s->pages_dirty, (uintmax_t)s->pages_mapped,
		(uintmax_t)s->pages_swapped, (uintmax_t)s->pages_copied, (uintmax_t)s->pages_held,
		(uintmax_t)s->pages_unknown, (uintmax_t)s->pages_absent,
		(uintmax_t)s->pages_scrubbed, (uintmax_t)s->dirty_bytes);
	if (s->first_dirty == PW_UNKNOWN)
		snprintf(text + n, sizeof(text) - n, ", flags %u", s->flags);
	else
		snprintf(text + n, sizeof(text) - n, " from +%#jx, flags %u",
			 (uintmax_t)(s->first_dirty - s->start), s->flags);
	return text;
}

void records_print(const struct records *r)
{
	for (size_t i = 0; i < r->count; i++)
		tap_note("  %s", secret_text(&r->secrets[i]));
}

static uint32_t worst_of(const struct pw_secret *s)
{
	return s->pages_dirty	? PW_SECRET_DIRTY :
	       s->pages_copied	? PW_SECRET_COPIED :
	       s->pages_swapped ? PW_SECRET_SWAPPED :
	       s->pages_mapped	? PW_SECRET_STILL_MAPPED :
	       s->pages_held	? PW_SECRET_HELD :
	       s->pages_unknown ? PW_SECRET_UNKNOWN :
				  PW_SECRET_CLEAN;
}

#define RECORD_MUST(condition)                                                             \
	do {                                                                               \
		if (!(condition))                                                          \
			tap_fail("a record of which this is not so: %s\n  %s", #condition, \
				 secret_text(s));                                          \
	} while (0)

static void check_released(const struct pw_secret *s)
{
	uint64_t pages = s->pages_clean + s->pages_dirty + s->pages_mapped + s->pages_swapped +
			 s->pages_copied + s->pages_held + s->pages_unknown + s->pages_absent;

	if (s->event == PW_SECRET_RELEASED)
		RECORD_MUST(pages == pages_of(s->from, s->to));
	RECORD_MUST(s->verdict == worst_of(s));
	RECORD_MUST((s->pages_unknown != 0) == (s->reason != PW_UNSEEN_NONE));
	RECORD_MUST(s->pages_scrubbed <= s->pages_dirty);
	RECORD_MUST((s->dirty_bytes != 0) == (s->pages_dirty != 0));
	RECORD_MUST((s->dirty_bytes != 0) == (s->first_dirty != PW_UNKNOWN));
	RECORD_MUST(s->dirty_bytes >= s->pages_dirty);
	RECORD_MUST(s->dirty_bytes <= s->pages_dirty * PAGE);
	if (s->first_dirty != PW_UNKNOWN)
		RECORD_MUST(s->first_dirty >= s->from && s->first_dirty < s->to);
	if (s->pages_scrubbed)
		RECORD_MUST(s->flags & (PW_SECRET_SCRUBBING | PW_SECRET_ARENA));
}

static void check_secret(const struct pw_secret *s)
{
	RECORD_MUST(s->rec.size == sizeof(*s));
	RECORD_MUST(s->rec.reserved == 0);
	RECORD_MUST(s->key.reserved == 0);
	RECORD_MUST(s->key.pid != 0);
	RECORD_MUST(s->key.start_ns != 0);
	RECORD_MUST(s->id != 0);
	RECORD_MUST(s->start < s->end);
	RECORD_MUST(s->event >= PW_SECRET_REGISTERED && s->event <= PW_SECRET_ENDED);
	RECORD_MUST(s->from >= s->start && s->from < s->to && s->to <= s->end);
	RECORD_MUST(!(s->flags & ~(PW_SECRET_ARENA | PW_SECRET_HOLDING | PW_SECRET_SCRUBBING |
				   PW_SECRET_BY_ADMIN)));
	if (s->event == PW_SECRET_RELEASED || s->event == PW_SECRET_ENDED)
		check_released(s);
	if (s->event == PW_SECRET_REGISTERED)
		RECORD_MUST(s->cause == PW_CAUSE_NONE);
	if (s->event == PW_SECRET_SHARED)
		RECORD_MUST(s->cause == PW_CAUSE_FORK);
}

static void *grow(void *array, size_t count, size_t *room, size_t size)
{
	if (count < *room)
		return array;
	*room = *room ? *room * 2 : 64;
	array = realloc(array, *room * size);
	if (!array)
		tap_fail("out of memory");
	return array;
}

static void take(struct records *r, const struct pw_record *rec)
{
	if (rec->type == PW_REC_SECRET) {
		check_secret((const void *)rec);
		r->secrets = grow(r->secrets, r->count, &r->room, sizeof(*r->secrets));
		memcpy(&r->secrets[r->count++], rec, sizeof(*r->secrets));
	} else if (rec->type == PW_REC_WIPE) {
		if (rec->size < sizeof(struct pw_wipe))
			tap_fail("a WIPE record of %u bytes", rec->size);
		r->wipes = grow(r->wipes, r->wipe_count, &r->wipe_room, sizeof(*r->wipes));
		memcpy(&r->wipes[r->wipe_count++], rec, sizeof(*r->wipes));
	} else {
		tap_fail("a record of type %u from the device", rec->type);
	}
}

void records_drain(struct records *r, int fd)
{
	_Alignas(8) static char buffer[65536];
	ssize_t n;

	for (;;) {
		n = read(fd, buffer, sizeof(buffer));
		if (n < 0 && errno == EAGAIN)
			return;
		if (n <= 0)
			tap_fail("read: %zd, %s", n, strerror(errno));
		for (ssize_t at = 0; at < n;) {
			const struct pw_record *rec = (const void *)(buffer + at);

			if (n - at < (ssize_t)sizeof(*rec) || rec->size < sizeof(*rec) ||
			    rec->size % 8 || at + rec->size > n)
				tap_fail("a record of %u bytes at %zd of %zd", rec->size, at, n);
			take(r, rec);
			at += rec->size;
		}
	}
}

void records_read(struct records *r, int fd)
{
	struct pw_dev_info info;
	int waited_us = 0;

	for (;;) {
		records_drain(r, fd);
		info = dev_info(fd);
		if (!info.pending)
			break;
		if (waited_us > PATIENCE_MS * 1000)
			tap_fail("%ju pages still wait to be looked at", (uintmax_t)info.pending);
		usleep(200);
		waited_us += 200;
	}
	records_drain(r, fd);
	if (info.reader_lost)
		tap_fail("%ju records lost", (uintmax_t)info.reader_lost);
}

void records_clear(struct records *r)
{
	r->count = 0;
	r->wipe_count = 0;
}

const struct pw_secret *records_find(const struct records *r, uint64_t id, uint32_t event, size_t n)
{
	for (size_t i = 0; i < r->count; i++)
		if ((!id || r->secrets[i].id == id) && r->secrets[i].event == event && n-- == 0)
			return &r->secrets[i];
	return NULL;
}

size_t records_count(const struct records *r, uint64_t id, uint32_t event)
{
	size_t n = 0;

	while (records_find(r, id, event, n))
		n++;
	return n;
}

const char *dev_leftovers(void)
{
	static char text[160];
	struct pw_dev_info info = { .size = sizeof(info) };
	int fd, err;

	/* What a dying process had goes a moment after its parent learns of it. */
	for (int i = 0; i < 500; i++) {
		fd = open(PW_DEV_PATH, O_RDWR | O_CLOEXEC);
		if (fd < 0)
			return "no device";
		err = ioctl(fd, PW_IOC_INFO, &info);
		close(fd);
		if (err)
			return "no answer to PW_IOC_INFO";
		if (!info.watches && !info.watched_bytes && !info.held_pages && !info.arena_bytes &&
		    !info.pending && info.registered == info.ended)
			return NULL;
		usleep(10000);
	}
	snprintf(text, sizeof(text),
		 "%ju watches of %ju bytes, %ju held pages, %ju arena bytes, %ju pending, "
		 "%ju registered, %ju ended",
		 (uintmax_t)info.watches, (uintmax_t)info.watched_bytes, (uintmax_t)info.held_pages,
		 (uintmax_t)info.arena_bytes, (uintmax_t)info.pending, (uintmax_t)info.registered,
		 (uintmax_t)info.ended);
	return text;
}

void dev_send(int socket, int fd)
{
	char byte = 'x', control[CMSG_SPACE(sizeof(int))] = { 0 };
	struct iovec io = { &byte, 1 };
	struct msghdr m = { .msg_iov = &io,
			    .msg_iovlen = 1,
			    .msg_control = control,
			    .msg_controllen = sizeof(control) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &fd, sizeof(int));
	must_equal(sendmsg(socket, &m, 0), 1);
}

int dev_receive(int socket)
{
	char byte, control[CMSG_SPACE(sizeof(int))] = { 0 };
	struct iovec io = { &byte, 1 };
	struct msghdr m = { .msg_iov = &io,
			    .msg_iovlen = 1,
			    .msg_control = control,
			    .msg_controllen = sizeof(control) };
	int fd;

	must_equal(recvmsg(socket, &m, 0), 1);
	must(CMSG_FIRSTHDR(&m));
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof(int));
	return fd;
}
