/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One POST at a time to one URL, and it never waits: names are looked up by
 * the C library's own thread, the socket does not block, and all of it has a
 * deadline. The caller's epoll set wakes; pw_post_run() goes on. HTTP/1.0, so
 * that an answer ends with its connection. What answers is untrusted.
 */
#ifndef PW_ALERT_POST_H
#define PW_ALERT_POST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "user/alert/url.h"
#include "user/base/error.h"

#define PW_POST_WORDS 160

struct pw_post;

struct pw_post_result {
	int err; /* 0: it was answered; else -errno */
	unsigned int status; /* of the answer */
	char words[PW_POST_WORDS]; /* what went wrong, printable; "" */
};

/* url and path (behind the URL's own) are copied. */
int pw_post_create(int epoll_fd, const struct pw_url *url, const char *path, uint64_t timeout_ns,
		   struct pw_post **ret);
void pw_post_destroy(struct pw_post *p); /* takes NULL */

/* Takes the malloc'ed body over, whatever it returns. -EBUSY: one is under way. */
int pw_post_begin(struct pw_post *p, char *body, size_t len, uint64_t now_ns);
bool pw_post_is_busy(const struct pw_post *p);
/* true: it ended, *ret is filled. */
bool pw_post_run(struct pw_post *p, uint64_t now_ns, struct pw_post_result *ret);
/* What an answer says, all of it; -EPROTO: it is none. */
int pw_post_take_answer(const char *text, size_t len, struct pw_post_result *ret);
/* When to run again even if nothing wakes; UINT64_MAX: never. */
uint64_t pw_post_wake_ns(const struct pw_post *p, uint64_t now_ns);

#endif
