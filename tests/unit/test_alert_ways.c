// SPDX-License-Identifier: GPL-2.0-or-later
// links: rest
/* The ways on which alerts leave: spool, URL, hook, POST, Alertmanager. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <math.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "user/alert/alertmanager.h"
#include "user/alert/hook.h"
#include "user/alert/journal.h"
#include "user/alert/post.h"
#include "user/alert/spool.h"
#include "user/base/clock.h"

#define SEC PW_NSEC_PER_SEC
#define START (1700000000ull * SEC)

static char directory[] = "/tmp/pagewarden-ways.XXXXXX";

static int make_directory(void **state)
{
	(void)state;
	return mkdtemp(directory) ? 0 : -1;
}

static int remove_directory(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", directory);
	return system(command);
}

static char *path_of(const char *name)
{
	static char path[96];

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	return path;
}

/* ---- spool ----------------------------------------------------------------------------- */

static void test_spool_survives(void **state)
{
	struct pw_spool *s = NULL;
	struct pw_error err;

	(void)state;
	assert_int_equal(pw_spool_create(path_of("spool"), 3, &s, &err), 0);
	assert_int_equal(pw_spool_put(s, "one", 3), 0);
	assert_int_equal(pw_spool_put(s, "two", 3), 0);
	assert_int_equal(pw_spool_put(s, "three", 5), 0);
	pw_spool_remove(s, pw_spool_at(s, 1)->sequence);
	pw_spool_destroy(s);
	/* What is there beside them is not ours, or not whole. */
	close(open(path_of("spool/README"), O_CREAT | O_WRONLY, 0600));
	close(open(path_of("spool/00000000000000000009.new"), O_CREAT | O_WRONLY, 0600));
	assert_int_equal(symlink("/etc/passwd", path_of("spool/00000000000000000008.json")), 0);
	assert_int_equal(mkdir(path_of("spool/00000000000000000007.json"), 0700), 0);
	assert_int_equal(pw_spool_create(path_of("spool"), 3, &s, &err), 0);
	assert_int_equal(pw_spool_count(s), 2);
	assert_string_equal(pw_spool_at(s, 0)->text, "one");
	assert_string_equal(pw_spool_at(s, 1)->text, "three");
	assert_true(pw_spool_at(s, 1)->sequence > pw_spool_at(s, 0)->sequence);
	assert_int_equal(pw_spool_put(s, "four", 4), 0);
	assert_string_equal(pw_spool_at(s, 2)->text, "four");
	assert_true(pw_spool_at(s, 2)->sequence > 8); /* never a number that is taken */
	pw_spool_destroy(s);
}

static void test_spool_is_bounded(void **state)
{
	struct pw_spool *s = NULL;
	struct pw_error err;
	char big[PW_SPOOL_TEXT_MAX + 1];

	(void)state;
	assert_int_equal(pw_spool_create(path_of("bounded"), 2, &s, &err), 0);
	memset(big, 'x', sizeof(big));
	assert_int_equal(pw_spool_put(s, big, sizeof(big)), -EFBIG);
	pw_spool_put(s, "1", 1);
	pw_spool_put(s, "2", 1);
	pw_spool_at(s, 0)->busy = true;
	pw_spool_put(s, "3", 1);
	assert_int_equal(pw_spool_count(s), 2);
	assert_string_equal(pw_spool_at(s, 0)->text, "1"); /* it is on its way */
	assert_string_equal(pw_spool_at(s, 1)->text, "3");
	assert_true(pw_spool_dropped(s) == 1);
	pw_spool_at(s, 1)->busy = true;
	pw_spool_put(s, "4", 1);
	assert_true(pw_spool_dropped(s) == 2 && pw_spool_count(s) == 2);
	pw_spool_destroy(s);
	/* A smaller one keeps the newest of what lies there. */
	assert_int_equal(pw_spool_create(path_of("bounded"), 1, &s, &err), 0);
	assert_int_equal(pw_spool_count(s), 1);
	assert_string_equal(pw_spool_at(s, 0)->text, "3");
	pw_spool_destroy(s);
	assert_int_not_equal(pw_spool_create("/proc/nowhere/spool", 1, &s, &err), 0);
	assert_non_null(strstr(err.what, "/proc/nowhere/spool"));
}

