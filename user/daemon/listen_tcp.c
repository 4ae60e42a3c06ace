// SPDX-License-Identifier: GPL-2.0-or-later
#include "user/daemon/listen_tcp.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "user/base/cleanup.h"

#define BACKLOG 16

/* Splits "HOST:PORT", "[HOST]:PORT"; without a port where it need not be there. */
static int split(const char *text, bool needs_port, char host[INET6_ADDRSTRLEN], const char **port)
{
	bool bracketed = text[0] == '[';
	size_t n = strcspn(text + bracketed, bracketed ? "]" : ":");
	const char *rest = text + bracketed + n;

	if (!n || n >= INET6_ADDRSTRLEN || (bracketed && *rest++ != ']'))
		return -EINVAL;
	if (*rest != ':' && (*rest || needs_port))
		return -EINVAL;
	memcpy(host, text + bracketed, n);
	host[n] = '\0';
	*port = *rest ? rest + 1 : "";
	return bracketed ? 6 : 4;
}

static int parse_port(const char *text, in_port_t *ret)
{
	unsigned long n = strtoul(text, NULL, 10);

	if (!*text || strlen(text) > 5 || strspn(text, "0123456789") != strlen(text) || n > 65535)
		return -EINVAL;
	*ret = htons((uint16_t)n);
	return 0;
}

int pw_tcp_address_parse(const char *text, struct pw_tcp_address *ret)
{
	struct pw_tcp_address a = { 0 };
	struct sockaddr_in *v4 = (struct sockaddr_in *)&a.address;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&a.address;
	char host[INET6_ADDRSTRLEN];
	const char *port;
	int family = split(text, true, host, &port);

	if (family == 4 && inet_pton(AF_INET, host, &v4->sin_addr) == 1 &&
	    !parse_port(port, &v4->sin_port)) {
		v4->sin_family = AF_INET;
		a.len = sizeof(*v4);
		a.loopback = ntohl(v4->sin_addr.s_addr) >> 24 == 127;
	} else if (family == 6 && inet_pton(AF_INET6, host, &v6->sin6_addr) == 1 &&
		   !parse_port(port, &v6->sin6_port)) {
		v6->sin6_family = AF_INET6;
		a.len = sizeof(*v6);
		a.loopback = IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr);
	} else {
		return -EINVAL;
	}
	*ret = a;
	return 0;
}

int pw_tcp_listen(const struct pw_tcp_address *a, const char *text, int *ret_fd, struct pw_error *err)
{
	pw_auto_close int fd =
		socket(a->address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int one = 1, r;

	if (fd < 0) {
		r = pw_error_set(err, -errno, "cannot listen on %s: %s", text, strerror(errno));
		if (r == -EAFNOSUPPORT)
			pw_error_remedy(
				err, "the unit allows no network; docs/metrics.md has what opens it");
		return r;
	}
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, (const struct sockaddr *)&a->address, a->len) || listen(fd, BACKLOG))
		return pw_error_set(err, -errno, "cannot listen on %s: %s", text, strerror(errno));
	*ret_fd = pw_steal_fd(&fd);
	return 0;
}

bool pw_tcp_host_is_local(const char *host)
{
	unsigned char ignored[sizeof(struct in6_addr)];
	char name[INET6_ADDRSTRLEN];
	const char *port;
	int family;

	if (!host)
		return true;
	family = split(host, false, name, &port);
	if (family < 0)
		return false;
	return inet_pton(family == 6 ? AF_INET6 : AF_INET, name, ignored) == 1 ||
	       (family == 4 && strcasecmp(name, "localhost") == 0);
}
