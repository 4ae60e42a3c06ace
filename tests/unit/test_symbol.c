// SPDX-License-Identifier: GPL-2.0-or-later
/* Function symbols of good, cut and hostile ELF files. links: rest */
#include <elf.h>
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>

#include "user/source/bpf_wipe.h"
#include "user/symbol/symbol.h"

#define TEXT_AT 0x1000
#define TEXT_ADDRESS 0x401000
#define TEXT_SIZE 0x1000

static const char strings[] = "\0wipe\0wipe@@V1\0choose\0variable\0elsewhere\0inner\0alias";
enum { WIPE = 1, WIPE_V1 = 6, CHOOSE = 15, VARIABLE = 22, ELSEWHERE = 31, INNER = 41, ALIAS = 47 };

struct image {
	Elf64_Ehdr head;
	Elf64_Phdr load;
	Elf64_Shdr sections[3]; /* none, the symbols, their names */
	Elf64_Sym symbols[8];
	char strings[sizeof(strings)];
};

static Elf64_Sym symbol(uint32_t name, unsigned char bind, unsigned char type, uint64_t at,
			uint64_t size)
{
	return (Elf64_Sym){ .st_name = name,
			    .st_info = ELF64_ST_INFO(bind, type),
			    .st_shndx = 1,
			    .st_value = TEXT_ADDRESS + at,
			    .st_size = size };
}

static struct image good_image(void)
{
	struct image img = { 0 };

	memcpy(img.head.e_ident, ELFMAG, SELFMAG);
	img.head.e_ident[EI_CLASS] = ELFCLASS64;
	img.head.e_ident[EI_DATA] = ELFDATA2LSB;
	img.head.e_machine = EM_X86_64;
	img.head.e_phoff = offsetof(struct image, load);
	img.head.e_phnum = 1;
	img.head.e_phentsize = sizeof(Elf64_Phdr);
	img.head.e_shoff = offsetof(struct image, sections);
	img.head.e_shnum = 3;
	img.head.e_shentsize = sizeof(Elf64_Shdr);
	img.load = (Elf64_Phdr){ .p_type = PT_LOAD,
				 .p_flags = PF_R | PF_X,
				 .p_offset = TEXT_AT,
				 .p_vaddr = TEXT_ADDRESS,
				 .p_filesz = TEXT_SIZE };
	img.sections[1] = (Elf64_Shdr){ .sh_type = SHT_SYMTAB,
					.sh_offset = offsetof(struct image, symbols),
					.sh_size = sizeof(img.symbols),
					.sh_entsize = sizeof(Elf64_Sym),
					.sh_link = 2 };
	img.sections[2] = (Elf64_Shdr){ .sh_type = SHT_STRTAB,
					.sh_offset = offsetof(struct image, strings),
					.sh_size = sizeof(strings) };
	img.symbols[1] = symbol(WIPE, STB_GLOBAL, STT_FUNC, 0x100, 0x80);
	img.symbols[2] = symbol(WIPE_V1, STB_GLOBAL, STT_FUNC, 0x300, 0x10);
	img.symbols[3] = symbol(CHOOSE, STB_GLOBAL, STT_GNU_IFUNC, 0x200, 0x10);
	img.symbols[4] = symbol(VARIABLE, STB_GLOBAL, STT_OBJECT, 0x100, 0x80);
	img.symbols[5] = symbol(ELSEWHERE, STB_GLOBAL, STT_FUNC, TEXT_SIZE, 0x10);
	img.symbols[6] = symbol(INNER, STB_LOCAL, STT_FUNC, 0x140, 0x10);
	img.symbols[7] = symbol(ALIAS, STB_WEAK, STT_FUNC, 0x300, 0x10);
	memcpy(img.strings, strings, sizeof(strings));
	return img;
}

static int file_of(const struct image *img)
{
	int fd = memfd_create("image", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, img, sizeof(*img), 0), sizeof(*img));
	assert_int_equal(ftruncate(fd, TEXT_AT + TEXT_SIZE), 0);
	return fd;
}

struct finds {
	size_t count;
	size_t which[8];
	struct pw_symbol symbol[8];
};

static int note(void *ctx, size_t which, const struct pw_symbol *s)
{
	struct finds *f = ctx;

	assert_true(f->count < 8);
	f->which[f->count] = which;
	f->symbol[f->count++] = *s;
	return 0;
}

