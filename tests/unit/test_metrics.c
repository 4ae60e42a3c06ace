// SPDX-License-Identifier: GPL-2.0-or-later
// links: rest
/* Metrics: both forms, escaping, bounded rows; addresses, Host headers and tokens of the TCP listener. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/trace.h"
#include "user/daemon/config.h"
#include "user/daemon/listen_tcp.h"
#include "user/daemon/metrics.h"
#include "user/daemon/token.h"

/* ---- the writer ------------------------------------------------------------------------ */

static char *written(bool open)
{
	char *text = NULL;
	size_t len;
	struct pw_metrics w = { .out = open_memstream(&text, &len), .open = open };

	pw_metrics_one(&w, PW_METRIC_INFO, "a_build", NULL, "Build.", 1);
	pw_metrics_family(&w, PW_METRIC_COUNTER, "a_cpu_seconds", "seconds", "CPU.");
	pw_metrics_sample(&w, "part=\"bpf\"", "x=\"1\"", 0.25);
	pw_metrics_sample(&w, "", "x=\"2\"", 9007199254740991.0);
	pw_metrics_sample(&w, NULL, NULL, NAN);
	pw_metrics_family(&w, PW_METRIC_GAUGE, "a_left_seconds", "seconds", "Left.");
	pw_metrics_sample(&w, NULL, NULL, INFINITY);
	pw_metrics_sample(&w, NULL, "x=\"3\"", -0.0);
	pw_metrics_end(&w);
	fclose(w.out);
	return text;
}

static void test_both_forms(void **state)
{
	char *text = written(true);

	(void)state;
	assert_string_equal(text, "# HELP a_build Build.\n# TYPE a_build info\na_build_info 1\n"
				  "# HELP a_cpu_seconds CPU.\n# TYPE a_cpu_seconds counter\n"
				  "# UNIT a_cpu_seconds seconds\n"
				  "a_cpu_seconds_total{part=\"bpf\",x=\"1\"} 0.25\n"
				  "a_cpu_seconds_total{x=\"2\"} 9007199254740991\n"
				  "# HELP a_left_seconds Left.\n# TYPE a_left_seconds gauge\n"
				  "# UNIT a_left_seconds seconds\n"
				  "a_left_seconds +Inf\na_left_seconds{x=\"3\"} 0\n# EOF\n");
	free(text);
	text = written(false);
	assert_non_null(strstr(text, "# TYPE a_build_info gauge\na_build_info 1\n"));
	assert_non_null(strstr(text, "# TYPE a_cpu_seconds_total counter\na_cpu_seconds_total{"));
	assert_null(strstr(text, "# UNIT"));
	free(text);
}

static char *label(const char *value)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);
	bool first = true;

	pw_metrics_label(out, &first, "exe", value);
	fclose(out);
	return text;
}

static void test_labels_are_escaped_and_bounded(void **state)
{
	char longest[4096], *a, *b;

	(void)state;
	a = label("/a \"b\" \\ \n\xff\x1b");
	assert_string_equal(a, "exe=\"/a \\\"b\\\" \\\\\\\\ \\\\x0a\\\\xff\\\\x1b\"");
	free(a);
	/* Two that differ where they are cut are still two. */
	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	a = label(longest);
	longest[0] = 'y';
	b = label(longest);
	assert_string_not_equal(a, b);
	assert_true(strlen(a) < PW_METRICS_VALUE_MAX + 40);
	free(a);
	free(b);
}

/* ---- groups ------------------------------------------------------------------------------ */

static size_t count_of(const char *text, const char *what)
{
	size_t n = 0;

	for (const char *p = text; (p = strstr(p, what)); p += strlen(what))
		n++;
	return n;
}

