// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The secret arena: who can't read it, what can't be done to it, and that its
 * contents are gone from physical memory when it is, whatever ended its owner.
 */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/module/machine.h"
#include "tests/module/physical.h"
#include "tests/module/subject.h"
#include "tests/module/tap.h"

#define PAGES 8u
#define BYTES (PAGES * PAGE)
#define NOBODY 65534

static void *arena_at(int fd, uint64_t at, uint64_t bytes)
{
	return mmap((void *)at, bytes, PROT_READ | PROT_WRITE,
		    MAP_SHARED | (at ? MAP_FIXED_NOREPLACE : 0), fd, 0);
}

static uint8_t *must_map(int fd)
{
	uint8_t *at = arena_at(fd, REGION, BYTES);

	if (at == MAP_FAILED)
		tap_fail("arena: %s", strerror(errno));
	return at;
}

/* The two records of an arena's life, all of it, nothing else. */
static void must_tell(int fd, pid_t pid, uint32_t cause, uint64_t clean, uint64_t dirty)
{
	struct records r = { 0 };
	const struct pw_secret *reg, *end;

	records_read(&r, fd);
	reg = records_find(&r, 0, PW_SECRET_REGISTERED, 0);
	end = records_find(&r, 0, PW_SECRET_ENDED, 0);
	if (!reg || !end || r.count != 2 || r.wipe_count) {
		records_print(&r);
		tap_fail("a REGISTERED and an ENDED expected");
	}
	must(reg->flags & PW_SECRET_ARENA);
	must(end->flags & PW_SECRET_ARENA);
	must_equal(reg->id, end->id);
	must_equal(reg->key.pid, pid);
	must_equal(end->key.pid, pid);
	must_equal(end->key.start_ns, reg->key.start_ns);
	must_equal(reg->start, REGION);
	must_equal(reg->end, REGION + BYTES);
	if (end->cause != cause || end->pages_clean != clean || end->pages_dirty != dirty ||
	    end->pages_scrubbed != dirty)
		tap_fail("cause %u, clean %ju, dirty and scrubbed %ju expected: %s", cause,
			 (uintmax_t)clean, (uintmax_t)dirty, secret_text(end));
}

static void life(const void *arg)
{
	int fd = dev_open();
	uint8_t *at = must_map(fd);

	(void)arg;
	must_equal(dev_info(fd).arena_bytes, BYTES);
	for (size_t i = 0; i < BYTES; i++)
		must_equal(at[i], 0);
	memset(at, 'x', 3 * PAGE);
	must_equal(at[3 * PAGE - 1], 'x');
	must(!munmap(at, BYTES));
	must_equal(dev_info(fd).arena_bytes, 0);
	must_tell(fd, getpid(), PW_CAUSE_UNMAP, PAGES - 3, 3);
}

/* The memory outlives the descriptor. */
static void without_descriptor(const void *arg)
{
	int fd = dev_open(), other = dev_open();
	uint8_t *at = must_map(fd);

	(void)arg;
	close(fd);
	memset(at, 'x', BYTES);
	must_equal(dev_info(other).arena_bytes, BYTES);
	must(!munmap(at, BYTES));
	must_tell(other, getpid(), PW_CAUSE_UNMAP, 0, PAGES);
}

/* Mapping after mapping: each begins full of 0. */
static void always_fresh(const void *arg)
{
	int fd = dev_open();

	(void)arg;
	for (int i = 0; i < 100; i++) {
		uint64_t *at = (void *)must_map(fd);

		for (size_t n = 0; n < BYTES / 8; n++)
			must_equal(at[n], 0);
		memset(at, 'x', BYTES);
		must(!munmap(at, BYTES));
	}
}

/* ---- how it can't be mapped ------------------------------------------------------------------- */

static void refused_mappings(const void *arg)
{
	static const struct {
		const char *what;
		uint64_t bytes;
		int prot, flags;
		off_t offset;
	} bad[] = {
		{ "private", BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE, 0 },
		{ "executable", BYTES, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_SHARED, 0 },
		{ "at a page's offset", BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, 4096 },
		{ "at a high offset", BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, 0x7fffffffffff0000 },
		{ "huge", 1ull << 46, PROT_READ | PROT_WRITE, MAP_SHARED, 0 },
		{ "larger than memory", 1ull << 40, PROT_READ | PROT_WRITE, MAP_SHARED, 0 },
		{ "huge pages", 2ull << 20, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_HUGETLB, 0 },
	};
	int fd = dev_open();

	(void)arg;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		void *at = mmap(NULL, bad[i].bytes, bad[i].prot, bad[i].flags, fd, bad[i].offset);

		if (at != MAP_FAILED)
			tap_fail("an arena that is %s", bad[i].what);
		tap_note("%s: %s", bad[i].what, strerror(errno));
		if (errno != EINVAL && errno != EDQUOT && errno != ENOSPC && errno != ENOMEM &&
		    errno != EPERM && errno != EACCES && errno != EOVERFLOW)
			tap_fail("an arena that is %s: errno %d", bad[i].what, errno);
		must_equal(dev_info(fd).arena_bytes, 0);
	}
}

