// SPDX-License-Identifier: GPL-2.0-or-later
/* links: rest. The daemon's stream, from a daemon that is not always honest. */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cmocka.h>

#include "lib/recording.h"
#include "lib/tree.h"
#include "user/source/http_client.h"
#include "user/source/source.h"

/* ---- a daemon that answers once what it was told to --------------------------------- */

struct answer {
	const char *head;
	const void *body;
	size_t body_len;
	size_t piece; /* bytes in each write; 0: all at once */
	bool reset; /* close with what the client sent still unread */
};

struct fixture {
	struct tree tree;
	char path[96];
	int listen_fd;
	pthread_t thread;
	const struct answer *answers; /* one per connection */
	size_t answer_count;
	char request[256]; /* the last one */
	struct trace trace;
	struct recorded file;
	struct pw_source *source;
	struct pw_error err;
	unsigned int counters, ticks, segments;
	uint64_t damaged;
};

static void send_all(int fd, const void *bytes, size_t len, size_t piece)
{
	const char *p = bytes;

	while (len) {
		size_t n = piece && piece < len ? piece : len;
		ssize_t sent = send(fd, p, n, MSG_NOSIGNAL);

		if (sent <= 0)
			return; /* the client has had enough */
		p += sent;
		len -= (size_t)sent;
	}
}

static void read_request(struct fixture *f, int fd)
{
	size_t len = 0;

	while (len < sizeof(f->request) - 1) {
		ssize_t n = read(fd, f->request + len, 1);

		if (n <= 0)
			break;
		len++;
		f->request[len] = '\0';
		if (strstr(f->request, "\r\n\r\n"))
			break;
	}
}

static void *serve(void *arg)
{
	struct fixture *f = arg;

	for (size_t i = 0; i < f->answer_count; i++) {
		const struct answer *a = &f->answers[i];
		int fd = accept(f->listen_fd, NULL, NULL);

		if (fd < 0)
			return NULL;
		if (!a->reset) {
			read_request(f, fd);
			send_all(fd, a->head, strlen(a->head), a->piece);
			send_all(fd, a->body, a->body_len, a->piece);
		}
		close(fd);
	}
	return NULL;
}

static void start(struct fixture *f, const struct answer *answers, size_t count)
{
	f->answers = answers;
	f->answer_count = count;
	assert_int_equal(pthread_create(&f->thread, NULL, serve, f), 0);
}

static void listen_at(struct fixture *f)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };

	unlink(f->path);
	strcpy(addr.sun_path, f->path);
	f->listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(f->listen_fd, (const void *)&addr, sizeof(addr)), 0);
	assert_int_equal(listen(f->listen_fd, 4), 0);
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	tree_init(&f->tree);
	snprintf(f->path, sizeof(f->path), "%s/socket", f->tree.root);
	trace_machine(&f->trace, "boot");
	for (unsigned int i = 1; i <= 3; i++) {
		trace_counters(&f->trace, trace_key(7), i);
		trace_tick(&f->trace);
	}
	f->file = recorded_of(&f->trace);
	listen_at(f);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	pw_source_destroy(f->source);
	close(f->listen_fd);
	tree_remove(&f->tree, "");
	trace_free(&f->trace);
	free(f->file.bytes);
	free(f);
	return 0;
}

static int watch(void *ctx, const struct pw_record *rec)
{
	struct fixture *f = ctx;

	f->counters += rec->type == PW_REC_COUNTERS;
	f->segments += rec->type == PW_REC_SEGMENTS || rec->type == PW_REC_SEGMENT;
	f->ticks += rec->type == PW_REC_TICK;
	if (rec->type == PW_REC_TICK)
		f->damaged = ((const struct pw_tick *)rec)->lost[PW_LOSS_DAMAGED];
	return 0;
}

#define OK_HEAD "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n\r\n"

/* ---- tests ------------------------------------------------------------------------------ */

