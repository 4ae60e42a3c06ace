// SPDX-License-Identifier: GPL-2.0-or-later
#include "user/daemon/http.h"

#include <errno.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "user/daemon/api.h"
#include "user/daemon/broadcast.h"
#include "user/daemon/listen_tcp.h"
#include "user/daemon/metrics.h"
#include "user/daemon/peer.h"
#include "user/daemon/state.h"

#define REQUEST_MEMORY (16u << 10) /* of one connection: headers and what MHD needs */
#define STREAM_BLOCK (64u << 10)
#define ACCEPTS_PER_ROUND 16

enum verdict { ADMITTED, FOREIGN, CROWDED };

/* One connection, from accept to close. */
struct connection {
	struct pw_http *owner;
	struct pw_peer peer; /* by TCP: nobody known */
	enum verdict verdict;
	bool tcp;
	bool used;
};

struct pw_http {
	struct pw_daemon *daemon;
	struct MHD_Daemon *mhd;
	int fd;
	struct connection connections[PW_HTTP_CONNECTIONS_ROOT];
	struct connection *arriving; /* between MHD_add_connection and its notification */
	size_t answering; /* bytes of answers under way */
	bool ending;
	struct pw_http_status status;
};

/* What a response's bytes count for, until MHD lets go of them. */
struct answer_bytes {
	struct pw_http *owner;
	size_t len;
	char *bytes;
};

/* A stream reader and its HTTP connection. */
struct reader {
	struct pw_http *owner;
	struct pw_stream *stream;
	struct MHD_Connection *connection;
	bool suspended;
};

/* ---- answers --------------------------------------------------------------------- */

static void release_bytes(void *cls)
{
	struct answer_bytes *a = cls;

	a->owner->answering -= a->len;
	free(a->bytes);
	free(a);
}

static struct MHD_Response *bytes_response(struct pw_http *h, struct pw_http_answer *answer)
{
	struct answer_bytes *a = malloc(sizeof(*a));
	struct MHD_Response *r = NULL;

	if (a) {
		*a = (struct answer_bytes){ h, answer->len, answer->bytes };
		h->answering += a->len;
		r = MHD_create_response_from_buffer_with_free_callback_cls(a->len, a->bytes,
									   release_bytes, a);
	}
	if (!r && a)
		release_bytes(a);
	else if (!r)
		free(answer->bytes);
	answer->bytes = NULL;
	return r;
}

static void wake_reader(void *ctx)
{
	struct reader *r = ctx;

	if (!r->suspended)
		return;
	r->suspended = false;
	MHD_resume_connection(r->connection);
}

static ssize_t read_stream(void *cls, uint64_t pos, char *buf, size_t max)
{
	struct reader *r = cls;
	size_t n;

	(void)pos;
	n = pw_stream_take(r->stream, buf, max);
	if (n)
		return n;
	if (r->owner->ending)
		return MHD_CONTENT_READER_END_OF_STREAM;
	r->suspended = true;
	MHD_suspend_connection(r->connection);
	return 0;
}

static void release_reader(void *cls)
{
	struct reader *r = cls;

	pw_stream_destroy(r->stream);
	free(r);
}

static struct MHD_Response *stream_response(struct pw_http *h, struct MHD_Connection *connection,
					    const struct pw_http_answer *answer, int *err)
{
	struct reader *r = calloc(1, sizeof(*r));
	struct MHD_Response *response;

	if (!r) {
		*err = -ENOMEM;
		return NULL;
	}
	r->owner = h;
	r->connection = connection;
	r->stream = answer->stream(h->daemon, wake_reader, r, err);
	if (!r->stream) {
		free(r);
		return NULL;
	}
	response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, STREAM_BLOCK, read_stream, r,
						     release_reader);
	if (!response) {
		release_reader(r);
		*err = -ENOMEM;
		return NULL;
	}
	/* Never chunked, and a paused reader is no dead one. */
	MHD_set_response_options(response, MHD_RF_HTTP_1_0_COMPATIBLE_STRICT, MHD_RO_END);
	MHD_set_connection_option(connection, MHD_CONNECTION_OPTION_TIMEOUT, 0u);
	return response;
}

