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

static const struct {
	const char *suffix;
	uint64_t ns;
} duration_units[] = {
	{"", PW_NSEC_PER_SEC},	     {"ms", PW_NSEC_PER_MSEC},	     {"s", PW_NSEC_PER_SEC},
	{"m", 60 * PW_NSEC_PER_SEC}, {"h", 3600 * PW_NSEC_PER_SEC}, {"d", 86400 * PW_NSEC_PER_SEC},
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
