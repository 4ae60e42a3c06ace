/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the queries share: a deadline, and cells that hold text. */
#ifndef PW_STORE_READING_H
#define PW_STORE_READING_H

#include <string.h>

#include "user/store/private.h"

#define PW_QUERY_LIMIT_NS (2 * PW_NSEC_PER_SEC)

static inline void pw_query_endp(struct pw_store **s)
{
	(*s)->deadline_ns = 0;
}

/* Every query runs below a deadline that ends with its scope. */
#define PW_QUERY_SCOPE(s)                                                                   \
	__attribute__((cleanup(pw_query_endp), unused)) struct pw_store *query_scope = (s); \
	(s)->deadline_ns = (s)->unhurried ? 0 : pw_clock_boot_ns() + PW_QUERY_LIMIT_NS

static inline int64_t pw_clamp_ns(uint64_t ns)
{
	return ns > INT64_MAX ? INT64_MAX : (int64_t)ns;
}

/* A blob or text column as a string; the bytes have no NULs, the writer cut at them. */
struct pw_text_cell {
	char bytes[4096];
};

static inline const char *pw_text_cell(sqlite3_stmt *st, int i, struct pw_text_cell *buf)
{
	const void *p = sqlite3_column_blob(st, i);
	size_t n = sqlite3_column_bytes(st, i);

	if (!p)
		n = 0;
	if (n >= sizeof(buf->bytes))
		n = sizeof(buf->bytes) - 1;
	if (n)
		memcpy(buf->bytes, p, n);
	buf->bytes[n] = '\0';
	return buf->bytes;
}

#endif
