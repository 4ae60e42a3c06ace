// SPDX-License-Identifier: GPL-2.0-or-later
/* The columns of the report on a period. */
#include "user/view/period_report.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "user/view/table_values.h"

/* ---- what several tables show ------------------------------------------------------ */

uint64_t pw_period_used(const struct pw_period_step *s)
{
	return s->memory_bytes > s->available_bytes ? s->memory_bytes - s->available_bytes : 0;
}

char *pw_period_end_text(const struct pw_period_process *p, char *buf, size_t size)
{
	if (p->oom_killed)
		snprintf(buf, size, "OOM-killed");
	else if (!p->exit_known || !p->end_ns)
		snprintf(buf, size, "%s", "");
	else if (WIFEXITED(p->exit_code))
		snprintf(buf, size, "exit %d", WEXITSTATUS(p->exit_code));
	else
		snprintf(buf, size, "signal %d", p->exit_code & 0x7f);
	return buf;
}

static void set_end(struct pw_value *ret, const struct pw_period_process *p)
{
	pw_period_end_text(p, ret->scratch.text, sizeof(ret->scratch.text));
	pw_value_text_or_unknown(ret, ret->scratch.text);
}

static void set_curve(struct pw_value *ret, const uint32_t curve[PW_PERIOD_BINS])
{
	ret->known = false;
	for (size_t i = 0; i < PW_PERIOD_BINS; i++)
		ret->known = ret->known || curve[i] != PW_PERIOD_GAP;
	ret->spark.points = curve;
	ret->spark.count = PW_PERIOD_BINS;
	ret->spark.scale = 1024;
	ret->spark.gapped = true;
}

static const char *group_state(const struct pw_period_group *g)
{
	if (!g->at_begin)
		return g->alive ? "new" : "came and went";
	return g->alive ? "" : "gone";
}

/* The shortest that tells where it runs. */
static const char *place_of(const struct pw_period_group *g)
{
	return g->unit[0] ? g->unit : g->container[0] ? g->container : g->cgroup;
}

#define VALUE(table, type, name, condition, set, ...)                                            \
	static void get_##table##_##name(const void *ctx, const void *row, struct pw_value *ret) \
	{                                                                                        \
		const type *r = row;                                                             \
                                                                                                 \
		(void)ctx;                                                                       \
		if (condition)                                                                   \
			set(ret, __VA_ARGS__);                                                   \
		else                                                                             \
			pw_value_unknown(ret);                                                   \
	}
#define COLUMN(table, ...) PW_TABLE_COLUMN(table, __VA_ARGS__)

/* ---- the head ---------------------------------------------------------------------- */

#define WATCH (r->period->watch)
#define DETAILED (WATCH.detailed_ns != 0)
#define LAST_KNOWN (r->has_use && r->use.last->detailed)
#define FIRST_KNOWN (r->has_use && r->use.first->detailed)
#define HEAD(name, condition, set, ...) \
	VALUE(head, struct pw_period_report, name, condition, set, __VA_ARGS__)

HEAD(summary, true, pw_value_text, r->summary)
HEAD(host, true, pw_value_text_or_unknown, r->period->last_boot.host)
HEAD(kernel, true, pw_value_text_or_unknown, r->period->last_boot.release)
HEAD(from_time, true, pw_value_u, r->period->from_ns)
HEAD(to_time, true, pw_value_u, r->period->to_ns)
HEAD(history_from_time, r->period->history_from_ns, pw_value_u, r->period->history_from_ns)
HEAD(period_ns, true, pw_value_u, r->period->to_ns - r->period->from_ns)
HEAD(watched_ns, true, pw_value_u, WATCH.watched_ns)
HEAD(watched_ratio, true, pw_value_d,
     (double)WATCH.watched_ns / (double)(r->period->to_ns - r->period->from_ns))
HEAD(memory_total_bytes, LAST_KNOWN, pw_value_u, r->use.last->memory_bytes)
HEAD(used_begin_bytes, FIRST_KNOWN, pw_value_u, pw_period_used(r->use.first))
HEAD(used_end_bytes, LAST_KNOWN, pw_value_u, pw_period_used(r->use.last))
HEAD(used_change_bytes, r->has_use, pw_value_i,
     (int64_t)(r->use.first->available_bytes - r->use.last->available_bytes))
