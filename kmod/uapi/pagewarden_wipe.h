/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * Pagewarden ABI: the records of the wipe ledger. Part of pagewarden.h, which
 * includes it; nobody else does.
 *
 * WIPE, RELEASE and WIPE_PROBE tell what programs did to clear their memory, as
 * seen from outside; SECRET tells what the module found out about ranges that
 * were registered with it.
 */
#ifndef PAGEWARDEN_WIPE_H
#define PAGEWARDEN_WIPE_H

/* ---- wipes --------------------------------------------------------------------- */

/* Functions that clear memory. Text names are in user/model/wipe.c. */
enum pw_wipe_function {
	PW_WIPE_UNKNOWN = 0,
	PW_WIPE_EXPLICIT_BZERO = 1, /* and its fortified twin __explicit_bzero_chk */
	PW_WIPE_MEMSET_EXPLICIT = 2,
	PW_WIPE_MEMSET_S = 3,
	PW_WIPE_OPENSSL_CLEANSE = 4,
	PW_WIPE_SODIUM_MEMZERO = 5,
	PW_WIPE_GNUTLS_MEMSET = 6,
	PW_WIPE_WOLFSSL = 7, /* wc_ForceZero, ForceZero */
	PW_WIPE_MBEDTLS = 8, /* mbedtls_platform_zeroize */
	PW_WIPE_EXPLICIT_MEMSET = 9,
	PW_WIPE_KFREE_SENSITIVE = 32, /* in the kernel */
	PW_WIPE_KVFREE_SENSITIVE = 33,
	PW_WIPE_MODULE = 48, /* the module's verified wipe */
	/* functions that give memory back: only in RELEASE and WIPE_PROBE */
	PW_RELEASE_FREE = 64,
	PW_RELEASE_MUNMAP = 65,
	PW_RELEASE_CRYPTO_FREE = 66, /* OpenSSL's OPENSSL_free() */
	PW_RELEASE_CRYPTO_CLEAR_FREE = 67,
};

/* What the range was like after the call. */
enum pw_wipe_verdict {
	PW_WIPED_UNKNOWN = 0, /* `reason` tells why */
	PW_WIPED_WHOLE = 1, /* each byte holds the fill */
	PW_WIPED_PART = 2, /* first_dirty and dirty_bytes tell what is left */
	PW_WIPED_NOTHING = 3, /* no byte of it was as it should be */
};

/* Why a verdict is UNKNOWN, or stands on less than the whole range. */
enum pw_unseen_reason {
	PW_UNSEEN_NONE = 0,
	PW_UNSEEN_SECRETMEM = 1, /* memfd_secret: nobody else may read it */
	PW_UNSEEN_NOT_RESIDENT = 2, /* swapped out or unmapped when it was looked at */
	PW_UNSEEN_TOO_LARGE = 3, /* more than is read back; the first checked_bytes are known */
	PW_UNSEEN_KERNEL = 4, /* kernel memory, given back at once: not looked at */
	PW_UNSEEN_NO_RETURN = 5, /* the call did not return: a signal, longjmp, exit */
	PW_UNSEEN_FOREIGN = 6, /* went in a context that may not look (reclaim, process_madvise) */
	PW_UNSEEN_DEVICE = 7, /* device memory and other mappings without pages */
	PW_UNSEEN_BUSY = 8, /* could not be looked at without waiting */
	PW_UNSEEN_NO_MEMORY = 9,
	PW_UNSEEN_GONE = 10, /* the process was gone */
};

/*
 * One call of a wipe function. A wipe function that calls another one for the
 * same range counts once, as the outermost. Emitted when the call has returned
 * and the range was read back; time_ns is the return's. In a stream of BPF the
 * caller's strings are not there yet; the source adds them. `more` is 0 where
 * calls are observed: a history, which thins what happens all the time, tells
 * with it how many there were, and exe of which program. key.pid may be 0 in the kernel's
 * functions: an interrupt of the idle task.
 */
