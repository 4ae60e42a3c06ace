// SPDX-License-Identifier: GPL-2.0-or-later
/* Parsers of the /proc files whose format is numbers and names. */
#include <errno.h>
#include <string.h>

#include "user/base/procfs.h"

/* Fields of /proc/PID/stat behind the comm, counted from the state as 0. */
enum stat_field {
	F_PPID = 1,
	F_FLAGS = 6,
	F_MINFLT = 7,
	F_MAJFLT = 9,
	F_UTIME = 11,
	F_STIME = 12,
	F_THREADS = 17,
	F_START = 19,
	F_VSIZE = 20,
	F_RSS = 21,
	F_START_STACK = 25,
	F_COUNT
};

/* A decimal at *p, bounded by end; signs are skipped and saturate at 0. */
static int next_number(const char **p, const char *end, uint64_t *ret)
{
	const char *s = *p;
	int negative = 0;
	uint64_t n = 0;

	while (s < end && (*s == ' ' || *s == '\t'))
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

int pw_procfs_parse_number(const char *text, size_t len, uint64_t *ret)
{
	return next_number(&text, text + len, ret);
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
		if (next_number(&p, end, &f[i]) && i <= F_RSS)
			return -EINVAL;
	}
	st.ppid = (uint32_t)f[F_PPID];
	st.threads = (uint32_t)f[F_THREADS];
	st.flags = (uint32_t)f[F_FLAGS];
	st.minflt = f[F_MINFLT];
	st.majflt = f[F_MAJFLT];
	st.utime_ticks = f[F_UTIME];
	st.stime_ticks = f[F_STIME];
	st.start_ticks = f[F_START];
	st.vsize_bytes = f[F_VSIZE];
	st.rss_pages = f[F_RSS];
	st.start_stack = f[F_START_STACK];
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

static void take_field(const struct pw_procfs_field *f, const char *line, const char *stop)
{
	size_t n = strlen(f->key);
	const char *p = line + n;
	uint64_t number = 0;

	if ((size_t)(stop - line) <= n || memcmp(line, f->key, n) != 0)
		return;
	for (unsigned int i = 0; i <= f->nth; i++) {
		if (next_number(&p, stop, &number))
			return;
	}
	if (number <= UINT64_MAX / f->unit)
		*f->value = number * f->unit;
}

void pw_procfs_take_fields(const char *text, size_t len, const struct pw_procfs_field *fields,
			   size_t count)
{
	const char *end = text + len;

	for (const char *line = text; line < end;) {
		const char *nl = memchr(line, '\n', (size_t)(end - line));
		const char *stop = nl ? nl : end;

		for (size_t i = 0; i < count; i++) {
			if (*line == *fields[i].key)
				take_field(&fields[i], line, stop);
		}
		line = stop + 1;
	}
}

int pw_procfs_parse_meminfo(const char *text, size_t len, struct pw_meminfo *ret)
{
	struct pw_meminfo mi = { 0 };
	const struct pw_procfs_field fields[] = {
		{ "MemTotal:", 0, 1024, &mi.total },
		{ "MemFree:", 0, 1024, &mi.free },
		{ "MemAvailable:", 0, 1024, &mi.available },
		{ "Cached:", 0, 1024, &mi.cached },
		{ "Slab:", 0, 1024, &mi.slab },
		{ "SwapTotal:", 0, 1024, &mi.swap_total },
		{ "SwapFree:", 0, 1024, &mi.swap_free },
	};

	pw_procfs_take_fields(text, len, fields, sizeof(fields) / sizeof(fields[0]));
	if (!mi.total)
		return -EINVAL;
	*ret = mi;
	return 0;
}

int pw_procfs_meminfo(const struct pw_procfs *fs, struct pw_meminfo *ret)
{
	char buf[8192];
	size_t len;
	int err = pw_procfs_read_path(fs, "proc/meminfo", buf, sizeof(buf), &len);

	if (err && err != -E2BIG) /* the fields stand at its beginning */
		return err;
	return pw_procfs_parse_meminfo(buf, len, ret);
}

int pw_procfs_parse_status(const char *text, size_t len, struct pw_proc_status *ret)
{
	struct pw_proc_status st = { .voluntary_switches = UINT64_MAX };
	uint64_t uid = UINT64_MAX, threads = 0;
	const struct pw_procfs_field fields[] = {
		{ "Uid:", 1, 1, &uid },
		{ "Threads:", 0, 1, &threads },
		{ "RssAnon:", 0, 1024, &st.anon },
		{ "RssFile:", 0, 1024, &st.file },
		{ "RssShmem:", 0, 1024, &st.shmem },
		{ "VmSwap:", 0, 1024, &st.swap },
		{ "VmPTE:", 0, 1024, &st.page_tables },
		{ "VmSize:", 0, 1024, &st.virtual_size },
		{ "VmData:", 0, 1024, &st.data },
		{ "VmStk:", 0, 1024, &st.stack },
		{ "VmExe:", 0, 1024, &st.exe },
		{ "VmLib:", 0, 1024, &st.lib },
		{ "VmLck:", 0, 1024, &st.locked },
		{ "VmPin:", 0, 1024, &st.pinned },
		{ "VmHWM:", 0, 1024, &st.hiwater_rss },
		{ "voluntary_ctxt_switches:", 0, 1, &st.voluntary_switches },
	};

	pw_procfs_take_fields(text, len, fields, sizeof(fields) / sizeof(fields[0]));
	if (uid > UINT32_MAX || threads > UINT32_MAX)
		return -EINVAL;
	st.uid = (uint32_t)uid;
	st.threads = (uint32_t)threads;
	*ret = st;
	return 0;
}

int pw_procfs_status(const struct pw_procfs *fs, uint32_t pid, struct pw_proc_status *ret)
{
	char buf[8192];
	size_t len;
	int err = pw_procfs_read(fs, pid, "status", buf, sizeof(buf), &len);

	if (err && err != -E2BIG) /* so are these */
		return err;
	return pw_procfs_parse_status(buf, len, ret);
}
