/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What this kernel and these privileges allow, found by trying: programs are
 * loaded and attached, calls are made, and undone at once. No version is
 * compared.
 */
#ifndef PW_CMD_PROBE_H
#define PW_CMD_PROBE_H

#include <stddef.h>

#include "user/view/tables.h"

#define PW_PROBE_FOUND 160

struct pw_probe_context {
	const char *socket_path; /* the daemon's */
	const char *history_path;
};

/*
 * One thing to try. check returns 0 or -errno and may write what it found;
 * where it does not, "ok" or the errno's text stands there.
 */
struct pw_probe {
	const char *name; /* "raw-tracepoints": the same in every output */
	int (*check)(const struct pw_probe_context *ctx, char found[PW_PROBE_FOUND]);
	enum pw_doctor_state otherwise; /* what its failure is */
	const char *costs; /* what is not seen without it */
	const char *remedy;
};

/* Each ends with name NULL. */
extern const struct pw_probe pw_probes_machine[]; /* kernel, privileges, /proc, /sys */
extern const struct pw_probe pw_probes_bpf[]; /* trial loads */
extern const struct pw_probe pw_probes_wipes[]; /* what of wipes is seen, what the kernel clears */
extern const struct pw_probe pw_probes_own[]; /* module, daemon, history */

#endif
