// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "user/lib/device.h"
#include "user/lib/place.h"

#ifndef SYS_memfd_secret
#define SYS_memfd_secret 447 /* the same on every architecture; libc's headers may be older */
#endif

#define PROTECTED_ALWAYS (PW_FROM_SWAP | PW_FROM_CORE_DUMP | PW_FROM_FORK | PW_FROM_OVERRUN)

static size_t page_size(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

/* Maps [at, at + len), which is reserved. 0 or -errno. */
typedef int (*map_fn)(void *at, size_t len);

static int map_over(void *at, size_t len, int flags, int fd)
{
	void *p = mmap(at, len, PROT_READ | PROT_WRITE, flags | MAP_FIXED, fd, 0);

	return p == MAP_FAILED ? -errno : 0;
}

static int map_arena(void *at, size_t len)
{
	int fd = pw_device_get();

	return fd < 0 ? fd : map_over(at, len, MAP_SHARED, fd);
}

/*
 * Touches each page from within a system call, where a page that can't be had is
 * EFAULT and not SIGBUS: newer kernels hold memfd_secret to RLIMIT_MEMLOCK page by
 * page. (MADV_POPULATE_WRITE does not work there.) Any byte will do: GRND_INSECURE
 * does not wait for good ones early after the boot.
 */
static int populate(char *at, size_t len)
{
	for (size_t i = 0; i < len; i += page_size()) {
		if (syscall(SYS_getrandom, at + i, 1, GRND_INSECURE) != 1)
			return errno == EFAULT ? -EDQUOT : -errno;
		at[i] = 0;
	}
	return 0;
}

static int map_memfd_secret(void *at, size_t len)
{
	int r, fd = (int)syscall(SYS_memfd_secret, O_CLOEXEC);

	if (fd < 0)
		return -errno;
	r = ftruncate(fd, (off_t)len) ? -errno : map_over(at, len, MAP_SHARED, fd);
	close(fd);
	if (r == -EAGAIN)
		return -EDQUOT; /* RLIMIT_MEMLOCK */
	/* It is shared memory: without this a child would have the secret itself. */
	if (!r && madvise(at, len, MADV_DONTFORK))
		r = -errno;
	return r ? r : populate(at, len);
}

static int map_mlock(void *at, size_t len)
{
	int r = map_over(at, len, MAP_PRIVATE | MAP_ANONYMOUS, -1);

	if (r)
		return r;
	if (madvise(at, len, MADV_DONTDUMP) || madvise(at, len, MADV_WIPEONFORK))
		return -errno;
	if (!mlock(at, len))
		return 0;
	/* The range is there, so what is short is the limit. */
	return errno == ENOMEM || errno == EPERM || errno == EAGAIN ? -EDQUOT : -errno;
}

/* The strongest first. */
static const struct place {
	uint32_t place;
	uint32_t protects;
	bool survives_fork;
	map_fn map;
	const char *gaps;
} places[] = {
	{ PW_IN_ARENA, PROTECTED_ALWAYS | PW_FROM_OTHERS | PW_FROM_KILL, false, map_arena,
	  "not protected from the kernel itself and its modules, /dev/mem, hibernation, and code in "
	  "this process" },
	{ PW_IN_MEMFD_SECRET, PROTECTED_ALWAYS | PW_FROM_OTHERS | PW_FROM_KILL | PW_FROM_KERNEL_READS,
	  false, map_memfd_secret,
	  "not protected from code in this process, and from kernel code that maps the page on purpose" },
	{ PW_IN_MLOCK, PROTECTED_ALWAYS, true, map_mlock,
	  "not protected from root and debuggers (ptrace, /proc/PID/mem), from being left unwiped "
	  "when the process is killed, from the kernel, from hibernation, and from code in this "
	  "process" },
};
#define PLACES (sizeof(places) / sizeof(places[0]))

static const struct place *place_of(const struct pw_block *b)
{
	for (size_t i = 0; i < PLACES; i++) {
		if (places[i].place == b->place)
			return &places[i];
	}
	__builtin_unreachable();
}

/* More than this can't be had, though a lazy kernel might promise it. Far from wrapping. */
static size_t memory_size(void)
{
	struct sysinfo si;

	return sysinfo(&si) ? 0 : (size_t)si.totalram * si.mem_unit;
}

int pw_block_create(size_t n, uint32_t wanted, struct pw_block *ret)
{
	size_t page = page_size(), len;
	char *reserved;
	int r = -EINVAL;

	if (n > memory_size())
		return -ENOMEM;
	len = (n + page - 1) / page * page;
	for (size_t i = 0; i < PLACES; i++) {
		if (wanted && !(wanted & places[i].place))
			continue;
		/* Anew for each: a failed attempt may have left a hole that another thread's mmap takes. */
		reserved = mmap(NULL, len + 2 * page, PROT_NONE,
				MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
		if (reserved == MAP_FAILED)
			return -ENOMEM;
		/* Where the middle is not inherited, the guards must not be: the child would leak them. */
		r = places[i].survives_fork || !madvise(reserved, len + 2 * page, MADV_DONTFORK) ?
			    0 :
			    -errno;
		if (!r)
			r = places[i].map(reserved + page, len);
		if (!r) {
			*ret = (struct pw_block){ reserved + page, len, places[i].place };
			return 0;
		}
		munmap(reserved, len + 2 * page);
	}
	return r;
}

void pw_block_destroy(const struct pw_block *b)
{
	size_t page = page_size();

	munmap(b->data - page, b->len + 2 * page);
}

bool pw_block_survives_fork(const struct pw_block *b)
{
	return place_of(b)->survives_fork;
}

void pw_block_info(const struct pw_block *b, struct pw_secret_info *ret)
{
	const struct place *place = place_of(b);

	*ret = (struct pw_secret_info){
		.place = place->place,
		.protects = place->protects,
		.usable = b->len,
		.gaps = place->gaps,
	};
}
