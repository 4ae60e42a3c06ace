// SPDX-License-Identifier: GPL-2.0-or-later
#include "user/view/emitter.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "user/base/clock.h"

int pw_format_parse(const char *word, enum pw_format *ret)
{
	static const char *const words[] = {
		[PW_FORMAT_TEXT] = "text",
		[PW_FORMAT_JSON] = "json",
		[PW_FORMAT_CSV] = "csv",
		[PW_FORMAT_HTML] = "html",
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(word, words[i]) == 0) {
			*ret = (enum pw_format)i;
			return 0;
		}
	}
	return -EINVAL;
}

const char *pw_emit_plain(enum pw_unit unit, const struct pw_value *v, char out[PW_PLAIN_MAX])
{
	char time[PW_RFC3339_LEN];

	switch (unit) {
	case PW_UNIT_COUNT:
	case PW_UNIT_BYTES:
	case PW_UNIT_NS:
		snprintf(out, PW_PLAIN_MAX, "%" PRIu64, v->u);
		break;
	case PW_UNIT_SIGNED_BYTES:
		snprintf(out, PW_PLAIN_MAX, "%" PRId64, v->i);
		break;
	case PW_UNIT_BYTES_PER_MINUTE:
	case PW_UNIT_PER_SECOND:
	case PW_UNIT_RATIO:
		snprintf(out, PW_PLAIN_MAX, "%.9g", v->d);
		break;
	case PW_UNIT_AMOUNT:
		/* whole ones are exact as far as a double is */
		snprintf(out, PW_PLAIN_MAX,
			 v->amount.n == floor(v->amount.n) && fabs(v->amount.n) < 1e18 ? "%.0f" :
											 "%.9g",
			 v->amount.n);
		break;
	case PW_UNIT_TIME:
		snprintf(out, PW_PLAIN_MAX, "%s", pw_clock_rfc3339(v->u, time));
		break;
	case PW_UNIT_ADDRESS:
		snprintf(out, PW_PLAIN_MAX, "0x%" PRIx64, v->u);
		break;
	case PW_UNIT_BOOL:
		snprintf(out, PW_PLAIN_MAX, "%s", v->b ? "true" : "false");
		break;
	case PW_UNIT_TEXT:
	case PW_UNIT_SPARK:
		out[0] = '\0';
		break;
	}
	return out;
}

static size_t named_columns(const struct pw_column *columns, const char *const *names,
			    const struct pw_column **out, size_t max)
{
	size_t n = 0;

	for (; names && *names && n < max; names++) {
		out[n] = pw_column_find(columns, *names);
		n += out[n] != NULL;
	}
	return n;
}

size_t pw_emit_shown(const struct pw_table *t, const char *const *chosen,
		     const struct pw_column **out, size_t max)
{
	size_t n = named_columns(t->columns, chosen, out, max);

	if (!n)
		n = named_columns(t->columns, t->shown, out, max);
	if (n)
		return n;
	for (const struct pw_column *c = t->columns; c->name && n < max; c++) {
		if (c->standard)
			out[n++] = c;
	}
	return n;
}

int pw_emit_status(FILE *out)
{
	if (!ferror(out))
		return 0;
	return errno ? -errno : -EIO;
}

int pw_emit_locale_enter(struct pw_emit_locale *l)
{
	locale_t base = duplocale(uselocale((locale_t)0));

	l->plain = base ? newlocale(LC_NUMERIC_MASK, "C", base) : (locale_t)0;
	if (!l->plain) {
		if (base)
			freelocale(base);
		return -ENOMEM;
	}
	l->before = uselocale(l->plain); /* newlocale took over base */
	return 0;
}

void pw_emit_locale_leave(struct pw_emit_locale *l)
{
	uselocale(l->before);
	freelocale(l->plain);
}

static int emit(const struct pw_document *doc, const struct pw_emit_options *opt, FILE *out)
{
	switch (opt->format) {
	case PW_FORMAT_TEXT:
		return pw_emit_text(doc, opt, out);
	case PW_FORMAT_JSON:
		return pw_emit_json(doc, opt, out);
	case PW_FORMAT_CSV:
		return pw_emit_csv(doc, opt, out);
	case PW_FORMAT_HTML:
		break; /* a page of its own: report.h */
	}
	return -EINVAL;
}

int pw_emit(const struct pw_document *doc, const struct pw_emit_options *opt, FILE *out)
{
	struct pw_emit_locale locale;
	int err = pw_emit_locale_enter(&locale);

	if (err)
		return err;
	errno = 0;
	err = emit(doc, opt, out);
	if (!err && fflush(out) != 0)
		err = pw_emit_status(out);
	pw_emit_locale_leave(&locale);
	return err;
}
