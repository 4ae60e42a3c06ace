/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From recorded blocks to intervals: what a recorded file and the daemon's
 * stream have in common. Damage is stepped over and counted, as places, in
 * lost[PW_LOSS_DAMAGED] of a TICK.
 */
#ifndef PW_SOURCE_PLAYBACK_H
#define PW_SOURCE_PLAYBACK_H

#include <stdbool.h>
#include <stdint.h>

#include "user/source/recording.h"
#include "user/source/source.h"

struct pw_playback {
	struct pw_recording_reader *reader; /* owned */
	/*
	 * A file is read one record ahead of its TICKs, so that damage right
	 * behind the last TICK is told in it. A stream can't: the next record
	 * comes an interval later.
	 */
	bool ahead;
	bool holds; /* the record read ahead waits: */
	int held_result;
	const struct pw_record *held;
	int input_error; /* the input's -errno; tells it from a sink's result */
	struct pw_tick last; /* as recorded; zero before the first */
	uint64_t last_ns; /* time of the newest record given */
	uint64_t told; /* damaged places told in a TICK */
	uint8_t tick[PW_RECORD_MAX] __attribute__((aligned(8)));
};

void pw_playback_init(struct pw_playback *p, struct pw_recording_reader *reader, bool ahead);
void pw_playback_deinit(struct pw_playback *p);

/*
 * One interval. When the recording ends in damage before an interval's TICK,
 * one is made up from the last, so that what came and the damage are shown.
 * 0, -ENODATA, a sink's result, or the input's -errno.
 */
int pw_playback_interval(struct pw_playback *p, pw_sink sink, void *ctx);
uint64_t pw_playback_damaged(const struct pw_playback *p);

#endif
