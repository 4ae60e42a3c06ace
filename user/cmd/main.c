// SPDX-License-Identifier: GPL-2.0-or-later
/* The table of subcommands. */
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "user/cmd/cmd.h"

static const struct pw_command *const commands[] = {
	&pw_command_top,     &pw_command_inspect, &pw_command_record,  &pw_command_replay,
	&pw_command_report,  &pw_command_leaks,	  &pw_command_explain, &pw_command_wipes,
	&pw_command_secrets, &pw_command_doctor,  &pw_command_daemon,  &pw_command_alert_test,
};

#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static void print_overview(FILE *out)
{
	fputs("pagewarden watches the memory of every process on this machine.\n\n"
	      "Usage: pagewarden COMMAND [options]\n"
	      "       pagewarden COMMAND --help\n"
	      "       pagewarden --help | --version\n\n"
	      "Commands:\n",
	      out);
	for (size_t i = 0; i < COMMANDS; i++)
		fprintf(out, "  %-10s %s\n", commands[i]->name, commands[i]->summary);
	fputs("\nExit codes: 0 done, 1 failed, 2 wrong command line, 3 not permitted,\n"
	      "4 process or file not there, 5 input damaged, 6 works with parts missing (doctor, secrets),\n"
	      "7 there are suspects (leaks --exit-code).\n",
	      out);
}

static const struct pw_command *find_command(const char *name)
{
	for (size_t i = 0; i < COMMANDS; i++) {
		if (strcmp(commands[i]->name, name) == 0)
			return commands[i];
	}
	return NULL;
}

#define WORD_MAX 16

/* Levenshtein distance; words of WORD_MAX and longer are far from everything. */
static unsigned int distance(const char *a, const char *b)
{
	size_t la = strlen(a), lb = strlen(b);
	unsigned int row[WORD_MAX + 1];

	if (la > WORD_MAX || lb > WORD_MAX)
		return WORD_MAX;
	for (size_t j = 0; j <= lb; j++)
		row[j] = (unsigned int)j;
	for (size_t i = 1; i <= la; i++) {
		unsigned int diagonal = row[0];

		row[0] = (unsigned int)i;
		for (size_t j = 1; j <= lb; j++) {
			unsigned int best = diagonal + (a[i - 1] != b[j - 1]);

			diagonal = row[j];
			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			row[j] = best;
		}
	}
	return row[lb];
}

static int unknown_command(const char *name)
{
	const char *nearest = NULL;
	unsigned int best = 3; /* further away is no likeness */

	for (size_t i = 0; i < COMMANDS; i++) {
		unsigned int d = distance(name, commands[i]->name);

		if (d < best) {
			best = d;
			nearest = commands[i]->name;
		}
	}
	fprintf(stderr, "pagewarden: there is no command '%s'\n", name);
	if (nearest)
		fprintf(stderr, "  did you mean '%s'?\n", nearest);
	else
		fputs("  'pagewarden --help' lists the commands\n", stderr);
	return PW_EXIT_USAGE;
}

static int dispatch(int argc, char **argv)
{
	const struct pw_command *c;

	if (argc < 2) {
		print_overview(stderr);
		return PW_EXIT_USAGE;
	}
	if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0) {
		puts("pagewarden " PW_VERSION);
		return PW_EXIT_OK;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
	    (strcmp(argv[1], "help") == 0 && argc == 2)) {
		print_overview(stdout);
		return PW_EXIT_OK;
	}
	if (strcmp(argv[1], "help") == 0) {
		c = find_command(argv[2]);
		return c ? pw_command_help(c, stdout) : unknown_command(argv[2]);
	}
	c = find_command(argv[1]);
	return c ? c->run(argc - 1, argv + 1) : unknown_command(argv[1]);
}

/* Whether nobody reads standard output any more (| head): that is no failure. */
static bool reader_is_gone(void)
{
	struct pollfd p = { .fd = STDOUT_FILENO, .events = POLLOUT };

	return poll(&p, 1, 0) == 1 && (p.revents & POLLERR);
}

/* The last write may fail as late as here, or an earlier one went unnoticed. */
static int finish_stdout(int code)
{
	bool failed = ferror(stdout);

	errno = 0;
	if (fflush(stdout) != 0)
		failed = true;
	if (!failed || code != PW_EXIT_OK || errno == EPIPE || reader_is_gone())
		return code;
	fprintf(stderr, "pagewarden: cannot write to standard output: %s\n",
		errno ? strerror(errno) : "a write failed");
	return PW_EXIT_FAILURE;
}

/*
 * A standard descriptor that is closed (2>&-) would go to the next file that is
 * opened, and messages into a recording. Held this way it still refuses writes.
 */
static void hold_standard_descriptors(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF)
			open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
	}
}

int main(int argc, char **argv)
{
	hold_standard_descriptors();
	setlocale(LC_CTYPE, "");
	/* A closed pipe shows as EPIPE where the write is, and ends the command quietly. */
	signal(SIGPIPE, SIG_IGN);
	return finish_stdout(dispatch(argc, argv));
}
