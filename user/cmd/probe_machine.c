// SPDX-License-Identifier: GPL-2.0-or-later
/* The kernel, the privileges, and what /proc and /sys show. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "user/base/cleanup.h"
#include "user/base/procfs.h"
#include "user/cmd/probe.h"
#include "user/inspect/address_space.h"
#include "user/source/cgroup_values.h"

#define FOUND(...) snprintf(found, PW_PROBE_FOUND, __VA_ARGS__)

static int check_kernel(const struct pw_probe_context *ctx, char found[PW_PROBE_FOUND])
{
	struct utsname name;

	(void)ctx;
	if (uname(&name))
		return -errno;
	FOUND("Linux %s %s", name.release, name.machine);
	return 0;
}

#ifndef CAP_PERFMON
#define CAP_PERFMON 38
#endif
#ifndef CAP_BPF
#define CAP_BPF 39
#endif

static int check_capabilities(const struct pw_probe_context *ctx, char found[PW_PROBE_FOUND])
{
	static const struct {
		unsigned int bit;
		const char *name;
	} wanted[] = {
		{ CAP_BPF, "CAP_BPF" },
		{ CAP_PERFMON, "CAP_PERFMON" },
		{ CAP_SYS_PTRACE, "CAP_SYS_PTRACE" },
		{ CAP_SYS_ADMIN, "CAP_SYS_ADMIN" },
		{ CAP_DAC_READ_SEARCH, "CAP_DAC_READ_SEARCH" },
	};
	char status[4096];
	struct pw_procfs fs;
	const char *line;
	uint64_t effective;
	size_t used = 0;
	int rc;

	(void)ctx;
	pw_procfs_init(&fs, NULL);
	rc = pw_procfs_read(&fs, (uint32_t)getpid(), "status", status, sizeof(status), NULL);
	if (rc)
		return rc;
	line = strstr(status, "\nCapEff:");
	effective = line ? strtoull(line + 8, NULL, 16) : 0;
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		if (!(effective >> wanted[i].bit & 1))
			used += (size_t)snprintf(found + used, PW_PROBE_FOUND - used, "%s%s",
						 used ? ", " : "without ", wanted[i].name);
	}
	if (used)
		return -EPERM;
	FOUND("all of them, uid %u", geteuid());
	return 0;
}

static int check_lockdown(const struct pw_probe_context *ctx, char found[PW_PROBE_FOUND])
{
	char mode[PW_LOCKDOWN_LEN];
	struct pw_procfs fs;
	int rc;

	(void)ctx;
	pw_procfs_init(&fs, NULL);
	rc = pw_procfs_lockdown(&fs, mode);
	if (rc == -ENOENT) {
		FOUND("not shown: no lockdown, or securityfs is not mounted");
		return 0;
	}
	if (rc)
		return rc;
	FOUND("%s", mode);
	return strcmp(mode, "none") == 0 ? 0 : -EPERM;
}

static int check_tracefs(const struct pw_probe_context *ctx, char found[PW_PROBE_FOUND])
{
	static const char *const places[] = { "/sys/kernel/tracing", "/sys/kernel/debug/tracing" };

	(void)ctx;
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		char path[64];

		snprintf(path, sizeof(path), "%s/events/kmem", places[i]);
		if (access(path, R_OK | X_OK) == 0) {
			FOUND("at %s", places[i]);
			return 0;
		}
	}
	FOUND("not mounted, or not readable");
	return -ENOENT;
}

/* ---- other processes ----------------------------------------------------------------- */

static int check_all_processes(const struct pw_probe_context *ctx, char found[PW_PROBE_FOUND])
{
	struct pw_proc_stat stat;
	struct pw_procfs fs;
	int rc;

	(void)ctx;
	pw_procfs_init(&fs, NULL);
	rc = pw_procfs_stat(&fs, 1, &stat);
	FOUND(rc ? "/proc hides processes of others (hidepid)" : "/proc shows processes of others");
	return rc;
}

