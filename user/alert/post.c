// SPDX-License-Identifier: GPL-2.0-or-later
#include "user/alert/post.h"

#include <errno.h>
#include <netdb.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "user/base/cleanup.h"
#include "user/base/clock.h"
#include "user/base/text.h"
#include "user/source/http_client.h"

#define LOOKUP_POLL_NS (50 * PW_NSEC_PER_MSEC) /* the resolver's thread wakes nobody */
#define ANSWER_MAX (PW_HTTP_HEAD_MAX + 1024)

enum stage { IDLE, LOOKING_UP, CONNECTING, SENDING, READING };

struct pw_post {
	int epoll_fd, fd;
	struct pw_url url;
	char path[384];
	uint64_t timeout_ns, deadline_ns;
	enum stage stage;
	/* the lookup: its memory is the resolver's until it is done */
	struct gaicb *lookup;
	bool looking_up; /* also after a deadline: it can't be called off while it runs */
	struct addrinfo hints;
	struct addrinfo *next; /* the address to try */
	char *request; /* head and body */
	size_t request_len, sent;
	char answer[ANSWER_MAX + 1];
	size_t answer_len;
};

/* ---- the end --------------------------------------------------------------------- */

static void close_socket(struct pw_post *p)
{
	if (p->fd >= 0)
		close(p->fd); /* leaves the epoll set as well */
	p->fd = -1;
}

static bool finish(struct pw_post *p, int err, struct pw_post_result *ret)
{
	close_socket(p);
	free(pw_steal(p->request));
	p->stage = IDLE;
	ret->err = err;
	return true;
}

static bool fail(struct pw_post *p, int err, const char *what, struct pw_post_result *ret)
{
	ret->status = 0;
	snprintf(ret->words, sizeof(ret->words), "%s: %s", what, strerror(-err));
	return finish(p, err, ret);
}

/* ---- looking up ------------------------------------------------------------------- */

static int begin_lookup(struct pw_post *p)
{
	struct sigevent silent = { .sigev_notify = SIGEV_NONE };
	struct gaicb *list[1];

	if (p->looking_up)
		return 0; /* the one before is not done; it is as good */
	if (p->lookup->ar_result)
		freeaddrinfo(p->lookup->ar_result);
	memset(p->lookup, 0, sizeof(*p->lookup));
	p->lookup->ar_name = p->url.host;
	p->lookup->ar_service = p->url.port;
	p->lookup->ar_request = &p->hints;
	p->hints = (struct addrinfo){ .ai_socktype = SOCK_STREAM,
				      .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV };
	/* An address needs nobody. */
	if (!getaddrinfo(p->url.host, p->url.port, &p->hints, &p->lookup->ar_result))
		return 0;
	p->hints.ai_flags = AI_NUMERICSERV;
	list[0] = p->lookup;
	if (getaddrinfo_a(GAI_NOWAIT, list, 1, &silent))
		return -EAGAIN;
	p->looking_up = true;
	return 0;
}

/* 0: done, p->next is set; -EINPROGRESS; -EHOSTUNREACH with words. */
static int take_lookup(struct pw_post *p, struct pw_post_result *ret)
{
	int r = p->looking_up ? gai_error(p->lookup) : 0;

	if (r == EAI_INPROGRESS)
		return -EINPROGRESS;
	p->looking_up = false;
	if (r) {
		snprintf(ret->words, sizeof(ret->words), "cannot find the host: %s", gai_strerror(r));
		return -EHOSTUNREACH;
	}
	p->next = p->lookup->ar_result;
	return p->next ? 0 : -EHOSTUNREACH;
}

/* ---- the connection ---------------------------------------------------------------- */

static int watch(struct pw_post *p, int op, uint32_t events)
{
	struct epoll_event ev = { .events = events, .data.fd = p->fd };

	return epoll_ctl(p->epoll_fd, op, p->fd, &ev) < 0 ? -errno : 0;
}

