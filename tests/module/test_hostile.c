// SPDX-License-Identifier: GPL-2.0-or-later
/* Callers that mean harm or know no better: each gets the error that the ABI names, and nothing is changed. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/module/machine.h"
#include "tests/module/subject.h"
#include "tests/module/tap.h"

#define PAGES 8u
#define BYTES (PAGES * PAGE)
#define NOBODY 65534
#define GARBAGE_CALLS 20000

static uint8_t *region(void)
{
	uint8_t *at = mmap((void *)REGION, BYTES, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

	must(at != MAP_FAILED);
	memset(at, 'x', BYTES);
	return at;
}

static int call(int fd, unsigned long cmd, void *arg)
{
	return ioctl(fd, cmd, arg) ? -errno : 0;
}

static void must_be_unused(int fd)
{
	struct pw_dev_info info = dev_info(fd);

	must_equal(info.watches, 0);
	must_equal(info.watched_bytes, 0);
	must_equal(info.held_pages, 0);
	must_equal(info.arena_bytes, 0);
}

/* ---- ioctls ------------------------------------------------------------------------------------ */

static void numbers(const void *arg)
{
	static const unsigned int types[] = { PW_IOC_MAGIC, 0, 0xB6, 'T', 0xff };
	int fd = dev_open();

	(void)arg;
	for (size_t t = 0; t < sizeof(types) / sizeof(types[0]); t++) {
		for (unsigned int dir = 0; dir < 4; dir++) {
			for (unsigned int nr = 0; nr < 256; nr++) {
				char buffer[4096] = { 0 };
				int err = call(fd, _IOC(dir, types[t], nr, 64), buffer);

				if (types[t] == PW_IOC_MAGIC && nr <= _IOC_NR(PW_IOC_WIPE))
					must(err == -EINVAL || err == -ENOTTY);
				/* those of all files, FIOCLEX and the like, are not ours */
				else if (types[t] == 'T' || err == 0)
					must(types[t] != PW_IOC_MAGIC);
				else
					must_equal(err, -ENOTTY);
			}
		}
	}
	must_be_unused(fd);
}

static const struct {
	unsigned long cmd;
	uint32_t size;
} ioctls[] = {
	{ PW_IOC_INFO, sizeof(struct pw_dev_info) },
	{ PW_IOC_WATCH, sizeof(struct pw_dev_watch) },
	{ PW_IOC_UNWATCH, sizeof(struct pw_dev_unwatch) },
	{ PW_IOC_NEXT, sizeof(struct pw_dev_next) },
	{ PW_IOC_WIPE, sizeof(struct pw_dev_wipe) },
};
#define IOCTLS (sizeof(ioctls) / sizeof(ioctls[0]))

static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* A value of the kinds that break things. */
static uint64_t nasty(uint64_t *state)
{
	static const uint64_t values[] = {
		0,
		1,
		4095,
		4096,
		~0ull,
		~0ull << 1,
		1ull << 63,
		0x7fffffffffff,
		0x7ffffffff000,
		0x800000000000,
		REGION,
		REGION + BYTES,
		REGION - 1,
		BYTES,
		0xffffffff81000000,
		0x80000000,
		0xffff888000000000,
		0x7fffffffffffffff,
		OTHER_REGION,
	};
	uint64_t r = next_random(state);

	return r & 1 ? values[r / 2 % (sizeof(values) / sizeof(values[0]))] : r >> (r & 63);
}

/* Structs of garbage: a cleaned-up error or success, and never more than that. */
static void garbage(const void *arg)
{
	uint64_t state = 88172645463325252ull, words[32];
	unsigned int done[IOCTLS] = { 0 };
	int fd = dev_open();

	(void)arg;
	region();
	for (int i = 0; i < GARBAGE_CALLS; i++) {
		size_t n = next_random(&state) % IOCTLS;
		int err;

		for (size_t w = 0; w < 32; w++)
			words[w] = next_random(&state) % 3 ? nasty(&state) : 0;
		/* size and flags: mostly right, or nothing ever gets further */
		words[0] = ioctls[n].size;
		if (next_random(&state) % 8 == 0)
			words[0] = nasty(&state);
		if (next_random(&state) % 4)
			words[1] = 0;
		/* a garbage wipe of the region is fine; not one of this program */
		if (ioctls[n].cmd == PW_IOC_WIPE && words[2] < REGION)
			words[2] = REGION;
		err = call(fd, ioctls[n].cmd, words);
		done[n] += !err;
		must(err == 0 || err == -EINVAL || err == -E2BIG || err == -EPERM ||
		     err == -ESRCH || err == -ENOENT || err == -EDQUOT || err == -ENOSPC ||
		     err == -EFAULT || err == -EOPNOTSUPP || err == -ENOMEM);
	}
	for (size_t n = 0; n < IOCTLS; n++)
		tap_note("ioctl %zu: %u succeeded", n, done[n]);
	close(fd);
	fd = dev_open();
	must_be_unused(fd);
}

