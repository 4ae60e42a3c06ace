// SPDX-License-Identifier: GPL-2.0-or-later
#include "user/symbol/frame_entry.h"

#include <dwarf.h>
#include <errno.h>
#include <gelf.h>
#include <string.h>

static int find_section(Elf *elf, const char *name, GElf_Shdr *ret, Elf_Scn **ret_scn)
{
	size_t names;

	if (elf_getshdrstrndx(elf, &names))
		return -ENOENT; /* no section headers */
	for (Elf_Scn *scn = NULL; (scn = elf_nextscn(elf, scn));) {
		const char *is;

		if (!gelf_getshdr(scn, ret) || ret->sh_type == SHT_NOBITS)
			continue;
		is = elf_strptr(elf, names, ret->sh_name);
		if (is && strcmp(is, name) == 0) {
			*ret_scn = scn;
			return 0;
		}
	}
	return -ENOENT;
}

int pw_frame_entries_open(Elf *elf, const char *section, size_t max, struct pw_frame_entries *ret)
{
	struct pw_frame_entries e = { .eh = strcmp(section, ".eh_frame") == 0, .cie = (Dwarf_Off)-1 };
	const char *ident = elf_getident(elf, NULL);
	Elf_Scn *scn;
	GElf_Shdr shdr;
	int rc = find_section(elf, section, &shdr, &scn);

	if (rc)
		return rc;
	if (shdr.sh_size > max)
		return -EFBIG;
	if (shdr.sh_flags & SHF_COMPRESSED && elf_compress(scn, 0, 0) < 0)
		return -EBADMSG;
	e.data = elf_rawdata(scn, NULL);
	if (!ident || !e.data || !e.data->d_buf || e.data->d_size > max)
		return -EBADMSG;
	memcpy(e.ident, ident, sizeof(e.ident));
	e.address = shdr.sh_addr;
	*ret = e;
	return 0;
}

/* The formats of numbers (low half of a DW_EH_PE_*) that are used; size 0: another one. */
static const struct {
	uint8_t size;
	bool is_signed;
} formats[16] = {
	[DW_EH_PE_absptr] = { 8, false }, [DW_EH_PE_udata2] = { 2, false },
	[DW_EH_PE_udata4] = { 4, false }, [DW_EH_PE_udata8] = { 8, false },
	[DW_EH_PE_sdata2] = { 2, true },  [DW_EH_PE_sdata4] = { 4, true },
	[DW_EH_PE_sdata8] = { 8, true },
};

/*
 * The letters behind 'z' tell what the augmentation data has: 'R' the
 * encoding of places, before which there may be a personality ('P', an
 * encoding and a pointer) and an encoding of language data ('L').
 */
static int encoding_of(const Dwarf_CIE *cie)
{
	const uint8_t *at = cie->augmentation_data, *end = at + cie->augmentation_data_size;

	if (cie->augmentation[0] == '\0')
		return DW_EH_PE_absptr;
	if (cie->augmentation[0] != 'z' || !at)
		return -1;
	for (const char *c = cie->augmentation + 1; *c; c++) {
		if (*c == 'S' || *c == 'B')
			continue;
		if (at >= end)
			return -1;
		if (*c == 'R')
			return *at;
		if (*c == 'P') {
			uint8_t size = formats[*at & 0xf].size;

			if (!size || end - at < 1 + size)
				return -1;
			at += 1 + size;
		} else if (*c == 'L') {
			at++;
		} else {
			return -1;
		}
	}
	return DW_EH_PE_absptr;
}

static int read_cie(struct pw_frame_entries *e, Dwarf_Off offset)
{
	Dwarf_CFI_Entry entry;
	Dwarf_Off next;

	if (offset == e->cie)
		return 0;
	if (dwarf_next_cfi(e->ident, e->data, e->eh, offset, &next, &entry) ||
	    !dwarf_cfi_cie_p(&entry))
		return -EBADMSG;
	e->cie = offset;
	e->cie_bytes = (size_t)(entry.cie.initial_instructions_end - entry.cie.initial_instructions);
	e->encoding = e->eh ? encoding_of(&entry.cie) : DW_EH_PE_absptr;
	return 0;
}

/* One number in an encoding's format; false: not enough bytes, or another format. */
static bool read_number(const uint8_t **at, const uint8_t *end, int encoding, uint64_t *ret)
{
	unsigned int size = formats[encoding & 0xf].size, shift = 64 - 8 * size;
	uint64_t value = 0;

	if (!size || (size_t)(end - *at) < size)
		return false;
	memcpy(&value, *at, size); /* x86-64: the least significant byte first */
	*at += size;
	*ret = formats[encoding & 0xf].is_signed ? (uint64_t)((int64_t)(value << shift) >> shift) :
						   value;
	return true;
}

static bool places_of(const struct pw_frame_entries *e, const Dwarf_FDE *fde, uint64_t *ret_from,
		      uint64_t *ret_to)
{
	const uint8_t *at = fde->start, *end = fde->end;
	uint64_t here = e->address + (uint64_t)(at - (const uint8_t *)e->data->d_buf);
	uint64_t from, size;

	if (e->encoding < 0 || e->encoding & DW_EH_PE_indirect ||
	    !read_number(&at, end, e->encoding, &from))
		return false;
	/* of the size the encoding's format counts, without its sign */
	if (!read_number(&at, end, e->encoding & 0x7, &size))
		return false;
	if ((e->encoding & 0x70) == DW_EH_PE_pcrel)
		from += here;
	else if (e->encoding & 0x70)
		return false;
	if (!size || __builtin_add_overflow(from, size, ret_to))
		return false;
	*ret_from = from;
	return true;
}

int pw_frame_entries_next(struct pw_frame_entries *e, uint64_t *ret_from, uint64_t *ret_to)
{
	for (;;) {
		Dwarf_CFI_Entry entry;
		Dwarf_Off next;
		int rc = dwarf_next_cfi(e->ident, e->data, e->eh, e->next, &next, &entry);

		if (rc > 0 || (!rc && next == (Dwarf_Off)-1))
			return 0;
		/* damage inside an entry leaves the next one's place known */
		if (next <= e->next || next == (Dwarf_Off)-1)
			return -EBADMSG;
		e->next = next;
		if (rc < 0) {
			e->damaged++;
			continue;
		}
		if (dwarf_cfi_cie_p(&entry))
			continue;
		if (!read_cie(e, entry.fde.CIE_pointer) &&
		    places_of(e, &entry.fde, ret_from, ret_to)) {
			e->entry_bytes = (size_t)(entry.fde.end - entry.fde.start);
			return 1;
		}
		e->damaged++;
	}
}