static void refused_changes(const void *arg)
{
	int fd = dev_open(), pipe_of[2];
	uint8_t *at = must_map(fd);
	struct iovec piece = { at, PAGE };
	struct pw_dev_wipe w;
	uint64_t id;

	(void)arg;
	memset(at, 'x', BYTES);
	must(mremap(at, BYTES, BYTES, MREMAP_MAYMOVE | MREMAP_FIXED, (void *)OTHER_REGION) ==
	     MAP_FAILED);
	must(mremap(at, BYTES, 2 * BYTES, MREMAP_MAYMOVE) == MAP_FAILED);
	must(mremap(at, BYTES, PAGE, 0) == MAP_FAILED);
	must(mremap(at, 0, BYTES, MREMAP_MAYMOVE) == MAP_FAILED); /* would duplicate it */
	must(munmap(at, PAGE) && munmap(at + PAGE, PAGE) && munmap(at + BYTES - PAGE, PAGE));
	must(mmap(at + PAGE, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) ==
	     MAP_FAILED);
	must(mprotect(at, BYTES, PROT_READ | PROT_EXEC));
	must(mprotect(at + PAGE, PAGE, PROT_NONE));
	must(madvise(at, BYTES, MADV_DODUMP));
	must(madvise(at, BYTES, MADV_DOFORK));
	must(madvise(at, BYTES, MADV_DONTNEED) || at[0] == 'x');
	must(madvise(at, BYTES, MADV_REMOVE));
	must(!pipe(pipe_of));
	must(vmsplice(pipe_of[1], &piece, 1, 0) < 0);
	must_equal(dev_watch(fd, 0, REGION, BYTES, PW_WATCH_HOLD, &id), -EOPNOTSUPP);
	must_equal(dev_watch(fd, 0, REGION, BYTES, 0, &id), -EOPNOTSUPP);
	must_equal(dev_wipe(fd, 0, REGION, BYTES, &w), -EOPNOTSUPP);
	for (size_t i = 0; i < BYTES; i++)
		must_equal(at[i], 'x');
	must(!munmap(at, BYTES));
	must_tell(fd, getpid(), PW_CAUSE_UNMAP, 0, PAGES);
}

