// SPDX-License-Identifier: GPL-2.0-or-later
#include "user/source/http_client.h"

#include <errno.h>
#include <jansson.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "user/base/cleanup.h"
#include "user/base/text.h"
#include "user/source/source.h"

#define REFUSAL_MAX 8192 /* bytes of an error's body */

/* ---- the head ---------------------------------------------------------------- */

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static int parse_length(const char *p, const char *end, uint64_t *ret)
{
	uint64_t n = 0;

	if (p == end)
		return -EPROTO;
	for (; p < end; p++) {
		if (!is_digit(*p) || __builtin_mul_overflow(n, 10, &n) ||
		    __builtin_add_overflow(n, (uint64_t)(*p - '0'), &n))
			return -EPROTO;
	}
	*ret = n;
	return 0;
}

/* Whether the line's field has this name; ret_value spans it without white space. */
static bool is_field(const char *line, const char *end, const char *name, const char **ret_value,
		     const char **ret_end)
{
	size_t n = strlen(name);

	if ((size_t)(end - line) <= n || strncasecmp(line, name, n) != 0 || line[n] != ':')
		return false;
	line += n + 1;
	while (line < end && (*line == ' ' || *line == '\t'))
		line++;
	while (end > line && (end[-1] == ' ' || end[-1] == '\t'))
		end--;
	*ret_value = line;
	*ret_end = end;
	return true;
}

static int parse_field(const char *line, const char *end, struct pw_http_head *head)
{
	const char *value, *value_end;
	uint64_t length;

	if (is_field(line, end, "transfer-encoding", &value, &value_end))
		return -EPROTO;
	if (!is_field(line, end, "content-length", &value, &value_end))
		return 0;
	if (parse_length(value, value_end, &length) ||
	    (head->length != UINT64_MAX && head->length != length))
		return -EPROTO;
	head->length = length;
	return 0;
}

/* "HTTP/1.1 200 OK" */
static int parse_status(const char *line, const char *end, struct pw_http_head *head)
{
	static const char version[] = "HTTP/1.";
	const char *code = line + strlen(version) + 2;

	if (end - line < (ptrdiff_t)strlen("HTTP/1.1 200") ||
	    memcmp(line, version, strlen(version)) != 0 || !is_digit(code[-2]) || code[-1] != ' ')
		return -EPROTO;
	if (!is_digit(code[0]) || !is_digit(code[1]) || !is_digit(code[2]) ||
	    (code + 3 < end && code[3] != ' '))
		return -EPROTO;
	head->status = (unsigned int)((code[0] - '0') * 100 + (code[1] - '0') * 10 + code[2] - '0');
	return head->status >= 100 ? 0 : -EPROTO;
}

int pw_http_parse_head(const char *text, size_t len, struct pw_http_head *ret)
{
	struct pw_http_head head = { .length = UINT64_MAX };
	const char *line = text, *end = text + len;

	if (len > PW_HTTP_HEAD_MAX || memchr(text, '\0', len))
		return -EPROTO;
	for (;;) {
		const char *stop = memmem(line, (size_t)(end - line), "\r\n", 2);
		int rc;

		if (!stop)
			return -EPROTO;
		if (stop == line)
			break;
		rc = line == text ? parse_status(line, stop, &head) : parse_field(line, stop, &head);
		if (rc)
			return rc;
		line = stop + 2;
	}
	if (line == text)
		return -EPROTO;
	*ret = head;
	return 0;
}

/* ---- the connection ------------------------------------------------------------ */

/* Waits and receives; poll() is never restarted, so that a signal ends the wait. */
static int64_t receive(int fd, void *bytes, size_t len, int timeout_ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	for (;;) {
		ssize_t n = recv(fd, bytes, len, MSG_DONTWAIT);

		if (n >= 0)
			return n;
		if (errno != EAGAIN)
			return -errno;
		n = poll(&p, 1, timeout_ms);
		if (n < 0)
			return -errno;
		if (!n)
			return -ETIMEDOUT;
	}
}

int64_t pw_http_body_read(struct pw_http_body *body, void *bytes, size_t len)
{
	int64_t n;

	if (len > body->left)
		len = (size_t)body->left;
	if (!len)
		return 0;
	n = receive(body->fd, bytes, len, body->timeout_ms);
	if (n > 0 && body->left != UINT64_MAX)
		body->left -= (uint64_t)n;
	return !n && body->left != UINT64_MAX ? -ECONNRESET : n;
}

static int no_daemon(const char *path, int rc, struct pw_error *err)
{
	if (rc == -EAGAIN) /* the queue of the waiting is full */
		rc = -EBUSY;
	pw_error_set(err, rc,
		     rc == -ENOENT || rc == -ECONNREFUSED ? "no daemon answers at %s: %s" :
							    "cannot talk to the daemon at %s: %s",
		     path, strerror(-rc));
	if (rc == -EACCES)
		pw_error_remedy(err, "join the group pagewarden or run as root");
	else if (rc == -ENOENT || rc == -ECONNREFUSED)
		pw_error_remedy(err, "start it: systemctl start pagewarden");
	else if (rc == -ETIMEDOUT)
		pw_error_remedy(err, "it hangs or is stopped; --socket none does without it");
	return rc;
}

