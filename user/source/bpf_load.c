// SPDX-License-Identifier: GPL-2.0-or-later
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "bpf/pagewarden.skel.h"
#include "user/base/cleanup.h"
#include "user/source/bpf_private.h"

#define CAPACITY_DEFAULT 16384u
#define CAPACITY_LEAST 2048u
#define RING_DEFAULT (1u << 20)
#define RING_WIPES (8u << 20) /* wipes come in bursts: a TLS handshake has hundreds */
#define STRAYS_LEAST 4096u

/* The program that libbpf complained about last; its own name for the cause is a page long. */
static char refused[64];

static int listen_to_libbpf(enum libbpf_print_level level, const char *format, va_list ap)
{
	char line[256], *end;

	if (level != LIBBPF_WARN)
		return 0;
	vsnprintf(line, sizeof(line), format, ap);
	if (strncmp(line, "libbpf: prog '", 14) || !strstr(line, "load failed"))
		return 0;
	end = strchr(line + 14, '\'');
	if (end)
		*end = 0;
	snprintf(refused, sizeof(refused), "%.63s", line + 14);
	return 0;
}

static int load_failed(const struct pw_bpf *b, int rc, struct pw_error *err)
{
	char mode[PW_LOCKDOWN_LEN];

	if (pw_procfs_lockdown(&b->fs, mode) == 0 && strcmp(mode, "confidentiality") == 0) {
		/* It shows as a helper that is not there, which would name the wrong cause. */
		pw_error_set(err, -EPERM,
			     "the kernel's lockdown mode \"confidentiality\" forbids BPF to "
			     "read kernel memory");
		pw_error_remedy(err, "boot with lockdown=integrity or lockdown=none");
		return -EPERM;
	}
	if (rc == -EPERM) {
		pw_error_set(err, rc, "cannot load the BPF programs: %s", strerror(-rc));
		pw_error_remedy(
			err,
			"run as root, or give the binary CAP_BPF, CAP_PERFMON and CAP_SYS_ADMIN");
		return rc;
	}
	if (rc == -ENOMEM)
		return pw_error_set(err, rc, "no memory for the page ledger's maps");
	if (refused[0])
		return pw_error_set(err, rc, "this kernel refuses the BPF program %s: %s", refused,
				    strerror(-rc));
	return pw_error_set(err, rc, "cannot load the BPF programs: %s", strerror(-rc));
}

static bool power_of_two(uint32_t x)
{
	return x && !(x & (x - 1));
}

/* Few slots on a small machine: the ledger stays below 0.1% of its memory. */
static uint32_t default_capacity(uint64_t pages)
{
	uint64_t fitting = pages / 128;

	if (fitting > CAPACITY_DEFAULT)
		return CAPACITY_DEFAULT;
	return fitting < CAPACITY_LEAST ? CAPACITY_LEAST : fitting;
}

static int apply_options(struct pw_bpf *b, struct pw_error *err)
{
	struct pw_source_options *o = &b->opt;

	if (!o->sample_every)
		o->sample_every = 64;
	if (!o->resources_every_ns)
		o->resources_every_ns = PW_SOURCE_RESOURCES_NS;
	if (!power_of_two(o->sample_every) || o->sample_every > PW_SAMPLE_EVERY_MAX)
		return pw_error_set(err, -EINVAL,
				    "cannot sample 1 page in %u: give a power of two, 1 to %u",
				    o->sample_every, PW_SAMPLE_EVERY_MAX);
	if (!o->process_capacity)
		o->process_capacity = default_capacity(b->kernel.max_pfn);
	if (o->process_capacity > PW_SLOTS_MAX)
		return pw_error_set(err, -EINVAL, "room for %u processes is too much: at most %u",
				    o->process_capacity, PW_SLOTS_MAX);
	if (!o->ring_bytes)
		o->ring_bytes = o->wipes.on ? RING_WIPES : RING_DEFAULT;
	if (!power_of_two(o->ring_bytes) || o->ring_bytes < 4096)
		return pw_error_set(err, -EINVAL,
				    "an event ring of %u bytes: give a power of two from 4096",
				    o->ring_bytes);
	b->sample_shift = __builtin_ctz(o->sample_every);
	b->capacity = o->process_capacity;
	b->ledger_entries = (b->kernel.max_pfn >> b->sample_shift) + 1;
	return 0;
}

