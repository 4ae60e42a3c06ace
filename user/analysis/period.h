/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A period of a machine's memory in sum: who grew and who shrank, what the OOM
 * killer found, what was restarted, who watched and what that cost. Pure: the
 * past is fed to it in order, and it may be asked when all of it is in.
 *
 * Amounts are footprints (anonymous and shared resident memory plus swap), all
 * times are realtime, ranges half-open. What somebody changed is what he holds
 * at the end of the period less what he held at its beginning: who began in it
 * began with nothing, who ended in it gave all back, and the changes of all
 * processes together are the change of the whole.
 *
 * A point says what was last seen in its step, so that it counts from the
 * step's end on.
 *
 * Bounded: PW_PERIOD_PROCESSES_MAX processes of half a KiB, the rest counted.
 */
#ifndef PW_ANALYSIS_PERIOD_H
#define PW_ANALYSIS_PERIOD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kmod/uapi/pagewarden.h"
#include "user/base/hash.h"

#define PW_PERIOD_BINS 60 /* of a curve beside a name */
#define PW_PERIOD_STEPS 240 /* of the machine's curves */
#define PW_PERIOD_GAP UINT32_MAX /* in a curve: nobody watched, or it did not live */
#define PW_PERIOD_PROCESSES_MAX (1u << 17)
#define PW_PERIOD_KILLS_MAX 64 /* with the state before them; more are only counted */
#define PW_PERIOD_HOLDERS 5
#define PW_PERIOD_GAPS_MAX 64
#define PW_PERIOD_BOOTS_MAX 64

struct pw_intern;
struct pw_period_group;
struct pw_period_suspect;

struct pw_period_process {
	int64_t id; /* the history's */
	uint32_t pid, uid;
	uint64_t start_ns, end_ns; /* end 0: alive at last sight */
	char comm[PW_COMM_LEN + 1]; /* raw */
	const char *boot;
	struct pw_period_group *group;
	struct pw_period_process *next_in_group;
	bool seen; /* has a value in the period */
	bool at_begin, at_end; /* lived then */
	bool oom_killed;
	bool exit_known;
	int32_t exit_code; /* as wait(2) has it */
	uint64_t begin_bytes, end_bytes, peak_bytes; /* begin and end 0 where it did not live */
	uint32_t curve[PW_PERIOD_BINS]; /* KiB */
	/* while points come */
	bool known;
	uint64_t now_bytes;
	uint32_t next_bin;
};

/* Processes of one program in one cgroup; of unknown programs, those of one short name. */
struct pw_period_group {
	const char *exe, *cgroup, *unit, *container; /* interned, raw */
	char comm[PW_COMM_LEN + 1]; /* of its first process */
	struct pw_period_process *processes;
	uint32_t lived; /* processes that were seen */
	uint32_t alive; /* at the end */
	bool at_begin;
	uint64_t begin_bytes, end_bytes, peak_bytes; /* the peak: of the curve */
	uint32_t curve[PW_PERIOD_BINS]; /* KiB */
	/* see period_restart.c */
	uint32_t restarts, failures; /* failures: those of them that did not end well */
	struct pw_period_process *last_ended, *last_began; /* of the last restart */
	uint64_t down_ns; /* between those two */
};

struct pw_period_step {
	uint64_t time_ns; /* its end */
	bool watched;
	bool detailed; /* memory and slab are known */
	uint64_t available_bytes, lowest_available_bytes, swap_bytes, slab_bytes, memory_bytes;
};

struct pw_period_holder {
	const struct pw_period_process *process;
	uint64_t bytes;
};

struct pw_period_kill {
	uint64_t time_ns;
	uint32_t pid;
	char comm[PW_COMM_LEN + 1];
	uint64_t rss_bytes; /* as the kernel told it */
	const struct pw_period_process *victim; /* NULL: the history does not know it */
	uint64_t state_ns; /* when what follows was seen, the last time before; 0: never */
	uint64_t available_bytes, swap_bytes;
	struct pw_period_holder holders[PW_PERIOD_HOLDERS]; /* the largest first */
	size_t holder_count;
	/* the victim's own before it, oldest first, the caller's to fill: KiB */
	uint32_t curve[PW_PERIOD_BINS];
	uint64_t curve_from_ns;
};

struct pw_period_gap {
	uint64_t from_ns, to_ns;
	bool before_history;
};

struct pw_period_boot {
	const char *boot_id; /* interned */
	const char *host, *release;
	uint64_t time_ns;
};

/* The watching itself, of the points that tell of it. */
struct pw_period_watch {
	uint64_t watched_ns; /* in which somebody watched */
	uint64_t first_ns, last_ns; /* of that time; 0: never */
	uint64_t detailed_ns; /* of that time: what follows is known */
	uint32_t starts; /* of the daemon, in the period */
	uint64_t bpf_ns, user_ns; /* CPU */
	uint64_t rss_peak_bytes, rss_last_bytes;
	uint64_t lost[PW_LOSS_CAUSES];
	uint64_t covered_ns[32]; /* by bit of PW_COVER_* */
};

