// SPDX-License-Identifier: GPL-2.0-or-later
/* cow_server: 96 MiB of state; a child for each request writes to a part of its copy and ends. */
#include "work.h"

#include <sys/wait.h>

int main(void)
{
	char *state = (char *)filled(96 * MIB);

	begin();
	for (unsigned int i = 0;; i++) {
		if (fork() == 0) {
			begin();
			memset(state + (i % 12) * 8 * MIB, (int)i, 4 * MIB);
			wait_for(0.5);
			_exit(0);
		}
		wait_for(0.25);
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
	}
}
