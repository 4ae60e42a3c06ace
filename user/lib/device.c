// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kmod/uapi/pagewarden_dev.h"
#include "user/lib/device.h"

/* 0: none; else the PID that opened it, above, and the descriptor + 1, below. One word: no half states. */
static _Atomic uint64_t held;
/* st_rdev of it. Set before `held`; while it is open, the module can't go, so this stays true. */
static _Atomic uint64_t held_device;

static uint64_t pack(int fd)
{
	return (uint64_t)(uint32_t)getpid() << 32 | ((uint32_t)fd + 1);
}

static int fd_of(uint64_t word)
{
	return (int)(uint32_t)word - 1;
}

static bool is_mine(uint64_t word)
{
	return word >> 32 == (uint32_t)getpid();
}

static bool is_device(int fd)
{
	struct stat st;

	return !fstat(fd, &st) && S_ISCHR(st.st_mode) && st.st_rdev == atomic_load(&held_device);
}

static int open_device(void)
{
	struct pw_dev_info info = { .size = sizeof(info) };
	struct stat st;
	int fd, err;

	fd = open(PW_DEV_PATH, O_RDWR | O_CLOEXEC | O_NOCTTY);
	if (fd < 0) {
		err = errno;
		if (err == ENOENT || err == ENXIO || err == ENOTDIR)
			return -ENODEV;
		return err == EPERM ? -EACCES : -err;
	}
	/* Whatever else stands there under this name is not the module. */
	if (fstat(fd, &st) || !S_ISCHR(st.st_mode) || ioctl(fd, PW_IOC_INFO, &info)) {
		close(fd);
		return -ENODEV;
	}
	atomic_store(&held_device, st.st_rdev);
	return fd;
}

/* Forgets `word`; closes its descriptor unless the number is another file's by now. */
static void drop(uint64_t word, bool lost)
{
	if (atomic_compare_exchange_strong(&held, &word, 0) && !lost && is_device(fd_of(word)))
		close(fd_of(word));
}

int pw_device_get(void)
{
	uint64_t word, none = 0;
	int fd;

	word = atomic_load(&held);
	if (word) {
		if (is_mine(word) && is_device(fd_of(word)))
			return fd_of(word);
		drop(word, is_mine(word));
	}
	fd = open_device();
	if (fd < 0)
		return fd;
	if (atomic_compare_exchange_strong(&held, &none, pack(fd)))
		return fd;
	/* Another thread, or the code that this signal interrupted, was first. */
	close(fd);
	return fd_of(none);
}

void pw_device_close(void)
{
	uint64_t word = atomic_load(&held);

	if (word)
		drop(word, false);
}

void pw_device_forked(void)
{
	uint64_t word = atomic_load(&held);

	if (word && !is_mine(word))
		drop(word, false);
}
