/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A document that stands in its file whole or not at all: reports. */
#ifndef PW_CMD_WHOLE_H
#define PW_CMD_WHOLE_H

#include <stdio.h>

#include "user/base/error.h"

/*
 * Writes what emit() writes to the file, which is replaced whole, or to
 * standard output where path is NULL. 0; -EPIPE without words; -errno with
 * words that name the file.
 */
int pw_whole_write(const char *path, int (*emit)(const void *ctx, FILE *out), const void *ctx,
		   struct pw_error *err);

#endif