static int find(const struct image *img, struct finds *ret)
{
	static const char *const names[] = { "wipe", "choose", "variable", "elsewhere", "wip" };
	int fd = file_of(img), rc;

	memset(ret, 0, sizeof(*ret));
	rc = pw_symbol_find(fd, names, 5, note, ret);
	close(fd);
	return rc;
}

static void by_name(void **state)
{
	struct image img = good_image();
	struct finds f;

	(void)state;
	assert_int_equal(find(&img, &f), 0);
	/* no variable, no address outside the code, no prefix */
	assert_int_equal(f.count, 3);
	assert_int_equal(f.which[0], 0);
	assert_int_equal(f.symbol[0].offset, TEXT_AT + 0x100);
	assert_int_equal(f.symbol[0].size, 0x80);
	assert_false(f.symbol[0].ifunc);
	assert_int_equal(f.which[1], 0);
	assert_int_equal(f.symbol[1].offset, TEXT_AT + 0x300);
	assert_int_equal(f.which[2], 1);
	assert_true(f.symbol[2].ifunc);
}

static int at(const struct image *img, uint64_t place, char name[32], uint64_t *offset)
{
	int fd = file_of(img), rc = pw_symbol_at(fd, -1, place, name, 32, offset);

	close(fd);
	return rc;
}

static void by_place(void **state)
{
	struct image img = good_image();
	uint64_t offset = 7;
	char name[32];

	(void)state;
	assert_int_equal(at(&img, TEXT_AT + 0x100, name, &offset), 0);
	assert_string_equal(name, "wipe");
	assert_int_equal(offset, 0);
	assert_int_equal(at(&img, TEXT_AT + 0x17f, name, &offset), 0);
	assert_string_equal(name, "wipe");
	assert_int_equal(offset, 0x7f);
	/* the closest start of two that cover it */
	assert_int_equal(at(&img, TEXT_AT + 0x145, name, &offset), 0);
	assert_string_equal(name, "inner");
	assert_int_equal(offset, 5);
	/* a global name before a weak one; without its version */
	assert_int_equal(at(&img, TEXT_AT + 0x304, name, &offset), 0);
	assert_string_equal(name, "wipe");
	offset = 7;
	assert_int_equal(at(&img, TEXT_AT + 0x180, name, &offset), -ENOENT);
	assert_int_equal(at(&img, 0, name, &offset), -ENOENT);
	assert_int_equal(at(&img, ~0ull, name, &offset), -ENOENT);
	assert_int_equal(offset, 7);
}

static void debug_file(void **state)
{
	struct image img = good_image(), stripped = good_image();
	int fd, debug_fd;
	uint64_t offset;
	char name[32];

	(void)state;
	stripped.head.e_shnum = 0;
	/* a debug file keeps the addresses, not the places */
	img.load.p_offset = 0;
	fd = file_of(&stripped);
	debug_fd = file_of(&img);
	assert_int_equal(pw_symbol_at(fd, -1, TEXT_AT + 0x100, name, 32, &offset), -ENOENT);
	assert_int_equal(pw_symbol_at(fd, debug_fd, TEXT_AT + 0x102, name, 32, &offset), 0);
	assert_string_equal(name, "wipe");
	assert_int_equal(offset, 2);
	close(fd);
	close(debug_fd);
}

static void expect_damage(const struct image *img, int rc)
{
	struct finds f;

	assert_int_equal(find(img, &f), rc);
	assert_int_equal(f.count, 0);
}

static void damage(void **state)
{
	struct image img = good_image();

	(void)state;
	img.head.e_ident[0] = 0;
	expect_damage(&img, -ENOEXEC);
	img = good_image();
	img.head.e_ident[EI_CLASS] = ELFCLASS32;
	img.head.e_phentsize = sizeof(Elf32_Phdr);
	assert_true(find(&img, &(struct finds){ 0 }) < 0);
	img = good_image();
	img.head.e_machine = EM_68K;
	expect_damage(&img, -ENOEXEC);
	img = good_image();
	img.head.e_shoff = ~0ull - 10;
	expect_damage(&img, -EBADMSG);
	img = good_image();
	img.sections[1].sh_link = 77;
	expect_damage(&img, -EBADMSG);
	img = good_image();
	img.sections[1].sh_link = 1; /* its own names */
	expect_damage(&img, -EBADMSG);
	img = good_image();
	img.sections[2].sh_size = PW_SYMBOL_NAMES_MAX + 1ull;
	expect_damage(&img, -EBADMSG);
	img = good_image();
	img.sections[2].sh_size = 1 << 20; /* more than the file has */
	expect_damage(&img, -EBADMSG);
	img = good_image();
	img.sections[1].sh_offset = ~0ull;
	expect_damage(&img, -EBADMSG);
	img = good_image();
	img.load.p_vaddr = ~0ull;
	expect_damage(&img, 0);
	img = good_image();
	img.load.p_offset = ~0ull; /* places that wrap around */
	expect_damage(&img, 0);
}

