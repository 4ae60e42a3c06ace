/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The parts of the eBPF source, private to user/source/bpf*.c:
 *
 *   bpf.c           the table of functions; the order of an interval
 *   bpf_load.c      options become read-only data; load, attach, coverage
 *   bpf_events.c    the ring
 *   bpf_known.c     processes told of, their identity
 *   bpf_slots.c     the kernel's slots: counters, reuse
 *   bpf_resources.c descriptors, switches, limits
 *   bpf_seed.c      what was touched before the source began
 *   bpf_cost.c      own cost and losses
 *   bpf_wipe*.c     wipes; see bpf_wipe.h
 */
#ifndef PW_SOURCE_BPF_PRIVATE_H
#define PW_SOURCE_BPF_PRIVATE_H

#include "bpf/slot.h"
#include "user/base/hash.h"
#include "user/inspect/address_space.h"
#include "user/source/calibrate.h"
#include "user/source/kernel.h"
#include "user/source/source.h"

struct pagewarden_bpf;
struct pw_wipes;
struct bpf_map;
struct ring_buffer;

#define PW_KNOWN_IDENTIFIED (1u << 0)
#define PW_KNOWN_PENDING (1u << 1) /* waits for its identity */
#define PW_KNOWN_ENDED (1u << 2)
#define PW_KNOWN_UNVISITED (1u << 3) /* its slot was there before a pass that did not come by */
#define PW_KNOWN_BEFORE (1u << 4) /* ran before the source began */

/* A process that the source has told of, until its slot is free again. */
struct pw_known {
	struct pw_key key;
	struct pw_key parent; /* of its fork; 0: not seen */
	uint32_t parent_pid;
	uint32_t flags; /* PW_KNOWN_* */
	uint32_t slot; /* index + 1; 0: none */
	uint64_t cgroup_id;
	uint64_t signature; /* of the last COUNTERS sent; 0: none */
	uint64_t minor_faults, major_faults, cpu_ns; /* of the last COUNTERS: they never fall */
	uint64_t resources_signature; /* of the last RESOURCES sent; 0: none */
	uint32_t resources_pass; /* the pass whose values were looked at last */
	uint64_t voluntary_switches, io_calls;
	uint8_t comm[PW_COMM_LEN];
	char *exe; /* for heirs that were gone before /proc was read; NULL: not known */
	char *exec_path; /* of an exec whose identity was not read yet */
	/* in the queue for identities, or among the ended; oldest first */
	struct pw_known *next;
	struct pw_known **at; /* what points here; NULL: in no list */
};

struct pw_known_list {
	struct pw_known *first;
	struct pw_known **last;
};

/* One window in which the kernel measures its BPF programs; see bpf_cost.c. */
struct pw_cost {
	int stats_fd; /* -1: no window open */
	uint64_t window_start_ns;
	uint64_t run_start_ns;
	uint64_t next_window_ns;
	uint64_t told_until_ns; /* bpf_ns covers the time up to here */
	double share; /* CPU in programs, of one CPU, in the last window */
	uint64_t bpf_ns;
};

struct pw_bpf {
	struct pw_source base;
	struct pw_procfs fs;
	struct pw_source_options opt;
	struct pw_kernel kernel;
	struct pw_calibration calibration;
	struct pagewarden_bpf *skel;
	uint32_t coverage; /* PW_COVER_* */
	uint32_t rss_error_pages; /* 0: exact */
	uint32_t sample_shift;
	uint64_t ledger_entries;
	uint64_t ledger_bytes;

	struct pw_vma_provider vmas; /* with PW_COVER_VMA_ITER */
	struct pw_slot *slots; /* mapped from the kernel */
	uint32_t capacity;

	/* bpf_slots.c */
	struct pw_known **slot_owner; /* by index */
	uint32_t *active; /* indices in use, as the last pass saw them */
	uint32_t active_count;
	uint64_t retired_touched, retired_freed; /* of slots taken back; sampled pages */

	/* bpf_known.c */
	struct pw_hash known;
	struct pw_known_list pending;
	struct pw_known_list ended;
	bool identified_once; /* the first interval may take longer */
	void *identity_buffer;