struct others {
	unsigned int readable, refused;
	int error; /* the last refusal */
};

/* Reading one byte asks the permission that inspect needs; a kernel thread has none to give. */
static int try_other(void *ctx, uint32_t pid)
{
	struct others *o = ctx;
	char path[32], byte;
	pw_auto_close int fd = -1;
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%u/maps", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, &byte, 1);
	if (n > 0)
		o->readable++;
	if (n < 0 && errno != ENOENT && errno != ESRCH) {
		o->refused++;
		o->error = errno;
	}
	return 0;
}

static int check_other_memory(const struct pw_probe_context *ctx, char found[PW_PROBE_FOUND])
{
	struct others o = { 0 };
	struct pw_procfs fs;
	int rc;

	(void)ctx;
	pw_procfs_init(&fs, NULL);
	rc = pw_procfs_each_pid(&fs, try_other, &o);
	if (rc)
		return rc;
	FOUND("%u processes can be looked into, %u refuse", o.readable, o.refused);
	return o.refused > o.readable ? -o.error : 0;
}

/* ---- page tables ---------------------------------------------------------------------- */

static int keep_flags(void *ctx, const struct pw_record *rec)
{
	if (rec->type == PW_REC_SEGMENTS)
		*(uint32_t *)ctx = ((const struct pw_segments *)rec)->flags;
	return 0;
}

/* Looks at ourselves the way that inspect looks at others. */
static int look_at_self(uint32_t *ret_flags)
{
	struct pw_key key = { .pid = (uint32_t)getpid() };
	struct pw_proc_stat stat;
	struct pw_procfs fs;
	int rc;

	pw_procfs_init(&fs, NULL);
	rc = pw_procfs_stat(&fs, key.pid, &stat);
	if (rc)
		return rc;
	key.start_ns = stat.start_ticks * PW_TICK_NS;
	return pw_address_space_scan(&fs, NULL, &key, 0, keep_flags, ret_flags, NULL);
}

static int check_pagemap_scan(const struct pw_probe_context *ctx, char found[PW_PROBE_FOUND])
{
	uint32_t flags = 0;
	int rc = look_at_self(&flags);

	(void)ctx;
	if (rc)
		return rc;
	if (flags & PW_SEGMENTS_PAGEMAP_SCAN)
		return 0;
	FOUND(flags & PW_SEGMENTS_PAGEMAP ? "this kernel has none; pagemap is read" :
					    "page tables can't be read at all");
	return -EOPNOTSUPP;
}

static int check_procmap_query(const struct pw_probe_context *ctx, char found[PW_PROBE_FOUND])
{
	/* struct procmap_query of linux/fs.h since 6.11; older headers build this too */
	struct {
		uint64_t size, flags, address;
		uint64_t start, end, vma_flags, page_size, offset, inode;
		uint32_t major, minor, name_size, build_id_size;
		uint64_t name, build_id;
	} query = { .size = sizeof(query), .address = (uint64_t)(uintptr_t)check_procmap_query };
	pw_auto_close int fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);

	(void)ctx;
	if (fd < 0 || ioctl(fd, _IOWR('f', 17, query), &query))
		return -errno;
	FOUND("answers");
	return 0;
}

static int check_pfns(const struct pw_probe_context *ctx, char found[PW_PROBE_FOUND])
{
	pw_auto_close int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	volatile char touched = 1; /* this page is present */
	uint64_t entry, page = (uint64_t)(uintptr_t)&touched / (uint64_t)sysconf(_SC_PAGESIZE);

	(void)ctx;
	if (fd < 0 || pread(fd, &entry, sizeof(entry), (off_t)(page * 8)) != sizeof(entry))
		return -errno;
	FOUND(entry & ((1ull << 55) - 1) ? "page frame numbers are shown" :
					   "page frame numbers are hidden");
	return entry & ((1ull << 55) - 1) ? 0 : -EPERM;
}

