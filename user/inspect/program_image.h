/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an ELF file says its mappings are: which are data, and where .bss ends. */
#ifndef PW_INSPECT_PROGRAM_IMAGE_H
#define PW_INSPECT_PROGRAM_IMAGE_H

#include <stdbool.h>
#include <stdint.h>

#define PW_IMAGE_LOADS_MAX 16

struct pw_program_image {
	bool wide; /* 64 bits */
	unsigned int count;
	struct pw_image_load {
		uint64_t offset, file_bytes, memory_bytes;
		uint64_t address; /* in the file's own terms */
		uint32_t flags; /* PF_* */
	} loads[PW_IMAGE_LOADS_MAX];
};

/* 0, or -errno as pw_elf_open. */
int pw_program_image_read(int fd, struct pw_program_image *ret);
/* The writable load that a mapping of this file offset belongs to; NULL: none. */
const struct pw_image_load *pw_program_image_data(const struct pw_program_image *img,
						  uint64_t offset, uint64_t page_size);
/*
 * The end of .bss (page-aligned) behind the data mapping at start, which maps
 * offset; 0: not known.
 */
uint64_t pw_program_image_bss_end(const struct pw_program_image *img, uint64_t start,
				  uint64_t offset, uint64_t page_size);

#endif
