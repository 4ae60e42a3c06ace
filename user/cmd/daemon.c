// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <getopt.h>
#include <string.h>

#include "user/base/text.h"
#include "user/cmd/cmd.h"
#include "user/daemon/config.h"
#include "user/daemon/daemon.h"

enum {
	OPT_CONFIG = PW_OPT_OWN,
	OPT_HISTORY,
	OPT_HISTORY_MAX,
	OPT_GROUP,
	OPT_FLUSH,
	OPT_CHECK,
};

struct daemon_command {
	struct pw_common common;
	struct pw_daemon_options options;
	bool check;
};

static int take_own_option(struct daemon_command *c, int code)
{
	switch (code) {
	case OPT_CONFIG:
		c->options.config_path = optarg;
		return PW_OPTION_TAKEN;
	case OPT_HISTORY:
		c->options.history_path = strcmp(optarg, "none") ? optarg : "";
		return PW_OPTION_TAKEN;
	case OPT_HISTORY_MAX:
		if (pw_text_parse_size(optarg, &c->options.history_max_bytes))
			return pw_usage_error(&pw_command_daemon,
					      "--history-max: '%s' is not a size", optarg);
		return PW_OPTION_TAKEN;
	case OPT_GROUP:
		c->options.group = optarg;
		return PW_OPTION_TAKEN;
	case OPT_FLUSH:
		return pw_option_duration(&pw_command_daemon, "--flush", optarg,
					  &c->options.flush_ns) ?
			       PW_OPTION_TAKEN :
			       PW_EXIT_USAGE;
	case OPT_CHECK:
		c->check = true;
		return PW_OPTION_TAKEN;
	default:
		return PW_EXIT_USAGE;
	}
}

static int parse(struct daemon_command *c, int argc, char **argv)
{
	static const struct option options[] = {
		PW_COMMON_LONG_OPTIONS,
		{ "config", required_argument, NULL, OPT_CONFIG },
		{ "history", required_argument, NULL, OPT_HISTORY },
		{ "history-max", required_argument, NULL, OPT_HISTORY_MAX },
		{ "group", required_argument, NULL, OPT_GROUP },
		{ "flush", required_argument, NULL, OPT_FLUSH },
		{ "check-config", no_argument, NULL, OPT_CHECK },
		{ NULL },
	};
	int code;

	pw_common_init(&c->common, &pw_command_daemon, PW_TAKES_INTERVAL | PW_TAKES_SOURCE);
	while ((code = getopt_long(argc, argv, PW_COMMON_SHORT, options, NULL)) != -1) {
		int rc = pw_common_option(&c->common, code, argv);

		if (rc == PW_OPTION_OWN)
			rc = take_own_option(c, code);
		if (rc != PW_OPTION_TAKEN)
			return rc;
	}
	if (optind < argc)
		return pw_usage_error(&pw_command_daemon, "'%s' is one argument too many",
				      argv[optind]);
	c->options.socket_path = c->common.socket_path;
	c->options.source = c->common.source;
	if (c->common.interval_given)
		c->options.interval_ns = c->common.interval_ns;
	return PW_OPTION_TAKEN;
}

static int check_config(const struct pw_daemon_options *opt, struct pw_error *err)
{
	struct pw_daemon_config config;

	return pw_daemon_config_load(opt, &config, err);
}

static int run(int argc, char **argv)
{
	struct daemon_command c = { 0 };
	struct pw_error err = { 0 };
	int rc = parse(&c, argc, argv);

	if (rc != PW_OPTION_TAKEN)
		return rc;
	rc = c.check ? check_config(&c.options, &err) : pw_daemon_run(&c.options, &err);
	if (rc)
		pw_error_print(&err, stderr);
	return rc == -EINVAL ? PW_EXIT_USAGE : pw_exit_code_of(rc);
}

const struct pw_command pw_command_daemon = {
	.name = "daemon",
	.summary = "Watch all the time, keep a history, and serve the other commands",
	.usage = "pagewarden daemon [options]",
	.help = "Options (they win over the configuration file):\n"
		"      --config FILE      configuration (default " PW_DAEMON_CONFIG ")\n"
		"      --check-config     read the configuration, say what is wrong with it, and "
		"end\n"
		"      --history FILE     history (default " PW_DAEMON_HISTORY "); 'none': keep none\n"
		"      --history-max SIZE bound of the history's size (default 256M)\n"
		"      --group NAME       whose members may connect beside root (default "
		"pagewarden)\n"
		"      --flush TIME       time between two writes of the history (default 10s)\n"
		"  -i, --interval TIME    length of an interval (default 2s)\n"
		"      --socket PATH      where to serve (default " PW_SOURCE_SOCKET
		")\n" PW_HELP_SETUP PW_HELP_HELP
		"\nSIGHUP reads the configuration again; SIGTERM and SIGINT end the daemon.\n"
		"\nExamples:\n"
		"  pagewarden daemon                        # in the foreground, as systemd starts "
		"it\n"
		"  pagewarden daemon --history none -i 5s   # only serve, with a small footprint\n",
	.run = run,
};
