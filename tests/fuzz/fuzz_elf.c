// SPDX-License-Identifier: GPL-2.0-or-later
/* Bytes as the program file of a watched process. */
#include <assert.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz/fuzz.h"
#include "user/inspect/build_id.h"
#include "user/inspect/elf_image.h"
#include "user/inspect/program_image.h"

static void map_program(int fd)
{
	struct pw_program_image img;

	if (pw_program_image_read(fd, &img))
		return;
	assert(img.count <= PW_IMAGE_LOADS_MAX);
	for (unsigned int i = 0; i < img.count; i++) {
		pw_program_image_data(&img, img.loads[i].offset, 4096);
		pw_program_image_bss_end(&img, 0x400000, img.loads[i].offset & ~4095ull, 4096);
	}
}

static void walk_headers(int fd)
{
	struct pw_elf elf;
	Elf64_Phdr phdr;

	if (pw_elf_open(fd, &elf))
		return;
	assert(elf.phnum <= 128);
	for (uint32_t i = 0; i < elf.phnum; i++)
		pw_elf_phdr(&elf, i, &phdr);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int fd = -1;
	uint8_t id[PW_BUILD_ID_BYTES];

	if (fd < 0)
		fd = memfd_create("elf", MFD_CLOEXEC);
	if (fd < 0 || ftruncate(fd, 0) || pwrite(fd, data, size, 0) != (ssize_t)size)
		abort();
	assert(pw_build_id_read(fd, id, sizeof(id)) <= (int)sizeof(id));
	assert(pw_build_id_read(fd, id, 3) <= 3);
	walk_headers(fd);
	map_program(fd);
	return 0;
}