HEAD(lowest_available_bytes, r->has_use, pw_value_u, r->use.tightest->lowest_available_bytes)
HEAD(lowest_available_time, r->has_use, pw_value_u, r->use.tightest->time_ns)
HEAD(slab_end_bytes, LAST_KNOWN, pw_value_u, r->use.last->slab_bytes)
HEAD(swap_begin_bytes, r->has_use, pw_value_u, r->use.first->swap_bytes)
HEAD(swap_end_bytes, r->has_use, pw_value_u, r->use.last->swap_bytes)
HEAD(processes, true, pw_value_u, r->period->process_count)
HEAD(groups, true, pw_value_u, r->period->group_count)
HEAD(left_out, true, pw_value_u, r->period->left_out)
HEAD(suspect_count, true, pw_value_u, r->suspects)
HEAD(new_suspect_count, true, pw_value_u, r->new_suspects)
HEAD(resolved_suspect_count, true, pw_value_u, r->resolved)
HEAD(oom_kill_count, true, pw_value_u, r->period->kill_count + r->period->kills_left_out)
HEAD(restart_count, true, pw_value_u, r->restarts)
HEAD(failure_count, true, pw_value_u, r->failures)
HEAD(boot_count, true, pw_value_u, r->period->boot_count)
HEAD(alert_count, true, pw_value_u, r->alerts)
HEAD(own_cpu_ratio, DETAILED, pw_value_d, (double)WATCH.user_ns / (double)WATCH.detailed_ns)
HEAD(own_bpf_cpu_ratio, DETAILED, pw_value_d, (double)WATCH.bpf_ns / (double)WATCH.detailed_ns)
HEAD(own_rss_peak_bytes, DETAILED, pw_value_u, WATCH.rss_peak_bytes)
HEAD(own_starts, DETAILED, pw_value_u, WATCH.starts)
HEAD(lost, DETAILED, pw_value_u, r->lost)

const struct pw_column pw_period_columns[] = {
#define C(...) COLUMN(head, __VA_ARGS__)
	C(summary, "summary", TEXT, 0, true, "the period in one sentence"),
	C(host, "host", TEXT, 20, true, "name of the machine"),
	C(kernel, "kernel", TEXT, 20, true, "its kernel's release, at the end"),
	C(from_time, "from", TIME, 24, true, "the begin of the period"),
	C(to_time, "to", TIME, 24, true, "its end"),
	C(history_from_time, "history from", TIME, 24, false, "the oldest that the history has"),
	C(period_ns, "period", NS, 8, true, "its length"),
	C(watched_ns, "watched", NS, 8, true, "time of it in which Pagewarden watched"),
	C(watched_ratio, "watched", RATIO, 5, true, "that as a share of the period"),
	C(memory_total_bytes, "memory", BYTES, 6, true, "memory of the machine, at the end"),
	C(used_begin_bytes, "used at the begin", BYTES, 6, true,
	  "memory less what programs could get without swapping, at the begin"),
	C(used_end_bytes, "at the end", BYTES, 6, true, "the same at the end"),
	C(used_change_bytes, "change", SIGNED_BYTES, 7, true,
	  "how much less was available at the end than at the begin"),
	C(lowest_available_bytes, "lowest available", BYTES, 6, true,
	  "the least that programs could get without swapping"),
	C(lowest_available_time, "at", TIME, 24, false, "the end of the step in which it was so low"),
	C(slab_end_bytes, "slab", BYTES, 6, false, "the kernel's own objects, at the end"),
	C(swap_begin_bytes, "swap at the begin", BYTES, 6, false, "swap in use at the begin"),
	C(swap_end_bytes, "swap", BYTES, 6, true, "swap in use at the end"),
	C(processes, "processes", COUNT, 6, true,
	  "processes of the period that the history knows; it leaves out what lived for seconds"),
	C(groups, "groups", COUNT, 6, false, "programs in a cgroup, of those"),
	C(left_out, "left out", COUNT, 6, false, "processes and names that found no room here"),
	C(suspect_count, "suspects", COUNT, 4, true, "suspected leaks at the end of the period"),
	C(new_suspect_count, "new", COUNT, 4, true, "of those: not suspected at its begin"),
	C(resolved_suspect_count, "resolved", COUNT, 4, true, "suspected in the period, and no more"),
	C(oom_kill_count, "OOM kills", COUNT, 4, true, "processes that the OOM killer ended"),
	C(restart_count, "restarts", COUNT, 4, true, "processes that ended and were begun again"),
	C(failure_count, "after a failure", COUNT, 4, true,
	  "of those: after a signal other than TERM, INT and HUP, or an exit status other than 0"),
	C(boot_count, "boots", COUNT, 4, true, "boots of the machine"),
	C(alert_count, "wipe alerts", COUNT, 4, true, "alerts of the wipe ledger"),
	C(own_cpu_ratio, "own cost: cpu", RATIO, 5, true,
	  "CPU that the daemon took, as a share of one CPU"),
	C(own_bpf_cpu_ratio, "bpf", RATIO, 5, true,
	  "CPU that its BPF programs took, as a share of one CPU (an estimate)"),
	C(own_rss_peak_bytes, "rss", BYTES, 6, true, "the daemon's highest resident memory"),
	C(own_starts, "starts", COUNT, 4, false, "starts of the daemon in the period"),
	C(lost, "lost", COUNT, 6, true, "losses of all causes; the table of losses has each"),
	{ NULL },
#undef C
};