struct pw_wipe {
	struct pw_record rec;
	struct pw_key key;
	__u64 cgroup_id;
	__u64 address; /* as the function was called */
	__u64 size; /* bytes, as the function was called */
	__u64 caller; /* return address; 0: not known */
	__u64 caller_offset; /* the caller's offset in its file; 0: not known */
	__u64 symbol_offset; /* of the caller, from the start of caller_symbol */
	__u64 checked_bytes; /* read back, from the start */
	__u64 dirty_bytes; /* of those: not the fill */
	__u64 first_dirty; /* offset from address; PW_UNKNOWN: none */
	__u64 duration_ns; /* of the call, without the reading back */
	__u32 tid;
	__u32 uid;
	__u16 function; /* enum pw_wipe_function */
	__u8 verdict; /* enum pw_wipe_verdict */
	__u8 reason; /* enum pw_unseen_reason */
	__u8 fill; /* what each byte should hold; usually 0 */
	__u8 flags; /* PW_WIPE_* below */
	__u16 segment_kind; /* enum pw_segment_kind; PW_SEG_KINDS: not known */
	__u16 file_len; /* path of the caller's file */
	__u16 symbol_len; /* the caller's function; "" when it has no symbol */
	__u32 copies_left_pages; /* module: pages whose old copy another process still maps */
	__u64 unreached_bytes; /* module: not wiped, because of `reason` */
	__u32 more; /* calls of the same caller, verdict and size that this one stands for too */
	__u16 exe_len; /* the program, where the process itself is not told of; usually 0 */
	__u16 reserved; /* 0 */
	__u8 comm[PW_COMM_LEN];
	/* __u8 file[], symbol[], exe[] */
};
#define PW_WIPE_NESTED (1u << 0) /* a wipe function inside did the work */
#define PW_WIPE_FORTIFIED (1u << 1) /* through __explicit_bzero_chk */
#define PW_WIPE_OTHER_PROCESS (1u << 2) /* module: wiped by tid on behalf of key */
#define PW_WIPE_JUMPED (1u << 3) /* a tail call: what `caller` called jumped to the function */

/*
 * A buffer goes back to the allocator or the kernel at a call site where
 * wiped buffers have gone back before (munmap: one record for each wiped range
 * that it covers, as far as they are remembered).
 * The counts are of this process and site, this release included, since the
 * site's first wiped release. Releases without a wipe beyond four times those
 * with one (plus 16) are told at each doubling alone: the counts have them all.
 */
struct pw_release {
	struct pw_record rec;
	struct pw_key key;
	__u64 cgroup_id;
	__u64 address;
	__u64 size; /* munmap: its length; free: 0 */
	__u64 caller;
	__u64 caller_offset;
	__u64 symbol_offset;
	__u64 wipe_time_ns; /* of the last wipe of this buffer; 0: it was not wiped */
	__u64 wipe_address;
	__u64 wipe_size;
	__u64 wipe_caller;
	__u64 checked_bytes; /* of the wiped range, read again now */
	__u64 dirty_bytes; /* of those: written after the wipe, or never wiped */
	__u64 first_dirty; /* offset from wipe_address; PW_UNKNOWN: none */
	__u64 site_wiped; /* releases of this site with a wipe before */
	__u64 site_unwiped; /* and without */
	__u32 tid;
	__u32 uid;
	__u16 function; /* PW_RELEASE_* */
	__u8 verdict; /* enum pw_wipe_verdict, at the release */
	__u8 reason; /* enum pw_unseen_reason */
	__u16 segment_kind;
	__u16 file_len;
	__u16 symbol_len;
	__u16 wipe_function; /* enum pw_wipe_function of the last wipe */
	__u32 more; /* releases of the same kind that this one stands for too */
	__u16 exe_len; /* as in struct pw_wipe */
	__u16 reserved[3]; /* 0 */
	__u8 comm[PW_COMM_LEN];
	/* __u8 file[], symbol[], exe[] */
};

/* A function in a file is observed, or could not be. */
struct pw_wipe_probe {
	struct pw_record rec;
	__u64 device; /* of the file, as stat(2) gives it; 0: the kernel */
	__u64 inode;
	__u64 offset; /* in the file */
	__u32 function; /* enum pw_wipe_function */
	__s32 error; /* 0: observed; else why not, an errno value */
	__u16 path_len;
	__u16 symbol_len;
	__u32 reserved;
	/* __u8 path[], symbol[] */
};

/* ---- secrets: ranges registered with the module ---------------------------------- */

enum pw_secret_event {
	PW_SECRET_REGISTERED = 1,
	PW_SECRET_RELEASED = 2, /* [from, to) of it went, because of `cause` */
	PW_SECRET_SHARED = 3, /* a fork gave a child the same pages */
	PW_SECRET_ENDED = 4, /* the watch is over: the sums of its life */
};

