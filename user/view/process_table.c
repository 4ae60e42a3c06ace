// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The columns of a process. What its source did not see is unknown, not 0: a
 * process without a sample, ledger values without a ledger, volumes without
 * the hooks that count them.
 */
#include "user/view/tables.h"

#include <sys/wait.h>

#include "user/analysis/growth.h"
#include "user/analysis/trends.h"
#include "user/view/table_values.h"

#define PROCESS_GETTER(name)                                                           \
	static void get_##name(const void *ctx, const void *row, struct pw_value *ret) \
	{                                                                              \
		const struct pw_model *m = ctx;                                        \
		const struct pw_process *p = row;                                      \
                                                                                       \
		(void)m;                                                               \
		process_##name(m, p, ret);                                             \
	}

#define PROCESS_VALUE(name, condition, set, expression)                                  \
	static void process_##name(const struct pw_model *m, const struct pw_process *p, \
				   struct pw_value *ret)                                 \
	{                                                                                \
		(void)m;                                                                 \
		if (condition)                                                           \
			set(ret, expression);                                            \
		else                                                                     \
			pw_value_unknown(ret);                                           \
	}                                                                                \
	PROCESS_GETTER(name)

#define SAMPLED (p->has_counters)
/* a history keeps only some of the counters */
#define WHOLE (p->has_counters && !(p->now.flags & PW_COUNTERS_PARTIAL))
#define LEDGER (p->has_counters && (p->now.flags & PW_COUNTERS_LEDGER))
#define VM_CALLS (p->has_counters && (p->now.flags & PW_COUNTERS_VM_CALLS))
#define RATED (p->has_rates)
#define LEDGER_RATED (LEDGER && RATED)
#define RSS_BOUND ((p->now.flags & PW_COUNTERS_RSS_BOUND) != 0)
#define EXITED (p->exit_ns && WIFEXITED(p->exit_code))
#define SIGNALED (p->exit_ns && WIFSIGNALED(p->exit_code))
#define PAGES(n) ((n) * (uint64_t)m->machine.page_size)
#define SIGNED_PAGES(n) ((n) * (int64_t)m->machine.page_size)

PROCESS_VALUE(pid, true, pw_value_u, p->key.pid)
PROCESS_VALUE(start_time, true, pw_value_u, pw_model_realtime(m, p->key.start_ns))
PROCESS_VALUE(parent_pid, WHOLE || p->parent.pid, pw_value_u,
	      WHOLE ? p->now.parent_pid : p->parent.pid)
PROCESS_VALUE(uid, p->has_counters || p->identified, pw_value_u, p->uid)
PROCESS_VALUE(comm, true, pw_value_text_or_unknown, p->comm)
PROCESS_VALUE(exe, true, pw_value_text_or_unknown, p->exe)
PROCESS_VALUE(exe_deleted, p->identified, pw_value_b,
	      (p->identity_flags & PW_IDENTITY_EXE_DELETED) != 0)
PROCESS_VALUE(cmdline, true, pw_value_text_or_unknown, p->cmdline)
PROCESS_VALUE(cgroup, true, pw_value_text_or_unknown, p->cgroup)
PROCESS_VALUE(unit, true, pw_value_text_or_unknown, p->unit)
PROCESS_VALUE(container, true, pw_value_text_or_unknown, p->container)
PROCESS_VALUE(alive, true, pw_value_b, p->alive)
PROCESS_VALUE(exit_time, p->exit_ns != 0, pw_value_u, pw_model_realtime(m, p->exit_ns))
PROCESS_VALUE(exit_status, EXITED, pw_value_u, (uint64_t)WEXITSTATUS(p->exit_code))
PROCESS_VALUE(exit_signal, SIGNALED, pw_value_u, (uint64_t)WTERMSIG(p->exit_code))
PROCESS_VALUE(oom_killed, true, pw_value_b, p->oom_killed)