#define FINDING(name, ...) VALUE(finding, struct pw_finding, name, true, __VA_ARGS__)
FINDING(level, pw_value_text, pw_finding_names[r->level])
FINDING(text, pw_value_text, r->text)

const struct pw_column pw_finding_columns[] = {
#define C(...) COLUMN(finding, __VA_ARGS__)
	C(level, "LEVEL", TEXT, 5, true, "bad, warn or note"),
	C(text, "WHAT", TEXT, 80, true, "one sentence"),
	{ NULL },
#undef C
};

/* ---- groups ------------------------------------------------------------------------ */

#define GROUP(name, condition, set, ...) \
	VALUE(group, struct pw_period_group, name, condition, set, __VA_ARGS__)

GROUP(change_bytes, true, pw_value_i, pw_period_group_change(r))
GROUP(begin_bytes, true, pw_value_u, r->begin_bytes)
GROUP(end_bytes, true, pw_value_u, r->end_bytes)
GROUP(peak_bytes, true, pw_value_u, r->peak_bytes)
GROUP(curve_bytes, true, set_curve, r->curve)
GROUP(processes, true, pw_value_u, r->alive)
GROUP(lived, true, pw_value_u, r->lived)
GROUP(state, true, pw_value_text_or_unknown, group_state(r))
GROUP(name, true, pw_value_text, pw_period_group_name(r))
GROUP(place, true, pw_value_text_or_unknown, place_of(r))
GROUP(unit, true, pw_value_text_or_unknown, r->unit)
GROUP(container, true, pw_value_text_or_unknown, r->container)
GROUP(exe, true, pw_value_text_or_unknown, r->exe)
GROUP(cgroup, true, pw_value_text_or_unknown, r->cgroup)

#define WHO_OF_GROUP(C)                                                                              \
	C(name, "PROGRAM", TEXT, 16, true, "the program's file name, else its short name"),          \
		C(place, "RUNS IN", TEXT, 0, true, "its unit, else its container, else its cgroup"), \
		C(unit, "UNIT", TEXT, 24, false, "systemd unit"),                                    \
		C(container, "CONTAINER", TEXT, 12, false, "container"),                             \
		C(exe, "EXE", TEXT, 40, false, "path of the program"),                               \
		C(cgroup, "CGROUP", TEXT, 40, false, "control group"),

const struct pw_column pw_period_group_columns[] = {
#define C(...) COLUMN(group, __VA_ARGS__)
	C(change_bytes, "CHANGE", SIGNED_BYTES, 7, true,
	  "footprint at the end of the period less that at its begin"),
	C(begin_bytes, "BEGIN", BYTES, 6, true, "footprint at the begin; 0: it did not run then"),
	C(end_bytes, "END", BYTES, 6, true, "footprint at the end; 0: it does not run any more"),
	C(peak_bytes, "PEAK", BYTES, 6, true, "the highest that the curve shows"),
	C(curve_bytes, "OVER THE PERIOD", SPARK, 20, true,
	  "the footprint over the period, oldest first; null: nobody watched"),
	C(processes, "RUN", COUNT, 4, true, "processes at the end"),
	C(lived, "LIVED", COUNT, 5, false, "processes of the period"),
	C(state, "STATE", TEXT, 5, true, "new, gone, or came and went"),
	WHO_OF_GROUP(C){ NULL },
#undef C
};