static void intervals(void **state)
{
	struct fixture *f = *state;

	for (size_t piece = 0; piece <= 7; piece += 7) {
		const struct answer a = { OK_HEAD, f->file.bytes, f->file.len, piece, false };

		f->ticks = f->counters = 0;
		start(f, &a, 1);
		assert_int_equal(pw_source_stream_create(f->path, &f->source, &f->err), 0);
		assert_false(f->source->live);
		for (unsigned int i = 1; i <= 3; i++) {
			struct pollfd p = { .fd = pw_source_fd(f->source), .events = POLLIN };

			/* what was not asked for stays where poll() sees it */
			assert_int_equal(poll(&p, 1, 5000), 1);
			assert_int_equal(pw_source_collect(f->source, watch, f, &f->err), 0);
			assert_int_equal(f->ticks, i);
			assert_int_equal(f->counters, i);
		}
		assert_int_equal(pw_source_collect(f->source, watch, f, &f->err), -ENODATA);
		assert_non_null(strstr(f->err.what, "ended the stream"));
		pthread_join(f->thread, NULL);
		assert_non_null(strstr(f->request, "GET /v1/stream HTTP/1.0\r\n"));
		pw_source_destroy(f->source);
		f->source = NULL;
	}
}

static void the_daemon_dies_inside_a_block(void **state)
{
	struct fixture *f = *state;
	const struct answer a = { OK_HEAD, f->file.bytes, f->file.len - 3, 0, false };

	start(f, &a, 1);
	assert_int_equal(pw_source_stream_create(f->path, &f->source, &f->err), 0);
	while (!pw_source_collect(f->source, watch, f, &f->err))
		;
	assert_int_equal(f->counters, 2);
	assert_int_equal(f->damaged, 1);
	pthread_join(f->thread, NULL);
}

static void less_than_it_promised(void **state)
{
	struct fixture *f = *state;
	const struct answer a = { "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n",
				  f->file.bytes, f->file.len, 0, false };
	int rc;

	start(f, &a, 1);
	assert_int_equal(pw_source_stream_create(f->path, &f->source, &f->err), 0);
	while (!(rc = pw_source_collect(f->source, watch, f, &f->err)))
		;
	assert_int_equal(rc, -ECONNRESET);
	assert_int_equal(f->ticks, 3);
	assert_non_null(strstr(f->err.what, "broke off"));
	pthread_join(f->thread, NULL);
}

