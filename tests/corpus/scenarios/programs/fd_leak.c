// SPDX-License-Identifier: GPL-2.0-or-later
/* fd_leak: a socket and an epoll descriptor for each request, ten a second; the error path closes neither. */
#include "work.h"

#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>

int main(void)
{
	struct rlimit most;

	begin();
	getrlimit(RLIMIT_NOFILE, &most);
	most.rlim_cur = most.rlim_max;
	setrlimit(RLIMIT_NOFILE, &most);
	for (long i = 0;; i++, wait_for(0.1)) {
		int sock = socket(AF_UNIX, SOCK_STREAM, 0), poll = epoll_create1(0);

		if (i % 3 == 0)
			continue; /* an error: lost */
		close(sock);
		close(poll);
	}
}