/* ---- processes --------------------------------------------------------------------- */

#define PROCESS(name, condition, set, ...) \
	VALUE(process, struct pw_period_process, name, condition, set, __VA_ARGS__)

PROCESS(pid, true, pw_value_u, r->pid)
PROCESS(change_bytes, true, pw_value_i, pw_period_process_change(r))
PROCESS(begin_bytes, true, pw_value_u, r->begin_bytes)
PROCESS(end_bytes, true, pw_value_u, r->end_bytes)
PROCESS(peak_bytes, true, pw_value_u, r->peak_bytes)
PROCESS(curve_bytes, true, set_curve, r->curve)
PROCESS(start_time, true, pw_value_u, r->start_ns)
PROCESS(end_time, !r->at_end, pw_value_u, r->end_ns)
PROCESS(ended, !r->at_end, set_end, r)
PROCESS(comm, true, pw_value_text_or_unknown, r->comm)
PROCESS(unit, true, pw_value_text_or_unknown, r->group->unit)
PROCESS(container, true, pw_value_text_or_unknown, r->group->container)
PROCESS(exe, true, pw_value_text_or_unknown, r->group->exe)
PROCESS(cgroup, true, pw_value_text_or_unknown, r->group->cgroup)
PROCESS(uid, true, pw_value_u, r->uid)
PROCESS(boot_id, true, pw_value_text_or_unknown, r->boot)

const struct pw_column pw_period_process_columns[] = {
#define C(...) COLUMN(process, __VA_ARGS__)
	C(pid, "PID", COUNT, 7, true, "process id in the initial namespace"),
	C(change_bytes, "CHANGE", SIGNED_BYTES, 7, true,
	  "footprint at the end of the period less that at its begin"),
	C(begin_bytes, "BEGIN", BYTES, 6, true, "footprint at the begin; 0: it did not run then"),
	C(end_bytes, "END", BYTES, 6, true, "footprint at the end; 0: it ended"),
	C(peak_bytes, "PEAK", BYTES, 6, true, "the highest footprint"),
	C(curve_bytes, "OVER THE PERIOD", SPARK, 20, true,
	  "the footprint over the period, oldest first; null: nobody watched, or it did not run"),
	C(start_time, "STARTED", TIME, 24, false, "when it started"),
	C(end_time, "ENDED", TIME, 24, false, "when it ended"),
	C(ended, "END BY", TEXT, 10, true, "exit status or signal, where it is known"),
	C(comm, "COMMAND", TEXT, 15, true, "the kernel's short name of the process"),
	C(unit, "UNIT", TEXT, 0, true, "systemd unit"),
	C(container, "CONTAINER", TEXT, 12, false, "container"),
	C(exe, "EXE", TEXT, 40, false, "path of the program"),
	C(cgroup, "CGROUP", TEXT, 40, false, "control group"),
	C(uid, "UID", COUNT, 6, false, "real user id"),
	C(boot_id, "BOOT", TEXT, 36, false, "the kernel's random id of its boot"),
	{ NULL },
#undef C
};

/* ---- OOM kills --------------------------------------------------------------------- */

#define KILL(name, condition, set, ...) \
	VALUE(kill, struct pw_period_kill, name, condition, set, __VA_ARGS__)

KILL(time, true, pw_value_u, r->time_ns)
KILL(pid, true, pw_value_u, r->pid)
KILL(comm, true, pw_value_text_or_unknown, r->comm)
KILL(rss_bytes, true, pw_value_u, r->rss_bytes)
KILL(peak_bytes, r->victim, pw_value_u, r->victim->peak_bytes)
KILL(available_bytes, r->state_ns, pw_value_u, r->available_bytes)
KILL(swap_bytes, r->state_ns, pw_value_u, r->swap_bytes)
KILL(state_time, r->state_ns, pw_value_u, r->state_ns)
KILL(curve_bytes, r->curve_from_ns, set_curve, r->curve)
KILL(unit, r->victim, pw_value_text_or_unknown, r->victim->group->unit)
KILL(exe, r->victim, pw_value_text_or_unknown, r->victim->group->exe)
KILL(cgroup, r->victim, pw_value_text_or_unknown, r->victim->group->cgroup)

