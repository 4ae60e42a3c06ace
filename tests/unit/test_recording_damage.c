// SPDX-License-Identifier: GPL-2.0-or-later
/* links: rest. Damage at every place of a recording, and blocks that lie. */
#include <unistd.h>

#include <zlib.h>

#include "lib/recording_memory.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(truncation_at_every_byte),
		cmocka_unit_test(one_flipped_bit_raw),
		cmocka_unit_test(one_flipped_bit_compressed),
		cmocka_unit_test(two_damaged_places),
		cmocka_unit_test(rubbish_in_between),
		cmocka_unit_test(candidates_alone_cost_linear_time),
		cmocka_unit_test(forged_blocks),
		cmocka_unit_test(bomb),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
