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
 *   | RESOURCES             for each process whose resources changed, at most every 10 s
 *   | CGROUP                for each memory cgroup with processes, at most every 10 s
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
#define PW_ABI_MINOR 2

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
	PW_REC_RESOURCES = 21,
	PW_REC_CGROUP = 22,
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

/* pw_resources.flags: which fields are known */
#define PW_RESOURCES_FILES (1u << 0)
#define PW_RESOURCES_SWITCHES (1u << 1)
#define PW_RESOURCES_IO_CALLS (1u << 2)
#define PW_RESOURCES_LIMITS (1u << 3)

/*
 * What a process holds beside memory, what it did, and what bounds it.
 * Absolute values; a limit of PW_UNKNOWN is none.
 */
struct pw_resources {
	struct pw_record rec;
	struct pw_key key;
	__u32 flags; /* PW_RESOURCES_* */
	__u32 open_files; /* descriptors */
	__u64 voluntary_switches; /* of all threads, dead ones included */
	__u64 io_calls; /* read and write system calls, as above */
	__u64 limit_address_space_bytes; /* soft limits */
	__u64 limit_data_bytes;
	__u64 limit_open_files;
	__u64 reserved[2];
};

/* pw_cgroup.flags */
#define PW_CGROUP_GONE (1u << 0) /* it was removed; the values are the last ones seen */
#define PW_CGROUP_V1 (1u << 1) /* of the v1 memory controller, which tells less */

/*
 * Where the memory of one cgroup stands. Values are PW_UNKNOWN where the
 * kernel does not tell; max and pids_max also where there is no limit. The
 * tightest of several limits is the one with the least room left.
 * The path follows the struct, path_len bytes: as in IDENTITY.
 *
 * On a machine whose memory controller is v1's, cgroup_id is a number of that
 * hierarchy and not the one of COUNTERS: a process belongs to the cgroup whose
 * path is that of its IDENTITY, or the nearest above it.
 */
struct pw_cgroup {
	struct pw_record rec;
	__u64 cgroup_id;
	__u32 flags; /* PW_CGROUP_* */
	__u16 path_len;
	__u16 reserved;
	__u64 current_bytes;
	__u64 max_bytes; /* the tightest of its own and of those above it */
	__u64 max_used_bytes; /* of max_bytes, without the page cache that reclaim can drop */
	__u64 swap_bytes;
	__u64 swap_max_bytes; /* its own */
	__u64 anon_bytes;
	__u64 file_bytes;
	__u64 slab_bytes; /* unreclaimable */
	__u64 slab_reclaimable_bytes;
	__u64 sock_bytes;
	__u64 kernel_stack_bytes;
	__u64 page_table_bytes;
	__u64 pids;
	__u64 pids_max; /* the tightest of its own and of those above it */
	__u64 pids_max_used; /* of pids_max */
	__u64 oom_kills;
	/* __u8 path[] */
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
#define PW_COVER_RESOURCES (1u << 15) /* open files, switches, limits */
#define PW_COVER_CGROUPS (1u << 16) /* memory cgroups and their limits */

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

#define PW_ASSERT_SIZE(name, bytes) \
	_Static_assert(sizeof(struct name) == (bytes), "ABI: struct " #name)

/* The records of wipes and secrets, which need what stands above. */
#include "pagewarden_wipe.h"

PW_ASSERT_SIZE(pw_record, 16);
PW_ASSERT_SIZE(pw_key, 16);
PW_ASSERT_SIZE(pw_fork, 72);
PW_ASSERT_SIZE(pw_exec, 184);
PW_ASSERT_SIZE(pw_exit, 80);
PW_ASSERT_SIZE(pw_oom, 72);
PW_ASSERT_SIZE(pw_counters, 272);
PW_ASSERT_SIZE(pw_resources, 96);
PW_ASSERT_SIZE(pw_cgroup, 160);
PW_ASSERT_SIZE(pw_identity, 80);
PW_ASSERT_SIZE(pw_segments, 72);
PW_ASSERT_SIZE(pw_segment, 144);
PW_ASSERT_SIZE(pw_machine, 256);
PW_ASSERT_SIZE(pw_tick, 272);

#endif /* PAGEWARDEN_UAPI_H */
