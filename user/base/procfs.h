/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every read of /proc and /sys goes through here, below a root prefix, so that
 * a recorded tree can be replayed and a test can serve a hostile one. Contents
 * are untrusted: sizes are capped, parsers check bounds.
 */
#ifndef PW_BASE_PROCFS_H
#define PW_BASE_PROCFS_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

struct pw_procfs {
	char root[128]; /* "" on the live machine */
};

void pw_procfs_init(struct pw_procfs *fs, const char *root_or_null);

/* Opens ROOT/proc/PID/NAME, or ROOT/PATH for the second. An fd or -errno; PID gone is -ESRCH. */
int pw_procfs_open(const struct pw_procfs *fs, uint32_t pid, const char *name, int flags);
int pw_procfs_open_path(const struct pw_procfs *fs, const char *path, int flags);
/* ROOT/PATH to read line by line; NULL with errno. */
FILE *pw_procfs_fopen_path(const struct pw_procfs *fs, const char *path);
/*
 * Reads a whole small file (at most size - 1 bytes; NUL-terminated; the length
 * without it goes to ret_len, may be NULL). -ESRCH when the process is gone,
 * -E2BIG when it did not fit (buf then holds its beginning).
 */
int pw_procfs_read(const struct pw_procfs *fs, uint32_t pid, const char *name, char *buf,
		   size_t size, size_t *ret_len);
int pw_procfs_read_path(const struct pw_procfs *fs, const char *path, char *buf, size_t size,
			size_t *ret_len);
/* ... and of a file in a directory. */
int pw_procfs_read_at(int dir_fd, const char *name, char *buf, size_t size, size_t *ret_len);
/* readlink, NUL-terminated. */
int pw_procfs_readlink(const struct pw_procfs *fs, uint32_t pid, const char *name, char *buf,
		       size_t size);

/* What /proc/PID/stat tells, parsed from the last ')' so that any comm is safe. */
struct pw_proc_stat {
	char comm[64];
	char state;
	uint32_t ppid, threads;
	uint32_t flags; /* the kernel's PF_* */
	uint64_t minflt, majflt, utime_ticks, stime_ticks, start_ticks;
	uint64_t vsize_bytes, rss_pages;
	uint64_t start_stack; /* moves with each exec; 0 or 1: not told to us */
};
#define PW_PF_KTHREAD 0x00200000u /* of flags: a kernel thread */
int pw_procfs_parse_stat(const char *text, size_t len, struct pw_proc_stat *ret);
int pw_procfs_stat(const struct pw_procfs *fs, uint32_t pid, struct pw_proc_stat *ret);

/* What /proc/PID/status tells, in bytes; absent fields (all, for a kernel thread) are 0. */
struct pw_proc_status {
	uint32_t uid; /* effective */
	uint32_t threads;
	uint64_t anon, file, shmem, swap, page_tables;
	uint64_t virtual_size, data, stack, exe, lib, locked, pinned, hiwater_rss;
	uint64_t voluntary_switches; /* of this thread alone; UINT64_MAX: not told */
};
int pw_procfs_parse_status(const char *text, size_t len, struct pw_proc_status *ret);
int pw_procfs_status(const struct pw_procfs *fs, uint32_t pid, struct pw_proc_status *ret);

/*
 * The kernel's lockdown: "none", "integrity" or "confidentiality". -ENOENT where
 * the kernel has none or securityfs is not mounted.
 */
#define PW_LOCKDOWN_LEN 32
int pw_procfs_lockdown(const struct pw_procfs *fs, char ret[PW_LOCKDOWN_LEN]);

/* /proc/meminfo in bytes; absent fields are 0. */
struct pw_meminfo {
	uint64_t total, free, available, cached, slab, swap_total, swap_free;
};
int pw_procfs_parse_meminfo(const char *text, size_t len, struct pw_meminfo *ret);
int pw_procfs_meminfo(const struct pw_procfs *fs, struct pw_meminfo *ret);

/*
 * Calls fn for each numeric entry of /proc in ascending order. Stops with fn's
 * result when it is not 0.
 */
int pw_procfs_each_pid(const struct pw_procfs *fs, int (*fn)(void *ctx, uint32_t pid), void *ctx);
/* The same for the threads of a process. */
int pw_procfs_each_thread(const struct pw_procfs *fs, uint32_t pid,
			  int (*fn)(void *ctx, uint32_t tid), void *ctx);
/* How many descriptors a process has open, at most max. */
int pw_procfs_count_files(const struct pw_procfs *fs, uint32_t pid, uint32_t max, uint32_t *ret);

/*
 * Files of lines "Key numbers": which number behind the key, counted from 0,
 * times unit. A value whose line is missing or holds no number stays as it was.
 */
struct pw_procfs_field {
	const char *key; /* with what parts it from the number */
	unsigned int nth;
	uint64_t unit;
	uint64_t *value;
};
void pw_procfs_take_fields(const char *text, size_t len, const struct pw_procfs_field *fields,
			   size_t count);
/* A file of one number; -EINVAL where it is none ("max"). */
int pw_procfs_parse_number(const char *text, size_t len, uint64_t *ret);

#endif