static int check_cgroup2(const struct pw_probe_context *ctx, char found[PW_PROBE_FOUND])
{
	static const char *const places[] = { "/sys/fs/cgroup", "/sys/fs/cgroup/unified" };

	(void)ctx;
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		char path[64];

		snprintf(path, sizeof(path), "%s/cgroup.controllers", places[i]);
		if (access(path, R_OK) == 0) {
			FOUND("at %s", places[i]);
			return 0;
		}
	}
	return -ENOENT;
}

static int check_cgroup_memory(const struct pw_probe_context *ctx, char found[PW_PROBE_FOUND])
{
	struct pw_cgroup_tree tree;
	struct pw_procfs fs;
	int rc;

	(void)ctx;
	pw_procfs_init(&fs, NULL);
	rc = pw_cgroup_tree_find(&fs, &tree);
	FOUND("%s", rc	    ? "no memory controller below /sys/fs/cgroup" :
		    tree.v1 ? "version 1: kernel memory is told as a whole, and no pids" :
			      "version 2");
	return rc;
}

static int check_io_calls(const struct pw_probe_context *ctx, char found[PW_PROBE_FOUND])
{
	(void)ctx;
	if (!access("/proc/self/io", F_OK))
		return 0;
	FOUND("the kernel does not count calls (CONFIG_TASK_XACCT)");
	return -errno;
}

const struct pw_probe pw_probes_machine[] = {
	{ "kernel", check_kernel, PW_DOCTOR_FAILED, "nothing works", "" },
	{ "capabilities", check_capabilities, PW_DOCTOR_MISSING,
	  "see the checks below: only what /proc shows to anybody",
	  "run as root, or under the systemd unit" },
	{ "lockdown", check_lockdown, PW_DOCTOR_ABSENT,
	  "the kernel refuses some probes and unsigned modules; see fentry and kprobes",
	  "boot with lockdown=none, or without Secure Boot; or live without them" },
	{ "tracefs", check_tracefs, PW_DOCTOR_ABSENT,
	  "nothing now: the ledger takes tracepoint ids and flags from elsewhere",
	  "mount -t tracefs tracefs /sys/kernel/tracing" },
	{ "all-processes", check_all_processes, PW_DOCTOR_MISSING, "processes of other users",
	  "run as root, or mount /proc without hidepid" },
	{ "other-memory", check_other_memory, PW_DOCTOR_MISSING,
	  "segments of processes of other users", "run as root, or give CAP_SYS_PTRACE" },
	{ "pagemap-scan", check_pagemap_scan, PW_DOCTOR_ABSENT,
	  "residency is read page by page: slower on big processes, huge pages not told apart",
	  "a kernel from 6.7" },
	{ "procmap-query", check_procmap_query, PW_DOCTOR_ABSENT,
	  "single mappings are looked up in all of maps", "a kernel from 6.11" },
	{ "page-frames", check_pfns, PW_DOCTOR_MISSING,
	  "pages touched before the start can't be seeded into the ledger",
	  "run as root, or give CAP_SYS_ADMIN" },
	{ "cgroup-v2", check_cgroup2, PW_DOCTOR_ABSENT,
	  "processes are grouped by the names of version 1 hierarchies",
	  "boot with systemd.unified_cgroup_hierarchy=1" },
	{ "cgroup-memory", check_cgroup_memory, PW_DOCTOR_ABSENT,
	  "limits of cgroups and the kernel's memory in them: a time to the limit knows those of "
	  "processes and of the machine only",
	  "boot without cgroup_disable=memory, and mount -t cgroup2 cgroup2 /sys/fs/cgroup" },
	{ "io-calls", check_io_calls, PW_DOCTOR_ABSENT,
	  "growth is held against CPU time, switches and faults, not against calls",
	  "a kernel with CONFIG_TASK_IO_ACCOUNTING" },
	{ NULL },
};
