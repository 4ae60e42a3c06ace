/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * Pagewarden ABI: the device of the module, /dev/pagewarden.
 *
 * Protocol
 * --------
 * open(2)   The device belongs to root and the group pagewarden (0660). A
 *           descriptor owns the watches made through it. The last close ends
 *           them (cause CLOSE); a descriptor that was passed on to another
 *           process keeps them alive. The memory that a watch is about is
 *           that of the process it was made for, whoever holds the descriptor.
 *
 * ioctl(2)  The structs below. Each begins with its own size, set by the
 *           caller: a module that knows a shorter one refuses with E2BIG when
 *           the bytes that it doesn't know are not 0; a module that knows a
 *           longer one takes the missing bytes as 0 and writes back no more
 *           than was given; shorter than the struct was when its ioctl came:
 *           EINVAL. Unknown flags and reserved fields that are not 0: EINVAL.
 *           Nothing is changed by a call that fails, but for an EFAULT because
 *           the struct went away while the call worked: a WIPE or an UNWATCH
 *           has then been done, as its record tells.
 *
 * read(2)   Records of pagewarden.h (SECRET and WIPE), whole ones only: EINVAL
 *           where the next one does not fit. Each descriptor has its own place
 *           in the one ring of the module and begins at the moment of its
 *           open; what was overwritten before it was read is counted in
 *           PW_IOC_INFO's reader_lost. O_NONBLOCK and poll(2) work. Without
 *           CAP_SYS_ADMIN a reader sees events of its own user's watches only.
 *
 * mmap(2)   Offset 0, MAP_SHARED, PROT_READ | PROT_WRITE: a secret arena. Its
 *           pages are the module's own: filled with 0, never swapped, not in
 *           core dumps, not inherited by fork, unreadable through ptrace,
 *           /proc/PID/mem and process_vm_readv, also for root; mremap and
 *           partial munmap are refused. They are wiped when the mapping goes,
 *           whatever ends the process. A SECRET record with PW_SECRET_ARENA
 *           tells of its beginning and its end.
 *
 * Errors, as errno: EINVAL a size, flag or range that makes no sense (empty,
 * wrapped, beyond user space); EPERM another process's memory without
 * CAP_SYS_PTRACE; ESRCH no such process, or it is ending; ENOENT no such watch
 * of this descriptor; EDQUOT a limit of the user, ENOSPC a limit in total (both
 * are module parameters); EFAULT memory that is not there; EOPNOTSUPP memory
 * that can't be watched that way (device mappings, hugetlb); EINTR a signal;
 * ENOMEM; EAGAIN the pages to hold went as fast as they were brought in.
 */
#ifndef PAGEWARDEN_DEV_H
#define PAGEWARDEN_DEV_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define PW_DEV_PATH "/dev/pagewarden"
#define PW_DEV_ABI 1 /* grows when a struct or an ioctl is added; none is ever changed */

/* What the module is and how much of it is used. Totals are since it was loaded. */
struct pw_dev_info {
	__u32 size;
	__u32 abi; /* PW_DEV_ABI of the module */
	__u32 features; /* PW_DEV_* below */
	__u32 reserved; /* 0 */
	__u64 watches; /* now, of all users */
	__u64 watched_bytes;
	__u64 held_pages;
	__u64 arena_bytes;
	__u64 watches_max; /* of all users together */
	__u64 watches_user_max;
	__u64 watched_bytes_max;
	__u64 watched_bytes_user_max;
	__u64 held_pages_max;
	__u64 held_pages_user_max;
	__u64 arena_bytes_max;
	__u64 arena_bytes_user_max;
	__u64 registered; /* totals */
	__u64 ended;
	__u64 verdicts; /* RELEASED and ENDED events */
	__u64 released_dirty; /* of those, with a verdict of DIRTY */
	__u64 wipes;
	__u64 events; /* put into the ring */
	__u64 reader_lost; /* of this descriptor: overwritten before they were read */
	__u64 pending; /* released pages that are still to be looked at */
	__u64 memory_bytes; /* what the module itself takes, held pages not counted */
};
#define PW_DEV_WATCH (1u << 0)
#define PW_DEV_WIPE (1u << 1)
#define PW_DEV_ARENA (1u << 2)
#define PW_DEV_TRACEPOINTS (1u << 3)
#define PW_DEV_FAULT_INJECTION (1u << 4) /* the kernel can make our calls fail: test kernels */

/*
 * Registers [start, start + length) as secret. Pages that are not there yet
 * belong to it when they come.
 *
 * Without flags the pages are looked at in the moment before they go, whoever
 * takes them; what another thread writes there just then may be missed, and
 * what is swapped out or migrated leaves its contents behind. HOLD: they are
 * brought in and pinned, so they are neither swapped out nor lost from sight;
 * they are looked at after they went. SCRUB, which needs HOLD, also wipes them
 * then, if nobody else has them, before the kernel gets them back.
 *
 * HOLD needs writable memory (EFAULT), and is about the pages of that moment:
 * one that comes later, after its place was given back, is looked at as without
 * it. A child of fork gets copies of held pages at once; SHARED tells.
 */
