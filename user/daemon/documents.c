// SPDX-License-Identifier: GPL-2.0-or-later
#include "user/daemon/documents.h"

#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "user/view/leak_table.h"
#include "user/view/wipe_report.h"

/* One getter: the row is `r`, the value is set by `set`. */
#define GET(table, row_type, name, set, expression)                                        \
	static void table##_##name(const void *ctx, const void *row, struct pw_value *ret) \
	{                                                                                  \
		const row_type *r = row;                                                   \
                                                                                           \
		(void)ctx;                                                                 \
		set(ret, expression);                                                      \
	}
#define COLUMN(table, name, unit, width, help)                                  \
	{                                                                       \
#name, #name, help, PW_UNIT_##unit, width, true, table##_##name \
	}

static void u_or_unknown(struct pw_value *ret, uint64_t u)
{
	if (u)
		pw_value_u(ret, u);
	else
		pw_value_unknown(ret);
}

static void plain_number(struct pw_value *ret, double d)
{
	pw_value_amount(ret, d, false);
}

/* ---- status ---------------------------------------------------------------------- */

#define STATUS(name, set, expression) GET(status, struct pw_status_row, name, set, expression)

static const char *history_path(const struct pw_daemon *d)
{
	return d->config.history_path;
}

static const char *wipes_cgroup(const struct pw_daemon *d)
{
	return d->config.wipes_cgroup;
}

static const char *alert_spool(const struct pw_daemon *d)
{
	return d->config.alert.spool;
}

static const char *tcp_address(const struct pw_daemon *d)
{
	return d->tcp_fd >= 0 ? d->config.tcp.address : "";
}

STATUS(version, pw_value_text, (r ? PW_VERSION : ""))
STATUS(pid, pw_value_u, (r ? (uint64_t)getpid() : 0))
STATUS(uptime_ns, pw_value_u, r->now_ns - r->daemon->started_ns)
STATUS(source, pw_value_text, r->daemon->source->ops->name)
STATUS(source_why, pw_value_text_or_unknown, r->daemon->source_why.what)
STATUS(interval_ns, pw_value_u, r->daemon->config.interval_ns)
STATUS(ticks, pw_value_u, r->daemon->model->sequence)
STATUS(ticks_late, pw_value_u, r->daemon->late_ticks)
STATUS(collect_ns, pw_value_u, r->daemon->collect_ns)
STATUS(collect_longest_ns, pw_value_u, r->daemon->collect_longest_ns)
STATUS(flush_longest_ns, pw_value_u, r->daemon->flush_longest_ns)
STATUS(processes, pw_value_u, r->daemon->model->alive)
STATUS(model_bytes, pw_value_u, pw_model_memory(r->daemon->model))
STATUS(rss_bytes, pw_value_u, r->daemon->model->tick.own_rss_bytes)
STATUS(bpf_cpu_ns, pw_value_u, r->daemon->model->tick.bpf_ns)
STATUS(user_cpu_ns, pw_value_u, r->daemon->model->tick.user_ns)
STATUS(events_tried, pw_value_u, r->daemon->model->tick.events_tried)
STATUS(events_received, pw_value_u, r->daemon->model->tick.events_received)
STATUS(history_path, pw_value_text_or_unknown, history_path(r->daemon))
STATUS(history_open, pw_value_b, r->daemon->store != NULL)
STATUS(history_bytes, pw_value_u, r->history_bytes)
STATUS(history_max_bytes, pw_value_u, r->daemon->config.history_max_bytes)
STATUS(history_lost_rows, pw_value_u, r->daemon->history_lost_rows)
STATUS(history_error, pw_value_text_or_unknown, r->daemon->store_error.what)
STATUS(group, pw_value_text, r->daemon->config.group)
STATUS(group_exists, pw_value_b, r->daemon->group != (gid_t)-1)
STATUS(connections, pw_value_u, r->http.connections)
STATUS(requests, pw_value_u, r->http.requests)
STATUS(requests_refused, pw_value_u, r->http.refused)
STATUS(requests_failed, pw_value_u, r->http.errors)
STATUS(streams, pw_value_u, r->streams.readers)
STATUS(stream_waiting_bytes, pw_value_u, r->streams.waiting_bytes)
STATUS(stream_lost_records, pw_value_u, r->streams.lost_records)
STATUS(wipes, pw_value_b, pw_wipes_observed(r->daemon->model))
STATUS(wipes_cgroup, pw_value_text_or_unknown, wipes_cgroup(r->daemon))
STATUS(wipes_releases, pw_value_b, r->daemon->config.source.wipes.releases)
STATUS(wipe_events, pw_value_u, r->daemon->model->wipes.total)
STATUS(alerts_firing, pw_value_u, r->alerts.firing)
STATUS(alerts_waiting, pw_value_u, r->alerts.waiting)
STATUS(alerts_begun, pw_value_u, r->alerts.begun)
STATUS(alerts_ended, pw_value_u, r->alerts.ended)
STATUS(alerts_suppressed, pw_value_u, r->alerts.suppressed)
STATUS(alerts_refused, pw_value_u, r->alerts.refused)
STATUS(alert_spool, pw_value_text_or_unknown, alert_spool(r->daemon))
STATUS(tcp_address, pw_value_text_or_unknown, tcp_address(r->daemon))
STATUS(reloads, pw_value_u, r->daemon->reloads)
STATUS(trends, pw_value_b, r->daemon->trends != NULL)
STATUS(time_scale, plain_number, r->daemon->config.time_scale)
STATUS(suspects, pw_value_u, r->trends.suspects)
STATUS(trends_subjects, pw_value_u, r->trends.subjects)
STATUS(trends_refused, pw_value_u, r->trends.refused)
STATUS(trends_series, pw_value_u, r->trends.series)
STATUS(trends_windowless, pw_value_u, r->trends.windowless)
STATUS(trends_bytes, pw_value_u, r->trends.bytes)
STATUS(trends_judged, pw_value_u, r->trends.judged)
STATUS(trends_cpu_ns, pw_value_u, r->daemon->trends_cpu_ns)
STATUS(trends_longest_ns, pw_value_u, r->daemon->trends_longest_ns)

