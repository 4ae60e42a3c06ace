// SPDX-License-Identifier: GPL-2.0-or-later
/* daily_load: holds what the hour asks for and works accordingly; a day is 150 seconds. */
#include "work.h"

enum { SESSIONS = 400 };

int main(void)
{
	static char *sessions[SESSIONS];
	int n = 0;

	begin();
	for (;; wait_for(0.05)) {
		int wanted = 20 + (int)(daily(150) * (SESSIONS - 20));

		while (n < wanted)
			sessions[n++] = (char *)filled(100 * KIB);
		while (n > wanted)
			free(sessions[--n]);
		for (int i = 0; i < n; i++)
			memset(sessions[i], i, 16 * KIB);
	}
}
