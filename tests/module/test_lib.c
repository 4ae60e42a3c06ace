// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * libpagewarden where the module is loaded: each call takes the module's way and
 * says so, falls back where the module may not look, and lets no descriptor and
 * no watch go astray over forks, closed descriptors and other users.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/module/device.h"
#include "tests/module/tap.h"
#include "user/lib/pagewarden.h"

#define PAGE 4096ul
#define NOBODY 65534

static char *pages(size_t count)
{
	char *p =
		mmap(NULL, count * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	must(p != MAP_FAILED);
	return p;
}

/* Runs fn in a child; its exit status, or 128 + the signal. */
static int in_child(int (*fn)(void *), void *arg)
{
	int status;
	pid_t child = fork();

	if (!child)
		_exit(fn(arg));
	must(waitpid(child, &status, 0) == child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int read_it(void *p)
{
	return *(volatile char *)p & 0;
}

/* ---- wiping -------------------------------------------------------------------------- */

static void wiped_by_the_module(const void *arg)
{
	char *p = pages(5);
	struct pw_wipe_result r;

	(void)arg;
	memset(p, 'x', 3 * PAGE);
	must_equal(pw_wipe(p + 1, 5 * PAGE - 2, &r), 0);
	must_equal(r.by, PW_BY_MODULE);
	must_equal(r.wiped_bytes, 3 * PAGE - 1);
	must_equal(r.absent_bytes, 2 * PAGE - 1);
	must_equal(r.copies_known, 1);
	must_equal(r.copies_left_pages, 0);
	must_equal(r.dirty_bytes, 0);
	must_equal(p[0], 'x');
	for (size_t i = 1; i < 5 * PAGE; i++)
		must_equal(p[i], 0);
	must_equal(pw_wipe((void *)0x10000, 10, &r), -EFAULT);
}

static int wait_for_end(void *pipe_end)
{
	char c;

	return read(*(int *)pipe_end, &c, 1) != 0;
}

static void copies_of_a_fork(const void *arg)
{
	char *p = pages(4);
	struct pw_wipe_result r;
	pid_t child;
	int fds[2];

	(void)arg;
	memset(p, 'x', 4 * PAGE);
	must(!pipe(fds));
	child = fork();
	if (!child) {
		close(fds[1]);
		_exit(wait_for_end(&fds[0]));
	}
	p[0] = 'y'; /* this copy is the child's before the wipe */
	must_equal(pw_wipe(p, 4 * PAGE, &r), 0);
	must_equal(r.by, PW_BY_MODULE);
	must_equal(r.copies_left_pages, 3);
	close(fds[1]);
	must(waitpid(child, NULL, 0) == child);
}

/* What the module may not look at is wiped all the same, and the reason is told. */
static void where_the_module_can_not(const void *arg)
{
	static const uint32_t places[] = { PW_IN_ARENA, PW_IN_MEMFD_SECRET };
	struct pw_wipe_result r;
	char *p;

	(void)arg;
	for (size_t i = 0; i < 2; i++) {
		int err = pw_secret_alloc(3 * PAGE, places[i], (void **)&p, NULL);

		if (err == -ENOSYS) {
			tap_note("no memfd_secret here");
			continue;
		}
		must_equal(err, 0);
		memset(p, 'x', 3 * PAGE);
		must_equal(pw_wipe(p + 1, PAGE, &r), 0);
		must_equal(r.by, PW_BY_EXPLICIT_BZERO);
		must_equal(r.reason, PW_REASON_DEVICE);
		must_equal(r.wiped_bytes, PAGE);
		must(p[0] == 'x' && !p[1] && !p[PAGE] && p[PAGE + 1] == 'x');
		must_equal(pw_secret_free(p), 0);
	}
}

/* ---- secrets ------------------------------------------------------------------------- */

static void a_secret_in_the_arena(const void *arg)
{
	struct pw_secret_info info;
	int fd = dev_open();
	char *p, copy;

	(void)arg;
	must_equal(pw_secret_alloc(2 * PAGE + 1, 0, (void **)&p, &info), 0);
	must_equal(info.place, PW_IN_ARENA);
	must_equal(info.usable, 3 * PAGE);
	must(info.protects & PW_FROM_OTHERS && info.protects & PW_FROM_KILL);
	must_equal(dev_info(fd).arena_bytes, 3 * PAGE);
	memset(p, 'x', 3 * PAGE);
	must_equal(process_vm_readv(getpid(), &(struct iovec){ &copy, 1 }, 1,
				    &(struct iovec){ p, 1 }, 1, 0),
		   -1);
	must_equal(in_child(read_it, p), 128 + SIGSEGV);
	must_equal(in_child(read_it, p - 1), 128 + SIGSEGV);
	must_equal(in_child(read_it, p + 3 * PAGE), 128 + SIGSEGV);
	must_equal(p[3 * PAGE - 1], 'x');
	must_equal(pw_secret_free(p), 0);
	must_equal(pw_secret_free(p), -EINVAL);
	must_equal(dev_info(fd).arena_bytes, 0);
}

static void the_guards(const void *arg)
{
	char *p = NULL;
	pid_t child = fork();
	int status;

	/* In the parent the guards are there; a child of it would have none of it. */
	(void)arg;
	if (!child) {
		must_equal(pw_secret_alloc(1, PW_IN_ARENA, (void **)&p, NULL), 0);
		p[0] = p[PAGE - 1] = 1;
		return (void)read_it(p + PAGE), _exit(0);
	}
	must(waitpid(child, &status, 0) == child);
	must(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
}

static void more_than_the_arena_has(const void *arg)
{
	struct pw_secret_info info;
	int fd = dev_open();
	void *p;
	size_t n = dev_info(fd).arena_bytes_user_max + PAGE;

	(void)arg;
	must_equal(pw_secret_alloc(n, PW_IN_ARENA, &p, NULL), -EDQUOT);
	must_equal(pw_secret_alloc(n, 0, &p, &info), 0);
	must(info.place != PW_IN_ARENA);
	must_equal(pw_secret_free(p), 0);
	must_equal(dev_info(fd).arena_bytes, 0);
}

static void *churn(void *arg)
{
	for (int i = 0; i < 100; i++) {
		struct pw_wipe_result r;
		unsigned char *p;

		if (pw_secret_alloc(i % 3 * PAGE + 1, PW_IN_ARENA, (void **)&p, NULL) || p[0])
			return "no arena, or a dirty one";
		memset(p, 'x', i % 3 * PAGE + 1);
		if (pw_secret_free(p))
			return "not freed";
		if (pw_wipe(arg, 64, &r) || r.by != PW_BY_MODULE)
			return "not wiped by the module";
	}
	return NULL;
}

static void threads(const void *arg)
{
	char *p = pages(1);
	pthread_t t[4];
	int fd = dev_open();
	void *why;

	(void)arg;
	for (size_t i = 0; i < 4; i++)
		must(!pthread_create(&t[i], NULL, churn, p + i * 64));
	for (int i = 0; i < 10; i++)
		must_equal(in_child(read_it, p), 0);
	for (size_t i = 0; i < 4; i++) {
		must(!pthread_join(t[i], &why));
		if (why)
			tap_fail("%s", (char *)why);
	}
	must_equal(dev_info(fd).arena_bytes, 0);
}

/* ---- watches ------------------------------------------------------------------------- */

static void verdicts(const void *arg)
{
	struct pw_watch_verdict v;
	struct pw_watch *w;
	char *p = pages(3);

	(void)arg;
	memset(p, 'x', 3 * PAGE);
	must_equal(pw_secret_watch(p, 3 * PAGE, PW_WATCH_HOLD, "a key with a name that is too long",
				   &w),
		   0);
	must_equal(pw_wipe(p, PAGE, NULL), 0);
	must(!munmap(p, 2 * PAGE));
	must_equal(pw_close(), -EBUSY);
	must_equal(pw_secret_unwatch(w, &v), 0);
	must_equal(v.verdict, PW_VERDICT_DIRTY);
	must_equal(v.pages_clean, 1);
	must_equal(v.pages_dirty, 2); /* one that went, and one that is there */
	must_equal(v.dirty_bytes, 2 * PAGE);
	must_equal((uintptr_t)v.first_dirty, (uintptr_t)p + PAGE);
	must_equal(pw_secret_unwatch(w, &v), -EINVAL);

	must_equal(pw_secret_watch(p + 2 * PAGE + 5, 20, 0, NULL, &w), 0);
	must_equal(pw_wipe(p + 2 * PAGE + 5, 20, NULL), 0);
	must_equal(pw_secret_unwatch(w, &v), 0);
	must_equal(v.verdict, PW_VERDICT_CLEAN);
	must(!v.first_dirty);
	must_equal(pw_close(), 0);
	must_equal(pw_secret_watch((void *)0x10000, 20, 0, NULL, &w), -EFAULT);
}

static int unwatch_in_child(void *w)
{
	struct pw_watch_verdict v;
	struct pw_watch *own;
	char secret[64] = "of the child";

	if (pw_secret_unwatch(w, &v) != -ESRCH || pw_secret_unwatch(w, &v) != -EINVAL)
		return 1;
	if (pw_secret_watch(secret, sizeof(secret), PW_WATCH_HOLD, "child", &own))
		return 2;
	return pw_secret_unwatch(own, &v) || v.verdict != PW_VERDICT_DIRTY ? 3 : 0;
}

static void a_child_has_no_watch(const void *arg)
{
	struct pw_watch_verdict v;
	struct pw_watch *w;
	char *p = pages(1);

	(void)arg;
	must_equal(pw_secret_watch(p, PAGE, 0, "parent", &w), 0);
	must_equal(in_child(unwatch_in_child, w), 0);
	must_equal(pw_secret_unwatch(w, &v), 0);
}

/* A child that lives on keeps no descriptor, and so not the parent's watches. */
static void a_child_keeps_nothing_open(const void *arg)
{
	int fd = dev_open(), fds[2];
	pid_t parent, child = 0;
	struct pw_watch *w;
	char c, *p = pages(1);

	(void)arg;
	must(!pipe(fds));
	parent = fork();
	if (!parent) {
		must_equal(pw_secret_watch(p, PAGE, 0, "parent", &w), 0);
		child = fork();
		if (!child) {
			close(fds[0]);
			pause();
		}
		must(write(fds[1], &child, sizeof(child)) == sizeof(child));
		_exit(0);
	}
	must(read(fds[0], &child, sizeof(child)) == sizeof(child));
	must(waitpid(parent, NULL, 0) == parent);
	for (int i = 0; i < 200 && dev_info(fd).watches; i++)
		usleep(10000);
	must_equal(dev_info(fd).watches, 0);
	must(!kill(child, SIGKILL));
	close(fds[1]);
	must_equal(read(fds[0], &c, 1), 0); /* until it is gone */
}

/* A daemon closes what it doesn't know, and the number becomes another file's. */
static void a_closed_descriptor(const void *arg)
{
	struct pw_watch_verdict v;
	struct pw_wipe_result r;
	struct pw_watch *w;
	struct stat st;
	char *p = pages(1);
	int other;

	(void)arg;
	must_equal(pw_secret_watch(p, PAGE, 0, "lost", &w), 0);
	for (int fd = 3; fd < 64; fd++) {
		if (!fstat(fd, &st) && S_ISCHR(st.st_mode) && major(st.st_rdev) == 10)
			must(!close(fd));
	}
	while ((other = open("/dev/zero", O_RDWR)) < 20)
		must(other >= 0);
	p[0] = 'x';
	must_equal(pw_secret_unwatch(w, &v), -ENOENT);
	must_equal(pw_wipe(p, PAGE, &r), 0);
	must_equal(r.by, PW_BY_MODULE);
	must_equal(pw_close(), 0);
	for (int fd = 3; fd < 20; fd++)
		must(fcntl(fd, F_GETFD) >= 0 || errno == EBADF);
	must(!fstat(other, &st));
}

static int as_nobody(void *p)
{
	struct pw_wipe_result r;
	struct pw_secret_info info;
	struct pw_watch *w;
	void *secret;

	if (setgid(NOBODY) || setuid(NOBODY))
		return 1;
	if (pw_secret_watch(p, 10, 0, NULL, &w) != -EACCES)
		return 2;
	if (pw_wipe(p, 10, &r) || r.by != PW_BY_EXPLICIT_BZERO)
		return 3;
	if (pw_secret_alloc(1, PW_IN_ARENA, &secret, NULL) != -EACCES)
		return 4;
	if (pw_secret_alloc(1, 0, &secret, &info) || info.place == PW_IN_ARENA)
		return 5;
	return pw_secret_free(secret) ? 6 : 0;
}

/* Opened as root, it works on after the rights are gone. */
static int opened_before(void *p)
{
	struct pw_wipe_result r;
	void *secret;

	if (pw_wipe(p, 10, &r) || r.by != PW_BY_MODULE || setgid(NOBODY) || setuid(NOBODY))
		return 1;
	if (pw_wipe(p, 10, &r) || r.by != PW_BY_MODULE)
		return 2;
	return pw_secret_alloc(1, PW_IN_ARENA, &secret, NULL) || pw_secret_free(secret) ? 3 : 0;
}

static void other_users(const void *arg)
{
	char *p = pages(1);

	(void)arg;
	must_equal(in_child(as_nobody, p), 0);
	must_equal(in_child(opened_before, p), 0);
}

/* Not even a fork past the handlers lets the child use the parent's descriptor. */
static void a_bare_fork(const void *arg)
{
	struct pw_watch *w;
	char *p = pages(1);
	pid_t child;
	int status;

	(void)arg;
	must_equal(pw_secret_watch(p, PAGE, 0, "parent", &w), 0);
	child = (pid_t)syscall(SYS_fork);
	if (!child)
		_exit(unwatch_in_child(w));
	must(waitpid(child, &status, 0) == child);
	must_equal(status, 0);
	must_equal(pw_secret_unwatch(w, NULL), 0);
}

int main(void)
{
	tap_afterwards = dev_leftovers;
	tap_seconds = 180; /* a debug kernel is a hundred times slower */
	tap_case(wiped_by_the_module, NULL, "the module wipes");
	tap_case(copies_of_a_fork, NULL, "copies that a fork left are counted");
	tap_case(where_the_module_can_not, NULL, "what the module can't reach is wiped too");
	tap_case(a_secret_in_the_arena, NULL, "a secret is in the arena");
	tap_case(the_guards, NULL, "guard pages");
	tap_case(more_than_the_arena_has, NULL, "beyond the limit the next place serves");
	tap_case(threads, NULL, "threads and forks");
	tap_case(verdicts, NULL, "watches tell");
	tap_case(a_child_has_no_watch, NULL, "a child has no watch");
	tap_case(a_child_keeps_nothing_open, NULL, "a child keeps nothing open");
	tap_case(a_bare_fork, NULL, "a fork without handlers");
	tap_case(a_closed_descriptor, NULL, "a descriptor that was closed");
	tap_case(other_users, NULL, "users without the right");
	return tap_end();
}
