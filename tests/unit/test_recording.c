// SPDX-License-Identifier: GPL-2.0-or-later
/* links: rest. The recording file: round trip, damage at every place, full disks. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <zlib.h>

#include "user/base/cleanup.h"
#include "user/base/hash.h"
#include "user/source/recording.h"

/* ---- a recording in memory -------------------------------------------------- */

struct memory {
	uint8_t *bytes;
	size_t len, at;
	size_t room; /* writes beyond it fail with -ENOSPC */
	size_t most; /* a read gives at most this many; 0: no limit */
	bool stutter; /* every second read is -EAGAIN */
	bool stuttered;
	unsigned int calls;
	size_t ends[16]; /* of the first writes: the header, then the blocks */
};

static int memory_write(void *ctx, const void *bytes, size_t len)
{
	struct memory *m = ctx;

	m->calls++;
	if (len > m->room - m->len)
		return -ENOSPC;
	if (m->calls <= sizeof(m->ends) / sizeof(m->ends[0]))
		m->ends[m->calls - 1] = m->len + len;
	m->bytes = realloc(m->bytes, m->len + len);
	assert_non_null(m->bytes);
	memcpy(m->bytes + m->len, bytes, len);
	m->len += len;
	return 0;
}

static int64_t memory_read(void *ctx, void *bytes, size_t len)
{
	struct memory *m = ctx;

	m->stuttered = m->stutter && !m->stuttered;
	if (m->stuttered)
		return -EAGAIN;
	if (m->most && len > m->most)
		len = m->most;
	if (len > m->len - m->at)
		len = m->len - m->at;
	memcpy(bytes, m->bytes + m->at, len);
	m->at += len;
	return (int64_t)len;
}

/* ---- records whose content tells which one they are ---------------------------- */

#define FILLER_SIZE 64

struct filler {
	struct pw_record rec;
	uint64_t number;
	uint8_t noise[FILLER_SIZE - 24];
};

static struct filler filler(uint64_t number, bool tick, bool noisy)
{
	struct filler f = {
		.rec = { .type = tick ? PW_REC_TICK : PW_REC_COUNTERS,
			 .size = sizeof(f),
			 .time_ns = number },
		.number = number,
	};

	/* what no compressor shrinks much */
	for (size_t i = 0; noisy && i < sizeof(f.noise); i++)
		f.noise[i] = (uint8_t)pw_hash_mix(number * sizeof(f.noise) + i);
	return f;
}

#define PER_TICK 3

static struct memory make(unsigned int records, bool noisy)
{
	struct memory m = { .room = SIZE_MAX };
	struct pw_recording_writer *w;

	assert_int_equal(pw_recording_writer_create(memory_write, &m, &w), 0);
	for (unsigned int i = 1; i <= records; i++) {
		struct filler f = filler(i, i % PER_TICK == 0, noisy);

		assert_int_equal(pw_recording_write(w, &f.rec), 0);
	}
	assert_int_equal(pw_recording_flush(w), 0);
	pw_recording_writer_destroy(w);
	return m;
}

struct outcome {
	int create;
	unsigned int records;
	unsigned int damages; /* -EBADMSG seen */
	uint64_t damaged; /* as the reader counts */
	uint64_t last;
	int end;
};

/* Reads to the end; every record given must be an original one, in order. */
static struct outcome play(struct memory *m, bool noisy, struct pw_error *err)
{
	struct outcome o = { 0 };
	struct pw_recording_reader *r;
	const struct pw_record *rec;

	m->at = 0;
	o.create = pw_recording_reader_create(memory_read, m, &r, err);
	if (o.create)
		return o;
	for (;;) {
		struct filler want;
		int rc = pw_recording_read(r, &rec);

		if (rc == -EAGAIN)
			continue;
		o.damages += rc == -EBADMSG;
		if (rc == -EBADMSG)
			continue;
		o.end = rc;
		if (rc)
			break;
		assert_int_equal(rec->size, FILLER_SIZE);
		want = filler(((const struct filler *)rec)->number, rec->type == PW_REC_TICK, noisy);
		assert_memory_equal(rec, &want, sizeof(want));
		assert_true(want.number > o.last);
		o.last = want.number;
		o.records++;
	}
	o.damaged = pw_recording_damaged(r);
	assert_int_equal(pw_recording_read(r, &rec), o.end); /* the end stays the end */
	pw_recording_reader_destroy(r);
	return o;
}