static void test_spool_in_memory(void **state)
{
	struct pw_spool *s = NULL;
	struct pw_error err;

	(void)state;
	assert_int_equal(pw_spool_create("", 2, &s, &err), 0);
	assert_int_equal(pw_spool_put(s, "one", 3), 0);
	assert_int_equal(pw_spool_count(s), 1);
	pw_spool_remove(s, pw_spool_at(s, 0)->sequence);
	assert_int_equal(pw_spool_count(s), 0);
	pw_spool_destroy(s);
}

/* ---- URL ---------------------------------------------------------------------------------- */

static void test_urls(void **state)
{
	static const char *const bad[] = {
		"",	      "ftp://a",	"http://",	     "https://a",
		"http://a:",  "http://a:0",	"http://a:65536",    "http://a:99999999999",
		"http://a b", "http://a/\r\nX", "http://[::1",	     "http://[x]/",
		"http://a?q", "http://u@h/",	"http://a:80x/path", "http:///path",
	};
	const char *reason;
	struct pw_url u;

	(void)state;
	assert_int_equal(pw_url_parse("http://alerts.example:9093/am/", &u, &reason), 0);
	assert_string_equal(u.host, "alerts.example");
	assert_string_equal(u.port, "9093");
	assert_string_equal(u.path, "/am");
	assert_int_equal(pw_url_parse("http://[::1]", &u, &reason), 0);
	assert_string_equal(u.host, "::1");
	assert_string_equal(u.port, "80");
	assert_string_equal(u.path, "");
	assert_true(u.bracketed);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		reason = NULL;
		assert_int_equal(pw_url_parse(bad[i], &u, &reason), -EINVAL);
		assert_non_null(reason);
	}
}

/* ---- journal ------------------------------------------------------------------------------- */

static void test_journal_never_waits(void **state)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), r = 0;
	char got[64];

	(void)state;
	assert_int_equal(pw_journal_send(path_of("no-journal"), "MESSAGE=x\n", 10), -ENOENT);
	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path_of("journal"));
	assert_int_equal(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	assert_int_equal(pw_journal_send(addr.sun_path, "MESSAGE=x\n", 10), 0);
	assert_int_equal(recv(fd, got, sizeof(got), 0), 10);
	/* One that does not read any more: full, and then at once an error. */
	for (int i = 0; i < 100000 && !r; i++)
		r = pw_journal_send(addr.sun_path, "MESSAGE=x\n", 10);
	assert_int_equal(r, -EAGAIN);
	close(fd);
}

/* ---- hook ------------------------------------------------------------------------------------ */

static char said[8192];

static void hear(void *ctx, const char *line)
{
	size_t used = strlen(said);

	(void)ctx;
	snprintf(said + used, sizeof(said) - used, "%s|", line);
}

/* Makes a script and runs it once; gives its result. */
static struct pw_hook_result run_hook(const char *script, const char *text, uint64_t timeout_ns)
{
	char command[512];
	struct pw_hook_result result = { 0 };
	struct pw_hooks *h = NULL;
	int epoll_fd = epoll_create1(0);
	FILE *f = fopen(path_of("hook"), "w");

	fprintf(f, "#!/bin/sh\n%s\n", script);
	fclose(f);
	chmod(path_of("hook"), 0700);
	snprintf(command, sizeof(command), "%s first  second", path_of("hook"));
	said[0] = '\0';
	assert_int_equal(pw_hooks_create(epoll_fd, command, timeout_ns, hear, NULL, &h), 0);
	assert_int_equal(pw_hooks_start(h, 7, text, strlen(text), pw_clock_boot_ns()), 0);
	while (!pw_hooks_run(h, pw_clock_boot_ns(), &result)) {
		struct pollfd p = { .fd = epoll_fd, .events = POLLIN };

		poll(&p, 1, 50);
	}
	assert_true(result.ticket == 7);
	pw_hooks_destroy(h);
	close(epoll_fd);
	return result;
}

