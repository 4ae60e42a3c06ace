// SPDX-License-Identifier: GPL-2.0-or-later
#include "user/source/kernel.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "user/base/cleanup.h"

#define FORMAT_PATH "events/kmem/mm_page_alloc/format"
#define FORMAT_MAX 65536

PW_DEFINE_CLEANUP(struct btf, btf__free)

int pw_kernel_no_privilege(struct pw_error *err, const char *what)
{
	pw_error_set(err, -EPERM, "cannot %s: %s", what, strerror(EPERM));
	pw_error_remedy(err, "run as root, or give the binary CAP_BPF, CAP_PERFMON and CAP_SYS_ADMIN; "
			     "a kernel in lockdown mode \"confidentiality\" refuses everybody");
	return -EPERM;
}

/* ---- GFP flags ------------------------------------------------------------------ */

static bool enumerator(const struct btf *btf, const char *name, uint32_t *ret)
{
	uint32_t id, types = btf__type_cnt(btf);

	for (id = 1; id < types; id++) {
		const struct btf_type *t = btf__type_by_id(btf, id);
		const struct btf_enum *e;
		int i;

		if (!btf_is_enum(t) || t->name_off)
			continue; /* the one wanted is anonymous */
		e = btf_enum(t);
		for (i = 0; i < btf_vlen(t); i++) {
			const char *have = btf__name_by_offset(btf, e[i].name_off);

			if (have && !strcmp(have, name)) {
				*ret = e[i].val;
				return true;
			}
		}
	}
	return false;
}

/*
 * Kernels before 6.9 print {(unsigned long)((( gfp_t)0x02u)), "__GFP_HIGHMEM"}:
 * the number that stands last before the name, inside its braces.
 */
uint64_t pw_kernel_gfp_from_format(const char *format, const char *name)
{
	char quoted[64];
	const char *at, *p;
	uint64_t value = 0;

	snprintf(quoted, sizeof(quoted), "\"__GFP_%s\"", name);
	at = strstr(format, quoted);
	if (!at)
		return 0;
	for (p = at; p > format && *p != '{'; p--)
		;
	if (*p != '{')
		return 0;
	while (p < at) {
		char *end;

		if (p[0] == '0' && (p[1] == 'x' || p[1] == 'X')) {
			value = strtoull(p, &end, 16);
			p = end;
		} else {
			p++;
		}
	}
	return value;
}

static int read_format_at(int dir, const char *path, char *text, size_t size)
{
	pw_auto_close int fd = openat(dir, path, O_RDONLY | O_CLOEXEC);
	size_t len = 0;
	ssize_t n;

	if (fd < 0)
		return -errno;
	while (len < size - 1 && (n = read(fd, text + len, size - 1 - len)) > 0)
		len += n;
	text[len] = 0;
	return len ? 0 : -EIO;
}

/* Where nobody has mounted tracefs: a mount that is attached nowhere and goes with its descriptor. */
static int read_format_mounted(char *text, size_t size)
{
	pw_auto_close int fs = fsopen("tracefs", FSOPEN_CLOEXEC);
	pw_auto_close int dir = -1;

	if (fs < 0 || fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0))
		return -errno;
	dir = fsmount(fs, FSMOUNT_CLOEXEC, MOUNT_ATTR_RDONLY);
	if (dir < 0)
		return -errno;
	return read_format_at(dir, FORMAT_PATH, text, size);
}

static int read_format(const struct pw_procfs *fs, char *text, size_t size)
{
	char path[sizeof(fs->root) + 96];

	snprintf(path, sizeof(path), "%s/sys/kernel/tracing/" FORMAT_PATH, fs->root);
	if (!read_format_at(AT_FDCWD, path, text, size))
		return 0;
	snprintf(path, sizeof(path), "%s/sys/kernel/debug/tracing/" FORMAT_PATH, fs->root);
	if (!read_format_at(AT_FDCWD, path, text, size))
		return 0;
	return read_format_mounted(text, size);
}

struct gfp_source {
	const struct btf *btf;
	const char *format; /* NULL: BTF has them */
};

