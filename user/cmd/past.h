/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The daemon's history as a model: what a looking command shows with --since. */
#ifndef PW_CMD_PAST_H
#define PW_CMD_PAST_H

#include <stdint.h>

#include "user/base/error.h"
#include "user/model/model.h"

/* root: as --root. 0, or -errno with words. */
int pw_past_open(const char *history, uint64_t since_ns, const char *root, struct pw_model **ret,
		 struct pw_error *err);

#endif
