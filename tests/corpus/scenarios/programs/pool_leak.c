// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * pool_leak: a master whose workers serve for a second each and die with all
 * that they took; the master keeps a little of each.
 */
#include "work.h"

#include <sys/wait.h>

int main(void)
{
	begin();
	for (int alive = 0;; alive++) {
		if (alive == 6) {
			wait(NULL);
			filled(20 * KIB); /* the dead worker's scoreboard */
			alive--;
		}
		if (fork() == 0) {
			begin();
			free(filled(4 * MIB));
			wait_for(1);
			_exit(0);
		}
		wait_for(0.12);
	}
}
