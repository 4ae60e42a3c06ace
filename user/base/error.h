/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Errors: functions return 0 or -errno. Where an errno alone would not tell a
 * person what to do, the function also takes a struct pw_error and writes one
 * sentence each for the object and cause, and the remedy. Library code never
 * prints; a command prints the error once, with pw_error_print().
 */
#ifndef PW_BASE_ERROR_H
#define PW_BASE_ERROR_H

#include <stdio.h>

struct pw_error {
	char what[256]; /* "cannot load the page ledger: Operation not permitted" */
	char remedy[768]; /* "run as root, or give the binary CAP_BPF and CAP_PERFMON" */
};

/* Writes the message and returns err (a negative errno), so that callers can return it. err_out may be NULL. */
int pw_error_set(struct pw_error *e, int err, const char *what, ...)
	__attribute__((format(printf, 3, 4)));
void pw_error_remedy(struct pw_error *e, const char *remedy, ...)
	__attribute__((format(printf, 2, 3)));
/* "pagewarden: WHAT\n  REMEDY\n" */
void pw_error_print(const struct pw_error *e, FILE *out);

#endif
