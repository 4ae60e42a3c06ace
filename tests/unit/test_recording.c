// SPDX-License-Identifier: GPL-2.0-or-later
/* links: rest. The recording file: round trip, versions, full disks. */
#include <fcntl.h>
#include <unistd.h>

#include <zlib.h>

#include "lib/recording_memory.h"
#include "user/base/cleanup.h"

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
		cmocka_unit_test(newer_versions),
		cmocka_unit_test(no_recording),
		cmocka_unit_test(full_disk),
		cmocka_unit_test(dev_full),
		cmocka_unit_test(read_error_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
