/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who is at the other end of a Unix socket, as the kernel knows it. */
#ifndef PW_DAEMON_PEER_H
#define PW_DAEMON_PEER_H

#include <stdbool.h>
#include <sys/types.h>

struct pw_peer {
	pid_t pid; /* when it connected */
	uid_t uid;
	bool allowed; /* root, the daemon's own user, or in the group */
};

/* group (gid_t)-1: no such group. 0 or -errno. */
int pw_peer_read(int fd, gid_t group, struct pw_peer *ret);

#endif
