// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * pool N idle|busy: N processes that sleep (idle), or that each touch one fresh
 * page a second and drop all of them after 61 (busy). Prints N when all run;
 * they end with this process.
 */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#define PAGES 61

static void be_busy(long index)
{
	long page = sysconf(_SC_PAGESIZE);
	char *p =
		mmap(NULL, PAGES * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	usleep(index % 1000 * 1000); /* spread over the second */
	for (long i = index;; i++) {
		if (i % PAGES == 0)
			madvise(p, PAGES * page, MADV_DONTNEED);
		p[i % PAGES * page] = 1;
		sleep(1);
	}
}

static void child(pid_t parent, long index, bool busy)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(0);
	if (busy)
		be_busy(index);
	for (;;)
		pause();
}

int main(int argc, char **argv)
{
	long n = argc == 3 ? strtol(argv[1], NULL, 10) : 0;
	bool busy = argc == 3 && strcmp(argv[2], "busy") == 0;
	pid_t self = getpid();

	if (n <= 0 || n > 30000 || (!busy && strcmp(argv[2], "idle"))) {
		fprintf(stderr, "usage: pool N idle|busy\n");
		return 2;
	}
	for (long i = 0; i < n; i++) {
		pid_t pid = fork();

		if (pid == 0)
			child(self, i, busy);
		if (pid < 0) {
			fprintf(stderr, "pool: after %ld: %s\n", i, strerror(errno));
			return 1;
		}
	}
	printf("%ld\n", n);
	fflush(stdout);
	for (;;)
		pause();
}
