// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * request_leak: serves requests over a socket, as many as the time of its day
 * brings, and of each keeps 300 bytes for ever. A day is a minute.
 */
#include "work.h"

#include <sys/socket.h>

static void serve(int fd)
{
	char request[64];

	while (read(fd, request, sizeof(request)) > 0) {
		char *session = (char *)filled(8192);

		memcpy(session, request, sizeof(request));
		memcpy(filled(300), session, 64); /* the context that nobody releases */
		if (write(fd, session, sizeof(request)) != sizeof(request))
			break;
		free(session);
	}
}

int main(void)
{
	char message[64] = "GET /";
	int fds[2];

	begin();
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) < 0)
		return 1;
	if (fork() == 0) { /* the clients */
		begin();
		close(fds[0]);
		for (;; wait_for(0.05))
			for (int n = 2 + (int)(28 * daily(60)); n > 0; n--)
				if (write(fds[1], message, sizeof(message)) < 0 ||
				    read(fds[1], message, sizeof(message)) <= 0)
					return 0;
	}
	close(fds[1]);
	serve(fds[0]);
	return 0;
}