/* ---- tests -------------------------------------------------------------------- */

static void round_trip(void **state)
{
	(void)state;
	for (int noisy = 0; noisy <= 1; noisy++) {
		struct memory m = make(100, noisy);
		struct outcome o = play(&m, noisy, NULL);

		assert_int_equal(o.create, 0);
		assert_int_equal(o.records, 100);
		assert_int_equal(o.damages, 0);
		assert_int_equal(o.end, -ENODATA);
		free(m.bytes);
	}
}

/* A pipe gives what it has; a non-blocking descriptor gives nothing at times. */
static void short_reads(void **state)
{
	struct memory m = make(100, true);
	struct outcome o;

	(void)state;
	m.most = 7;
	o = play(&m, true, NULL);
	assert_int_equal(o.records, 100);
	assert_int_equal(o.damages, 0);
	free(m.bytes);
}

static void again(void **state)
{
	struct memory m = make(100, true);
	struct pw_recording_reader *r;
	const struct pw_record *rec;
	unsigned int records = 0, agains = 0;
	int rc;

	(void)state;
	assert_int_equal(pw_recording_reader_create(memory_read, &m, &r, NULL), 0);
	m.stutter = true;
	m.most = 100;
	while ((rc = pw_recording_read(r, &rec)) == 0 || rc == -EAGAIN) {
		records += rc == 0;
		agains += rc == -EAGAIN;
	}
	assert_int_equal(rc, -ENODATA);
	assert_int_equal(records, 100);
	assert_true(agains > 10);
	pw_recording_reader_destroy(r);
	free(m.bytes);
}

/* More than a block holds, without a tick: the writer cuts by itself. */
static void full_blocks(void **state)
{
	unsigned int records = 0, blocks = 0;
	struct memory m = { .room = SIZE_MAX };
	struct pw_recording_writer *w;
	struct pw_recording_reader *r;
	const struct pw_record *rec;
	uint8_t big[PW_RECORD_MAX] __attribute__((aligned(8)));
	uint64_t offset = 0;

	(void)state;
	assert_int_equal(pw_recording_writer_create(memory_write, &m, &w), 0);
	for (unsigned int i = 0; i < 200; i++) {
		memset(big, (int)i, sizeof(big));
		*(struct pw_record *)big = (struct pw_record){ .type = 99, .size = PW_RECORD_MAX };
		assert_int_equal(pw_recording_write(w, (const void *)big), 0);
	}
	assert_int_equal(pw_recording_flush(w), 0);
	pw_recording_writer_destroy(w);
	assert_int_equal(pw_recording_reader_create(memory_read, &m, &r, NULL), 0);
	while (!pw_recording_read(r, &rec)) {
		assert_int_equal(rec->size, PW_RECORD_MAX);
		assert_int_equal(((const uint8_t *)rec)[100], records);
		records++;
		blocks += pw_recording_offset(r) != offset;
		offset = pw_recording_offset(r);
	}
	assert_int_equal(records, 200);
	assert_int_equal(blocks, 4); /* 64 records of 16 KiB in each */
	pw_recording_reader_destroy(r);
	free(m.bytes);
}

static void wrong_sizes_are_refused(void **state)
{
	struct memory m = { .room = SIZE_MAX };
	struct pw_recording_writer *w;
	static const uint16_t sizes[] = { 0, 8, 15, 20, PW_RECORD_MAX + 8 };

	(void)state;
	assert_int_equal(pw_recording_writer_create(memory_write, &m, &w), 0);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct pw_record rec = { .type = 1, .size = sizes[i] };

		assert_int_equal(pw_recording_write(w, &rec), -EINVAL);
	}
	pw_recording_writer_destroy(w);
	free(m.bytes);
}

static bool is_block_end(const struct memory *m, size_t at)
{
	for (unsigned int i = 0; i < m->calls; i++) {
		if (m->ends[i] == at)
			return true;
	}
	return false;
}

