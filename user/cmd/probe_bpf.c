// SPDX-License-Identifier: GPL-2.0-or-later
/* Trial loads: the smallest program of each kind, attached where it can be, and closed. */
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "user/base/cleanup.h"
#include "user/base/text.h"
#include "user/cmd/probe.h"

/* libbpf before 1.2 takes opts as const, later ones do not. */
static int load(enum bpf_prog_type type, struct bpf_prog_load_opts *opts)
{
	const struct bpf_insn return_zero[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};

	return bpf_prog_load(type, NULL, "GPL", return_zero, 2, opts);
}

/* fd or -errno: a tracing program for a kernel function, tracepoint or iterator by its BTF. */
static int load_tracing(enum bpf_attach_type attach, const char *name)
{
	int id = libbpf_find_vmlinux_btf_id(name, attach);
	LIBBPF_OPTS(bpf_prog_load_opts, opts, .expected_attach_type = attach);

	if (id < 0)
		return id;
	opts.attach_btf_id = (__u32)id;
	return load(BPF_PROG_TYPE_TRACING, &opts);
}

static int attach_raw(const char *name, int prog)
{
	pw_auto_close int link = bpf_raw_tracepoint_open(name, prog);

	return link < 0 ? -errno : 0;
}

static int check_btf(const struct pw_probe_context *ctx, char found[PW_PROBE_FOUND])
{
	struct btf *btf = btf__load_vmlinux_btf();
	int err = errno;

	(void)ctx;
	if (libbpf_get_error(btf))
		return -err;
	snprintf(found, PW_PROBE_FOUND, "%u types", btf__type_cnt(btf));
	btf__free(btf);
	return 0;
}

static int check_raw_tracepoint(const struct pw_probe_context *ctx, char found[PW_PROBE_FOUND])
{
	pw_auto_close int prog = load(BPF_PROG_TYPE_RAW_TRACEPOINT, NULL);

	(void)ctx;
	(void)found;
	return prog < 0 ? prog : attach_raw("mm_page_alloc", prog);
}

/* Lockdown "confidentiality" takes this helper away, and with it every program that looks at a page. */
static int check_kernel_reads(const struct pw_probe_context *ctx, char found[PW_PROBE_FOUND])
{
	const struct bpf_insn read_null[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = BPF_REG_1, .src_reg = BPF_REG_10 },
		{ .code = BPF_ALU64 | BPF_ADD | BPF_K, .dst_reg = BPF_REG_1, .imm = -8 },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_2, .imm = 8 },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_3, .imm = 0 },
		{ .code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_probe_read_kernel },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = 0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	pw_auto_close int prog = bpf_prog_load(BPF_PROG_TYPE_RAW_TRACEPOINT, NULL, "GPL", read_null,
					       sizeof(read_null) / sizeof(read_null[0]), NULL);

	(void)ctx;
	if (prog >= 0)
		return 0;
	if (prog == -EINVAL)
		snprintf(found, PW_PROBE_FOUND, "refused, as in lockdown mode \"confidentiality\"");
	return prog;
}

static int check_tp_btf(const struct pw_probe_context *ctx, char found[PW_PROBE_FOUND])
{
	pw_auto_close int prog = load_tracing(BPF_TRACE_RAW_TP, "rss_stat");

	(void)ctx;
	(void)found;
	return prog < 0 ? prog : attach_raw(NULL, prog);
}

static int check_fentry(const struct pw_probe_context *ctx, char found[PW_PROBE_FOUND])
{
	pw_auto_close int prog = load_tracing(BPF_TRACE_FENTRY, "vm_mmap_pgoff");

	(void)ctx;
	(void)found;
	return prog < 0 ? prog : attach_raw(NULL, prog);
}

static int check_iterator(const char *name)
{
	pw_auto_close int prog = load_tracing(BPF_TRACE_ITER, name);
	pw_auto_close int link = -1;
	pw_auto_close int iter = -1;

	if (prog < 0)
		return prog;
	link = bpf_link_create(prog, 0, BPF_TRACE_ITER, NULL);
	if (link < 0)
		return -errno;
	iter = bpf_iter_create(link);
	return iter < 0 ? -errno : 0;
}

static int check_task_iterator(const struct pw_probe_context *ctx, char found[PW_PROBE_FOUND])
{
	(void)ctx;
	(void)found;
	return check_iterator("task");
}

static int check_vma_iterator(const struct pw_probe_context *ctx, char found[PW_PROBE_FOUND])
{
	(void)ctx;
	(void)found;
	return check_iterator("task_vma");
}

static int check_ring(const struct pw_probe_context *ctx, char found[PW_PROBE_FOUND])
{
	pw_auto_close int map = bpf_map_create(BPF_MAP_TYPE_RINGBUF, "probe", 0, 0, 1 << 20, NULL);

	(void)ctx;
	(void)found;
	return map < 0 ? -errno : 0;
}

/* Since 5.11 maps are charged to the cgroup, before to RLIMIT_MEMLOCK; a big one tells. */
static int check_memlock(const struct pw_probe_context *ctx, char found[PW_PROBE_FOUND])
{
	pw_auto_close int map = bpf_map_create(BPF_MAP_TYPE_ARRAY, "probe", 4, 8, 2u << 20, NULL);
	int rc = map < 0 ? -errno : 0;
	struct rlimit limit = { 0 };
	char size[PW_SIZE_TEXT];

	(void)ctx;
	getrlimit(RLIMIT_MEMLOCK, &limit);
	pw_text_size(limit.rlim_cur, size);
	snprintf(found, PW_PROBE_FOUND, "16M map %s, RLIMIT_MEMLOCK %s",
		 rc ? strerror(-rc) : "created",
		 limit.rlim_cur == RLIM_INFINITY ? "unlimited" : size);
	return rc;
}

