/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the wipe programs share: whom they watch, who is running, and the look
 * at a range of the running process. Uprobe programs are called with
 * preemption possible, so nothing here is per CPU.
 */
#ifndef PW_WIPE_BPF_H
#define PW_WIPE_BPF_H

#include "bpf/events.bpf.h"
#include "bpf/wipe.h"

#ifdef PW_DEFINE_MAPS
#define PW_OPTION const volatile
#else
#define PW_OPTION extern const volatile
#endif

PW_OPTION __u32 only_pid; /* 0: any */
PW_OPTION __u64 only_cgroup; /* and those below; 0: any */
PW_OPTION __u64 read_back_bytes;
PW_OPTION bool track_releases;

/*
 * Since 6.13 the kernel gives a kprobe program with a large frame one "private"
 * stack per CPU. That is sound where a program can't be interrupted by itself,
 * as a kprobe's can't; but a uprobe's program can be preempted, and where the
 * kernel preempts (7.x, by default) the next thread on that CPU then runs the
 * same program on the same stack. What comes of it are wrong records, and
 * jumps through wrong pointers: seen on 7.2 as a panic. A program that has a
 * tail call anywhere keeps to the thread's own stack, so each uprobe program
 * begins with one that never runs; the loader cuts it out.
 */
PW_OPTION bool never;

PW_EXTERN struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u32);
} no_programs SEC(".maps");

static __always_inline void pw_keep_thread_stack(void *ctx)
{
	if (never)
		bpf_tail_call(ctx, &no_programs, 0);
}

/* Deeper than any cgroup tree that people build; what lies deeper is not found. */
#define PW_CGROUP_LEVELS 32

static __always_inline bool pw_watched_cgroup(void)
{
	for (int level = 0; level < PW_CGROUP_LEVELS; level++) {
		u64 id = bpf_get_current_ancestor_cgroup_id(level);

		if (id == only_cgroup)
			return true;
		if (!id)
			break;
	}
	return false;
}

/* Whether the running process is one that wipes are told of. */
static __always_inline bool pw_watched(void)
{
	if (only_pid && bpf_get_current_pid_tgid() >> 32 != only_pid)
		return false;
	return !only_cgroup || pw_watched_cgroup();
}

/* The running thread, in the fields that WIPE and RELEASE have in common. */
static __always_inline void pw_fill_current(struct pw_key *key, __u64 *cgroup_id, __u32 *tid,
					    __u32 *uid, __u8 *comm)
{
	struct task_struct *task = (void *)bpf_get_current_task();

	pw_event_key(key, BPF_CORE_READ(task, group_leader));
	*cgroup_id = pw_cgroup_of(task);
	*tid = (u32)bpf_get_current_pid_tgid();
	*uid = (u32)bpf_get_current_uid_gid();
	bpf_get_current_comm(comm, PW_COMM_LEN);
}

/*
 * What the address space itself knows about an address; PW_SEG_KINDS: user
 * space has to look at the mappings.
 */
static __always_inline u16 pw_segment_hint(u64 address, u64 sp)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct mm_struct *mm = BPF_CORE_READ(task, mm);
	u64 stack = BPF_CORE_READ(mm, start_stack);

	if (address >= BPF_CORE_READ(mm, start_brk) && address < BPF_CORE_READ(mm, brk))
		return PW_SEG_HEAP;
	if (address >= BPF_CORE_READ(mm, start_data) && address < BPF_CORE_READ(mm, end_data))
		return PW_SEG_DATA;
	/* Above the stack pointer of a thread that runs on the main stack. */
	if (address >= sp && address < stack && stack - sp <= 8ull << 20)
		return PW_SEG_STACK;
	return PW_SEG_KINDS;
}

/* ---- a look at a range ------------------------------------------------------------ */

#define PW_PIECE 256u /* never crosses a page */
#define PW_BYTES(x) (0x0101010101010101ull * (x))

/*
 * Lives in a map: the verifier does not follow what is stored there, so that
 * one round of the loop stands for all of them.
 */
struct pw_look {
	/* in */
	u64 address;
	u64 size;
	u8 fill;
	/* out */
	u8 verdict; /* enum pw_wipe_verdict */
	u8 reason; /* enum pw_unseen_reason */
	u64 checked; /* bytes, from the start */
	u64 dirty; /* of those */
	u64 first_dirty; /* offset; PW_UNKNOWN: none */
	/* of the loop */
	u64 end; /* address where this look ends */
	u64 words[PW_PIECE / 8];
};

/* How many bytes have their highest bit set. */
static __always_inline u64 pw_high_bytes(u64 x)
{
	return ((x & PW_BYTES(0x80)) >> 7) * PW_BYTES(1) >> 56;
}

/* How many bytes are not 0. */
static __always_inline u64 pw_nonzero_bytes(u64 x)
{
	return pw_high_bytes(((x & PW_BYTES(0x7f)) + PW_BYTES(0x7f)) | x);
}

