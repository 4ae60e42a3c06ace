/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Strings that many processes share, kept once and counted, within a bound on
 * their bytes. Equal strings have equal pointers. The empty string is free and
 * always there.
 */
#ifndef PW_MODEL_INTERN_H
#define PW_MODEL_INTERN_H

#include <stddef.h>

struct pw_intern;

int pw_intern_create(size_t max_bytes, struct pw_intern **ret);
void pw_intern_destroy(struct pw_intern *in); /* takes NULL; frees all strings */
/* Up to the first NUL of len bytes. 0, -ENOSPC at the bound, -ENOMEM. Each get is paired with a put. */
int pw_intern_get(struct pw_intern *in, const char *bytes, size_t len, const char **ret);
/* Another reference to a string that pw_intern_get() returned. */
const char *pw_intern_again(const char *s);
void pw_intern_put(struct pw_intern *in, const char *s);
size_t pw_intern_memory(const struct pw_intern *in);

#endif