static uint64_t gfp_flag(const struct gfp_source *src, const char *name)
{
	char full[64];
	uint32_t bit;

	if (src->format)
		return pw_kernel_gfp_from_format(src->format, name);
	snprintf(full, sizeof(full), "___GFP_%s_BIT", name);
	return enumerator(src->btf, full, &bit) && bit < 32 ? 1ull << bit : 0;
}

static int probe_gfp(const struct pw_procfs *fs, const struct btf *btf, struct pw_kernel *k,
		     struct pw_error *err)
{
	pw_auto_free char *format = NULL;
	struct gfp_source src = { .btf = btf };
	uint64_t highmem, movable, hardwall, write, noretry;

	highmem = gfp_flag(&src, "HIGHMEM");
	if (!highmem) {
		int ret;

		format = malloc(FORMAT_MAX);
		if (!format)
			return -ENOMEM;
		ret = read_format(fs, format, FORMAT_MAX);
		if (ret == -EPERM || ret == -EACCES)
			return pw_kernel_no_privilege(err, "read the format of tracepoints");
		if (ret) {
			pw_error_set(err, -EOPNOTSUPP, "cannot learn this kernel's GFP flags: %s",
				     strerror(-ret));
			pw_error_remedy(
				err, "mount tracefs: mount -t tracefs tracefs /sys/kernel/tracing");
			return -EOPNOTSUPP;
		}
		src.format = format;
		highmem = gfp_flag(&src, "HIGHMEM");
	}
	movable = gfp_flag(&src, "MOVABLE");
	hardwall = gfp_flag(&src, "HARDWALL");
	write = gfp_flag(&src, "WRITE");
	noretry = gfp_flag(&src, "NORETRY");
	k->gfp_huge = gfp_flag(&src, "NOMEMALLOC");
	if (!highmem || !movable || !hardwall || !write || !noretry || !k->gfp_huge)
		return pw_error_set(
			err, -EOPNOTSUPP,
			"this kernel's GFP flags are in neither its BTF nor the format of mm_page_alloc");
	k->gfp_user = highmem | movable | hardwall;
	k->gfp_cache = write | noretry;
	return 0;
}

/* ---- types ---------------------------------------------------------------------- */

/* The prototype behind a tracepoint's btf_trace_NAME typedef; NULL: no such tracepoint. */
static const struct btf_type *tracepoint_proto(const struct btf *btf, const char *name)
{
	const struct btf_type *t;
	char full[128];
	int id;

	snprintf(full, sizeof(full), "btf_trace_%s", name);
	id = btf__find_by_name_kind(btf, full, BTF_KIND_TYPEDEF);
	if (id < 0)
		return NULL;
	t = btf__type_by_id(btf, btf__type_by_id(btf, id)->type);
	if (!t || !btf_is_ptr(t))
		return NULL;
	t = btf__type_by_id(btf, t->type);
	return t && btf_is_func_proto(t) ? t : NULL;
}

static void probe_tracepoints(const struct btf *btf, struct pw_kernel *k)
{
	const struct btf_type *t;

	/* Each prototype begins with the void * that a probe gets as its data. */
	t = tracepoint_proto(btf, "sched_process_exit");
	k->exit_tells_last = t && btf_vlen(t) >= 3;
	t = tracepoint_proto(btf, "mark_victim");
	k->has_mark_victim = t && btf_vlen(t) >= 2;
	if (k->has_mark_victim) {
		int id = btf__resolve_type(btf, btf_params(t)[1].type);

		k->victim_is_pid = id > 0 && btf_is_int(btf__type_by_id(btf, id));
	}
	k->has_collapse = tracepoint_proto(btf, "mm_collapse_huge_page") != NULL;
	t = tracepoint_proto(btf, "mm_khugepaged_collapse_file");
	k->has_collapse_file = t && btf_vlen(t) == 9;
	k->has_migration_pmd = tracepoint_proto(btf, "set_migration_pmd") != NULL;
}

