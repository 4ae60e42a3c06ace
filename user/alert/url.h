/* SPDX-License-Identifier: GPL-2.0-or-later */
/* "http://HOST[:PORT][/PATH]", without user, query or fragment. */
#ifndef PW_ALERT_URL_H
#define PW_ALERT_URL_H

#include <stdbool.h>

struct pw_url {
	char host[256]; /* a name, or an address without brackets */
	char port[6];
	char path[256]; /* without a slash at its end; "" */
	bool bracketed; /* an IPv6 address */
};

/* 0, or -EINVAL with *reason in words. */
int pw_url_parse(const char *text, struct pw_url *ret, const char **reason);

#endif
