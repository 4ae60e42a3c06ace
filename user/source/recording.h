/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The recording file and the daemon's stream: the same bytes.
 *
 *   header   struct pw_recording_header
 *   blocks   { struct pw_recording_block, then `stored` bytes }*
 *
 * A block holds whole records (zstd-compressed when smaller), ends after a
 * TICK or when full, and carries the CRC-32 of its stored bytes. The block
 * magic lets a reader find the next good block behind a damaged one. Integers
 * are little-endian. Untrusted: every size is capped before it is used.
 */
#ifndef PW_SOURCE_RECORDING_H
#define PW_SOURCE_RECORDING_H

#include <stddef.h>
#include <stdint.h>

#include "kmod/uapi/pagewarden.h"
#include "user/base/error.h"

#define PW_RECORDING_MAGIC "PWREC\r\n\x1a"
#define PW_RECORDING_VERSION 1
#define PW_RECORDING_BLOCK_MAGIC 0x4b4c4257u /* "WBLK" */
#define PW_RECORDING_BLOCK_MAX (1u << 20) /* raw bytes in a block */

struct pw_recording_header {
	uint8_t magic[8];
	uint16_t version; /* of this container */
	uint16_t abi_major; /* of the records */
	uint16_t abi_minor;
	uint16_t header_size;
	uint32_t crc; /* CRC-32 of the header with this field 0 */
	uint32_t reserved;
};

enum pw_recording_codec { PW_CODEC_RAW = 0, PW_CODEC_ZSTD = 1 };

struct pw_recording_block {
	uint32_t magic;
	uint32_t codec; /* enum pw_recording_codec */
	uint32_t stored; /* bytes that follow */
	uint32_t raw; /* bytes after decompression */
	uint32_t records;
	uint32_t crc; /* CRC-32 of the stored bytes */
};

/*
 * Writer. write_fn takes every byte or fails with -errno; a failure (a full
 * disk) is sticky, and what was flushed before stays a valid recording.
 */
struct pw_recording_writer;
typedef int (*pw_recording_write_fn)(void *ctx, const void *bytes, size_t len);
int pw_recording_writer_create(pw_recording_write_fn fn, void *ctx, struct pw_recording_writer **ret);
int pw_recording_write(struct pw_recording_writer *w, const struct pw_record *rec);
int pw_recording_flush(struct pw_recording_writer *w); /* ends the block */
void pw_recording_writer_destroy(struct pw_recording_writer *w); /* does not flush */

/*
 * Reader. read_fn returns bytes read, 0 at the end, -EAGAIN, or -errno.
 * pw_recording_read gives the next record (valid until the next call): 0;
 * -ENODATA at a clean end; -EBADMSG at damage (call again to go on behind it;
 * pw_recording_damaged counts); -EPROTONOSUPPORT for a newer version; -EINVAL
 * for a file that is no recording.
 */
struct pw_recording_reader;
typedef int64_t (*pw_recording_read_fn)(void *ctx, void *bytes, size_t len);
int pw_recording_reader_create(pw_recording_read_fn fn, void *ctx, struct pw_recording_reader **ret,
			       struct pw_error *err);
int pw_recording_read(struct pw_recording_reader *r, const struct pw_record **ret);
uint64_t pw_recording_offset(const struct pw_recording_reader *r); /* of the current block */
uint64_t pw_recording_damaged(const struct pw_recording_reader *r); /* damaged places so far */
void pw_recording_reader_destroy(struct pw_recording_reader *r);

#endif
