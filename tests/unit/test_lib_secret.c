// SPDX-License-Identifier: GPL-2.0-or-later
/* links: libpagewarden */
/* Memory for secrets: its places, its guards, wrong frees, threads and forks. */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "user/lib/pagewarden.h"

static const uint32_t places[] = { PW_IN_ARENA, PW_IN_MEMFD_SECRET, PW_IN_MLOCK };
#define PLACES 3

/* The sanitizers turn mlock(2) into nothing. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define MLOCK_WORKS false
#else
#define MLOCK_WORKS true
#endif

/* A place that this machine hasn't must say so; false then. */
static bool allocate(uint32_t place, size_t n, void **ret, struct pw_secret_info *info)
{
	int r = pw_secret_alloc(n, place, ret, info);

	if (!r)
		return true;
	if (place == PW_IN_ARENA)
		assert_true(r == -ENODEV || r == -EACCES);
	else if (place == PW_IN_MEMFD_SECRET)
		assert_int_equal(r, -ENOSYS);
	else
		fail_msg("mlock: %d", r);
	return false;
}

/* How a child that runs fn(p) ends: its status as wait(2) gives it. */
static int in_child(void (*fn)(volatile char *), volatile char *p)
{
	pid_t child = fork();
	int status;

	if (!child) {
		struct rlimit none = { 0 };

		setrlimit(RLIMIT_CORE, &none);
		signal(SIGSEGV, SIG_DFL); /* a sanitizer's handler would turn it into an exit */
		signal(SIGBUS, SIG_DFL);
		fn(p);
		_exit(0);
	}
	assert_true(child > 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	return status;
}

static bool segfaults(void (*fn)(volatile char *), volatile char *p)
{
	int status = in_child(fn, p);

	return WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV;
}

/* The word that VmFlags of /proc/self/smaps has for p's mapping. */
static bool has_vm_flag(const void *p, const char *flag)
{
	unsigned long from, to;
	char line[512];
	bool here = false, found = false;
	FILE *f = fopen("/proc/self/smaps", "re");

	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%lx-%lx ", &from, &to) == 2)
			here = (uintptr_t)p >= from && (uintptr_t)p < to;
		else if (here && !strncmp(line, "VmFlags:", 8))
			found = strstr(line, flag);
	}
	fclose(f);
	return found;
}

static void read_it(volatile char *p)
{
	(void)*p;
}

static void write_it(volatile char *p)
{
	*p = 1;
}

static void each_place(void **state)
{
	struct pw_secret_info info;
	size_t page = sysconf(_SC_PAGESIZE);
	char *p;

	(void)state;
	for (size_t i = 0; i < PLACES; i++) {
		if (!allocate(places[i], page + 1, (void **)&p, &info))
			continue;
		assert_int_equal(info.place, places[i]);
		assert_int_equal(info.usable, 2 * page);
		assert_true(strlen(info.gaps) > 20);
		assert_int_equal((uintptr_t)p % page, 0);
		for (size_t k = 0; k < info.usable; k++)
			assert_int_equal(p[k], 0);
		memset(p, 0x77, info.usable);
		assert_true(info.protects & PW_FROM_OVERRUN);
		assert_true(has_vm_flag(p, " dd"));
		assert_true(has_vm_flag(p, places[i] == PW_IN_MLOCK ? " wf" : " dc"));
		if (places[i] == PW_IN_MEMFD_SECRET || (places[i] == PW_IN_MLOCK && MLOCK_WORKS))
			assert_true(has_vm_flag(p, " lo"));
		assert_int_equal(pw_secret_free(p), 0);
	}
}

static void guards(void **state)
{
	struct pw_secret_info info;
	char *p;

	(void)state;
	/* The child of a fork has no arena, so what it touches proves nothing there. */
	if (!allocate(PW_IN_MLOCK, 1, (void **)&p, &info))
		fail();
	assert_int_equal(in_child(write_it, p), 0);
	assert_int_equal(in_child(write_it, p + info.usable - 1), 0);
	assert_true(segfaults(read_it, p - 1));
	assert_true(segfaults(read_it, p + info.usable));
	assert_int_equal(pw_secret_free(p), 0);
	assert_true(segfaults(read_it, p));
}

