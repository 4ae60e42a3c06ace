// SPDX-License-Identifier: GPL-2.0-or-later
#include "user/base/error.h"

#include <stdarg.h>

int pw_error_set(struct pw_error *e, int err, const char *what, ...)
{
	va_list ap;

	if (!e)
		return err;
	va_start(ap, what);
	vsnprintf(e->what, sizeof(e->what), what, ap);
	va_end(ap);
	e->remedy[0] = '\0';
	return err;
}

void pw_error_remedy(struct pw_error *e, const char *remedy, ...)
{
	va_list ap;

	if (!e)
		return;
	va_start(ap, remedy);
	vsnprintf(e->remedy, sizeof(e->remedy), remedy, ap);
	va_end(ap);
}

void pw_error_print(const struct pw_error *e, FILE *out)
{
	fprintf(out, "pagewarden: %s\n", e->what);
	if (e->remedy[0])
		fprintf(out, "  %s\n", e->remedy);
}