static void test_rows_are_bounded(void **state)
{
	struct trace t = { .now_ns = 100 * TRACE_SECOND };
	struct pw_metrics w = { 0 };
	struct pw_model *m = NULL;
	char *text = NULL, exe[64];
	size_t len;

	(void)state;
	assert_int_equal(pw_model_create(NULL, &m), 0);
	trace_machine(&t, "boot-1");
	for (uint32_t pid = 1; pid <= 50; pid++) {
		snprintf(exe, sizeof(exe), "/usr/bin/program%u", pid);
		trace_identity(&t, trace_key(pid), exe, "/", "", "p");
		trace_counters(&t, trace_key(pid), pid * 100);
	}
	trace_tick(&t);
	assert_int_equal(trace_flush(&t, pw_model_ingest, m), 0);
	w.out = open_memstream(&text, &len);
	assert_int_equal(pw_metrics_groups(&w, m, NULL, 10), 0);
	fclose(w.out);
	assert_int_equal(count_of(text, "\npagewarden_group_processes{"), 11);
	assert_non_null(strstr(text, "pagewarden_group_processes{exe=\"(others)\",cgroup=\"(others)\","
				     "unit=\"\"} 40\n"));
	assert_non_null(strstr(text, "{exe=\"/usr/bin/program41\""));
	assert_null(strstr(text, "{exe=\"/usr/bin/program40\""));
	free(text);
	pw_model_destroy(m);
	trace_free(&t);
}

/* ---- addresses and tokens ------------------------------------------------------------------ */

static void test_addresses(void **state)
{
	static const char *const bad[] = {
		"",
		"localhost:1",
		"127.0.0.1",
		"127.0.0.1:",
		"127.0.0.1:65536",
		"127.0.0.1:-1",
		"[::1]",
		"::1:9750",
		"[::1:9750",
		"127.0.0.1:1x",
		":9750",
		"[]:1",
		"127.0.0.1:000001",
		"[127.0.0.1]:1",
	};
	struct pw_tcp_address a;

	(void)state;
	assert_int_equal(pw_tcp_address_parse("127.0.0.1:9750", &a), 0);
	assert_true(a.loopback);
	assert_int_equal(pw_tcp_address_parse("[::1]:9750", &a), 0);
	assert_true(a.loopback);
	assert_int_equal(pw_tcp_address_parse("127.200.3.4:1", &a), 0);
	assert_true(a.loopback);
	assert_int_equal(pw_tcp_address_parse("0.0.0.0:9750", &a), 0);
	assert_false(a.loopback);
	assert_int_equal(pw_tcp_address_parse("[::]:9750", &a), 0);
	assert_false(a.loopback);
	assert_int_equal(pw_tcp_address_parse("[::ffff:127.0.0.1]:9750", &a), 0);
	assert_false(a.loopback); /* rather refused than guessed */
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(pw_tcp_address_parse(bad[i], &a), -EINVAL);
}

static void test_hosts(void **state)
{
	(void)state;
	assert_true(pw_tcp_host_is_local(NULL));
	assert_true(pw_tcp_host_is_local("localhost"));
	assert_true(pw_tcp_host_is_local("LocalHost:9750"));
	assert_true(pw_tcp_host_is_local("127.0.0.1:9750"));
	assert_true(pw_tcp_host_is_local("[::1]:9750"));
	assert_true(pw_tcp_host_is_local("10.0.0.1"));
	assert_false(pw_tcp_host_is_local(""));
	assert_false(pw_tcp_host_is_local("evil.example"));
	assert_false(pw_tcp_host_is_local("localhost.evil.example"));
	assert_false(pw_tcp_host_is_local("127.0.0.1.evil.example"));
	assert_false(pw_tcp_host_is_local("[localhost]"));
}

static int read_token(const char *text, mode_t mode, struct pw_token *ret, struct pw_error *err)
{
	char path[] = "/tmp/pagewarden-token.XXXXXX";
	int fd = mkstemp(path), r;

	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	fchmod(fd, mode);
	close(fd);
	r = pw_token_read(path, ret, err);
	unlink(path);
	return r;
}