enum pw_secret_cause {
	PW_CAUSE_NONE = 0,
	PW_CAUSE_UNMAP = 1, /* munmap, mremap, mmap over it, shrinking brk */
	PW_CAUSE_DISCARD = 2, /* madvise, process_madvise, fallocate: thrown away; UFFDIO_MOVE */
	PW_CAUSE_COW = 3, /* a write after a fork moved the process to a copy */
	PW_CAUSE_RECLAIM = 4, /* swapped out, or migrated away */
	PW_CAUSE_FORK = 5,
	PW_CAUSE_EXIT = 6, /* also SIGKILL and the OOM killer */
	PW_CAUSE_EXEC = 7,
	PW_CAUSE_UNWATCH = 8, /* by the program; the memory lives on */
	PW_CAUSE_CLOSE = 9, /* the device was closed; the memory lives on */
};

enum pw_secret_verdict {
	PW_SECRET_UNKNOWN = 0, /* `reason` tells why */
	PW_SECRET_CLEAN = 1, /* every byte was 0 when it went */
	PW_SECRET_DIRTY = 2, /* went with contents */
	PW_SECRET_STILL_MAPPED = 3, /* moved, or shared: mapped elsewhere, or a file has them */
	PW_SECRET_SWAPPED = 4, /* contents are in swap; the slot is not scrubbed */
	PW_SECRET_COPIED = 5, /* COW_LEFT_BEHIND: another process still has the old pages */
	PW_SECRET_HELD = 6, /* somebody in the kernel holds the pages (I/O, a pipe, a pin) */
};

/*
 * What became of a registered range. Only the bytes inside the range count,
 * also where it begins or ends within a page. The page counts say what each
 * page that went was like; pages_absent had nothing to go: no page, or the
 * kernel's page of zeroes. An operation that found nothing is not told. The
 * verdict is the worst of them: DIRTY, COPIED, SWAPPED, STILL_MAPPED, HELD,
 * UNKNOWN, CLEAN.
 *
 * ENDED carries the sums over the watch's life, pages that are still there
 * judged as they are now: by what is in them, wherever else they are mapped.
 * Its pages_absent are those where nothing is at the end. The end of an address
 * space ends its watches, with cause EXIT or EXEC, whoever has the descriptor.
 */
struct pw_secret {
	struct pw_record rec;
	struct pw_key key; /* whose memory */
	__u64 id; /* of the watch; never used twice while the module is loaded */
	__u64 cookie; /* the registrant's own */
	__u64 start; /* the registered range */
	__u64 end;
	__u64 from; /* the part that this event is about */
	__u64 to;
	__u64 pages_clean;
	__u64 pages_dirty;
	__u64 pages_mapped;
	__u64 pages_swapped;
	__u64 pages_copied;
	__u64 pages_held;
	__u64 pages_unknown;
	__u64 pages_absent;
	__u64 pages_scrubbed; /* of the dirty ones: wiped by the module before they went on */
	__u64 dirty_bytes; /* bytes that were not 0, in pages_dirty */
	__u64 first_dirty; /* address; PW_UNKNOWN: none */
	__u32 event; /* enum pw_secret_event */
	__u32 cause; /* enum pw_secret_cause */
	__u32 verdict; /* enum pw_secret_verdict; of RELEASED and ENDED */
	__u32 reason; /* enum pw_unseen_reason */
	__u32 flags; /* PW_SECRET_* below */
	__u32 tid; /* who caused it; 0: not known */
	__u32 uid; /* of the registrant */
	__u32 other_pid; /* SHARED: the child; 0: not known */
	__u8 comm[PW_COMM_LEN];
	__u8 label[32]; /* the registrant's name for it */
};
#define PW_SECRET_ARENA (1u << 0) /* pages of the module: its arena */
#define PW_SECRET_HOLDING (1u << 1) /* registered with PW_WATCH_HOLD */
#define PW_SECRET_SCRUBBING (1u << 2) /* registered with PW_WATCH_SCRUB */
#define PW_SECRET_BY_ADMIN (1u << 3) /* registered by another process */

PW_ASSERT_SIZE(pw_wipe, 168);
PW_ASSERT_SIZE(pw_release, 200);
PW_ASSERT_SIZE(pw_wipe_probe, 56);
PW_ASSERT_SIZE(pw_secret, 248);

#endif /* PAGEWARDEN_WIPE_H */