static void set_rodata(struct pw_bpf *b)
{
	struct pagewarden_bpf__rodata *r = b->skel->rodata;

	r->vmemmap_base = b->calibration.vmemmap_base;
	r->page_shift = b->kernel.page_struct_shift;
	r->max_pfn = b->kernel.max_pfn;
	r->sample_shift = b->sample_shift;
	r->resources_every_ns = b->opt.resources_every_ns;
	r->gfp_user = b->kernel.gfp_user;
	r->gfp_cache = b->kernel.gfp_cache;
	r->gfp_huge = b->kernel.gfp_huge;
	r->follow_collapse = b->kernel.has_collapse;
	r->cpus = b->kernel.possible_cpus;
	r->ring_half = b->opt.ring_bytes / 2;
	r->exit_tells_last = b->kernel.exit_tells_last;
	r->victim_is_pid = b->kernel.victim_is_pid;
}

static int size_maps(struct pw_bpf *b)
{
	uint64_t strays = b->ledger_entries / 4, words = (b->kernel.max_pfn >> 6) + 1;
	int rc = 0;

	if (strays < STRAYS_LEAST)
		strays = STRAYS_LEAST;
	/* With every page sampled, nothing can stray. */
	if (!b->sample_shift || b->opt.no_ledger)
		strays = words = 1;
	rc |= bpf_map__set_max_entries(b->skel->maps.ledger,
				       b->opt.no_ledger ? 1 : b->ledger_entries);
	rc |= bpf_map__set_max_entries(b->skel->maps.slots, b->capacity);
	rc |= bpf_map__set_max_entries(b->skel->maps.free_slots, b->capacity);
	rc |= bpf_map__set_max_entries(b->skel->maps.procs, b->capacity);
	rc |= bpf_map__set_max_entries(b->skel->maps.strays, strays);
	rc |= bpf_map__set_max_entries(b->skel->maps.stray_bits, words);
	rc |= bpf_map__set_max_entries(b->skel->maps.events, b->opt.ring_bytes);
	return rc ? -EINVAL : 0;
}

static void choose_programs(struct pw_bpf *b)
{
	const struct pw_kernel *k = &b->kernel;
	bool ledger = !b->opt.no_ledger;

	bpf_program__set_autoload(b->skel->progs.page_alloc, ledger);
	bpf_program__set_autoload(b->skel->progs.page_free, ledger);
	bpf_program__set_autoload(b->skel->progs.page_alloc_again, ledger);
	bpf_program__set_autoload(b->skel->progs.page_free_again, ledger);
	bpf_program__set_autoload(b->skel->progs.set_migration_pte, ledger);
	bpf_program__set_autoload(b->skel->progs.remove_migration_pte, ledger);
	bpf_program__set_autoload(b->skel->progs.set_migration_pmd, ledger && k->has_migration_pmd);
	bpf_program__set_autoload(b->skel->progs.remove_migration_pmd,
				  ledger && k->has_migration_pmd);
	bpf_program__set_autoload(b->skel->progs.collapse_anon, ledger && k->has_collapse);
	bpf_program__set_autoload(b->skel->progs.collapse_file, ledger && k->has_collapse_file);
	bpf_program__set_autoload(b->skel->progs.oom_kill, k->has_mark_victim);
}

void *pw_bpf_map_memory(const struct bpf_map *map, size_t size)
{
	void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, bpf_map__fd(map), 0);

	return at == MAP_FAILED ? NULL : at;
}

