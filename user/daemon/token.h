/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The secret that opens the API to those who come by TCP. */
#ifndef PW_DAEMON_TOKEN_H
#define PW_DAEMON_TOKEN_H

#include <stdbool.h>
#include <stddef.h>

#include "user/base/error.h"

#define PW_TOKEN_MIN 16
#define PW_TOKEN_MAX 256

struct pw_token {
	size_t len; /* 0: none, and nothing matches */
	char text[PW_TOKEN_MAX];
};

/* The file's first line; it may be readable by its owner alone. path "": no token. */
int pw_token_read(const char *path, struct pw_token *ret, struct pw_error *err);
/*
 * Whether an Authorization header ("Bearer TOKEN"; NULL: there is none) has
 * it. The time it takes says nothing of where they differ.
 */
bool pw_token_matches(const struct pw_token *t, const char *authorization);

#endif
