// SPDX-License-Identifier: GPL-2.0-or-later
/* An alert as a document, and back. */
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <string.h>

#include "user/alert/alert.h"
#include "user/base/clock.h"
#include "user/view/emit.h"

/* ---- out ------------------------------------------------------------------------- */

#define ALERT(name, set, expression)                                                   \
	static void get_##name(const void *ctx, const void *row, struct pw_value *ret) \
	{                                                                              \
		const struct pw_alert *r = row;                                        \
                                                                                       \
		(void)ctx;                                                             \
		set(ret, expression);                                                  \
	}

static void known_u(struct pw_value *ret, uint64_t u)
{
	if (u)
		pw_value_u(ret, u);
	else
		pw_value_unknown(ret);
}

/* Of a time that never comes nothing is said. */
static void known_seconds(struct pw_value *ret, double s)
{
	if (s >= 0 && s < (double)INT64_MAX / PW_NSEC_PER_SEC)
		pw_value_u(ret, (uint64_t)(s * PW_NSEC_PER_SEC));
	else
		pw_value_unknown(ret);
}

/* value_unit says what it is of. */
#define AMOUNT(ret, n) pw_value_amount(ret, n, strcmp(r->value_unit, "bytes") == 0)

ALERT(state, pw_value_text, pw_alert_state_name(r->state))
ALERT(alert, pw_value_text, r->name)
ALERT(severity, pw_value_text, r->severity)
ALERT(class, pw_value_text, r->class)
ALERT(fingerprint, pw_value_u, r->fingerprint)
ALERT(series, pw_value_text_or_unknown, r->series)
ALERT(value_unit, pw_value_text_or_unknown, r->value_unit)
ALERT(subject, pw_value_text_or_unknown, r->subject)
ALERT(pid, known_u, r->pid)
ALERT(comm, pw_value_text_or_unknown, r->comm)
ALERT(exe, pw_value_text_or_unknown, r->exe)
ALERT(cgroup, pw_value_text_or_unknown, r->cgroup)
ALERT(unit, pw_value_text_or_unknown, r->unit)
ALERT(container, pw_value_text_or_unknown, r->container)
ALERT(host, pw_value_text_or_unknown, r->host)
ALERT(members, pw_value_u, r->members)
ALERT(count, known_u, r->count)
ALERT(starts_time, known_u, r->starts_ns)
ALERT(ends_time, known_u, r->ends_ns)
ALERT(since_time, known_u, r->since_ns)
ALERT(window_ns, known_u, r->window_ns)
ALERT(value, AMOUNT, r->value ? (double)r->value : NAN)
ALERT(growth_per_hour, AMOUNT, r->growth)
ALERT(growth_low_per_hour, AMOUNT, r->growth_low)
ALERT(growth_high_per_hour, AMOUNT, r->growth_high)
ALERT(confidence_ratio, pw_value_d, r->confidence)
ALERT(limit_kind, pw_value_text_or_unknown, r->limit)
ALERT(time_to_limit_ns, known_seconds, r->limit_s)
ALERT(time_to_limit_low_ns, known_seconds, r->limit_low_s)
ALERT(time_to_limit_high_ns, known_seconds, r->limit_high_s)
ALERT(summary, pw_value_text, r->summary)
ALERT(evidence, pw_value_text_or_unknown, r->evidence)
ALERT(reason, pw_value_text_or_unknown, r->reason)