/* Something else in its place, all of it: that ends it. */
static void mapped_over(const void *arg)
{
	int fd = dev_open();
	uint8_t *at = must_map(fd);

	(void)arg;
	memset(at, 'x', BYTES);
	must(mmap(at, BYTES, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == at);
	must_equal(at[0], 0);
	must_tell(fd, getpid(), PW_CAUSE_UNMAP, 0, PAGES);
}

static void limits(const void *arg)
{
	int fd = dev_open();
	struct pw_dev_info info = dev_info(fd);
	uint64_t most = info.arena_bytes_user_max < info.arena_bytes_max ? info.arena_bytes_user_max :
									   info.arena_bytes_max;
	void *at = arena_at(fd, REGION, most + PAGE);

	(void)arg;
	must(at == MAP_FAILED);
	must(errno == EDQUOT || errno == ENOSPC);
	must_equal(dev_info(fd).arena_bytes, 0);
	/* In pieces: the sum counts. */
	must_map(fd);
	must(arena_at(fd, OTHER_REGION, most - BYTES + PAGE) == MAP_FAILED);
	must(errno == EDQUOT || errno == ENOSPC);
	must_equal(dev_info(fd).arena_bytes, BYTES);
}

/* ---- readers ------------------------------------------------------------------------------------- */

/* An owner that lives in a process of its own, its arena full of the pattern `id`. */
struct owner {
	pid_t pid;
	int fd;
	int go; /* a byte lets it act */
};

static void own(int fd, int from, int to, unsigned int id, void (*act)(uint8_t *at))
{
	uint8_t *at = arena_at(fd, REGION, BYTES);
	char byte = 'r';

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (at == MAP_FAILED)
		_exit(99);
	physical_fill(at, BYTES, id);
	if (write(to, &byte, 1) != 1 || read(from, &byte, 1) != 1)
		_exit(98);
	if (act)
		act(at);
	_exit(0);
}

static struct owner owner_start(unsigned int id, void (*act)(uint8_t *at))
{
	struct owner o = { .fd = dev_open() };
	int there[2], back[2];
	char byte;

	must(!pipe2(there, O_CLOEXEC) && !pipe2(back, O_CLOEXEC));
	o.pid = fork();
	must(o.pid >= 0);
	if (o.pid == 0)
		own(o.fd, there[0], back[1], id, act);
	close(back[1]);
	close(there[0]);
	if (read(back[0], &byte, 1) != 1)
		tap_fail("the owner could not map its arena");
	close(back[0]);
	o.go = there[1];
	return o;
}

static int owner_end(struct owner *o)
{
	int status = 0;

	must_equal(write(o->go, "g", 1), 1);
	must_equal(waitpid(o->pid, &status, 0), o->pid);
	return status;
}

static void unreadable(const void *arg)
{
	struct owner o = owner_start(1, NULL);
	uint8_t buffer[64] = { 0 };
	struct iovec here = { buffer, sizeof(buffer) }, there = { (void *)REGION, sizeof(buffer) };
	char path[32];
	int mem, status;

	(void)arg;
	snprintf(path, sizeof(path), "/proc/%d/mem", o.pid);
	mem = open(path, O_RDWR);
	must(mem >= 0);
	must(pread(mem, buffer, sizeof(buffer), (off_t)REGION) <= 0);
	must(pwrite(mem, buffer, sizeof(buffer), (off_t)REGION) <= 0);
	must(process_vm_readv(o.pid, &here, 1, &there, 1, 0) <= 0);
	must(process_vm_writev(o.pid, &here, 1, &there, 1, 0) <= 0);
	must(!ptrace(PTRACE_SEIZE, o.pid, 0, 0));
	must(!ptrace(PTRACE_INTERRUPT, o.pid, 0, 0));
	must_equal(waitpid(o.pid, &status, __WALL), o.pid);
	errno = 0;
	must(ptrace(PTRACE_PEEKDATA, o.pid, (void *)REGION, 0) == -1 && errno);
	must(ptrace(PTRACE_POKEDATA, o.pid, (void *)REGION, 0) == -1);
	must(!ptrace(PTRACE_DETACH, o.pid, 0, 0));
	for (size_t i = 0; i < sizeof(buffer); i++)
		must_equal(buffer[i], 0);
	must_equal(owner_end(&o), 0);
	must_tell(o.fd, o.pid, PW_CAUSE_EXIT, 0, PAGES);
}

/* O_DIRECT and the like want the pages themselves. */
static void no_direct_io(const void *arg)
{
	int fd = dev_open(), self = open("/proc/self/mem", O_RDONLY);
	uint8_t *at = must_map(fd), byte;

	(void)arg;
	must(self >= 0);
	at[0] = 'x';
	must(pread(self, &byte, 1, (off_t)REGION) <= 0);
	must(syscall(SYS_process_vm_readv, getpid(), &(struct iovec){ &byte, 1 }, 1ul,
		     &(struct iovec){ at, 1 }, 1ul, 0ul) <= 0);
}

static sigjmp_buf fault;

static void on_fault(int number)
{
	siglongjmp(fault, number);
}

static void child_faults(const void *arg)
{
	int fd = dev_open(), status = 0;
	uint8_t *at = must_map(fd);
	pid_t child;

	(void)arg;
	at[0] = 'x';
	child = fork();
	if (child == 0) {
		int number;

		signal(SIGSEGV, on_fault);
		signal(SIGBUS, on_fault);
		number = sigsetjmp(fault, 1);
		if (!number) {
			volatile uint8_t byte = at[0];

			(void)byte;
		}
		_exit(number == SIGSEGV ? 7 : number);
	}
	must_equal(waitpid(child, &status, 0), child);
	must_equal(WEXITSTATUS(status), 7);
	must_equal(at[0], 'x');
	must(!munmap(at, BYTES));
	must_tell(fd, getpid(), PW_CAUSE_UNMAP, PAGES - 1, 1);
}

/* ---- core dumps ------------------------------------------------------------------------------------ */

#define CORE_ARENA 3
#define CORE_PLAIN 4

/* Beside the arena a plain page with another pattern, which must be in the dump. */
static void dump_core(uint8_t *at)
{
	const struct rlimit all = { RLIM_INFINITY, RLIM_INFINITY };
	void *plain = mmap((void *)OTHER_REGION, BYTES, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)at;
	physical_fill(plain, BYTES, CORE_PLAIN);
	setrlimit(RLIMIT_CORE, &all);
	abort();
}

/* Copies of a pattern in a file; its two words are taken from memory that holds it. */
static size_t copies_in(const char *path, unsigned int id)
{
	uint64_t want[2] __attribute__((aligned(16))), have[2];
	FILE *f = fopen(path, "re");
	size_t n = 0;

	must(f);
	physical_fill(want, sizeof(want), id);
	while (fread(have, sizeof(have), 1, f) == 1)
		n += !memcmp(have, want, sizeof(have));
	fclose(f);
	return n;
}

static void not_in_core(const void *arg)
{
	struct owner o = owner_start(CORE_ARENA, dump_core);
	size_t arena, plain;
	char path[64];
	int status;

	(void)arg;
	must_equal(write_file("/proc/sys/kernel/core_pattern", "/tmp/arena-core.%p"), 0);
	status = owner_end(&o);
	must(WIFSIGNALED(status) && WCOREDUMP(status));
	snprintf(path, sizeof(path), "/tmp/arena-core.%d", o.pid);
	arena = copies_in(path, CORE_ARENA);
	plain = copies_in(path, CORE_PLAIN);
	unlink(path);
	tap_note("in the core: %zu of the arena, %zu of a plain mapping", arena, plain);
	must(plain >= BYTES / PHYSICAL_UNIT);
	must_equal(arena, 0);
}

/* ---- gone --------------------------------------------------------------------------------------------- */

static void end_by_exit(uint8_t *at)
{
	(void)at;
}

static void end_by_unmap(uint8_t *at)
{
	munmap(at, BYTES);
}

static void end_by_signal(uint8_t *at)
{
	(void)at;
	kill(getpid(), SIGKILL);
}

static void end_by_exec(uint8_t *at)
{
	(void)at;
	execl("/proc/self/exe", "test", "--leave", NULL);
	_exit(1);
}

static void end_by_map(uint8_t *at)
{
	mmap(at, BYTES, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
}

static void end_by_fault(uint8_t *at)
{
	(void)at;
	*(volatile uint8_t *)OTHER_REGION = 1;
}

static const struct {
	const char *name;
	void (*act)(uint8_t *at);
	uint32_t cause;
} ends[] = {
	{ "exit", end_by_exit, PW_CAUSE_EXIT },		{ "munmap", end_by_unmap, PW_CAUSE_UNMAP },
	{ "SIGKILL", end_by_signal, PW_CAUSE_EXIT },	{ "exec", end_by_exec, PW_CAUSE_EXEC },
	{ "mmap over it", end_by_map, PW_CAUSE_UNMAP }, { "SIGSEGV", end_by_fault, PW_CAUSE_EXIT },
};
#define ENDS (sizeof(ends) / sizeof(ends[0]))
#define ID_END 16

static uint32_t found[PHYSICAL_IDS];

static void gone_from_memory(const void *arg)
{
	struct owner alive = owner_start(1, NULL);
	unsigned int left = 0;

	(void)arg;
	for (size_t i = 0; i < ENDS; i++) {
		struct owner o = owner_start(ID_END + i, ends[i].act);

		owner_end(&o);
		tap_note("%s", ends[i].name);
		must_tell(o.fd, o.pid, ends[i].cause, 0, PAGES);
		close(o.fd);
	}
	physical_scan(found);
	/* The scanner sees the pages of an arena. */
	must(found[1] >= BYTES / PHYSICAL_UNIT);
	for (size_t i = 0; i < ENDS; i++) {
		if (found[ID_END + i])
			tap_note("after %s: %u copies", ends[i].name, found[ID_END + i]);
		left += found[ID_END + i];
	}
	must_equal(left, 0);
	must_equal(owner_end(&alive), 0);
}

int main(int argc, char **argv)
{
	const struct {
		void (*run)(const void *arg);
		const char *name;
	} cases[] = {
		{ life, "its life" },
		{ without_descriptor, "it outlives its descriptor" },
		{ always_fresh, "it is always full of 0 at first" },
		{ refused_mappings, "mappings that are refused" },
		{ refused_changes, "changes that are refused" },
		{ mapped_over, "mapped over" },
		{ limits, "limits" },
		{ unreadable, "others can't read it, nor write" },
		{ no_direct_io, "its owner can't read it sideways" },
		{ child_faults, "a child has nothing there" },
		{ not_in_core, "it is in no core dump" },
		{ gone_from_memory, "its contents are gone from memory" },
	};

	if (argc > 1 && !strcmp(argv[1], "--leave"))
		return 0;
	physical_init();
	tap_afterwards = dev_leftovers;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (argc == 1 || strstr(cases[i].name, argv[1]))
			tap_case(cases[i].run, NULL, "%s", cases[i].name);
	return tap_end();
}
