/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The places where memory for secrets can be, and how to get and leave each. */
#ifndef PW_LIB_PLACE_H
#define PW_LIB_PLACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "user/lib/pagewarden.h"

/* One allocation: [guard page][len bytes at data][guard page]. */
struct pw_block {
	char *data;
	size_t len; /* whole pages */
	uint32_t place; /* enum pw_secret_place */
};

#define PW_PLACES_ALL (PW_IN_ARENA | PW_IN_MEMFD_SECRET | PW_IN_MLOCK)

/* The strongest of `places` (0: of all) that works; else the weakest one's error. */
int pw_block_create(size_t n, uint32_t places, struct pw_block *ret);
/* Gives the memory back as it is. */
void pw_block_destroy(const struct pw_block *b);
bool pw_block_survives_fork(const struct pw_block *b);
void pw_block_info(const struct pw_block *b, struct pw_secret_info *ret);

#endif
