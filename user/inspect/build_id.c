// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

#include "user/base/hash.h"
#include "user/inspect/build_id.h"
#include "user/inspect/elf_image.h"

#define NOTES_MAX 16384 /* bytes of one PT_NOTE that are looked at */

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
	struct pw_elf elf;
	int err = pw_elf_open(fd, &elf);

	if (err)
		return err;
	if (size > PW_BUILD_ID_BYTES)
		size = PW_BUILD_ID_BYTES;
	for (uint32_t i = 0; i < elf.phnum; i++) {
		Elf64_Phdr ph;

		err = pw_elf_phdr(&elf, i, &ph);
		if (err)
			return err;
		if (ph.p_type != PT_NOTE || ph.p_filesz == 0)
			continue;
		size_t len = ph.p_filesz < sizeof(notes) ? ph.p_filesz : sizeof(notes);

		if (pw_elf_read(fd, notes, len, ph.p_offset) != 0)
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
