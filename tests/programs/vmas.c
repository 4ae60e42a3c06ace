// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * vmas COUNT BYTES: holds BYTES of touched anonymous 4K pages in COUNT VMAs of
 * alternating protection; with fewer pages than VMAs, the last VMAs hold none.
 * Prints "ready", then waits for the end of stdin.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t count, touched, pages, done = 0;
	char *base, c;

	if (argc != 3) {
		fprintf(stderr, "usage: vmas COUNT BYTES\n");
		return 2;
	}
	count = strtoull(argv[1], NULL, 0);
	touched = strtoull(argv[2], NULL, 0) / page;
	pages = touched > count ? touched : count;
	if (count == 0) {
		fprintf(stderr, "vmas: at least one VMA\n");
		return 2;
	}
	prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
	base = mmap(NULL, pages * page, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (base == MAP_FAILED) {
		perror("vmas: mmap");
		return 1;
	}
	memset(base, 1, touched * page);
	for (size_t i = 0; i < count; i++) {
		size_t end = pages * (i + 1) / count;

		if (i % 2 && mprotect(base + done * page, (end - done) * page, PROT_READ) != 0) {
			perror("vmas: mprotect");
			return 1;
		}
		done = end;
	}
	puts("ready");
	fflush(stdout);
	while (read(0, &c, 1) > 0)
		;
	return 0;
}
