// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "user/base/cleanup.h"
#include "user/base/key.h"
#include "user/inspect/address_space.h"
#include "user/inspect/classify.h"
#include "user/inspect/layout.h"
#include "user/inspect/maps.h"
#include "user/inspect/residency.h"
#include "user/inspect/segment_rows.h"
#include "user/inspect/smaps.h"

#define KERNEL_STACK_BYTES 16384ull /* THREAD_SIZE on x86-64 and arm64, without KASAN */

/* The kernel's resident sizes may be off by some pages for each CPU. */
#define RSS_SLACK (1ull << 20)
#define TRIES 3 /* when execs come faster than looks */

/* All that one look needs and gathers. */
struct look {
	const struct pw_procfs *fs;
	const struct pw_vma_provider *provider;
	const struct pw_key *key;
	unsigned int want; /* PW_SEGMENT_* */
	uint64_t page_size;
	int pagemap; /* -1: may not be read */
	uint32_t flags; /* PW_SEGMENTS_* */
	bool listed; /* vmas is filled */
	uint64_t virtual_bytes; /* before they were listed */
	bool residency, huge; /* known */
	struct pw_lock_meter meter;
	struct pw_layout vmas; /* as listed */
	struct pw_layout pieces; /* as classified */
	struct pw_threads threads;
	struct pw_mounts mounts;
	struct pw_segment_rows rows;
	char stack_name[64];
};

static void look_deinit(struct look *l)
{
	if (l->pagemap >= 0)
		close(l->pagemap);
	pw_segment_rows_deinit(&l->rows);
	pw_mounts_deinit(&l->mounts);
	pw_threads_deinit(&l->threads);
	pw_layout_deinit(&l->pieces);
	pw_layout_deinit(&l->vmas);
}

/*
 * The descriptor of pagemap stays with the address space that it was opened
 * for, through an exec and an exit: it comes first and tells at the end
 * whether that address space is still there.
 */
static int look_init(struct look *l, const struct pw_procfs *fs,
		     const struct pw_vma_provider *provider, const struct pw_key *key,
		     unsigned int want)
{
	int err;

	memset(l, 0, sizeof(*l));
	l->fs = fs;
	l->provider = provider;
	l->key = key;
	l->want = want;
	l->page_size = (uint64_t)sysconf(_SC_PAGESIZE);
	l->pagemap = pw_procfs_open(fs, key->pid, "pagemap", O_RDONLY);
	err = pw_layout_init(&l->vmas);
	if (!err)
		err = pw_layout_init(&l->pieces);
	if (!err)
		err = pw_segment_rows_init(&l->rows);
	return err;
}

/* ---- the process as a whole --------------------------------------------------- */

/* Alive, not a zombie, and still the process of the key: 0 or -ESRCH; -EAGAIN: look again. */
static int check_alive(struct look *l)
{
	struct pw_proc_stat stat;
	int err = pw_procfs_stat(l->fs, l->key->pid, &stat);

	if (err)
		return err;
	if (stat.state == 'Z' || stat.state == 'X')
		return -ESRCH;
	if (stat.start_ticks != pw_key_tick(l->key))
		return -ESRCH;
	/* a process without mappings lost them to an exec or its end; kernel threads have none */
	if (l->listed && l->vmas.count == 0 && !(stat.flags & PW_PF_KTHREAD))
		return -EAGAIN;
	if (!l->listed)
		l->virtual_bytes = stat.vsize_bytes;
	return 0;
}

static int add_kernel_rows(struct look *l)
{
	struct pw_proc_status status;
	uint64_t stacks;
	int err = pw_procfs_status(l->fs, l->key->pid, &status);

	if (err)
		return err == -ESRCH ? err : 0;
	stacks = status.threads * KERNEL_STACK_BYTES;
	snprintf(l->stack_name, sizeof(l->stack_name), "%u x %llu KiB, estimated", status.threads,
		 KERNEL_STACK_BYTES / 1024);
	if (status.page_tables)
		err = pw_segment_rows_add_kernel(&l->rows, PW_SEG_KERNEL_PAGE_TABLES, "",
						 status.page_tables, status.page_tables);
	if (!err && stacks)
		err = pw_segment_rows_add_kernel(&l->rows, PW_SEG_KERNEL_STACKS, l->stack_name,
						 stacks, stacks);
	/* pinned pages are resident in the segments that map them, too */
	if (!err && status.pinned)
		err = pw_segment_rows_add_kernel(&l->rows, PW_SEG_KERNEL_PINNED, "", status.pinned,
						 0);
	return err;
}

/* ---- steps -------------------------------------------------------------------- */

static int list_vmas(struct look *l)
{
	pw_auto_close int fd = -1;
	int err;

	if (l->provider && l->provider->read) {
		err = l->provider->read(l->provider->ctx, l->fs, l->key, &l->meter,
					pw_layout_add_vma, &l->vmas);
		if (err != -EOPNOTSUPP) {
			l->flags |= PW_SEGMENTS_ITER;
			return err;
		}
	}
	fd = pw_procfs_open(l->fs, l->key->pid, "maps", O_RDONLY);
	if (fd < 0)
		return fd;
	return pw_maps_read(fd, &l->meter, pw_layout_add_vma, &l->vmas);
}

