/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /v1/status: how the daemon is. */
#ifndef PW_DAEMON_STATUS_H
#define PW_DAEMON_STATUS_H

#include "user/daemon/http.h"

void pw_status_answer(struct pw_daemon *d, struct pw_http_answer *ret);

#endif
