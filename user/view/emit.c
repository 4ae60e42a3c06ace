// SPDX-License-Identifier: GPL-2.0-or-later
#include "user/view/emitter.h"

#include <errno.h>
#include <inttypes.h>
#include <locale.h>
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

int pw_emit_status(FILE *out)
{
	if (!ferror(out))
		return 0;
	return errno ? -errno : -EIO;
}

static int emit_in_c_numbers(const struct pw_document *doc, const struct pw_emit_options *opt,
			     FILE *out)
{
	int err;

	errno = 0;
	switch (opt->format) {
	case PW_FORMAT_TEXT:
		err = pw_emit_text(doc, opt, out);
		break;
	case PW_FORMAT_JSON:
		err = pw_emit_json(doc, opt, out);
		break;
	case PW_FORMAT_CSV:
		err = pw_emit_csv(doc, opt, out);
		break;
	default:
		return -EINVAL; /* HTML is a page of its own: report_html.h */
	}
	if (!err && fflush(out) != 0)
		err = pw_emit_status(out);
	return err;
}

/*
 * Numbers are written with a decimal point whatever the user's locale says:
 * JSON knows no other, and the same records give the same bytes.
 */
int pw_emit(const struct pw_document *doc, const struct pw_emit_options *opt, FILE *out)
{
	locale_t base = duplocale(uselocale((locale_t)0));
	locale_t plain = base ? newlocale(LC_NUMERIC_MASK, "C", base) : (locale_t)0;
	locale_t before;
	int err;

	if (!plain) {
		if (base)
			freelocale(base);
		return -ENOMEM;
	}
	before = uselocale(plain); /* base was consumed by newlocale */
	err = emit_in_c_numbers(doc, opt, out);
	uselocale(before);
	freelocale(plain);
	return err;
}
