/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The socket that the daemon listens on, and the pid file beside it whose lock
 * keeps a second daemon away. The lock goes with the process, so what a
 * crashed daemon left behind is told from a living one without guessing.
 */
#ifndef PW_DAEMON_LISTEN_H
#define PW_DAEMON_LISTEN_H

#include <stdbool.h>
#include <sys/types.h>

#include "user/base/error.h"

struct pw_listener {
	int fd; /* non-blocking; -1: none */
	int pid_fd;
	bool bound; /* the socket at path is ours */
	char path[108];
	char pid_path[128];
};

/*
 * Makes the directory when it is missing. -EBUSY: another daemon is running
 * (its pid is in the error); -EEXIST: the path is something else than a socket.
 */
int pw_listener_open(const char *path, gid_t group, struct pw_listener *ret, struct pw_error *err);
int pw_listener_set_group(struct pw_listener *l, gid_t group);
/* Stops and removes the socket and the pid file. */
void pw_listener_close(struct pw_listener *l);

/* Makes the directory of a file, one level, mode 0750 or as given. 0 or -errno with *err. */
int pw_make_parent(const char *path, mode_t mode, struct pw_error *err);

#endif
