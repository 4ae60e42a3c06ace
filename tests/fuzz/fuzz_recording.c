// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Bytes as a recording. An even first byte: as they are. An odd one: as the
 * inside of blocks whose checksums are right, which chance would never hit.
 */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include <zlib.h>

#include "fuzz/fuzz.h"
#include "user/source/playback.h"
#include "user/source/recording.h"

struct input {
	const uint8_t *bytes;
	size_t len;
};

static int64_t read_input(void *ctx, void *bytes, size_t len)
{
	struct input *in = ctx;
	size_t n = len < in->len ? len : in->len;

	memcpy(bytes, in->bytes, n);
	in->bytes += n;
	in->len -= n;
	return (int64_t)n;
}

static int take(void *ctx, const struct pw_record *rec)
{
	uint64_t *sum = ctx;
	const uint8_t *bytes = (const void *)rec;

	assert(rec->size >= sizeof(*rec) && rec->size <= PW_RECORD_MAX && rec->size % 8 == 0);
	for (size_t i = 0; i < rec->size; i++) /* all of it must be there to read */
		*sum += bytes[i];
	return 0;
}

static void play(const uint8_t *bytes, size_t len)
{
	struct input in = { bytes, len };
	struct pw_recording_reader *reader;
	static struct pw_playback p;
	struct pw_error err;
	uint64_t sum = 0, intervals = 0;
	int rc;

	if (pw_recording_reader_create(read_input, &in, &reader, &err)) {
		assert(err.what[0]);
		return;
	}
	pw_playback_init(&p, reader, len % 2);
	while (!(rc = pw_playback_interval(&p, take, &sum)))
		assert(++intervals < 1u << 20);
	assert(rc == -ENODATA);
	pw_playback_deinit(&p);
}

/* Rewrites the checksums of what looks like a header and blocks, in a copy. */
static void forge(uint8_t *bytes, size_t len)
{
	struct pw_recording_header h;
	struct pw_recording_block b;
	size_t at = sizeof(h);

	if (len < sizeof(h))
		return;
	memcpy(&h, bytes, sizeof(h));
	memcpy(h.magic, PW_RECORDING_MAGIC, sizeof(h.magic));
	h.crc = 0;
	h.header_size = sizeof(h);
	h.crc = (uint32_t)crc32(0, (const void *)&h, sizeof(h));
	memcpy(bytes, &h, sizeof(h));
	while (len - at >= sizeof(b)) {
		size_t left = len - at - sizeof(b);

		memcpy(&b, bytes + at, sizeof(b));
		b.magic = PW_RECORDING_BLOCK_MAGIC;
		if (b.stored > left)
			b.stored = (uint32_t)left;
		b.crc = (uint32_t)crc32(0, bytes + at + sizeof(b), b.stored);
		memcpy(bytes + at, &b, sizeof(b));
		at += sizeof(b) + b.stored;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t copy[1 << 20];

	if (!size || size > sizeof(copy))
		return 0;
	memcpy(copy, data + 1, size - 1);
	if (data[0] & 1)
		forge(copy, size - 1);
	play(copy, size - 1);
	return 0;
}
