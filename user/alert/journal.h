/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A notice as one entry of systemd's journal, with a field for each column.
 * The native protocol by hand: sd_journal_sendv() waits when the journal does,
 * and the daemon must not.
 */
#ifndef PW_ALERT_JOURNAL_H
#define PW_ALERT_JOURNAL_H

#include <stddef.h>

#include "user/alert/alert.h"

#define PW_JOURNAL_SOCKET "/run/systemd/journal/socket"
/* MESSAGE_ID of what begins and of what ends. */
#define PW_JOURNAL_ID_FIRING "7f2e5c1b9d3a4f60a1c8e4d27b5f9036"
#define PW_JOURNAL_ID_RESOLVED "c4a93e7d1f2b4b58b6d05e8f3a7c2164"

/* The entry's bytes; free them. 0 or -ENOMEM. */
int pw_journal_entry(const struct pw_alert *a, char **ret, size_t *ret_len);
/* Never waits. -ENOENT, -ECONNREFUSED: there is no journal; -EAGAIN: it is busy. */
int pw_journal_send(const char *socket_path, const char *entry, size_t len);

#endif
