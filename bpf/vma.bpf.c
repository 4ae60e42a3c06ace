// SPDX-License-Identifier: GPL-2.0-only
/*
 * The VMAs and the threads of one process, as fixed records with a name behind
 * them (bpf/vma.h), for whom /proc/PID/maps and /proc/PID/task are too slow.
 * Runs only while somebody reads from the iterator; user space decides which
 * task it visits and what the records mean. Fields are read by plain loads,
 * which iterators may do and which cost a tenth of a helper's call.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

#include "bpf/vma.h"

#define FMODE_BACKING_BIT 0x2000000 /* since 6.5: f_path is the lower file's, not the user's */

struct vma_scratch {
	struct pw_vma_record rec;
	char name[PW_VMA_NAME_MAX];
};

/* User space lets one reader at a time into this object's iterators. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct vma_scratch);
} vma_scratch SEC(".maps");

/*
 * Fields that a kernel has or not, by its version and CONFIG_ANON_VMA_NAME: the
 * loader relocates what its kernel has, and the exists checks skip the rest.
 */
struct anon_vma_name___named {
	char name[1];
} __attribute__((preserve_access_index));

struct vm_area_struct___named {
	struct anon_vma_name___named *anon_name;
	struct {
		long unused;
	} shared;
} __attribute__((preserve_access_index));

/* 6.1 keeps anon_name in a union with `shared`, which file mappings use (5c26f6ac9416). */
static __always_inline long read_anon_name(struct vma_scratch *s, struct vm_area_struct *vma,
					   struct file *file)
{
	struct vm_area_struct___named *named = (void *)vma;
	struct anon_vma_name___named *anon;

	if (!bpf_core_field_exists(named->anon_name))
		return 0;
	if (file && bpf_core_field_exists(named->shared) &&
	    bpf_core_field_offset(named->anon_name) == bpf_core_field_offset(named->shared))
		return 0;
	anon = BPF_CORE_READ(named, anon_name);
	if (!anon)
		return 0;
	return bpf_probe_read_kernel_str(s->name, sizeof(s->name), &anon->name);
}

/* [vdso], [vvar] and their like name themselves in their vm_special_mapping. */
static __always_inline long read_special_name(struct vma_scratch *s, struct vm_area_struct *vma)
{
	struct vm_special_mapping *special;

	if (!vma->vm_ops || !vma->vm_ops->name)
		return 0;
	special = vma->vm_private_data;
	return bpf_probe_read_kernel_str(s->name, sizeof(s->name), BPF_CORE_READ(special, name));
}

static __always_inline void fill_file(struct vma_scratch *s, struct vm_area_struct *vma,
				      struct file *file)
{
	s->rec.inode = file->f_inode->i_ino;
	s->rec.dev = file->f_inode->i_sb->s_dev;
	s->rec.source = PW_VMA_NAME_PATH;
	if (file->f_mode & FMODE_BACKING_BIT)
		s->rec.source = PW_VMA_NAME_ELSEWHERE;
}

/* In the order in which the kernel's own /proc/PID/maps decides. */
static __always_inline long fill_unnamed(struct vma_scratch *s, struct vm_area_struct *vma)
{
	struct mm_struct *mm = vma->vm_mm;
	__u64 stack = mm->start_stack;
	long len = read_special_name(s, vma);

	if (len > 1) {
		s->rec.source = PW_VMA_NAME_SPECIAL;
		return len;
	}
	if (s->rec.start < mm->brk && s->rec.end > mm->start_brk) {
		s->rec.source = PW_VMA_NAME_HEAP;
		return 0;
	}
	if (s->rec.start <= stack && s->rec.end >= stack) {
		s->rec.source = PW_VMA_NAME_STACK;
		return 0;
	}
	len = read_anon_name(s, vma, NULL);
	if (len > 1)
		s->rec.source = PW_VMA_NAME_ANON;
	return len;
}

SEC("iter/task_vma")
int pw_iter_vma(struct bpf_iter__task_vma *ctx)
{
	struct vm_area_struct *vma = ctx->vma;
	struct task_struct *task = ctx->task;
	struct vma_scratch *s;
	struct file *file;
	__u32 zero = 0, bytes;
	long len = 0;

	if (!task || !vma)
		return 0;
	s = bpf_map_lookup_elem(&vma_scratch, &zero);
	if (!s)
		return 0;
	__builtin_memset(&s->rec, 0, sizeof(s->rec));
	s->rec.start = vma->vm_start;
	s->rec.end = vma->vm_end;
	s->rec.page_offset = vma->vm_pgoff;
	s->rec.vm_flags = vma->vm_flags;
	file = vma->vm_file;
	if (!file) {
		len = fill_unnamed(s, vma);
	} else {
		fill_file(s, vma, file);
		/* anonymous shared memory may carry a name on newer kernels */
		len = read_anon_name(s, vma, file);
		if (len > 1)
			s->rec.source = PW_VMA_NAME_ANON;
		else if (s->rec.source == PW_VMA_NAME_PATH)
			len = bpf_d_path((struct path *)&file->f_path, s->name, sizeof(s->name));
	}
	if (len < 1 || len > PW_VMA_NAME_MAX)
		len = 1;
	bytes = (__u32)len - 1; /* without the NUL */
	s->rec.name_len = (__u16)bytes;
	bpf_seq_write(ctx->meta->seq, &s->rec, sizeof(s->rec));
	/*
	 * A mask, because a comparison may be done on a copy: verifiers before 7.x
	 * then know the copy's bound alone. The barrier keeps the mask.
	 */
	barrier_var(bytes);
	bytes &= PW_VMA_NAME_MAX - 1;
	if (bytes > 0)
		bpf_seq_write(ctx->meta->seq, s->name, bytes);
	return 0;
}

SEC("iter/task")
int pw_iter_thread(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	struct pw_thread_record rec = {};
	struct pt_regs *regs;

	if (!task)
		return 0;
	rec.tid = task->pid;
	rec.tgid = task->tgid;
	/* as of its last entry into the kernel, which is on the same stack */
	regs = (struct pt_regs *)bpf_task_pt_regs(task);
	if (regs)
		rec.sp = PT_REGS_SP(regs);
	bpf_probe_read_kernel_str(rec.comm, sizeof(rec.comm), task->comm);
	bpf_seq_write(ctx->meta->seq, &rec, sizeof(rec));
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