/* Asked by doing it: configuration, lockdown and seccomp all have a say. */
static bool probe_fentry(const struct btf *btf)
{
	const struct bpf_insn return_zero[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = 0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	LIBBPF_OPTS(bpf_prog_load_opts, opts, .expected_attach_type = BPF_TRACE_FEXIT);
	int id = btf__find_by_name_kind(btf, "__x64_sys_brk", BTF_KIND_FUNC);
	int fd;

	if (id < 0)
		return false;
	opts.attach_btf_id = id;
	fd = bpf_prog_load(BPF_PROG_TYPE_TRACING, "pw_probe", "GPL", return_zero, 2, &opts);
	if (fd < 0)
		return false;
	close(fd);
	return true;
}

static bool member_is_array(const struct btf *btf, const struct btf_type *t, const char *name)
{
	const struct btf_member *m = btf_members(t);
	int i;

	for (i = 0; i < btf_vlen(t); i++, m++) {
		const char *have = btf__name_by_offset(btf, m->name_off);
		const struct btf_type *inner = btf__type_by_id(btf, m->type);

		if (have && !strcmp(have, name))
			return btf_is_array(inner);
		if (have && !*have && btf_is_composite(inner) && member_is_array(btf, inner, name))
			return true;
	}
	return false;
}

static int probe_types(const struct btf *btf, struct pw_kernel *k, struct pw_error *err)
{
	int page = btf__find_by_name_kind(btf, "page", BTF_KIND_STRUCT);
	int mm = btf__find_by_name_kind(btf, "mm_struct", BTF_KIND_STRUCT);
	uint32_t size;

	if (page < 0 || mm < 0)
		return pw_error_set(err, -EOPNOTSUPP, "this kernel's BTF has no struct page");
	size = btf__type_by_id(btf, page)->size;
	if (!size || (size & (size - 1)))
		return pw_error_set(
			err, -EOPNOTSUPP,
			"this kernel's struct page has %u bytes, not a power of two: no page ledger",
			size);
	k->page_struct_shift = __builtin_ctz(size);
	k->rss_percpu = member_is_array(btf, btf__type_by_id(btf, mm), "rss_stat");
	return 0;
}

/* ---- memory --------------------------------------------------------------------- */

static int probe_memory(const struct pw_procfs *fs, struct pw_kernel *k, struct pw_error *err)
{
	char path[sizeof(fs->root) + 32], line[256];
	pw_auto_fclose FILE *f = NULL;
	uint64_t spanned = 0, start, value;

	snprintf(path, sizeof(path), "%s/proc/zoneinfo", fs->root);
	f = fopen(path, "re");
	if (!f)
		return pw_error_set(err, -errno, "cannot read %s: %s", path, strerror(errno));
	/* Of each zone "spanned" comes first, "start_pfn" last. */
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, " spanned %lu", &value) == 1) {
			spanned = value;
		} else if (sscanf(line, " start_pfn: %lu", &start) == 1) {
			if (start + spanned > k->max_pfn)
				k->max_pfn = start + spanned;
			spanned = 0;
		}
	}
	if (!k->max_pfn || k->max_pfn > 1ull << 34)
		return pw_error_set(err, -EOPNOTSUPP,
				    "cannot learn the range of page frames from %s", path);
	return 0;
}

int pw_kernel_probe(const struct pw_procfs *fs, struct pw_kernel *ret, struct pw_error *err)
{
	pw_cleanup(btf__freep) struct btf *btf = NULL;
	struct pw_kernel k = { .possible_cpus = libbpf_num_possible_cpus() };
	int rc;

	btf = btf__load_vmlinux_btf();
	if (!btf) {
		pw_error_set(err, -EOPNOTSUPP,
			     "this kernel has no BTF (/sys/kernel/btf/vmlinux): %s", strerror(errno));
		pw_error_remedy(
			err,
			"boot a kernel built with CONFIG_DEBUG_INFO_BTF=y; every Debian kernel is");
		return -EOPNOTSUPP;
	}
	rc = probe_types(btf, &k, err);
	if (!rc)
		rc = probe_gfp(fs, btf, &k, err);
	if (!rc)
		rc = probe_memory(fs, &k, err);
	if (rc)
		return rc;
	probe_tracepoints(btf, &k);
	k.fentry = probe_fentry(btf);
	*ret = k;
	return 0;
}
