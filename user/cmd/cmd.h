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
#include "user/source/source.h"
#include "user/view/emit.h"

/* Documented in pagewarden(1). */
enum pw_exit_code {
	PW_EXIT_OK = 0,
	PW_EXIT_FAILURE = 1, /* it was tried and failed */
	PW_EXIT_USAGE = 2, /* the command line is wrong */
	PW_EXIT_PRIVILEGE = 3, /* not permitted: privileges or lockdown */
	PW_EXIT_GONE = 4, /* the process or file is not there */
	PW_EXIT_DAMAGED = 5, /* done, but the input was damaged or truncated */
	PW_EXIT_DEGRADED =
		6, /* doctor: works, with parts missing; leaks --exit-code: seen too little */
	PW_EXIT_SUSPECTS = 7, /* leaks --exit-code: there are suspects */
};

struct pw_command {
	const char *name;
	const char *summary; /* one line for the list */
	const char *usage; /* "pagewarden inspect [options] PID" */
	const char *help; /* options and examples */
	int (*run)(int argc, char **argv); /* argv[0] is the name */
};

extern const struct pw_command pw_command_top, pw_command_inspect, pw_command_record,
	pw_command_replay, pw_command_report, pw_command_leaks, pw_command_explain, pw_command_wipes,
	pw_command_secrets, pw_command_doctor, pw_command_daemon, pw_command_alert_test;

int pw_command_help(const struct pw_command *c, FILE *out);
/* "pagewarden inspect: MESSAGE" and a pointer to --help; returns PW_EXIT_USAGE. */
int pw_usage_error(const struct pw_command *c, const char *message, ...)
	__attribute__((format(printf, 2, 3)));
int pw_exit_code_of(int err); /* -errno -> enum pw_exit_code */

/*
 * Options that several commands share. A command names the groups it takes
 * and hands every code of its getopt_long loop to pw_common_option() first:
 *
 *	pw_common_init(&common, &pw_command_top, PW_TAKES_FORMAT | PW_TAKES_PACE);
 *	while ((code = getopt_long(argc, argv, PW_COMMON_SHORT "x", options, NULL)) != -1) {
 *		int rc = pw_common_option(&common, code, argv);
 *
 *		if (rc == PW_OPTION_OWN)
 *			rc = take_own_option(code);
 *		if (rc != PW_OPTION_TAKEN)
 *			return rc;
 *	}
 *
 * where options begins with PW_COMMON_LONG_OPTIONS, own codes start at
 * PW_OPT_OWN or are other letters, and the help text holds the PW_HELP_* of the
 * groups. --help, unknown options and missing values are handled here.
 */
enum pw_takes {
	PW_TAKES_FORMAT = 1 << 0, /* -f */
	PW_TAKES_COLUMNS = 1 << 1, /* --columns */
	PW_TAKES_COUNT = 1 << 2, /* -n */
	PW_TAKES_REPLAY = 1 << 3, /* --replay */
	PW_TAKES_SETUP = 1 << 4, /* how a live source is set up */
	PW_TAKES_SOCKET = 1 << 8, /* --socket */
	PW_TAKES_INTERVAL = 1 << 5, /* -i */
	PW_TAKES_OUTPUT = 1 << 6, /* -o */
	PW_TAKES_HTML = 1 << 7, /* html is one of the formats */
	PW_TAKES_PACE = PW_TAKES_INTERVAL | PW_TAKES_COUNT,
	PW_TAKES_SOURCE = PW_TAKES_SOCKET | PW_TAKES_SETUP,
};

/* Who tells of registered secrets. */
enum pw_secret_source {
	PW_SECRETS_BESIDE, /* what counts pages, too */
	PW_SECRETS_OF_MODULE, /* the module's device, in its place */
	PW_SECRETS_OF_DAEMON, /* all that the daemon knows, once */
};

struct pw_common {
	const struct pw_command *command;
	unsigned int takes; /* enum pw_takes */
	enum pw_format format;
	bool format_given;
	const char *output; /* -o FILE; NULL: stdout */
	const char *columns; /* comma-separated; NULL: standard; "help" lists them */
	uint64_t interval_ns; /* default 1 s */
	bool interval_given;
	uint64_t count; /* 0: no limit */
	const char *socket_path; /* --socket PATH, "none": never the daemon */
	const char *input; /* --replay FILE: a recording in place of the live machine */
	enum pw_secret_source secrets;
	struct pw_source_options source; /* --sample, --capacity, --vm-calls, --no-seed, --root */
};

