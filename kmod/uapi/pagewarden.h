/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * Pagewarden ABI: the records that every producer emits and every consumer
 * reads, shared by bpf/, kmod/ and user/.
 *
 * Protocol
 * --------
 * A trace is a sequence of records. Each starts with struct pw_record; `size`
 * counts the whole record including the header and is a multiple of 8, so a
 * reader skips what it does not know. Producers are the BPF programs (through
 * a ring buffer), the /proc reader, the daemon's stream, a recorded file, and
 * the module (whose device speaks pagewarden_dev.h beside this file); all
 * deliver the same sequence:
 *
 *   MACHINE                 once, first: what the numbers are measured on
 *   { IDENTITY              when a process is first seen, or after its exec
 *   | FORK | EXEC | EXIT | OOM    as they happen
 *   | WIPE | RELEASE | SECRET     as they happen, where wipes are observed
 *   | WIPE_PROBE            when a wipe function begins or ceases to be observed
 *   | COUNTERS              for each process whose counters changed
 *   | SEGMENTS SEGMENT*     one snapshot of one address space, when asked for
 *   | TICK }*               closes an interval: a consumer may now draw
 *
 * Everything between two TICKs belongs to one interval. A process without a
 * COUNTERS record in an interval did not change in it. Counters are absolute,
 * never deltas, so that a lost record costs resolution and not truth.
 *
 * Keys: a process is (pid, start_ns): the thread group id and the group
 * leader's start on CLOCK_BOOTTIME. A reader of /proc knows the start only to
 * a clock tick (10 ms); it rounds down, and keys are compared on ticks where
 * one side comes from /proc (see PW_TICK_NS).
 *
 * Times are CLOCK_BOOTTIME nanoseconds. Sizes are pages of MACHINE.page_size
 * where the name ends in _pages, else bytes. Strings are NUL-terminated inside
 * fixed arrays, or `*_len` bytes at the record's tail; they are raw bytes, not
 * necessarily UTF-8: a view escapes them.
 *
 * Versioning: PW_ABI_MAJOR changes when a reader of the old could misread the
 * new; PW_ABI_MINOR when a record type or a flag is added. A record's layout
 * is never changed; a new type is added instead.
 */
#ifndef PAGEWARDEN_UAPI_H
#define PAGEWARDEN_UAPI_H

#ifndef __VMLINUX_H__ /* the BPF side brings these types with vmlinux.h */
#include <linux/types.h>
#endif

#define PW_ABI_MAJOR 1
#define PW_ABI_MINOR 1

#define PW_RECORD_MAX 16384u /* bytes; a larger size marks damage */
#define PW_TICK_NS 10000000ull /* /proc's clock tick */
#define PW_COMM_LEN 16

enum pw_record_type {
	PW_REC_FORK = 1,
	PW_REC_EXEC = 2,
	PW_REC_EXIT = 3,
	PW_REC_OOM = 4,
	PW_REC_WIPE = 5,
	PW_REC_RELEASE = 6,
	PW_REC_SECRET = 7,
	PW_REC_COUNTERS = 16,
	PW_REC_IDENTITY = 17,
	PW_REC_SEGMENTS = 18,
	PW_REC_SEGMENT = 19,
	PW_REC_WIPE_PROBE = 20,
	PW_REC_MACHINE = 32,
	PW_REC_TICK = 33,
};

struct pw_record {
	__u16 type; /* enum pw_record_type */
	__u16 size; /* bytes, header included, multiple of 8 */
	__u32 reserved; /* 0 */
	__u64 time_ns; /* CLOCK_BOOTTIME */
};

struct pw_key {
	__u32 pid; /* thread group id in the initial pid namespace */
	__u32 reserved; /* 0 */
	__u64 start_ns; /* of the group leader */
};

/* A new process (not a thread). `key` is the child. */
struct pw_fork {
	struct pw_record rec;
	struct pw_key key;
	struct pw_key parent;
	__u64 cgroup_id;
	__u8 comm[PW_COMM_LEN];
};

