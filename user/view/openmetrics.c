// SPDX-License-Identifier: GPL-2.0-or-later
#include "user/view/openmetrics.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "user/base/hash.h"
#include "user/base/text.h"

static const struct {
	const char *open, *plain; /* types */
	const char *suffix; /* of the samples */
} types[] = {
	[PW_METRIC_GAUGE] = { "gauge", "gauge", "" },
	[PW_METRIC_COUNTER] = { "counter", "counter", "_total" },
	[PW_METRIC_INFO] = { "info", "gauge", "_info" },
};

void pw_metrics_family(struct pw_metrics *m, enum pw_metric_type type, const char *name,
		       const char *unit, const char *help)
{
	const char *suffix = m->open ? "" : types[type].suffix;

	m->name = name;
	m->type = type;
	fprintf(m->out, "# HELP %s%s %s\n", name, suffix, help);
	fprintf(m->out, "# TYPE %s%s %s\n", name, suffix,
		m->open ? types[type].open : types[type].plain);
	if (m->open && unit)
		fprintf(m->out, "# UNIT %s %s\n", name, unit);
}

void pw_metrics_sample(struct pw_metrics *m, const char *labels, const char *more, double value)
{
	bool has_labels = labels && labels[0], has_more = more && more[0];

	if (isnan(value))
		return;
	fprintf(m->out, "%s%s", m->name, types[m->type].suffix);
	if (has_labels || has_more)
		fprintf(m->out, "{%s%s%s}", has_labels ? labels : "",
			has_labels && has_more ? "," : "", has_more ? more : "");
	if (isinf(value))
		fprintf(m->out, " %sInf\n", value < 0 ? "-" : "+");
	else if (value == floor(value) && fabs(value) < 0x1p53)
		fprintf(m->out, " %.0f\n", value == 0 ? 0 : value); /* never -0 */
	else
		fprintf(m->out, " %.12g\n", value);
}

void pw_metrics_one(struct pw_metrics *m, enum pw_metric_type type, const char *name,
		    const char *unit, const char *help, double value)
{
	pw_metrics_family(m, type, name, unit, help);
	pw_metrics_sample(m, NULL, NULL, value);
}

void pw_metrics_end(struct pw_metrics *m)
{
	fputs("# EOF\n", m->out);
}

/* Printable text, with what the form itself escapes. */
static void put_value(FILE *out, const char *bytes, size_t len)
{
	char text[4 * PW_METRICS_VALUE_MAX + 1];

	pw_text_escape(text, sizeof(text), bytes, len);
	for (const char *p = text; *p; p++) {
		if (*p == '\\' || *p == '"')
			putc('\\', out);
		putc(*p, out);
	}
}

void pw_metrics_label(FILE *out, bool *first, const char *name, const char *value)
{
	size_t len = strlen(value);

	fprintf(out, "%s%s=\"", *first ? "" : ",", name);
	*first = false;
	if (len > PW_METRICS_VALUE_MAX) {
		/* Two long ones that end alike must not become one series. */
		fprintf(out, "%016" PRIx64 "...", pw_hash_bytes(value, len, 0));
		value += len - PW_METRICS_VALUE_MAX;
		len = PW_METRICS_VALUE_MAX;
	}
	put_value(out, value, len);
	putc('"', out);
}