/* clang-format off */
static const struct pw_column status_columns[] = {
	COLUMN(status, version, TEXT, 10, "version of the daemon"),
	COLUMN(status, pid, COUNT, 8, "process id of the daemon"),
	COLUMN(status, uptime_ns, NS, 8, "time since the daemon started"),
	COLUMN(status, source, TEXT, 8, "who counts: bpf or proc"),
	COLUMN(status, source_why, TEXT, 40, "why no better source was taken"),
	COLUMN(status, interval_ns, NS, 8, "length of an interval"),
	COLUMN(status, ticks, COUNT, 8, "intervals taken"),
	COLUMN(status, ticks_late, COUNT, 8, "intervals that began late because the daemon was busy"),
	COLUMN(status, collect_ns, NS, 8, "duration of the last collection"),
	COLUMN(status, collect_longest_ns, NS, 8, "duration of the longest collection"),
	COLUMN(status, flush_longest_ns, NS, 8, "duration of the longest flush of the history"),
	COLUMN(status, processes, COUNT, 8, "living processes in the model"),
	COLUMN(status, model_bytes, BYTES, 8, "memory of the model"),
	COLUMN(status, rss_bytes, BYTES, 8, "resident memory of the daemon"),
	COLUMN(status, bpf_cpu_ns, NS, 8, "CPU time in BPF programs since the start"),
	COLUMN(status, user_cpu_ns, NS, 8, "CPU time of the daemon since the start"),
	COLUMN(status, events_tried, COUNT, 8, "events that BPF programs tried to tell"),
	COLUMN(status, events_received, COUNT, 8, "events that arrived"),
	COLUMN(status, history_path, TEXT, 40, "file of the history; null: none is kept"),
	COLUMN(status, history_open, BOOL, 5, "the history is being written"),
	COLUMN(status, history_bytes, BYTES, 8, "size of the history"),
	COLUMN(status, history_max_bytes, BYTES, 8, "bound of the history"),
	COLUMN(status, history_lost_rows, COUNT, 8, "rows that could not be written"),
	COLUMN(status, history_error, TEXT, 40, "the history's last failure"),
	COLUMN(status, group, TEXT, 12, "group whose members may connect"),
	COLUMN(status, group_exists, BOOL, 5, "the group exists; else only root may connect"),
	COLUMN(status, connections, COUNT, 8, "connections now"),
	COLUMN(status, requests, COUNT, 8, "requests since the start"),
	COLUMN(status, requests_refused, COUNT, 8, "connections and requests refused for who or how many they were"),
	COLUMN(status, requests_failed, COUNT, 8, "requests answered with an error"),
	COLUMN(status, streams, COUNT, 8, "readers of the record stream now"),
	COLUMN(status, stream_waiting_bytes, BYTES, 8, "bytes waiting for slow readers"),
	COLUMN(status, stream_lost_records, COUNT, 8, "records that slow readers lost"),
	COLUMN(status, reloads, COUNT, 8, "configuration reloads"),
	COLUMN(status, trends, BOOL, 5, "leaks are looked for"),
	COLUMN(status, time_scale, AMOUNT, 6, "how much faster than time the trends run; 1 in use"),
	COLUMN(status, suspects, COUNT, 8, "series that are suspected to leak"),
	COLUMN(status, trends_subjects, COUNT, 8, "processes, groups and cgroups whose series are kept"),
	COLUMN(status, trends_refused, COUNT, 8, "of them those that found no room"),
	COLUMN(status, trends_series, COUNT, 8, "their series that ever changed"),
	COLUMN(status, trends_windowless, COUNT, 8, "series that change and find no room to be judged"),
	COLUMN(status, trends_bytes, BYTES, 8, "memory that the trends take"),
	COLUMN(status, trends_judged, COUNT, 8, "judgements so far"),
	COLUMN(status, trends_cpu_ns, NS, 8, "CPU time that sampling and judging took so far"),
	COLUMN(status, trends_longest_ns, NS, 8, "CPU time of the longest interval of it"),
	COLUMN(status, wipes, BOOL, 5, "calls of wipe functions are observed"),
	COLUMN(status, wipes_cgroup, TEXT, 40, "of this cgroup and those below it alone; null: of all"),
	COLUMN(status, wipes_releases, BOOL, 5, "releases of wiped buffers are observed as well"),
	COLUMN(status, wipe_events, COUNT, 8, "wipes and releases since the start"),
	COLUMN(status, alerts_firing, COUNT, 8, "alerts that were told and have not ended"),
	COLUMN(status, alerts_waiting, COUNT, 8, "alerts that wait for their turn (alert_rate)"),
	COLUMN(status, alerts_begun, COUNT, 8, "alerts that were told since the start"),
	COLUMN(status, alerts_ended, COUNT, 8, "alerts whose end was told since the start"),
	COLUMN(status, alerts_suppressed, COUNT, 8, "alerts that ended before their turn came"),
	COLUMN(status, alerts_refused, COUNT, 8, "alerts that found no room"),
	COLUMN(status, alert_spool, TEXT, 40, "where notices wait; null: in memory"),
	COLUMN(status, tcp_address, TEXT, 20, "where /metrics is served by TCP; null: nowhere"),
	{ NULL },
};
/* clang-format on */