/* What the kernel says of reading it from outside agrees with `protects`. */
static void others_read(void **state)
{
	struct pw_secret_info info;
	char copy[8];
	ssize_t n;
	char *p;

	(void)state;
	for (size_t i = 0; i < PLACES; i++) {
		if (!allocate(places[i], 8, (void **)&p, &info))
			continue;
		memcpy(p, "secret!", 8);
		n = process_vm_readv(getpid(), &(struct iovec){ copy, 8 }, 1,
				     &(struct iovec){ p, 8 }, 1, 0);
		if (info.protects & PW_FROM_OTHERS)
			assert_int_equal(n, -1);
		else
			assert_int_equal(n, 8);
		assert_int_equal(pw_secret_free(p), 0);
	}
}

static void the_strongest_first(void **state)
{
	struct pw_secret_info any, one = { 0 };
	void *p, *q;

	(void)state;
	assert_int_equal(pw_secret_alloc(1, 0, &p, &any), 0);
	for (size_t i = 0; i < PLACES; i++) {
		if (!allocate(places[i], 1, &q, &one))
			continue;
		assert_int_equal(pw_secret_free(q), 0);
		break;
	}
	assert_int_equal(any.place, one.place);
	assert_int_equal(pw_secret_query(p, &one), 0);
	assert_memory_equal(&one, &any, sizeof(one));
	assert_int_equal(pw_secret_free(p), 0);
	assert_int_equal(pw_secret_query(p, &one), -EINVAL);
	assert_int_equal(pw_secret_alloc(1, PW_IN_MLOCK | PW_IN_ARENA, &p, NULL), 0);
	assert_int_equal(pw_secret_free(p), 0);
}

static void bad_arguments(void **state)
{
	char on_stack, *in_heap = malloc(1);
	void *p = &on_stack;
	char *q;

	(void)state;
	errno = EDOM;
	assert_int_equal(pw_secret_alloc(0, 0, &p, NULL), -EINVAL);
	assert_int_equal(pw_secret_alloc(1, 8, &p, NULL), -EINVAL);
	assert_int_equal(pw_secret_alloc(1, ~0u, &p, NULL), -EINVAL);
	assert_int_equal(pw_secret_alloc(1, 0, NULL, NULL), -EINVAL);
	assert_int_equal(pw_secret_alloc(SIZE_MAX, 0, &p, NULL), -ENOMEM);
	assert_int_equal(pw_secret_alloc(SIZE_MAX - 4096, 0, &p, NULL), -ENOMEM);
	assert_int_equal(pw_secret_alloc(PTRDIFF_MAX, 0, &p, NULL), -ENOMEM);
	assert_int_equal(pw_secret_alloc((size_t)1 << 46, 0, &p, NULL), -ENOMEM);
	assert_ptr_equal(p, &on_stack);
	assert_int_equal(pw_secret_free(NULL), 0);
	assert_int_equal(pw_secret_free(&on_stack), -EINVAL);
	assert_int_equal(pw_secret_free(in_heap), -EINVAL);
	assert_int_equal(pw_secret_free((void *)1), -EINVAL);
	assert_int_equal(pw_secret_free((void *)UINTPTR_MAX), -EINVAL);
	assert_int_equal(pw_secret_query(NULL, NULL), -EINVAL);
	assert_int_equal(pw_secret_alloc(10, 0, (void **)&q, NULL), 0);
	assert_int_equal(pw_secret_free(q + 1), -EINVAL);
	q[9] = 1;
	assert_int_equal(pw_secret_free(q), 0);
	assert_int_equal(pw_secret_free(q), -EINVAL);
	assert_int_equal(errno, EDOM);
	free(in_heap);
}

/* The limit is another's doing: in a child without the capability to pass it. */
static void over_the_limit(volatile char *unused)
{
	struct rlimit small = { 65536, 65536 };
	void *p;

	(void)unused;
	if (setrlimit(RLIMIT_MEMLOCK, &small) || (!getuid() && setuid(65534)))
		_exit(1);
	if (pw_secret_alloc(4096, PW_IN_MLOCK, &p, NULL) || pw_secret_free(p))
		_exit(2);
	if (MLOCK_WORKS && pw_secret_alloc(1 << 20, PW_IN_MLOCK, &p, NULL) != -EDQUOT)
		_exit(3);
	switch (pw_secret_alloc(1 << 20, PW_IN_MEMFD_SECRET, &p, NULL)) {
	case -EDQUOT:
	case -ENOSYS:
		_exit(0);
	default:
		_exit(4);
	}
}

