// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "user/cmd/interrupt.h"

static volatile sig_atomic_t ending;
static int wake_fd = -1;

static void on_signal(int number)
{
	int saved = errno;
	uint64_t one = 1;
	ssize_t n;

	if (number != SIGWINCH)
		ending = 1;
	n = write(wake_fd, &one, sizeof(one)); /* full: it is readable already */
	(void)n;
	errno = saved;
}

int pw_interrupt_catch(void)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGWINCH };
	/* no SA_RESTART: a blocking read of a stream ends as well */
	struct sigaction action = { .sa_handler = on_signal };

	if (wake_fd >= 0)
		return 0;
	wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (wake_fd < 0)
		return -errno;
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		struct sigaction old;

		/* nohup's wish is respected */
		if (sigaction(signals[i], NULL, &old) == 0 && old.sa_handler == SIG_IGN)
			continue;
		if (sigaction(signals[i], &action, NULL))
			return -errno;
	}
	return 0;
}

bool pw_interrupted(void)
{
	return ending;
}

int pw_interrupt_fd(void)
{
	return wake_fd;
}

void pw_interrupt_clear(void)
{
	uint64_t count;
	ssize_t n = read(wake_fd, &count, sizeof(count));

	(void)n; /* nothing there is as good */
}