static void test_hook_gets_what_it_needs_and_no_more(void **state)
{
	struct pw_hook_result r;

	(void)state;
	r = run_hook(
		"cat; echo; echo $1 $2 $#; pwd; env | grep -v '^PWD=\\|^SHLVL=\\|^_='; "
		"ls -l /proc/$$/fd | grep -c '[0-9] -> '; grep NoNewPrivs /proc/$$/status; "
		"umask; test $(cut -d' ' -f6 /proc/$$/stat) = $$ && echo session; printf '\\033x' >&2",
		"{\"a\":1}", 10 * SEC);
	assert_true(WIFEXITED(r.status) && WEXITSTATUS(r.status) == 0 && !r.timed_out);
	assert_non_null(strstr(said, "{\"a\":1}|first second 2|/|"));
	assert_non_null(strstr(said, "|" PW_HOOK_PATH "|"));
	assert_non_null(strstr(said, "|LANG=C.UTF-8|"));
	assert_non_null(strstr(said, "|NoNewPrivs:\t1|") ? strstr(said, "NoNewPrivs") :
							   strstr(said, "NoNewPrivs:\\x091|"));
	assert_non_null(strstr(said, "|0077|session|\\x1bx|"));
	assert_null(strstr(said, "HOME="));
	r = run_hook("exit 3", "", 10 * SEC);
	assert_true(WIFEXITED(r.status) && WEXITSTATUS(r.status) == 3);
}

static void test_hook_that_hangs_is_ended(void **state)
{
	struct pw_hook_result r;
	char pid[32] = "", script[256];
	FILE *f;

	(void)state;
	/* It ignores SIGTERM, and leaves a child that holds its output. */
	snprintf(script, sizeof(script),
		 "trap '' TERM; sleep 300 & echo $! >%s; while :; do sleep 1; done",
		 path_of("child"));
	r = run_hook(script, "", SEC / 2);
	assert_true(r.timed_out && WIFSIGNALED(r.status) && WTERMSIG(r.status) == SIGKILL);
	assert_true(r.took_ns > 2 * SEC && r.took_ns < 6 * SEC);
	f = fopen(path_of("child"), "r");
	assert_non_null(f);
	assert_non_null(fgets(pid, sizeof(pid), f));
	fclose(f);
	/* The whole group went: a zombie at most, until init looks. */
	char line[256] = "", path[64];

	snprintf(path, sizeof(path), "/proc/%ld/stat", strtol(pid, NULL, 10));
	for (int i = 0; i < 100 && (f = fopen(path, "r")); i++) {
		assert_non_null(fgets(line, sizeof(line), f));
		fclose(f);
		if (strstr(line, ") Z ") || strstr(line, ") X "))
			break;
		usleep(20000);
		assert_int_not_equal(i, 99);
	}
}

static void test_hook_that_prints_for_ever(void **state)
{
	struct pw_hook_result r;

	(void)state;
	r = run_hook("i=0; while [ $i -lt 20000 ]; do echo line $i; i=$((i+1)); done", "", 20 * SEC);
	assert_true(WIFEXITED(r.status) && !r.timed_out);
	assert_non_null(strstr(said, "line 0|line 1|"));
	assert_non_null(strstr(said, "(it printed more, which is not shown)|"));
	assert_true(strlen(said) < PW_HOOK_OUTPUT_MAX + 200);
}

static void test_hook_that_is_not_there(void **state)
{
	struct pw_hook_result result = { 0 };
	struct pw_hooks *h = NULL;
	char command[600] = "/x";
	int epoll_fd = epoll_create1(0);

	(void)state;
	said[0] = '\0';
	assert_int_equal(pw_hooks_create(epoll_fd, "relative/path", SEC, hear, NULL, &h), -EINVAL);
	assert_int_equal(pw_hooks_create(epoll_fd, "", SEC, hear, NULL, &h), -EINVAL);
	for (int i = 0; i < PW_HOOK_ARGUMENTS; i++)
		strcat(command, " y");
	assert_int_equal(pw_hooks_create(epoll_fd, command, SEC, hear, NULL, &h), -EINVAL);
	assert_int_equal(pw_hooks_create(epoll_fd, "/no/such/program", SEC, hear, NULL, &h), 0);
	assert_int_equal(pw_hooks_start(h, 1, "", 0, pw_clock_boot_ns()), 0);
	while (!pw_hooks_run(h, pw_clock_boot_ns(), &result))
		usleep(1000);
	assert_true(WIFEXITED(result.status) && WEXITSTATUS(result.status) == 127);
	assert_string_equal(said, "cannot run /no/such/program: No such file or directory|");
	pw_hooks_destroy(h);
	close(epoll_fd);
}

