// SPDX-License-Identifier: GPL-2.0-or-later
/* memfd_leak: a frame buffer for each window that opens, shared by memfd; a closed window's stays. */
#include "work.h"

#include <sys/mman.h>

int main(void)
{
	begin();
	for (;; wait_for(0.5)) {
		int fd = memfd_create("frame", MFD_CLOEXEC);
		void *frame;

		if (fd < 0 || ftruncate(fd, 64 * KIB) < 0)
			return 1;
		frame = mmap(NULL, 64 * KIB, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		if (frame == MAP_FAILED)
			return 1;
		memset(frame, 0xff, 64 * KIB);
		close(fd); /* and the mapping is forgotten */
	}
}
