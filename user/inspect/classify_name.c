// SPDX-License-Identifier: GPL-2.0-or-later
/* VMAs whose name tells what they are: the kernel's pseudo names and special files. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "user/inspect/classify.h"

#define HUGE_PAGE (2ull << 20)

/* Names that allocators and the C library give to their memory; the first match counts. */
static const struct {
	const char *prefix;
	uint32_t kind;
} named_memory[] = {
	{ " glibc: malloc arena", PW_SEG_ARENA },
	{ " glibc: malloc", PW_SEG_MMAP_CHUNK },
	{ " glibc: pthread stack", PW_SEG_THREAD_STACK },
	{ "libc_malloc", PW_SEG_ARENA },
	{ "scudo:", PW_SEG_ARENA },
	{ "jemalloc", PW_SEG_ARENA },
	{ "tcmalloc", PW_SEG_ARENA },
	{ "partition_alloc", PW_SEG_ARENA },
	{ "Go: heap", PW_SEG_ARENA },
};

static bool starts_with(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

static bool ends_with(const char *text, const char *suffix)
{
	size_t len = strlen(text), tail = strlen(suffix);

	return len >= tail && strcmp(text + len - tail, suffix) == 0;
}

/* Copies text without its prefix and, where it is there, its suffix. */
static const char *inner(const char *text, const char *prefix, const char *suffix, char *buf,
			 size_t size)
{
	size_t len;

	text += strlen(prefix);
	len = strlen(text);
	if (ends_with(text, suffix))
		len -= strlen(suffix);
	snprintf(buf, size, "%.*s", (int)len, text);
	return buf;
}

static void name_anon(const struct pw_piece *piece, char *buf, size_t size, const char **name_out,
		      uint32_t *kind, uint32_t *tid)
{
	const char *name = inner(piece->name, "[anon:", "]", buf, size), *colon;

	*kind = PW_SEG_NAMED_ANON;
	for (size_t i = 0; i < sizeof(named_memory) / sizeof(named_memory[0]); i++) {
		if (!starts_with(name, named_memory[i].prefix))
			continue;
		*kind = named_memory[i].kind;
		break;
	}
	colon = strrchr(name, ':');
	if (*kind == PW_SEG_THREAD_STACK && colon)
		*tid = (uint32_t)strtoul(colon + 1, NULL, 10);
	*name_out = name + (name[0] == ' ');
}

/* "[heap]", "[anon:NAME]", ...: no file behind it. */
static bool classify_pseudo(const struct pw_piece *piece, char *buf, size_t size,
			    const char **name_out, uint32_t *kind, uint32_t *tid)
{
	const char *name = piece->name;

	if (strcmp(name, "[heap]") == 0) {
		*kind = PW_SEG_HEAP;
	} else if (starts_with(name, "[stack")) {
		*kind = PW_SEG_STACK;
	} else if (starts_with(name, "[vdso") || starts_with(name, "[vvar") ||
		   strcmp(name, "[vsyscall]") == 0) {
		*kind = PW_SEG_VDSO;
	} else if (starts_with(name, "[anon_shmem:")) {
		*kind = PW_SEG_SHARED_ANON;
		*name_out = inner(name, "[anon_shmem:", "]", buf, size);
	} else if (starts_with(name, "[anon:")) {
		name_anon(piece, buf, size, name_out, kind, tid);
	} else {
		*kind = PW_SEG_OTHER;
	}
	return true;
}

/* Files that the kernel itself opened: on a device without a number of its own. */
static bool classify_kernel_file(const struct pw_piece *piece, enum pw_mount_type mount, char *buf,
				 size_t size, const char **name_out, uint32_t *kind)
{
	const char *name = piece->name;

	if (starts_with(name, "/memfd:")) {
		*kind = PW_SEG_MEMFD;
		*name_out = inner(name, "/memfd:", " (deleted)", buf, size);
	} else if (starts_with(name, "/SYSV")) {
		/* the inode number is the segment's id; the private key 0 is not unique */
		*kind = PW_SEG_SYSV;
		snprintf(buf, size, "key 0x%.8s id %llu", name + strlen("/SYSV"),
			 (unsigned long long)piece->inode);
		*name_out = buf;
	} else if (starts_with(name, "/dev/zero")) {
		*kind = PW_SEG_SHARED_ANON;
		*name_out = "";
	} else if (starts_with(name, "/anon_hugepage")) {
		*kind = PW_SEG_HUGETLB;
		*name_out = "";
		return true;
	} else {
		return false;
	}
	/* the same calls with a huge page flag give a file of hugetlbfs under the same name */
	if (mount != PW_MOUNT_TMPFS && piece->start % HUGE_PAGE == 0 && piece->end % HUGE_PAGE == 0)
		*kind = PW_SEG_HUGETLB;
	return true;
}

bool pw_classify_name(const struct pw_piece *piece, enum pw_mount_type mount, char *buf,
		      size_t size, const char **name_out, uint32_t *kind, uint32_t *tid)
{
	const char *name = piece->name;

	*name_out = name;
	*tid = 0;
	if (name[0] == '[')
		return classify_pseudo(piece, buf, size, name_out, kind, tid);
	if (piece->dev_major == 0 && classify_kernel_file(piece, mount, buf, size, name_out, kind))
		return true;
	if (mount == PW_MOUNT_HUGETLBFS)
		*kind = PW_SEG_HUGETLB;
	else if (starts_with(name, "/dev/shm/"))
		*kind = PW_SEG_POSIX_SHM;
	else if (strcmp(name, "/dev/zero") == 0)
		*kind = PW_SEG_ANON; /* private: ordinary memory */
	else if (starts_with(name, "/dev/") || starts_with(name, "anon_inode:") ||
		 starts_with(name, "socket:"))
		*kind = PW_SEG_DEVICE;
	else
		return false;
	return true;
}