#define WAY(name, set, expression) GET(way, struct pw_alert_way, name, set, expression)

WAY(way, pw_value_text, r->name)
WAY(on, pw_value_b, r->on)
WAY(sent, pw_value_u, r->sent)
WAY(failed, pw_value_u, r->failed)
WAY(dropped, pw_value_u, r->dropped)
WAY(waiting, pw_value_u, r->waiting)
WAY(sent_time, u_or_unknown, r->sent_ns)
WAY(error, pw_value_text_or_unknown, r->error)

static const struct pw_column way_columns[] = {
	COLUMN(way, way, TEXT, 12, "journal, exec or alertmanager"),
	COLUMN(way, on, BOOL, 5, "it is configured"),
	COLUMN(way, sent, COUNT, 8, "notices that arrived"),
	COLUMN(way, failed, COUNT, 8, "attempts that failed; what waits is tried again"),
	COLUMN(way, dropped, COUNT, 8, "notices that nobody will get: no room, or refused"),
	COLUMN(way, waiting, COUNT, 8, "notices that wait"),
	COLUMN(way, sent_time, TIME, 24, "when the last one arrived"),
	COLUMN(way, error, TEXT, 40, "why the last attempt failed; null: it did not"),
	{ NULL },
};

const struct pw_document_shape pw_document_status = {
	.schema = "pagewarden.status",
	.version = 1,
	.about = "How the daemon is.",
	.header = status_columns,
	.tables = { { "coverage_parts", "Coverage", pw_coverage_columns,
		      "what the source sees, and what it costs where it does not" },
		    { "alert_ways", "Alerts", way_columns, "the ways on which alerts leave" },
		    { "losses", "Lost", pw_loss_columns,
		      "what was not counted, by cause; empty: nothing" } },
};