struct pw_dev_watch {
	__u32 size;
	__u32 flags; /* PW_WATCH_* below */
	__s32 pid; /* whose memory; 0: the caller's; else CAP_SYS_PTRACE is needed */
	__u32 reserved; /* 0 */
	__u64 start;
	__u64 length;
	__u64 cookie; /* told in each of its records */
	__u64 id; /* out */
	__u8 label[32]; /* NUL-padded; may be empty */
};
#define PW_WATCH_HOLD (1u << 0)
#define PW_WATCH_SCRUB (1u << 1)

/* Ends a watch, looks a last time, and tells the sums, as its ENDED record does. */
struct pw_dev_unwatch {
	__u32 size;
	__u32 flags; /* 0 */
	__u64 id;
	__u64 pages_clean; /* out: see struct pw_secret */
	__u64 pages_dirty;
	__u64 pages_mapped;
	__u64 pages_swapped;
	__u64 pages_copied;
	__u64 pages_held;
	__u64 pages_unknown;
	__u64 pages_absent;
	__u64 pages_scrubbed;
	__u64 dirty_bytes;
	__u64 first_dirty;
	__u32 verdict;
	__u32 reason;
};

/*
 * A watch as it stands, without ending it: the live watch with the lowest id
 * above `after`; ENOENT: no more. A user sees its own, CAP_SYS_ADMIN all.
 */
struct pw_dev_next {
	__u32 size;
	__u32 flags; /* 0 */
	__u64 after;
	__u64 id; /* out, all below */
	__u64 cookie;
	__u64 start;
	__u64 end;
	__u64 held_pages;
	__u64 start_ns; /* of the process: with pid, its key */
	__u64 since_ns; /* CLOCK_BOOTTIME of the registration */
	__u64 released_pages; /* so far */
	__u64 released_dirty_pages;
	__u32 pid;
	__u32 uid;
	__u32 secret_flags; /* PW_SECRET_* of pagewarden.h */
	__u32 reserved;
	__u8 comm[16];
	__u8 label[32];
};

/*
 * Fills [start, start + length) with 0 and reads it back. Pages that are not
 * there are left alone (nothing of a secret is in them) unless they are in
 * swap: those are brought in first, and counted, because the swap slot keeps
 * its copy until it is used again. Copies that other processes still map
 * (fork), or may have in swap, are counted, not touched; so are pages that the
 * kernel moved or copied meanwhile, because the old one went back as it was. Read-only and shared
 * mappings of files are refused (EOPNOTSUPP) before anything is changed.
 */
struct pw_dev_wipe {
	__u32 size;
	__u32 flags; /* 0 */
	__s32 pid; /* 0: the caller's; else CAP_SYS_PTRACE is needed */
	__u32 reserved; /* 0 */
	__u64 start;
	__u64 length;
	__u64 wiped_bytes; /* out: written and read back as 0 */
	__u64 absent_bytes; /* out: no page there */
	__u64 unreached_bytes; /* out: because of `reason` */
	__u64 first_unreached; /* out: address; ~0: none */
	__u64 first_dirty; /* out: address of a byte that is not 0 when read back; ~0: none */
	__u64 swapped_pages; /* out */
	__u64 copies_left_pages; /* out */
	__u32 verdict; /* out: enum pw_wipe_verdict */
	__u32 reason; /* out: enum pw_unseen_reason */
};

#define PW_IOC_MAGIC 0xB7
#define PW_IOC_INFO _IOWR(PW_IOC_MAGIC, 0, struct pw_dev_info)
#define PW_IOC_WATCH _IOWR(PW_IOC_MAGIC, 1, struct pw_dev_watch)
#define PW_IOC_UNWATCH _IOWR(PW_IOC_MAGIC, 2, struct pw_dev_unwatch)
#define PW_IOC_NEXT _IOWR(PW_IOC_MAGIC, 3, struct pw_dev_next)
#define PW_IOC_WIPE _IOWR(PW_IOC_MAGIC, 4, struct pw_dev_wipe)

#define PW_DEV_ASSERT_SIZE(name, bytes) \
	_Static_assert(sizeof(struct name) == (bytes), "ABI: struct " #name)

PW_DEV_ASSERT_SIZE(pw_dev_info, 184);
PW_DEV_ASSERT_SIZE(pw_dev_watch, 80);
PW_DEV_ASSERT_SIZE(pw_dev_unwatch, 112);
PW_DEV_ASSERT_SIZE(pw_dev_next, 152);
PW_DEV_ASSERT_SIZE(pw_dev_wipe, 96);

#endif /* PAGEWARDEN_DEV_H */