struct pw_period {
	uint64_t from_ns, to_ns;
	uint64_t history_from_ns; /* the oldest that the history has; 0: not told */
	struct pw_intern *strings;
	/* in the order in which they came */
	struct pw_period_process **processes, **by_pid;
	size_t process_count, process_room;
	uint64_t left_out; /* processes and names that found no room */
	struct pw_hash ids, group_hash;
	struct pw_period_group **groups;
	size_t group_count, group_room;
	struct pw_period_step steps[PW_PERIOD_STEPS];
	size_t step_count;
	uint64_t step_ns, bin_ns;
	bool bin_watched[PW_PERIOD_BINS];
	struct pw_period_watch watch;
	struct pw_period_gap gaps[PW_PERIOD_GAPS_MAX];
	size_t gap_count;
	uint64_t gaps_left_out;
	struct pw_period_kill kills[PW_PERIOD_KILLS_MAX];
	size_t kill_count;
	uint64_t kills_left_out;
	size_t kills_passed; /* by the points so far */
	struct pw_period_suspect **suspects; /* period_suspect.h */
	size_t suspect_count, suspect_room;
	struct pw_hash suspect_hash;
	struct pw_period_boot boots[PW_PERIOD_BOOTS_MAX]; /* that began in it */
	size_t boot_count;
	struct pw_period_boot last_boot; /* the machine at the end; strings "" when not known */
	/* of the machine point before */
	uint64_t previous_end_ns;
	bool has_previous, has_totals;
	int64_t run;
	uint64_t run_bpf_ns, run_user_ns, run_lost[PW_LOSS_CAUSES];
};

/* Half-open, not empty. 0, -EINVAL or -ENOMEM. */
int pw_period_create(uint64_t from_ns, uint64_t to_ns, struct pw_period **ret);
void pw_period_destroy(struct pw_period *p); /* takes NULL */

/*
 * Feeding. First boots and processes, then events, then the machine's points,
 * then the points of the processes, each in order of time (processes: any);
 * the points begin so far before the period that everybody has spoken. All
 * return 0 or -ENOMEM; what finds no room is counted.
 */
int pw_period_add_boot(struct pw_period *p, const char *boot_id, const char *host,
		       const char *release, uint64_t time_ns); /* time 0: not known */

struct pw_period_identity {
	int64_t id;
	uint32_t pid, uid;
	uint64_t start_ns, end_ns;
	const char *boot_id, *comm, *exe, *cgroup, *unit, *container;
};
int pw_period_add_process(struct pw_period *p, const struct pw_period_identity *who);

int pw_period_add_exit(struct pw_period *p, uint64_t time_ns, uint32_t pid, int32_t exit_code);
int pw_period_add_oom(struct pw_period *p, uint64_t time_ns, uint32_t pid, const char *comm,
		      uint64_t rss_bytes);

struct pw_period_moment { /* a machine's point */
	uint64_t time_ns, step_ns;
	uint64_t available_bytes, lowest_available_bytes, swap_bytes;
	bool detailed;
	int64_t run;
	uint64_t memory_bytes, slab_bytes;
	uint64_t bpf_ns, user_ns, own_rss_bytes;
	uint32_t coverage;
	uint64_t lost[PW_LOSS_CAUSES];
};
int pw_period_add_moment(struct pw_period *p, const struct pw_period_moment *m);

/* high: the highest in the step; 0: as bytes. */
int pw_period_add_point(struct pw_period *p, int64_t process, uint64_t time_ns, uint64_t step_ns,
			uint64_t bytes, uint64_t high_bytes);

/* All is in: curves, sums and restarts. 0 or -ENOMEM. */
int pw_period_finish(struct pw_period *p);

/* ---- asking ---- */

/* A change below this is no news. */
#define PW_PERIOD_NOTABLE_BYTES (1u << 20)

enum pw_period_order {
	PW_PERIOD_GROWN, /* by at least PW_PERIOD_NOTABLE_BYTES, the most first */
	PW_PERIOD_SHRUNK, /* likewise */
	PW_PERIOD_LARGEST, /* at the end */
	PW_PERIOD_RESTARTED, /* groups: most failures, then most restarts */
};
/* Free the array, not the items. 0 or -ENOMEM. */
int pw_period_rank_groups(const struct pw_period *p, enum pw_period_order order,
			  struct pw_period_group ***ret, size_t *ret_count);
int pw_period_rank_processes(const struct pw_period *p, enum pw_period_order order,
			     struct pw_period_process ***ret, size_t *ret_count);

int64_t pw_period_group_change(const struct pw_period_group *g);
int64_t pw_period_process_change(const struct pw_period_process *p);
/* "nginx": the program's file name, else the short name. Raw. */
const char *pw_period_group_name(const struct pw_period_group *g);
/* It ended by itself and well, or because it was told to (SIGTERM, SIGINT, SIGHUP). */
bool pw_period_ended_well(const struct pw_period_process *p);

/* Memory less what was available, first, last and highest in the period; false: never watched. */
struct pw_period_use {
	const struct pw_period_step *first, *last, *tightest; /* least available */
};
bool pw_period_use(const struct pw_period *p, struct pw_period_use *ret);

#endif
