// SPDX-License-Identifier: GPL-2.0-or-later
/* Build ids of good, cut and hostile ELF files. links: rest */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>

#include "user/inspect/build_id.h"

static const uint8_t want_id[20] = { 1,	 2,  3,	 4,  5,	 6,  7,	 8,  9,	 10,
				     11, 12, 13, 14, 15, 16, 17, 18, 19, 20 };

/* An image with one PT_LOAD and one PT_NOTE: a foreign note, then the build id. */
struct image {
	union {
		Elf64_Ehdr wide;
		Elf32_Ehdr narrow;
	} h;
	union {
		Elf64_Phdr wide[2];
		Elf32_Phdr narrow[2];
	} ph;
	struct {
		Elf64_Nhdr head;
		char name[8];
		char desc[4];
	} other;
	struct {
		Elf64_Nhdr head;
		char name[4];
		uint8_t desc[20];
	} id;
};

static void fill_notes(struct image *img)
{
	img->other.head = (Elf64_Nhdr){ .n_namesz = 5, .n_descsz = 3, .n_type = NT_GNU_BUILD_ID };
	memcpy(img->other.name, "Else", 5);
	img->id.head = (Elf64_Nhdr){ .n_namesz = 4, .n_descsz = 20, .n_type = NT_GNU_BUILD_ID };
	memcpy(img->id.name, "GNU", 4);
	memcpy(img->id.desc, want_id, sizeof(want_id));
}

#define NOTES_AT offsetof(struct image, other)
#define NOTES_LEN (sizeof(struct image) - NOTES_AT)

static struct image image64(void)
{
	struct image img = { 0 };

	memcpy(img.h.wide.e_ident, ELFMAG, SELFMAG);
	img.h.wide.e_ident[EI_CLASS] = ELFCLASS64;
	img.h.wide.e_ident[EI_DATA] = ELFDATA2LSB;
	img.h.wide.e_phoff = offsetof(struct image, ph);
	img.h.wide.e_phnum = 2;
	img.h.wide.e_phentsize = sizeof(Elf64_Phdr);
	img.ph.wide[0] = (Elf64_Phdr){ .p_type = PT_LOAD };
	img.ph.wide[1] = (Elf64_Phdr){
		.p_type = PT_NOTE, .p_offset = NOTES_AT, .p_filesz = NOTES_LEN, .p_align = 4
	};
	fill_notes(&img);
	return img;
}

static struct image image32(void)
{
	struct image img = { 0 };

	memcpy(img.h.narrow.e_ident, ELFMAG, SELFMAG);
	img.h.narrow.e_ident[EI_CLASS] = ELFCLASS32;
	img.h.narrow.e_ident[EI_DATA] = ELFDATA2LSB;
	img.h.narrow.e_phoff = offsetof(struct image, ph);
	img.h.narrow.e_phnum = 2;
	img.h.narrow.e_phentsize = sizeof(Elf32_Phdr);
	img.ph.narrow[0] = (Elf32_Phdr){ .p_type = PT_LOAD };
	img.ph.narrow[1] = (Elf32_Phdr){
		.p_type = PT_NOTE, .p_offset = NOTES_AT, .p_filesz = NOTES_LEN, .p_align = 4
	};
	fill_notes(&img);
	return img;
}

static int fd_of(const void *bytes, size_t len)
{
	int fd = memfd_create("elf", 0);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, len), len);
	return fd;
}

static int read_bytes(const void *bytes, size_t len, uint8_t out[PW_BUILD_ID_BYTES])
{
	int fd = fd_of(bytes, len);
	int n = pw_build_id_read(fd, out, PW_BUILD_ID_BYTES);

	close(fd);
	return n;
}

static void both_classes_are_read(void **state)
{
	struct image images[] = { image64(), image32() };
	uint8_t id[PW_BUILD_ID_BYTES];

	(void)state;
	for (int i = 0; i < 2; i++) {
		assert_int_equal(read_bytes(&images[i], sizeof(images[i]), id), 20);
		assert_memory_equal(id, want_id, 20);
	}
}

static void a_linker_agrees(void **state)
{
	uint8_t id[PW_BUILD_ID_BYTES];
	char text[65] = "", line[256];
	FILE *tool = popen("readelf -n /proc/$PPID/exe 2>/dev/null", "r");
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	int n = pw_build_id_read(fd, id, sizeof(id));

	(void)state;
	assert_non_null(tool);
	while (fgets(line, sizeof(line), tool))
		sscanf(line, " Build ID: %64s", text);
	pclose(tool);
	assert_int_equal(n, (int)strlen(text) / 2);
	for (int i = 0; i < n; i++) {
		char hex[3];

		snprintf(hex, sizeof(hex), "%02x", id[i]);
		assert_memory_equal(hex, text + 2 * i, 2);
	}
	close(fd);
}