PROCESS_VALUE(footprint_bytes, SAMPLED, pw_value_u, PAGES(pw_process_footprint(p)))
PROCESS_VALUE(rss_bytes, SAMPLED, pw_value_u, PAGES(pw_process_rss(p)))
PROCESS_VALUE(rss_anon_bytes, SAMPLED, pw_value_u, PAGES(p->now.anon_pages))
PROCESS_VALUE(rss_file_bytes, SAMPLED, pw_value_u, PAGES(p->now.file_pages))
PROCESS_VALUE(rss_shmem_bytes, SAMPLED, pw_value_u, PAGES(p->now.shmem_pages))
PROCESS_VALUE(swap_bytes, SAMPLED, pw_value_u, PAGES(p->now.swap_pages))
PROCESS_VALUE(rss_error_bytes, SAMPLED, pw_value_u, RSS_BOUND ? PAGES(p->now.rss_error_pages) : 0)
PROCESS_VALUE(page_table_bytes, SAMPLED, pw_value_u, p->now.page_table_bytes)
PROCESS_VALUE(virtual_bytes, WHOLE, pw_value_u, PAGES(p->now.virtual_pages))
PROCESS_VALUE(data_bytes, WHOLE, pw_value_u, PAGES(p->now.data_pages))
PROCESS_VALUE(stack_bytes, WHOLE, pw_value_u, PAGES(p->now.stack_pages))
PROCESS_VALUE(exec_bytes, WHOLE, pw_value_u, PAGES(p->now.exec_pages))
PROCESS_VALUE(brk_bytes, WHOLE, pw_value_u, p->now.brk_bytes)
PROCESS_VALUE(locked_bytes, WHOLE, pw_value_u, PAGES(p->now.locked_pages))
PROCESS_VALUE(pinned_bytes, WHOLE, pw_value_u, PAGES(p->now.pinned_pages))
PROCESS_VALUE(hiwater_rss_bytes, p->now.hiwater_rss_pages != 0, pw_value_u,
	      PAGES(p->now.hiwater_rss_pages))
PROCESS_VALUE(vmas, WHOLE, pw_value_u, p->now.map_count)
PROCESS_VALUE(threads, WHOLE, pw_value_u, p->now.threads)

#define PROCESS_GROWTH(name, horizon)                                                  \
	static void get_##name(const void *ctx, const void *row, struct pw_value *ret) \
	{                                                                              \
		const struct pw_process *p = row;                                      \
                                                                                       \
		pw_table_growth(ctx, &p->footprint, horizon, ret);                     \
	}
PROCESS_GROWTH(growth_1m_bytes_per_minute, PW_HORIZON_1M)
PROCESS_GROWTH(growth_10m_bytes_per_minute, PW_HORIZON_10M)
PROCESS_GROWTH(growth_1h_bytes_per_minute, PW_HORIZON_1H)
PROCESS_GROWTH(growth_8h_bytes_per_minute, PW_HORIZON_8H)
PROCESS_VALUE(growth_total_bytes, SAMPLED, pw_value_i,
	      SIGNED_PAGES((int64_t)(pw_process_footprint(p) - p->first_footprint_pages)))

static void get_footprint_series_bytes(const void *ctx, const void *row, struct pw_value *ret)
{
	pw_table_spark(ctx, &((const struct pw_process *)row)->footprint, ret);
}

PROCESS_VALUE(minor_faults, SAMPLED, pw_value_u, p->now.minor_faults)
PROCESS_VALUE(major_faults, SAMPLED, pw_value_u, p->now.major_faults)
PROCESS_VALUE(cpu_ns, SAMPLED, pw_value_u, p->now.cpu_ns)
PROCESS_VALUE(minor_faults_per_second, RATED, pw_value_d, p->minor_faults_rate)
PROCESS_VALUE(major_faults_per_second, RATED, pw_value_d, p->major_faults_rate)
PROCESS_VALUE(touched_pages_per_second, LEDGER_RATED, pw_value_d, p->touched_rate)
PROCESS_VALUE(freed_pages_per_second, LEDGER_RATED, pw_value_d, p->freed_rate)
PROCESS_VALUE(cpu_ratio, RATED, pw_value_d, p->cpu_share)

PROCESS_VALUE(ledger_live_bytes, LEDGER, pw_value_u, PAGES(p->now.ledger_live_pages))
PROCESS_VALUE(ledger_touched_bytes, LEDGER, pw_value_u, PAGES(p->now.ledger_touched_pages))
PROCESS_VALUE(ledger_freed_bytes, LEDGER, pw_value_u, PAGES(p->now.ledger_freed_pages))
PROCESS_VALUE(residual_bytes, LEDGER, pw_value_i, SIGNED_PAGES(pw_process_residual(p)))
PROCESS_VALUE(seeded, LEDGER, pw_value_b, (p->now.flags & PW_COUNTERS_SEEDED) != 0)
PROCESS_VALUE(mmap_bytes, VM_CALLS, pw_value_u, p->now.mmap_bytes)
PROCESS_VALUE(munmap_bytes, VM_CALLS, pw_value_u, p->now.munmap_bytes)
PROCESS_VALUE(brk_grown_bytes, VM_CALLS, pw_value_u, p->now.brk_grown_bytes)
PROCESS_VALUE(brk_shrunk_bytes, VM_CALLS, pw_value_u, p->now.brk_shrunk_bytes)

static enum pw_verdict_class verdict_of(const struct pw_model *m, const struct pw_process *p)
{
	return m->trends ? pw_trends_of_process(m->trends, &p->key) : PW_VERDICT_UNKNOWN;
}