/* Programs whose absence costs speed or detail, never a number. */
static void choose_optional(struct pw_bpf *b, bool optional)
{
	bpf_program__set_autoload(b->skel->progs.pw_iter_vma, optional);
	bpf_program__set_autoload(b->skel->progs.pw_iter_thread, optional);
}

/* What the kernel says a map takes; 0 where it doesn't say. */
static uint64_t map_bytes(const struct bpf_map *map)
{
	char path[64], line[128];
	pw_auto_fclose FILE *f = NULL;
	unsigned long bytes = 0;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", bpf_map__fd(map));
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "memlock: %lu", &bytes) == 1)
			break;
	return bytes;
}

static void measure_maps(struct pw_bpf *b)
{
	struct bpf_map *map;

	bpf_object__for_each_map(map, b->skel->obj) b->ledger_bytes += map_bytes(map);
}

/* Where the per-CPU parts of rss_stat can't be reached, the error has a bound. */
static void learn_cpus(struct pw_bpf *b)
{
	LIBBPF_OPTS(bpf_test_run_opts, run);
	uint32_t batch = 2 * b->kernel.possible_cpus;

	if (b->kernel.rss_percpu) {
		bpf_prog_test_run_opts(bpf_program__fd(b->skel->progs.learn_cpus), &run);
		if (b->skel->bss->cpus_known < b->kernel.possible_cpus) {
			b->skel->bss->cpus_known = 0;
			b->rss_error_pages = (batch > 32 ? batch : 32) * b->kernel.possible_cpus;
			return;
		}
	}
	b->coverage |= PW_COVER_RSS_EXACT;
}

static bool wants_fentry(const struct pw_bpf *b)
{
	return b->kernel.fentry && b->opt.vm_calls == PW_VM_CALLS_AUTO;
}

static void choose_vm_calls(struct pw_bpf *b)
{
	bool fentry = wants_fentry(b);

	bpf_program__set_autoload(b->skel->progs.exit_mmap, fentry);
	bpf_program__set_autoload(b->skel->progs.exit_munmap, fentry);
	bpf_program__set_autoload(b->skel->progs.exit_brk, fentry);
	bpf_program__set_autoload(b->skel->progs.exit_mremap, fentry);
	bpf_program__set_autoload(b->skel->progs.exit_any, b->opt.vm_calls == PW_VM_CALLS_SYSCALL);
}

static int open_and_load(struct pw_bpf *b, bool optional)
{
	int rc;

	pagewarden_bpf__destroy(b->skel);
	refused[0] = 0;
	b->skel = pagewarden_bpf__open();
	if (!b->skel)
		return -errno;
	set_rodata(b);
	choose_programs(b);
	choose_vm_calls(b);
	choose_optional(b, optional);
	rc = size_maps(b);
	return rc ? rc : pagewarden_bpf__load(b->skel);
}

int pw_bpf_load(struct pw_bpf *b, struct pw_error *err)
{
	int rc;

	libbpf_set_print(listen_to_libbpf);
	rc = pw_kernel_probe(&b->fs, &b->kernel, err);

	if (!rc)
		rc = apply_options(b, err);
	if (!rc && !b->opt.no_ledger)
		rc = pw_calibrate(&b->fs, &b->kernel, &b->calibration, err);
	if (rc)
		return rc;
	rc = open_and_load(b, true);
	/* Something optional may be refused (fentry often is): without it, then. */
	if (rc && rc != -EPERM && rc != -ENOMEM)
		rc = open_and_load(b, false);
	if (rc)
		return load_failed(b, rc, err);
	measure_maps(b);
	learn_cpus(b);
	return 0;
}

/* One program; false where the kernel has no such hook or refuses it. */
static bool attach(struct bpf_program *prog, struct bpf_link **link)
{
	if (bpf_program__fd(prog) < 0)
		return false;
	*link = bpf_program__attach(prog);
	return *link != NULL;
}

/*
 * Frees before allocations: a page allocated in between is not in the ledger,
 * but none stays in it that was freed unseen.
 */
