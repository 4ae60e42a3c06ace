/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What this kernel and these privileges allow, found by trying: programs are
 * loaded and attached, calls are made, and undone at once. No version is
 * compared.
 */
#ifndef PW_CMD_PROBE_H
#define PW_CMD_PROBE_H

#include <stddef.h>

enum pw_probe_status {
	PW_PROBE_OK,
	PW_PROBE_MISSING, /* something is seen less well, or not at all */
	PW_PROBE_OFF, /* optional and not in use */
};

#define PW_PROBE_DETAIL 160

struct pw_probe_context {
	const char *socket_path; /* the daemon's */
	const char *history_path;
};

/*
 * One thing to try. check returns 0 or -errno and may write a detail; without
 * one the errno's text stands there.
 */
struct pw_probe {
	const char *name; /* "raw-tracepoints": the same in every output */
	int (*check)(const struct pw_probe_context *ctx, char detail[PW_PROBE_DETAIL]);
	const char *cost; /* what is not seen without it */
	const char *remedy;
	int optional; /* absent is "off", not "missing" */
};

/* Each ends with name NULL. */
extern const struct pw_probe pw_probes_machine[]; /* kernel, privileges, /proc, /sys */
extern const struct pw_probe pw_probes_bpf[]; /* trial loads */
extern const struct pw_probe pw_probes_own[]; /* module, daemon, history */

struct pw_probe_result {
	const struct pw_probe *probe;
	enum pw_probe_status status;
	char detail[PW_PROBE_DETAIL];
};

/* Runs one; never fails. */
void pw_probe_run(const struct pw_probe *p, const struct pw_probe_context *ctx,
		  struct pw_probe_result *ret);

#endif