/* Tries the addresses from p->next on. */
static int connect_next(struct pw_post *p)
{
	int r = -EHOSTUNREACH;

	for (; p->next; p->next = p->next->ai_next) {
		close_socket(p);
		p->fd = socket(p->next->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		r = p->fd < 0 ? -errno : 0;
		if (!r && connect(p->fd, p->next->ai_addr, p->next->ai_addrlen) &&
		    errno != EINPROGRESS)
			r = -errno;
		r = r ? r : watch(p, EPOLL_CTL_ADD, EPOLLOUT);
		if (!r) {
			p->next = p->next->ai_next;
			return 0;
		}
	}
	close_socket(p);
	return r;
}

/* 0: connected; -EINPROGRESS. */
static int take_connection(struct pw_post *p)
{
	struct sockaddr_storage peer;
	socklen_t len = sizeof(int), peer_len = sizeof(peer);
	int err = 0;

	if (getsockopt(p->fd, SOL_SOCKET, SO_ERROR, &err, &len))
		err = errno;
	if (!err && !getpeername(p->fd, (struct sockaddr *)&peer, &peer_len))
		return 0;
	if (!err)
		return -EINPROGRESS;
	if (p->next && !connect_next(p))
		return -EINPROGRESS;
	return -err;
}

static int send_some(struct pw_post *p)
{
	while (p->sent < p->request_len) {
		ssize_t n = send(p->fd, p->request + p->sent, p->request_len - p->sent,
				 MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0)
			return errno == EAGAIN || errno == EINTR ? -EINPROGRESS : -errno;
		p->sent += (size_t)n;
	}
	return watch(p, EPOLL_CTL_MOD, EPOLLIN);
}

/* The length of the head; 0: it is not all there. */
static size_t head_length(const char *text, size_t len)
{
	const char *end = memmem(text, len, "\r\n\r\n", 4);

	return end ? (size_t)(end - text) + 4 : 0;
}

/* A good answer needs no body; of others it has the words. */
static bool is_enough(const char *text, size_t len)
{
	size_t head_len = head_length(text, len);
	struct pw_http_head head;

	if (!head_len || pw_http_parse_head(text, head_len, &head))
		return false;
	return head.status / 100 == 2 || len - head_len >= head.length;
}

/* 0: all there is, all that is wanted, or all there is room for. */
static int read_some(struct pw_post *p)
{
	while (p->answer_len < ANSWER_MAX && !is_enough(p->answer, p->answer_len)) {
		ssize_t n = recv(p->fd, p->answer + p->answer_len, ANSWER_MAX - p->answer_len,
				 MSG_DONTWAIT);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN ? -EINPROGRESS : -errno;
		if (!n)
			return 0;
		p->answer_len += (size_t)n;
	}
	return 0;
}

int pw_post_take_answer(const char *text, size_t len, struct pw_post_result *ret)
{
	size_t head_len = head_length(text, len), line = 0;
	struct pw_http_head head;

	if (!head_len || pw_http_parse_head(text, head_len, &head))
		return -EPROTO;
	*ret = (struct pw_post_result){ .status = head.status };
	if (head.status / 100 != 2) {
		char body[PW_POST_WORDS - 32];

		while (head_len + line < len && text[head_len + line] != '\n')
			line++;
		pw_text_escape(body, sizeof(body), text + head_len, line);
		snprintf(ret->words, sizeof(ret->words), "it answered %u%s%s", head.status,
			 body[0] ? ": " : "", body);
	}
	return 0;
}

/* ---- one request ------------------------------------------------------------------- */

int pw_post_begin(struct pw_post *p, char *body, size_t len, uint64_t now_ns)
{
	const char *open = p->url.bracketed ? "[" : "", *close = p->url.bracketed ? "]" : "";
	char head[1024];
	int n = snprintf(head, sizeof(head),
			 "POST %s%s HTTP/1.0\r\nHost: %s%s%s:%s\r\nUser-Agent: pagewarden/%s\r\n"
			 "Content-Type: application/json\r\nContent-Length: %zu\r\n"
			 "Connection: close\r\n\r\n",
			 p->url.path, p->path, open, p->url.host, close, p->url.port, PW_VERSION,
			 len);
	int r = p->stage != IDLE ? -EBUSY : n < 0 || n >= (int)sizeof(head) ? -ENAMETOOLONG : 0;

	if (!r)
		p->request = malloc((size_t)n + len);
	if (!r && !p->request)
		r = -ENOMEM;
	if (!r) {
		memcpy(p->request, head, (size_t)n);
		memcpy(p->request + n, body, len);
		p->request_len = (size_t)n + len;
		r = begin_lookup(p);
		if (r)
			free(pw_steal(p->request));
	}
	free(body);
	if (r)
		return r;
	p->sent = p->answer_len = 0;
	p->deadline_ns = now_ns + p->timeout_ns;
	p->stage = LOOKING_UP;
	return 0;
}

bool pw_post_is_busy(const struct pw_post *p)
{
	return p->stage != IDLE;
}

/* 0: on to the next stage; -EINPROGRESS: wait; else it failed. */
static int step(struct pw_post *p, struct pw_post_result *ret)
{
	int r;

	switch (p->stage) {
	case LOOKING_UP:
		r = take_lookup(p, ret);
		return r ? r : connect_next(p);
	case CONNECTING:
		return take_connection(p);
	case SENDING:
		r = send_some(p);
		/* Who refuses at once may have closed already; its answer is still there. */
		return r == -EPIPE || r == -ECONNRESET ? 0 : r;
	case READING:
		return read_some(p);
	case IDLE:
		break;
	}
	return -EINVAL;
}

bool pw_post_run(struct pw_post *p, uint64_t now_ns, struct pw_post_result *ret)
{
	static const char *const doing[] = { "", "cannot find or reach it", "cannot connect",
					     "cannot send", "no answer" };
	int r = 0;

	if (p->stage == IDLE)
		return false;
	*ret = (struct pw_post_result){ 0 };
	while (!r) {
		r = step(p, ret);
		if (!r && p->stage == READING)
			break;
		if (!r)
			p->stage++;
	}
	if (!r && !pw_post_take_answer(p->answer, p->answer_len, ret))
		return finish(p, 0, ret);
	if (!r)
		return fail(p, -EPROTO, p->answer_len ? "what answers speaks no HTTP" : "no answer",
			    ret);
	if (r == -EINPROGRESS && now_ns < p->deadline_ns)
		return false;
	if (r == -EINPROGRESS)
		r = -ETIMEDOUT;
	if (ret->words[0])
		return finish(p, r, ret);
	return fail(p, r, doing[p->stage], ret);
}

uint64_t pw_post_wake_ns(const struct pw_post *p, uint64_t now_ns)
{
	if (p->stage == IDLE)
		return UINT64_MAX;
	if (p->stage == LOOKING_UP && now_ns + LOOKUP_POLL_NS < p->deadline_ns)
		return now_ns + LOOKUP_POLL_NS;
	return p->deadline_ns;
}

/* ---- life -------------------------------------------------------------------------- */

int pw_post_create(int epoll_fd, const struct pw_url *url, const char *path, uint64_t timeout_ns,
		   struct pw_post **ret)
{
	struct pw_post *p = calloc(1, sizeof(*p));

	if (!p)
		return -ENOMEM;
	p->lookup = calloc(1, sizeof(*p->lookup));
	if (!p->lookup) {
		free(p);
		return -ENOMEM;
	}
	p->epoll_fd = epoll_fd;
	p->fd = -1;
	p->url = *url;
	p->timeout_ns = timeout_ns;
	snprintf(p->path, sizeof(p->path), "%s", path);
	*ret = p;
	return 0;
}

void pw_post_destroy(struct pw_post *p)
{
	struct timespec soon = { .tv_nsec = 200 * 1000 * 1000 };

	if (!p)
		return;
	close_socket(p);
	free(p->request);
	p->request = NULL;
	if (p->looking_up && gai_cancel(p->lookup) == EAI_NOTCANCELED) {
		const struct gaicb *list[1] = { p->lookup };

		/* What the resolver's thread still writes to can't be freed: rather lost than wrong. */
		if (gai_suspend(list, 1, &soon) == EAI_AGAIN)
			return;
	}
	if (p->lookup->ar_result)
		freeaddrinfo(p->lookup->ar_result);
	free(p->lookup);
	free(p);
}
