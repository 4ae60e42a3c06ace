// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * surge: a server with a real socket pair and 64 KiB of buffers for each
 * connection. A crowd comes within a minute, stays a while, and goes again.
 */
#include "work.h"

#include <sys/resource.h>
#include <sys/socket.h>

enum { MOST = 900 };
static struct connection {
	int fds[2];
	char *in, *out;
} connections[MOST];

static void open_one(struct connection *c)
{
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, c->fds) < 0)
		abort();
	c->in = (char *)filled(32 * KIB);
	c->out = (char *)filled(32 * KIB);
}

static void close_one(struct connection *c)
{
	close(c->fds[0]);
	close(c->fds[1]);
	free(c->in);
	free(c->out);
}

static int wanted(double t)
{
	double crowd = t < 60 ? t / 60 : t < 100 ? 1 : t < 160 ? (160 - t) / 60 : 0;

	return 40 + (int)(crowd * (MOST - 40));
}

int main(void)
{
	struct rlimit most;
	double start = now();
	char byte = 1;

	begin();
	getrlimit(RLIMIT_NOFILE, &most);
	most.rlim_cur = most.rlim_max;
	setrlimit(RLIMIT_NOFILE, &most);
	for (int n = 0;; wait_for(0.05)) {
		while (n < wanted(now() - start))
			open_one(&connections[n++]);
		while (n > wanted(now() - start))
			close_one(&connections[--n]);
		for (int i = 0; i < n; i++) /* each says something */
			if (write(connections[i].fds[0], &byte, 1) != 1 ||
			    read(connections[i].fds[1], &byte, 1) != 1)
				return 1;
	}
}