static enum MHD_Result send_answer(struct pw_http *h, struct MHD_Connection *connection,
				   struct pw_http_answer *answer)
{
	struct MHD_Response *r;
	enum MHD_Result result;
	int err = 0;

	if (answer->stream) {
		r = stream_response(h, connection, answer, &err);
		if (!r)
			pw_api_error(answer, err == -EMFILE ? 503 : 500,
				     "close a stream that is not needed", "cannot begin a stream: %s",
				     err == -EMFILE ? "too many readers" : strerror(-err));
	} else {
		r = NULL;
	}
	if (!r) {
		answer->stream = NULL;
		r = bytes_response(h, answer);
	}
	if (!r)
		return MHD_NO;
	MHD_add_response_header(r, "Content-Type", answer->type ? answer->type : "application/json");
	MHD_add_response_header(r, "Cache-Control", "no-store");
	if (answer->status == 401)
		MHD_add_response_header(r, "WWW-Authenticate", "Bearer realm=\"pagewarden\"");
	if (answer->status == 405)
		MHD_add_response_header(r, "Allow", "GET");
	if (answer->status == 503)
		MHD_add_response_header(r, "Retry-After", "1");
	if (answer->status >= 400)
		h->status.errors++;
	result = MHD_queue_response(connection, answer->status ? answer->status : 200, r);
	MHD_destroy_response(r);
	return result;
}

/* ---- requests -------------------------------------------------------------------- */

struct parameters {
	struct pw_http_request *req;
	bool too_many;
};

static enum MHD_Result take_parameter(void *cls, enum MHD_ValueKind kind, const char *key,
				      const char *value)
{
	struct parameters *p = cls;
	struct pw_http_request *req = p->req;

	(void)kind;
	if (req->parameter_count == PW_HTTP_PARAMETERS) {
		p->too_many = true;
		return MHD_NO;
	}
	req->parameters[req->parameter_count++] =
		(struct pw_http_parameter){ key ? key : "", value ? value : "" };
	return MHD_YES;
}

static const char *header(struct MHD_Connection *c, const char *name)
{
	return MHD_lookup_connection_value(c, MHD_HEADER_KIND, name);
}

static bool has_body(struct MHD_Connection *c)
{
	const char *length = header(c, "Content-Length");

	return (length && strcmp(length, "0")) || header(c, "Transfer-Encoding");
}

static char url_good, url_too_long, url_cut;

/*
 * Runs before anything else of a request and gives its first context. Behind a
 * NUL byte the decoded path would end, and something else be answered.
 */
static void *measure_url(void *cls, const char *uri, struct MHD_Connection *c)
{
	(void)cls;
	(void)c;
	if (strnlen(uri, PW_HTTP_URL_MAX + 1) > PW_HTTP_URL_MAX)
		return &url_too_long;
	return strstr(uri, "%00") ? &url_cut : &url_good;
}

/* The kernel names nobody at the other end of TCP: a token must, for all but /metrics. */
static bool refuse_tcp(struct pw_http *h, struct MHD_Connection *c, const char *path,
		       struct pw_http_answer *answer)
{
	if (!h->daemon->config.tcp.remote && !pw_tcp_host_is_local(header(c, "Host")))
		pw_api_error(answer, 403, "ask by number or as localhost",
			     "the Host header names another machine");
	else if (strcmp(path, PW_METRICS_PATH) != 0 &&
		 !pw_token_matches(&h->daemon->token, header(c, "Authorization")))
		pw_api_error(answer, 401, "send 'Authorization: Bearer TOKEN' (token_file has it)",
			     "by TCP only %s is served without a token", PW_METRICS_PATH);
	else
		return false;
	h->status.refused++;
	return true;
}

