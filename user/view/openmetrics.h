/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Metrics as text: OpenMetrics 1.0, or Prometheus' own older form (0.0.4) for
 * those who do not ask for it. They differ in the names of counters' and infos'
 * families; both end in "# EOF". All samples of a family follow it. Errors of
 * the write stay in the FILE.
 */
#ifndef PW_VIEW_OPENMETRICS_H
#define PW_VIEW_OPENMETRICS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define PW_OPENMETRICS_TYPE "application/openmetrics-text; version=1.0.0; charset=utf-8"
#define PW_PROMETHEUS_TYPE "text/plain; version=0.0.4; charset=utf-8"

enum pw_metric_type { PW_METRIC_GAUGE, PW_METRIC_COUNTER, PW_METRIC_INFO };

struct pw_metrics {
	FILE *out;
	bool open; /* OpenMetrics */
	const char *name; /* of the family */
	enum pw_metric_type type;
};

/* name: without _total and _info. unit: the name's last word, or NULL. */
void pw_metrics_family(struct pw_metrics *m, enum pw_metric_type type, const char *name,
		       const char *unit, const char *help);
/* labels, more: `a="b",c="d"` or NULL. What is no number (NaN) is left out. */
void pw_metrics_sample(struct pw_metrics *m, const char *labels, const char *more, double value);
/* A family of one sample. */
void pw_metrics_one(struct pw_metrics *m, enum pw_metric_type type, const char *name,
		    const char *unit, const char *help, double value);
void pw_metrics_end(struct pw_metrics *m);

/* The longest value; of a longer one the end is kept, and a hash of all of it. */
#define PW_METRICS_VALUE_MAX 512
/* Appends `name="value"`, with a comma where something stands before; value: raw. */
void pw_metrics_label(FILE *out, bool *first, const char *name, const char *value);

#endif