static void limits(void **state)
{
	(void)state;
	assert_int_equal(WEXITSTATUS(in_child(over_the_limit, NULL)), 0);
}

/* Many at once, freed in another order: the table grows, and finds each. */
static void many(void **state)
{
	static void *p[300];
	struct pw_secret_info info;

	(void)state;
	for (size_t i = 0; i < 300; i++) {
		assert_int_equal(pw_secret_alloc(i + 1, 0, &p[i], NULL), 0);
		memset(p[i], (int)i, i + 1);
	}
	for (size_t i = 0; i < 300; i++) {
		size_t k = i * 7 % 300;

		assert_int_equal(pw_secret_query(p[k], &info), 0);
		for (size_t b = 0; b < k + 1; b++)
			assert_int_equal(((unsigned char *)p[k])[b], k & 0xff);
		assert_int_equal(pw_secret_free(p[k]), 0);
		assert_int_equal(pw_secret_query(p[k], &info), -EINVAL);
	}
}

static void *churn(void *seed)
{
	unsigned int x = (unsigned int)(uintptr_t)seed;
	unsigned char *p[8] = { 0 };

	for (int i = 0; i < 500; i++) {
		size_t k = (x = x * 1103515245 + 12345) >> 16 & 7;

		if (p[k]) {
			if (p[k][0] != (unsigned char)(uintptr_t)seed || pw_secret_free(p[k]))
				return "lost one";
			p[k] = NULL;
		} else {
			if (pw_secret_alloc(x % 9000 + 1, 0, (void **)&p[k], NULL) || p[k][0])
				return "got none, or one that is not zero";
			p[k][0] = (unsigned char)(uintptr_t)seed;
		}
	}
	for (size_t k = 0; k < 8; k++)
		pw_secret_free(p[k]);
	return NULL;
}

static void fine(volatile char *unused)
{
	void *p;

	(void)unused;
	if (pw_secret_alloc(100, 0, &p, NULL))
		_exit(1);
	memset(p, 1, 100);
	_exit(pw_secret_free(p) ? 2 : 0);
}

/* Threads allocate while the process forks: no child waits for a lock that nobody holds. */
static void threads_and_forks(void **state)
{
	pthread_t t[4];
	void *why;

	(void)state;
	for (uintptr_t i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&t[i], NULL, churn, (void *)(i + 1)), 0);
	for (int i = 0; i < 20; i++)
		assert_int_equal(in_child(fine, NULL), 0);
	for (size_t i = 0; i < 4; i++) {
		pthread_join(t[i], &why);
		if (why)
			fail_msg("%s", (char *)why);
	}
}

/* Two threads free the same memory: one of them gets it. */
static void *free_it(void *p)
{
	return (void *)(intptr_t)pw_secret_free(p);
}

static void freed_at_once(void **state)
{
	(void)state;
	for (int i = 0; i < 200; i++) {
		pthread_t t;
		void *p, *other;
		int mine;

		assert_int_equal(pw_secret_alloc(1, PW_IN_MLOCK, &p, NULL), 0);
		assert_int_equal(pthread_create(&t, NULL, free_it, p), 0);
		mine = pw_secret_free(p);
		pthread_join(t, &other);
		assert_int_equal(mine + (int)(intptr_t)other, -EINVAL);
		assert_true(!mine || !other);
	}
}

/* In the child: p is not there, the library knows, and puts its own elsewhere. */
static void child_of_gone(volatile char *p)
{
	void *own;

	if (pw_secret_free((void *)p) != -EINVAL)
		_exit(1);
	for (int i = 0; i < 50; i++) {
		if (pw_secret_alloc(3, 0, &own, NULL))
			_exit(2);
		memset(own, 1, 3);
	}
	_exit(0);
}