static void sizes(const void *arg)
{
	int fd = dev_open();

	(void)arg;
	for (size_t i = 0; i < IOCTLS; i++) {
		_Alignas(8) char big[8192] = { 0 };
		uint32_t *size = (void *)big;

		for (*size = 0; *size < ioctls[i].size; ++*size)
			must_equal(call(fd, ioctls[i].cmd, big), -EINVAL);
		/* longer than the module knows: fine while the rest is 0 */
		for (uint32_t more = 1; more <= 64; more *= 2) {
			int err;

			memset(big, 0, sizeof(big));
			*size = ioctls[i].size + more;
			err = call(fd, ioctls[i].cmd, big);
			must(err != -E2BIG);
			memset(big, 0, sizeof(big));
			*size = ioctls[i].size + more;
			big[ioctls[i].size + more - 1] = 1;
			must_equal(call(fd, ioctls[i].cmd, big), -E2BIG);
		}
		*size = 0xffffffff;
		must_equal(call(fd, ioctls[i].cmd, big), -E2BIG);
		*size = 1u << 31;
		must_equal(call(fd, ioctls[i].cmd, big), -E2BIG);
	}
	must_be_unused(fd);
}

/* A longer struct is answered in the bytes that the module knows, and not beyond. */
static void longer_struct(const void *arg)
{
	struct {
		struct pw_dev_info info;
		uint64_t more;
	} x = { .info.size = sizeof(x) };
	int fd = dev_open();

	(void)arg;
	must_equal(call(fd, PW_IOC_INFO, &x), 0);
	must_equal(x.info.abi, PW_DEV_ABI);
	must_equal(x.more, 0);
	must(x.info.watches_max && x.info.watches_user_max && x.info.watched_bytes_max &&
	     x.info.watched_bytes_user_max && x.info.held_pages_max && x.info.held_pages_user_max);
	must(x.info.features & PW_DEV_WATCH);
	must(x.info.features & PW_DEV_WIPE);
	must(x.info.features & PW_DEV_ARENA);
}

static void pointers(const void *arg)
{
	uint8_t *pages =
		mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct pw_dev_watch w = {
		.size = sizeof(w), .start = REGION, .length = BYTES, .flags = PW_WATCH_HOLD
	};
	int fd = dev_open();

	(void)arg;
	region();
	must(pages != MAP_FAILED && !munmap(pages + 2 * PAGE, PAGE));
	for (size_t i = 0; i < IOCTLS; i++) {
		must_equal(call(fd, ioctls[i].cmd, NULL), -EFAULT);
		must_equal(call(fd, ioctls[i].cmd, (void *)8), -EFAULT);
		must_equal(call(fd, ioctls[i].cmd, (void *)~0ul), -EFAULT);
		must_equal(call(fd, ioctls[i].cmd, (void *)0xffffffff81000000), -EFAULT);
		must_equal(call(fd, ioctls[i].cmd, (void *)0xffff888000001000), -EFAULT);
		must_equal(call(fd, ioctls[i].cmd, (void *)0x8000000000000000), -EFAULT);
		/* it begins where there is memory, and ends where there is none */
		*(uint32_t *)(pages + 2 * PAGE - 16) = ioctls[i].size;
		must_equal(call(fd, ioctls[i].cmd, pages + 2 * PAGE - 16), -EFAULT);
	}
	/* An answer that can't be written: the watch is not made. */
	memcpy(pages, &w, sizeof(w));
	must(!mprotect(pages, PAGE, PROT_READ));
	must_equal(call(fd, PW_IOC_WATCH, pages), -EFAULT);
	must_be_unused(fd);
	/* and an odd address is none */
	memcpy(pages + PAGE + 1, &w, sizeof(w));
	must_equal(call(fd, PW_IOC_WATCH, pages + PAGE + 1), 0);
}

