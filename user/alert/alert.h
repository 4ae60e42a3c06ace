/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What somebody is told: a suspect or a wipe alert, from the moment it begins
 * (firing) to the one that it ends (resolved). Texts are raw, cut to their
 * room with the end kept; who writes them out escapes them.
 *
 * The JSON form (pw_document_alert) is what a hook reads and what waits on the
 * disk; the latter is read back as untrusted.
 */
#ifndef PW_ALERT_ALERT_H
#define PW_ALERT_ALERT_H

#include <stddef.h>
#include <stdint.h>

#include "kmod/uapi/pagewarden.h"
#include "user/view/document.h"

enum pw_alert_state { PW_ALERT_FIRING, PW_ALERT_RESOLVED };

struct pw_alert {
	enum pw_alert_state state;
	uint64_t fingerprint; /* the same for the same cause on every host and boot */
	char name[40]; /* "PagewardenLeakSuspected" */
	char severity[12]; /* "critical", "warning", "info" */
	char class[32]; /* "growing", "wiped-in-part" */
	char series[16]; /* "anon"; "" of a wipe */
	char value_unit[16]; /* "bytes", "files"; "" of a wipe */
	char subject[12]; /* "process", "group", "cgroup" */
	char comm[PW_COMM_LEN + 1];
	char exe[384], cgroup[384], unit[160], container[80], host[65];
	uint32_t pid; /* 0: not a process */
	uint32_t members; /* processes, groups and cgroups that it stands for */
	uint64_t count; /* of a wipe: how often */
	uint64_t starts_ns, ends_ns; /* realtime; ends: 0 while firing */
	uint64_t since_ns; /* where the growth began; 0: not known */
	uint64_t window_ns; /* that decided, in the series' own time; 0: none */
	uint64_t value;
	double growth, growth_low, growth_high; /* units per hour; NaN: not known */
	double confidence; /* NaN: not known */
	char limit[16]; /* "cgroup"; "" */
	double limit_s, limit_low_s, limit_high_s; /* time to it; NaN: not known */
	char summary[256], evidence[640];
	char reason[256]; /* of the last change */
};

/* An alert about nothing: every figure is unknown. */
void pw_alert_init(struct pw_alert *a);
/* Copies; of a text that is too long the end is kept behind "...". */
void pw_alert_text(char *out, size_t size, const char *text);
/* Names one alert among those that may fire: one cause in two classes is two alerts. */
uint64_t pw_alert_id(const struct pw_alert *a);
uint64_t pw_alert_id_of(uint64_t fingerprint, const char *class);
const char *pw_alert_state_name(enum pw_alert_state s); /* "firing", "resolved" */

extern const struct pw_column pw_alert_notice_columns[];
extern const struct pw_document_shape pw_document_alert; /* header: struct pw_alert */

#define PW_ALERT_JSON_MAX 16384
/* One line without a newline; free it. 0 or -ENOMEM. */
int pw_alert_to_json(const struct pw_alert *a, char **ret, size_t *ret_len);
/* -EBADMSG: not such a document. */
int pw_alert_from_json(const char *text, size_t len, struct pw_alert *ret);

#endif
