/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The subcommand table and what the commands share. A command parses its
 * arguments, wires source, model and view, prints its error once, and returns
 * one of the exit codes below.
 */
#ifndef PW_CMD_CMD_H
#define PW_CMD_CMD_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "user/base/error.h"
#include "user/model/model.h"
#include "user/source/source.h"
#include "user/view/emit.h"

enum pw_exit_code { /* documented in pagewarden(1) */
	PW_EXIT_OK = 0,
	PW_EXIT_FAILURE = 1, /* it was tried and failed */
	PW_EXIT_USAGE = 2, /* the command line is wrong */
	PW_EXIT_PRIVILEGE = 3, /* not permitted: privileges or lockdown */
	PW_EXIT_GONE = 4, /* the process or file is not there */
	PW_EXIT_DAMAGED = 5, /* done, but the input was damaged or truncated */
	PW_EXIT_DEGRADED = 6, /* doctor: works, with parts missing */
};

struct pw_command {
	const char *name;
	const char *summary; /* one line for the list */
	const char *usage; /* "pagewarden inspect [options] PID" */
	const char *help; /* options and examples */
	int (*run)(int argc, char **argv); /* argv[0] is the name */
};

extern const struct pw_command pw_command_top, pw_command_inspect, pw_command_record,
	pw_command_replay, pw_command_report, pw_command_doctor, pw_command_daemon;

int pw_command_help(const struct pw_command *c, FILE *out);
/* "pagewarden inspect: MESSAGE" and a pointer to --help; returns PW_EXIT_USAGE. */
int pw_usage_error(const struct pw_command *c, const char *message, ...)
	__attribute__((format(printf, 2, 3)));
int pw_exit_code_of(int err); /* -errno -> enum pw_exit_code */

/*
 * Options that several commands share; each takes them through
 * pw_common_option() from its getopt_long loop with PW_COMMON_LONG_OPTIONS.
 */
struct pw_common {
	enum pw_format format;
	bool format_given;
	const char *output; /* -o FILE; NULL: stdout */
	const char *columns; /* comma-separated; NULL: standard; "help" lists them */
	uint64_t interval_ns; /* default 1 s */
	uint64_t count; /* 0: no limit */
	const char *socket_path; /* --socket PATH, "none": never the daemon */
	const char *input; /* --replay FILE: a recording in place of the live machine */
	struct pw_source_options source; /* --sample, --capacity, --vm-calls, --no-seed, --root */
};

#endif