static void flags(const void *arg)
{
	int fd = dev_open();

	(void)arg;
	region();
	for (unsigned int bit = 0; bit < 32; bit++) {
		const uint32_t flag = 1u << bit;
		struct pw_dev_watch w = {
			.size = sizeof(w), .start = REGION, .length = BYTES, .flags = flag
		};
		struct pw_dev_unwatch u = { .size = sizeof(u), .flags = flag, .id = 1 };
		struct pw_dev_next n = { .size = sizeof(n), .flags = flag };
		struct pw_dev_wipe e = {
			.size = sizeof(e), .start = REGION, .length = PAGE, .flags = flag
		};

		if (flag != PW_WATCH_HOLD)
			must_equal(call(fd, PW_IOC_WATCH, &w), -EINVAL);
		w.flags = PW_WATCH_HOLD;
		w.reserved = flag;
		must_equal(call(fd, PW_IOC_WATCH, &w), -EINVAL);
		must_equal(call(fd, PW_IOC_UNWATCH, &u), -EINVAL);
		must_equal(call(fd, PW_IOC_NEXT, &n), -EINVAL);
		must_equal(call(fd, PW_IOC_WIPE, &e), -EINVAL);
		e.flags = 0;
		e.reserved = flag;
		must_equal(call(fd, PW_IOC_WIPE, &e), -EINVAL);
	}
	must_equal(*(volatile uint8_t *)REGION, 'x');
	must_be_unused(fd);
}

static void ranges(const void *arg)
{
	static const struct {
		uint64_t start, length;
		int err;
	} bad[] = {
		{ REGION, 0, -EINVAL },
		{ REGION, ~0ull, -EINVAL },
		{ REGION, 1ull << 63, -EINVAL },
		{ ~0ull - 10, 20, -EINVAL },
		{ ~0ull, 1, -EINVAL },
		{ 0xffff888000000000, PAGE, -EINVAL },
		{ 0xffffffff81000000, PAGE, -EINVAL },
		{ 0xffffffffff600000, PAGE, -EINVAL }, /* vsyscall */
		{ 0x00fffffffffff000, PAGE, -EINVAL }, /* the end, also with five levels of tables */
		{ 0x00ffffffffffe000, 2 * PAGE, -EINVAL },
		{ 0x8000000000000000, PAGE, -EINVAL },
		{ OTHER_REGION, PAGE, -EFAULT },
		{ REGION + BYTES - 1, 2, -EFAULT },
	};
	int fd = dev_open();
	uint64_t id;

	(void)arg;
	region();
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		for (uint32_t f = 0; f <= PW_WATCH_HOLD; f++) {
			int err = dev_watch(fd, 0, bad[i].start, bad[i].length, f, &id);

			if (err != bad[i].err)
				tap_fail("range %zu, flags %u: %d, not %d", i, f, err, bad[i].err);
		}
	}
	must_be_unused(fd);
}

/* What has no pages that could be watched. */
static void mappings(const void *arg)
{
	int fd = dev_open(), file;
	uint64_t vdso = 0, id;
	char line[512];
	FILE *maps = fopen("/proc/self/maps", "re");
	void *huge;

	(void)arg;
	must(maps);
	while (fgets(line, sizeof(line), maps))
		if (strstr(line, "[vvar]"))
			vdso = strtoull(line, NULL, 16);
	fclose(maps);
	must(vdso);
	must_equal(dev_watch(fd, 0, vdso, PAGE, 0, &id), -EOPNOTSUPP);
	must_equal(dev_watch(fd, 0, vdso, PAGE, PW_WATCH_HOLD, &id), -EOPNOTSUPP);
	write_file("/proc/sys/vm/nr_hugepages", "2");
	huge = mmap((void *)OTHER_REGION, 2ul << 20, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | MAP_FIXED_NOREPLACE, -1, 0);
	if (huge != MAP_FAILED) {
		must_equal(dev_watch(fd, 0, OTHER_REGION, PAGE, 0, &id), -EOPNOTSUPP);
		must_equal(dev_watch(fd, 0, OTHER_REGION, PAGE, PW_WATCH_HOLD, &id), -EOPNOTSUPP);
	} else {
		tap_note("no hugetlb page: %s", strerror(errno));
	}
	munmap(huge, 2ul << 20);
	write_file("/proc/sys/vm/nr_hugepages", "0");
	/* Beyond the end of a file there is no page to bring in. */
	file = (int)syscall(SYS_memfd_create, "short", 0);
	must(file >= 0 && !ftruncate(file, PAGE));
	must(mmap((void *)OTHER_REGION, 2 * PAGE, PROT_READ | PROT_WRITE,
		  MAP_SHARED | MAP_FIXED_NOREPLACE, file, 0) != MAP_FAILED);
	must_equal(dev_watch(fd, 0, OTHER_REGION, 2 * PAGE, PW_WATCH_HOLD, &id), -EFAULT);
	must_be_unused(fd);
}