const struct pw_column pw_period_kill_columns[] = {
#define C(...) COLUMN(kill, __VA_ARGS__)
	C(time, "TIME", TIME, 24, true, "when it happened"),
	C(pid, "PID", COUNT, 7, true, "the victim's process id"),
	C(comm, "COMMAND", TEXT, 15, true, "its short name"),
	C(rss_bytes, "RSS", BYTES, 6, true, "its resident size, as the kernel told it"),
	C(peak_bytes, "PEAK", BYTES, 6, false, "its highest footprint in the period"),
	C(available_bytes, "AVAIL", BYTES, 6, true,
	  "what was available on the machine, the last time before the kill"),
	C(swap_bytes, "SWAP", BYTES, 6, true, "swap in use then"),
	C(state_time, "SEEN", TIME, 24, false, "when that was seen"),
	C(curve_bytes, "ITS LAST HOUR", SPARK, 20, true,
	  "its footprint in the hour before, a point a minute, oldest first"),
	C(unit, "UNIT", TEXT, 0, true, "systemd unit"),
	C(exe, "EXE", TEXT, 40, false, "path of the program"),
	C(cgroup, "CGROUP", TEXT, 40, false, "control group"),
	{ NULL },
#undef C
};

#define HOLDER(name, condition, set, ...) \
	VALUE(holder, struct pw_holder_row, name, condition, set, __VA_ARGS__)

HOLDER(kill_time, true, pw_value_u, r->kill->time_ns)
HOLDER(rank, true, pw_value_u, r->rank)
HOLDER(pid, true, pw_value_u, r->holder->process->pid)
HOLDER(footprint_bytes, true, pw_value_u, r->holder->bytes)
HOLDER(victim, true, pw_value_b, r->kill->victim == r->holder->process)
HOLDER(comm, true, pw_value_text_or_unknown, r->holder->process->comm)
HOLDER(unit, true, pw_value_text_or_unknown, r->holder->process->group->unit)
HOLDER(exe, true, pw_value_text_or_unknown, r->holder->process->group->exe)
HOLDER(cgroup, true, pw_value_text_or_unknown, r->holder->process->group->cgroup)

const struct pw_column pw_period_holder_columns[] = {
#define C(...) COLUMN(holder, __VA_ARGS__)
	C(kill_time, "OOM KILL", TIME, 24, true, "which kill"),
	C(rank, "RANK", COUNT, 4, false, "1: the largest"),
	C(pid, "PID", COUNT, 7, true, "process id of one that held much then"),
	C(footprint_bytes, "FOOTPR", BYTES, 6, true, "its footprint, the last time before the kill"),
	C(victim, "VICTIM", BOOL, 6, true, "it is the one that was killed"),
	C(comm, "COMMAND", TEXT, 15, true, "its short name"),
	C(unit, "UNIT", TEXT, 0, true, "systemd unit"),
	C(exe, "EXE", TEXT, 40, false, "path of the program"),
	C(cgroup, "CGROUP", TEXT, 40, false, "control group"),
	{ NULL },
#undef C
};

/* ---- restarts, boots, gaps --------------------------------------------------------- */

GROUP(restarts, true, pw_value_u, r->restarts)
GROUP(failures, true, pw_value_u, r->failures)
GROUP(last_time, r->last_began, pw_value_u, r->last_began->start_ns)
GROUP(last_pid, r->last_began, pw_value_u, r->last_began->pid)
GROUP(last_end, r->last_ended, set_end, r->last_ended)
GROUP(down_ns, r->last_began, pw_value_u, r->down_ns)

const struct pw_column pw_period_restart_columns[] = {
#define C(...) COLUMN(group, __VA_ARGS__)
	C(restarts, "RESTARTS", COUNT, 8, true, "ends that another begin followed"),
	C(failures, "FAILED", COUNT, 6, true, "of those ends: failures"),
	C(last_time, "LAST", TIME, 24, true, "the last begin"),
	C(last_end, "AFTER", TEXT, 10, true, "how the one before it ended, where that is known"),
	C(down_ns, "DOWN", NS, 7, true, "between that end and the begin"),
	C(last_pid, "NEW PID", COUNT, 7, false, "process id of what began"),
	WHO_OF_GROUP(C){ NULL },
#undef C
};

