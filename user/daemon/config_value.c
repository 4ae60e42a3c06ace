// SPDX-License-Identifier: GPL-2.0-or-later
#include "user/daemon/config_value.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/clock.h"
#include "user/base/text.h"

int pw_config_path(char *out, size_t size, const char *value, const char **reason)
{
	if (value[0] && value[0] != '/') {
		*reason = "not an absolute path";
		return -EINVAL;
	}
	if (strlen(value) >= size) {
		*reason = "too long";
		return -EINVAL;
	}
	snprintf(out, size, "%s", value);
	return 0;
}

int pw_config_duration(uint64_t *out, const char *value, uint64_t min, uint64_t max,
		       const char **reason)
{
	uint64_t ns;

	if (pw_clock_parse_duration(value, &ns) || ns < min || ns > max) {
		*reason = "not a duration in range";
		return -EINVAL;
	}
	*out = ns;
	return 0;
}

int pw_config_size(uint64_t *out, const char *value, uint64_t min, uint64_t max, const char **reason)
{
	uint64_t bytes;

	if (pw_text_parse_size(value, &bytes) || bytes < min || bytes > max) {
		*reason = "not a size in range";
		return -EINVAL;
	}
	*out = bytes;
	return 0;
}

int pw_config_number(uint32_t *out, const char *value, uint32_t min, uint32_t max, const char **reason)
{
	char *end;
	unsigned long n;

	errno = 0;
	n = strtoul(value, &end, 10);
	if (errno || !isdigit((unsigned char)value[0]) || *end || n < min || n > max) {
		*reason = "not a number in range";
		return -EINVAL;
	}
	*out = n;
	return 0;
}

int pw_config_yes_no(bool *out, const char *value, bool when_yes, const char **reason)
{
	if (strcmp(value, "yes") && strcmp(value, "no")) {
		*reason = "neither yes nor no";
		return -EINVAL;
	}
	*out = strcmp(value, "yes") == 0 ? when_yes : !when_yes;
	return 0;
}

int pw_config_on_off(bool *out, const char *value, const char **reason)
{
	if (strcmp(value, "on") && strcmp(value, "off")) {
		*reason = "neither on nor off";
		return -EINVAL;
	}
	*out = strcmp(value, "on") == 0;
	return 0;
}
