// SPDX-License-Identifier: GPL-2.0-or-later
#include "user/daemon/metrics.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "user/analysis/growth.h"
#include "user/analysis/wipe_alert.h"
#include "user/base/cleanup.h"
#include "user/base/clock.h"
#include "user/daemon/state.h"

#define GAUGE(name, unit, help, value) pw_metrics_one(w, PW_METRIC_GAUGE, name, unit, help, value)
#define COUNTER(name, unit, help, value) \
	pw_metrics_one(w, PW_METRIC_COUNTER, name, unit, help, value)

/* ---- the machine -------------------------------------------------------------------- */

static void machine_growth(struct pw_metrics *w, const struct pw_model *m)
{
	char label[32];
	double growth;

	pw_metrics_family(w, PW_METRIC_GAUGE, "pagewarden_machine_growth_bytes_per_second", NULL,
			  "Growth of the memory that is not available, over a horizon.");
	for (int h = 0; h < PW_HORIZONS; h++) {
		if (!pw_growth_per_minute(&m->footprint, m->now_ns, h, m->machine.page_size, &growth))
			continue;
		snprintf(label, sizeof(label), "horizon=\"%s\"", pw_horizon_name[h]);
		pw_metrics_sample(w, label, NULL, growth / 60);
	}
}

void pw_metrics_machine(struct pw_metrics *w, const struct pw_model *m)
{
	double page = m->machine.page_size;

	GAUGE("pagewarden_machine_memory_bytes", "bytes", "Memory of the machine.",
	      (double)m->machine.memory_pages * page);
	GAUGE("pagewarden_machine_memory_available_bytes", "bytes",
	      "Memory that programs may still take without swapping.",
	      (double)m->tick.available_pages * page);
	GAUGE("pagewarden_machine_memory_cached_bytes", "bytes", "The page cache.",
	      (double)m->tick.cached_pages * page);
	GAUGE("pagewarden_machine_memory_slab_bytes", "bytes", "The kernel's own objects.",
	      (double)m->tick.slab_pages * page);
	GAUGE("pagewarden_machine_swap_bytes", "bytes", "Swap space of the machine.",
	      (double)m->machine.swap_pages * page);
	GAUGE("pagewarden_machine_swap_free_bytes", "bytes", "Swap space that is free.",
	      (double)m->tick.swap_free_pages * page);
	GAUGE("pagewarden_machine_processes", NULL, "Living processes.", m->tick.processes);
	GAUGE("pagewarden_machine_threads", NULL, "Threads.", m->tick.threads);
	machine_growth(w, m);
}

/* ---- wipes and secrets ---------------------------------------------------------------- */

static void wipe_alerts(struct pw_metrics *w, const struct pw_model *m)
{
	pw_auto_free struct pw_wipe_alert *alerts = NULL;
	uint64_t by_kind[PW_ALERT_KINDS] = { 0 };
	size_t count = 0;
	char label[64];

	if (pw_wipe_alerts(m, 0, &alerts, &count))
		return;
	for (size_t i = 0; i < count; i++)
		by_kind[alerts[i].kind]++;
	pw_metrics_family(w, PW_METRIC_GAUGE, "pagewarden_wipe_findings", NULL,
			  "Places in programs that the wipe ledger has something to say about.");
	for (int k = 0; k < PW_ALERT_KINDS; k++) {
		snprintf(label, sizeof(label), "kind=\"%s\"", pw_wipe_alert_name(k));
		pw_metrics_sample(w, label, NULL, (double)by_kind[k]);
	}
}

void pw_metrics_wipes(struct pw_metrics *w, const struct pw_model *m)
{
	char label[64];

	pw_metrics_family(w, PW_METRIC_COUNTER, "pagewarden_wipes", NULL,
			  "Calls of observed wipe functions, by what was found after them.");
	for (unsigned int v = 0; v < 4; v++) {
		snprintf(label, sizeof(label), "verdict=\"%s\"", pw_wipe_verdict_name((uint8_t)v));
		pw_metrics_sample(w, label, NULL, (double)m->wipes.by_verdict[v]);
	}
	COUNTER("pagewarden_wiped_bytes", "bytes", "Bytes in ranges that were wiped whole.",
		(double)m->wipes.bytes);
	COUNTER("pagewarden_wipe_releases", NULL, "Observed releases of buffers that are wiped.",
		(double)m->wipes.releases);
	COUNTER("pagewarden_secrets_registered", NULL, "Ranges registered with the module.",
		(double)m->secrets.registered);
	pw_metrics_family(w, PW_METRIC_COUNTER, "pagewarden_secret_releases", NULL,
			  "Releases and ends of registered ranges, by what was found in them.");
	for (uint32_t v = 0; v < 8; v++) {
		const char *name = pw_secret_verdict_name(v);

		if (!name || !name[0] || (v && strcmp(name, pw_secret_verdict_name(0)) == 0))
			continue;
		snprintf(label, sizeof(label), "verdict=\"%s\"", name);
		pw_metrics_sample(w, label, NULL, (double)m->secrets.by_verdict[v]);
	}
	wipe_alerts(w, m);
}

/* ---- all of it ------------------------------------------------------------------------ */

static int write_all(struct pw_metrics *w, struct pw_daemon *d)
{
	int r;

	pw_metrics_own(w, d);
	pw_metrics_machine(w, d->model);
	pw_metrics_wipes(w, d->model);
	r = pw_metrics_groups(w, d->model, d->trends, d->config.metrics_groups);
	if (!r && d->trends)
		r = pw_metrics_suspects(w, d->trends);
	pw_metrics_end(w);
	return r;
}

/* Only who names OpenMetrics gets it, as with every exporter. */
static bool wants_open(const char *accept)
{
	return accept && strstr(accept, "application/openmetrics-text");
}

void pw_metrics_answer(struct pw_daemon *d, const char *accept, struct pw_http_answer *ret)
{
	struct pw_metrics w = { .open = wants_open(accept) };
	int r;

	w.out = open_memstream(&ret->bytes, &ret->len);
	r = w.out ? write_all(&w, d) : -ENOMEM;
	if (w.out && (ferror(w.out) | fclose(w.out)))
		r = -ENOMEM;
	if (!r) {
		ret->type = w.open ? PW_OPENMETRICS_TYPE : PW_PROMETHEUS_TYPE;
		return;
	}
	free(ret->bytes);
	*ret = (struct pw_http_answer){ .status = 500 };
}
