// SPDX-License-Identifier: GPL-2.0-or-later
#include "user/base/clock.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static uint64_t clock_ns(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts); /* cannot fail for the clocks below */
	return (uint64_t)ts.tv_sec * PW_NSEC_PER_SEC + (uint64_t)ts.tv_nsec;
}

uint64_t pw_clock_boot_ns(void)
{
	return clock_ns(CLOCK_BOOTTIME);
}

uint64_t pw_clock_real_ns(void)
{
	return clock_ns(CLOCK_REALTIME);
}

uint64_t pw_clock_boot_realtime_ns(void)
{
	uint64_t before = pw_clock_boot_ns();
	uint64_t real = pw_clock_real_ns();
	uint64_t after = pw_clock_boot_ns();

	return real - (before + (after - before) / 2);
}

char *pw_clock_rfc3339(uint64_t realtime_ns, char buf[PW_RFC3339_LEN])
{
	time_t sec = (time_t)(realtime_ns / PW_NSEC_PER_SEC);
	unsigned int ms = (unsigned int)(realtime_ns % PW_NSEC_PER_SEC / PW_NSEC_PER_MSEC);
	struct tm tm;

	/* 2^64 ns end in the year 2554, so that gmtime_r never fails. */
	gmtime_r(&sec, &tm);
	snprintf(buf, PW_RFC3339_LEN, "%04u-%02u-%02uT%02u:%02u:%02u.%03uZ",
		 (unsigned int)(tm.tm_year + 1900) % 10000u, (unsigned int)tm.tm_mon + 1u,
		 (unsigned int)tm.tm_mday, (unsigned int)tm.tm_hour, (unsigned int)tm.tm_min,
		 (unsigned int)tm.tm_sec, ms);
	return buf;
}

/* ".123" to ns; digits beyond the ninth are dropped. Returns what follows. */
static const char *parse_fraction(const char *p, uint64_t *ret_ns)
{
	uint64_t scale = PW_NSEC_PER_SEC;

	*ret_ns = 0;
	if (*p != '.')
		return p;
	for (p++; *p >= '0' && *p <= '9'; p++) {
		scale /= 10;
		*ret_ns += (uint64_t)(*p - '0') * scale;
	}
	return p;
}

/* "Z" or "+01:00" to seconds east of UTC. */
static int parse_offset(const char *p, int64_t *ret)
{
	unsigned int hours, minutes;
	int used = 0;

	*ret = 0;
	if ((*p == 'Z' || *p == 'z') && !p[1])
		return 0;
	if (sscanf(p, "%*1[+-]%2u:%2u%n", &hours, &minutes, &used) != 2 || p[used] || hours > 23 ||
	    minutes > 59)
		return -EINVAL;
	*ret = (int64_t)(hours * 3600 + minutes * 60) * (*p == '-' ? -1 : 1);
	return 0;
}

int pw_clock_parse_rfc3339(const char *text, uint64_t *ret_realtime_ns)
{
	struct tm tm = { 0 };
	uint64_t fraction;
	int64_t sec, offset;
	const char *p = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);

	if (!p || parse_offset(parse_fraction(p, &fraction), &offset))
		return -EINVAL;
	sec = (int64_t)timegm(&tm) - offset;
	if (sec < 0 || (uint64_t)sec > UINT64_MAX / PW_NSEC_PER_SEC - 1)
		return -EINVAL;
	*ret_realtime_ns = (uint64_t)sec * PW_NSEC_PER_SEC + fraction;
	return 0;
}

static const struct {
	const char *suffix;
	uint64_t ns;
} duration_units[] = {
	{ "", PW_NSEC_PER_SEC },	 { "ms", PW_NSEC_PER_MSEC },
	{ "s", PW_NSEC_PER_SEC },	 { "m", 60 * PW_NSEC_PER_SEC },
	{ "h", 3600 * PW_NSEC_PER_SEC }, { "d", 86400 * PW_NSEC_PER_SEC },
};

int pw_clock_parse_duration(const char *text, uint64_t *ret_ns)
{
	uint64_t n = 0, ns;
	const char *p = text;

	for (; *p >= '0' && *p <= '9'; p++) {
		if (__builtin_mul_overflow(n, 10, &n) ||
		    __builtin_add_overflow(n, (uint64_t)(*p - '0'), &n))
			return -EINVAL;
	}
	if (p == text)
		return -EINVAL;
	for (size_t i = 0; i < sizeof(duration_units) / sizeof(duration_units[0]); i++) {
		if (strcmp(p, duration_units[i].suffix) != 0)
			continue;
		if (__builtin_mul_overflow(n, duration_units[i].ns, &ns))
			return -EINVAL;
		*ret_ns = ns;
		return 0;
	}
	return -EINVAL;
}
