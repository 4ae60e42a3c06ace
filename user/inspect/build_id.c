// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The GNU build id of an ELF file, read from its program headers alone: a few
 * bounded preads, both classes, the machine's byte order. The file belongs to
 * the watched process, so every offset and size in it is hostile.
 */
#include <elf.h>
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "user/base/hash.h"
#include "user/inspect/build_id.h"

#define PHDRS_MAX 128
#define NOTES_MAX 16384 /* bytes of one PT_NOTE that are looked at */

/* What both ELF classes say, in the wider type. */
struct image {
	int fd;
	bool wide; /* ELFCLASS64 */
	uint64_t phoff;
	uint32_t phnum, phentsize;
};

static int read_at(int fd, void *out, size_t size, uint64_t offset)
{
	ssize_t n;

	if (offset > INT64_MAX)
		return -EBADMSG;
	n = pread(fd, out, size, (off_t)offset);
	if (n < 0)
		return -errno;
	return (size_t)n == size ? 0 : -EBADMSG;
}

static int image_open(int fd, struct image *ret)
{
	union {
		unsigned char ident[EI_NIDENT];
		Elf32_Ehdr narrow;
		Elf64_Ehdr wide;
	} h;
	const unsigned char order = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? ELFDATA2LSB :
										 ELFDATA2MSB;
	bool wide;
	int err = read_at(fd, &h.ident, sizeof(h.ident), 0);

	if (err)
		return err;
	if (memcmp(h.ident, ELFMAG, SELFMAG) != 0 || h.ident[EI_DATA] != order)
		return -ENOEXEC;
	if (h.ident[EI_CLASS] != ELFCLASS64 && h.ident[EI_CLASS] != ELFCLASS32)
		return -ENOEXEC;
	wide = h.ident[EI_CLASS] == ELFCLASS64;
	err = read_at(fd, &h, wide ? sizeof(h.wide) : sizeof(h.narrow), 0);
	if (err)
		return err;
	*ret = (struct image){
		.fd = fd,
		.wide = wide,
		.phoff = wide ? h.wide.e_phoff : h.narrow.e_phoff,
		.phnum = wide ? h.wide.e_phnum : h.narrow.e_phnum,
		.phentsize = wide ? h.wide.e_phentsize : h.narrow.e_phentsize,
	};
	if (ret->phentsize != (wide ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr)))
		return -EBADMSG;
	return 0;
}

/* The class apart, the two program headers say the same. */
static int read_phdr(const struct image *img, uint32_t i, Elf64_Phdr *ret)
{
	uint64_t at;
	Elf32_Phdr narrow;
	int err;

	if (__builtin_add_overflow(img->phoff, (uint64_t)i * img->phentsize, &at))
		return -EBADMSG;
	if (img->wide)
		return read_at(img->fd, ret, sizeof(*ret), at);
	err = read_at(img->fd, &narrow, sizeof(narrow), at);
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

/* Rounds up to the note's alignment; saturates, so that a bounds check catches it. */
static size_t align_up(size_t n, size_t align)
{
	return n > SIZE_MAX - align ? SIZE_MAX : (n + align - 1) & ~(align - 1);
}

/* The build id among the notes in [bytes, bytes + len); its length or -ENOENT. */
static int find_note(const uint8_t *bytes, size_t len, size_t align, uint8_t *out, size_t size)
{
	Elf64_Nhdr note; /* the same in both classes */

	while (len >= sizeof(note)) {
		memcpy(&note, bytes, sizeof(note));
		size_t name_end = sizeof(note) + (size_t)note.n_namesz;
		size_t desc = align_up(name_end, align);
		size_t end = desc + (size_t)note.n_descsz;

		if (desc > len || note.n_descsz > len - desc)
			return -ENOENT;
		if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == sizeof(ELF_NOTE_GNU) &&
		    memcmp(bytes + sizeof(note), ELF_NOTE_GNU, sizeof(ELF_NOTE_GNU)) == 0 &&
		    note.n_descsz > 0) {
			size_t take = note.n_descsz < size ? note.n_descsz : size;

			memcpy(out, bytes + desc, take);
			return (int)take;
		}
		end = align_up(end, align);
		if (end > len)
			return -ENOENT;
		bytes += end;
		len -= end;
	}
	return -ENOENT;
}

int pw_build_id_read(int fd, uint8_t *out, size_t size)
{
	uint8_t notes[NOTES_MAX];
	struct image img;
	int err = image_open(fd, &img);

	if (err)
		return err;
	if (size > PW_BUILD_ID_BYTES)
		size = PW_BUILD_ID_BYTES;
	for (uint32_t i = 0; i < img.phnum && i < PHDRS_MAX; i++) {
		Elf64_Phdr ph;

		err = read_phdr(&img, i, &ph);
		if (err)
			return err;
		if (ph.p_type != PT_NOTE || ph.p_filesz == 0)
			continue;
		size_t len = ph.p_filesz < sizeof(notes) ? ph.p_filesz : sizeof(notes);

		if (read_at(fd, notes, len, ph.p_offset) != 0)
			continue;
		err = find_note(notes, len, ph.p_align == 8 ? 8 : 4, out, size);
		if (err > 0)
			return err;
	}
	return -ENOENT;
}

/* ---- cache ------------------------------------------------------------------ */

/*
 * A machine runs thousands of processes from a few hundred files: the id is
 * kept per file state. Direct-mapped: a newcomer takes the place, so that the
 * size is fixed and nothing needs to age.
 */
#define CACHE_SLOTS 512

struct cache_slot {
	uint64_t dev, inode, size;
	struct timespec mtime, ctime;
	bool used;
	int8_t result; /* length, or 0: has none */
	uint8_t id[PW_BUILD_ID_BYTES];
};

static struct cache_slot cache[CACHE_SLOTS];
static pthread_mutex_t cache_lock = PTHREAD_MUTEX_INITIALIZER;

static bool same_time(struct timespec a, struct timespec b)
{
	return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

static bool slot_holds(const struct cache_slot *slot, const struct stat *st)
{
	return slot->used && slot->dev == st->st_dev && slot->inode == st->st_ino &&
	       slot->size == (uint64_t)st->st_size && same_time(slot->mtime, st->st_mtim) &&
	       same_time(slot->ctime, st->st_ctim);
}

int pw_build_id_cached(int fd, uint8_t out[PW_BUILD_ID_BYTES])
{
	struct cache_slot fresh = { .used = true }, *slot;
	struct stat st;
	int n = 0;
	bool hit;

	if (fstat(fd, &st) != 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -ENOEXEC;
	slot = &cache[pw_hash_mix(st.st_ino ^ pw_hash_mix(st.st_dev)) % CACHE_SLOTS];
	pthread_mutex_lock(&cache_lock);
	hit = slot_holds(slot, &st);
	if (hit)
		fresh = *slot;
	pthread_mutex_unlock(&cache_lock);
	if (!hit) {
		n = pw_build_id_read(fd, fresh.id, sizeof(fresh.id));
		fresh.dev = st.st_dev;
		fresh.inode = st.st_ino;
		fresh.size = (uint64_t)st.st_size;
		fresh.mtime = st.st_mtim;
		fresh.ctime = st.st_ctim;
		fresh.result = (int8_t)(n > 0 ? n : 0);
		pthread_mutex_lock(&cache_lock);
		*slot = fresh;
		pthread_mutex_unlock(&cache_lock);
	}
	memcpy(out, fresh.id, sizeof(fresh.id));
	return fresh.result > 0 ? fresh.result : -ENOENT;
}