static void test_hooks_are_few_at_once(void **state)
{
	struct pw_hooks *h = NULL;
	int epoll_fd = epoll_create1(0);
	uint64_t now_ns = pw_clock_boot_ns();

	(void)state;
	assert_int_equal(pw_hooks_create(epoll_fd, "/bin/sleep 100", 100 * SEC, hear, NULL, &h), 0);
	for (int i = 0; i < PW_HOOKS_MAX; i++)
		assert_int_equal(pw_hooks_start(h, 1, "", 0, now_ns), 0);
	assert_false(pw_hooks_has_room(h));
	assert_int_equal(pw_hooks_start(h, 1, "", 0, now_ns), -EAGAIN);
	assert_true(pw_hooks_wake_ns(h) == now_ns + 100 * SEC);
	pw_hooks_destroy(h); /* ends them */
	assert_true(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD);
	close(epoll_fd);
}

/* ---- POST ------------------------------------------------------------------------------------- */

struct server {
	int listen_fd, fd;
	char url[64];
	char got[65536];
	size_t len;
};

static void server_open(struct server *s)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t len = sizeof(a);

	memset(s, 0, sizeof(*s));
	s->fd = -1;
	s->listen_fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(s->listen_fd, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(listen(s->listen_fd, 4), 0);
	assert_int_equal(getsockname(s->listen_fd, (struct sockaddr *)&a, &len), 0);
	snprintf(s->url, sizeof(s->url), "http://127.0.0.1:%u", ntohs(a.sin_port));
}

/* Accepts and reads what is there; answers when a whole request is. NULL: never. */
static void server_run(struct server *s, const char *answer)
{
	const char *body, *length;
	ssize_t n;

	if (s->fd < 0) {
		s->fd = accept4(s->listen_fd, NULL, NULL, SOCK_NONBLOCK);
		s->len = 0;
	}
	if (s->fd < 0)
		return;
	n = recv(s->fd, s->got + s->len, sizeof(s->got) - 1 - s->len, 0);
	if (n > 0)
		s->len += (size_t)n;
	s->got[s->len] = '\0';
	body = strstr(s->got, "\r\n\r\n");
	length = strstr(s->got, "Content-Length: ");
	if (!answer || !body || strlen(body + 4) < strtoul(length + 16, NULL, 10))
		return;
	assert_true(send(s->fd, answer, strlen(answer), MSG_NOSIGNAL) >= 0);
	close(s->fd);
	s->fd = -1;
}

static void server_close(struct server *s)
{
	if (s->fd >= 0)
		close(s->fd);
	close(s->listen_fd);
}

static struct pw_post_result post_once(struct server *s, const char *answer, uint64_t timeout_ns,
				       uint64_t *ret_longest_ns)
{
	struct pw_post_result result = { 0 };
	int epoll_fd = epoll_create1(0);
	struct pw_post *p = NULL;
	struct pw_url url;
	const char *reason;

	assert_int_equal(pw_url_parse(s->url, &url, &reason), 0);
	assert_int_equal(pw_post_create(epoll_fd, &url, "/api", timeout_ns, &p), 0);
	assert_int_equal(pw_post_begin(p, strdup("{\"x\":1}"), 7, pw_clock_boot_ns()), 0);
	assert_true(pw_post_is_busy(p));
	assert_int_equal(pw_post_begin(p, strdup("x"), 1, pw_clock_boot_ns()), -EBUSY);
	for (;;) {
		uint64_t before = pw_clock_boot_ns(), took;
		bool ended = pw_post_run(p, before, &result);

		took = pw_clock_boot_ns() - before;
		if (took > *ret_longest_ns)
			*ret_longest_ns = took;
		if (ended)
			break;
		server_run(s, answer);
		usleep(1000);
	}
	assert_false(pw_post_is_busy(p));
	assert_true(pw_post_wake_ns(p, 1) == UINT64_MAX);
	pw_post_destroy(p);
	close(epoll_fd);
	return result;
}