static int classify(struct look *l)
{
	int err = pw_threads_read(l->fs, l->provider, l->key, &l->threads);

	if (!err)
		err = pw_mounts_read(l->fs, l->key->pid, &l->mounts);
	if (err)
		return err;
	if (l->threads.unknown > 0)
		l->flags |= PW_SEGMENTS_NO_THREADS;
	return pw_classify(
		&(struct pw_classify_input){
			.fs = l->fs,
			.pid = l->key->pid,
			.vmas = &l->vmas,
			.threads = &l->threads,
			.mounts = &l->mounts,
			.page_size = l->page_size,
			.pagemap = l->pagemap,
			.meter = &l->meter,
		},
		&l->pieces);
}

static bool swap_unused(const struct look *l)
{
	struct pw_meminfo info;

	return pw_procfs_meminfo(l->fs, &info) == 0 && info.swap_total == info.swap_free;
}

static int read_smaps(struct look *l)
{
	pw_auto_close int fd = pw_procfs_open(l->fs, l->key->pid, "smaps", O_RDONLY);
	int err;

	if (fd < 0)
		return fd;
	err = pw_smaps_read(fd, &l->pieces, !l->residency, &l->meter);
	if (err)
		return err;
	l->huge |= !l->residency;
	l->residency = true;
	l->flags |= PW_SEGMENTS_SMAPS | PW_SEGMENTS_DIRTY;
	return 0;
}

/*
 * Whether the process is as it was when its VMAs were listed, as far as its
 * sizes tell: virtual, and resident against what was counted.
 */
static bool is_steady(const struct look *l)
{
	struct pw_proc_stat stat;
	uint64_t counted = 0;

	if (pw_procfs_stat(l->fs, l->key->pid, &stat) != 0)
		return true; /* its end is noticed by others */
	for (size_t i = 0; i < l->pieces.count; i++)
		if (l->pieces.pieces[i].kind != PW_SEG_HUGETLB)
			counted += l->pieces.pieces[i].anon + l->pieces.pieces[i].file +
				   l->pieces.pieces[i].shm;
	return stat.vsize_bytes == l->virtual_bytes &&
	       counted <= stat.rss_pages * l->page_size + RSS_SLACK;
}

static int scan_pagemap(struct look *l, struct pw_residency_input *in)
{
	int err = pw_residency_scan(in, &l->pieces);

	if (!err && !is_steady(l)) {
		/* once more, with the question that does not rely on it */
		in->steady = false;
		pw_layout_clear_residency(&l->pieces);
		err = pw_residency_scan(in, &l->pieces);
	}
	return err;
}

/* Best first. Where none is allowed, the virtual sizes stand alone. */
static int measure(struct look *l)
{
	struct pw_residency_input in = {
		.pagemap = l->pagemap,
		.page_size = l->page_size,
		.steady = true,
		.swap_unused = swap_unused(l),
		.meter = &l->meter,
	};
	int err = -EOPNOTSUPP;

	if (l->want & PW_SEGMENT_LAYOUT) {
		l->flags |= PW_SEGMENTS_NO_RESIDENT;
		return 0;
	}
	if (l->pagemap >= 0) {
		err = scan_pagemap(l, &in);
		if (!err) {
			l->flags |= PW_SEGMENTS_PAGEMAP_SCAN;
			l->residency = l->huge = true;
		} else if (err == -EOPNOTSUPP) {
			err = pw_residency_read(&in, &l->pieces);
			if (!err)
				l->flags |= PW_SEGMENTS_PAGEMAP;
			l->residency = !err;
		}
	}
	/* smaps costs by what is resident, pagemap by what is mapped: too much of that */
	if ((l->want & PW_SEGMENT_SMAPS && err != -ESRCH) || err == -EFBIG)
		err = read_smaps(l);
	if (!l->residency)
		l->flags |= PW_SEGMENTS_NO_RESIDENT;
	/* an address space that is gone (-ESRCH) is noticed, and told, at the end */
	return err == -ENOMEM ? err : 0;
}

/* Whether the address space that was measured is still the process's own. */
static bool still_there(const struct look *l)
{
	uint64_t entry;

	if (l->pagemap < 0 || l->pieces.count == 0)
		return true;
	/* reading the pagemap of an address space that is gone gives no byte */
	return pread(l->pagemap, &entry, sizeof(entry),
		     (off_t)(l->pieces.pieces[0].start / l->page_size * sizeof(entry))) != 0;
}