/* What was whole before the cut is given; a cut inside a block is one damaged place. */
static void truncation_at_every_byte(void **state)
{
	struct memory m = make(30, true);
	size_t full = m.len, header = sizeof(struct pw_recording_header);

	(void)state;
	for (m.len = 0; m.len < full; m.len++) {
		struct outcome o = play(&m, true, NULL);

		if (m.len < header) {
			assert_int_equal(o.create, m.len < 8 ? -EINVAL : -EBADMSG);
			continue;
		}
		assert_int_equal(o.create, 0);
		assert_int_equal(o.end, -ENODATA);
		assert_int_equal(o.records % PER_TICK, 0);
		assert_int_equal(o.last, o.records);
		assert_true(o.damages <= 1);
		assert_int_equal(o.damaged, o.damages);
		assert_int_equal(o.damages == 0, is_block_end(&m, m.len));
	}
	free(m.bytes);
}

static void flip_every_bit(bool noisy)
{
	struct memory m = make(30, noisy);
	size_t header = sizeof(struct pw_recording_header);

	for (size_t bit = 0; bit < m.len * 8; bit++) {
		struct outcome o;

		m.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
		o = play(&m, noisy, NULL);
		if (bit / 8 < header) {
			assert_int_not_equal(o.create, 0);
		} else {
			assert_int_equal(o.create, 0);
			assert_int_equal(o.records, 30 - PER_TICK); /* its block, and no other */
			assert_int_equal(o.damages, 1);
			assert_int_equal(o.end, -ENODATA);
		}
		m.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	free(m.bytes);
}

static void one_flipped_bit_raw(void **state)
{
	(void)state;
	flip_every_bit(true);
}

static void one_flipped_bit_compressed(void **state)
{
	(void)state;
	flip_every_bit(false);
}

static void two_damaged_places(void **state)
{
	struct memory m = make(30, true);
	struct outcome o;

	(void)state;
	m.bytes[m.ends[2] + 40] ^= 1;
	m.bytes[m.ends[3] + 40] ^= 1; /* the neighbour: the same place */
	m.bytes[m.ends[7] + 40] ^= 1;
	o = play(&m, true, NULL);
	assert_int_equal(o.records, 30 - 3 * PER_TICK);
	assert_int_equal(o.damaged, 2);
	free(m.bytes);
}

static void rubbish_in_between(void **state)
{
	struct memory m = make(30, true);
	size_t at = m.ends[5];
	const size_t rubbish = 3000001;
	struct outcome o;

	(void)state;
	m.bytes = realloc(m.bytes, m.len + rubbish);
	assert_non_null(m.bytes);
	memmove(m.bytes + at + rubbish, m.bytes + at, m.len - at);
	for (size_t i = 0; i < rubbish; i++)
		m.bytes[at + i] = "WBLK\0PW"[i % 8];
	m.len += rubbish;
	o = play(&m, true, NULL);
	assert_int_equal(o.records, 30);
	assert_int_equal(o.damaged, 1);
	free(m.bytes);
}

/* Every candidate asks for a checksum of a MiB: the work must stay linear. */
static void candidates_alone_cost_linear_time(void **state)
{
	const struct pw_recording_block b = {
		.magic = PW_RECORDING_BLOCK_MAGIC,
		.codec = PW_CODEC_RAW,
		.stored = PW_RECORDING_BLOCK_MAX,
		.raw = PW_RECORDING_BLOCK_MAX,
		.records = 1,
	};
	struct memory m = make(3, true);
	size_t n = (32u << 20) / sizeof(b);
	struct outcome o;

	(void)state;
	m.bytes = realloc(m.bytes, m.len + n * sizeof(b));
	assert_non_null(m.bytes);
	for (size_t i = 0; i < n; i++, m.len += sizeof(b))
		memcpy(m.bytes + m.len, &b, sizeof(b));
	alarm(60); /* the square of it would be hours */
	o = play(&m, true, NULL);
	alarm(0);
	assert_int_equal(o.records, 3);
	assert_int_equal(o.damaged, 1);
	free(m.bytes);
}

/* Forges the last block, with a right checksum, and says whether it was taken. */
static unsigned int records_of_forged(const struct pw_recording_block *head, const void *stored)
{
	struct pw_recording_block b = *head;
	struct memory m = make(0, false);
	struct pw_recording_reader *r;
	const struct pw_record *rec;
	unsigned int n = 0;
	int rc;

	b.magic = PW_RECORDING_BLOCK_MAGIC;
	b.crc = (uint32_t)crc32(0, stored, head->stored);
	memory_write(&m, &b, sizeof(b));
	memory_write(&m, stored, head->stored);
	assert_int_equal(pw_recording_reader_create(memory_read, &m, &r, NULL), 0);
	while ((rc = pw_recording_read(r, &rec)) != -ENODATA)
		n += rc == 0;
	assert_int_equal(pw_recording_damaged(r), n ? 0 : 1);
	pw_recording_reader_destroy(r);
	free(m.bytes);
	return n;
}

static void forged_blocks(void **state)
{
	struct pw_record recs[4] = {
		{ .type = 1, .size = 16 },
		{ .type = 1, .size = 16 },
		{ .type = 1, .size = 16 },
		{ .type = 1, .size = 16 },
	};
	struct pw_recording_block b = { .stored = 64, .raw = 64, .records = 4 };
	static const uint16_t lies[] = { 0, 8, 12, 24, 32, 17, 65528 };

	(void)state;
	assert_int_equal(records_of_forged(&b, recs), 4);
	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		recs[3].size = lies[i];
		assert_int_equal(records_of_forged(&b, recs), 0);
	}
	recs[3].size = 16;
	b.records = 3;
	assert_int_equal(records_of_forged(&b, recs), 0);
	b.records = 4;
	b.raw = 72;
	assert_int_equal(records_of_forged(&b, recs), 0);
	b.raw = 64;
	b.codec = PW_CODEC_ZSTD;
	assert_int_equal(records_of_forged(&b, recs), 0);
	b.codec = 2;
	assert_int_equal(records_of_forged(&b, recs), 0);
}

