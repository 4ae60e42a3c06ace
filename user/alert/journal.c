// SPDX-License-Identifier: GPL-2.0-or-later
#include "user/alert/journal.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "user/base/cleanup.h"
#include "user/base/text.h"
#include "user/view/emitter.h"

#define TEXT_MAX (4 * sizeof(((struct pw_alert *)0)->evidence) + 1)

/* Escaped text holds no line break, so that "KEY=value" is the whole protocol. */
static void put_column(FILE *out, const struct pw_column *c, const struct pw_alert *a)
{
	char text[TEXT_MAX], plain[PW_PLAIN_MAX];
	struct pw_value v;

	c->get(NULL, a, &v);
	if (!v.known)
		return;
	fputs("PAGEWARDEN_", out);
	for (const char *p = c->name; *p; p++)
		putc(toupper((unsigned char)*p), out);
	if (c->unit == PW_UNIT_TEXT)
		pw_text_escape(text, sizeof(text), v.text.bytes, v.text.len);
	fprintf(out, "=%s\n", c->unit == PW_UNIT_TEXT ? text : pw_emit_plain(c->unit, &v, plain));
}

static int priority_of(const struct pw_alert *a)
{
	if (a->state == PW_ALERT_RESOLVED || strcmp(a->severity, "info") == 0)
		return 6;
	return strcmp(a->severity, "critical") == 0 ? 2 : 4;
}

int pw_journal_entry(const struct pw_alert *a, char **ret, size_t *ret_len)
{
	char message[TEXT_MAX];
	char *bytes = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&bytes, &len);

	if (!out)
		return -ENOMEM;
	pw_text_escape(message, sizeof(message), a->summary, strlen(a->summary));
	fprintf(out, "MESSAGE=%s%s\n", a->state == PW_ALERT_RESOLVED ? "resolved: " : "", message);
	fprintf(out, "MESSAGE_ID=%s\nPRIORITY=%d\nSYSLOG_IDENTIFIER=pagewarden\n",
		a->state == PW_ALERT_RESOLVED ? PW_JOURNAL_ID_RESOLVED : PW_JOURNAL_ID_FIRING,
		priority_of(a));
	for (const struct pw_column *c = pw_alert_notice_columns; c->name; c++)
		put_column(out, c, a);
	if (ferror(out) | fclose(out)) {
		free(bytes);
		return -ENOMEM;
	}
	*ret = bytes;
	*ret_len = len;
	return 0;
}

int pw_journal_send(const char *socket_path, const char *entry, size_t len)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	pw_auto_close int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -errno;
	if (strlen(socket_path) >= sizeof(addr.sun_path))
		return -ENAMETOOLONG;
	memcpy(addr.sun_path, socket_path, strlen(socket_path));
	if (sendto(fd, entry, len, MSG_NOSIGNAL, (const struct sockaddr *)&addr, sizeof(addr)) < 0)
		return -errno;
	return 0;
}