/* ---- processes ------------------------------------------------------------------------------------- */

static pid_t child_that_stays(void)
{
	pid_t child = fork();

	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		pause();
		_exit(0);
	}
	must(child > 0);
	return child;
}

static void processes(const void *arg)
{
	int fd = dev_open();
	pid_t zombie;
	uint64_t id;

	(void)arg;
	region();
	must_equal(dev_watch(fd, -1, REGION, BYTES, 0, &id), -EINVAL);
	must_equal(dev_watch(fd, INT32_MIN, REGION, BYTES, 0, &id), -EINVAL);
	must_equal(dev_watch(fd, 4194303, REGION, BYTES, 0, &id), -ESRCH);
	must_equal(dev_watch(fd, INT32_MAX, REGION, BYTES, 0, &id), -ESRCH);
	must_equal(dev_watch(fd, 2, REGION, BYTES, 0, &id), -ESRCH); /* kthreadd */
	zombie = fork();
	if (zombie == 0)
		_exit(0);
	usleep(100000);
	must_equal(dev_watch(fd, zombie, REGION, BYTES, 0, &id), -ESRCH);
	must_equal(waitpid(zombie, NULL, 0), zombie);
	must_equal(dev_watch(fd, zombie, REGION, BYTES, 0, &id), -ESRCH);
	must_be_unused(fd);
}

static void become_nobody(void)
{
	must(!setresgid(NOBODY, NOBODY, NOBODY) && !setresuid(NOBODY, NOBODY, NOBODY));
}

static void without_capability(const void *arg)
{
	int fd = dev_open();
	pid_t child;
	uint64_t id;

	(void)arg;
	region();
	child = child_that_stays();
	become_nobody();
	must_equal(open(PW_DEV_PATH, O_RDWR), -1); /* the device is not everybody's */
	must_equal(errno, EACCES);
	must_equal(dev_watch(fd, child, REGION, BYTES, 0, &id), -EPERM);
	must_equal(dev_watch(fd, 1, REGION, BYTES, 0, &id), -EPERM);
	must_equal(dev_watch(fd, 2, REGION, BYTES, 0, &id), -EPERM);
	must_watch(fd, 0, REGION, BYTES, 0);
	must_watch(fd, getpid(), REGION, BYTES, 0);
}

/* A child of somebody who may: watched and gone in all orders. */
static void dying_process(const void *arg)
{
	int fd = dev_open(), told = 0;
	uint64_t id;

	(void)arg;
	region();
	for (int i = 0; i < 200; i++) {
		pid_t child = fork();
		int err;

		if (child == 0)
			_exit(0);
		for (int spin = 0; spin < i * 20; spin++)
			getppid();
		err = dev_watch(fd, child, REGION, BYTES, i & 1 ? PW_WATCH_HOLD : 0, &id);
		must(err == 0 || err == -ESRCH || err == -EFAULT);
		told += !err;
		must_equal(waitpid(child, NULL, 0), child);
		if (!err) {
			err = dev_unwatch(fd, id, NULL);
			must(err == 0 || err == -ENOENT);
		}
	}
	tap_note("%d of 200 were watched before they were gone", told);
	must_be_unused(fd);
}

/* ---- whose watch it is ---------------------------------------------------------------------------------- */

