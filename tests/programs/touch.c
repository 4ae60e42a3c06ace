// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * touch MODE PAGES: a process whose pages are known. It prints "r" when ready;
 * each byte on stdin runs the mode's next step, answered by "d" and a 32-bit
 * number (a child's pid, or 0). It ends at the end of stdin. Nothing here
 * touches memory outside its steps: no stdio, and each step's code and stack
 * were used before "r".
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096ul
#define HUGE_PAGE (512 * PAGE)
#define THREADS 4

static size_t pages;
static char *area;
static size_t area_size;
static int memory_fd = -1;
static int child_in = -1, child_out = -1;

static void die(int code)
{
	_exit(code);
}

static char *map(size_t size, int flags, int fd)
{
	char *p = mmap(NULL, size, PROT_READ | PROT_WRITE, flags, fd, 0);

	if (p == MAP_FAILED)
		die(10);
	return p;
}

static void map_small(size_t n)
{
	area_size = n * PAGE;
	area = map(area_size, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	madvise(area, area_size, MADV_NOHUGEPAGE);
}

static void touch(char *at, size_t n)
{
	for (size_t i = 0; i < n; i++)
		*(volatile char *)(at + i * PAGE) = 1;
}

static uint32_t unmap(void)
{
	munmap(area, area_size);
	return 0;
}

static uint32_t anon_touch(void)
{
	map_small(pages);
	touch(area, pages);
	return 0;
}

/* A seventh of them goes. */
static uint32_t dontneed(void)
{
	madvise(area, pages / 7 * PAGE, MADV_DONTNEED);
	return 0;
}

static uint32_t lazy_free(void)
{
	madvise(area, pages / 7 * PAGE, MADV_FREE);
	return 0;
}

static uint32_t touch_again(void)
{
	touch(area, area_size / PAGE);
	return 0;
}

static uint32_t read_zero(void)
{
	map_small(pages);
	for (size_t i = 0; i < pages; i++)
		if (*(volatile char *)(area + i * PAGE))
			die(11);
	return 0;
}

static uint32_t populate(void)
{
	area_size = pages * PAGE;
	area = map(area_size, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1);
	return 0;
}

static uint32_t read_into(void)
{
	int fd = open("/dev/zero", O_RDONLY | O_CLOEXEC);

	map_small(pages);
	for (size_t done = 0; done < area_size;) {
		ssize_t n = read(fd, area + done, area_size - done);

		if (n <= 0)
			die(12);
		done += n;
	}
	close(fd);
	return 0;
}

/* ---- copy on write ---------------------------------------------------------------- */

static void child_loop(void)
{
	char byte;

	close(child_in);
	while (read(STDIN_FILENO, &byte, 1) == 1) {
		touch(area, byte == 'w' ? pages / 7 : 0);
		if (write(STDOUT_FILENO, "c", 1) != 1)
			break;
	}
	_exit(0);
}

static uint32_t fork_child(void)
{
	int to[2], from[2];
	pid_t pid;

	if (pipe(to) || pipe(from))
		die(13);
	pid = fork();
	if (pid < 0)
		die(14);
	if (pid == 0) {
		dup2(to[0], STDIN_FILENO);
		dup2(from[1], STDOUT_FILENO);
		close(to[1]);
		close(from[0]);
		child_loop();
	}
	close(to[0]);
	close(from[1]);
	child_in = to[1];
	child_out = from[0];
	return pid;
}

static uint32_t child_does(char what)
{
	char byte;

	if (write(child_in, &what, 1) != 1 || read(child_out, &byte, 1) != 1)
		die(15);
	return 0;
}

static uint32_t child_idles(void)
{
	return child_does('i');
}

static uint32_t child_writes(void)
{
	return child_does('w');
}

static uint32_t child_ends(void)
{
	close(child_in);
	wait(NULL);
	return 0;
}

/* ---- threads ----------------------------------------------------------------------- */

static pthread_barrier_t begin_work;
static pthread_t workers[THREADS];

static void *worker(void *arg)
{
	size_t part = pages / THREADS, first = (uintptr_t)arg * part;

	pthread_barrier_wait(&begin_work);
	touch(area + first * PAGE, (uintptr_t)arg == THREADS - 1 ? pages - first : part);
	return NULL;
}

static uint32_t start_threads(void)
{
	map_small(pages);
	pthread_barrier_init(&begin_work, NULL, THREADS + 1);
	for (uintptr_t i = 0; i < THREADS; i++)
		if (pthread_create(&workers[i], NULL, worker, (void *)i))
			die(16);
	return 0;
}

static uint32_t run_threads(void)
{
	pthread_barrier_wait(&begin_work);
	for (int i = 0; i < THREADS; i++)
		pthread_join(workers[i], NULL);
	return 0;
}

/* ---- huge pages -------------------------------------------------------------------- */

static uint32_t huge_touch(void)
{
	size_t size = (pages * PAGE + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE;
	char *raw = map(size + HUGE_PAGE, MAP_PRIVATE | MAP_ANONYMOUS, -1);

	area = (char *)(((uintptr_t)raw + HUGE_PAGE - 1) & ~(HUGE_PAGE - 1));
	area_size = size;
	madvise(area, size, MADV_HUGEPAGE);
	touch(area, size / PAGE);
	return size / PAGE;
}

/*
 * A prime number of pages out of the middle of the second huge page. The
 * advice keeps khugepaged from filling the hole again.
 */
static uint32_t huge_punch(void)
{
	madvise(area, area_size, MADV_NOHUGEPAGE);
	madvise(area + HUGE_PAGE + 64 * PAGE, 101 * PAGE, MADV_DONTNEED);
	return 101;
}

/* Advice about one of its pages splits a huge page at once, hole and all. */
static uint32_t huge_split(void)
{
	madvise(area + HUGE_PAGE, PAGE, MADV_COLD);
	return 0;
}

/* Protection that changes inside a huge page maps it by 4K. */
static uint32_t huge_protect(void)
{
	mprotect(area + 64 * PAGE, 101 * PAGE, PROT_READ);
	return 0;
}

static uint32_t small_for_collapse(void)
{
	size_t size = (pages * PAGE + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE;
	char *raw = map(size + HUGE_PAGE, MAP_PRIVATE | MAP_ANONYMOUS, -1);

	area = (char *)(((uintptr_t)raw + HUGE_PAGE - 1) & ~(HUGE_PAGE - 1));
	area_size = size;
	madvise(area, size, MADV_NOHUGEPAGE);
	touch(area, size / PAGE);
	return size / PAGE;
}

static uint32_t allow_collapse(void)
{
	madvise(area, area_size, MADV_HUGEPAGE);
	return 0;
}

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif
static uint32_t collapse_now(void)
{
	return madvise(area, area_size, MADV_COLLAPSE) ? 1 : 0;
}

/* ---- shared memory ----------------------------------------------------------------- */

static uint32_t shared_touch(void)
{
	memory_fd = memfd_create("touch", MFD_CLOEXEC);
	if (memory_fd < 0 || ftruncate(memory_fd, pages * PAGE))
		die(17);
	area_size = pages * PAGE;
	area = map(area_size, MAP_SHARED, memory_fd);
	touch(area, pages);
	return 0;
}

static uint32_t shared_close(void)
{
	close(memory_fd);
	return 0;
}

/* ---- fragmentation, for compaction ---------------------------------------------------- */

/* Twice as many pages, of which every second one goes: movable pages all over. */
static uint32_t scatter(void)
{
	map_small(2 * pages);
	touch(area, 2 * pages);
	for (size_t i = 0; i < pages; i++)
		madvise(area + (2 * i + 1) * PAGE, PAGE, MADV_DONTNEED);
	return 0;
}

/* ---- volumes of calls ------------------------------------------------------------------ */

static uint32_t ask_break(void)
{
	syscall(SYS_brk, 0);
	return 0;
}

/* pages and 7 mapped, by growing; as many unmapped, by shrinking; the break up and down. */
static uint32_t call_volumes(void)
{
	unsigned long end = syscall(SYS_brk, 0);
	char *at = map(pages * PAGE, MAP_PRIVATE | MAP_ANONYMOUS, -1);

	at = mremap(at, pages * PAGE, (pages + 7) * PAGE, MREMAP_MAYMOVE);
	if (at == MAP_FAILED)
		die(19);
	at = mremap(at, (pages + 7) * PAGE, 7 * PAGE, 0);
	munmap(at, 7 * PAGE);
	if ((unsigned long)syscall(SYS_brk, end + pages * PAGE) != end + pages * PAGE)
		die(20);
	syscall(SYS_brk, end);
	return 0;
}

/* ---- the table ------------------------------------------------------------------------ */

#define STEPS_MAX 6

static const struct mode {
	const char *name;
	uint32_t (*steps[STEPS_MAX])(void);
} modes[] = {
	{ "anon", { anon_touch, unmap } },
	{ "dontneed", { anon_touch, dontneed, touch_again, unmap } },
	{ "free", { anon_touch, lazy_free, touch_again, unmap } },
	{ "zero", { read_zero, touch_again, unmap } },
	{ "populate", { populate, unmap } },
	{ "read", { read_into, unmap } },
	{ "cow", { anon_touch, fork_child, child_idles, child_writes, child_ends, unmap } },
	{ "threads", { start_threads, run_threads, unmap } },
	{ "huge", { huge_touch, huge_punch, huge_split, unmap } },
	{ "protect", { huge_touch, huge_protect, unmap } },
	{ "collapse", { small_for_collapse, allow_collapse, unmap } },
	{ "collapse-now", { small_for_collapse, allow_collapse, collapse_now, unmap } },
	{ "shared", { shared_touch, unmap, shared_close } },
	{ "volumes", { ask_break, call_volumes } },
	{ "scatter", { scatter, touch_again, unmap } },
};

static const struct mode *find_mode(const char *name)
{
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
		if (!strcmp(modes[i].name, name))
			return &modes[i];
	return NULL;
}

static void *warm_thread(void *arg)
{
	pthread_barrier_wait(&begin_work);
	return arg;
}

/*
 * All code and constants, which are shared memory when their file is on a
 * tmpfs: what a step runs for the first time must not count as its pages.
 * (Kernels before 5.14 refuse the advice.)
 */
static void bring_in_files(void)
{
	unsigned long start, end;
	char line[512], perms[8];
	FILE *maps = fopen("/proc/self/maps", "re");

	while (maps && fgets(line, sizeof(line), maps))
		if (sscanf(line, "%lx-%lx %7s", &start, &end, perms) == 3 && perms[0] == 'r' &&
		    perms[1] == '-' && strchr(line, '/'))
			madvise((void *)start, end - start, MADV_POPULATE_READ);
	if (maps)
		fclose(maps);
}

/* The stack that the steps will use, and the pages of libc's data that fork and threads write. */
static void warm_up(void)
{
	volatile char stack[16 * PAGE];
	pthread_t thread;

	for (size_t i = 0; i < sizeof(stack); i += PAGE)
		stack[i] = 1;
	if (fork() == 0)
		_exit(0);
	wait(NULL);
	pthread_barrier_init(&begin_work, NULL, 1);
	if (pthread_create(&thread, NULL, warm_thread, NULL) || pthread_join(thread, NULL))
		die(18);
	bring_in_files();
}

int main(int argc, char **argv)
{
	const struct mode *m = argc == 3 ? find_mode(argv[1]) : NULL;
	struct {
		char done;
		uint32_t value;
	} __attribute__((packed)) answer = { 'd', 0 };
	char byte;

	if (!m)
		return 2;
	pages = strtoul(argv[2], NULL, 10);
	warm_up();
	if (write(STDOUT_FILENO, "r", 1) != 1)
		return 3;
	for (int i = 0; i < STEPS_MAX && m->steps[i]; i++) {
		if (read(STDIN_FILENO, &byte, 1) != 1)
			return 0;
		answer.value = m->steps[i]();
		if (write(STDOUT_FILENO, &answer, sizeof(answer)) != sizeof(answer))
			return 4;
	}
	return read(STDIN_FILENO, &byte, 1) == 0 ? 0 : 5;
}