static void test_post(void **state)
{
	struct pw_post_result r;
	uint64_t longest = 0;
	struct server s;

	(void)state;
	server_open(&s);
	r = post_once(&s, "HTTP/1.1 200 OK\r\n\r\n", SEC, &longest);
	assert_true(!r.err && r.status == 200 && !r.words[0]);
	assert_non_null(strstr(s.got, "POST /api HTTP/1.0\r\n"));
	assert_non_null(strstr(s.got, "Content-Length: 7\r\n"));
	assert_non_null(strstr(s.got, "\r\n\r\n{\"x\":1}"));
	r = post_once(&s, "HTTP/1.1 400 Bad Request\r\nContent-Length: 9\r\n\r\n\"no \033way\"\n",
		      SEC, &longest);
	assert_true(!r.err && r.status == 400);
	assert_string_equal(r.words, "it answered 400: \"no \\x1bway\"");
	r = post_once(&s, "SSH-2.0-x\r\n\r\n", SEC, &longest);
	assert_int_equal(r.err, -EPROTO);
	r = post_once(&s, "", SEC, &longest);
	assert_true(r.err == -EPROTO && strstr(r.words, "no answer"));
	server_close(&s);
	r = post_once(&s, NULL, SEC, &longest);
	assert_int_equal(r.err, -ECONNREFUSED);
	assert_true(longest < SEC / 5);
}

static void test_post_to_who_never_answers(void **state)
{
	uint64_t longest = 0, begin = pw_clock_boot_ns();
	struct pw_post_result r;
	struct server s;

	(void)state;
	server_open(&s);
	r = post_once(&s, NULL, SEC / 2, &longest);
	assert_int_equal(r.err, -ETIMEDOUT);
	assert_true(pw_clock_boot_ns() - begin >= SEC / 2);
	assert_true(longest < SEC / 5); /* no call of it ever waited */
	server_close(&s);
}

static void test_post_to_an_unknown_name(void **state)
{
	struct pw_post_result r;
	uint64_t longest = 0;
	struct server s = { .listen_fd = -1, .fd = -1 };

	(void)state;
	snprintf(s.url, sizeof(s.url), "http://no-such-host.invalid:9");
	r = post_once(&s, NULL, 10 * SEC, &longest);
	assert_true(r.err == -EHOSTUNREACH || r.err == -ETIMEDOUT);
	assert_true(longest < SEC / 5);
}

static void test_answers_at_every_cut(void **state)
{
	static const char whole[] = "HTTP/1.1 503 Unavailable\r\nRetry-After: 1\r\n\r\nbusy\n";
	struct pw_post_result r;

	(void)state;
	for (size_t i = 0; i <= strlen(whole); i++) {
		char *copy = malloc(i ? i : 1); /* of exactly its size */

		memcpy(copy, whole, i);
		assert_int_equal(pw_post_take_answer(copy, i, &r),
				 i < strlen(whole) - 5 ? -EPROTO : 0);
		free(copy);
	}
	assert_string_equal(r.words, "it answered 503: busy");
}

/* ---- Alertmanager ------------------------------------------------------------------------------- */

static struct pw_alert sample(uint64_t fingerprint)
{
	struct pw_alert a;

	pw_alert_init(&a);
	a.fingerprint = fingerprint;
	strcpy(a.name, "PagewardenLeakSuspected");
	strcpy(a.severity, "warning");
	strcpy(a.class, "growing");
	strcpy(a.series, "anon");
	strcpy(a.exe, "/usr/bin/x\xff");
	strcpy(a.host, "h");
	strcpy(a.summary, "it grows");
	a.pid = 7;
	a.starts_ns = START;
	return a;
}

