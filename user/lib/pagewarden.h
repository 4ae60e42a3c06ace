/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libpagewarden: for programs that hold secrets. Wipes memory and checks that
 * it is wiped; gives memory that others can't read; watches memory and tells
 * what was still in it when it went.
 *
 * Everything works without the pagewarden kernel module, except for watching,
 * and always says how it was done. With the module the kernel itself looks.
 *
 * Errors: functions return 0 or a negative errno; pw_strerror() tells its
 * meaning here and the remedy. errno is left as it was. A result (the last
 * parameters) is untouched where the function fails, unless it says otherwise.
 *
 * Threads: all functions may be called from all threads, but for pw_close().
 * Signal handlers: only pw_wipe(), pw_strerror() and the functions that give
 * texts may be called there.
 *
 * fork(2): a child has none of its parent's watches. Memory of
 * pw_secret_alloc() is not in the child: of PW_IN_ARENA and PW_IN_MEMFD_SECRET
 * the addresses are unmapped, of PW_IN_MLOCK they hold zeros that are not
 * locked any more. A child allocates its own. In a child of vfork(2) nothing
 * of this may be called.
 *
 * Structs may grow at their reserved fields; nothing else of this changes
 * within libpagewarden.so.0.
 */
#ifndef PAGEWARDEN_H
#define PAGEWARDEN_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

/* ---- wiping ---------------------------------------------------------------- */

enum pw_by {
	PW_BY_NOTHING = 0, /* there was nothing to wipe: n was 0 */
	PW_BY_MODULE = 1, /* the kernel wrote, and read back through the page itself */
	PW_BY_EXPLICIT_BZERO = 2, /* explicit_bzero(3), and every byte read again from here */
};

/* Why something could not be wiped or looked at. */
enum pw_reason {
	PW_REASON_NONE = 0,
	PW_REASON_SECRETMEM = 1, /* memfd_secret: not even the module reads it */
	PW_REASON_NOT_RESIDENT = 2, /* swapped out or unmapped just then */
	PW_REASON_FOREIGN = 6, /* it went in a context that may not look (reclaim) */
	PW_REASON_DEVICE = 7, /* mappings without ordinary pages: devices, the arena */
	PW_REASON_BUSY = 8, /* not without waiting */
	PW_REASON_NO_MEMORY = 9,
	PW_REASON_GONE = 10, /* the process was gone */
};

struct pw_wipe_result {
	uint32_t by; /* enum pw_by */
	uint32_t reason; /* enum pw_reason: why the module did not do it, or not all of it */
	uint64_t wiped_bytes; /* written and read back as 0 */
	uint64_t absent_bytes; /* PW_BY_MODULE: no page was there, so no secret either */
	uint64_t dirty_bytes; /* not 0 when they were read back */
	uint64_t copies_left_pages; /* PW_BY_MODULE: another process (fork) still has the old page */
	uint64_t swapped_pages; /* PW_BY_MODULE: brought back; the swap slot is not scrubbed */
	const void *first_dirty; /* NULL: none */
	uint32_t copies_known; /* 1: copies_left_pages and swapped_pages were counted */
	uint32_t reserved0;
	uint64_t reserved[4];
};

/*
 * Fills [p, p + n) with zeros and checks it. As with memset(3), the memory has
 * to be writable: the module refuses what isn't, explicit_bzero() would die of
 * it. ret may be NULL.
 *
 * 0: every byte that is there reads 0. -EIO: it was done, but bytes read back
 * as something else (another thread writes there?); *ret is filled then as
 * well. -EINVAL: the range wraps, or p is NULL. -EFAULT: no memory there.
 *
 * Copies that the compiler, a register, a pipe or a fork made of the secret
 * are beyond its reach; the module counts those of a fork.
 */
int pw_wipe(void *p, size_t n, struct pw_wipe_result *ret);

/* ---- memory for secrets ---------------------------------------------------- */

/* Where the memory is. As flags: which of these will do; 0: the strongest that works. */
enum pw_secret_place {
	PW_IN_ARENA = 1, /* pages of the module */
	PW_IN_MEMFD_SECRET = 2, /* memfd_secret(2), Linux 5.14; from 6.5 on by default */
	PW_IN_MLOCK = 4, /* anonymous memory, locked, not in dumps, zeros after a fork */
};

/* What it is protected from: pw_secret_info.protects. An absent bit is a danger that remains. */
enum pw_secret_protects {
	PW_FROM_SWAP = 1,
	PW_FROM_CORE_DUMP = 2,
	PW_FROM_FORK = 4, /* a child does not get it */
	PW_FROM_OTHERS = 8, /* ptrace, /proc/PID/mem, process_vm_readv: also root's */
	PW_FROM_KILL = 16, /* wiped by the kernel however the process ends */
	PW_FROM_KERNEL_READS = 32, /* not in the kernel's own map of memory */
	PW_FROM_OVERRUN = 64, /* unreadable guard pages before and behind */
};

