// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/module/physical.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <unistd.h>

#include "tests/module/tap.h"

#define CHUNK (1u << 20)
#define NO_ZEROS 0x0101010101010101ull
#define ID_BITS 16

/*
 * The two words of the pattern, inverted. The first one's low bits are the id.
 * They are written one after the other in separate passes, and compared
 * inverted, so that never both are in registers at a time: an interrupt saves
 * those in memory.
 */
static volatile uint64_t hidden_first, hidden_second;

/* 12 bits as two bytes, neither 0. */
static uint64_t id_bytes(unsigned int id)
{
	return (0x80 | (id & 0x3f)) << 8 | 0x80 | (id >> 6 & 0x3f);
}

static unsigned int id_of(uint64_t word)
{
	return (word >> 8 & 0x3f) | (word & 0x3f) << 6;
}

void physical_init(void)
{
	uint64_t seed[2];

	if (getrandom(seed, sizeof(seed), 0) != sizeof(seed))
		abort();
	hidden_first = ~((seed[0] | NO_ZEROS) & ~((1ull << ID_BITS) - 1));
	hidden_second = ~(seed[1] | NO_ZEROS);
}

static void fill_words(volatile uint64_t *word, size_t count, const volatile uint64_t *hidden,
		       uint64_t low)
{
	for (size_t i = 0; i < count; i += 2)
		word[i] = ~*hidden | low;
}

void physical_fill(void *at, size_t bytes, unsigned int id)
{
	uint8_t *start = at, *end = start + bytes;
	uint8_t *first = (void *)(((uintptr_t)start + 15) & ~15ul);
	uint8_t *last = (void *)((uintptr_t)end & ~15ul);

	if (id >= PHYSICAL_IDS)
		abort();
	if (first >= last) {
		memset(start, 0xff, bytes);
		return;
	}
	memset(start, 0xff, first - start);
	memset(last, 0xff, end - last);
	fill_words((void *)first, (last - first) / 8, &hidden_first, id_bytes(id));
	fill_words((void *)(first + 8), (last - first) / 8, &hidden_second, 0);
}

static __attribute__((noinline)) void look(const uint64_t *word, size_t count, uint32_t *found)
{
	const uint64_t high = ~(hidden_first >> ID_BITS) << ID_BITS;

	for (size_t i = 0; i + 1 < count; i++)
		if (!((word[i] ^ high) >> ID_BITS) && ~word[i + 1] == hidden_second)
			found[id_of(word[i])]++;
}

static uint64_t scan_segment(int fd, const Elf64_Phdr *p, uint64_t *buffer, uint32_t *found)
{
	uint64_t read_bytes = 0;

	for (uint64_t at = 0; at < p->p_filesz;) {
		size_t want = p->p_filesz - at < CHUNK ? p->p_filesz - at : CHUNK;
		ssize_t n = pread(fd, buffer, want, p->p_offset + at);

		if (n <= 0) {
			/* A hole in the direct map: go on at the next page. */
			at += 4096;
			continue;
		}
		look(buffer, n / 8, found);
		at += n;
		read_bytes += n;
	}
	memset(buffer, 0, CHUNK);
	return read_bytes;
}

uint64_t physical_scan(uint32_t *found)
{
	uint64_t *buffer = mmap(NULL, CHUNK, PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	int fd = open("/proc/kcore", O_RDONLY | O_CLOEXEC);
	Elf64_Phdr headers[64];
	uint64_t total = 0;
	Elf64_Ehdr e;

	if (fd < 0 || buffer == MAP_FAILED)
		tap_fail("/proc/kcore: %s", strerror(errno));
	if (pread(fd, &e, sizeof(e), 0) != sizeof(e) || memcmp(e.e_ident, ELFMAG, SELFMAG) ||
	    e.e_phnum > 64)
		tap_fail("/proc/kcore is no ELF file with at most 64 segments");
	if (pread(fd, headers, e.e_phnum * sizeof(*headers), e.e_phoff) !=
	    (ssize_t)(e.e_phnum * sizeof(*headers)))
		tap_fail("/proc/kcore: its segments can't be read");
	memset(found, 0, PHYSICAL_IDS * sizeof(*found));
	/* The direct map has physical addresses; so has the kernel's text, which is within it. */
	for (int i = 0; i < e.e_phnum; i++)
		if (headers[i].p_type == PT_LOAD && headers[i].p_paddr != (Elf64_Addr)-1)
			total += scan_segment(fd, &headers[i], buffer, found);
	munmap(buffer, CHUNK);
	close(fd);
	return total;
}
