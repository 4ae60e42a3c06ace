// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/clock.h"
#include "user/cmd/cmd.h"

int pw_command_help(const struct pw_command *c, FILE *out)
{
	fprintf(out, "Usage: %s\n\n%s.\n\n%s", c->usage, c->summary, c->help);
	return PW_EXIT_OK;
}

int pw_usage_error(const struct pw_command *c, const char *message, ...)
{
	va_list args;

	fprintf(stderr, "pagewarden %s: ", c->name);
	va_start(args, message);
	vfprintf(stderr, message, args);
	va_end(args);
	fprintf(stderr, "\n  'pagewarden %s --help' lists the options\n", c->name);
	return PW_EXIT_USAGE;
}

int pw_exit_code_of(int err)
{
	switch (-err) {
	case 0:
	case EPIPE: /* the reader has seen enough */
		return PW_EXIT_OK;
	case EPERM:
	case EACCES:
		return PW_EXIT_PRIVILEGE;
	case ESRCH:
	case ENOENT:
		return PW_EXIT_GONE;
	case EBADMSG:
		return PW_EXIT_DAMAGED;
	default:
		return PW_EXIT_FAILURE;
	}
}

void pw_common_init(struct pw_common *c, const struct pw_command *command, unsigned int takes)
{
	memset(c, 0, sizeof(*c));
	c->command = command;
	c->takes = takes;
	c->interval_ns = PW_NSEC_PER_SEC;
	opterr = 0; /* the messages are ours */
	optind = 0; /* a fresh scan, also of the POSIXLY_CORRECT state */
}

bool pw_option_number(const struct pw_command *c, const char *name, const char *text, uint64_t min,
		      uint64_t max, uint64_t *ret)
{
	char *end;
	unsigned long long n;

	errno = 0;
	n = strtoull(text, &end, 10);
	if (errno || end == text || *end || text[0] == '-' || n < min || n > max) {
		pw_usage_error(c, "%s: '%s' is not a number from %llu to %llu", name, text,
			       (unsigned long long)min, (unsigned long long)max);
		return false;
	}
	*ret = n;
	return true;
}

bool pw_option_speed(const struct pw_command *c, const char *text, double *ret)
{
	char *end;
	double speed = strtod(text, &end);

	if (end == text || *end || !(speed >= 0 && speed <= 1e6)) {
		pw_usage_error(c, "--speed: '%s' is not a factor such as 1 or 10", text);
		return false;
	}
	*ret = speed;
	return true;
}

bool pw_option_duration(const struct pw_command *c, const char *name, const char *text,
			uint64_t *ret_ns)
{
	uint64_t ns;

	if (pw_clock_parse_duration(text, &ns) || ns == 0) {
		pw_usage_error(c, "%s: '%s' is not a time such as 250ms, 2s or 5m", name, text);
		return false;
	}
	*ret_ns = ns;
	return true;
}

static int take_format(struct pw_common *c, const char *word)
{
	bool html = c->takes & PW_TAKES_HTML;

	if (pw_format_parse(word, &c->format) || (c->format == PW_FORMAT_HTML && !html))
		return pw_usage_error(c->command, "--format: '%s' is not text, json%s", word,
				      html ? ", csv or html" : " or csv");
	c->format_given = true;
	return PW_OPTION_TAKEN;
}

#define INTERVAL_MIN_NS (10 * PW_NSEC_PER_MSEC)

static int take_interval(struct pw_common *c, const char *text)
{
	if (!pw_option_duration(c->command, "--interval", text, &c->interval_ns))
		return PW_EXIT_USAGE;
	if (c->interval_ns < INTERVAL_MIN_NS)
		return pw_usage_error(c->command, "--interval: '%s' is below 10ms", text);
	c->interval_given = true;
	return PW_OPTION_TAKEN;
}

static int take_sample(struct pw_common *c, const char *text)
{
	uint64_t n;

	if (!pw_option_number(c->command, "--sample", text, 1, PW_SAMPLE_EVERY_MAX, &n))
		return PW_EXIT_USAGE;
	if (n & (n - 1))
		return pw_usage_error(c->command, "--sample: '%s' is not a power of two", text);
	c->source.sample_every = (uint32_t)n;
	return PW_OPTION_TAKEN;
}

