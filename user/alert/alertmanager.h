/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Alertmanager's API v2. Notices wait in a spool and go in batches; when all
 * are gone, what still fires is sent again every `refresh`, because it takes an
 * alert that is not repeated for ended. A receiver that is down is tried again
 * after 1 s, 2 s, 4 s, ... up to a minute. Nothing here waits.
 */
#ifndef PW_ALERT_ALERTMANAGER_H
#define PW_ALERT_ALERTMANAGER_H

#include "user/alert/alert_book.h"
#include "user/alert/spool.h"
#include "user/alert/url.h"
#include "user/alert/way.h"

#define PW_ALERTMANAGER_BATCH 32
#define PW_ALERTMANAGER_TIMEOUT_NS (10 * PW_NSEC_PER_SEC)
/* An alert that nobody repeats ends by itself after this many refreshes. */
#define PW_ALERTMANAGER_LIVES 4

struct pw_alertmanager;

/* The alerts as the API wants them; expires_ns: realtime at which what fires ends by itself. Free it. */
int pw_alertmanager_json(const struct pw_alert *const *alerts, size_t count, uint64_t expires_ns,
			 char **ret, size_t *ret_len);

/* The spool, the book and the way stay the caller's. */
int pw_alertmanager_create(int epoll_fd, const struct pw_url *url, uint64_t refresh_ns,
			   struct pw_spool *spool, const struct pw_alert_book *book,
			   struct pw_alert_way *way, struct pw_alertmanager **ret);
void pw_alertmanager_destroy(struct pw_alertmanager *m); /* takes NULL */
/* Goes on as far as it can. Times: CLOCK_BOOTTIME, CLOCK_REALTIME. Returns when to come again. */
uint64_t pw_alertmanager_run(struct pw_alertmanager *m, uint64_t now_ns, uint64_t real_ns);

#endif
