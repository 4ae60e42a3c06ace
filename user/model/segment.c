// SPDX-License-Identifier: GPL-2.0-or-later
#include "user/model/segment.h"

static const char *const kind_names[PW_SEG_KINDS] = {
	[PW_SEG_CODE] = "code",
	[PW_SEG_RODATA] = "rodata",
	[PW_SEG_DATA] = "data",
	[PW_SEG_BSS] = "bss",
	[PW_SEG_LIBRARY_CODE] = "library-code",
	[PW_SEG_LIBRARY_RODATA] = "library-rodata",
	[PW_SEG_LIBRARY_DATA] = "library-data",
	[PW_SEG_HEAP] = "heap",
	[PW_SEG_ARENA] = "arena",
	[PW_SEG_MMAP_CHUNK] = "mmap-chunk",
	[PW_SEG_ANON] = "anon",
	[PW_SEG_NAMED_ANON] = "named-anon",
	[PW_SEG_STACK] = "stack",
	[PW_SEG_THREAD_STACK] = "thread-stack",
	[PW_SEG_FILE] = "file",
	[PW_SEG_MEMFD] = "memfd",
	[PW_SEG_SYSV] = "sysv-shm",
	[PW_SEG_POSIX_SHM] = "posix-shm",
	[PW_SEG_TMPFS] = "tmpfs",
	[PW_SEG_SHARED_ANON] = "shared-anon",
	[PW_SEG_HUGETLB] = "hugetlb",
	[PW_SEG_VDSO] = "vdso",
	[PW_SEG_DEVICE] = "device",
	[PW_SEG_GUARD] = "guard",
	[PW_SEG_KERNEL_PAGE_TABLES] = "kernel-page-tables",
	[PW_SEG_KERNEL_STACKS] = "kernel-stacks",
	[PW_SEG_KERNEL_PINNED] = "kernel-pinned",
	[PW_SEG_OTHER] = "other",
};

const char *pw_segment_kind_name(uint32_t kind)
{
	return kind < PW_SEG_KINDS ? kind_names[kind] : "unknown";
}

uint64_t pw_segment_resident(const struct pw_segment *s)
{
	const uint64_t parts[] = { s->anon_bytes, s->file_bytes, s->shmem_bytes };
	uint64_t sum = 0;
	bool known = false;

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (parts[i] == PW_UNKNOWN)
			continue;
		sum += parts[i];
		known = true;
	}
	return known ? sum : PW_UNKNOWN;
}
