// SPDX-License-Identifier: GPL-2.0-or-later
#include "user/daemon/peer.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "user/base/cleanup.h"

#define GROUPS_FIRST 64
#define GROUPS_MAX 65536 /* the kernel's NGROUPS_MAX */

/* The supplementary groups that the peer had when it connected. */
static bool in_groups(int fd, gid_t group)
{
	pw_auto_free gid_t *list = NULL;
	socklen_t size = GROUPS_FIRST * sizeof(*list);

	for (int attempt = 0; attempt < 2; attempt++) {
		free(list);
		list = malloc(size);
		if (!list)
			return false;
		if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, list, &size) == 0)
			break;
		/* ERANGE: size now says what is needed */
		if (errno != ERANGE || attempt || size > GROUPS_MAX * sizeof(*list))
			return false;
	}
	for (size_t i = 0; i < size / sizeof(*list); i++) {
		if (list[i] == group)
			return true;
	}
	return false;
}

int pw_peer_read(int fd, gid_t group, struct pw_peer *ret)
{
	struct ucred cred;
	socklen_t size = sizeof(cred);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &size) < 0)
		return -errno;
	ret->pid = cred.pid;
	ret->uid = cred.uid;
	ret->allowed = cred.uid == 0 || cred.uid == geteuid() ||
		       (group != (gid_t)-1 && (cred.gid == group || in_groups(fd, group)));
	return 0;
}