static int connect_to(const char *path, int timeout_ms, int *ret)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	struct timeval wait = { timeout_ms / 1000, timeout_ms % 1000 * 1000 };
	pw_auto_close int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	if (strlen(path) >= sizeof(addr.sun_path))
		return -ENAMETOOLONG;
	memcpy(addr.sun_path, path, strlen(path));
	/* bounds connect() too, when the daemon's queue is full */
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait));
	if (connect(fd, (const struct sockaddr *)&addr, sizeof(addr)))
		return -errno;
	*ret = pw_steal_fd(&fd);
	return 0;
}

static int send_request(int fd, const char *target)
{
	char text[1280];
	int n = snprintf(text, sizeof(text),
			 "GET %s HTTP/1.0\r\nHost: localhost\r\nConnection: close\r\n\r\n", target);
	ssize_t sent;

	if (n < 0 || n >= (int)sizeof(text))
		return -ENAMETOOLONG;
	sent = send(fd, text, (size_t)n, MSG_NOSIGNAL);
	if (sent < 0)
		return -errno;
	return sent == n ? 0 : -ETIMEDOUT;
}

/*
 * Byte by byte, once per connection: what follows the head must stay in the
 * socket, where poll() sees it.
 */
static int read_head(int fd, int timeout_ms, struct pw_http_head *ret)
{
	char text[PW_HTTP_HEAD_MAX];
	size_t len = 0;

	while (len < 4 || memcmp(text + len - 4, "\r\n\r\n", 4) != 0) {
		int64_t n;

		if (len == sizeof(text))
			return -EPROTO;
		n = receive(fd, text + len, 1, timeout_ms);
		if (n < 0)
			return (int)n;
		if (!n)
			return len ? -EPROTO : -ECONNRESET;
		len++;
	}
	return pw_http_parse_head(text, len, ret);
}

/* ---- refusals -------------------------------------------------------------------- */

static void copy_text(const json_t *body, const char *key, char *out, size_t size)
{
	const char *text = json_string_value(json_object_get(body, key));

	if (text)
		pw_text_escape(out, size, text, strlen(text));
}

/* The daemon's own words, where its answer is the JSON that docs/api.md promises. */
static void read_refusal(struct pw_http_body *body, struct pw_error *ret)
{
	char text[REFUSAL_MAX];
	size_t len = 0;
	int64_t n;
	json_t *json;

	while (len < sizeof(text) && (n = pw_http_body_read(body, text + len, sizeof(text) - len)) > 0)
		len += (size_t)n;
	json = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
	copy_text(json, "error", ret->what, sizeof(ret->what));
	copy_text(json, "remedy", ret->remedy, sizeof(ret->remedy));
	json_decref(json);
}

static int refused(struct pw_http_body *body, unsigned int status, struct pw_error *err)
{
	static const struct {
		unsigned int status;
		int rc;
		const char *what, *remedy;
	} known[] = {
		{ 403, -EACCES, "you may not", "join the group pagewarden or run as root" },
		{ 404, -ESRCH, "it does not know that", "" },
		{ 503, -EBUSY, "it has too much to do", "try again in a moment" },
		{ 0, -EPROTO, "it failed", "" },
	};
	struct pw_error told = { 0 };
	size_t i = 0;

	read_refusal(body, &told);
	while (known[i].status && known[i].status != status)
		i++;
	pw_error_set(err, known[i].rc, "the daemon refuses (%u): %.200s", status,
		     told.what[0] ? told.what : known[i].what);
	pw_error_remedy(err, "%s", told.remedy[0] ? told.remedy : known[i].remedy);
	return known[i].rc;
}

int pw_http_get(const char *socket_path, const char *target, int timeout_ms,
		struct pw_http_body *ret, struct pw_error *err)
{
	struct pw_http_body body = { .timeout_ms = timeout_ms };
	pw_auto_close int fd = -1;
	struct pw_http_head head;
	int rc = connect_to(socket_path, timeout_ms, &fd);

	if (rc)
		return no_daemon(socket_path, rc, err);
	rc = send_request(fd, target);
	/* who refuses at once may have closed already; its answer is still there */
	if (!rc || rc == -EPIPE)
		rc = read_head(fd, timeout_ms, &head);
	if (rc == -EPROTO)
		return pw_error_set(err, rc, "what answers at %s is no daemon of pagewarden",
				    socket_path);
	if (rc)
		return no_daemon(socket_path, rc, err);
	body.fd = fd;
	body.left = head.length;
	if (head.status != 200)
		return refused(&body, head.status, err);
	*ret = body;
	pw_steal_fd(&fd);
	return 0;
}
