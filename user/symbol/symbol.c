// SPDX-License-Identifier: GPL-2.0-or-later
#include "user/symbol/symbol.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "user/base/cleanup.h"
#include "user/inspect/build_id.h"
#include "user/inspect/elf_image.h"

#define SECTIONS_MAX 4096u
#define LOADS_MAX 32u
#define BATCH 1024u /* symbols that are read at once */

struct image {
	struct pw_elf elf;
	uint64_t section_at;
	uint32_t section_count;
	Elf64_Phdr loads[LOADS_MAX]; /* executable ones */
	uint32_t load_count;
};

/* Gets each symbol with its name's table; a result that is not 0 ends the walk. */
typedef int (*visit_fn)(void *ctx, const Elf64_Sym *symbol, const char *name);

static int open_image(int fd, struct image *img)
{
	Elf64_Ehdr head;
	int rc = pw_elf_open(fd, &img->elf);

	if (rc)
		return rc;
	if (!img->elf.wide)
		return -ENOEXEC;
	rc = pw_elf_read(fd, &head, sizeof(head), 0);
	if (rc)
		return rc;
	if (head.e_machine != EM_X86_64 && head.e_machine != EM_AARCH64)
		return -ENOEXEC;
	img->section_at = head.e_shoff;
	img->section_count = head.e_shentsize == sizeof(Elf64_Shdr) ? head.e_shnum : 0;
	if (img->section_count > SECTIONS_MAX)
		img->section_count = SECTIONS_MAX;
	img->load_count = 0;
	for (uint32_t i = 0; i < img->elf.phnum && img->load_count < LOADS_MAX; i++) {
		Elf64_Phdr *p = &img->loads[img->load_count];

		if (!pw_elf_phdr(&img->elf, i, p) && p->p_type == PT_LOAD && p->p_flags & PF_X)
			img->load_count++;
	}
	return 0;
}

static int section(const struct image *img, uint32_t index, Elf64_Shdr *ret)
{
	uint64_t at;

	if (index >= img->section_count ||
	    __builtin_add_overflow(img->section_at, (uint64_t)index * sizeof(*ret), &at))
		return -EBADMSG;
	return pw_elf_read(img->elf.fd, ret, sizeof(*ret), at);
}

/* Where the file has an address of an executable segment; false: nowhere. */
static bool offset_of(const struct image *img, uint64_t address, uint64_t *ret)
{
	for (uint32_t i = 0; i < img->load_count; i++) {
		const Elf64_Phdr *p = &img->loads[i];

		if (address < p->p_vaddr || address - p->p_vaddr >= p->p_filesz)
			continue;
		return !__builtin_add_overflow(p->p_offset, address - p->p_vaddr, ret);
	}
	return false;
}

static bool address_of(const struct image *img, uint64_t offset, uint64_t *ret)
{
	for (uint32_t i = 0; i < img->load_count; i++) {
		const Elf64_Phdr *p = &img->loads[i];

		if (offset < p->p_offset || offset - p->p_offset >= p->p_filesz)
			continue;
		return !__builtin_add_overflow(p->p_vaddr, offset - p->p_offset, ret);
	}
	return false;
}

/* A whole string table with a NUL behind it. */
static int read_names(const struct image *img, uint32_t index, char **ret, uint64_t *ret_size)
{
	pw_auto_free char *names = NULL;
	struct stat st;
	Elf64_Shdr s;
	int rc = section(img, index, &s);

	if (rc)
		return rc;
	if (s.sh_type != SHT_STRTAB || s.sh_size > PW_SYMBOL_NAMES_MAX)
		return -EBADMSG;
	/* Before memory is taken: does the file have that much? */
	if (fstat(img->elf.fd, &st) || s.sh_size > (uint64_t)st.st_size)
		return -EBADMSG;
	names = malloc(s.sh_size + 1);
	if (!names)
		return -ENOMEM;
	rc = pw_elf_read(img->elf.fd, names, s.sh_size, s.sh_offset);
	if (rc)
		return rc;
	names[s.sh_size] = '\0';
	*ret_size = s.sh_size;
	*ret = pw_steal(names);
	return 0;
}

static bool is_function(const Elf64_Sym *s)
{
	const unsigned char type = ELF64_ST_TYPE(s->st_info);

	return (type == STT_FUNC || type == STT_GNU_IFUNC) && s->st_shndx != SHN_UNDEF;
}

static int walk_table(const struct image *img, const Elf64_Shdr *table, visit_fn visit, void *ctx)
{
	pw_auto_free char *names = NULL;
	pw_auto_free Elf64_Sym *batch = NULL;
	uint64_t names_size, count, done, at;
	int rc = read_names(img, table->sh_link, &names, &names_size);

	if (rc)
		return rc;
	batch = malloc(BATCH * sizeof(*batch));
	if (!batch)
		return -ENOMEM;
	count = table->sh_size / sizeof(*batch);
	if (count > PW_SYMBOLS_MAX)
		count = PW_SYMBOLS_MAX;
	for (done = 0; done < count; done += BATCH) {
		uint64_t n = count - done < BATCH ? count - done : BATCH;

		if (__builtin_add_overflow(table->sh_offset, done * sizeof(*batch), &at))
			return -EBADMSG;
		rc = pw_elf_read(img->elf.fd, batch, n * sizeof(*batch), at);
		for (uint64_t i = 0; i < n && !rc; i++)
			if (is_function(&batch[i]) && batch[i].st_name < names_size)
				rc = visit(ctx, &batch[i], names + batch[i].st_name);
		if (rc)
			return rc;
	}
	return 0;
}

