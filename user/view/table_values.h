/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Values that several tables show alike. */
#ifndef PW_VIEW_TABLE_VALUES_H
#define PW_VIEW_TABLE_VALUES_H

#include "user/analysis/growth.h"
#include "user/analysis/verdict.h"
#include "user/model/model.h"
#include "user/view/column.h"

/* Growth over a horizon, unknown while the series is younger than it. */
void pw_table_growth(const struct pw_model *m, const struct pw_series *s, enum pw_horizon h,
		     struct pw_value *ret);
/* The last minute of a series of pages, as points of bytes. */
void pw_table_spark(const struct pw_model *m, const struct pw_series *s, struct pw_value *ret);
/* A class by its name; the worst comes first when it is sorted by. */
void pw_table_verdict(struct pw_value *ret, enum pw_verdict_class v);
/* Bytes as hex; none: unknown. */
void pw_table_hex(const uint8_t *bytes, size_t len, struct pw_value *ret);
/* A fixed array of raw bytes that may lack its NUL; empty: unknown. */
void pw_table_bytes(const uint8_t *bytes, size_t size, struct pw_value *ret);

/*
 * A getter of a table whose ctx is the model: `r` is the row, `m` the model; unknown where the
 * condition does not hold. And the column that it belongs to.
 */
#define PW_TABLE_VALUE(table, row_type, name, condition, set, ...)                               \
	static void get_##table##_##name(const void *ctx, const void *row, struct pw_value *ret) \
	{                                                                                        \
		const struct pw_model *m = ctx;                                                  \
		const row_type *r = row;                                                         \
                                                                                                 \
		(void)m;                                                                         \
		(void)r;                                                                         \
		if (condition)                                                                   \
			set(ret, __VA_ARGS__);                                                   \
		else                                                                             \
			pw_value_unknown(ret);                                                   \
	}
#define PW_TABLE_COLUMN(table, name, title, unit, width, standard, help)                  \
	{                                                                                 \
#name, title, help, PW_UNIT_##unit, width, standard, get_##table##_##name \
	}

/*
 * The columns that processes and groups have alike; each table defines its own
 * get_NAME. C is the table's macro.
 */
#define PW_SHARED_COLUMNS(C)                                                                         \
	C(footprint_bytes, "FOOTPR", BYTES, 6, true,                                                 \
	  "memory that cannot be dropped: resident anonymous and shared memory plus swap"),          \
		C(rss_anon_bytes, "ANON", BYTES, 6, true, "resident anonymous memory"),              \
		C(rss_file_bytes, "FILE", BYTES, 6, true, "resident pages of files"),                \
		C(rss_shmem_bytes, "SHMEM", BYTES, 6, true, "resident shared memory and tmpfs"),     \
		C(swap_bytes, "SWAP", BYTES, 6, true, "swapped out"),                                \
		C(rss_bytes, "RSS", BYTES, 6, false, "resident: anonymous, file and shared memory"), \
		C(growth_1m_bytes_per_minute, "+/m 1m", BYTES_PER_MINUTE, 7, true,                   \
		  "growth of the footprint over the last minute, per minute"),                       \
		C(growth_10m_bytes_per_minute, "+/m 10m", BYTES_PER_MINUTE, 7, true,                 \
		  "growth of the footprint over the last 10 minutes, per minute"),                   \
		C(growth_1h_bytes_per_minute, "+/m 1h", BYTES_PER_MINUTE, 7, true,                   \
		  "growth of the footprint over the last hour, per minute"),                         \
		C(growth_8h_bytes_per_minute, "+/m 8h", BYTES_PER_MINUTE, 7, false,                  \
		  "growth of the footprint over the last 8 hours, per minute"),                      \
		C(growth_total_bytes, "GROWN", SIGNED_BYTES, 7, false,                               \
		  "growth of the footprint since it was first seen"),                                \
		C(footprint_series_bytes, "LAST MIN", SPARK, 10, true,                               \
		  "the footprint once a second over the last minute, oldest first"),                 \
		C(minor_faults_per_second, "FLT/s", PER_SECOND, 5, true,                             \
		  "minor page faults per second in the last interval"),                              \
		C(major_faults_per_second, "MAJ/s", PER_SECOND, 5, false,                            \
		  "major page faults (read from disk) per second in the last interval"),             \
		C(touched_pages_per_second, "NEW/s", PER_SECOND, 5, false,                           \
		  "pages first touched per second in the last interval, from the ledger"),           \
		C(freed_pages_per_second, "FREE/s", PER_SECOND, 6, true,                             \
		  "pages given back per second in the last interval, from the ledger"),              \
		C(cpu_ratio, "CPU%", RATIO, 5, true,                                                 \
		  "CPU in the last interval, as a share of one CPU"),                                \
		C(verdict, "VERDICT", TEXT, 7, true,                                                 \
		  "what its growth looks like, the worst of its series; null: too little was seen"),

#endif
