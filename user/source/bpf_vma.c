// SPDX-License-Identifier: GPL-2.0-or-later
#include "user/source/bpf_vma.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "bpf/pagewarden.skel.h"
#include "bpf/vma.h"
#include "user/base/cleanup.h"

#define READ_BYTES 65536u /* the kernel hands out at most 32 KiB at a time */

/* The programs' scratch memory belongs to one reader. */
static pthread_mutex_t reader_lock = PTHREAD_MUTEX_INITIALIZER;

/* Of vm_flags: the ABI of no header, but the same since the beginning. */
#define VM_READ 0x1u
#define VM_WRITE 0x2u
#define VM_EXEC 0x4u
#define VM_MAYSHARE 0x80u /* what maps shows as "s" */

static void destroy_linkp(struct bpf_link **link)
{
	bpf_link__destroy(*link);
}

/* Takes whole records off the front of bytes: how many bytes, END, or -errno. */
#define END INT64_MAX
typedef int64_t (*consume_fn)(void *ctx, const uint8_t *bytes, size_t len);

static int read_iterator(int fd, struct pw_lock_meter *meter, consume_fn consume, void *ctx)
{
	pw_auto_free uint8_t *buf = malloc(READ_BYTES);
	size_t len = 0;

	if (!buf)
		return -ENOMEM;
	for (;;) {
		uint64_t began = pw_lock_begin();
		ssize_t n = read(fd, buf + len, READ_BYTES - len);
		int64_t used;

		if (meter)
			pw_lock_end(meter, began);
		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return len == 0 ? 0 : -EBADMSG;
		len += (size_t)n;
		used = consume(ctx, buf, len);
		if (used < 0)
			return (int)used;
		if (used == END)
			return 0;
		len -= (size_t)used;
		memmove(buf, buf + used, len);
	}
}

/* One pass of an iterator over one task (tid) or all threads of one process (pid). */
static int run_iterator(const struct bpf_program *prog, uint32_t tid, uint32_t pid,
			struct pw_lock_meter *meter, consume_fn consume, void *ctx)
{
	union bpf_iter_link_info info = { .task = { .tid = tid, .pid = pid } };
	LIBBPF_OPTS(bpf_iter_attach_opts, opts, .link_info = &info, .link_info_len = sizeof(info));
	struct bpf_link *link pw_cleanup(destroy_linkp) = bpf_program__attach_iter(prog, &opts);
	pw_auto_close int fd = -1;

	if (!link)
		return errno == ESRCH ? -ESRCH : -EOPNOTSUPP;
	fd = bpf_iter_create(bpf_link__fd(link));
	if (fd < 0)
		return -EOPNOTSUPP;
	return read_iterator(fd, meter, consume, ctx);
}

/* ---- VMAs --------------------------------------------------------------------- */

struct vma_reader {
	const struct pw_procfs *fs;
	uint32_t pid;
	uint64_t page_size;
	int (*add)(void *ctx, const struct pw_vma *vma);
	void *ctx;
	uint64_t last_start;
	uint64_t seen; /* end of the last VMA; 0: none yet */
};

static uint32_t perms_of(uint64_t vm_flags)
{
	return (vm_flags & VM_READ ? PW_PERM_R : 0) | (vm_flags & VM_WRITE ? PW_PERM_W : 0) |
	       (vm_flags & VM_EXEC ? PW_PERM_X : 0) | (vm_flags & VM_MAYSHARE ? PW_PERM_SHARED : 0);
}

/* The path that the user knows, where the kernel's own does not fit or differs. */
static void look_up_path(const struct vma_reader *r, struct pw_vma *vma)
{
	char name[64];

	snprintf(name, sizeof(name), "map_files/%llx-%llx", (unsigned long long)vma->start,
		 (unsigned long long)vma->end);
	if (pw_procfs_readlink(r->fs, r->pid, name, vma->name, sizeof(vma->name)) < 0)
		strcpy(vma->name, "?");
}

static void name_vma(const struct vma_reader *r, const struct pw_vma_record *rec, const char *name,
		     struct pw_vma *vma)
{
	const int len = rec->name_len;

