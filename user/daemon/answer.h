/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A document becomes an answer. */
#ifndef PW_DAEMON_ANSWER_H
#define PW_DAEMON_ANSWER_H

#include "user/daemon/http.h"
#include "user/view/emit.h"

void pw_answer_document(struct pw_http_answer *ret, const struct pw_document *doc);

#endif
