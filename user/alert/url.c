// SPDX-License-Identifier: GPL-2.0-or-later
#include "user/alert/url.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME_BYTES "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_"
#define PATH_BYTES NAME_BYTES "/~%!$&'()*+,;=:@"

static int bad(const char **reason, const char *why)
{
	*reason = why;
	return -EINVAL;
}

/* Both take what *p points at and move behind it. */
static int take_host(const char **p, struct pw_url *url, const char **reason)
{
	struct in6_addr ignored;
	size_t n;

	url->bracketed = **p == '[';
	*p += url->bracketed;
	n = url->bracketed ? strcspn(*p, "]") : strspn(*p, NAME_BYTES);
	if (!n || n >= sizeof(url->host))
		return bad(reason, "it names no host");
	memcpy(url->host, *p, n);
	url->host[n] = '\0';
	*p += n;
	if (url->bracketed && (*(*p)++ != ']' || inet_pton(AF_INET6, url->host, &ignored) != 1))
		return bad(reason, "what stands in brackets is no IPv6 address");
	return 0;
}

static int take_port(const char **p, struct pw_url *url, const char **reason)
{
	size_t n;

	strcpy(url->port, "80");
	if (**p != ':')
		return 0;
	n = strspn(++*p, "0123456789");
	if (!n || n >= sizeof(url->port))
		return bad(reason, "its port is no number");
	memcpy(url->port, *p, n);
	url->port[n] = '\0';
	*p += n;
	if (strtoul(url->port, NULL, 10) < 1 || strtoul(url->port, NULL, 10) > 65535)
		return bad(reason, "its port is not in 1 to 65535");
	return 0;
}

int pw_url_parse(const char *text, struct pw_url *ret, const char **reason)
{
	static const char scheme[] = "http://";
	struct pw_url url = { 0 };
	const char *p = text + strlen(scheme);
	size_t n;

	if (strncmp(text, "https://", 8) == 0)
		return bad(reason,
			   "only plain http is spoken; let a proxy on this machine do the rest");
	if (strncmp(text, scheme, strlen(scheme)) != 0)
		return bad(reason, "it does not begin with http://");
	if (take_host(&p, &url, reason) || take_port(&p, &url, reason))
		return -EINVAL;
	n = strlen(p);
	if (n && *p != '/')
		return bad(reason, "something stands between its host and its path");
	if (strspn(p, PATH_BYTES) != n)
		return bad(reason, "its path holds a character that has no place there");
	while (n && p[n - 1] == '/')
		n--;
	if (n >= sizeof(url.path))
		return bad(reason, "its path is too long");
	memcpy(url.path, p, n);
	*ret = url;
	return 0;
}
