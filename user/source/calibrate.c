// SPDX-License-Identifier: GPL-2.0-or-later
#include "user/source/calibrate.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bpf/calibrate.skel.h"
#include "user/base/cleanup.h"

#define PAGES 512
#define PAGEMAP_PRESENT (1ull << 63)
#define PAGEMAP_PFN ((1ull << 55) - 1)

PW_DEFINE_CLEANUP(struct calibrate_bpf, calibrate_bpf__destroy)

static int open_failed(int rc, struct pw_error *err)
{
	if (rc == -EPERM || rc == -EACCES)
		return pw_kernel_no_privilege(err, "load BPF programs");
	return pw_error_set(err, rc, "cannot load the calibration program: %s", strerror(-rc));
}

static int load(const struct pw_kernel *k, struct calibrate_bpf **ret, struct pw_error *err)
{
	pw_cleanup(calibrate_bpf__destroyp) struct calibrate_bpf *skel = calibrate_bpf__open();
	LIBBPF_OPTS(bpf_test_run_opts, run);
	int rc;

	if (!skel)
		return open_failed(-errno, err);
	skel->rodata->gfp_user = k->gfp_user;
	skel->rodata->gfp_cache = k->gfp_cache;
	rc = calibrate_bpf__load(skel);
	if (rc)
		return open_failed(rc, err);
	rc = bpf_prog_test_run_opts(bpf_program__fd(skel->progs.learn_self), &run);
	if (rc)
		return open_failed(rc, err);
	skel->links.watch = bpf_program__attach(skel->progs.watch);
	if (!skel->links.watch)
		return open_failed(-errno, err);
	*ret = pw_steal(skel);
	return 0;
}

static uint64_t read_pfn(int pagemap, const void *at)
{
	uint64_t entry;
	off_t offset = (uintptr_t)at / sysconf(_SC_PAGESIZE) * sizeof(entry);

	if (pread(pagemap, &entry, sizeof(entry), offset) != sizeof(entry))
		return 0;
	return entry & PAGEMAP_PRESENT ? entry & PAGEMAP_PFN : 0;
}

/* Majority vote after Boyer and Moore: one pass finds the candidate, a second counts it. */
static void vote(const uint64_t *bases, uint32_t n, struct pw_calibration *c)
{
	uint32_t i, lead = 0;

	c->pages = n;
	c->votes = 0;
	for (i = 0; i < n; i++) {
		if (!lead)
			c->vmemmap_base = bases[i];
		lead += bases[i] == c->vmemmap_base ? 1 : -1;
	}
	for (i = 0; i < n; i++)
		c->votes += bases[i] == c->vmemmap_base;
}

static int measure(struct calibrate_bpf *skel, const struct pw_kernel *k, int pagemap, char *memory,
		   struct pw_calibration *c)
{
	size_t page_size = sysconf(_SC_PAGESIZE);
	uint64_t bases[PAGES];
	uint32_t i, n = 0;

	/* A read maps the zero page. */
	if (*(volatile char *)(memory + PAGES * page_size) == 0)
		c->zero_pfn = read_pfn(pagemap, memory + PAGES * page_size);
	for (i = 0; i < PAGES; i++) {
		volatile struct calibrate_bpf__bss *seen = skel->bss;
		uint64_t before = seen->pages, pfn;

		*(volatile char *)(memory + i * page_size) = 1;
		if (seen->pages != before + 1)
			continue; /* something else was allocated too */
		pfn = read_pfn(pagemap, memory + i * page_size);
		if (pfn)
			bases[n++] = seen->last_page - (pfn << k->page_struct_shift);
	}
	vote(bases, n, c);
	return n;
}

int pw_calibrate(const struct pw_procfs *fs, const struct pw_kernel *k, struct pw_calibration *ret,
		 struct pw_error *err)
{
	pw_cleanup(calibrate_bpf__destroyp) struct calibrate_bpf *skel = NULL;
	size_t size = (PAGES + 1) * sysconf(_SC_PAGESIZE);
	struct pw_calibration c = {};
	pw_auto_close int pagemap = -1;
	char *memory;
	int rc = load(k, &skel, err);

	if (rc)
		return rc;
	pagemap = pw_procfs_open_path(fs, "/proc/self/pagemap", O_RDONLY);
	if (pagemap < 0)
		return pw_error_set(err, pagemap, "cannot read /proc/self/pagemap: %s",
				    strerror(-pagemap));
	memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		return -errno;
	madvise(memory, size, MADV_NOHUGEPAGE);
	measure(skel, k, pagemap, memory, &c);
	munmap(memory, size);
	if (c.pages < PAGES / 4 || c.votes * 4 < c.pages * 3) {
		if (c.pages)
			return pw_error_set(err, -EOPNOTSUPP,
					    "no page ledger: the kernel's page array is not found, "
					    "%u of %u pages agree",
					    c.votes, c.pages);
		pw_error_set(err, -EOPNOTSUPP, "no page ledger: the kernel hides page frame numbers");
		pw_error_remedy(err, "run as root, or give the binary CAP_SYS_ADMIN too");
		return -EOPNOTSUPP;
	}
	*ret = c;
	return 0;
}
