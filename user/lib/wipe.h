/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Wiping without the module: explicit_bzero(3), and a look at every byte. */
#ifndef PW_LIB_WIPE_H
#define PW_LIB_WIPE_H

#include <stddef.h>

#include "user/lib/pagewarden.h"

/* Sets by, wiped_bytes, dirty_bytes and first_dirty. 0 or -EIO. */
int pw_wipe_here(void *p, size_t n, struct pw_wipe_result *ret);

#endif
