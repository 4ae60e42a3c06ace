// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "user/inspect/elf_image.h"

#define PHDRS_MAX 128

int pw_elf_read(int fd, void *out, size_t size, uint64_t offset)
{
	ssize_t n;

	if (offset > INT64_MAX)
		return -EBADMSG;
	n = pread(fd, out, size, (off_t)offset);
	if (n < 0)
		return -errno;
	return (size_t)n == size ? 0 : -EBADMSG;
}

int pw_elf_open(int fd, struct pw_elf *ret)
{
	union {
		unsigned char ident[EI_NIDENT];
		Elf32_Ehdr narrow;
		Elf64_Ehdr wide;
	} h;
	const unsigned char order = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? ELFDATA2LSB :
										ELFDATA2MSB;
	struct pw_elf elf;
	int err = pw_elf_read(fd, &h.ident, sizeof(h.ident), 0);

	if (err)
		return err;
	if (memcmp(h.ident, ELFMAG, SELFMAG) != 0 || h.ident[EI_DATA] != order)
		return -ENOEXEC;
	if (h.ident[EI_CLASS] != ELFCLASS64 && h.ident[EI_CLASS] != ELFCLASS32)
		return -ENOEXEC;
	elf.fd = fd;
	elf.wide = h.ident[EI_CLASS] == ELFCLASS64;
	err = pw_elf_read(fd, &h, elf.wide ? sizeof(h.wide) : sizeof(h.narrow), 0);
	if (err)
		return err;
	elf.phoff = elf.wide ? h.wide.e_phoff : h.narrow.e_phoff;
	elf.phnum = elf.wide ? h.wide.e_phnum : h.narrow.e_phnum;
	if ((elf.wide ? h.wide.e_phentsize : h.narrow.e_phentsize) !=
	    (elf.wide ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr)))
		return -EBADMSG;
	if (elf.phnum > PHDRS_MAX)
		elf.phnum = PHDRS_MAX;
	*ret = elf;
	return 0;
}

int pw_elf_phdr(const struct pw_elf *elf, uint32_t i, Elf64_Phdr *ret)
{
	uint64_t at, size = elf->wide ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr);
	Elf32_Phdr narrow;
	int err;

	if (__builtin_add_overflow(elf->phoff, i * size, &at))
		return -EBADMSG;
	if (elf->wide)
		return pw_elf_read(elf->fd, ret, sizeof(*ret), at);
	err = pw_elf_read(elf->fd, &narrow, sizeof(narrow), at);
	if (err)
		return err;
	*ret = (Elf64_Phdr){
		.p_type = narrow.p_type,
		.p_offset = narrow.p_offset,
		.p_filesz = narrow.p_filesz,
		.p_vaddr = narrow.p_vaddr,
		.p_memsz = narrow.p_memsz,
		.p_flags = narrow.p_flags,
		.p_align = narrow.p_align,
	};
	return 0;
}
