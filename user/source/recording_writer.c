// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <zlib.h>
#include <zstd.h>

#include "user/base/cleanup.h"
#include "user/source/recording.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
	       "recordings are written as memory has them");
_Static_assert(sizeof(struct pw_recording_header) == 24, "the header has no padding");
_Static_assert(sizeof(struct pw_recording_block) == 24, "the block header has no padding");

/* Fast: a busy machine's interval is compressed while the next one runs. */
#define LEVEL 1

/* A block as it is written, its header in front: one write each. */
struct frame {
	struct pw_recording_block head;
	uint8_t bytes[];
};

struct pw_recording_writer {
	pw_recording_write_fn fn;
	void *ctx;
	int failed; /* the first -errno */
	struct frame *raw; /* room for PW_RECORDING_BLOCK_MAX */
	struct frame *packed; /* room for its compressed form */
	size_t packed_room;
	ZSTD_CCtx *zstd;
};

static int emit(struct pw_recording_writer *w, const void *bytes, size_t len)
{
	if (!w->failed)
		w->failed = w->fn(w->ctx, bytes, len);
	return w->failed;
}

static int emit_header(struct pw_recording_writer *w)
{
	struct pw_recording_header h = {
		.magic = PW_RECORDING_MAGIC,
		.version = PW_RECORDING_VERSION,
		.abi_major = PW_ABI_MAJOR,
		.abi_minor = PW_ABI_MINOR,
		.header_size = sizeof(h),
	};

	h.crc = (uint32_t)crc32(0, (const void *)&h, sizeof(h));
	return emit(w, &h, sizeof(h));
}

PW_DEFINE_CLEANUP(struct pw_recording_writer, pw_recording_writer_destroy)

int pw_recording_writer_create(pw_recording_write_fn fn, void *ctx, struct pw_recording_writer **ret)
{
	struct pw_recording_writer *w pw_cleanup(pw_recording_writer_destroyp) =
		calloc(1, sizeof(*w));
	int rc;

	if (!w)
		return -ENOMEM;
	w->fn = fn;
	w->ctx = ctx;
	w->packed_room = ZSTD_compressBound(PW_RECORDING_BLOCK_MAX);
	/* big and touched only as far as they are filled */
	w->raw = malloc(sizeof(struct frame) + PW_RECORDING_BLOCK_MAX);
	w->packed = malloc(sizeof(struct frame) + w->packed_room);
	w->zstd = ZSTD_createCCtx();
	if (!w->raw || !w->packed || !w->zstd)
		return -ENOMEM;
	memset(&w->raw->head, 0, sizeof(w->raw->head));
	rc = emit_header(w);
	if (rc)
		return rc;
	*ret = pw_steal(w);
	return 0;
}

int pw_recording_write(struct pw_recording_writer *w, const struct pw_record *rec)
{
	struct pw_recording_block *head = &w->raw->head;

	if (rec->size < sizeof(*rec) || rec->size % 8 || rec->size > PW_RECORD_MAX)
		return -EINVAL;
	if (head->raw + rec->size > PW_RECORDING_BLOCK_MAX && pw_recording_flush(w))
		return w->failed;
	if (w->failed)
		return w->failed;
	memcpy(w->raw->bytes + head->raw, rec, rec->size);
	head->raw += rec->size;
	head->records++;
	return rec->type == PW_REC_TICK ? pw_recording_flush(w) : 0;
}

/* The block in its smaller form, ready but for magic and checksum. */
static struct frame *pack(struct pw_recording_writer *w)
{
	struct frame *raw = w->raw, *packed = w->packed;
	size_t n = ZSTD_compressCCtx(w->zstd, packed->bytes, w->packed_room, raw->bytes,
				     raw->head.raw, LEVEL);

	if (ZSTD_isError(n) || n >= raw->head.raw) {
		raw->head.codec = PW_CODEC_RAW;
		raw->head.stored = raw->head.raw;
		return raw;
	}
	packed->head = raw->head;
	packed->head.codec = PW_CODEC_ZSTD;
	packed->head.stored = (uint32_t)n;
	return packed;
}

int pw_recording_flush(struct pw_recording_writer *w)
{
	struct frame *f;

	if (w->failed || !w->raw->head.raw)
		return w->failed;
	f = pack(w);
	f->head.magic = PW_RECORDING_BLOCK_MAGIC;
	f->head.crc = (uint32_t)crc32(0, f->bytes, f->head.stored);
	emit(w, f, sizeof(*f) + f->head.stored);
	w->raw->head.raw = 0;
	w->raw->head.records = 0;
	return w->failed;
}

void pw_recording_writer_destroy(struct pw_recording_writer *w)
{
	if (!w)
		return;
	ZSTD_freeCCtx(w->zstd);
	free(w->packed);
	free(w->raw);
	free(w);
}
