/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The paths of docs/api.md and what they answer. */
#ifndef PW_DAEMON_API_H
#define PW_DAEMON_API_H

#include "user/daemon/http.h"

/* Always fills *ret; errors become documents. */
void pw_api_answer(struct pw_daemon *d, const struct pw_http_request *req,
		   struct pw_http_answer *ret);
/* {"schema": "pagewarden.error", ...}; remedy may be NULL. */
void pw_api_error(struct pw_http_answer *ret, unsigned int status, const char *remedy,
		  const char *text, ...) __attribute__((format(printf, 4, 5)));

#endif
