// SPDX-License-Identifier: GPL-2.0-or-later
/* Parsers of the /proc files whose format is numbers and names. */
#include <errno.h>
#include <string.h>

#include "user/base/procfs.h"

/* Fields of /proc/PID/stat behind the comm, counted from the state as 0. */
enum stat_field {
	F_PPID = 1,
	F_MINFLT = 7,
	F_MAJFLT = 9,
	F_UTIME = 11,
	F_STIME = 12,
	F_THREADS = 17,
	F_START = 19,
	F_VSIZE = 20,
	F_RSS = 21,
	F_COUNT
};

/* A decimal at *p, bounded by end; signs are skipped and saturate at 0. */
static int next_number(const char **p, const char *end, uint64_t *ret)
{
	const char *s = *p;
	int negative = 0;
	uint64_t n = 0;

	while (s < end && *s == ' ')
		s++;
	if (s < end && *s == '-') {
		negative = 1;
		s++;
	}
	if (s == end || *s < '0' || *s > '9')
		return -EINVAL;
	for (; s < end && *s >= '0' && *s <= '9'; s++) {
		if (__builtin_mul_overflow(n, 10, &n) ||
		    __builtin_add_overflow(n, (uint64_t)(*s - '0'), &n))
			return -EINVAL;
	}
	*p = s;
	*ret = negative ? 0 : n;
	return 0;
}

int pw_procfs_parse_stat(const char *text, size_t len, struct pw_proc_stat *ret)
{
	const char *end = text + len;
	const char *open = memchr(text, '(', len);
	const char *close = len ? memrchr(text, ')', len) : NULL;
	struct pw_proc_stat st = { 0 };
	uint64_t f[F_COUNT] = { 0 };
	const char *p;
	size_t n;

	if (!open || !close || close < open || end - close < 4 || close[1] != ' ')
		return -EINVAL;
	n = (size_t)(close - open - 1);
	if (n >= sizeof(st.comm))
		n = sizeof(st.comm) - 1;
	memcpy(st.comm, open + 1, n);
	st.state = close[2];
	p = close + 3;
	for (int i = 1; i < F_COUNT; i++) {
		if (next_number(&p, end, &f[i]))
			return -EINVAL;
	}
	st.ppid = (uint32_t)f[F_PPID];
	st.threads = (uint32_t)f[F_THREADS];
	st.minflt = f[F_MINFLT];
	st.majflt = f[F_MAJFLT];
	st.utime_ticks = f[F_UTIME];
	st.stime_ticks = f[F_STIME];
	st.start_ticks = f[F_START];
	st.vsize_bytes = f[F_VSIZE];
	st.rss_pages = f[F_RSS];
	*ret = st;
	return 0;
}

int pw_procfs_stat(const struct pw_procfs *fs, uint32_t pid, struct pw_proc_stat *ret)
{
	char buf[1024];
	size_t len;
	int err = pw_procfs_read(fs, pid, "stat", buf, sizeof(buf), &len);

	return err ? err : pw_procfs_parse_stat(buf, len, ret);
}

int pw_procfs_meminfo(const struct pw_procfs *fs, struct pw_meminfo *ret)
{
	struct pw_meminfo mi = { 0 };
	const struct {
		const char *key;
		uint64_t *value;
	} fields[] = {
		{ "MemTotal:", &mi.total },
		{ "MemFree:", &mi.free },
		{ "MemAvailable:", &mi.available },
		{ "Cached:", &mi.cached },
		{ "Slab:", &mi.slab },
		{ "SwapTotal:", &mi.swap_total },
		{ "SwapFree:", &mi.swap_free },
	};
	char buf[8192];
	size_t len;
	int err = pw_procfs_read_path(fs, "proc/meminfo", buf, sizeof(buf), &len);
	const char *end;

	if (err && err != -E2BIG) /* the fields stand at its beginning */
		return err;
	end = buf + len;
	for (const char *line = buf; line < end;) {
		const char *nl = memchr(line, '\n', (size_t)(end - line));
		const char *stop = nl ? nl : end;

		for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
			size_t k = strlen(fields[i].key);
			const char *p = line + k;
			uint64_t kib;

			if ((size_t)(stop - line) > k && !memcmp(line, fields[i].key, k) &&
			    !next_number(&p, stop, &kib) && kib <= UINT64_MAX / 1024)
				*fields[i].value = kib * 1024;
		}
		line = stop + 1;
	}
	if (!mi.total)
		return -EINVAL;
	*ret = mi;
	return 0;
}
