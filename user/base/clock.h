/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The two clocks of a trace: BOOTTIME for order, REALTIME for people. */
#ifndef PW_BASE_CLOCK_H
#define PW_BASE_CLOCK_H

#include <stddef.h>
#include <stdint.h>

#define PW_NSEC_PER_SEC 1000000000ull
#define PW_NSEC_PER_MSEC 1000000ull

uint64_t pw_clock_boot_ns(void);
uint64_t pw_clock_real_ns(void);
/* CLOCK_REALTIME at boot, so that wall = boot_realtime + boottime. */
uint64_t pw_clock_boot_realtime_ns(void);

#define PW_RFC3339_LEN 40
/* RFC 3339 in UTC with milliseconds: 2026-01-31T23:59:59.123Z. Returns buf. */
char *pw_clock_rfc3339(uint64_t realtime_ns, char buf[PW_RFC3339_LEN]);
/* "2026-01-31T23:59:59Z", with a fraction or an offset (+01:00) if need be. 0 or -EINVAL. */
int pw_clock_parse_rfc3339(const char *text, uint64_t *ret_realtime_ns);
/* "90s", "15m", "24h", "7d", "250ms"; a bare number is seconds. 0 or -EINVAL. */
int pw_clock_parse_duration(const char *text, uint64_t *ret_ns);

#endif