static int attach_ledger(struct pw_bpf *b, struct pw_error *err)
{
	struct pagewarden_bpf *s = b->skel;
	bool pte, pmd;

	if (b->opt.no_ledger)
		return 0;
	if (!attach(s->progs.page_free, &s->links.page_free))
		return pw_error_set(err, -errno, "cannot attach to the tracepoint mm_page_free: %s",
				    strerror(errno));
	pte = attach(s->progs.remove_migration_pte, &s->links.remove_migration_pte) &&
	      attach(s->progs.set_migration_pte, &s->links.set_migration_pte);
	pmd = !b->kernel.has_migration_pmd ||
	      (attach(s->progs.remove_migration_pmd, &s->links.remove_migration_pmd) &&
	       attach(s->progs.set_migration_pmd, &s->links.set_migration_pmd));
	if (pte && pmd)
		b->coverage |= PW_COVER_MIGRATION;
	if (attach(s->progs.collapse_anon, &s->links.collapse_anon))
		b->coverage |= PW_COVER_COLLAPSE;
	attach(s->progs.collapse_file, &s->links.collapse_file);
	if (!attach(s->progs.page_alloc, &s->links.page_alloc))
		return pw_error_set(err, -errno, "cannot attach to the tracepoint mm_page_alloc: %s",
				    strerror(errno));
	b->coverage |= PW_COVER_LEDGER;
	return 0;
}

/* More than one skip in 200 pages is not interrupts any more: see bpf/page.bpf.c. */
#define SKIPS_LEAST 64
#define PAGES_PER_SKIP 200

void pw_bpf_attach_twins(struct pw_bpf *b, uint64_t skips, uint64_t pages)
{
	struct pagewarden_bpf *s = b->skel;

	if (s->links.page_free_again || skips < SKIPS_LEAST || skips < pages / PAGES_PER_SKIP)
		return;
	attach(s->progs.page_free_again, &s->links.page_free_again);
	attach(s->progs.page_alloc_again, &s->links.page_alloc_again);
}

static void attach_events(struct pw_bpf *b)
{
	struct pagewarden_bpf *s = b->skel;

	if (attach(s->progs.process_exit, &s->links.process_exit) &&
	    attach(s->progs.process_exec, &s->links.process_exec) &&
	    attach(s->progs.process_fork, &s->links.process_fork))
		b->coverage |= PW_COVER_EVENTS;
	if (attach(s->progs.oom_kill, &s->links.oom_kill))
		b->coverage |= PW_COVER_OOM;
}

static void attach_vm_calls(struct pw_bpf *b)
{
	struct pagewarden_bpf *s = b->skel;
	bool counted;

	if (wants_fentry(b))
		counted = attach(s->progs.exit_mmap, &s->links.exit_mmap) &&
			  attach(s->progs.exit_munmap, &s->links.exit_munmap) &&
			  attach(s->progs.exit_brk, &s->links.exit_brk) &&
			  attach(s->progs.exit_mremap, &s->links.exit_mremap);
	else
		counted = attach(s->progs.exit_any, &s->links.exit_any);
	if (counted)
		b->coverage |= PW_COVER_VM_CALLS;
	if (b->kernel.fentry)
		b->coverage |= PW_COVER_FENTRY;
}

int pw_bpf_attach(struct pw_bpf *b, struct pw_error *err)
{
	struct pagewarden_bpf *s = b->skel;

	if (!attach(s->progs.count_tasks, &s->links.count_tasks)) {
		pw_error_set(err, -EOPNOTSUPP, "this kernel has no task iterator: %s",
			     strerror(errno));
		pw_error_remedy(err, "Linux 6.1 or later is needed");
		return -EOPNOTSUPP;
	}
	b->coverage |= PW_COVER_RESOURCES;
	attach_events(b);
	attach_vm_calls(b);
	return attach_ledger(b, err);
}

void pw_bpf_unload(struct pw_bpf *b)
{
	pagewarden_bpf__destroy(b->skel);
}
