/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a process holds beside memory, what it did and what bounds it: read
 * along with the counters, but only every resources_every_ns, each process
 * in its own turn so that no pass pays for all of them.
 */
#ifndef PW_RESOURCES_BPF_H
#define PW_RESOURCES_BPF_H

#include "bpf/owner.bpf.h"

extern const volatile __u64 resources_every_ns;

/* include/uapi/asm-generic/resource.h */
#define PW_RLIMIT_DATA 2
#define PW_RLIMIT_NOFILE 7
#define PW_RLIMIT_AS 9

/* Descriptors beyond these are not counted; fs.nr_open's default is as many. */
#define PW_FILES_MAX (1u << 20)
#define PW_FILE_WORDS 64 /* of the bitmap, read at once */

/* A chunk of the bitmap. One iterator runs at a time: user space holds the only link. */
static u64 file_words[PW_FILE_WORDS];

struct pw_file_count {
	u64 bitmap;
	u32 words;
	u32 files;
};

static long count_chunk(u32 chunk, struct pw_file_count *c)
{
	u32 n = c->words - chunk * PW_FILE_WORDS, files = 0, i;

	if (n > PW_FILE_WORDS)
		n = PW_FILE_WORDS;
	if (bpf_probe_read_kernel(file_words, n * sizeof(u64),
				  (void *)(c->bitmap + chunk * sizeof(file_words))))
		return 1;
	for (i = 0; i < PW_FILE_WORDS; i++) {
		if (i >= n)
			break;
		files += __builtin_popcountll(file_words[i]);
	}
	c->files += files;
	return 0;
}

/* Threads may have tables of their own: the first one's stands for all, as in /proc/PID/fd. */
static __noinline int count_files(struct task_struct *task, struct pw_slot *slot)
{
	struct fdtable *fdt = BPF_CORE_READ(task, files, fdt);
	struct pw_file_count c = {};
	u32 max;

	if (!fdt)
		return 0; /* it is on its way out */
	max = BPF_CORE_READ(fdt, max_fds);
	c.bitmap = (u64)BPF_CORE_READ(fdt, open_fds);
	c.words = (max < PW_FILES_MAX ? max : PW_FILES_MAX) / 64;
	bpf_loop((c.words + PW_FILE_WORDS - 1) / PW_FILE_WORDS, count_chunk, &c, 0);
	slot->open_files = c.files;
	slot->resources_flags |= PW_RESOURCES_FILES;
	return 0;
}

static __always_inline u64 io_calls_of_thread(struct task_struct *task)
{
	struct task_struct___io *t = (void *)task;

	if (!bpf_core_field_exists(t->ioac.syscr))
		return 0;
	return BPF_CORE_READ(t, ioac.syscr) + BPF_CORE_READ(t, ioac.syscw);
}

/* The turn of this process, if it is: what belongs to all its threads, the dead ones' sums included. */
static __noinline int begin_resources(struct task_struct *leader, struct pw_slot *slot, u64 now_ns)
{
	struct signal_struct *signal = leader->signal;
	struct signal_struct___io *io = (void *)signal;

	if (now_ns < slot->resources_due_ns)
		return 0;
	slot->resources_due_ns = now_ns + resources_every_ns;
	/* In the first pass all come together; from then on each at a moment of its own. */
	if (slot->pass == 1)
		slot->resources_due_ns += (slot->pid * 0x9e3779b1u * (resources_every_ns >> 10)) >>
					  22;
	slot->resources_pass = slot->pass;
	slot->resources_flags = PW_RESOURCES_SWITCHES | PW_RESOURCES_LIMITS;
	slot->voluntary_switches = signal->nvcsw;
	slot->io_calls = 0;
	if (bpf_core_field_exists(io->ioac.syscr)) {
		slot->resources_flags |= PW_RESOURCES_IO_CALLS;
		slot->io_calls = BPF_CORE_READ(io, ioac.syscr) + BPF_CORE_READ(io, ioac.syscw);
	}
	slot->limit_address_space_bytes = BPF_CORE_READ(signal, rlim[PW_RLIMIT_AS].rlim_cur);
	slot->limit_data_bytes = BPF_CORE_READ(signal, rlim[PW_RLIMIT_DATA].rlim_cur);
	slot->limit_open_files = BPF_CORE_READ(signal, rlim[PW_RLIMIT_NOFILE].rlim_cur);
	return 0;
}

static __always_inline void add_resources(struct task_struct *task, struct pw_slot *slot)
{
	if (slot->resources_pass != slot->pass)
		return;
	slot->voluntary_switches += task->nvcsw;
	slot->io_calls += io_calls_of_thread(task);
	if (!(slot->resources_flags & PW_RESOURCES_FILES))
		count_files(task, slot);
}

#endif /* PW_RESOURCES_BPF_H */