/* What is wrong with the request whatever it asks for; true: answered. */
static bool refuse(struct pw_http *h, const struct connection *who, struct MHD_Connection *c,
		   const char *method, const char *path, const void *url,
		   struct pw_http_answer *answer)
{
	if (who->verdict == FOREIGN) {
		h->status.refused++;
		pw_api_error(answer, 403,
			     "ask the administrator to add you to the group, and log in anew",
			     "user %u is neither root nor in the group %s",
			     (unsigned int)who->peer.uid, h->daemon->config.group);
	} else if (who->verdict == CROWDED) {
		h->status.refused++;
		pw_api_error(answer, 503, "close one, or try again",
			     "too many connections: %u for each user, %u for all",
			     PW_HTTP_CONNECTIONS_USER, PW_HTTP_CONNECTIONS);
	} else if (url == &url_too_long) {
		pw_api_error(answer, 414, NULL, "the URL is longer than %u bytes", PW_HTTP_URL_MAX);
	} else if (url == &url_cut) {
		pw_api_error(answer, 400, NULL, "the URL holds a NUL byte (%%00)");
	} else if (who->tcp && refuse_tcp(h, c, path, answer)) {
		return true;
	} else if (strcmp(method, "GET")) {
		pw_api_error(answer, 405, NULL, "only GET is served");
	} else if (has_body(c)) {
		pw_api_error(answer, 400, NULL, "a request with a body is not served");
	} else if (h->answering > PW_HTTP_ANSWERS_BYTES) {
		pw_api_error(answer, 503, "try again", "too many answers are under way");
	} else {
		return false;
	}
	return true;
}

static enum MHD_Result handle(void *cls, struct MHD_Connection *c, const char *url,
			      const char *method, const char *version, const char *upload_data,
			      size_t *upload_size, void **request)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(c, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	const struct connection *who = info ? info->socket_context : NULL;
	struct pw_http_request req = { .path = url };
	struct pw_http_answer answer = { 0 };
	struct parameters p = { .req = &req };
	struct pw_http *h = cls;
	bool refused;

	(void)version;
	(void)upload_data;
	if (!who)
		return MHD_NO;
	refused = *request && refuse(h, who, c, method, url, *request, &answer);
	/* A good request is answered when it is complete: the connection may then go on. */
	if (!refused && *request) {
		*request = NULL;
		return MHD_YES;
	}
	if (!refused && *upload_size)
		return MHD_NO;
	h->status.requests++;
	if (!refused) {
		req.uid = who->peer.uid;
		req.accept = header(c, "Accept");
		MHD_get_connection_values(c, MHD_GET_ARGUMENT_KIND, take_parameter, &p);
		if (p.too_many)
			pw_api_error(&answer, 400, NULL, "more than %d parameters",
				     PW_HTTP_PARAMETERS);
		else
			pw_api_answer(h->daemon, &req, &answer);
	}
	return send_answer(h, c, &answer);
}

/* ---- connections ----------------------------------------------------------------- */

static void notify_connection(void *cls, struct MHD_Connection *c, void **context,
			      enum MHD_ConnectionNotificationCode code)
{
	struct pw_http *h = cls;
	struct connection *conn = *context;

	(void)c;
	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		*context = h->arriving;
		h->arriving = NULL;
	} else if (conn) {
		conn->used = false;
		h->status.connections--;
	}
}

static struct connection *free_connection(struct pw_http *h)
{
	for (size_t i = 0; i < PW_HTTP_CONNECTIONS_ROOT; i++) {
		if (!h->connections[i].used)
			return &h->connections[i];
	}
	return NULL;
}

static enum verdict judge(const struct pw_http *h, const struct pw_peer *peer)
{
	unsigned int same = 0;

	if (!peer->allowed)
		return FOREIGN;
	if (peer->uid == 0)
		return ADMITTED;
	for (size_t i = 0; i < PW_HTTP_CONNECTIONS_ROOT; i++)
		same += h->connections[i].used && h->connections[i].peer.uid == peer->uid;
	return same >= PW_HTTP_CONNECTIONS_USER || h->status.connections >= PW_HTTP_CONNECTIONS ?
		       CROWDED :
		       ADMITTED;
}

/* Foreign peers get their 403, but may not take the places of others. */
static bool is_full_for(const struct pw_http *h, enum verdict v)
{
	return v != ADMITTED && h->status.connections >= PW_HTTP_CONNECTIONS;
}