/* `key` replaced its program. `path` is the path given to execve, cut at the end. */
struct pw_exec {
	struct pw_record rec;
	struct pw_key key;
	__u64 cgroup_id;
	__u8 comm[PW_COMM_LEN];
	__u8 path[128];
};

/* The last thread of `key` is gone. */
struct pw_exit {
	struct pw_record rec;
	struct pw_key key;
	__s32 exit_code; /* as wait(2) encodes it */
	__u32 reserved;
	__u64 hiwater_rss_pages; /* 0: not known */
	__u64 minor_faults;
	__u64 major_faults;
	__u8 comm[PW_COMM_LEN];
};

/* The OOM killer chose `key`. */
struct pw_oom {
	struct pw_record rec;
	struct pw_key key;
	__u64 anon_pages;
	__u64 file_pages;
	__u64 shmem_pages;
	__u8 comm[PW_COMM_LEN];
};

/* pw_counters.flags */
#define PW_COUNTERS_LEDGER (1u << 0) /* the ledger_* fields are valid */
#define PW_COUNTERS_VM_CALLS (1u << 1) /* mapped/unmapped/brk volumes are valid */
#define PW_COUNTERS_RSS_BOUND (1u << 2) /* rss values are off by at most rss_error_pages */
#define PW_COUNTERS_DEAD (1u << 3) /* last sample of a dead process (pages may live on) */
#define PW_COUNTERS_SEEDED (1u << 4) /* ran before Pagewarden; its pages were seeded */
#define PW_COUNTERS_PARTIAL (1u << 5) /* from a history: only rss, swap, page tables, faults, CPU */

/*
 * Where a process's memory stands. Absolute values. Ledger values are
 * estimates when MACHINE.sample_every > 1: already multiplied, in pages; the
 * ledger knows first touches of anonymous and shmem pages, so ledger_live is
 * to be compared with anon + shmem, and the residual is what forks share,
 * what was touched before the start and could not be seeded, and losses.
 */
struct pw_counters {
	struct pw_record rec;
	struct pw_key key;
	__u32 parent_pid;
	__u32 uid;
	__u32 threads;
	__u32 flags; /* PW_COUNTERS_* */
	__u64 cgroup_id;
	__u64 anon_pages; /* the kernel's rss_stat */
	__u64 file_pages;
	__u64 shmem_pages;
	__u64 swap_pages;
	__u64 page_table_bytes;
	__u64 virtual_pages;
	__u64 data_pages; /* private writable, virtual */
	__u64 stack_pages; /* virtual */
	__u64 exec_pages; /* virtual */
	__u64 locked_pages;
	__u64 pinned_pages;
	__u64 brk_bytes; /* size of the brk heap, virtual */
	__u64 hiwater_rss_pages;
	__u64 map_count; /* VMAs */
	__u64 minor_faults; /* of all threads, dead ones included */
	__u64 major_faults;
	__u64 cpu_ns; /* user + system, of all threads */
	__u64 ledger_touched_pages; /* first touches since the ledger began */
	__u64 ledger_freed_pages;
	__u64 ledger_live_pages; /* seeded + touched - freed */
	__u64 mmap_bytes; /* gross volumes since the ledger began */
	__u64 munmap_bytes;
	__u64 brk_grown_bytes;
	__u64 brk_shrunk_bytes;
	__u32 rss_error_pages; /* bound of rss_stat's error, each kind */
	__u32 reserved;
	__u8 comm[PW_COMM_LEN];
};

/*
 * Who a process is. The strings follow the struct, without NULs, in the order
 * of the lengths. Empty: not known.
 */