/* clang-format off */
const struct pw_column pw_alert_notice_columns[] = {
#define C(name, unit, help) { #name, #name, help, PW_UNIT_##unit, 12, true, get_##name }
	C(state, TEXT, "firing or resolved"),
	C(alert, TEXT, "name of the alert"),
	C(severity, TEXT, "critical, warning or info"),
	C(class, TEXT, "class of the verdict, or kind of the wipe alert"),
	C(fingerprint, ADDRESS, "the same for the same cause on every host and boot"),
	C(series, TEXT, "which series grows; null: none"),
	C(value_unit, TEXT, "what value and growth count: bytes, threads, files"),
	C(subject, TEXT, "process, group or cgroup"),
	C(pid, COUNT, "process id; null: not a process"),
	C(comm, TEXT, "the kernel's short name of the process"),
	C(exe, TEXT, "path of the program"),
	C(cgroup, TEXT, "path of the control group"),
	C(unit, TEXT, "systemd unit"),
	C(container, TEXT, "container id"),
	C(host, TEXT, "name of the machine"),
	C(members, COUNT, "processes, groups and cgroups that it stands for"),
	C(count, COUNT, "of wipes and secrets: how often"),
	C(starts_time, TIME, "when the alert began"),
	C(ends_time, TIME, "when it ended; null: it has not"),
	C(since_time, TIME, "where the growth began, as far back as was seen"),
	C(window_ns, NS, "the window that decided"),
	C(value, AMOUNT, "the series' value now; see value_unit"),
	C(growth_per_hour, AMOUNT, "growth; see value_unit"),
	C(growth_low_per_hour, AMOUNT, "lower end of its 90 % interval"),
	C(growth_high_per_hour, AMOUNT, "upper end of its 90 % interval"),
	C(confidence_ratio, RATIO, "1: certain; below: a suspicion"),
	C(limit_kind, TEXT, "what it runs into: cgroup, machine, ..."),
	C(time_to_limit_ns, NS, "time to that limit"),
	C(time_to_limit_low_ns, NS, "lower end of its 90 % interval"),
	C(time_to_limit_high_ns, NS, "upper end of its 90 % interval"),
	C(summary, TEXT, "one sentence"),
	C(evidence, TEXT, "what it stands on"),
	C(reason, TEXT, "why it changed last"),
	{ NULL },
#undef C
};
/* clang-format on */

const struct pw_document_shape pw_document_alert = {
	.schema = "pagewarden.alert",
	.version = 1,
	.about = "One notice of an alert: what a hook gets on its standard input.",
	.header = pw_alert_notice_columns,
};

int pw_alert_to_json(const struct pw_alert *a, char **ret, size_t *ret_len)
{
	const struct pw_emit_options opt = { .format = PW_FORMAT_JSON, .repeated = true };
	struct pw_shaped_document doc;
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	int r;

	if (!out)
		return -ENOMEM;
	pw_document_build(&doc, &pw_document_alert, NULL, a, NULL);
	r = pw_emit(&doc.doc, &opt, out);
	if (fclose(out) || r) {
		free(text);
		return -ENOMEM;
	}
	while (len && text[len - 1] == '\n')
		text[--len] = '\0';
	*ret = text;
	*ret_len = len;
	return 0;
}

/* ---- in -------------------------------------------------------------------------- */

enum field_type { TEXT, U32, U64, WHOLE, REAL, SECONDS, TIME, HEX };

#define FIELD(name, type, member)                              \
	{                                                      \
		name, type, offsetof(struct pw_alert, member), \
			sizeof(((struct pw_alert *)0)->member) \
	}

static const struct field {
	const char *name;
	enum field_type type;
	size_t offset, size;
} fields[] = {
	FIELD("alert", TEXT, name),
	FIELD("severity", TEXT, severity),
	FIELD("class", TEXT, class),
	FIELD("fingerprint", HEX, fingerprint),
	FIELD("series", TEXT, series),
	FIELD("value_unit", TEXT, value_unit),
	FIELD("subject", TEXT, subject),
	FIELD("pid", U32, pid),
	FIELD("comm", TEXT, comm),
	FIELD("exe", TEXT, exe),
	FIELD("cgroup", TEXT, cgroup),
	FIELD("unit", TEXT, unit),
	FIELD("container", TEXT, container),
	FIELD("host", TEXT, host),
	FIELD("members", U32, members),
	FIELD("count", U64, count),
	FIELD("starts_time", TIME, starts_ns),
	FIELD("ends_time", TIME, ends_ns),
	FIELD("since_time", TIME, since_ns),
	FIELD("window_ns", U64, window_ns),
	FIELD("value", WHOLE, value),
	FIELD("growth_per_hour", REAL, growth),
	FIELD("growth_low_per_hour", REAL, growth_low),
	FIELD("growth_high_per_hour", REAL, growth_high),
	FIELD("confidence_ratio", REAL, confidence),
	FIELD("limit_kind", TEXT, limit),
	FIELD("time_to_limit_ns", SECONDS, limit_s),
	FIELD("time_to_limit_low_ns", SECONDS, limit_low_s),
	FIELD("time_to_limit_high_ns", SECONDS, limit_high_s),
	FIELD("summary", TEXT, summary),
	FIELD("evidence", TEXT, evidence),
	FIELD("reason", TEXT, reason),
};

