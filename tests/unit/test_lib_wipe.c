// SPDX-License-Identifier: GPL-2.0-or-later
/* links: libpagewarden */
/* pw_wipe() where the module is not there: what it wipes, sees, refuses and leaves alone. */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "user/lib/pagewarden.h"
#include "user/lib/wipe.h"

static bool no_module(void)
{
	if (access("/dev/pagewarden", F_OK))
		return true;
	print_message("the module is loaded: tests/module/test_lib.c asks this there\n");
	return false;
}

/* Every start and length within three words, with bytes before and behind that must stay. */
static void each_alignment(void **state)
{
	unsigned char at[64];
	struct pw_wipe_result r;

	(void)state;
	for (size_t from = 0; from < 24; from++) {
		for (size_t n = 0; n <= 24; n++) {
			memset(at, 0xa5, sizeof(at));
			assert_int_equal(pw_wipe(at + 8 + from, n, &r), 0);
			for (size_t i = 0; i < sizeof(at); i++)
				assert_int_equal(at[i], i >= 8 + from && i < 8 + from + n ? 0 : 0xa5);
			assert_int_equal(r.wiped_bytes + r.absent_bytes, n);
			assert_int_equal(r.dirty_bytes, 0);
			assert_null(r.first_dirty);
			if (!n)
				assert_int_equal(r.by, PW_BY_NOTHING);
		}
	}
}

static void says_how(void **state)
{
	char secret[100];
	struct pw_wipe_result r;

	(void)state;
	if (!no_module())
		skip();
	memset(secret, 1, sizeof(secret));
	memset(&r, 0xff, sizeof(r));
	assert_int_equal(pw_wipe(secret, sizeof(secret), &r), 0);
	assert_int_equal(r.by, PW_BY_EXPLICIT_BZERO);
	assert_string_equal(pw_by_name(r.by), "explicit_bzero");
	assert_int_equal(r.wiped_bytes, sizeof(secret));
	assert_int_equal(r.absent_bytes, 0);
	assert_int_equal(r.copies_known, 0);
	assert_int_equal(r.reason, PW_REASON_NONE);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(r.reserved[i], 0);
	assert_int_equal(pw_wipe(secret, sizeof(secret), NULL), 0);
}

static void bad_ranges(void **state)
{
	struct pw_wipe_result r, before;
	char c = 7;

	(void)state;
	memset(&r, 0x5a, sizeof(r));
	before = r;
	errno = EDOM;
	assert_int_equal(pw_wipe(NULL, 1, &r), -EINVAL);
	assert_int_equal(pw_wipe(&c, SIZE_MAX, &r), -EINVAL);
	assert_int_equal(pw_wipe((void *)(UINTPTR_MAX - 3), 5, &r), -EINVAL);
	assert_memory_equal(&r, &before, sizeof(r));
	assert_int_equal(c, 7);
	assert_int_equal(pw_wipe(NULL, 0, &r), 0);
	assert_int_equal(errno, EDOM);
}

/* Another thread that writes all the time is seen by the reading back. */
static atomic_bool stop;

/* The race is meant: the thread sanitizer shall not look. */
static __attribute__((no_sanitize("thread"))) void *scribble(void *p)
{
	volatile unsigned char *at = p;

	while (!atomic_load_explicit(&stop, memory_order_relaxed)) {
		for (size_t i = 0; i < 64; i++)
			at[i * 997] = 0x11;
	}
	return NULL;
}

static void sees_a_writer(void **state)
{
	size_t n = 64 * 1024;
	unsigned char *p = calloc(1, n);
	struct pw_wipe_result r;
	pthread_t thread;
	int result = 0;

	(void)state;
	if (!no_module()) {
		free(p);
		skip();
	}
	atomic_store(&stop, false);
	assert_int_equal(pthread_create(&thread, NULL, scribble, p), 0);
	for (int i = 0; i < 100000 && !result; i++)
		result = pw_wipe(p, n, &r);
	atomic_store(&stop, true);
	pthread_join(thread, NULL);
	assert_int_equal(result, -EIO);
	assert_true(r.dirty_bytes > 0 && r.dirty_bytes <= 64);
	assert_int_equal(r.wiped_bytes, n - r.dirty_bytes);
	assert_non_null(r.first_dirty);
	assert_int_equal(((uintptr_t)r.first_dirty - (uintptr_t)p) % 997, 0);
	assert_int_equal(pw_wipe(p, n, &r), 0);
	free(p);
}

