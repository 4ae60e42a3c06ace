/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sets of numbered words, as options give them: "wiped,unknown". */
#ifndef PW_BASE_WORDS_H
#define PW_BASE_WORDS_H

#include <stdbool.h>

#include "user/base/error.h"

struct pw_words {
	const char *what; /* "verdict" */
	const char *(*name)(unsigned int number); /* never NULL; what has no name is called as 0 is */
	unsigned int count;
};

/*
 * Comma-separated names; sets set[number] of each, leaving the others.
 * 0, or -EINVAL with *err naming the word and listing the names.
 */
int pw_words_parse(const struct pw_words *w, const char *text, bool *set, struct pw_error *err);

#endif
