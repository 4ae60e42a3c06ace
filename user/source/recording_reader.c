// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <zlib.h>
#include <zstd.h>

#include "user/base/cleanup.h"
#include "user/source/recording.h"

#define HEADER_MAX 4096 /* a later minor version may append to the header */
#define WINDOW (sizeof(struct pw_recording_block) + PW_RECORDING_BLOCK_MAX)
#define SCAN_CHUNK 65536
/*
 * Behind damage every magic is a candidate whose checksum must be computed. A
 * file made of nothing but candidates would cost the square of its size, so
 * after this many bytes checked in vain a failed candidate is skipped whole.
 */
#define SCAN_WORK_MAX (64u << 20)

struct pw_recording_reader {
	pw_recording_read_fn fn;
	void *ctx;
	uint8_t *window; /* WINDOW bytes of the input */
	size_t begin, end; /* those not yet consumed */
	uint64_t base; /* offset of window[0] in the input */
	uint64_t block; /* offset of the block whose records are being given */
	uint8_t *records; /* PW_RECORDING_BLOCK_MAX */
	size_t at, len; /* those of the current block */
	bool scanning; /* behind damage, before the next good block */
	uint64_t scan_work;
	uint64_t damaged;
	ZSTD_DCtx *zstd;
};

/* ---- input ---------------------------------------------------------------- */

static size_t waiting(const struct pw_recording_reader *r)
{
	return r->end - r->begin;
}

/* Reads up to most bytes more. 0, -ENODATA at the end, or the input's -errno. */
static int read_more(struct pw_recording_reader *r, size_t most)
{
	int64_t n;

	/* an empty window starts over, so that small blocks touch little memory */
	if (r->end == WINDOW || r->begin == r->end) {
		memmove(r->window, r->window + r->begin, waiting(r));
		r->base += r->begin;
		r->end -= r->begin;
		r->begin = 0;
	}
	if (most > WINDOW - r->end)
		most = WINDOW - r->end;
	n = r->fn(r->ctx, r->window + r->end, most);
	if (n < 0)
		return (int)n;
	if (!n)
		return -ENODATA;
	if ((uint64_t)n > most)
		return -EIO;
	r->end += (size_t)n;
	return 0;
}

/*
 * Makes n <= WINDOW bytes available, reading not one more: what a stream
 * sends later stays in its socket, where poll() sees it.
 */
static int need(struct pw_recording_reader *r, size_t n)
{
	int rc = 0;

	while (!rc && waiting(r) < n)
		rc = read_more(r, n - waiting(r));
	return rc;
}

/* ---- header --------------------------------------------------------------- */

static int no_recording(struct pw_error *err)
{
	return pw_error_set(err, -EINVAL, "not a recording of pagewarden");
}

static int newer(struct pw_error *err, const char *what, unsigned int has, unsigned int reads)
{
	pw_error_set(err, -EPROTONOSUPPORT,
		     "made by a newer pagewarden (%s %u); this one reads up to %u", what, has, reads);
	pw_error_remedy(err, "read it with a pagewarden at least as new as the one that made it");
	return -EPROTONOSUPPORT;
}

static int cut_header(struct pw_error *err, int rc)
{
	if (rc == -ENODATA)
		return pw_error_set(err, -EBADMSG, "it ends inside its header");
	return pw_error_set(err, rc, "cannot read: %s", strerror(-rc));
}

static bool header_intact(uint8_t *bytes, size_t size, uint32_t crc)
{
	memset(bytes + offsetof(struct pw_recording_header, crc), 0, sizeof(crc));
	return (uint32_t)crc32(0, bytes, (uInt)size) == crc;
}

static int read_header(struct pw_recording_reader *r, struct pw_error *err)
{
	struct pw_recording_header h;
	int rc = need(r, sizeof(h.magic));

	if (rc && rc != -ENODATA)
		return cut_header(err, rc);
	if (rc || memcmp(r->window, PW_RECORDING_MAGIC, sizeof(h.magic)) != 0)
		return no_recording(err);
	rc = need(r, sizeof(h));
	if (rc)
		return cut_header(err, rc);
	memcpy(&h, r->window, sizeof(h));
	if (h.header_size >= sizeof(h) && h.header_size <= HEADER_MAX) {
		rc = need(r, h.header_size);
		if (rc)
			return cut_header(err, rc);
	}
	if (waiting(r) != h.header_size || !header_intact(r->window, h.header_size, h.crc))
		return pw_error_set(err, -EBADMSG, "its header is damaged");
	if (h.version > PW_RECORDING_VERSION)
		return newer(err, "format", h.version, PW_RECORDING_VERSION);
	if (h.abi_major > PW_ABI_MAJOR)
		return newer(err, "records", h.abi_major, PW_ABI_MAJOR);
	if (h.version < PW_RECORDING_VERSION || h.abi_major < PW_ABI_MAJOR)
		return no_recording(err); /* nothing older was ever made */
	r->begin += h.header_size;
	return 0;
}

/* ---- blocks --------------------------------------------------------------- */

static bool plausible(const struct pw_recording_block *b)
{
	if (b->magic != PW_RECORDING_BLOCK_MAGIC || b->raw > PW_RECORDING_BLOCK_MAX ||
	    b->raw < sizeof(struct pw_record) || b->raw % 8 || !b->stored)
		return false;
	if (!b->records || b->records > b->raw / sizeof(struct pw_record))
		return false;
	return b->codec == PW_CODEC_RAW	 ? b->stored == b->raw :
	       b->codec == PW_CODEC_ZSTD ? b->stored < b->raw :
					   false;
}

