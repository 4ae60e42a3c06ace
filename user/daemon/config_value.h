/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The values of the configuration file. Each gives 0, or -EINVAL with the
 * reason; then what it should have set is as it was.
 */
#ifndef PW_DAEMON_CONFIG_VALUE_H
#define PW_DAEMON_CONFIG_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pw_daemon_config;

/* A key, and what it takes in words for the error. A table of them ends with name NULL. */
struct pw_config_key {
	const char *name;
	int (*take)(struct pw_daemon_config *c, const char *value, const char **reason);
	const char *takes;
};

extern const struct pw_config_key pw_config_alert_keys[]; /* config_alert.c */

int pw_config_path(char *out, size_t size, const char *value, const char **reason);
int pw_config_duration(uint64_t *out, const char *value, uint64_t min, uint64_t max,
		       const char **reason);
int pw_config_size(uint64_t *out, const char *value, uint64_t min, uint64_t max, const char **reason);
int pw_config_number(uint32_t *out, const char *value, uint32_t min, uint32_t max,
		     const char **reason);
int pw_config_yes_no(bool *out, const char *value, bool when_yes, const char **reason);
int pw_config_on_off(bool *out, const char *value, const char **reason);

#endif
