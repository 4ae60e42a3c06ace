/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The entries (FDEs) of a section of call frame information: which places
 * each is about. elfutils walks the section and reads the rules, but keeps the
 * places, whose encoding the CIE tells, to itself.
 */
#ifndef PW_SYMBOL_FRAME_ENTRY_H
#define PW_SYMBOL_FRAME_ENTRY_H

#include <elfutils/libdw.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pw_frame_entries {
	Elf_Data *data; /* the file's */
	unsigned char ident[EI_NIDENT];
	uint64_t address; /* of the section */
	bool eh; /* .eh_frame, else .debug_frame */
	Dwarf_Off next;
	Dwarf_Off cie; /* of which encoding was read */
	int encoding; /* DW_EH_PE_*; -1: not one that is known */
	uint32_t damaged; /* entries that were passed over */
	size_t cie_bytes; /* instructions of that CIE, */
	size_t entry_bytes; /* and of the last entry: what finding one of its rows may have to read */
};

/* 0; -ENOENT no such section; -EBADMSG; -EFBIG larger than max. */
int pw_frame_entries_open(Elf *elf, const char *section, size_t max, struct pw_frame_entries *ret);
/* 1 and the next entry's places, half-open; 0 at the end; -EBADMSG where the section can't be walked. */
int pw_frame_entries_next(struct pw_frame_entries *e, uint64_t *ret_from, uint64_t *ret_to);

#endif