/* A block that unpacks to more than it says. */
static void bomb(void **state)
{
	struct memory m = make(3, false);
	struct pw_recording_block b;
	size_t at = sizeof(struct pw_recording_header);
	const uint8_t *stored = m.bytes + at + sizeof(b);

	(void)state;
	memcpy(&b, m.bytes + at, sizeof(b));
	assert_int_equal(b.codec, PW_CODEC_ZSTD);
	assert_int_equal(records_of_forged(&b, stored), 3);
	b.raw -= FILLER_SIZE;
	b.records--;
	assert_int_equal(records_of_forged(&b, stored), 0);
	b.raw = PW_RECORDING_BLOCK_MAX;
	assert_int_equal(records_of_forged(&b, stored), 0);
	free(m.bytes);
}

static void newer_versions(void **state)
{
	const struct {
		uint16_t version, major, size;
		int want;
		const char *words;
	} cases[] = {
		{ 2, PW_ABI_MAJOR, 24, -EPROTONOSUPPORT,
		  "made by a newer pagewarden (format 2); this one reads up to 1" },
		{ 1, PW_ABI_MAJOR + 1, 24, -EPROTONOSUPPORT, "made by a newer pagewarden (records " },
		{ 0, PW_ABI_MAJOR, 24, -EINVAL, "not a recording" },
		{ 1, PW_ABI_MAJOR, 16, -EBADMSG, "header is damaged" },
		{ 1, PW_ABI_MAJOR, 32, 0, "" }, /* appended to by a later minor version */
		{ 2, PW_ABI_MAJOR, 32, -EPROTONOSUPPORT, "format 2" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct memory m = { .room = SIZE_MAX };
		struct pw_recording_header h = {
			.magic = PW_RECORDING_MAGIC,
			.version = cases[i].version,
			.abi_major = cases[i].major,
			.header_size = cases[i].size,
		};
		uint8_t bytes[32] = { 0 };
		struct pw_error err = { 0 };
		struct outcome o;

		memcpy(bytes, &h, sizeof(h));
		h.crc = (uint32_t)crc32(0, bytes, cases[i].size);
		memcpy(bytes, &h, sizeof(h));
		memory_write(&m, bytes, cases[i].size > 24 ? cases[i].size : 24);
		o = play(&m, false, &err);
		assert_int_equal(o.create, cases[i].want);
		if (o.create)
			assert_non_null(strstr(err.what, cases[i].words));
		else
			assert_int_equal(o.damages, 0);
		free(m.bytes);
	}
}

static void no_recording(void **state)
{
	char text[] = "#!/bin/sh\necho this is not a recording\n";
	struct memory m = { .bytes = (uint8_t *)text, .len = sizeof(text) };
	struct pw_error err;

	(void)state;
	assert_int_equal(play(&m, false, &err).create, -EINVAL);
	assert_string_equal(err.what, "not a recording of pagewarden");
	m.len = 0;
	assert_int_equal(play(&m, false, &err).create, -EINVAL);
}

/* A full disk: sticky, never tried again, and what was flushed before replays. */
static void full_disk(void **state)
{
	struct memory whole = make(30, true);

	(void)state;
	for (size_t room = 0; room < whole.len; room += 13) {
		struct memory m = { .room = room };
		struct pw_recording_writer *w;
		unsigned int i, calls;
		struct filler f;
		struct outcome o;
		int rc = pw_recording_writer_create(memory_write, &m, &w);

		if (room < sizeof(struct pw_recording_header)) {
			assert_int_equal(rc, -ENOSPC);
			continue;
		}
		assert_int_equal(rc, 0);
		for (i = 1; i <= 30; i++) {
			f = filler(i, i % PER_TICK == 0, true);
			rc = pw_recording_write(w, &f.rec);
			if (rc)
				break;
		}
		assert_int_equal(rc, -ENOSPC);
		calls = m.calls;
		m.room = SIZE_MAX; /* space again: a hole must not be hidden */
		assert_int_equal(pw_recording_write(w, &f.rec), -ENOSPC);
		assert_int_equal(pw_recording_flush(w), -ENOSPC);
		assert_int_equal(m.calls, calls);
		pw_recording_writer_destroy(w);
		o = play(&m, true, NULL);
		assert_int_equal(o.create, 0);
		assert_int_equal(o.records, (i - 1) / PER_TICK * PER_TICK);
		assert_int_equal(o.damages, 0);
		free(m.bytes);
	}
	free(whole.bytes);
}

static int fd_write(void *ctx, const void *bytes, size_t len)
{
	ssize_t n = write(*(int *)ctx, bytes, len);

	return n < 0 ? -errno : (size_t)n == len ? 0 : -EIO;
}

static void dev_full(void **state)
{
	pw_auto_close int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
	struct pw_recording_writer *w;

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(pw_recording_writer_create(fd_write, &fd, &w), -ENOSPC);
}

static int64_t failing_read(void *ctx, void *bytes, size_t len)
{
	struct memory *m = ctx;

	return m->at == m->len ? -EIO : memory_read(ctx, bytes, len);
}

static void read_error_is_told(void **state)
{
	struct memory m = make(6, true);
	struct pw_recording_reader *r;
	const struct pw_record *rec;
	unsigned int n = 0;
	int rc;

	(void)state;
	m.len -= 5;
	assert_int_equal(pw_recording_reader_create(failing_read, &m, &r, NULL), 0);
	while (!(rc = pw_recording_read(r, &rec)))
		n++;
	assert_int_equal(rc, -EIO); /* not damage: another read may succeed */
	assert_int_equal(n, 3);
	m.len += 5;
	while (!(rc = pw_recording_read(r, &rec)))
		n++;
	assert_int_equal(n, 6);
	assert_int_equal(pw_recording_damaged(r), 0);
	pw_recording_reader_destroy(r);
	free(m.bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(round_trip),
		cmocka_unit_test(short_reads),
		cmocka_unit_test(again),
		cmocka_unit_test(full_blocks),
		cmocka_unit_test(wrong_sizes_are_refused),
		cmocka_unit_test(truncation_at_every_byte),
		cmocka_unit_test(one_flipped_bit_raw),
		cmocka_unit_test(one_flipped_bit_compressed),
		cmocka_unit_test(two_damaged_places),
		cmocka_unit_test(rubbish_in_between),
		cmocka_unit_test(candidates_alone_cost_linear_time),
		cmocka_unit_test(forged_blocks),
		cmocka_unit_test(bomb),
		cmocka_unit_test(newer_versions),
		cmocka_unit_test(no_recording),
		cmocka_unit_test(full_disk),
		cmocka_unit_test(dev_full),
		cmocka_unit_test(read_error_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
