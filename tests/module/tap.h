/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Cases of a static test program, printed as TAP. Each case runs in a process
 * of its own, so that what it leaves behind (mappings, descriptors, children)
 * goes with it, and a case that crashes or hangs has failed alone.
 *
 *	static void it_works(const void *arg) { must_equal(1 + 1, 2); }
 *	int main(void) { tap_case(it_works, NULL, "it %s", "works"); return tap_end(); }
 */
#ifndef TESTS_MODULE_TAP_H
#define TESTS_MODULE_TAP_H

#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>

/* Of one case, unless tap_seconds says more; PW_SLOW=N in the environment: N times as much. */
#define TAP_SECONDS 60

extern unsigned int tap_seconds;
/* Called in the parent after each case: returns NULL, or what the case has left behind. */
extern const char *(*tap_afterwards)(void);

void tap_case(void (*run)(const void *arg), const void *arg, const char *name, ...)
	__attribute__((format(printf, 3, 4)));
int tap_end(void); /* prints the plan; the exit status */

/* Inside a case: end it. From any process of the case whose parent passes its status on. */
void tap_fail(const char *why, ...) __attribute__((format(printf, 1, 2), noreturn));
void tap_skip(const char *why, ...) __attribute__((format(printf, 1, 2), noreturn));
void tap_note(const char *what, ...) __attribute__((format(printf, 1, 2)));

#define must(condition)                                                                          \
	do {                                                                                     \
		if (!(condition))                                                                \
			tap_fail("%s:%d: not so: %s (errno %d)", __FILE__, __LINE__, #condition, \
				 errno);                                                         \
	} while (0)

#define must_equal(got, want)                                                              \
	do {                                                                               \
		int64_t got_ = (int64_t)(got), want_ = (int64_t)(want);                    \
		if (got_ != want_)                                                         \
			tap_fail("%s:%d: %s is %" PRId64 " (0x%" PRIx64 "), not %" PRId64, \
				 __FILE__, __LINE__, #got, got_, (uint64_t)got_, want_);   \
	} while (0)

#endif
