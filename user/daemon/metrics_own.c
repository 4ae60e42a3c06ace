// SPDX-License-Identifier: GPL-2.0-or-later
/* The daemon itself in /metrics. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "user/base/clock.h"
#include "user/daemon/metrics.h"
#include "user/daemon/state.h"
#include "user/model/loss.h"

#define GAUGE(name, unit, help, value) pw_metrics_one(w, PW_METRIC_GAUGE, name, unit, help, value)
#define COUNTER(name, unit, help, value) \
	pw_metrics_one(w, PW_METRIC_COUNTER, name, unit, help, value)
#define SECONDS(ns) ((double)(ns) / (double)PW_NSEC_PER_SEC)

static void build_info(struct pw_metrics *w, const struct pw_daemon *d)
{
	char *labels = NULL;
	size_t len;
	FILE *out = open_memstream(&labels, &len);
	bool first = true;

	if (!out)
		return;
	pw_metrics_label(out, &first, "version", PW_VERSION);
	pw_metrics_label(out, &first, "source", d->source->ops->name);
	fclose(out);
	pw_metrics_family(w, PW_METRIC_INFO, "pagewarden_build", NULL,
			  "Version of the daemon, and who counts: bpf or proc.");
	pw_metrics_sample(w, labels, NULL, 1);
	free(labels);
}

static void cost(struct pw_metrics *w, const struct pw_daemon *d)
{
	const struct pw_tick *t = &d->model->tick;

	GAUGE("pagewarden_start_time_seconds", "seconds", "When the daemon started, since 1970.",
	      SECONDS(pw_clock_boot_realtime_ns() + d->started_ns));
	pw_metrics_family(w, PW_METRIC_COUNTER, "pagewarden_cpu_seconds", "seconds",
			  "CPU time that the watching took: in BPF programs, and in the daemon.");
	pw_metrics_sample(w, "part=\"bpf\"", NULL, SECONDS(t->bpf_ns));
	pw_metrics_sample(w, "part=\"user\"", NULL, SECONDS(t->user_ns));
	GAUGE("pagewarden_resident_memory_bytes", "bytes", "Resident memory of the daemon.",
	      (double)t->own_rss_bytes);
	GAUGE("pagewarden_model_memory_bytes", "bytes", "Memory of the model.",
	      (double)pw_model_memory(d->model));
	GAUGE("pagewarden_ledger_memory_bytes", "bytes", "Kernel memory of the page ledger.",
	      (double)d->model->machine.ledger_bytes);
	COUNTER("pagewarden_ticks", NULL, "Intervals that were taken.", (double)d->model->sequence);
	COUNTER("pagewarden_ticks_late", NULL, "Intervals that found the daemon busy.",
		(double)d->late_ticks);
	GAUGE("pagewarden_collect_duration_seconds", "seconds", "Duration of the last collection.",
	      SECONDS(d->collect_ns));
	GAUGE("pagewarden_collect_duration_max_seconds", "seconds",
	      "Duration of the longest collection.", SECONDS(d->collect_longest_ns));
}

static void losses(struct pw_metrics *w, const struct pw_daemon *d)
{
	const struct pw_tick *t = &d->model->tick;
	char label[64];

	COUNTER("pagewarden_events_tried", NULL, "Events that the kernel side tried to tell.",
		(double)t->events_tried);
	COUNTER("pagewarden_events_received", NULL, "Events that arrived.",
		(double)t->events_received);
	pw_metrics_family(w, PW_METRIC_COUNTER, "pagewarden_lost", NULL,
			  "What was not counted, by cause.");
	for (unsigned int i = 0; i < PW_LOSS_CAUSES; i++) {
		if (!pw_loss_name(i))
			continue;
		snprintf(label, sizeof(label), "cause=\"%s\"", pw_loss_name(i));
		pw_metrics_sample(w, label, NULL, (double)d->model->lost[i]);
	}
}

static void coverage(struct pw_metrics *w, const struct pw_daemon *d)
{
	struct pw_coverage_row rows[PW_COVERAGE_ROWS_MAX];
	size_t n = pw_coverage_rows(d->model, rows, PW_COVERAGE_ROWS_MAX);
	char label[96];

	pw_metrics_family(w, PW_METRIC_GAUGE, "pagewarden_coverage", NULL,
			  "1: this is seen; 0: it is not.");
	for (size_t i = 0; i < n; i++) {
		snprintf(label, sizeof(label), "part=\"%s\"", rows[i].what);
		pw_metrics_sample(w, label, NULL, rows[i].seen);
	}
}

static void history(struct pw_metrics *w, const struct pw_daemon *d)
{
	GAUGE("pagewarden_history_open", NULL, "1: the history is being written.", d->store != NULL);
	GAUGE("pagewarden_history_size_bytes", "bytes", "Size of the history.",
	      d->store ? (double)pw_store_bytes(d->store) : NAN);
	GAUGE("pagewarden_history_limit_bytes", "bytes", "Bound of the history's size.",
	      (double)d->config.history_max_bytes);
	COUNTER("pagewarden_history_lost_rows", NULL, "Rows that could not be written.",
		(double)d->history_lost_rows);
	GAUGE("pagewarden_history_flush_duration_max_seconds", "seconds",
	      "Duration of the longest write of the history.", SECONDS(d->flush_longest_ns));
}

static void connections(struct pw_metrics *w, const struct pw_daemon *d)
{
	struct pw_http_status http = pw_http_status(d->http);
	struct pw_broadcast_status streams = pw_broadcast_status(d->broadcast);

	GAUGE("pagewarden_http_connections", NULL, "Connections now.", http.connections);
	COUNTER("pagewarden_http_requests", NULL, "Requests.", (double)http.requests);
	COUNTER("pagewarden_http_requests_refused", NULL,
		"Connections and requests refused for who or how many they were.",
		(double)http.refused);
	COUNTER("pagewarden_http_requests_failed", NULL, "Requests answered with an error.",
		(double)http.errors);
	GAUGE("pagewarden_streams", NULL, "Readers of the record stream.", streams.readers);
	COUNTER("pagewarden_stream_lost_records", NULL, "Records that slow readers lost.",
		(double)streams.lost_records);
}

static void trends(struct pw_metrics *w, const struct pw_trends *t)
{
	struct pw_trends_cost c;

	if (!t)
		return;
	pw_trends_cost(t, &c);
	GAUGE("pagewarden_trend_subjects", NULL,
	      "Processes, groups and cgroups under the detector.", (double)c.subjects);
	GAUGE("pagewarden_trend_series", NULL, "Their series that ever changed.", (double)c.series);
	GAUGE("pagewarden_trend_memory_bytes", "bytes", "Memory of the detector.", (double)c.bytes);
	COUNTER("pagewarden_trend_judgements", NULL, "Verdicts that were given.", (double)c.judged);
	COUNTER("pagewarden_trend_refused", NULL, "Subjects that found no room under the detector.",
		(double)c.refused);
	GAUGE("pagewarden_suspects", NULL, "Series that are suspected now.", (double)c.suspects);
}

/* One family over the ways that are on. */
#define WAYS(type, family, unit, help, expression)                               \
	do {                                                                     \
		pw_metrics_family(w, type, family, unit, help);                  \
		for (int k = 0; k < PW_WAYS; k++) {                              \
			const struct pw_alert_way *way = pw_alerter_way(a, k);   \
			char label[48];                                          \
                                                                                 \
			if (!way->on)                                            \
				continue;                                        \
			snprintf(label, sizeof(label), "way=\"%s\"", way->name); \
			pw_metrics_sample(w, label, NULL, (double)(expression)); \
		}                                                                \
	} while (0)

