/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The random steps of test_random: each changes the model, does the same in this
 * process, and compares what only it knows (what unwatch and wipe answered).
 */
#ifndef TESTS_MODULE_STEPS_H
#define TESTS_MODULE_STEPS_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/module/model.h"

#define STEPS_MISMATCH 3 /* exit status of a process whose records were not as expected */

/* One process with watched memory, and all that is known of it. */
struct steps {
	struct model m;
	struct records r;
	int fd;
	struct {
		pid_t pid;
		int to, from;
	} children[MODEL_CHILDREN];
	char text[160]; /* what the step is */
};

extern struct steps steps_run; /* of this process */
extern bool steps_verbose; /* print each step */
extern bool steps_swap; /* there is swap */

/* Does step `n`, chosen by `state` alone. True: it may have forked. */
bool steps_do(uint64_t state, unsigned int n);
void steps_end_children(void);

/* Ends this process: the records are not what the model demands. */
void steps_mismatch(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));
bool steps_same_sums(const struct pw_secret *got, const struct model_sums *want);
void steps_wrong_sums(const char *what, const struct pw_secret *got, const struct model_sums *want)
	__attribute__((noreturn));

#endif
