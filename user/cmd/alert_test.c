// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "user/alert/alerter.h"
#include "user/alert/alertmanager.h"
#include "user/base/clock.h"
#include "user/cmd/cmd.h"
#include "user/daemon/config.h"

enum { OPT_CONFIG = PW_OPT_OWN };

static int parse(struct pw_daemon_options *opt, int argc, char **argv)
{
	static const struct option options[] = {
		PW_COMMON_LONG_OPTIONS,
		{ "config", required_argument, NULL, OPT_CONFIG },
		{ NULL },
	};
	struct pw_common common;
	int code;

	pw_common_init(&common, &pw_command_alert_test, 0);
	while ((code = getopt_long(argc, argv, PW_COMMON_SHORT, options, NULL)) != -1) {
		int rc = pw_common_option(&common, code, argv);

		if (rc == PW_OPTION_OWN && code == OPT_CONFIG) {
			opt->config_path = optarg;
			rc = PW_OPTION_TAKEN;
		}
		if (rc != PW_OPTION_TAKEN)
			return rc == PW_OPTION_OWN ? PW_EXIT_USAGE : rc;
	}
	if (optind < argc)
		return pw_usage_error(&pw_command_alert_test, "'%s' is one argument too many",
				      argv[optind]);
	return PW_OPTION_TAKEN;
}

/* What the daemon would write to its log. */
__attribute__((format(printf, 2, 3))) static void say(int priority, const char *text, ...)
{
	va_list ap;

	(void)priority;
	va_start(ap, text);
	fputs("  ", stdout);
	vprintf(text, ap);
	putchar('\n');
	va_end(ap);
}

static void make_alert(const struct pw_daemon_config *c, struct pw_alert *a)
{
	char host[65] = "";

	gethostname(host, sizeof(host) - 1);
	pw_alert_init(a);
	a->starts_ns = pw_clock_real_ns();
	a->fingerprint = 0x7465737400000000ull | (a->starts_ns & UINT32_MAX); /* "test" */
	a->members = 1;
	a->pid = (uint32_t)getpid();
	pw_alert_text(a->name, sizeof(a->name), "PagewardenTest");
	pw_alert_text(a->severity, sizeof(a->severity), "info");
	pw_alert_text(a->class, sizeof(a->class), "test");
	pw_alert_text(a->comm, sizeof(a->comm), "pagewarden");
	pw_alert_text(a->host, sizeof(a->host), c->alert_instance[0] ? c->alert_instance : host);
	pw_alert_text(a->summary, sizeof(a->summary), "a test of pagewarden's alerts");
	pw_alert_text(a->evidence, sizeof(a->evidence),
		      "pagewarden alert-test sent it; it ends by itself");
}

static bool is_waiting(const struct pw_alerter *a)
{
	for (int k = 0; k < PW_WAYS; k++) {
		if (pw_alerter_way(a, k)->waiting && !pw_alerter_way(a, k)->failed)
			return true;
	}
	return false;
}

/* Until each way has an answer of some kind; all of them have a limit of their own. */
static void run_ways(struct pw_alerter *a)
{
	pw_alerter_run(a);
	while (is_waiting(a)) {
		struct pollfd p = { .fd = pw_alerter_fd(a), .events = POLLIN };
		uint64_t ms = pw_alerter_timeout_ms(a);

		poll(&p, 1, ms > 1000 ? 1000 : (int)ms);
		pw_alerter_run(a);
	}
}

static bool report_way(const struct pw_alerter *a, enum pw_alert_way_kind k, const char *where)
{
	const struct pw_alert_way *way = pw_alerter_way(a, k);
	bool good = way->sent != 0;

	if (!way->on)
		printf("%-13s not configured\n", way->name);
	else
		printf("%-13s %s%s%s%s%s\n", way->name, good ? "sent" : "FAILED",
		       where[0] ? " to " : "", where, way->error[0] ? ": " : "", way->error);
	return good || !way->on;
}

static int test_ways(const struct pw_daemon_config *c, struct pw_error *err)
{
	struct pw_alert_options opt = c->alert;
	struct pw_alerter *a = NULL;
	struct pw_alert alert;
	bool good;
	int r;

	opt.spool[0] = '\0'; /* the daemon's is the daemon's */
	r = pw_alerter_create(&opt, say, &a, err);
	if (r)
		return r;
	make_alert(c, &alert);
	pw_alerter_tell(a, &alert);
	run_ways(a);
	good = report_way(a, PW_WAY_JOURNAL, "");
	good &= report_way(a, PW_WAY_EXEC, opt.exec);
	good &= report_way(a, PW_WAY_ALERTMANAGER, opt.alertmanager);
	pw_alerter_destroy(a);
	return good ? PW_EXIT_OK : PW_EXIT_FAILURE;
}

static int run(int argc, char **argv)
{
	struct pw_daemon_options opt = { 0 };
	struct pw_daemon_config config;
	struct pw_error err = { 0 };
	int rc = parse(&opt, argc, argv);

	if (rc != PW_OPTION_TAKEN)
		return rc;
	rc = pw_daemon_config_load(&opt, &config, &err);
	rc = rc ? rc : test_ways(&config, &err);
	if (rc >= 0)
		return rc;
	pw_error_print(&err, stderr);
	return rc == -EINVAL ? PW_EXIT_USAGE : pw_exit_code_of(rc);
}

const struct pw_command pw_command_alert_test = {
	.name = "alert-test",
	.summary = "Send a test alert on every configured way, and say what happened",
	.usage = "pagewarden alert-test [options]",
	.help = "Options:\n"
		"      --config FILE      configuration (default " PW_DAEMON_CONFIG ")\n" PW_HELP_HELP
		"\nSends one alert named PagewardenTest to the journal, to alert_exec and to\n"
		"alertmanager_url, as far as they are configured, and waits for each. The daemon need\n"
		"not run, and its spool is left alone. Exit code 1: a way failed.\n"
		"\nExamples:\n"
		"  pagewarden alert-test\n"
		"  pagewarden alert-test --config ./pagewarden.conf\n",
	.run = run,
};
