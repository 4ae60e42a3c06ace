/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The configuration file: "key = value" lines, '#' begins a comment. What the
 * command line gives wins over the file. pagewarden.conf(5) lists the keys.
 */
#ifndef PW_DAEMON_CONFIG_H
#define PW_DAEMON_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "user/alert/alerter.h"
#include "user/base/error.h"
#include "user/daemon/daemon.h"

struct pw_daemon_config {
	char socket_path[108]; /* sun_path's size */
	char history_path[4000]; /* "": no history */
	char group[64];
	uint64_t interval_ns;
	uint64_t flush_ns;
	uint64_t history_max_bytes;
	bool trends; /* look for leaks */
	double time_scale; /* of the trends: see struct pw_trends_options */
	char wipes_cgroup[4000]; /* path; "": every process; its id is looked up when the source opens */
	struct pw_source_options source;
	struct pw_alert_options alert;
	bool alert_spool_given; /* else it is beside the history */
	char alert_instance[65]; /* "": the machine's name */
	struct {
		char address[64]; /* "127.0.0.1:9750", "[::1]:9750"; "": none */
		bool remote; /* it may be another than loopback */
		char token_path[4000]; /* "": without one, only /metrics is served */
	} tcp;
	uint32_t metrics_groups; /* rows of /metrics beside the suspects' */
};

/*
 * Defaults, then the file, then opt. Errors name file and line. *ret is
 * untouched on failure, so that a failed reload keeps what was.
 */
int pw_daemon_config_load(const struct pw_daemon_options *opt, struct pw_daemon_config *ret,
			  struct pw_error *err);
/* Parses text as the file named path; for the tests too. */
int pw_daemon_config_parse(char *text, const char *path, struct pw_daemon_config *c,
			   struct pw_error *err);
/* The key whose change needs a restart; NULL: none differs. */
const char *pw_daemon_config_needs_restart(const struct pw_daemon_config *was,
					   const struct pw_daemon_config *is);

#endif