#define BOOT(name, set, ...) VALUE(boot, struct pw_period_boot, name, true, set, __VA_ARGS__)
BOOT(time, pw_value_u, r->time_ns)
BOOT(kernel, pw_value_text_or_unknown, r->release)
BOOT(boot_id, pw_value_text_or_unknown, r->boot_id)

const struct pw_column pw_period_boot_columns[] = {
#define C(...) COLUMN(boot, __VA_ARGS__)
	C(time, "BOOTED", TIME, 24, true, "when its first process began"),
	C(kernel, "KERNEL", TEXT, 30, true, "the kernel's release"),
	C(boot_id, "BOOT", TEXT, 36, true, "the kernel's random id of this boot"),
	{ NULL },
#undef C
};

#define GAP(name, set, ...) VALUE(gap, struct pw_period_gap, name, true, set, __VA_ARGS__)
GAP(from_time, pw_value_u, r->from_ns)
GAP(to_time, pw_value_u, r->to_ns)
GAP(length_ns, pw_value_u, r->to_ns - r->from_ns)
GAP(why, pw_value_text,
    r->before_history ? "before the history began" : "nobody watched, or nothing was written")

const struct pw_column pw_period_gap_columns[] = {
#define C(...) COLUMN(gap, __VA_ARGS__)
	C(from_time, "FROM", TIME, 24, true, "when the watching ended"),
	C(to_time, "TO", TIME, 24, true, "when it began again"),
	C(length_ns, "LENGTH", NS, 8, true, "between the two"),
	C(why, "WHY", TEXT, 40, true, "as far as it is known"),
	{ NULL },
#undef C
};

/* ---- the machine and the watching -------------------------------------------------- */

#define DETAIL (r->watched && r->detailed)
#define STEP(name, condition, set, ...) \
	VALUE(step, struct pw_period_step, name, condition, set, __VA_ARGS__)
STEP(time, true, pw_value_u, r->time_ns)
STEP(watched, true, pw_value_b, r->watched)
STEP(used_bytes, DETAIL, pw_value_u, pw_period_used(r))
STEP(available_bytes, r->watched, pw_value_u, r->available_bytes)
STEP(lowest_available_bytes, r->watched, pw_value_u, r->lowest_available_bytes)
STEP(slab_bytes, DETAIL, pw_value_u, r->slab_bytes)
STEP(swap_bytes, r->watched, pw_value_u, r->swap_bytes)
STEP(memory_bytes, DETAIL, pw_value_u, r->memory_bytes)

const struct pw_column pw_period_step_columns[] = {
#define C(...) COLUMN(step, __VA_ARGS__)
	C(time, "UNTIL", TIME, 24, true, "the end of the step"),
	C(watched, "WATCHED", BOOL, 7, false, "Pagewarden watched in it"),
	C(used_bytes, "USED", BYTES, 6, true,
	  "memory less what programs could get without swapping, the last in the step"),
	C(available_bytes, "AVAILABLE", BYTES, 9, true, "what they could get"),
	C(lowest_available_bytes, "LOWEST", BYTES, 6, true, "the least of it in the step"),
	C(slab_bytes, "SLAB", BYTES, 6, true, "the kernel's own objects"),
	C(swap_bytes, "SWAP", BYTES, 6, true, "swap in use"),
	C(memory_bytes, "MEMORY", BYTES, 6, false, "memory of the machine"),
	{ NULL },
#undef C
};

#define COVERAGE(name, condition, set, ...) \
	VALUE(coverage, struct pw_period_coverage_row, name, condition, set, __VA_ARGS__)
COVERAGE(what, true, pw_value_text, r->what)
COVERAGE(seen_ratio, true, pw_value_d, r->share)
COVERAGE(text, true, pw_value_text, r->text)

const struct pw_column pw_period_coverage_columns[] = {
#define C(...) COLUMN(coverage, __VA_ARGS__)
	C(what, "PART", TEXT, 24, true, "a part of what can be seen"),
	C(seen_ratio, "SEEN%", RATIO, 5, true, "share of the watched time in which it was seen"),
	C(text, "WITHOUT IT", TEXT, 60, true,
	  "what its absence costs; empty where it was always seen"),
	{ NULL },
#undef C
};