	/* bpf_events.c */
	struct ring_buffer *ring;
	uint64_t events_received;
	pw_sink sink; /* during a delivery */
	void *sink_ctx;
	int sink_result;

	struct pw_wipes *wipes; /* NULL: not asked for */
	struct pw_cgroups *cgroups; /* NULL: no memory controller */
	struct pw_cost cost;
	uint64_t lost[PW_LOSS_CAUSES]; /* in user space */
	uint64_t last_skips, last_pages; /* of the ledger's programs, at the last tick */
	bool machine_told;
	uint64_t sequence;
	uint64_t last_tick_ns;
	uint64_t began_ns;
};

/* bpf_load.c */
int pw_bpf_load(struct pw_bpf *b, struct pw_error *err);
int pw_bpf_attach(struct pw_bpf *b, struct pw_error *err);
/* When the ledger's programs were skipped too often for the pages that moved meanwhile. */
void pw_bpf_attach_twins(struct pw_bpf *b, uint64_t skips, uint64_t pages);
void pw_bpf_unload(struct pw_bpf *b);
void *pw_bpf_map_memory(const struct bpf_map *map, size_t size); /* shared; NULL: errno tells */

/* bpf_events.c */
int pw_bpf_events_init(struct pw_bpf *b, struct pw_error *err);
void pw_bpf_events_deinit(struct pw_bpf *b);
/* Delivers what waits in the ring. A sink's result or -errno. */
int pw_bpf_events_drain(struct pw_bpf *b);
int pw_bpf_deliver(struct pw_bpf *b, const struct pw_record *rec);

/* bpf_known.c */
int pw_bpf_known_init(struct pw_bpf *b);
void pw_bpf_known_deinit(struct pw_bpf *b);
struct pw_known *pw_bpf_known_find(struct pw_bpf *b, const struct pw_key *key);
/* Finds or adds; NULL at the bound (counted). A new one waits for its identity. */
struct pw_known *pw_bpf_known_get(struct pw_bpf *b, const struct pw_key *key);
void pw_bpf_known_forget(struct pw_bpf *b, struct pw_known *p);
void pw_bpf_known_exec(struct pw_bpf *b, struct pw_known *p, const char *path);
void pw_bpf_known_end(struct pw_bpf *b, struct pw_known *p);
/* Delivers the identity of one process now, from what is left of it. */
int pw_bpf_identify(struct pw_bpf *b, struct pw_known *p);
/* Delivers those that wait, within a time box. */
int pw_bpf_identify_pending(struct pw_bpf *b);

/* bpf_slots.c */
int pw_bpf_slots_init(struct pw_bpf *b, struct pw_error *err);
void pw_bpf_slots_deinit(struct pw_bpf *b);
int pw_bpf_slots_pass(struct pw_bpf *b, struct pw_error *err); /* the iterator, then who is where */
int pw_bpf_slots_deliver(struct pw_bpf *b); /* COUNTERS of who changed */
/* A thread that ends while the iterator walks may be missed once; totals don't fall for that. */
uint64_t pw_bpf_never_falls(uint64_t *last, uint64_t now);
void pw_bpf_slots_reclaim(struct pw_bpf *b);
void pw_bpf_drop_unfinished_migrations(struct pw_bpf *b);
void pw_bpf_slots_totals(struct pw_bpf *b, struct pw_tick *t);
void pw_bpf_slots_link(struct pw_bpf *b, struct pw_known *p); /* finds the slot of p, if it has one */

/* bpf_resources.c: RESOURCES, where the last pass read them and they changed */
int pw_bpf_resources_deliver(struct pw_bpf *b, struct pw_known *p, const struct pw_slot *slot);

/* bpf_seed.c: after the first pass */
void pw_bpf_seed(struct pw_bpf *b);

/* bpf_cost.c */
void pw_bpf_cost_init(struct pw_bpf *b);
void pw_bpf_cost_deinit(struct pw_bpf *b);
void pw_bpf_cost_step(struct pw_bpf *b, uint64_t now_ns);
void pw_bpf_cost_fill(struct pw_bpf *b, struct pw_tick *t);
void pw_bpf_cost_watch_skips(struct pw_bpf *b, const struct pw_tick *t);

#endif