/* All function symbols. A damaged table does not hide the other one. */
static int walk(const struct image *img, visit_fn visit, void *ctx)
{
	int damaged = 0;

	for (uint32_t i = 0; i < img->section_count; i++) {
		Elf64_Shdr s;
		int rc = section(img, i, &s);

		if (rc)
			return rc;
		if ((s.sh_type != SHT_SYMTAB && s.sh_type != SHT_DYNSYM) ||
		    s.sh_entsize != sizeof(Elf64_Sym))
			continue;
		rc = walk_table(img, &s, visit, ctx);
		if (rc == -EBADMSG)
			damaged = rc;
		else if (rc)
			return rc;
	}
	return damaged;
}

/* ---- by name -------------------------------------------------------------------- */

struct search {
	const struct image *img;
	const char *const *names;
	size_t count;
	int (*found)(void *ctx, size_t which, const struct pw_symbol *symbol);
	void *ctx;
};

static bool same_name(const char *name, const char *wanted)
{
	const size_t len = strlen(wanted);

	return strncmp(name, wanted, len) == 0 && (name[len] == '\0' || name[len] == '@');
}

static int compare_names(void *ctx, const Elf64_Sym *s, const char *name)
{
	const struct search *search = ctx;
	struct pw_symbol symbol = {
		.size = s->st_size,
		.ifunc = ELF64_ST_TYPE(s->st_info) == STT_GNU_IFUNC,
	};

	for (size_t i = 0; i < search->count; i++)
		if (same_name(name, search->names[i]) &&
		    offset_of(search->img, s->st_value, &symbol.offset))
			return search->found(search->ctx, i, &symbol);
	return 0;
}

int pw_symbol_find(int fd, const char *const *names, size_t count,
		   int (*found)(void *ctx, size_t which, const struct pw_symbol *symbol), void *ctx)
{
	struct image img;
	struct search search = { &img, names, count, found, ctx };
	int rc = open_image(fd, &img);

	return rc ? rc : walk(&img, compare_names, &search);
}

/* ---- by place ------------------------------------------------------------------- */

struct cover {
	uint64_t address;
	char *name;
	size_t size;
	uint64_t start; /* of the best so far */
	unsigned char bind;
	bool any;
};

/* Of symbols for one place, the name that others link to. */
static int bind_rank(unsigned char bind)
{
	return bind == STB_GLOBAL ? 2 : bind == STB_WEAK ? 1 : 0;
}

static int keep_closest(void *ctx, const Elf64_Sym *s, const char *name)
{
	const unsigned char bind = ELF64_ST_BIND(s->st_info);
	struct cover *c = ctx;

	if (!name[0] || c->address < s->st_value || c->address - s->st_value >= s->st_size)
		return 0;
	if (c->any && (s->st_value < c->start ||
		       (s->st_value == c->start && bind_rank(bind) <= bind_rank(c->bind))))
		return 0;
	c->any = true;
	c->start = s->st_value;
	c->bind = bind;
	snprintf(c->name, c->size, "%.*s", (int)strcspn(name, "@"), name);
	return 0;
}

static int find_cover(int fd, struct cover *c)
{
	struct image img;
	int rc = open_image(fd, &img);

	if (!rc)
		rc = walk(&img, keep_closest, c);
	return c->any ? 0 : rc;
}

int pw_symbol_at(int fd, int debug_fd, uint64_t offset, char *name, size_t size, uint64_t *ret_offset)
{
	struct cover cover = { .name = name, .size = size };
	struct image img;
	int rc = open_image(fd, &img);

	if (rc)
		return rc;
	if (!address_of(&img, offset, &cover.address))
		return -ENOENT;
	rc = walk(&img, keep_closest, &cover);
	if (!cover.any && debug_fd >= 0)
		rc = find_cover(debug_fd, &cover);
	if (!cover.any)
		return rc ? rc : -ENOENT;
	*ret_offset = cover.address - cover.start;
	return 0;
}

int pw_symbol_open_debug(int fd)
{
	uint8_t id[PW_BUILD_ID_BYTES];
	char path[128];
	int n = pw_build_id_cached(fd, id), at, debug;

	if (n < 0)
		return n;
	if (n < 2)
		return -ENOENT;
	at = snprintf(path, sizeof(path), "/usr/lib/debug/.build-id/%02x/", id[0]);
	for (int i = 1; i < n; i++)
		at += snprintf(path + at, sizeof(path) - (size_t)at, "%02x", id[i]);
	snprintf(path + at, sizeof(path) - (size_t)at, ".debug");
	debug = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	return debug >= 0 ? debug : -errno;
}
