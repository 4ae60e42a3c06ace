// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/module/machine.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/swap.h>
#include <unistd.h>

#include "tests/module/tap.h"

#define PAGE 4096u
#define ZRAM "/sys/block/zram0/"
#define ZRAM_DEVICE "/dev/zram0"
#define SWAP_BYTES (64u << 20)

int write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), err = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		err = -errno;
	close(fd);
	return err;
}

const char *read_file(const char *path)
{
	static char line[4096];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, line, sizeof(line) - 1);

	if (fd >= 0)
		close(fd);
	line[n < 0 ? 0 : n] = 0;
	line[strcspn(line, "\n")] = 0;
	return line;
}

/* ---- swap ----------------------------------------------------------------------------- */

/* mkswap(8)'s header: see union swap_header of the kernel. */
static bool make_swap(const char *device, uint32_t pages)
{
	static uint8_t page[PAGE];
	const uint32_t info[3] = { 1, pages - 1, 0 }; /* version, last page, bad pages */
	int fd = open(device, O_WRONLY | O_CLOEXEC);
	bool ok;

	if (fd < 0)
		return false;
	memcpy(page + 1024, info, sizeof(info));
	memcpy(page + PAGE - 10, "SWAPSPACE2", 10);
	ok = pwrite(fd, page, PAGE, 0) == PAGE && !fsync(fd);
	close(fd);
	return ok;
}

int swap_try(void)
{
	char size[32];
	int err;

	if (access(ZRAM, F_OK))
		return -ENODEV;
	if (strtoull(read_file(ZRAM "disksize"), NULL, 10))
		return 0; /* it is on already */
	snprintf(size, sizeof(size), "%u", SWAP_BYTES);
	err = write_file(ZRAM "disksize", size);
	if (err)
		return err;
	if (!make_swap(ZRAM_DEVICE, SWAP_BYTES / PAGE) || swapon(ZRAM_DEVICE, 0))
		return -errno;
	return 0;
}

void swap_on(void)
{
	int err = swap_try();

	if (err == -ENODEV)
		tap_skip("this guest has no zram");
	if (err)
		tap_fail("swap on zram: %s", strerror(-err));
}

void swap_off(void)
{
	swapoff(ZRAM_DEVICE);
	write_file(ZRAM "reset", "1");
}

/* ---- page tables ------------------------------------------------------------------------ */

uint64_t pagemap_of(pid_t pid, uint64_t address)
{
	uint64_t entry = 0;
	char path[48];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/pagemap", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || pread(fd, &entry, 8, (off_t)(address / PAGE * 8)) != 8)
		tap_fail("%s: %s", path, strerror(errno));
	close(fd);
	return entry;
}

bool page_present(pid_t pid, uint64_t address)
{
	return pagemap_of(pid, address) >> 63 & 1;
}

bool page_swapped(pid_t pid, uint64_t address)
{
	return pagemap_of(pid, address) >> 62 & 1;
}

uint64_t huge_kb(pid_t pid, uint64_t address)
{
	unsigned long long from, to, kb = 0;
	bool inside = false;
	char line[512];
	FILE *f;

	snprintf(line, sizeof(line), "/proc/%d/smaps", pid);
	f = fopen(line, "re");
	if (!f)
		return 0;
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%llx-%llx ", &from, &to) == 2)
			inside = address >= from && address < to;
		else if (inside && sscanf(line, "AnonHugePages: %llu", &kb) == 1)
			break;
	}
	fclose(f);
	return kb;
}

/* ---- control groups ------------------------------------------------------------------------ */

const char *cgroup_make(const char *name, uint64_t memory_max)
{
	static char directory[128];
	char path[192], number[32];

	write_file("/sys/fs/cgroup/cgroup.subtree_control", "+memory");
	snprintf(directory, sizeof(directory), "/sys/fs/cgroup/%s", name);
	if (mkdir(directory, 0755) && errno != EEXIST)
		tap_skip("no control group: %s", strerror(errno));
	snprintf(path, sizeof(path), "%s/memory.max", directory);
	snprintf(number, sizeof(number), "%ju", (uintmax_t)memory_max);
	if (write_file(path, number))
		tap_skip("no memory controller");
	snprintf(path, sizeof(path), "%s/memory.swap.max", directory);
	write_file(path, "0");
	return directory;
}

int cgroup_enter(const char *directory, pid_t pid)
{
	char path[192], number[32];

	snprintf(path, sizeof(path), "%s/cgroup.procs", directory);
	snprintf(number, sizeof(number), "%d", pid);
	return write_file(path, number);
}