static int take_vm_calls(struct pw_common *c, const char *word)
{
	if (strcmp(word, "auto") == 0)
		c->source.vm_calls = PW_VM_CALLS_AUTO;
	else if (strcmp(word, "off") == 0)
		c->source.vm_calls = PW_VM_CALLS_OFF;
	else if (strcmp(word, "syscall") == 0)
		c->source.vm_calls = PW_VM_CALLS_SYSCALL;
	else
		return pw_usage_error(c->command, "--vm-calls: '%s' is not auto, off or syscall",
				      word);
	return PW_OPTION_TAKEN;
}

static int take_capacity(struct pw_common *c, const char *text)
{
	uint64_t n;

	if (!pw_option_number(c->command, "--capacity", text, 64, 1u << 20, &n))
		return PW_EXIT_USAGE;
	c->source.process_capacity = (uint32_t)n;
	return PW_OPTION_TAKEN;
}

static int take_count(struct pw_common *c, const char *text)
{
	return pw_option_number(c->command, "--count", text, 1, UINT64_MAX, &c->count) ?
		       PW_OPTION_TAKEN :
		       PW_EXIT_USAGE;
}

static int take_source_option(struct pw_common *c, int code)
{
	switch (code) {
	case PW_OPT_SOCKET:
		c->socket_path = optarg;
		return PW_OPTION_TAKEN;
	case PW_OPT_SAMPLE:
		return take_sample(c, optarg);
	case PW_OPT_CAPACITY:
		return take_capacity(c, optarg);
	case PW_OPT_VM_CALLS:
		return take_vm_calls(c, optarg);
	case PW_OPT_NO_SEED:
		c->source.no_seed = true;
		return PW_OPTION_TAKEN;
	case PW_OPT_NO_LEDGER:
		c->source.no_ledger = true;
		return PW_OPTION_TAKEN;
	case PW_OPT_ROOT:
		c->source.root = optarg;
		return PW_OPTION_TAKEN;
	}
	return PW_OPTION_OWN;
}

/* "-" is standard output, as elsewhere. */
static int take_output(struct pw_common *c, const char *path)
{
	if (!*path)
		return pw_usage_error(c->command, "--output: an empty name is no file");
	c->output = strcmp(path, "-") == 0 ? NULL : path;
	return PW_OPTION_TAKEN;
}

/* The group that an option belongs to; 0: none, so it is the command's own. */
static unsigned int group_of(int code)
{
	switch (code) {
	case 'f':
		return PW_TAKES_FORMAT;
	case 'o':
		return PW_TAKES_OUTPUT;
	case PW_OPT_COLUMNS:
		return PW_TAKES_COLUMNS;
	case 'i':
		return PW_TAKES_INTERVAL;
	case 'n':
		return PW_TAKES_COUNT;
	case PW_OPT_REPLAY:
		return PW_TAKES_REPLAY;
	case PW_OPT_SOCKET:
		return PW_TAKES_SOCKET;
	}
	return code > PW_OPT_SOCKET && code <= PW_OPT_ROOT ? PW_TAKES_SETUP : 0;
}

static int take_grouped(struct pw_common *c, int code)
{
	switch (code) {
	case 'f':
		return take_format(c, optarg);
	case 'o':
		return take_output(c, optarg);
	case PW_OPT_COLUMNS:
		c->columns = optarg;
		return PW_OPTION_TAKEN;
	case 'i':
		return take_interval(c, optarg);
	case 'n':
		return take_count(c, optarg);
	case PW_OPT_REPLAY:
		c->input = optarg;
		return PW_OPTION_TAKEN;
	}
	return take_source_option(c, code);
}

/* The option of another command, as it was typed; its value may be the last argument read. */
static int foreign_option(const struct pw_common *c, char **argv)
{
	const char *last = argv[optind - 1];
	bool value_apart = optarg == last;

	return pw_usage_error(c->command, "unknown option '%s'",
			      value_apart ? argv[optind - 2] : last);
}

static int bad_option(const struct pw_common *c, int code, char **argv)
{
	if (code == ':')
		return pw_usage_error(c->command, "'%s' wants a value", argv[optind - 1]);
	if (optopt > 0 && optopt < 256)
		return pw_usage_error(c->command, "unknown option '-%c'", optopt);
	return pw_usage_error(c->command, "unknown option '%s'", argv[optind - 1]);
}

int pw_common_option(struct pw_common *c, int code, char **argv)
{
	unsigned int group = group_of(code);

	if (code == 'h')
		return pw_command_help(c->command, stdout);
	if (code == '?' || code == ':')
		return bad_option(c, code, argv);
	if (!group)
		return PW_OPTION_OWN;
	if (!(c->takes & group))
		return foreign_option(c, argv);
	return take_grouped(c, code);
}