struct pw_identity {
	struct pw_record rec;
	struct pw_key key;
	__u32 uid;
	__u32 parent_pid;
	__u64 cgroup_id;
	__u16 exe_len; /* path in the process's own root */
	__u16 cgroup_len; /* cgroup path */
	__u16 unit_len; /* systemd unit, e.g. "nginx.service" */
	__u16 container_len; /* container id, 12 hex digits or more */
	__u16 build_id_len; /* raw bytes of the ELF note, at most 32 */
	__u16 cmdline_len; /* NULs turned into spaces, cut at 1024 */
	__u32 flags; /* PW_IDENTITY_* */
	__u8 comm[PW_COMM_LEN];
	/* __u8 strings[] */
};
#define PW_IDENTITY_EXE_DELETED (1u << 0)
#define PW_IDENTITY_FROM_EXEC (1u << 1) /* exe is execve's argument: /proc was gone */
#define PW_IDENTITY_INHERITED (1u << 2) /* exe is the parent's: /proc was gone */

/* What a segment is. Text names are in user/model/segment.c. */
enum pw_segment_kind {
	PW_SEG_CODE = 0, /* program text */
	PW_SEG_RODATA = 1, /* program read-only data */
	PW_SEG_DATA = 2, /* program .data */
	PW_SEG_BSS = 3, /* program .bss */
	PW_SEG_LIBRARY_CODE = 4,
	PW_SEG_LIBRARY_RODATA = 5,
	PW_SEG_LIBRARY_DATA = 6, /* .data and .bss of libraries */
	PW_SEG_HEAP = 7, /* brk */
	PW_SEG_ARENA = 8, /* an allocator's: glibc non-main heaps, named arenas */
	PW_SEG_MMAP_CHUNK = 9, /* a large chunk that malloc mapped */
	PW_SEG_ANON = 10, /* other private anonymous memory */
	PW_SEG_NAMED_ANON = 11, /* PR_SET_VMA_ANON_NAME */
	PW_SEG_STACK = 12, /* main thread */
	PW_SEG_THREAD_STACK = 13,
	PW_SEG_FILE = 14, /* file mapping, private or shared */
	PW_SEG_MEMFD = 15,
	PW_SEG_SYSV = 16,
	PW_SEG_POSIX_SHM = 17,
	PW_SEG_TMPFS = 18,
	PW_SEG_SHARED_ANON = 19, /* MAP_SHARED|MAP_ANONYMOUS (/dev/zero) */
	PW_SEG_HUGETLB = 20,
	PW_SEG_VDSO = 21, /* vdso, vvar, vsyscall */
	PW_SEG_DEVICE = 22,
	PW_SEG_GUARD = 23, /* PROT_NONE reservations */
	PW_SEG_KERNEL_PAGE_TABLES = 24, /* rows without addresses: held by the kernel */
	PW_SEG_KERNEL_STACKS = 25,
	PW_SEG_KERNEL_PINNED = 26,
	PW_SEG_OTHER = 27,
	PW_SEG_KINDS
};

/* Bits of pw_segment.perms */
#define PW_PERM_R (1u << 0)
#define PW_PERM_W (1u << 1)
#define PW_PERM_X (1u << 2)
#define PW_PERM_SHARED (1u << 3)

/* pw_segments.flags: how it was seen, and what was not */
#define PW_SEGMENTS_ITER (1u << 0) /* VMAs from the task_vma iterator, else /proc/PID/maps */
#define PW_SEGMENTS_PAGEMAP_SCAN (1u << 1) /* residency from PAGEMAP_SCAN */
#define PW_SEGMENTS_PAGEMAP (1u << 2) /* residency from /proc/PID/pagemap */
#define PW_SEGMENTS_SMAPS (1u << 3) /* residency and dirty from smaps */
#define PW_SEGMENTS_NO_RESIDENT (1u << 4) /* residency not known (no privilege) */
#define PW_SEGMENTS_TRUNCATED (1u << 5) /* more VMAs or segments than the bound */
#define PW_SEGMENTS_CHANGED (1u << 6) /* the address space moved under the scan */
#define PW_SEGMENTS_GONE (1u << 7) /* the process ended during the scan: incomplete */
#define PW_SEGMENTS_NO_THREADS (1u << 8) /* thread stacks could not be told apart */
#define PW_SEGMENTS_DIRTY (1u << 9) /* the dirty_bytes fields are valid */

