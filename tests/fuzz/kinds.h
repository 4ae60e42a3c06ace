/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The records that fuzz_model makes of bytes, by their first byte; who makes seeds for it knows them too. */
#ifndef TESTS_FUZZ_KINDS_H
#define TESTS_FUZZ_KINDS_H

#include <stdint.h>

#include "kmod/uapi/pagewarden.h"

static const struct {
	uint16_t type, size;
} kinds[] = {
	{ PW_REC_FORK, sizeof(struct pw_fork) },
	{ PW_REC_EXEC, sizeof(struct pw_exec) },
	{ PW_REC_EXIT, sizeof(struct pw_exit) },
	{ PW_REC_OOM, sizeof(struct pw_oom) },
	{ PW_REC_COUNTERS, sizeof(struct pw_counters) },
	{ PW_REC_IDENTITY, sizeof(struct pw_identity) },
	{ PW_REC_SEGMENTS, sizeof(struct pw_segments) },
	{ PW_REC_SEGMENT, sizeof(struct pw_segment) },
	{ PW_REC_MACHINE, sizeof(struct pw_machine) },
	{ PW_REC_TICK, sizeof(struct pw_tick) },
	{ PW_REC_WIPE, sizeof(struct pw_wipe) },
	{ PW_REC_RELEASE, sizeof(struct pw_release) },
	{ PW_REC_SECRET, sizeof(struct pw_secret) },
	{ PW_REC_WIPE_PROBE, sizeof(struct pw_wipe_probe) },
	{ 999, sizeof(struct pw_record) },
	{ PW_REC_RESOURCES, sizeof(struct pw_resources) },
	{ PW_REC_CGROUP, sizeof(struct pw_cgroup) },
};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

#endif