/* A handler that interrupts a wipe, and wipes. */
static char in_handler[256];
static volatile sig_atomic_t handled, handler_failed;

static void handler(int sig)
{
	(void)sig;
	memset(in_handler, 3, sizeof(in_handler));
	handler_failed |= pw_wipe(in_handler, sizeof(in_handler), NULL) != 0;
	handled++;
}

static void in_a_signal_handler(void **state)
{
	struct sigaction sa = { .sa_handler = handler }, old;
	sigset_t set, mask;
	pid_t child;
	char *p = malloc(1 << 16);

	(void)state;
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_UNBLOCK, &set, &mask);
	sigaction(SIGUSR1, &sa, &old);
	child = fork();
	if (!child) {
		for (int i = 0; i < 200; i++) {
			kill(getppid(), SIGUSR1);
			usleep(100);
		}
		_exit(0);
	}
	while (handled < 20) {
		memset(p, 1, 1 << 16);
		assert_int_equal(pw_wipe(p, 1 << 16, NULL), 0);
	}
	assert_int_equal(handler_failed, 0);
	/* a pending handler must not run without its action */
	sigprocmask(SIG_BLOCK, &set, NULL);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	free(p);
	sa.sa_handler = SIG_IGN;
	sigaction(SIGUSR1, &sa, NULL);
	sigaction(SIGUSR1, &old, NULL);
	sigprocmask(SIG_SETMASK, &mask, NULL);
}

/* The way without the module is judged by itself too: it is the fallback where the module is. */
static void the_way_without_the_module(void **state)
{
	struct pw_wipe_result r = { 0 };
	unsigned char *p =
		mmap(NULL, 3 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)state;
	assert_true(p != MAP_FAILED);
	memset(p, 0xee, 3 << 20);
	assert_int_equal(pw_wipe_here(p + 1, (3 << 20) - 2, &r), 0);
	assert_int_equal(p[0], 0xee);
	assert_int_equal(p[(3 << 20) - 1], 0xee);
	for (size_t i = 1; i < (3 << 20) - 1; i++)
		assert_int_equal(p[i], 0);
	munmap(p, 3 << 20);
}

static void texts(void **state)
{
	(void)state;
	assert_non_null(strstr(pw_strerror(-ENODEV), "modprobe pagewarden"));
	assert_string_equal(pw_strerror(ENODEV), pw_strerror(-ENODEV));
	assert_non_null(strstr(pw_strerror(-EACCES), "group pagewarden"));
	assert_non_null(strstr(pw_strerror(-EDQUOT), "RLIMIT_MEMLOCK"));
	assert_string_equal(pw_strerror(0), "success");
	assert_non_null(pw_strerror(INT32_MIN));
	assert_non_null(pw_strerror(99999));
	assert_string_equal(pw_by_name(77), "unknown");
	assert_string_equal(pw_verdict_name(PW_VERDICT_COPIED), "copied");
	assert_string_equal(pw_secret_place_name(0), "unknown");
	assert_string_equal(pw_reason_text(PW_REASON_NONE), "");
	assert_true(strlen(pw_reason_text(PW_REASON_SECRETMEM)) > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_alignment),
		cmocka_unit_test(says_how),
		cmocka_unit_test(bad_ranges),
		cmocka_unit_test(sees_a_writer),
		cmocka_unit_test(in_a_signal_handler),
		cmocka_unit_test(the_way_without_the_module),
		cmocka_unit_test(texts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