static int check_stats(const struct pw_probe_context *ctx, char found[PW_PROBE_FOUND])
{
	pw_auto_close int fd = bpf_enable_stats(BPF_STATS_RUN_TIME);

	(void)ctx;
	(void)found;
	return fd < 0 ? -errno : 0;
}

/* ---- probes of functions, through perf events ----------------------------------- */

static int pmu_type(const char *pmu, __u32 *ret)
{
	char path[64];
	pw_auto_fclose FILE *f = NULL;

	snprintf(path, sizeof(path), "/sys/bus/event_source/devices/%s/type", pmu);
	f = fopen(path, "re");
	if (!f)
		return -errno;
	return fscanf(f, "%u", ret) == 1 ? 0 : -EIO;
}

static int attach_perf(const char *pmu, const char *target, __u64 offset, pid_t pid, int cpu)
{
	struct perf_event_attr attr = {
		.size = sizeof(attr),
		.config1 = (__u64)(unsigned long)target,
		.config2 = offset,
	};
	pw_auto_close int prog = load(BPF_PROG_TYPE_KPROBE, NULL);
	pw_auto_close int event = -1;
	int rc = pmu_type(pmu, &attr.type);

	if (prog < 0 || rc)
		return prog < 0 ? prog : rc;
	event = (int)syscall(SYS_perf_event_open, &attr, pid, cpu, -1, PERF_FLAG_FD_CLOEXEC);
	if (event < 0)
		return -errno;
	return ioctl(event, PERF_EVENT_IOC_SET_BPF, prog) ? -errno : 0;
}

static int check_kprobe(const struct pw_probe_context *ctx, char found[PW_PROBE_FOUND])
{
	(void)ctx;
	(void)found;
	return attach_perf("kprobe", "vm_mmap_pgoff", 0, -1, 0);
}

/* The file offset of an address of this program. */
static int own_offset(const void *address, __u64 *ret)
{
	pw_auto_fclose FILE *f = fopen("/proc/self/maps", "re");
	unsigned long start, end, offset, a = (unsigned long)address;
	char line[512];

	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%lx-%lx %*s %lx", &start, &end, &offset) == 3 && a >= start &&
		    a < end) {
			*ret = a - start + offset;
			return 0;
		}
	}
	return -ENOENT;
}

static int check_uprobe(const struct pw_probe_context *ctx, char found[PW_PROBE_FOUND])
{
	__u64 offset;
	int rc = own_offset((const void *)check_uprobe, &offset);

	(void)ctx;
	(void)found;
	return rc ? rc : attach_perf("uprobe", "/proc/self/exe", offset, 0, -1);
}

#define PRIVILEGED "run as root, or give CAP_BPF and CAP_PERFMON"

const struct pw_probe pw_probes_bpf[] = {
	{ "btf", check_btf, PW_DOCTOR_MISSING, "no BPF at all: no page ledger, no events, /proc only",
	  "a kernel with CONFIG_DEBUG_INFO_BTF (Debian's have it)" },
	{ "raw-tracepoints", check_raw_tracepoint, PW_DOCTOR_MISSING,
	  "no page ledger, no fork, exec and exit events; counters come from /proc", PRIVILEGED },
	{ "kernel-reads", check_kernel_reads, PW_DOCTOR_MISSING,
	  "no page ledger, no events, no counters from BPF; /proc only",
	  "boot with lockdown=integrity or none; " PRIVILEGED },
	{ "btf-tracepoints", check_tp_btf, PW_DOCTOR_MISSING,
	  "per-process counters are read from /proc only", PRIVILEGED },
	{ "fentry", check_fentry, PW_DOCTOR_ABSENT, "gross mmap, munmap and brk volumes not seen",
	  "a kernel whose lockdown and configuration allow it; or --vm-calls syscall" },
	{ "kprobes", check_kprobe, PW_DOCTOR_ABSENT, "kernel-side wipes (kfree_sensitive) not seen",
	  "a kernel with CONFIG_KPROBES that lockdown does not forbid" },
	{ "uprobes", check_uprobe, PW_DOCTOR_MISSING,
	  "allocations and wipes of programs can't be sampled",
	  "a kernel with CONFIG_UPROBES; " PRIVILEGED },
	{ "ring-buffer", check_ring, PW_DOCTOR_MISSING, "no events", PRIVILEGED },
	{ "task-iterator", check_task_iterator, PW_DOCTOR_MISSING,
	  "processes are read from /proc one by one, which costs more", PRIVILEGED },
	{ "vma-iterator", check_vma_iterator, PW_DOCTOR_MISSING,
	  "mappings are read from /proc/PID/maps, which is slower", PRIVILEGED },
	{ "bpf-stats", check_stats, PW_DOCTOR_MISSING,
	  "the cost of the BPF programs can't be shown", PRIVILEGED },
	{ "memlock", check_memlock, PW_DOCTOR_MISSING, "the ledger's maps may not fit",
	  "raise the limit: ulimit -l unlimited, or LimitMEMLOCK= in the unit" },
	{ NULL },
};
