// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/module/tap.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define FAILED 1
#define SKIPPED 77

unsigned int tap_seconds = TAP_SECONDS;
const char *(*tap_afterwards)(void);

static unsigned int cases, failed;

static void say(const char *prefix, const char *format, va_list args)
{
	char line[2048], *at = line, *end;

	vsnprintf(line, sizeof(line), format, args);
	for (; at; at = end) {
		end = strchr(at, '\n');
		if (end)
			*end++ = 0;
		printf("%s%s\n", prefix, at);
	}
	fflush(stdout);
}

void tap_note(const char *what, ...)
{
	va_list args;

	va_start(args, what);
	say("# ", what, args);
	va_end(args);
}

void tap_fail(const char *why, ...)
{
	va_list args;

	va_start(args, why);
	say("# ", why, args);
	va_end(args);
	_exit(FAILED);
}

void tap_skip(const char *why, ...)
{
	va_list args;

	va_start(args, why);
	say("# ", why, args);
	va_end(args);
	_exit(SKIPPED);
}

static const char *how_it_ended(int status, char *text, size_t size)
{
	if (WIFSIGNALED(status))
		snprintf(text, size, "killed by signal %d%s", WTERMSIG(status),
			 WTERMSIG(status) == SIGALRM ? ": it took too long" : "");
	else if (WEXITSTATUS(status) != FAILED)
		snprintf(text, size, "exit status %d", WEXITSTATUS(status));
	else
		return NULL;
	return text;
}

static unsigned int slowness(void)
{
	const char *text = getenv("PW_SLOW");
	unsigned long times = text ? strtoul(text, NULL, 10) : 1;

	return times >= 1 && times <= 100 ? (unsigned int)times : 1;
}

void tap_case(void (*run)(const void *arg), const void *arg, const char *name, ...)
{
	const char *trouble = NULL;
	char title[256], text[96];
	int status = 0;
	va_list args;
	pid_t pid;

	va_start(args, name);
	vsnprintf(title, sizeof(title), name, args);
	va_end(args);
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		setpgid(0, 0);
		alarm(tap_seconds * slowness());
		run(arg);
		fflush(stdout);
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		status = FAILED << 8;
	kill(-pid, SIGKILL); /* its children, where it has left some */
	if (status && !(WIFEXITED(status) && WEXITSTATUS(status) == SKIPPED))
		trouble = how_it_ended(status, text, sizeof(text));
	cases++;
	if (trouble)
		printf("# %s\n", trouble);
	trouble = tap_afterwards ? tap_afterwards() : NULL;
	if (trouble)
		printf("# left behind: %s\n", trouble);
	if (WIFEXITED(status) && WEXITSTATUS(status) == SKIPPED && !trouble) {
		printf("ok %u - %s # SKIP\n", cases, title);
	} else if (status || trouble) {
		failed++;
		printf("not ok %u - %s\n", cases, title);
	} else {
		printf("ok %u - %s\n", cases, title);
	}
	fflush(stdout);
}

int tap_end(void)
{
	printf("1..%u\n", cases);
	return failed ? 1 : 0;
}