/*
 * One view of one address space; `segments` SEGMENT records follow at once.
 * lock_*_ns bound from above how long the target's mmap lock was held: the
 * time spent inside the calls that take it.
 */
struct pw_segments {
	struct pw_record rec;
	struct pw_key key;
	__u32 segments; /* SEGMENT records that follow */
	__u32 vmas;
	__u32 flags; /* PW_SEGMENTS_* */
	__u32 lock_calls;
	__u64 lock_total_ns;
	__u64 lock_longest_ns;
	__u64 scan_ns; /* the whole scan */
};

/*
 * One segment: one or more VMAs of one kind and name. [start, end) spans
 * them; virtual_bytes counts them without the holes. Unknown values are
 * PW_UNKNOWN.
 */
#define PW_UNKNOWN (~0ull)
struct pw_segment {
	struct pw_record rec;
	struct pw_key key;
	__u64 start;
	__u64 end;
	__u32 kind; /* enum pw_segment_kind */
	__u32 perms; /* PW_PERM_*, of all VMAs together */
	__u32 vmas;
	__u32 tid; /* thread stacks: the thread; else 0 */
	__u64 virtual_bytes;
	__u64 anon_bytes; /* resident */
	__u64 file_bytes;
	__u64 shmem_bytes;
	__u64 swap_bytes;
	__u64 dirty_bytes;
	__u64 huge_bytes; /* mapped by PMDs or hugetlb */
	__u64 inode;
	__u32 dev_major;
	__u32 dev_minor;
	__u16 name_len;
	__u16 reserved[3];
	/* __u8 name[]: path, thread name, anon name */
};

/* pw_machine.coverage: what this source sees. Absent bits are said in words. */
#define PW_COVER_LEDGER (1u << 0) /* page ledger attached */
#define PW_COVER_MIGRATION (1u << 1) /* ... migrations followed */
#define PW_COVER_COLLAPSE (1u << 2) /* ... khugepaged's collapses followed */
#define PW_COVER_SEEDED (1u << 3) /* ... pages touched before the start seeded */
#define PW_COVER_RSS_EXACT (1u << 4) /* rss_stat summed over CPUs; else bounded */
#define PW_COVER_EVENTS (1u << 5) /* fork, exec, exit */
#define PW_COVER_OOM (1u << 6)
#define PW_COVER_VM_CALLS (1u << 7) /* gross mmap, munmap, brk volumes */
#define PW_COVER_VMA_ITER (1u << 8)
#define PW_COVER_FENTRY (1u << 9)
#define PW_COVER_MODULE (1u << 10)
#define PW_COVER_ALL_PROCESSES (1u << 11) /* not restricted by hidepid or privilege */
#define PW_COVER_WIPES (1u << 12) /* calls of wipe functions in user space */
#define PW_COVER_WIPES_KERNEL (1u << 13) /* kfree_sensitive, kvfree_sensitive */
#define PW_COVER_RELEASES (1u << 14) /* frees and munmaps, matched with wipes */

struct pw_machine {
	struct pw_record rec;
	__u32 page_size;
	__u32 cpus;
	__u64 memory_pages;
	__u64 swap_pages;
	__u64 boot_realtime_ns; /* CLOCK_REALTIME at boot: wall = this + time_ns */
	__u32 sample_every; /* 1 page in N is in the ledger; 0: no ledger */
	__u32 coverage; /* PW_COVER_* */
	__u32 process_capacity; /* slots in the kernel */
	__u32 reserved;
	__u64 ledger_bytes; /* kernel memory that the ledger takes */
	__u8 hostname[64];
	__u8 release[64]; /* uname -r */
	__u8 boot_id[40];
	__u8 source[16]; /* "bpf", "proc": who counted */
};

