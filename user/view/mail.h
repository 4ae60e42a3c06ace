/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A mail for sendmail -t: headers, then the same in plain text and in HTML
 * (multipart/alternative, RFC 2046). Bodies are base64, because a drawing has
 * lines that are longer than mail allows.
 */
#ifndef PW_VIEW_MAIL_H
#define PW_VIEW_MAIL_H

#include <stdbool.h>
#include <stdio.h>

/* "admin@example.org" or "a@b, c@d": nothing that could be a header of its own. */
bool pw_mail_address_is_sane(const char *to);

struct pw_mail {
	const char *to;
	const char *subject; /* UTF-8, one line */
	const char *text, *html; /* html NULL: text alone */
};

/* 0 or -errno of the write. */
int pw_mail_emit(const struct pw_mail *m, FILE *out);

#endif