static void unwatch_games(const void *arg)
{
	int fd = dev_open(), other = dev_open();
	uint64_t id, next;

	(void)arg;
	region();
	must_equal(dev_unwatch(fd, 0, NULL), -ENOENT);
	must_equal(dev_unwatch(fd, 1ull << 60, NULL), -ENOENT);
	must_equal(dev_unwatch(fd, ~0ull, NULL), -ENOENT);
	id = must_watch(fd, 0, REGION, BYTES, 0);
	must_equal(dev_unwatch(other, id, NULL), -ENOENT); /* not of this descriptor */
	must_equal(dev_unwatch(fd, id + 1, NULL), -ENOENT);
	must_equal(dev_unwatch(fd, id, NULL), 0);
	must_equal(dev_unwatch(fd, id, NULL), -ENOENT);
	next = must_watch(fd, 0, REGION, BYTES, 0);
	must(next > id); /* never used twice */
	must_equal(dev_info(fd).watches, 1);
}

/* Each sees the contents, also where another scrubs the page; what scrubs, does. */
static void same_range_often(const void *arg)
{
	static const uint32_t flags_of[] = { 0, PW_WATCH_HOLD, PW_WATCH_HOLD | PW_WATCH_SCRUB };
	int fd = dev_open(), other = dev_open();
	struct records r = { 0 };
	uint64_t ids[6];

	(void)arg;
	region();
	for (int i = 0; i < 6; i++)
		ids[i] = must_watch(i < 3 ? fd : other, 0, REGION + i * PAGE / 2, 2 * PAGE,
				    flags_of[i % 3]);
	must(!munmap((void *)REGION, BYTES));
	records_read(&r, fd);
	for (int i = 0; i < 6; i++) {
		uint64_t bytes = 0, dirty = 0, scrubbed = 0;
		const struct pw_secret *s;

		for (size_t n = 0; (s = records_find(&r, ids[i], PW_SECRET_RELEASED, n)); n++) {
			bytes += s->dirty_bytes;
			dirty += s->pages_dirty;
			scrubbed += s->pages_scrubbed;
		}
		if (bytes != 2 * PAGE || scrubbed != (i % 3 == 2 ? dirty : 0)) {
			records_print(&r);
			tap_fail("watch %d saw %ju dirty bytes", i, (uintmax_t)bytes);
		}
	}
	for (int i = 0; i < 6; i++)
		must_equal(dev_unwatch(i < 3 ? fd : other, ids[i], NULL), 0);
}

static void enumerate(const void *arg)
{
	int fd = dev_open(), other = dev_open();
	struct records r = { 0 };
	struct pw_dev_next n;
	uint64_t ids[5], after = 0;

	(void)arg;
	region();
	must_equal(dev_next(fd, 0, &n), -ENOENT);
	for (int i = 0; i < 5; i++)
		ids[i] = must_watch(i & 1 ? fd : other, 0, REGION + i * PAGE + 5, PAGE,
				    i == 2 ? PW_WATCH_HOLD : 0);
	for (int i = 0; i < 5; i++) {
		must_equal(dev_next(fd, after, &n), 0);
		must_equal(n.id, ids[i]);
		must_equal(n.cookie, COOKIE);
		must_equal(n.start, REGION + i * PAGE + 5);
		must_equal(n.end, REGION + (i + 1) * PAGE + 5);
		must_equal(n.pid, getpid());
		must_equal(n.uid, 0);
		must_equal(n.held_pages, i == 2 ? 2 : 0);
		must_equal(n.secret_flags, i == 2 ? PW_SECRET_HOLDING : 0);
		must_equal(n.released_pages, 0);
		must(n.start_ns && n.since_ns >= n.start_ns);
		must(!strcmp((char *)n.label, LABEL));
		after = n.id;
	}
	must_equal(dev_next(fd, after, &n), -ENOENT);
	must_equal(dev_next(fd, ~0ull, &n), -ENOENT);
	must_equal(dev_unwatch(fd, ids[1], NULL), 0);
	must(!munmap((void *)REGION, PAGE));
	records_read(&r, fd); /* until it is looked at */
	must_equal(dev_next(fd, 0, &n), 0);
	must_equal(n.id, ids[0]);
	must_equal(n.released_pages, 1);
	must_equal(n.released_dirty_pages, 1);
	must_equal(dev_next(fd, n.id, &n), 0);
	must_equal(n.id, ids[2]);
	/* Another user sees what is its own: nothing. */
	become_nobody();
	must_equal(dev_next(fd, 0, &n), -ENOENT);
}

/* ---- descriptors ------------------------------------------------------------------------------------------ */