	switch (rec->source) {
	case PW_VMA_NAME_PATH:
	case PW_VMA_NAME_SPECIAL:
		snprintf(vma->name, sizeof(vma->name), "%.*s", len, name);
		if (len == 0)
			look_up_path(r, vma);
		break;
	case PW_VMA_NAME_ELSEWHERE:
		look_up_path(r, vma);
		break;
	case PW_VMA_NAME_HEAP:
		strcpy(vma->name, "[heap]");
		break;
	case PW_VMA_NAME_STACK:
		strcpy(vma->name, "[stack]");
		break;
	case PW_VMA_NAME_ANON:
		snprintf(vma->name, sizeof(vma->name),
			 rec->vm_flags & VM_MAYSHARE ? "[anon_shmem:%.*s]" : "[anon:%.*s]", len,
			 name);
		break;
	default:
		vma->name[0] = '\0';
	}
}

static int64_t consume_vmas(void *ctx, const uint8_t *bytes, size_t len)
{
	struct vma_reader *r = ctx;
	struct pw_vma_record rec;
	struct pw_vma vma;
	size_t at = 0;

	while (len - at >= sizeof(rec)) {
		int err;

		memcpy(&rec, bytes + at, sizeof(rec));
		if (rec.name_len >= PW_VMA_NAME_MAX || rec.start >= rec.end)
			return -EBADMSG;
		if (len - at < sizeof(rec) + rec.name_len)
			break;
		/*
		 * Up to 6.18 at least, a filtered iterator repeats its last buffer for
		 * ever. A VMA that changed under it may end where the last one did.
		 */
		if (rec.end < r->seen || (rec.end == r->seen && rec.start == r->last_start))
			return END;
		r->seen = rec.end;
		r->last_start = rec.start;
		vma.start = rec.start;
		vma.end = rec.end;
		vma.offset = rec.inode ? rec.page_offset * r->page_size : 0;
		vma.inode = rec.inode;
		vma.dev_major = rec.dev >> 20;
		vma.dev_minor = rec.dev & 0xfffff;
		vma.perms = perms_of(rec.vm_flags);
		name_vma(r, &rec, (const char *)bytes + at + sizeof(rec), &vma);
		err = r->add(r->ctx, &vma);
		if (err)
			return err;
		at += sizeof(rec) + rec.name_len;
	}
	return (int64_t)at;
}

static int read_vmas(void *ctx, const struct pw_procfs *fs, const struct pw_key *key,
		     struct pw_lock_meter *meter,
		     int (*add)(void *add_ctx, const struct pw_vma *vma), void *add_ctx)
{
	const struct pagewarden_bpf *obj = ctx;
	struct vma_reader r = {
		.fs = fs,
		.pid = key->pid,
		.page_size = (uint64_t)sysconf(_SC_PAGESIZE),
		.add = add,
		.ctx = add_ctx,
	};
	int err;

	pthread_mutex_lock(&reader_lock);
	err = run_iterator(obj->progs.pw_iter_vma, key->pid, 0, meter, consume_vmas, &r);
	pthread_mutex_unlock(&reader_lock);
	/* a process whose first thread has ended has mappings that only maps may know */
	return !err && r.seen == 0 ? -EOPNOTSUPP : err;
}

/* ---- threads ------------------------------------------------------------------ */

struct thread_reader {
	uint32_t pid;
	int (*add)(void *ctx, const struct pw_thread *thread);
	void *ctx;
};

static int64_t consume_threads(void *ctx, const uint8_t *bytes, size_t len)
{
	struct thread_reader *r = ctx;
	struct pw_thread_record rec;
	size_t at = 0;

	for (; len - at >= sizeof(rec); at += sizeof(rec)) {
		struct pw_thread thread;
		int err;

		memcpy(&rec, bytes + at, sizeof(rec));
		if (rec.tgid != r->pid)
			continue;
		thread.tid = rec.tid;
		thread.sp = rec.sp;
		memcpy(thread.comm, rec.comm, sizeof(thread.comm));
		err = r->add(r->ctx, &thread);
		if (err)
			return err;
	}
	return (int64_t)at;
}

static int read_threads(void *ctx, const struct pw_key *key,
			int (*add)(void *add_ctx, const struct pw_thread *thread), void *add_ctx)
{
	const struct pagewarden_bpf *obj = ctx;
	struct thread_reader r = { .pid = key->pid, .add = add, .ctx = add_ctx };

	return run_iterator(obj->progs.pw_iter_thread, 0, key->pid, NULL, consume_threads, &r);
}

int pw_vma_provider_init(struct pagewarden_bpf *obj, struct pw_vma_provider *ret)
{
	if (!obj || bpf_program__fd(obj->progs.pw_iter_vma) < 0 ||
	    bpf_program__fd(obj->progs.pw_iter_thread) < 0)
		return -EOPNOTSUPP;
	ret->read = read_vmas;
	ret->threads = read_threads;
	ret->ctx = obj;
	return 0;
}