static void nobody_there(void **state)
{
	struct fixture *f = *state;
	char path[200];

	close(f->listen_fd);
	assert_int_equal(pw_source_stream_create(f->path, &f->source, &f->err), -ECONNREFUSED);
	assert_non_null(strstr(f->err.what, f->path));
	assert_true(f->err.remedy[0]);
	unlink(f->path);
	assert_int_equal(pw_source_stream_create(f->path, &f->source, &f->err), -ENOENT);
	memset(path, 'x', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	assert_int_equal(pw_source_stream_create(path, &f->source, &f->err), -ENAMETOOLONG);
	listen_at(f);
}

static void refusals(void **state)
{
	static const char json[] = "{\"error\": \"too \\u001b[31mmany\", \"remedy\": \"wait\"}";
	static const struct {
		const char *head, *body;
		int rc;
		const char *what, *remedy;
	} cases[] = {
		{ "HTTP/1.1 403 Forbidden\r\n\r\n", "", -EACCES, "403", "join the group pagewarden" },
		{ "HTTP/1.1 403 Forbidden\r\n\r\n", "<html>", -EACCES, "403", "run as root" },
		{ "HTTP/1.1 503 Busy\r\n\r\n", json, -EBUSY, "too \\x1b[31mmany", "wait" },
		{ "HTTP/1.1 404 Not Found\r\n\r\n", "[]", -EPROTO, "no record stream", "" },
		{ "HTTP/1.1 500 Oh\r\n\r\n", "{\"error\": 5}", -EPROTO, "500", "" },
		{ "HTTP/1.1 301 Moved\r\nLocation: /etc/passwd\r\n\r\n", "", -EPROTO, "301", "" },
		{ "HTTP/1.1 200 OK\r\n\r\n", "not a recording at all", -EINVAL, "not a recording",
		  "" },
		{ "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "5\r\nhello\r\n",
		  -EPROTO, "is no daemon", "" },
		{ "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n", "", -EPROTO,
		  "is no daemon", "" },
		{ "SSH-2.0-OpenSSH_9.2\r\n\r\n", "", -EPROTO, "is no daemon", "" },
		{ "\r\n\r\n", "", -EPROTO, "is no daemon", "" },
		{ "HTTP/1.1 200", "", -EPROTO, "is no daemon", "" },
		{ "", "", -ECONNRESET, "Connection reset", "" },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct answer a = { cases[i].head, cases[i].body, strlen(cases[i].body), 0,
					  false };

		memset(&f->err, 0, sizeof(f->err));
		start(f, &a, 1);
		assert_int_equal(pw_source_stream_create(f->path, &f->source, &f->err), cases[i].rc);
		assert_null(f->source);
		assert_non_null(strstr(f->err.what, cases[i].what));
		assert_non_null(strstr(f->err.remedy, cases[i].remedy));
		pthread_join(f->thread, NULL);
	}
}

static void a_head_without_end(void **state)
{
	struct fixture *f = *state;
	size_t len = 1 << 20;
	char *junk = malloc(len);
	const struct answer a = { "HTTP/1.1 200 OK\r\nX: ", junk, len, 0, false };

	memset(junk, 'x', len);
	start(f, &a, 1);
	assert_int_equal(pw_source_stream_create(f->path, &f->source, &f->err), -EPROTO);
	pthread_join(f->thread, NULL);
	free(junk);
}

static void closed_at_once(void **state)
{
	struct fixture *f = *state;
	const struct answer a = { "", NULL, 0, 0, true };

	start(f, &a, 1);
	assert_int_equal(pw_source_stream_create(f->path, &f->source, &f->err), -ECONNRESET);
	pthread_join(f->thread, NULL);
}

static void never_answers(void **state)
{
	struct fixture *f = *state;
	struct pw_http_body body;

	assert_int_equal(pw_http_get(f->path, "/v1/stream", 50, &body, &f->err), -ETIMEDOUT);
	assert_non_null(strstr(f->err.what, "timed out"));
}

/* ---- segments ------------------------------------------------------------------------ */

static struct recorded segments_of(struct pw_key key, uint32_t announced, uint32_t given,
				   uint16_t type)
{
	struct trace t = { 0 };
	struct recorded r;

	trace_segments(&t, key, announced);
	for (uint32_t i = 0; i < given; i++)
		trace_segment(&t, key, PW_SEG_HEAP, "[heap]", 4096, 8192)->rec.type = type;
	r = recorded_of(&t);
	trace_free(&t);
	return r;
}

static int ask_segments(struct fixture *f, const struct recorded *reply, const char *head,
			unsigned int flags)
{
	const struct answer answers[] = {
		{ OK_HEAD, f->file.bytes, f->file.len, 0, false },
		{ head, reply->bytes, reply->len, 0, false },
	};
	const struct pw_key key = { .pid = 7, .start_ns = 70000000 };
	int rc;

	f->segments = 0;
	start(f, answers, 2);
	assert_int_equal(pw_source_stream_create(f->path, &f->source, &f->err), 0);
	rc = pw_source_segments(f->source, &key, flags, watch, f, &f->err);
	pthread_join(f->thread, NULL);
	pw_source_destroy(f->source);
	f->source = NULL;
	return rc;
}

static void segments(void **state)
{
	static const struct {
		uint64_t start_ns;
		uint32_t announced, given;
		uint16_t type;
		int rc;
	} cases[] = {
		{ 70000000, 3, 3, PW_REC_SEGMENT, 0 },
		{ 70000123, 3, 3, PW_REC_SEGMENT, 0 }, /* the same clock tick */
		{ 70000000, 0, 0, PW_REC_SEGMENT, 0 },
		{ 80000000, 3, 3, PW_REC_SEGMENT, -ESRCH }, /* the pid is another's */
		{ 70000000, 4, 3, PW_REC_SEGMENT, -EPROTO },
		{ 70000000, 3, 3, PW_REC_TICK, -EPROTO },
		{ 70000000, 1u << 30, 3, PW_REC_SEGMENT, -EPROTO },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct pw_key key = { .pid = 7, .start_ns = cases[i].start_ns };
		struct recorded reply =
			segments_of(key, cases[i].announced, cases[i].given, cases[i].type);

		assert_int_equal(ask_segments(f, &reply, OK_HEAD, 0), cases[i].rc);
		if (!cases[i].rc)
			assert_int_equal(f->segments, cases[i].given + 1);
		else
			assert_true(f->err.what[0]);
		free(reply.bytes);
	}
}

static void segments_are_asked_for(void **state)
{
	struct fixture *f = *state;
	static const struct {
		unsigned int flags;
		const char *target;
	} cases[] = {
		{ 0, "GET /v1/segments/7 " },
		{ PW_SEGMENT_SMAPS, "GET /v1/segments/7?smaps=1 " },
		{ PW_SEGMENT_EACH_VMA, "GET /v1/segments/7?each_vma=1 " },
		{ PW_SEGMENT_SMAPS | PW_SEGMENT_EACH_VMA, "GET /v1/segments/7?smaps=1&each_vma=1 " },
	};
	struct recorded reply = { 0 };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(ask_segments(f, &reply, "HTTP/1.1 404 No\r\n\r\n", cases[i].flags),
				 -ESRCH);
		assert_non_null(strstr(f->request, cases[i].target));
	}
	assert_int_equal(ask_segments(f, &reply, "HTTP/1.1 403 No\r\n\r\n", PW_SEGMENT_SMAPS),
			 -EACCES);
	assert_int_equal(ask_segments(f, &reply, OK_HEAD, 0), -EINVAL);
}

