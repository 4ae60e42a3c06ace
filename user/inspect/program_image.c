// SPDX-License-Identifier: GPL-2.0-or-later
#include "user/inspect/elf_image.h"
#include "user/inspect/program_image.h"

int pw_program_image_read(int fd, struct pw_program_image *ret)
{
	struct pw_program_image img = { 0 };
	struct pw_elf elf;
	Elf64_Phdr ph;
	int err = pw_elf_open(fd, &elf);

	if (err)
		return err;
	img.wide = elf.wide;
	for (uint32_t i = 0; i < elf.phnum && img.count < PW_IMAGE_LOADS_MAX; i++) {
		err = pw_elf_phdr(&elf, i, &ph);
		if (err)
			return err;
		if (ph.p_type != PT_LOAD)
			continue;
		img.loads[img.count++] = (struct pw_image_load){
			.offset = ph.p_offset,
			.file_bytes = ph.p_filesz,
			.memory_bytes = ph.p_memsz,
			.address = ph.p_vaddr,
			.flags = ph.p_flags,
		};
	}
	*ret = img;
	return 0;
}

const struct pw_image_load *pw_program_image_data(const struct pw_program_image *img,
						  uint64_t offset, uint64_t page_size)
{
	for (unsigned int i = 0; i < img->count; i++) {
		const struct pw_image_load *load = &img->loads[i];
		uint64_t first = load->offset & ~(page_size - 1), end;

		if (!(load->flags & PF_W))
			continue;
		if (__builtin_add_overflow(load->offset, load->file_bytes, &end))
			continue;
		if (offset >= first && offset < end)
			return load;
	}
	return NULL;
}

uint64_t pw_program_image_bss_end(const struct pw_program_image *img, uint64_t start,
				  uint64_t offset, uint64_t page_size)
{
	const struct pw_image_load *load = pw_program_image_data(img, offset, page_size);
	uint64_t end;

	if (!load)
		return 0;
	/* start maps `offset`; the load's byte at load->offset + memory_bytes is the end */
	if (__builtin_add_overflow(start, load->memory_bytes, &end) ||
	    __builtin_add_overflow(end, load->offset, &end) ||
	    __builtin_sub_overflow(end, offset, &end) ||
	    __builtin_add_overflow(end, page_size - 1, &end))
		return 0;
	return end & ~(page_size - 1);
}