static void every_truncation_is_an_error(void **state)
{
	struct image images[] = { image64(), image32() };
	uint8_t id[PW_BUILD_ID_BYTES];

	(void)state;
	for (int i = 0; i < 2; i++)
		for (size_t len = 0; len < sizeof(struct image); len++)
			assert_true(read_bytes(&images[i], len, id) < 0);
}

static void other_files_are_no_elf(void **state)
{
	struct image img = image64();
	uint8_t id[PW_BUILD_ID_BYTES];

	(void)state;
	assert_int_equal(read_bytes("#!/bin/sh\necho hello\n", 21, id), -ENOEXEC);
	img.h.wide.e_ident[EI_DATA] = ELFDATA2MSB;
	assert_int_equal(read_bytes(&img, sizeof(img), id), -ENOEXEC);
	img = image64();
	img.h.wide.e_ident[EI_CLASS] = 7;
	assert_int_equal(read_bytes(&img, sizeof(img), id), -ENOEXEC);
}

static void lies_about_sizes_are_caught(void **state)
{
	uint8_t id[PW_BUILD_ID_BYTES];
	struct image img;

	(void)state;
	img = image64();
	img.h.wide.e_phoff = UINT64_MAX - 8;
	assert_true(read_bytes(&img, sizeof(img), id) < 0);
	img = image64();
	img.h.wide.e_phnum = 65535;
	img.ph.wide[1].p_type = PT_NULL;
	assert_true(read_bytes(&img, sizeof(img), id) < 0);
	img = image64();
	img.h.wide.e_phentsize = 1;
	assert_int_equal(read_bytes(&img, sizeof(img), id), -EBADMSG);
	img = image64();
	img.ph.wide[1].p_offset = UINT64_MAX;
	assert_int_equal(read_bytes(&img, sizeof(img), id), -ENOENT);
	img = image64();
	img.ph.wide[1].p_filesz = UINT64_MAX;
	assert_int_equal(read_bytes(&img, sizeof(img), id), -ENOENT);
	img = image64();
	img.other.head.n_namesz = UINT32_MAX;
	assert_int_equal(read_bytes(&img, sizeof(img), id), -ENOENT);
	img = image64();
	img.other.head.n_descsz = UINT32_MAX;
	assert_int_equal(read_bytes(&img, sizeof(img), id), -ENOENT);
	img = image64();
	img.id.head.n_descsz = 64;
	assert_int_equal(read_bytes(&img, sizeof(img), id), -ENOENT);
	img = image64();
	img.id.head.n_descsz = 0;
	assert_int_equal(read_bytes(&img, sizeof(img), id), -ENOENT);
}

static void flipped_bytes_never_crash(void **state)
{
	uint8_t id[PW_BUILD_ID_BYTES];

	(void)state;
	srandom(20011);
	for (int round = 0; round < 20000; round++) {
		struct image img = round & 1 ? image32() : image64();
		uint8_t *bytes = (uint8_t *)&img;

		for (int flips = 1 + random() % 8; flips > 0; flips--)
			bytes[random() % sizeof(img)] = (uint8_t)random();
		assert_true(read_bytes(&img, sizeof(img), id) <= PW_BUILD_ID_BYTES);
	}
}

static void an_id_is_cut_to_the_room(void **state)
{
	struct image img = image64();
	uint8_t id[PW_BUILD_ID_BYTES] = { 0 };
	int fd = fd_of(&img, sizeof(img));

	(void)state;
	assert_int_equal(pw_build_id_read(fd, id, 7), 7);
	assert_memory_equal(id, want_id, 7);
	assert_int_equal(id[7], 0);
	close(fd);
}

static void the_cache_sees_a_rewritten_file(void **state)
{
	struct image img = image64();
	uint8_t id[PW_BUILD_ID_BYTES];
	int fd = fd_of(&img, sizeof(img));

	(void)state;
	assert_int_equal(pw_build_id_cached(fd, id), 20);
	assert_int_equal(pw_build_id_cached(fd, id), 20);
	assert_memory_equal(id, want_id, 20);
	usleep(20000); /* a file's times advance with the timer tick */
	img.id.desc[0] = 99;
	assert_int_equal(pwrite(fd, &img, sizeof(img), 0), sizeof(img));
	assert_int_equal(pw_build_id_cached(fd, id), 20);
	assert_int_equal(id[0], 99);
	usleep(20000);
	assert_int_equal(ftruncate(fd, 10), 0);
	assert_int_equal(pw_build_id_cached(fd, id), -ENOENT);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_classes_are_read),
		cmocka_unit_test(a_linker_agrees),
		cmocka_unit_test(every_truncation_is_an_error),
		cmocka_unit_test(other_files_are_no_elf),
		cmocka_unit_test(lies_about_sizes_are_caught),
		cmocka_unit_test(flipped_bytes_never_crash),
		cmocka_unit_test(an_id_is_cut_to_the_room),
		cmocka_unit_test(the_cache_sees_a_rewritten_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