struct pw_secret_info {
	uint32_t place; /* enum pw_secret_place */
	uint32_t protects; /* enum pw_secret_protects */
	size_t usable; /* bytes from the pointer to the guard page, at least n */
	const char *gaps; /* a sentence: what it does not protect from */
	uint64_t reserved[4];
};

/*
 * Memory for a secret of n bytes, filled with zeros. Each allocation has pages
 * of its own, with a guard page before and one behind, so it is page-granular:
 * for many small secrets allocate one block and divide it. The pointer is
 * page-aligned. info may be NULL.
 *
 * -EINVAL: n is 0 or unknown flags. -ENOMEM: no memory, or n is beyond reason.
 * -EDQUOT: a limit (RLIMIT_MEMLOCK; the module's, per user). Where flags ask for
 * one place alone: -ENODEV, -EACCES the module, -ENOSYS memfd_secret.
 */
int pw_secret_alloc(size_t n, unsigned int flags, void **ret, struct pw_secret_info *info);

/*
 * Wipes it, checks that, and gives it back. NULL: nothing happens. -EINVAL:
 * not the start of memory from pw_secret_alloc(), freed before, or the parent's
 * (after a fork); nothing is touched. -EIO: given back, but something wrote to it
 * meanwhile, so that bytes were not 0 when it was last seen.
 */
int pw_secret_free(void *p);

/* What became of a live allocation, as pw_secret_alloc() told it. -EINVAL: there is none at p. */
int pw_secret_query(const void *p, struct pw_secret_info *info);

/* ---- watching (needs the module) ------------------------------------------- */

#define PW_WATCH_HOLD (1u << 0) /* pin the pages: the verdict is certain */
#define PW_WATCH_SCRUB (1u << 1) /* with HOLD: wipe them after they went */

struct pw_watch;

enum pw_verdict {
	PW_VERDICT_UNKNOWN = 0, /* `reason` tells why */
	PW_VERDICT_CLEAN = 1, /* every byte was 0 when it went, or is 0 now */
	PW_VERDICT_DIRTY = 2, /* went with contents, or has some now */
	PW_VERDICT_STILL_MAPPED = 3, /* mapped elsewhere as well */
	PW_VERDICT_SWAPPED = 4, /* contents are in swap */
	PW_VERDICT_COPIED = 5, /* a forked process keeps the old pages */
	PW_VERDICT_HELD = 6, /* the kernel holds the pages: I/O, a pipe, a pin */
};

/* Pages by what they were like when they went, or are now if they are still there. */
struct pw_watch_verdict {
	uint32_t verdict; /* enum pw_verdict: the worst of them */
	uint32_t reason; /* enum pw_reason */
	uint64_t pages_clean;
	uint64_t pages_dirty;
	uint64_t pages_mapped;
	uint64_t pages_swapped;
	uint64_t pages_copied;
	uint64_t pages_held;
	uint64_t pages_unknown;
	uint64_t pages_absent; /* never had contents */
	uint64_t pages_scrubbed; /* of the dirty ones: wiped by the module */
	uint64_t dirty_bytes;
	const void *first_dirty; /* NULL: none */
	uint64_t reserved[4];
};

/*
 * The module looks at the pages of [p, p + n) whenever some of them go, until
 * pw_secret_unwatch() or the end of the process, and tells the administrator
 * (pagewarden secrets) and, at the end, the caller. label: a name for people, up
 * to 31 bytes, cut if longer; NULL: none. Memory of pw_secret_alloc() in the
 * arena or memfd_secret can't be watched, and needs no watch.
 *
 * -ENODEV: the module isn't loaded. -EACCES: no right to use it. -EINVAL: the
 * range or the flags. -EFAULT: no memory there. -EOPNOTSUPP: memory that can't be
 * watched. -EDQUOT, -ENOSPC: limits. -ENOMEM. -EINTR: a signal.
 */
int pw_secret_watch(const void *p, size_t n, unsigned int flags, const char *label,
		    struct pw_watch **ret);

/*
 * Looks a last time and ends the watch. ret may be NULL. w is gone afterwards,
 * whatever is returned but for -EINTR, and NULL is ignored. -EINVAL: no live watch.
 * -ESRCH: the parent's (after a fork). -ENOENT: it ended before, because something
 * closed the library's descriptor.
 */
int pw_secret_unwatch(struct pw_watch *w, struct pw_watch_verdict *ret);

/* ---- the rest -------------------------------------------------------------- */

/* What a return value of this library means and what to do about it. Never NULL. */
const char *pw_strerror(int err);
/* "explicit_bzero", "memfd_secret", ...; "unknown" */
const char *pw_by_name(uint32_t by);
const char *pw_secret_place_name(uint32_t place);
const char *pw_verdict_name(uint32_t verdict);
/* A clause for people; "" for PW_REASON_NONE. */
const char *pw_reason_text(uint32_t reason);

/*
 * The library opens /dev/pagewarden when it first needs it and keeps it open,
 * so that it still works after chroot(2) or setuid(2). Open it, the module can't
 * be unloaded. This closes it; the next call that needs it opens it again. No
 * other thread may be in the library meanwhile. -EBUSY: there are watches.
 */
int pw_close(void);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif /* PAGEWARDEN_H */
