// SPDX-License-Identifier: GPL-2.0-or-later
/* forks N: N processes one after the other, each of which ends at once. Prints N when all are gone. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	long n = argc == 2 ? strtol(argv[1], NULL, 10) : 0;

	if (n <= 0 || n > 10000000) {
		fprintf(stderr, "usage: forks N\n");
		return 2;
	}
	for (long i = 0; i < n; i++) {
		pid_t pid = fork();

		if (pid == 0)
			_exit(0);
		if (pid < 0 || waitpid(pid, NULL, 0) != pid) {
			fprintf(stderr, "forks: after %ld: %s\n", i, strerror(errno));
			return 1;
		}
	}
	printf("%ld\n", n);
	return 0;
}