static int look_once(struct look *l)
{
	int err = check_alive(l);

	if (!err)
		err = list_vmas(l);
	l->listed = true;
	if (!err && l->vmas.count == 0)
		err = check_alive(l);
	if (!err)
		err = classify(l);
	if (!err)
		err = measure(l);
	if (err)
		return err;
	if (!still_there(l)) {
		/* what was measured after the end counted as nothing: none of it is known */
		l->flags |= check_alive(l) ? PW_SEGMENTS_GONE : PW_SEGMENTS_CHANGED;
		l->flags |= PW_SEGMENTS_NO_RESIDENT;
		l->residency = false;
		l->flags &= ~(uint32_t)PW_SEGMENTS_DIRTY;
	} else if (check_alive(l)) {
		l->flags |= PW_SEGMENTS_GONE;
	}
	err = pw_segment_rows_add_layout(&l->rows, &l->pieces, l->want & PW_SEGMENT_EACH_VMA);
	if (!err && !(l->flags & PW_SEGMENTS_GONE))
		err = add_kernel_rows(l);
	pw_segment_rows_sort(&l->rows);
	if (l->vmas.overlapped)
		l->flags |= PW_SEGMENTS_CHANGED;
	if (l->vmas.truncated || l->pieces.truncated || l->rows.truncated)
		l->flags |= PW_SEGMENTS_TRUNCATED;
	return err;
}

/* ---- records ------------------------------------------------------------------ */

static int emit_row(const struct look *l, const struct pw_segment_out *row, uint64_t now,
		    pw_sink sink, void *ctx)
{
	union {
		struct pw_segment seg;
		uint8_t bytes[sizeof(struct pw_segment) + 512];
	} out;
	size_t len = strnlen(row->name, 504), size = (sizeof(out.seg) + len + 7) & ~(size_t)7;
	const bool kernel = row->seg.vmas == 0;

	memset(out.bytes, 0, size);
	out.seg = row->seg;
	out.seg.rec =
		(struct pw_record){ .type = PW_REC_SEGMENT, .size = (uint16_t)size, .time_ns = now };
	out.seg.key = *l->key;
	out.seg.name_len = (uint16_t)len;
	memcpy(out.bytes + sizeof(out.seg), row->name, len);
	if (!l->residency && !kernel)
		out.seg.anon_bytes = out.seg.file_bytes = out.seg.shmem_bytes = out.seg.swap_bytes =
			PW_UNKNOWN;
	if (!l->huge || !l->residency)
		out.seg.huge_bytes = PW_UNKNOWN;
	if (!(l->flags & PW_SEGMENTS_DIRTY))
		out.seg.dirty_bytes = PW_UNKNOWN;
	return sink(ctx, &out.seg.rec);
}

static int emit_all(const struct look *l, uint64_t began, pw_sink sink, void *ctx)
{
	const uint64_t now = pw_clock_boot_ns();
	struct pw_segments head = {
		.rec = { .type = PW_REC_SEGMENTS, .size = sizeof(head), .time_ns = now },
		.key = *l->key,
		.segments = (uint32_t)l->rows.count,
		.vmas = (uint32_t)l->vmas.count,
		.flags = l->flags,
		.lock_calls = l->meter.calls,
		.lock_total_ns = l->meter.total_ns,
		.lock_longest_ns = l->meter.longest_ns,
		.scan_ns = now - began,
	};
	int err = sink(ctx, &head.rec);

	for (size_t i = 0; i < l->rows.count && !err; i++)
		err = emit_row(l, &l->rows.rows[i], now, sink, ctx);
	return err;
}

/* An exec in the middle gave the process another address space. */
static bool was_replaced(const struct look *l, int err)
{
	const uint32_t both = PW_SEGMENTS_CHANGED | PW_SEGMENTS_NO_RESIDENT;

	return err == -EAGAIN || (!err && (l->flags & both) == both && l->pagemap >= 0);
}

static int explain(const struct pw_key *key, int err, struct pw_error *e)
{
	pw_error_set(e, err, "cannot read the address space of process %u: %s", key->pid,
		     err == -ESRCH ? "it has ended" : strerror(-err));
	if (err == -EACCES || err == -EPERM)
		pw_error_remedy(e, "run as root or as the user of that process, or give the binary "
				   "CAP_SYS_PTRACE");
	else if (err == -EBADMSG)
		pw_error_remedy(e, "its list of mappings is damaged");
	return err;
}

int pw_address_space_scan(const struct pw_procfs *fs, const struct pw_vma_provider *provider,
			  const struct pw_key *key, unsigned int flags, pw_sink sink, void *ctx,
			  struct pw_error *err_out)
{
	const uint64_t began = pw_clock_boot_ns();
	struct look look;
	int err;

	for (int tries = 1;; tries++) {
		err = look_init(&look, fs, provider, key, flags);
		if (!err)
			err = look_once(&look);
		if (!was_replaced(&look, err) || tries == TRIES)
			break;
		look_deinit(&look);
	}
	if (err == -EAGAIN)
		err = -ESRCH; /* on its way out, not a zombie yet */
	if (err)
		explain(key, err, err_out);
	else
		err = emit_all(&look, began, sink, ctx);
	look_deinit(&look);
	return err;
}