/* ---- the best source ------------------------------------------------------------------- */

static void the_daemon_is_best(void **state)
{
	struct fixture *f = *state;
	const struct pw_source_options opt = { .sample_every = 1 }; /* an explicit socket wins */
	const struct answer a = { OK_HEAD, f->file.bytes, f->file.len, 0, false };
	struct pw_error why;

	start(f, &a, 1);
	assert_int_equal(pw_source_open_best(&opt, f->path, &f->source, &why, &f->err), 0);
	assert_string_equal(f->source->ops->name, "stream");
	assert_string_equal(why.what, "");
	pthread_join(f->thread, NULL);
}

static void a_daemon_that_refuses_is_news(void **state)
{
	struct fixture *f = *state;
	const struct pw_source_options opt = { 0 };
	const struct answer a = { "HTTP/1.1 403 Forbidden\r\n\r\n", "", 0, 0, false };
	struct pw_error why;

	start(f, &a, 1);
	assert_int_equal(pw_source_open_best(&opt, f->path, &f->source, &why, &f->err), 0);
	assert_string_not_equal(f->source->ops->name, "stream");
	assert_non_null(strstr(why.what, "403"));
	assert_non_null(strstr(why.remedy, "group pagewarden"));
	pthread_join(f->thread, NULL);
}

static void a_recorded_tree_is_for_proc(void **state)
{
	struct fixture *f = *state;
	const struct pw_source_options opt = { .root = f->tree.root };
	struct pw_error why;

	/* a daemon listens, and is not asked */
	tree_write(&f->tree, "proc/uptime", "1.00 1.00\n");
	assert_int_equal(pw_source_open_best(&opt, f->path, &f->source, &why, &f->err), 0);
	assert_string_equal(f->source->ops->name, "proc");
	assert_string_equal(why.what, "");
}

static void none_means_no_daemon(void **state)
{
	struct fixture *f = *state;
	const struct pw_source_options opt = { 0 };

	assert_int_equal(pw_source_open_best(&opt, "none", &f->source, NULL, &f->err), 0);
	assert_string_not_equal(f->source->ops->name, "stream");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(intervals),
		TEST(the_daemon_dies_inside_a_block),
		TEST(less_than_it_promised),
		TEST(nobody_there),
		TEST(refusals),
		TEST(a_head_without_end),
		TEST(closed_at_once),
		TEST(never_answers),
		TEST(segments),
		TEST(segments_are_asked_for),
		TEST(the_daemon_is_best),
		TEST(a_daemon_that_refuses_is_news),
		TEST(a_recorded_tree_is_for_proc),
		TEST(none_means_no_daemon),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
