/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What only a replayed file can tell. */
#ifndef PW_SOURCE_REPLAY_H
#define PW_SOURCE_REPLAY_H

#include "user/source/source.h"

/* Damaged places met so far; 0 for any other source. */
uint64_t pw_source_replay_damaged(const struct pw_source *src);

#endif