PROCESS_VALUE(verdict, verdict_of(m, p) != PW_VERDICT_UNKNOWN, pw_table_verdict, verdict_of(m, p))

static void get_build_id(const void *ctx, const void *row, struct pw_value *ret)
{
	const struct pw_process *p = row;

	(void)ctx;
	pw_table_hex(p->build_id, p->build_id_len, ret);
}

const struct pw_column pw_process_columns[] = {
#define C(name, title, unit, width, standard, help)                             \
	{                                                                       \
#name, title, help, PW_UNIT_##unit, width, standard, get_##name \
	}
	C(pid, "PID", COUNT, 7, true, "process id in the initial namespace"),
	PW_SHARED_COLUMNS(C)
		C(comm, "COMMAND", TEXT, 15, true, "the kernel's short name of the process"),
	C(parent_pid, "PPID", COUNT, 7, false, "process id of the parent"),
	C(uid, "UID", COUNT, 6, false, "effective user id"),
	C(start_time, "STARTED", TIME, 24, false, "when the process started"),
	C(exe, "EXE", TEXT, 40, false, "path of the program, in the process's own root"),
	C(exe_deleted, "DEL", BOOL, 3, false, "the program's file was deleted or replaced"),
	C(cmdline, "CMDLINE", TEXT, 60, false, "the command line"),
	C(cgroup, "CGROUP", TEXT, 40, false, "path of the control group"),
	C(unit, "UNIT", TEXT, 28, false, "systemd unit"),
	C(container, "CONTAINER", TEXT, 12, false, "container id"),
	C(build_id, "BUILDID", TEXT, 40, false, "GNU build id of the program, in hex"),
	C(alive, "ALIVE", BOOL, 5, false, "the process runs; if not, its history is kept"),
	C(exit_time, "ENDED", TIME, 24, false, "when its last thread ended"),
	C(exit_status, "EXIT", COUNT, 4, false, "status that it passed to exit"),
	C(exit_signal, "SIG", COUNT, 3, false, "signal that ended it"),
	C(oom_killed, "OOM", BOOL, 3, false, "the OOM killer chose it"),
	C(rss_error_bytes, "RSS+-", BYTES, 6, false,
	  "bound of the error of each resident value; 0: exact"),
	C(hiwater_rss_bytes, "PEAK", BYTES, 6, false, "the highest resident size ever"),
	C(page_table_bytes, "PTBL", BYTES, 6, false, "memory that its page tables take"),
	C(virtual_bytes, "VIRT", BYTES, 6, false, "size of the address space"),
	C(data_bytes, "DATA", BYTES, 6, false, "private writable address space"),
	C(stack_bytes, "STACK", BYTES, 6, false, "address space of the main stack"),
	C(exec_bytes, "EXEC", BYTES, 6, false, "executable address space"),
	C(brk_bytes, "BRK", BYTES, 6, false, "size of the brk heap"),
	C(locked_bytes, "LOCK", BYTES, 6, false, "locked into memory"),
	C(pinned_bytes, "PIN", BYTES, 6, false, "pinned by the kernel for devices"),
	C(vmas, "VMAS", COUNT, 6, false, "mappings of the address space"),
	C(threads, "THR", COUNT, 5, false, "threads"),
	C(minor_faults, "MINFLT", COUNT, 9, false, "minor page faults ever"),
	C(major_faults, "MAJFLT", COUNT, 7, false, "major page faults ever"),
	C(cpu_ns, "TIME", NS, 8, false, "CPU time ever, user and system"),
	C(ledger_live_bytes, "LEDGER", BYTES, 6, false,
	  "pages that it touched first and that are still in use, from the ledger"),
	C(ledger_touched_bytes, "TOUCHED", BYTES, 7, false, "first touches since the ledger began"),
	C(ledger_freed_bytes, "FREED", BYTES, 6, false, "pages given back since the ledger began"),
	C(residual_bytes, "RESID", SIGNED_BYTES, 7, false,
	  "resident anonymous and shared memory that the ledger does not account for"),
	C(seeded, "SEED", BOOL, 4, false, "ran before the ledger; its pages were seeded"),
	C(mmap_bytes, "MMAP", BYTES, 6, false, "mapped since the ledger began, gross"),
	C(munmap_bytes, "MUNMAP", BYTES, 6, false, "unmapped since the ledger began, gross"),
	C(brk_grown_bytes, "BRK+", BYTES, 6, false, "brk heap grown since the ledger began"),
	C(brk_shrunk_bytes, "BRK-", BYTES, 6, false, "brk heap shrunk since the ledger began"),
	{ NULL },
#undef C
};
