// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A process with a known (prime) number of resident pages in each kind of
 * segment. Prints one line "KIND PAGES" for each, then "ready", and waits for
 * the end of stdin. A kind that this machine lacks is printed with its reason:
 * "KIND - reason".
 */
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/shm.h>
#include <unistd.h>

#ifndef PR_SET_VMA
#define PR_SET_VMA 0x53564d41
#define PR_SET_VMA_ANON_NAME 0
#endif

#define PAGE 4096ul
#define HUGE (2ul << 20)

enum {
	DATA = 47,
	BSS = 83,
	CHUNK_A = 211,
	CHUNK_B = 223,
	ARENA = 127,
	NAMED = 101,
	MEMFD = 103,
	SYSV = 107,
	POSIX = 109,
	TMPFS = 113,
	FILE_READ = 131,
	FILE_WRITTEN = 13,
	SHARED = 137,
	STACK_ALPHA = 59,
	STACK_BETA = 61,
	ZERO = 151,
	GUARD = 157,
	DEVZERO = 163,
};

static char data[DATA * PAGE] __attribute__((aligned(4096))) = { 1 };
static char bss[BSS * PAGE] __attribute__((aligned(4096)));

static void touch(void *at, unsigned long pages)
{
	for (unsigned long i = 0; i < pages; i++)
		((volatile char *)at)[i * PAGE] = 1;
}

static void tell(const char *kind, unsigned long pages)
{
	printf("%s %lu\n", kind, pages);
}

static void tell_missing(const char *kind)
{
	printf("%s - %s\n", kind, strerror(errno));
}

static void map_file(const char *kind, int fd, int flags, unsigned long pages)
{
	void *at = MAP_FAILED;

	if (fd >= 0 && ftruncate(fd, (off_t)(pages * PAGE)) == 0)
		at = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, flags, fd, 0);
	if (at == MAP_FAILED) {
		tell_missing(kind);
		return;
	}
	touch(at, pages);
	tell(kind, pages);
}

static void anonymous(void)
{
	char *at =
		mmap(NULL, NAMED * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	volatile char sum = 0;

	touch(at, NAMED);
	if (prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, at, NAMED * PAGE, "prime pages") == 0)
		tell("named-anon", NAMED);
	else
		tell_missing("named-anon");
	/* read, never written: the zero page, which counts as nothing */
	at = mmap(NULL, ZERO * PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	for (int i = 0; i < ZERO; i++)
		sum += at[i * PAGE];
	mmap(NULL, GUARD * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	at = mmap(NULL, SHARED * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	touch(at, SHARED);
	tell("shared-anon", SHARED);
}

static void chunks(void)
{
	/* the kernel merges neighbours: two chunks, most likely one VMA */
	touch(malloc(CHUNK_A * PAGE - 64), CHUNK_A);
	touch(malloc(CHUNK_B * PAGE - 64), CHUNK_B);
	tell("mmap-chunk", CHUNK_A + CHUNK_B);
}

static void shared_files(void)
{
	char path[] = "/tmp/pagewarden-segments-XXXXXX", name[64];
	int fd, id = shmget(IPC_PRIVATE, SYSV * PAGE, 0600 | IPC_CREAT);
	void *at = id < 0 ? (void *)-1 : shmat(id, NULL, 0);

	map_file("memfd", memfd_create("prime", MFD_CLOEXEC), MAP_SHARED, MEMFD);
	if (at != (void *)-1) {
		touch(at, SYSV);
		shmctl(id, IPC_RMID, NULL);
		tell("sysv", SYSV);
	} else {
		tell_missing("sysv");
	}
	snprintf(name, sizeof(name), "/dev/shm/pagewarden-segments-%d", getpid());
	fd = open(name, O_RDWR | O_CREAT | O_EXCL, 0600);
	map_file("posix-shm", fd, MAP_SHARED, POSIX);
	unlink(name);
	fd = mkstemp(path);
	for (unsigned long i = 0; i < FILE_READ; i++)
		if (pwrite(fd, "x", 1, (off_t)(i * PAGE)) != 1)
			exit(1);
	at = mmap(NULL, FILE_READ * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	for (unsigned long i = 0; i < FILE_READ; i++)
		(void)((volatile char *)at)[i * PAGE];
	touch(at, FILE_WRITTEN);
	tell("file", FILE_READ);
	tell("file-anon", FILE_WRITTEN);
	unlink(path);
}

static void tmpfs_file(const char *dir)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "%s/pagewarden-segments-%d", dir, getpid());
	fd = open(path, O_RDWR | O_CREAT | O_EXCL, 0600);
	map_file("tmpfs", fd, MAP_SHARED, TMPFS);
	unlink(path);
}

static void huge(void)
{
	char *at = mmap(NULL, HUGE, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | (21 << MAP_HUGE_SHIFT), -1, 0);

	if (at == MAP_FAILED) {
		tell_missing("hugetlb");
	} else {
		at[0] = 1;
		tell("hugetlb", HUGE / PAGE);
	}
	at = mmap(NULL, 2 * HUGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	at = (char *)(((uintptr_t)at + HUGE - 1) & ~(HUGE - 1));
	prctl(PR_SET_THP_DISABLE, 0, 0, 0, 0);
	if (madvise(at, HUGE, MADV_HUGEPAGE) == 0) {
		at[0] = 1;
		tell("thp", HUGE / PAGE);
	} else {
		tell_missing("thp");
	}
	prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
}

/* ---- threads -------------------------------------------------------------------- */

static pthread_barrier_t done;

static void __attribute__((noinline)) deep(unsigned long pages)
{
	/* far below what else ran on this stack, so that exactly these are new */
	uintptr_t here = (uintptr_t)__builtin_frame_address(0) & ~(PAGE - 1);

	touch((void *)(here - (64 + pages) * PAGE), pages);
}

static void *alpha(void *arg)
{
	(void)arg;
	pthread_setname_np(pthread_self(), "alpha");
	deep(STACK_ALPHA);
	pthread_barrier_wait(&done);
	pause();
	return NULL;
}

static void *beta(void *arg)
{
	char *block;

	(void)arg;
	pthread_setname_np(pthread_self(), "beta");
	deep(STACK_BETA);
	/* from this thread's own arena: below the size that malloc maps */
	for (int i = 0; i < ARENA; i++) {
		block = malloc(PAGE - 16);
		memset(block, 1, PAGE - 16);
	}
	pthread_barrier_wait(&done);
	for (;;)
		__asm__ volatile("" ::: "memory"); /* runs in user space all the time */
	return NULL;
}

static void threads(int spin)
{
	pthread_t id;

	pthread_barrier_init(&done, NULL, spin ? 3 : 2);
	pthread_create(&id, NULL, alpha, NULL);
	if (spin)
		pthread_create(&id, NULL, beta, NULL);
	pthread_barrier_wait(&done);
	tell("stack-alpha", STACK_ALPHA);
	if (spin) {
		tell("stack-beta", STACK_BETA);
		tell("arena", ARENA);
	}
}

int main(int argc, char **argv)
{
	char c;

	/* a huge page where only some pages are touched would make more of them resident */
	prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
	setvbuf(stdout, malloc(4096), _IOFBF, 4096);
	touch(data, DATA);
	tell("data", DATA);
	touch(bss, BSS);
	tell("bss", BSS);
	chunks();
	anonymous();
	shared_files();
	tmpfs_file(argc > 1 ? argv[1] : "/dev/shm");
	huge();
	threads(1);
	puts("ready");
	fflush(stdout);
	while (read(0, &c, 1) > 0)
		;
	_exit(0);
}