static void test_the_form_of_the_api(void **state)
{
	struct pw_alert a = sample(0xabc), b = sample(2);
	const struct pw_alert *list[] = { &a, &b };
	char *text = NULL;
	size_t len = 0;
	json_t *root, *labels;

	(void)state;
	b.state = PW_ALERT_RESOLVED;
	b.ends_ns = START + 60 * SEC;
	assert_int_equal(pw_alertmanager_json(list, 2, START + 240 * SEC, &text, &len), 0);
	root = json_loadb(text, len, 0, NULL);
	assert_int_equal(json_array_size(root), 2);
	labels = json_object_get(json_array_get(root, 0), "labels");
	assert_string_equal(json_string_value(json_object_get(labels, "alertname")),
			    "PagewardenLeakSuspected");
	assert_string_equal(json_string_value(json_object_get(labels, "fingerprint")),
			    "0000000000000abc");
	assert_string_equal(json_string_value(json_object_get(labels, "exe")), "/usr/bin/x\\xff");
	assert_null(json_object_get(labels, "unit")); /* empty */
	assert_null(json_object_get(labels, "pid")); /* without a bound */
	assert_string_equal(json_string_value(json_object_get(json_array_get(root, 0), "endsAt")),
			    "2023-11-14T22:17:20.000Z");
	assert_string_equal(json_string_value(json_object_get(json_array_get(root, 1), "endsAt")),
			    "2023-11-14T22:14:20.000Z");
	json_decref(root);
	free(text);
}

struct manager {
	struct server server;
	struct pw_alertmanager *m;
	struct pw_spool *spool;
	struct pw_alert_book *book;
	struct pw_alert_way way;
	int epoll_fd;
};

static void tell_spool(void *ctx, const struct pw_alert *a)
{
	struct manager *x = ctx;
	char *json = NULL;
	size_t len;

	assert_int_equal(pw_alert_to_json(a, &json, &len), 0);
	assert_int_equal(pw_spool_put(x->spool, json, len), 0);
	free(json);
}

static void manager_open(struct manager *x)
{
	struct pw_error err;
	struct pw_url url;
	const char *reason;

	memset(x, 0, sizeof(*x));
	server_open(&x->server);
	x->epoll_fd = epoll_create1(0);
	assert_int_equal(pw_spool_create("", 100, &x->spool, &err), 0);
	assert_int_equal(pw_alert_book_create(1000, tell_spool, x, &x->book), 0);
	assert_int_equal(pw_url_parse(x->server.url, &url, &reason), 0);
	assert_int_equal(pw_alertmanager_create(x->epoll_fd, &url, 60 * SEC, x->spool, x->book,
						&x->way, &x->m),
			 0);
}

static void manager_close(struct manager *x)
{
	pw_alertmanager_destroy(x->m);
	pw_alert_book_destroy(x->book);
	pw_spool_destroy(x->spool);
	server_close(&x->server);
	close(x->epoll_fd);
}

/* At the time now_ns, until nothing happens any more. */
static uint64_t manager_run(struct manager *x, uint64_t now_ns, const char *answer)
{
	uint64_t again = 0;

	for (int i = 0; i < 60; i++) {
		again = pw_alertmanager_run(x->m, now_ns, START);
		server_run(&x->server, answer);
		usleep(1000);
	}
	return again;
}

static void raise_one(struct manager *x, uint64_t fingerprint)
{
	struct pw_alert a = sample(fingerprint);

	pw_alert_book_raise(x->book, &a, fingerprint, false, 0);
	pw_alert_book_run(x->book, START);
}

