/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The detector: one series of samples, judged for growth of the kind that
 * leaks have. Pure: no clock, no I/O; the same samples give the same verdict.
 *
 * A series is minima over a base step (10 s), kept as block minima over windows
 * of PW_TREND_BLOCKS blocks each: twelve minutes and an hour for fast leaks,
 * from four hours up to 64 in doublings for slow ones. Minima see through
 * saw-teeth and garbage collection: what a process never gives back is in its
 * floor. A window is judged from its twelfth block on.
 *
 * Bounded: a series that changes rarely is kept as the times of its changes (48
 * bytes while there are none), one that changes often as its windows (some 800
 * bytes). Values are kept with 24 significant bits: an error below 1e-7 of the
 * value, where growth below 1e-2 of it is no growth.
 *
 * How each window is judged, and what each gate is worth, stands in
 * docs/accuracy.md with the figures of the corpus.
 */
#ifndef PW_ANALYSIS_TREND_H
#define PW_ANALYSIS_TREND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "user/analysis/verdict.h"

#define PW_TREND_BLOCKS 24

struct pw_trend_options {
	/*
	 * What the series' clock does in the time of the caller's: 60 makes a minute of
	 * samples count as an hour, for tests and rehearsals. 0: 1.
	 */
	double time_scale;
	/* Growth below this is no growth: 2 MiB of bytes, some threads or files. Units of the series. */
	uint64_t floor;
	/* Bits of enum pw_gate that are taken as passed: what is each worth? 0 in use. */
	uint32_t gates_off;
};

/*
 * What the subject did, as totals since its start: shared by all its series.
 * Which of them are known: `known`, a mask of the enum.
 */
enum pw_load_kind {
	PW_LOAD_CPU, /* ns */
	PW_LOAD_SWITCHES, /* voluntary context switches: requests served, mostly */
	PW_LOAD_IO_CALLS, /* read and write system calls */
	PW_LOAD_FAULTS, /* page faults that the growth itself did not cause */
	PW_LOAD_KINDS
};
struct pw_load {
	uint32_t known;
	uint64_t totals[PW_LOAD_KINDS];
};

struct pw_trend; /* one series */
struct pw_trend_load; /* the loads of one subject, in the same blocks */

int pw_trend_create(struct pw_trend **ret);
void pw_trend_destroy(struct pw_trend *t); /* takes NULL */
int pw_trend_load_create(struct pw_trend_load **ret);
void pw_trend_load_destroy(struct pw_trend_load *l); /* takes NULL */

/*
 * A value at a time, in the caller's clock (CLOCK_BOOTTIME). Times never go
 * back. Blocks without a sample are gaps, unless `held` says that the value
 * stood still since the last sample (a process without news did not change).
 * 0 or -ENOMEM (the sample is lost, the series whole).
 */
int pw_trend_add(struct pw_trend *t, const struct pw_trend_options *opt, uint64_t time_ns,
		 uint64_t value, bool held);
int pw_trend_load_add(struct pw_trend_load *l, const struct pw_trend_options *opt, uint64_t time_ns,
		      const struct pw_load *load);
/* What was before no longer counts: exec, restart of the subject. */
void pw_trend_reset(struct pw_trend *t, uint64_t time_ns);
void pw_trend_load_reset(struct pw_trend_load *l, uint64_t time_ns);

/*
 * true when a block was closed since the last judgement, so that another may
 * come out differently: the cost of a cycle is that of the series for which
 * this says yes.
 */
bool pw_trend_is_due(const struct pw_trend *t);
/*
 * load may be NULL. Remembers the passes: judge each block once, with the same load. Of what
 * is no suspect not every gate is asked: look tells the rest.
 */
void pw_trend_judge(struct pw_trend *t, const struct pw_trend_load *load,
		    const struct pw_trend_options *opt, struct pw_verdict *ret);
/*
 * What judge said last, or would say now when nothing was judged yet, with every
 * gate that can be computed, also those behind one that failed, for a reader:
 * nothing is remembered. Some times dearer than judge.
 */
void pw_trend_look(const struct pw_trend *t, const struct pw_trend_load *load,
		   const struct pw_trend_options *opt, struct pw_verdict *ret);
/* The last judgement; UNKNOWN before the first. Only what is needed to rank is kept: no gates. */
enum pw_verdict_class pw_trend_class(const struct pw_trend *t);

/*
 * The floors behind the last verdict, oldest first, PW_UNKNOWN in gaps: the
 * plot of explain. window_ns: the verdict's; from and block in the caller's
 * time. Returns how many, at most PW_TREND_BLOCKS.
 */
size_t pw_trend_floors(const struct pw_trend *t, const struct pw_trend_options *opt,
		       uint64_t window_ns, uint64_t *ret_values, uint64_t *ret_from_ns,
		       uint64_t *ret_block_ns);

size_t pw_trend_bytes(const struct pw_trend *t);
size_t pw_trend_load_bytes(const struct pw_trend_load *l);

/*
 * Saved and restored, across a restart of the daemon or of the machine. Times are saved
 * as realtime: offset_ns is realtime - the caller's clock at the time of the
 * call. The options must be those of before: a time scale is not saved. The
 * form is versioned and checked: hostile bytes give -EBADMSG. save
 * returns the bytes needed, and writes only when they fit.
 */
size_t pw_trend_save(const struct pw_trend *t, int64_t offset_ns, void *buf, size_t size);
int pw_trend_restore(const void *buf, size_t size, int64_t offset_ns, struct pw_trend **ret);
size_t pw_trend_load_save(const struct pw_trend_load *l, int64_t offset_ns, void *buf, size_t size);
int pw_trend_load_restore(const void *buf, size_t size, int64_t offset_ns,
			  struct pw_trend_load **ret);

#endif