/* ---- errors ---------------------------------------------------------------------- */

GET(error, struct pw_error_row, status, pw_value_u, r->status)
GET(error, struct pw_error_row, error, pw_value_text, r->text)
GET(error, struct pw_error_row, remedy, pw_value_text_or_unknown, r->remedy)

static const struct pw_column error_columns[] = {
	COLUMN(error, status, COUNT, 4, "HTTP status"),
	COLUMN(error, error, TEXT, 60, "what could not be done, and why"),
	COLUMN(error, remedy, TEXT, 60, "what to do about it"),
	{ NULL },
};

const struct pw_document_shape pw_document_error = {
	.schema = "pagewarden.error",
	.version = 1,
	.about = "A request that could not be served.",
	.header = error_columns,
};

/* ---- history --------------------------------------------------------------------- */

GET(range, struct pw_history_range, from_time, pw_value_u, r->from_ns)
GET(range, struct pw_history_range, to_time, pw_value_u, r->to_ns)
GET(range, struct pw_history_range, truncated, pw_value_b, r->truncated)

static const struct pw_column range_columns[] = {
	COLUMN(range, from_time, TIME, 24, "begin of the range"),
	COLUMN(range, to_time, TIME, 24, "end of the range, itself not in it"),
	COLUMN(range, truncated, BOOL, 5, "the list was cut at its limit"),
	{ NULL },
};

#define PROCESS(name, set, expression) \
	GET(process, struct pw_history_process, name, set, r->process.expression)

PROCESS(id, pw_value_u, id)
PROCESS(pid, pw_value_u, pid)
PROCESS(start_time, pw_value_u, start_ns)
PROCESS(end_time, u_or_unknown, end_ns)
PROCESS(uid, pw_value_u, uid)
PROCESS(comm, pw_value_text, comm)
PROCESS(exe, pw_value_text_or_unknown, exe)
PROCESS(cgroup, pw_value_text_or_unknown, cgroup)
PROCESS(unit, pw_value_text_or_unknown, unit)
PROCESS(container, pw_value_text_or_unknown, container)
PROCESS(build_id, pw_value_text_or_unknown, build_id)
PROCESS(boot_id, pw_value_text_or_unknown, boot_id)

static const struct pw_column process_columns[] = {
	COLUMN(process, id, COUNT, 8, "id in the history"),
	COLUMN(process, pid, COUNT, 8, "process id"),
	COLUMN(process, start_time, TIME, 24, "start of the process"),
	COLUMN(process, end_time, TIME, 24, "its end; null: it lived when last seen"),
	COLUMN(process, uid, COUNT, 6, "user id"),
	COLUMN(process, comm, TEXT, 16, "name"),
	COLUMN(process, exe, TEXT, 30, "program, as the process's own root names it"),
	COLUMN(process, cgroup, TEXT, 30, "control group"),
	COLUMN(process, unit, TEXT, 20, "systemd unit"),
	COLUMN(process, container, TEXT, 14, "container id"),
	COLUMN(process, build_id, TEXT, 20, "GNU build id of the program"),
	COLUMN(process, boot_id, TEXT, 36, "boot that it ran in"),
	{ NULL },
};