static void test_tokens(void **state)
{
	char longest[PW_TOKEN_MAX + 2];
	struct pw_token t = { 0 };
	struct pw_error err;

	(void)state;
	assert_false(pw_token_matches(&t, NULL));
	assert_false(pw_token_matches(&t, "Bearer "));
	assert_int_equal(read_token("0123456789abcdef\n", 0600, &t, &err), 0);
	assert_true(pw_token_matches(&t, "Bearer 0123456789abcdef"));
	assert_true(pw_token_matches(&t, "bearer 0123456789abcdef"));
	assert_false(pw_token_matches(&t, "Bearer 0123456789abcdeg"));
	assert_false(pw_token_matches(&t, "Bearer 0123456789abcde"));
	assert_false(pw_token_matches(&t, "Bearer 0123456789abcdef "));
	assert_false(pw_token_matches(&t, "Bearer"));
	assert_false(pw_token_matches(&t, "Basic 0123456789abcdef"));
	assert_false(pw_token_matches(&t, NULL));
	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	assert_int_equal(read_token(longest, 0600, &t, &err), -EINVAL);
	longest[PW_TOKEN_MAX] = '\0';
	assert_int_equal(read_token(longest, 0600, &t, &err), 0);
	assert_int_equal(read_token("0123456789abcde\n", 0600, &t, &err), -EINVAL);
	assert_int_equal(read_token("0123456789 abcdef\n", 0600, &t, &err), -EINVAL);
	assert_int_equal(read_token("0123456789abcdef\n", 0640, &t, &err), -EINVAL);
	assert_non_null(strstr(err.what, "others than its owner"));
	assert_int_equal(pw_token_read("/no/such/file", &t, &err), -EINVAL);
	assert_int_equal(pw_token_read("", &t, &err), 0);
	assert_false(pw_token_matches(&t, "Bearer xxxxxxxxxxxxxxxx"));
}

/* ---- keys -------------------------------------------------------------------------------------- */

static void test_bad_values(void **state)
{
	static const struct {
		const char *line, *says;
	} bad[] = {
		{ "alert_exec = bin/x", "not an absolute path" },
		{ "alert_exec = /x 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16", "too many words" },
		{ "alert_exec_timeout = 0s", "not a duration in range" },
		{ "alertmanager_url = https://x", "only plain http" },
		{ "alertmanager_url = 127.0.0.1:9093", "does not begin with http://" },
		{ "alert_refresh = 2h", "not a duration in range" },
		{ "alert_spool = here", "not an absolute path" },
		{ "alert_spool_max = 0", "not a number in range" },
		{ "alert_rate = many", "not a number in range" },
		{ "alert_journal = maybe", "neither yes nor no" },
		{ "listen_tcp = 9750", "not an address with a port" },
		{ "listen_tcp_remote = 1", "neither yes nor no" },
		{ "token_file = token", "not an absolute path" },
		{ "metrics_groups = 100000", "not a number in range" },
	};
	struct pw_daemon_config c;
	struct pw_error err;
	char text[256];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		memset(&c, 0, sizeof(c));
		memset(&err, 0, sizeof(err));
		snprintf(text, sizeof(text), "# a\n%s\n", bad[i].line);
		assert_int_equal(pw_daemon_config_parse(text, "f", &c, &err), -EINVAL);
		assert_non_null(strstr(err.what, "f:2: "));
		assert_non_null(strstr(err.what, bad[i].says));
		assert_non_null(strstr(err.remedy, " takes "));
	}
}

static int load(const char *text, struct pw_daemon_config *c, struct pw_error *err)
{
	char path[] = "/tmp/pagewarden-conf.XXXXXX";
	struct pw_daemon_options opt = { .config_path = path };
	int fd = mkstemp(path), r;

	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	r = pw_daemon_config_load(&opt, c, err);
	unlink(path);
	return r;
}

static void test_keys_that_hang_together(void **state)
{
	static struct pw_daemon_config c;
	struct pw_error err;

	(void)state;
	assert_int_equal(load("history_path = /var/x/h.db\n", &c, &err), 0);
	assert_string_equal(c.alert.spool, "/var/x/alerts");
	assert_int_equal(load("history_path =\n", &c, &err), 0);
	assert_string_equal(c.alert.spool, "");
	assert_int_equal(load("alert_spool = /s\nhistory_path =\n", &c, &err), 0);
	assert_string_equal(c.alert.spool, "/s");
	assert_int_equal(load("alert_spool =\n", &c, &err), 0);
	assert_string_equal(c.alert.spool, "");
	assert_int_equal(load("listen_tcp = 0.0.0.0:9750\n", &c, &err), -EINVAL);
	assert_non_null(strstr(err.what, "no loopback address"));
	assert_non_null(strstr(err.remedy, "listen_tcp_remote = yes"));
	assert_int_equal(load("listen_tcp = 0.0.0.0:9750\nlisten_tcp_remote = yes\n", &c, &err), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_both_forms),
		cmocka_unit_test(test_labels_are_escaped_and_bounded),
		cmocka_unit_test(test_rows_are_bounded),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_hosts),
		cmocka_unit_test(test_tokens),
		cmocka_unit_test(test_bad_values),
		cmocka_unit_test(test_keys_that_hang_together),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