/* Bytes of a piece that differ from the pattern. */
PW_SUBPROG int pw_count_dirty(struct pw_look *look, u64 pattern, u64 offset)
{
	u64 dirty = 0, first = PW_UNKNOWN;

	for (u32 i = 0; i < PW_PIECE / 8; i++) {
		u64 x = look->words[i] ^ pattern;

		if (!x)
			continue;
		dirty += pw_nonzero_bytes(x);
		/* the lowest byte comes first: as many as are whole below the lowest bit */
		if (first == PW_UNKNOWN)
			first = i * 8 + pw_high_bytes((x & -x) - 1);
	}
	look->dirty += dirty;
	if (look->first_dirty == PW_UNKNOWN)
		look->first_dirty = offset + first;
	return 0;
}

/* One piece, at most PW_PIECE bytes, in one page. */
PW_SUBPROG int pw_look_at_piece(struct pw_look *look, u64 at, u64 len)
{
	u64 pattern = PW_BYTES((u64)look->fill), any = 0;

	if (len < PW_PIECE) {
		for (u32 i = 0; i < PW_PIECE / 8; i++)
			look->words[i] = pattern;
		barrier_var(len);
		len &= PW_PIECE - 1;
		if (bpf_probe_read_user(look->words, len, (void *)at))
			return -1;
	} else if (bpf_probe_read_user(look->words, PW_PIECE, (void *)at)) {
		return -1;
	}
	for (u32 i = 0; i < PW_PIECE / 8; i++)
		any |= look->words[i] ^ pattern;
	if (any)
		pw_count_dirty(look, pattern, at - look->address);
	return 0;
}

struct pw_look_loop {
	struct pw_look *look;
};

static long pw_look_step(u32 index, struct pw_look_loop *loop)
{
	struct pw_look *look = loop->look;
	u64 at = look->address + look->checked;
	u64 len = PW_PIECE - (at & (PW_PIECE - 1));

	if (at >= look->end)
		return 1;
	if (len > look->end - at)
		len = look->end - at;
	if (pw_look_at_piece(look, at, len)) {
		look->reason = PW_UNSEEN_NOT_RESIDENT; /* until the mapping says more */
		return 1;
	}
	look->checked += len;
	return 0;
}

#define PW_VM_PFNMAP 0x00000400ul
#define PW_VM_IO 0x00004000ul
#define PW_SECRETMEM_MAGIC 0x5345434d

static long pw_judge_vma(struct task_struct *task, struct vm_area_struct *vma, u64 *reason)
{
	struct file *file = BPF_CORE_READ(vma, vm_file);

	if (BPF_CORE_READ(vma, vm_flags) & (PW_VM_PFNMAP | PW_VM_IO))
		*reason = PW_UNSEEN_DEVICE;
	else if (file && BPF_CORE_READ(file, f_inode, i_sb, s_magic) == PW_SECRETMEM_MAGIC)
		*reason = PW_UNSEEN_SECRETMEM;
	return 0;
}

/* Why an address of the running process could not be read. */
static __always_inline u8 pw_unreadable_reason(u64 address)
{
	u64 reason = PW_UNSEEN_NOT_RESIDENT;

	/* The mappings are locked by somebody: they can't be waited for here. */
	if (bpf_find_vma(bpf_get_current_task_btf(), address, pw_judge_vma, &reason, 0) == -16)
		reason = PW_UNSEEN_BUSY;
	return reason;
}

static __always_inline u8 pw_look_verdict(const struct pw_look *look)
{
	if (look->dirty && look->dirty == look->checked)
		return PW_WIPED_NOTHING;
	if (look->dirty)
		return PW_WIPED_PART;
	if (look->checked == look->size || (look->checked && look->reason == PW_UNSEEN_TOO_LARGE))
		return PW_WIPED_WHOLE;
	return PW_WIPED_UNKNOWN;
}

/* Reads the range piece by piece, as far as is wanted and as it can be read. */
PW_SUBPROG int pw_look_back(struct pw_look *look)
{
	struct pw_look_loop loop = { look };
	u64 size;

	if (!look)
		return 0;
	size = look->size;
	look->checked = look->dirty = 0;
	look->first_dirty = PW_UNKNOWN;
	look->reason = PW_UNSEEN_NONE;
	if (size > read_back_bytes)
		size = read_back_bytes;
	look->end = look->address + size;
	/* the first piece and the last one may be short */
	bpf_loop(size / PW_PIECE + 2, pw_look_step, &loop, 0);
	if (look->reason)
		look->reason = pw_unreadable_reason(look->address + look->checked);
	else if (!look->checked)
		look->reason = PW_UNSEEN_NOT_RESIDENT; /* a range that wraps around */
	else if (look->checked < look->size)
		look->reason = PW_UNSEEN_TOO_LARGE;
	look->verdict = pw_look_verdict(look);
	return 0;
}

#endif /* PW_WIPE_BPF_H */