static void names_out_of_bounds(void **state)
{
	struct image img = good_image();
	struct finds f;

	(void)state;
	for (int i = 1; i < 8; i++)
		img.symbols[i].st_name = sizeof(strings) + (uint32_t)i;
	assert_int_equal(find(&img, &f), 0);
	assert_int_equal(f.count, 0);
	/* names without an end: the table's */
	img = good_image();
	img.sections[2].sh_size = 3;
	assert_int_equal(find(&img, &f), 0);
	assert_int_equal(f.count, 0);
	/* a table that says more than the file has, read as far as it goes */
	img = good_image();
	img.sections[1].sh_size = 1ull << 40;
	assert_int_equal(find(&img, &f), -EBADMSG);
}

/* ---- where to probe -------------------------------------------------------------------- */

static uint64_t place(const char *code, size_t len, unsigned int arguments)
{
	int fd = memfd_create("code", MFD_CLOEXEC);
	uint64_t offset;

	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, code, len, 0), (ssize_t)len);
	offset = pw_wipe_place(fd, 0, len, arguments);
	close(fd);
	return offset;
}
#define PLACE(code, arguments) place(code, sizeof(code) - 1, arguments)

static void places(void **state)
{
	(void)state;
	/* push %rbp */
	assert_int_equal(PLACE("\x55\x48\x89\xe5", 2), 0);
	/* endbr64; push %r12 */
	assert_int_equal(PLACE("\xf3\x0f\x1e\xfa\x41\x54", 2), 4);
	/* test %rdi,%rdi; je */
	assert_int_equal(PLACE("\x48\x85\xff\x0f\x84\xbf\0\0\0\x55", 2), 3);
	/* endbr64; xor %rax,%rax; cmp $15,%rsi; jae */
	assert_int_equal(PLACE("\xf3\x0f\x1e\xfa\x48\x31\xc0\x48\x83\xfe\x0f\x73\x23", 2), 11);
	/* mov x(%rip),%rax; cmp y(%rip),%rax; je */
	assert_int_equal(PLACE("\x48\x8b\x05\1\2\3\4\x48\x3b\x05\1\2\3\4\x74\x08", 2), 14);
	/* mov $-1,%rdx; jmp: rdx is an argument of three */
	assert_int_equal(PLACE("\x48\xc7\xc2\xff\xff\xff\xff\xe9\0\0\0\0", 2), 7);
	assert_int_equal(PLACE("\x48\xc7\xc2\xff\xff\xff\xff\xe9\0\0\0\0", 3), 0);
	/* sub $8,%rsp moves the return address; mov %rsi,%rdx an argument of three */
	assert_int_equal(PLACE("\x48\x83\xec\x08\x55", 2), 0);
	assert_int_equal(PLACE("\x48\x89\xf2\x55", 3), 0);
	assert_int_equal(PLACE("\x48\x89\xf2\x55", 2), 3);
	/* mov %rdi,(%rax) writes memory; xor %edi,%edi an argument */
	assert_int_equal(PLACE("\x48\x89\x38\x55", 2), 0);
	assert_int_equal(PLACE("\x31\xff\x55", 2), 0);
	/* mov $11,%eax; syscall */
	assert_int_equal(PLACE("\xb8\x0b\0\0\0\x0f\x05", 2), 0);
	/* nothing of it beyond the end of the function */
	assert_int_equal(place("\xf3\x0f\x1e\xfa\x55", 4, 2), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(by_name),
		cmocka_unit_test(by_place),
		cmocka_unit_test(debug_file),
		cmocka_unit_test(damage),
		cmocka_unit_test(names_out_of_bounds),
		cmocka_unit_test(places),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