static void child_of_mlock(volatile char *p)
{
	if (p[0] || p[4095])
		_exit(1);
	p[0] = 1;
	if (pw_secret_free((void *)p) || pw_secret_free((void *)p) != -EINVAL)
		_exit(2);
	_exit(0);
}

static void across_a_fork(void **state)
{
	char *p;

	(void)state;
	for (size_t i = 0; i < PLACES; i++) {
		if (!allocate(places[i], 4096, (void **)&p, NULL))
			continue;
		memset(p, 0x42, 4096);
		if (places[i] == PW_IN_MLOCK) {
			assert_int_equal(in_child(child_of_mlock, p), 0);
		} else {
			assert_true(segfaults(read_it, p));
			assert_true(segfaults(read_it, p - 1));
			assert_int_equal(in_child(child_of_gone, p), 0);
		}
		for (size_t k = 0; k < 4096; k++)
			assert_int_equal(p[k], 0x42);
		assert_int_equal(pw_secret_free(p), 0);
	}
}

/* A fork that runs no handlers: the PID tells. */
static void across_a_bare_fork(void **state)
{
	int status;
	pid_t child;
	char *p;

	(void)state;
	if (!allocate(PW_IN_MEMFD_SECRET, 10, (void **)&p, NULL))
		assert_int_equal(pw_secret_alloc(10, PW_IN_MLOCK, (void **)&p, NULL), 0);
	child = (pid_t)syscall(SYS_fork);
	if (!child) {
		struct pw_secret_info info;
		int r = pw_secret_query(p, &info);

		_exit(r == -EINVAL || (!r && info.place == PW_IN_MLOCK) ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_int_equal(pw_secret_free(p), 0);
}

/* Nothing stays open, and nothing is inherited by a program that is executed. */
static void no_descriptor_stays(void **state)
{
	int before, after;
	void *p;

	(void)state;
	assert_int_equal(pw_close(), 0);
	before = dup(0);
	close(before);
	assert_int_equal(pw_secret_alloc(1, 0, &p, NULL), 0);
	assert_int_equal(pw_secret_free(p), 0);
	assert_int_equal(pw_close(), 0);
	after = dup(0);
	close(after);
	assert_int_equal(before, after);
}

static void watch_without_the_module(void **state)
{
	struct pw_watch *w = (void *)8;
	char secret[32];
	bool module = !access("/dev/pagewarden", F_OK);

	(void)state;
	errno = EDOM;
	assert_int_equal(pw_secret_watch(NULL, 1, 0, NULL, &w), -EINVAL);
	assert_int_equal(pw_secret_watch(secret, 0, 0, NULL, &w), -EINVAL);
	assert_int_equal(pw_secret_watch(secret, SIZE_MAX, 0, NULL, &w), -EINVAL);
	assert_int_equal(pw_secret_watch(secret, 32, 4, NULL, &w), -EINVAL);
	assert_int_equal(pw_secret_watch(secret, 32, PW_WATCH_SCRUB, NULL, &w), -EINVAL);
	assert_int_equal(pw_secret_watch(secret, 32, 0, NULL, NULL), -EINVAL);
	assert_int_equal(pw_secret_unwatch(NULL, NULL), 0);
	assert_int_equal(pw_secret_unwatch((struct pw_watch *)secret, NULL), -EINVAL);
	assert_ptr_equal(w, (void *)8);
	if (!module) {
		assert_int_equal(pw_secret_watch(secret, 32, 0, "key", &w), -ENODEV);
		assert_ptr_equal(w, (void *)8);
	}
	assert_int_equal(errno, EDOM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_place),
		cmocka_unit_test(guards),
		cmocka_unit_test(others_read),
		cmocka_unit_test(the_strongest_first),
		cmocka_unit_test(bad_arguments),
		cmocka_unit_test(limits),
		cmocka_unit_test(many),
		cmocka_unit_test(threads_and_forks),
		cmocka_unit_test(freed_at_once),
		cmocka_unit_test(across_a_fork),
		cmocka_unit_test(across_a_bare_fork),
		cmocka_unit_test(no_descriptor_stays),
		cmocka_unit_test(watch_without_the_module),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