const struct pw_document_shape pw_document_history_processes = {
	.schema = "pagewarden.history.processes",
	.version = 1,
	.about = "Processes that lived in a range of time.",
	.header = range_columns,
	.tables = { { "processes", NULL, process_columns, "one object per process" } },
};

#define POINT(name, set, expression) \
	GET(point, struct pw_history_point, name, set, r->point.expression)

POINT(time, pw_value_u, time_ns)
POINT(step_ns, pw_value_u, step_ns)
POINT(rss_anon_bytes, pw_value_u, anon_bytes)
POINT(rss_file_bytes, pw_value_u, file_bytes)
POINT(rss_shmem_bytes, pw_value_u, shmem_bytes)
POINT(swap_bytes, pw_value_u, swap_bytes)
POINT(page_table_bytes, pw_value_u, page_table_bytes)
POINT(minor_faults, pw_value_u, minor_faults)
POINT(major_faults, pw_value_u, major_faults)
POINT(cpu_ns, pw_value_u, cpu_ns)
POINT(footprint_low_bytes, pw_value_u, low_bytes)
POINT(footprint_high_bytes, pw_value_u, high_bytes)
POINT(available_low_bytes, pw_value_u, low_bytes)
POINT(available_high_bytes, pw_value_u, high_bytes)
GET(point, struct pw_history_point, available_bytes, pw_value_u, r->available_bytes)

#define POINT_COLUMNS                                                                           \
	COLUMN(point, time, TIME, 24, "begin of the step"),                                     \
		COLUMN(point, step_ns, NS, 8, "length of the step; values are the last in it"), \
		COLUMN(point, rss_anon_bytes, BYTES, 8, "resident anonymous memory"),           \
		COLUMN(point, rss_file_bytes, BYTES, 8,                                         \
		       "resident pages of files; of the machine: the page cache"),              \
		COLUMN(point, rss_shmem_bytes, BYTES, 8, "resident shared memory and tmpfs"),   \
		COLUMN(point, swap_bytes, BYTES, 8, "swapped out"),                             \
		COLUMN(point, page_table_bytes, BYTES, 8, "page tables"),                       \
		COLUMN(point, minor_faults, COUNT, 8, "minor page faults so far"),              \
		COLUMN(point, major_faults, COUNT, 8, "major page faults so far"),              \
		COLUMN(point, cpu_ns, NS, 8, "CPU time so far")

static const struct pw_column point_columns[] = {
	POINT_COLUMNS,
	COLUMN(point, footprint_low_bytes, BYTES, 8, "lowest footprint in the step"),
	COLUMN(point, footprint_high_bytes, BYTES, 8, "highest footprint in the step"),
	{ NULL },
};

static const struct pw_column machine_columns[] = {
	POINT_COLUMNS,
	COLUMN(point, available_bytes, BYTES, 8, "available memory"),
	COLUMN(point, available_low_bytes, BYTES, 8, "lowest available memory in the step"),
	COLUMN(point, available_high_bytes, BYTES, 8, "highest available memory in the step"),
	{ NULL },
};

const struct pw_document_shape pw_document_history_points = {
	.schema = "pagewarden.history.points",
	.version = 1,
	.about = "One process over a range of time. Steps in which nobody watched are left out.",
	.header = range_columns,
	.tables = { { "points", NULL, point_columns, "one object per step" } },
};

const struct pw_document_shape pw_document_history_machine = {
	.schema = "pagewarden.history.machine",
	.version = 1,
	.about = "The machine over a range of time. Totals count from the daemon's start.",
	.header = range_columns,
	.tables = { { "points", NULL, machine_columns, "one object per step" } },
};