static void alert_ways(struct pw_metrics *w, struct pw_alerter *a)
{
	WAYS(PW_METRIC_COUNTER, "pagewarden_alert_notices_sent", NULL,
	     "Notices that arrived, by way.", way->sent);
	WAYS(PW_METRIC_COUNTER, "pagewarden_alert_notices_failed", NULL,
	     "Attempts to send that failed, by way; a notice that waits is tried again.",
	     way->failed);
	WAYS(PW_METRIC_COUNTER, "pagewarden_alert_notices_dropped", NULL,
	     "Notices that nobody will get, by way: there was no room, or they were refused.",
	     way->dropped);
	WAYS(PW_METRIC_GAUGE, "pagewarden_alert_notices_waiting", NULL,
	     "Notices that wait, by way.", way->waiting);
	WAYS(PW_METRIC_GAUGE, "pagewarden_alert_last_sent_timestamp_seconds", "seconds",
	     "When the last notice arrived, by way.", way->sent_ns ? SECONDS(way->sent_ns) : NAN);
}

static void alerts(struct pw_metrics *w, struct pw_alerter *a)
{
	struct pw_alert_book_status s;

	pw_alert_book_status(pw_alerter_book(a), &s);
	GAUGE("pagewarden_alerts_firing", NULL, "Alerts that were told and have not ended.",
	      (double)s.firing);
	GAUGE("pagewarden_alerts_waiting", NULL, "Alerts that wait for their turn (alert_rate).",
	      (double)s.waiting);
	COUNTER("pagewarden_alerts_begun", NULL, "Alerts that were told.", (double)s.begun);
	COUNTER("pagewarden_alerts_ended", NULL, "Alerts whose end was told.", (double)s.ended);
	COUNTER("pagewarden_alerts_suppressed", NULL, "Alerts that ended before their turn came.",
		(double)s.suppressed);
	COUNTER("pagewarden_alerts_refused", NULL, "Alerts that found no room.", (double)s.refused);
	alert_ways(w, a);
}

void pw_metrics_own(struct pw_metrics *w, struct pw_daemon *d)
{
	build_info(w, d);
	cost(w, d);
	losses(w, d);
	coverage(w, d);
	history(w, d);
	connections(w, d);
	trends(w, d->trends);
	alerts(w, d->alerter);
}
