/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Function symbols of an ELF file: by name, and by place. The file belongs to
 * a watched process, so every size and offset in it is hostile: tables are
 * read in bounded pieces by pread, never mapped (a file that shrinks under a
 * mapping kills the reader), and nothing read is trusted as an index.
 *
 * Places are offsets in the file, as uprobes and the mappings of a process
 * count them. 64-bit files of this machine's byte order alone.
 */
#ifndef PW_SYMBOL_SYMBOL_H
#define PW_SYMBOL_SYMBOL_H

#include <stddef.h>
#include <stdint.h>

#define PW_SYMBOL_NAMES_MAX (64u << 20) /* bytes of one string table; a larger one is not read */
#define PW_SYMBOLS_MAX (4u << 20) /* of one table; the rest is not looked at */

struct pw_symbol {
	uint64_t offset; /* in the file */
	uint64_t size; /* 0: the file does not say */
	int ifunc; /* the symbol is a resolver, not the function */
};

/*
 * Calls found for each function symbol that has one of the names (index which;
 * a version behind "@" does not count). The same function may be found more
 * than once, through .dynsym and .symtab. A result that is not 0 ends the
 * search and is passed on. 0; -ENOEXEC: no such ELF file; -EBADMSG: damaged.
 */
int pw_symbol_find(int fd, const char *const *names, size_t count,
		   int (*found)(void *ctx, size_t which, const struct pw_symbol *symbol), void *ctx);

/*
 * The function that covers a place: its name (cut to size) and where in it the
 * place is. Only a symbol with a size covers anything: a guess at the nearest
 * one would blame a neighbour in a stripped file. debug_fd, which may be -1, is
 * the file's separate debug file, asked where the file itself knows nothing.
 * 0; -ENOENT: no symbol covers it; as above.
 */
int pw_symbol_at(int fd, int debug_fd, uint64_t offset, char *name, size_t size,
		 uint64_t *ret_offset);

/* Opens the separate debug file of an ELF file, by its build id. An fd or -errno. */
int pw_symbol_open_debug(int fd);

#endif
