/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keys of processes are compared on clock ticks: what came from /proc knows no more. */
#ifndef PW_BASE_KEY_H
#define PW_BASE_KEY_H

#include <stdbool.h>
#include <stdint.h>

#include "kmod/uapi/pagewarden.h"

static inline uint64_t pw_key_tick(const struct pw_key *key)
{
	return key->start_ns / PW_TICK_NS;
}

static inline bool pw_key_same(const struct pw_key *a, const struct pw_key *b)
{
	return a->pid == b->pid && pw_key_tick(a) == pw_key_tick(b);
}

#endif