enum pw_common_code {
	PW_OPT_COLUMNS = 256,
	PW_OPT_SOCKET,
	PW_OPT_REPLAY,
	PW_OPT_SAMPLE,
	PW_OPT_CAPACITY,
	PW_OPT_VM_CALLS,
	PW_OPT_NO_SEED,
	PW_OPT_NO_LEDGER,
	PW_OPT_ROOT,
	PW_OPT_SORT, /* user/cmd/views.h takes these */
	PW_OPT_REVERSE,
	PW_OPT_FILTER,
	PW_OPT_DEAD,
	PW_OPT_LIMIT,
	PW_OPT_DURATION, /* user/cmd/verdicts.h takes these */
	PW_OPT_TIME_SCALE,
	PW_OPT_HISTORY,
	PW_OPT_SINCE,
	PW_OPT_OWN, /* the first code of a command's own options */
};

/* The leading ':' makes getopt tell a missing value from an unknown option. */
#define PW_COMMON_SHORT ":hf:o:i:n:"
/* clang-format off */
#define PW_COMMON_LONG_OPTIONS \
	{ "help", no_argument, NULL, 'h' }, \
	{ "format", required_argument, NULL, 'f' }, \
	{ "output", required_argument, NULL, 'o' }, \
	{ "columns", required_argument, NULL, PW_OPT_COLUMNS }, \
	{ "interval", required_argument, NULL, 'i' }, \
	{ "count", required_argument, NULL, 'n' }, \
	{ "socket", required_argument, NULL, PW_OPT_SOCKET }, \
	{ "replay", required_argument, NULL, PW_OPT_REPLAY }, \
	{ "sample", required_argument, NULL, PW_OPT_SAMPLE }, \
	{ "capacity", required_argument, NULL, PW_OPT_CAPACITY }, \
	{ "vm-calls", required_argument, NULL, PW_OPT_VM_CALLS }, \
	{ "no-seed", no_argument, NULL, PW_OPT_NO_SEED }, \
	{ "no-ledger", no_argument, NULL, PW_OPT_NO_LEDGER }, \
	{ "root", required_argument, NULL, PW_OPT_ROOT }

#define PW_HELP_FORMAT \
	"  -f, --format FORMAT    text, json or csv\n"
#define PW_HELP_OUTPUT \
	"  -o, --output FILE      write there, not to standard output\n"
#define PW_HELP_COLUMNS \
	"      --columns LIST     comma-separated names for text; 'help' lists them\n"
#define PW_HELP_INTERVAL \
	"  -i, --interval TIME    time between two samples (default 1s; 250ms, 5m, ...)\n"
#define PW_HELP_COUNT \
	"  -n, --count N          end after N samples\n"
#define PW_HELP_PACE PW_HELP_INTERVAL PW_HELP_COUNT
#define PW_HELP_REPLAY \
	"      --replay FILE      look at a recording in place of the live machine\n"
#define PW_HELP_SOCKET \
	"      --socket PATH      the daemon's socket; 'none': never ask the daemon\n"
#define PW_HELP_SETUP \
	"      --sample N         one page in N goes to the ledger (1 to 512, power of two)\n" \
	"      --capacity N       room for N processes in the kernel\n" \
	"      --vm-calls HOW     volumes of mmap, munmap, brk: auto, off, or syscall (costs more)\n" \
	"      --no-seed          leave out pages that were touched before the start\n" \
	"      --no-ledger        counters and events only\n" \
	"      --root DIR         read DIR/proc and DIR/sys in place of /proc and /sys\n"
#define PW_HELP_SOURCE PW_HELP_SOCKET PW_HELP_SETUP
#define PW_HELP_HELP \
	"  -h, --help             this text\n"
/* clang-format on */

enum { PW_OPTION_TAKEN = -1, PW_OPTION_OWN = -2 };

void pw_common_init(struct pw_common *c, const struct pw_command *command, unsigned int takes);
/* PW_OPTION_TAKEN, PW_OPTION_OWN, or the exit code to leave with. Reads optarg, optopt, optind. */
int pw_common_option(struct pw_common *c, int code, char **argv);
/* An unsigned number within bounds; false after a message. */
bool pw_option_number(const struct pw_command *c, const char *name, const char *text, uint64_t min,
		      uint64_t max, uint64_t *ret);
/* A factor of a recording's speed; false after a message. */
bool pw_option_speed(const struct pw_command *c, const char *text, double *ret);
/* A duration above zero; false after a message. */
bool pw_option_duration(const struct pw_command *c, const char *name, const char *text,
			uint64_t *ret_ns);

#endif