/* No place even for an answer by MHD: a few words if they fit the socket, and out. */
static void turn_away(struct pw_http *h, int fd)
{
	static const char words[] =
		"HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\n"
		"Retry-After: 1\r\nContent-Length: 21\r\n\r\ntoo many connections\n";

	h->status.refused++;
	if (send(fd, words, sizeof(words) - 1, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		h->status.errors++;
	close(fd);
}

static void admit(struct pw_http *h, int fd, bool tcp)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct connection *conn = free_connection(h);
	struct pw_peer peer = { .uid = PW_HTTP_UID_TCP, .allowed = true };

	if (!conn || (!tcp && pw_peer_read(fd, h->daemon->group, &peer))) {
		turn_away(h, fd);
		return;
	}
	*conn = (struct connection){ .owner = h, .peer = peer, .verdict = judge(h, &peer), .tcp = tcp };
	if (is_full_for(h, conn->verdict)) {
		turn_away(h, fd);
		return;
	}
	conn->used = true;
	h->status.connections++;
	h->arriving = conn;
	/* On failure MHD closes the descriptor itself. */
	if (MHD_add_connection(h->mhd, fd, (struct sockaddr *)&address, sizeof(address)) != MHD_YES &&
	    h->arriving) {
		h->arriving = NULL;
		conn->used = false;
		h->status.connections--;
	}
}

bool pw_http_accept(struct pw_http *h, int listen_fd, bool tcp)
{
	/* A bound, so that between the rounds of a flood those that left are let go. */
	for (int n = 0; n < ACCEPTS_PER_ROUND; n++) {
		int fd = accept4(listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd >= 0)
			admit(h, fd, tcp);
		else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
			return false;
		else if (errno != ECONNABORTED && errno != EINTR)
			break;
	}
	return true;
}

/* ---- life ------------------------------------------------------------------------- */

static void ignore_log(void *cls, const char *format, va_list args)
{
	(void)cls; /* peers that go away are no news */
	(void)format;
	(void)args;
}

int pw_http_create(struct pw_daemon *d, struct pw_http **ret, struct pw_error *err)
{
	struct pw_http *h = calloc(1, sizeof(*h));
	const union MHD_DaemonInfo *info;

	if (!h)
		return pw_error_set(err, -ENOMEM, "cannot start HTTP: out of memory");
	h->daemon = d;
	h->mhd = MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME |
					  MHD_USE_NO_LISTEN_SOCKET | MHD_USE_ERROR_LOG,
				  0, NULL, NULL, handle, h, MHD_OPTION_EXTERNAL_LOGGER, ignore_log,
				  NULL, MHD_OPTION_CONNECTION_LIMIT,
				  (unsigned int)PW_HTTP_CONNECTIONS_ROOT,
				  MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)REQUEST_MEMORY,
				  MHD_OPTION_CONNECTION_TIMEOUT, (unsigned int)PW_HTTP_TIMEOUT_S,
				  MHD_OPTION_URI_LOG_CALLBACK, measure_url, NULL,
				  MHD_OPTION_NOTIFY_CONNECTION, notify_connection, h,
				  MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1,
				  MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_END);
	info = h->mhd ? MHD_get_daemon_info(h->mhd, MHD_DAEMON_INFO_EPOLL_FD) : NULL;
	if (!info) {
		pw_http_destroy(h);
		return pw_error_set(err, -EIO, "cannot start HTTP: libmicrohttpd refused");
	}
	h->fd = info->epoll_fd;
	*ret = h;
	return 0;
}

void pw_http_destroy(struct pw_http *h)
{
	if (!h)
		return;
	h->ending = true;
	if (h->mhd) {
		/* MHD may not be stopped while a connection is suspended. */
		pw_broadcast_wake_all(h->daemon->broadcast);
		MHD_run(h->mhd);
		MHD_stop_daemon(h->mhd);
	}
	free(h);
}

int pw_http_fd(const struct pw_http *h)
{
	return h->fd;
}

uint64_t pw_http_timeout_ms(const struct pw_http *h)
{
	MHD_UNSIGNED_LONG_LONG ms;

	return MHD_get_timeout(h->mhd, &ms) == MHD_YES ? ms : UINT64_MAX;
}

void pw_http_run(struct pw_http *h)
{
	MHD_run(h->mhd);
}

struct pw_http_status pw_http_status(const struct pw_http *h)
{
	return h->status;
}
