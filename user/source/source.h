/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where records come from. All producers (BPF, /proc, a recording, the
 * daemon's stream, a test's array) stand behind this table and deliver the
 * sequence that kmod/uapi/pagewarden.h describes. Nothing behind this header
 * knows who listens.
 */
#ifndef PW_SOURCE_SOURCE_H
#define PW_SOURCE_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kmod/uapi/pagewarden.h"
#include "user/base/error.h"

/* Takes one record, valid during the call. Nonzero stops the delivery and is passed on. */
typedef int (*pw_sink)(void *ctx, const struct pw_record *rec);

struct pw_source;

struct pw_source_ops {
	const char *name;
	/*
	 * Delivers one interval: everything up to and including the next TICK.
	 * A live source never waits: the caller paces the intervals and each
	 * call collects what has come since the last. A stream waits for the
	 * peer's tick. 0; -ENODATA at the end of a recording or stream; a
	 * sink's result; another -errno with *err filled.
	 */
	int (*collect)(struct pw_source *src, pw_sink sink, void *ctx, struct pw_error *err);
	/*
	 * Takes waiting events without ending the interval, so that a small
	 * kernel buffer survives a long interval. NULL where nothing can pile up.
	 */
	int (*drain)(struct pw_source *src, pw_sink sink, void *ctx, struct pw_error *err);
	/*
	 * Delivers one SEGMENTS record and its SEGMENTs for a process now.
	 * -EOPNOTSUPP where the source can't (a recording has what it has);
	 * -ESRCH when the process is gone. flags: PW_SEGMENT_SMAPS.
	 */
	int (*segments)(struct pw_source *src, const struct pw_key *key, unsigned int flags,
			pw_sink sink, void *ctx, struct pw_error *err);
	/* A descriptor that polls readable when drain or collect has work; -1: none. */
	int (*fd)(struct pw_source *src);
	void (*destroy)(struct pw_source *src);
};

#define PW_SEGMENT_SMAPS (1u << 0) /* read smaps too: dirty pages; stalls big targets */
#define PW_SEGMENT_EACH_VMA (1u << 1) /* one row per VMA, not grouped */
#define PW_SEGMENT_LAYOUT (1u << 2) /* what is where, not how much of it is resident */

/* Embedded first in each implementation. */
struct pw_source {
	const struct pw_source_ops *ops;
	bool live; /* the caller paces collect() by the wall clock */
};

/* Thin dispatchers; a NULL op answers as its comment says. */
int pw_source_collect(struct pw_source *src, pw_sink sink, void *ctx, struct pw_error *err);
int pw_source_drain(struct pw_source *src, pw_sink sink, void *ctx, struct pw_error *err);
int pw_source_segments(struct pw_source *src, const struct pw_key *key, unsigned int flags,
		       pw_sink sink, void *ctx, struct pw_error *err);
int pw_source_fd(struct pw_source *src);
void pw_source_destroy(struct pw_source *src); /* takes NULL */

/* How often what changes seldom and costs more is read, where an option does not say it. */
#define PW_SOURCE_RESOURCES_NS 10000000000ull

/* So that each huge page holds at least one page of the sample. */
#define PW_SAMPLE_EVERY_MAX 512

/* How a live source is set up; zero means the default. */
struct pw_source_options {
	const char *root; /* prefix for /proc and /sys; NULL: the live machine */
	uint32_t sample_every; /* power of two, 1..PW_SAMPLE_EVERY_MAX; default 64 */
	uint32_t process_capacity; /* default 16384 */
	uint32_t ring_bytes; /* default 1 MiB */
	enum pw_vm_calls {
		PW_VM_CALLS_AUTO = 0, /* fentry where it loads, else off */
		PW_VM_CALLS_OFF,
		PW_VM_CALLS_SYSCALL, /* sys_exit tracepoint: costs every syscall */
	} vm_calls;
	/* Which calls of wipe functions become WIPE records; off by default: a call costs microseconds. */
	struct pw_wipe_options {
		bool on; /* observe wipe functions, and the module's events where it is loaded */
		/*
		 * Also frees and munmaps of wiped buffers; needs a pid or a cgroup. With a
		 * cgroup, every process that runs the same libraries pays for the
		 * breakpoints (about 0.5 us for each free); with a pid, that one alone.
		 */
		bool releases;
		bool no_kernel; /* leave kfree_sensitive out */
		uint32_t pid; /* of this process alone; 0: any */
		uint64_t cgroup_id; /* of this cgroup and those below it alone; 0: any */
		uint32_t read_back_bytes; /* most that is read back of one range; default 1 MiB */
	} wipes;
	uint64_t resources_every_ns; /* RESOURCES of a process, CGROUP of a cgroup; default 10 s */
	bool no_seed; /* skip seeding pages touched before the start */
	bool no_ledger; /* counters and events only */
	/* One look at one process: /proc serves, and only this process is read. 0: all. */
	uint32_t only_pid;
};

/* The eBPF source (user/source/bpf.c). */
int pw_source_bpf_create(const struct pw_source_options *opt, struct pw_source **ret,
			 struct pw_error *err);
/* /proc alone, for who may not load BPF: no ledger, no events (user/source/proc.c). */
int pw_source_proc_create(const struct pw_source_options *opt, struct pw_source **ret,
			  struct pw_error *err);
/*
 * The module's own ring (user/source/module.c): secrets and verified wipes alone, for who has no
 * BPF. The live watches come first, as their REGISTERED records. -ENOENT: it is not loaded.
 */
int pw_source_module_create(struct pw_source **ret, struct pw_error *err);
/*
 * The best of one's own: BPF with the ledger, BPF without it where page frames
 * are hidden, /proc alone. *why: the cause when it is not the first.
 */
int pw_source_own_create(const struct pw_source_options *opt, struct pw_source **ret,
			 struct pw_error *why, struct pw_error *err);
/* A recorded file (user/source/replay.c). Damage: replays up to it, counts PW_LOSS_DAMAGED. */
int pw_source_replay_create(const char *path, struct pw_source **ret, struct pw_error *err);
/* Records in memory, for tests (user/source/array.c). The bytes stay the caller's. */
int pw_source_array_create(const void *bytes, size_t len, struct pw_source **ret);
/* The daemon's stream (user/source/stream.c). -ENOENT or -ECONNREFUSED: no daemon runs. */
int pw_source_stream_create(const char *socket_path, struct pw_source **ret, struct pw_error *err);
/* The registered secrets that the daemon knows, ended ones too: one interval. Errors as above. */
int pw_source_secrets_create(const char *socket_path, struct pw_source **ret, struct pw_error *err);
/* Where the daemon listens; in its place, "none" means never to ask it. */
#define PW_SOURCE_SOCKET "/run/pagewarden/pagewarden.sock"
/*
 * What a command uses: the daemon when one runs, else BPF, else /proc. A
 * source set up with options of its own is never the daemon's, and one below
 * a root prefix is /proc's. socket_path: NULL is PW_SOURCE_SOCKET. What a
 * better source would have given and why it was not taken stands in *why (may
 * be NULL), for the status line; empty when nothing is missed: BPF sees as
 * much as a daemon that does not run.
 */
int pw_source_open_best(const struct pw_source_options *opt, const char *socket_path,
			struct pw_source **ret, struct pw_error *why, struct pw_error *err);

#endif