static bool unpack(struct pw_recording_reader *r, const struct pw_recording_block *b,
		   const uint8_t *stored)
{
	if (b->codec == PW_CODEC_RAW) {
		memcpy(r->records, stored, b->raw);
		return true;
	}
	/* an output that does not fit is an error: nothing unpacks beyond b->raw */
	return ZSTD_decompressDCtx(r->zstd, r->records, b->raw, stored, b->stored) == b->raw;
}

/* Whether the sizes of the records lead exactly to the end, so that all can be given. */
static bool records_whole(const struct pw_recording_reader *r, const struct pw_recording_block *b)
{
	uint32_t n = 0;
	size_t at = 0;

	while (at < b->raw) {
		const struct pw_record *rec = (const void *)(r->records + at);

		if (b->raw - at < sizeof(*rec) || rec->size < sizeof(*rec) || rec->size % 8 ||
		    rec->size > PW_RECORD_MAX || rec->size > b->raw - at)
			return false;
		at += rec->size;
		n++;
	}
	return n == b->records;
}

/* Moves to the next magic. -ENODATA: there is none. */
static int seek_magic(struct pw_recording_reader *r)
{
	const uint32_t magic = PW_RECORDING_BLOCK_MAGIC;

	for (;;) {
		uint8_t *hit = memmem(r->window + r->begin, waiting(r), &magic, sizeof(magic));
		int rc;

		if (hit) {
			r->begin = (size_t)(hit - r->window);
			return 0;
		}
		if (waiting(r) >= sizeof(magic)) /* its beginning may be at the very end */
			r->begin = r->end - (sizeof(magic) - 1);
		rc = read_more(r, SCAN_CHUNK);
		if (rc)
			return rc;
	}
}

/* Where the search goes on behind a block that is none. */
static int reject(struct pw_recording_reader *r, size_t examined)
{
	r->scan_work += examined;
	r->begin += r->scan_work > SCAN_WORK_MAX && examined ? examined : 1;
	return -EBADMSG;
}

/* The block at r->begin. 0, -ENODATA at the end, -EBADMSG, or the input's -errno. */
static int take_block(struct pw_recording_reader *r)
{
	struct pw_recording_block b;
	const uint8_t *stored;
	int rc = need(r, sizeof(b));

	if (rc == -ENODATA && !waiting(r))
		return -ENODATA;
	if (rc)
		return rc == -ENODATA ? reject(r, 0) : rc;
	memcpy(&b, r->window + r->begin, sizeof(b));
	if (!plausible(&b))
		return reject(r, 0);
	rc = need(r, sizeof(b) + b.stored);
	if (rc)
		return rc == -ENODATA ? reject(r, 0) : rc;
	stored = r->window + r->begin + sizeof(b);
	if ((uint32_t)crc32(0, stored, b.stored) != b.crc || !unpack(r, &b, stored) ||
	    !records_whole(r, &b))
		return reject(r, sizeof(b) + b.stored);
	r->block = r->base + r->begin;
	r->begin += sizeof(b) + b.stored;
	r->at = 0;
	r->len = b.raw;
	return 0;
}

static int next_block(struct pw_recording_reader *r)
{
	for (;;) {
		int rc = r->scanning ? seek_magic(r) : 0;

		if (!rc)
			rc = take_block(r);
		if (!rc)
			r->scanning = false;
		if (rc != -EBADMSG)
			return rc;
		if (r->scanning)
			continue; /* still the same damaged place */
		r->scanning = true;
		r->damaged++;
		return rc;
	}
}

/* ---- reader --------------------------------------------------------------- */

PW_DEFINE_CLEANUP(struct pw_recording_reader, pw_recording_reader_destroy)

int pw_recording_reader_create(pw_recording_read_fn fn, void *ctx, struct pw_recording_reader **ret,
			       struct pw_error *err)
{
	struct pw_recording_reader *r pw_cleanup(pw_recording_reader_destroyp) =
		calloc(1, sizeof(*r));
	int rc;

	if (!r)
		return pw_error_set(err, -ENOMEM, "no memory for a reader");
	r->fn = fn;
	r->ctx = ctx;
	r->window = malloc(WINDOW);
	r->records = malloc(PW_RECORDING_BLOCK_MAX);
	r->zstd = ZSTD_createDCtx();
	if (!r->window || !r->records || !r->zstd)
		return pw_error_set(err, -ENOMEM, "no memory for a reader");
	rc = read_header(r, err);
	if (rc)
		return rc;
	*ret = pw_steal(r);
	return 0;
}

int pw_recording_read(struct pw_recording_reader *r, const struct pw_record **ret)
{
	const struct pw_record *rec;

	if (r->at == r->len) {
		int rc = next_block(r);

		if (rc)
			return rc;
	}
	rec = (const void *)(r->records + r->at);
	r->at += rec->size;
	*ret = rec;
	return 0;
}

uint64_t pw_recording_offset(const struct pw_recording_reader *r)
{
	return r->block;
}

uint64_t pw_recording_damaged(const struct pw_recording_reader *r)
{
	return r->damaged;
}

void pw_recording_reader_destroy(struct pw_recording_reader *r)
{
	if (!r)
		return;
	ZSTD_freeDCtx(r->zstd);
	free(r->records);
	free(r->window);
	free(r);
}