/* Why something was not counted. Text names are in user/model/loss.c. */
enum pw_loss_cause {
	PW_LOSS_RING_FULL = 0, /* an event found no room in the ring */
	PW_LOSS_RECURSION = 1, /* a program was skipped by the kernel */
	PW_LOSS_SLOTS_FULL = 2, /* a page's process found no slot */
	PW_LOSS_STALE_PAGE = 3, /* an allocation found a page still in the ledger */
	PW_LOSS_MIGRATION = 4, /* a migration's other half was not found */
	PW_LOSS_STRAYS_FULL = 5, /* a migrated page found no room */
	PW_LOSS_NO_OWNER = 6, /* a user page allocated by a kernel thread for nobody known */
	PW_LOSS_OUT_OF_RANGE = 7, /* a page outside the PFN array */
	PW_LOSS_PROCESSES_FULL = 8, /* user space had no room for a process */
	PW_LOSS_PROC_GONE = 9, /* a process ended before its identity was read */
	PW_LOSS_SEED_FAILED = 10, /* a process's pages could not be seeded */
	PW_LOSS_STREAM = 11, /* a reader was too slow for the daemon's stream */
	PW_LOSS_DAMAGED = 12, /* records lost to damage in a recording */
	PW_LOSS_STORE = 13, /* history rows that could not be written */
	PW_LOSS_NAMES_FULL = 14, /* user space had no room for a group or a name */
	PW_LOSS_WIPE_UNPAIRED = 15, /* a wipe or release call whose return or state was lost */
	PW_LOSS_CAUSES = 16
};

/* The end of an interval. Totals since the source began. */
struct pw_tick {
	struct pw_record rec;
	__u64 sequence; /* 1, 2, 3, ...: a hole is a loss */
	__u64 interval_ns; /* since the previous tick; 0 in the first */
	__u64 available_pages; /* the machine's MemAvailable, MemFree, ... */
	__u64 free_pages;
	__u64 cached_pages;
	__u64 slab_pages;
	__u64 swap_free_pages;
	__u32 processes; /* alive, as the source counts them */
	__u32 threads;
	__u64 bpf_ns; /* own cost: CPU in BPF programs (estimate from a duty cycle) */
	__u64 user_ns; /* own cost: CPU of the process that collects */
	__u64 own_rss_bytes;
	__u64 events_tried; /* ring: received + RING_FULL, exactly */
	__u64 events_received;
	__u64 ledger_live_pages; /* all processes, dead ones included */
	__u64 ledger_touched_pages;
	__u64 ledger_freed_pages;
	__u64 lost[PW_LOSS_CAUSES]; /* by enum pw_loss_cause */
};

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
 * site's first wiped release.
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
	PW_CAUSE_DISCARD = 2, /* madvise or process_madvise, fallocate: contents thrown away */
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

#define PW_ASSERT_SIZE(name, bytes) \
	_Static_assert(sizeof(struct name) == (bytes), "ABI: struct " #name)

PW_ASSERT_SIZE(pw_record, 16);
PW_ASSERT_SIZE(pw_key, 16);
PW_ASSERT_SIZE(pw_fork, 72);
PW_ASSERT_SIZE(pw_exec, 184);
PW_ASSERT_SIZE(pw_exit, 80);
PW_ASSERT_SIZE(pw_oom, 72);
PW_ASSERT_SIZE(pw_counters, 272);
PW_ASSERT_SIZE(pw_identity, 80);
PW_ASSERT_SIZE(pw_segments, 72);
PW_ASSERT_SIZE(pw_segment, 144);
PW_ASSERT_SIZE(pw_machine, 256);
PW_ASSERT_SIZE(pw_tick, 272);
PW_ASSERT_SIZE(pw_wipe, 168);
PW_ASSERT_SIZE(pw_release, 200);
PW_ASSERT_SIZE(pw_wipe_probe, 56);
PW_ASSERT_SIZE(pw_secret, 248);

#endif /* PAGEWARDEN_UAPI_H */
