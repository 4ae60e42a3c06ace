/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is known of one way on which alerts leave. */
#ifndef PW_ALERT_WAY_H
#define PW_ALERT_WAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum pw_alert_way_kind { PW_WAY_JOURNAL, PW_WAY_EXEC, PW_WAY_ALERTMANAGER, PW_WAYS };

struct pw_alert_way {
	const char *name; /* "journal", "exec", "alertmanager" */
	bool on;
	uint64_t sent; /* notices that arrived */
	uint64_t failed; /* attempts that failed; of exec: hooks that failed */
	uint64_t dropped; /* notices that nobody will get: no room, or refused */
	size_t waiting;
	uint64_t sent_ns; /* realtime of the last that arrived; 0: none */
	char error[192]; /* of the last attempt; "": it went well */
};

#endif
