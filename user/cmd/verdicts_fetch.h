/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Trends and changes of verdicts that somebody else has: the daemon, or its history's file. */
#ifndef PW_CMD_VERDICTS_FETCH_H
#define PW_CMD_VERDICTS_FETCH_H

#include "user/analysis/trends.h"
#include "user/base/error.h"

/* Whether somebody is there, even one who refuses us. */
bool pw_daemon_listens(const char *socket_path);
/* From the daemon's /v1/trends. Errors as pw_http_get(), -EBADMSG, -E2BIG, -ENOMEM; with words. */
int pw_trends_fetch(const char *socket_path, struct pw_trends **ret, struct pw_error *err);
/* The file of the daemon's history, by its own word; false: it tells none. ret: PATH_MAX bytes. */
bool pw_history_of_daemon(const char *socket_path, char *ret);
/*
 * As the daemon last saved them; time_scale: as the daemon had it, 0 is 1. Errors
 * as pw_store_open(), -ENODATA: there is nothing that can be used; with words.
 */
int pw_trends_of_history(const char *path, double time_scale, struct pw_trends **ret,
			 struct pw_error *err);

/* The changes of the last so many ns, oldest first; strings and all are the array's. */
int pw_verdicts_past(const char *path, uint64_t since_ns, struct pw_verdict_event **ret,
		     size_t *ret_count, struct pw_error *err);
void pw_verdicts_past_free(struct pw_verdict_event *events, size_t count);

#endif
