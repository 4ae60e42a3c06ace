/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The program headers of an ELF file: a few bounded preads, both classes, the
 * machine's byte order. The file belongs to the watched process, so every
 * offset and size in it is hostile; a reader checks what it uses.
 */
#ifndef PW_INSPECT_ELF_IMAGE_H
#define PW_INSPECT_ELF_IMAGE_H

#include <elf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pw_elf {
	int fd; /* the caller's */
	bool wide; /* ELFCLASS64 */
	uint64_t phoff;
	uint32_t phnum; /* at most 128; the rest is not looked at */
};

/* Exactly size bytes at offset, or -EBADMSG. */
int pw_elf_read(int fd, void *out, size_t size, uint64_t offset);
/* -ENOEXEC: no ELF of this machine's byte order; -EBADMSG: damaged. */
int pw_elf_open(int fd, struct pw_elf *ret);
/* The i-th program header, widened. */
int pw_elf_phdr(const struct pw_elf *elf, uint32_t i, Elf64_Phdr *ret);

#endif