/*
 * The maker passes the descriptor on and closes it; the watch is of the maker's
 * memory still, lives while the other has it, and ends when that one closes it.
 */
static void passed_on(const void *arg)
{
	int watcher = dev_open(), pair[2], made;
	struct records r = { 0 };
	const struct pw_secret *end;
	pid_t maker;
	uint64_t id;

	(void)arg;
	must(!socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	maker = fork();
	if (maker == 0) {
		int fd = dev_open();

		region();
		id = must_watch(fd, 0, REGION, BYTES, PW_WATCH_HOLD);
		dev_send(pair[1], fd);
		close(fd);
		pause();
		_exit(0);
	}
	made = dev_receive(pair[0]);
	records_read(&r, watcher);
	must_equal(r.count, 1);
	id = r.secrets[0].id;
	must_equal(r.secrets[0].key.pid, maker);
	must_equal(dev_info(watcher).watches, 1);
	/* While it waits in a socket that nobody reads it lives as well. */
	dev_send(pair[0], made);
	close(made);
	must_equal(dev_info(watcher).watches, 1);
	made = dev_receive(pair[1]);
	close(made);
	/* The socket may let go of it a moment later than we do. */
	for (int i = 0; i < 500 && dev_info(watcher).watches; i++)
		usleep(10000);
	records_read(&r, watcher);
	end = records_find(&r, id, PW_SECRET_ENDED, 0);
	must(end);
	must_equal(end->cause, PW_CAUSE_CLOSE);
	must_equal(end->pages_dirty, PAGES);
	must_equal(end->dirty_bytes, BYTES);
	must_equal(end->key.pid, maker);
	must_equal(records_count(&r, id, PW_SECRET_RELEASED), 0);
	must_equal(dev_info(watcher).watches, 0);
	must_equal(dev_info(watcher).held_pages, 0);
	must(!kill(maker, SIGKILL));
	must_equal(waitpid(maker, NULL, 0), maker);
}

/* A child's memory is not the maker's: what it does with its copy is no event. */
static void used_by_child(const void *arg)
{
	int fd = dev_open(), status = 0;
	struct records r = { 0 };
	pid_t child;
	uint64_t id;

	(void)arg;
	region();
	id = must_watch(fd, 0, REGION, BYTES, 0);
	records_read(&r, fd);
	records_clear(&r);
	child = fork();
	if (child == 0) {
		uint64_t own = 0;

		/* The descriptor is the same; the memory of pid 0 is the caller's. */
		if (munmap((void *)REGION, PAGE) ||
		    dev_watch(fd, 0, REGION + PAGE, PAGE, 0, &own) || dev_unwatch(fd, id, NULL))
			_exit(1);
		_exit(0);
	}
	must_equal(waitpid(child, &status, 0), child);
	must_equal(status, 0);
	records_read(&r, fd);
	must_equal(records_count(&r, id, PW_SECRET_SHARED), 1);
	must_equal(records_count(&r, id, PW_SECRET_RELEASED), 0);
	must_equal(records_count(&r, id, PW_SECRET_ENDED), 1);
	/* The child's own watch ended with the child. */
	must_equal(records_count(&r, 0, PW_SECRET_ENDED), 2);
	must_equal(dev_info(fd).watches, 0);
}

int main(int argc, char **argv)
{
	const struct {
		void (*run)(const void *arg);
		const char *name;
	} cases[] = {
		{ numbers, "ioctl numbers" },
		{ garbage, "structs of garbage" },
		{ sizes, "sizes of structs" },
		{ longer_struct, "a struct longer than the module's" },
		{ pointers, "bad pointers" },
		{ flags, "unknown flags" },
		{ ranges, "ranges that make no sense" },
		{ mappings, "mappings that can't be watched" },
		{ processes, "processes that are none" },
		{ without_capability, "another's memory without the capability" },
		{ dying_process, "processes that are ending" },
		{ unwatch_games, "unwatching twice, or what is another's" },
		{ same_range_often, "a range watched six times" },
		{ enumerate, "the list of watches" },
		{ passed_on, "a descriptor that is passed on" },
		{ used_by_child, "a descriptor that a child inherits" },
	};

	tap_afterwards = dev_leftovers;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (argc == 1 || strstr(cases[i].name, argv[1]))
			tap_case(cases[i].run, NULL, "%s", cases[i].name);
	return tap_end();
}