#define EVENT(name, set, expression) \
	GET(event, struct pw_history_event, name, set, r->event.expression)

EVENT(time, pw_value_u, time_ns)
EVENT(type, pw_value_text, type)
EVENT(pid, pw_value_u, pid)
EVENT(comm, pw_value_text, comm)
GET(event, struct pw_history_event, path, pw_value_text_or_unknown, r->event.detail)

static bool event_is(const struct pw_history_event *r, const char *type)
{
	return strcmp(r->event.type, type) == 0;
}

static void status_of_exit(struct pw_value *ret, const struct pw_history_event *r)
{
	if (event_is(r, "exit") && WIFEXITED(r->event.value))
		pw_value_u(ret, WEXITSTATUS(r->event.value));
	else
		pw_value_unknown(ret);
}

static void signal_of_exit(struct pw_value *ret, const struct pw_history_event *r)
{
	if (event_is(r, "exit") && WIFSIGNALED(r->event.value))
		pw_value_u(ret, WTERMSIG(r->event.value));
	else
		pw_value_unknown(ret);
}

static void bytes_of_oom(struct pw_value *ret, const struct pw_history_event *r)
{
	if (event_is(r, "oom-kill"))
		pw_value_u(ret, r->event.value);
	else
		pw_value_unknown(ret);
}

/* The names of the live events' columns. */
GET(event, struct pw_history_event, exit_status, status_of_exit, r)
GET(event, struct pw_history_event, exit_signal, signal_of_exit, r)
GET(event, struct pw_history_event, rss_bytes, bytes_of_oom, r)

static const struct pw_column event_columns[] = {
	COLUMN(event, time, TIME, 24, "when it happened"),
	COLUMN(event, type, TEXT, 10, "exec, exit or oom-kill"),
	COLUMN(event, pid, COUNT, 8, "process id"),
	COLUMN(event, comm, TEXT, 16, "name"),
	COLUMN(event, path, TEXT, 30, "of an exec: the path given to execve"),
	COLUMN(event, exit_status, COUNT, 4, "of an exit: the status passed to exit"),
	COLUMN(event, exit_signal, COUNT, 3, "of an exit: the signal that ended it"),
	COLUMN(event, rss_bytes, BYTES, 8, "of an OOM kill: the resident size"),
	{ NULL },
};

const struct pw_document_shape pw_document_history_events = {
	.schema = "pagewarden.history.events",
	.version = 1,
	.about = "OOM kills, deaths by a signal, and exec and exit of processes with a history.",
	.header = range_columns,
	.tables = { { "events", NULL, event_columns, "one object per event" } },
};

const struct pw_document_shape pw_document_history_verdicts = {
	.schema = "pagewarden.history.verdicts",
	.version = 1,
	.about = "Series that began to be suspected of a leak, ceased to be, or ended.",
	.header = range_columns,
	.tables = { { "changes", NULL, pw_verdict_event_columns, "one object per change" } },
};

const struct pw_document_shape pw_document_history_wipes = {
	.schema = "pagewarden.history.wipes",
	.version = 1,
	.about = "Wipes and releases of wiped buffers; what happens all the time is thinned, and counted.",
	.header = range_columns,
	.tables = { { "wipes", NULL, pw_wipe_columns,
		      "one object per call, or for the calls that it stands for" } },
};

const struct pw_document_shape pw_document_history_secrets = {
	.schema = "pagewarden.history.secrets",
	.version = 1,
	.about = "What happened to ranges that were registered with the module.",
	.header = range_columns,
	.tables = { { "events", NULL, pw_secret_event_columns, "one object per event" } },
};

const struct pw_document_shape *const pw_daemon_document_shapes[] = {
	&pw_document_status,
	&pw_document_error,
	&pw_document_history_processes,
	&pw_document_history_points,
	&pw_document_history_machine,
	&pw_document_history_events,
	&pw_document_history_verdicts,
	&pw_document_history_wipes,
	&pw_document_history_secrets,
	&pw_document_alert,
	NULL,
};
