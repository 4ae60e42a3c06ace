/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Programs that are run for notices: no shell, a process group and a session
 * of their own, the notice on standard input, what they print to the caller
 * line by line, a time limit (SIGTERM, then SIGKILL for the whole group), and at most
 * PW_HOOKS_MAX at once. They run as who the daemon is, may not gain
 * privileges, and have an environment of PATH and LANG alone.
 */
#ifndef PW_ALERT_HOOK_H
#define PW_ALERT_HOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PW_HOOKS_MAX 4
#define PW_HOOK_ARGUMENTS 16
#define PW_HOOK_OUTPUT_MAX 4096 /* bytes of one run that are passed on */
#define PW_HOOK_PATH "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

struct pw_hooks;

struct pw_hook_result {
	uint64_t ticket; /* as given to start */
	int status; /* as waitpid gives it */
	bool timed_out;
	uint64_t took_ns;
};

/* What a hook says: one line without its end, printable. */
typedef void (*pw_hook_say)(void *ctx, const char *line);

/* command: words, separated by spaces; the first is an absolute path. -EINVAL: it is not. */
int pw_hooks_create(int epoll_fd, const char *command, uint64_t timeout_ns, pw_hook_say say,
		    void *ctx, struct pw_hooks **ret);
void pw_hooks_destroy(struct pw_hooks *h); /* ends those that run; takes NULL */

/* 0, -EAGAIN: PW_HOOKS_MAX run; another -errno: it can't be started. */
int pw_hooks_start(struct pw_hooks *h, uint64_t ticket, const char *text, size_t len,
		   uint64_t now_ns);
bool pw_hooks_has_room(const struct pw_hooks *h);
/* Reads, ends, reaps. Call it until false: true gives one that ended. */
bool pw_hooks_run(struct pw_hooks *h, uint64_t now_ns, struct pw_hook_result *ret);
uint64_t pw_hooks_wake_ns(const struct pw_hooks *h); /* UINT64_MAX: never */

#endif