static int hex_digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* What pw_text_escape() made, undone. -EBADMSG: it never makes this, or it has no room. */
static int take_text(char *out, size_t size, const char *text)
{
	size_t used = 0;

	for (; *text; used++) {
		char c = *text++;

		if (used + 1 >= size)
			return -EBADMSG;
		if (c == '\\' && *text == '\\') {
			text++;
		} else if (c == '\\') {
			int high = text[0] == 'x' ? hex_digit(text[1]) : -1;
			int low = high >= 0 ? hex_digit(text[2]) : -1;

			if (low < 0 || !(high | low))
				return -EBADMSG;
			c = (char)(high << 4 | low);
			text += 3;
		}
		out[used] = c;
	}
	out[used] = '\0';
	return 0;
}

static int take_hex(const char *text, uint64_t *ret)
{
	uint64_t n = 0;

	if (strncmp(text, "0x", 2) != 0 || !text[2] || strlen(text) > 18)
		return -EBADMSG;
	for (text += 2; *text; text++) {
		int digit = hex_digit(*text);

		if (digit < 0)
			return -EBADMSG;
		n = n << 4 | (unsigned int)digit;
	}
	*ret = n;
	return 0;
}

static int take_integer(const json_t *value, uint64_t max, uint64_t *ret)
{
	if (!json_is_integer(value) || json_integer_value(value) < 0 ||
	    (uint64_t)json_integer_value(value) > max)
		return -EBADMSG;
	*ret = (uint64_t)json_integer_value(value);
	return 0;
}

static int take_field(struct pw_alert *a, const struct field *f, const json_t *value)
{
	void *at = (char *)a + f->offset;
	const char *text = json_string_value(value);
	uint64_t n = 0;
	int r = 0;

	switch (f->type) {
	case TEXT:
		return text ? take_text(at, f->size, text) : -EBADMSG;
	case HEX:
		return text ? take_hex(text, at) : -EBADMSG;
	case TIME:
		return text && !pw_clock_parse_rfc3339(text, at) ? 0 : -EBADMSG;
	case U64:
		return take_integer(value, INT64_MAX, at);
	case U32:
		r = take_integer(value, UINT32_MAX, &n);
		if (!r)
			*(uint32_t *)at = (uint32_t)n;
		return r;
	case WHOLE: /* a number as JSON has them, of a count */
		if (!json_is_number(value) ||
		    !(json_number_value(value) >= 0 && json_number_value(value) < (double)INT64_MAX))
			return -EBADMSG;
		*(uint64_t *)at = (uint64_t)json_number_value(value);
		return 0;
	case SECONDS:
		r = take_integer(value, INT64_MAX, &n);
		if (!r)
			*(double *)at = (double)n / PW_NSEC_PER_SEC;
		return r;
	case REAL:
		if (!json_is_number(value) || !isfinite(json_number_value(value)))
			return -EBADMSG;
		*(double *)at = json_number_value(value);
		return 0;
	}
	return -EBADMSG;
}

static int take_object(const json_t *root, struct pw_alert *a)
{
	const char *schema = json_string_value(json_object_get(root, "schema"));
	const char *state = json_string_value(json_object_get(root, "state"));

	if (!schema || strcmp(schema, pw_document_alert.schema) != 0 || !state)
		return -EBADMSG;
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		const json_t *value = json_object_get(root, fields[i].name);

		if (value && !json_is_null(value) && take_field(a, &fields[i], value))
			return -EBADMSG;
	}
	if (strcmp(state, pw_alert_state_name(PW_ALERT_RESOLVED)) == 0)
		a->state = PW_ALERT_RESOLVED;
	else if (strcmp(state, pw_alert_state_name(PW_ALERT_FIRING)) != 0)
		return -EBADMSG;
	return a->name[0] && a->class[0] && a->fingerprint && a->starts_ns ? 0 : -EBADMSG;
}

int pw_alert_from_json(const char *text, size_t len, struct pw_alert *ret)
{
	struct pw_alert a;
	json_t *root;
	int r;

	if (len > PW_ALERT_JSON_MAX)
		return -EBADMSG;
	root = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
	if (!root)
		return -EBADMSG;
	pw_alert_init(&a);
	r = take_object(root, &a);
	json_decref(root);
	if (!r)
		*ret = a;
	return r;
}