static void test_down_then_up(void **state)
{
	struct manager x;
	uint64_t again;

	(void)state;
	manager_open(&x);
	raise_one(&x, 1);
	raise_one(&x, 2);
	again = manager_run(&x, 1000 * SEC, "HTTP/1.1 503 no\r\n\r\n");
	assert_true(again == 1001 * SEC); /* 1 s, then twice that */
	assert_true(x.way.failed == 1 && x.way.sent == 0 && x.way.waiting == 2);
	assert_string_equal(x.way.error, "it answered 503");
	again = manager_run(&x, 1001 * SEC, "HTTP/1.1 503 no\r\n\r\n");
	assert_true(again == 1003 * SEC && x.way.failed == 2);
	for (uint64_t t = 1003; t < 1400; t += 60)
		again = manager_run(&x, t * SEC, "HTTP/1.1 503 no\r\n\r\n");
	assert_true(again <= 1423 * SEC); /* never more than a minute away */
	again = manager_run(&x, 1500 * SEC, "HTTP/1.1 200 OK\r\n\r\n");
	assert_true(x.way.sent == 2 && x.way.waiting == 0 && !x.way.error[0] && !x.way.dropped);
	manager_close(&x);
}

static void test_begin_and_end_go_apart(void **state)
{
	struct manager x;
	struct pw_alert a = sample(1);

	(void)state;
	manager_open(&x);
	raise_one(&x, 1);
	pw_alert_book_drop(x.book, pw_alert_id(&a), 1, START + SEC, "it ended");
	assert_int_equal(pw_spool_count(x.spool), 2);
	manager_run(&x, 1000 * SEC, "HTTP/1.1 200 OK\r\n\r\n");
	assert_true(x.way.sent == 2);
	assert_non_null(strstr(x.server.got, "it ended")); /* the last one */
	manager_close(&x);
}

static void test_refresh(void **state)
{
	struct manager x;
	uint64_t again;

	(void)state;
	manager_open(&x);
	for (uint64_t i = 1; i <= PW_ALERTMANAGER_BATCH + 1; i++)
		raise_one(&x, i);
	again = manager_run(&x, 1000 * SEC, "HTTP/1.1 200 OK\r\n\r\n");
	assert_true(x.way.sent == PW_ALERTMANAGER_BATCH + 1 && x.way.waiting == 0);
	assert_true(again == 1060 * SEC);
	x.server.got[0] = '\0';
	manager_run(&x, 1059 * SEC, "HTTP/1.1 200 OK\r\n\r\n");
	assert_true(x.server.got[0] == '\0');
	again = manager_run(&x, 1060 * SEC, "HTTP/1.1 200 OK\r\n\r\n");
	assert_non_null(strstr(x.server.got, "PagewardenLeakSuspected"));
	assert_true(again == 1120 * SEC);
	assert_true(x.way.sent == PW_ALERTMANAGER_BATCH + 1); /* no notices */
	manager_close(&x);
}

static void test_one_that_is_refused(void **state)
{
	struct manager x;

	(void)state;
	manager_open(&x);
	for (uint64_t i = 1; i <= 3; i++)
		raise_one(&x, i);
	pw_spool_put(x.spool, "garbage", 7);
	manager_run(&x, 1000 * SEC, "HTTP/1.1 400 Bad\r\n\r\n");
	/* all of them together, then each alone: nobody else waits behind them for ever */
	assert_int_equal(pw_spool_count(x.spool), 0);
	assert_true(x.way.dropped == 4 && x.way.sent == 0);
	manager_close(&x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_spool_survives),
		cmocka_unit_test(test_spool_is_bounded),
		cmocka_unit_test(test_spool_in_memory),
		cmocka_unit_test(test_urls),
		cmocka_unit_test(test_journal_never_waits),
		cmocka_unit_test(test_hook_gets_what_it_needs_and_no_more),
		cmocka_unit_test(test_hook_that_hangs_is_ended),
		cmocka_unit_test(test_hook_that_prints_for_ever),
		cmocka_unit_test(test_hook_that_is_not_there),
		cmocka_unit_test(test_hooks_are_few_at_once),
		cmocka_unit_test(test_post),
		cmocka_unit_test(test_post_to_who_never_answers),
		cmocka_unit_test(test_post_to_an_unknown_name),
		cmocka_unit_test(test_answers_at_every_cut),
		cmocka_unit_test(test_the_form_of_the_api),
		cmocka_unit_test(test_down_then_up),
		cmocka_unit_test(test_begin_and_end_go_apart),
		cmocka_unit_test(test_refresh),
		cmocka_unit_test(test_one_that_is_refused),
	};

	return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
