// SPDX-License-Identifier: GPL-2.0-or-later
/* The daemon's words: stderr, which is the journal under systemd. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "user/daemon/state.h"

static void say(int priority, const char *text)
{
	/* The journal reads the priority off the line; a person need not. */
	if (getenv("JOURNAL_STREAM"))
		fprintf(stderr, "<%d>pagewarden: %s\n", priority, text);
	else
		fprintf(stderr, "pagewarden: %s\n", text);
}

void pw_daemon_log(int priority, const char *text, ...)
{
	char line[768];
	va_list ap;

	va_start(ap, text);
	vsnprintf(line, sizeof(line), text, ap);
	va_end(ap);
	say(priority, line);
}

void pw_daemon_log_error(int priority, const struct pw_error *err)
{
	pw_daemon_log(priority, "%s%s%s", err->what, err->remedy[0] ? "; " : "", err->remedy);
}
