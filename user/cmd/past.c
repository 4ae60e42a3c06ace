// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <string.h>

#include "user/base/clock.h"
#include "user/base/procfs.h"
#include "user/cmd/past.h"
#include "user/source/machine.h"
#include "user/store/replay.h"

int pw_past_open(const char *history, uint64_t since_ns, const char *root, struct pw_model **ret,
		 struct pw_error *err)
{
	struct pw_store_options options = { .read_only = true };
	struct pw_machine machine; /* the history does not keep it: as it is here and now */
	struct pw_model *past = NULL;
	struct pw_procfs fs;
	uint64_t now = pw_clock_real_ns();
	struct pw_store *store;
	int rc = pw_store_open(history, &options, &store, err);

	if (rc == -ENOENT)
		pw_error_remedy(err, "the daemon keeps it: systemctl start pagewarden; or name "
				     "another with --history");
	if (rc)
		return rc;
	pw_procfs_init(&fs, root);
	rc = pw_machine_fill(&fs, "history",
			     PW_COVER_EVENTS | PW_COVER_OOM | PW_COVER_ALL_PROCESSES, &machine);
	rc = rc ? rc : pw_model_create(NULL, &past);
	if (rc)
		pw_error_set(err, rc, "cannot look at this machine: %s", strerror(-rc));
	else
		rc = pw_store_replay(store, now > since_ns ? now - since_ns : 0, now, &machine,
				     pw_model_ingest, past, err);
	pw_store_close(store);
	if (rc)
		pw_model_destroy(past);
	else
		*ret = past;
	return rc;
}
