// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <string.h>

#include "user/source/source.h"

static bool wants_its_own(const struct pw_source_options *opt)
{
	return opt->root || opt->sample_every || opt->process_capacity || opt->ring_bytes ||
	       opt->vm_calls != PW_VM_CALLS_AUTO || opt->no_seed || opt->no_ledger || opt->wipes.on;
}

/* Whether *why is worth a line: no daemon at the usual place is no news. */
static bool is_news(int rc, const char *socket_path)
{
	return socket_path || (rc != -ENOENT && rc != -ECONNREFUSED);
}

static int try_daemon(const struct pw_source_options *opt, const char *socket_path,
		      struct pw_source **ret, struct pw_error *why)
{
	struct pw_error told = { 0 };
	int rc;

	if ((!socket_path && wants_its_own(opt)) || (socket_path && !strcmp(socket_path, "none")))
		return -ENOENT;
	rc = pw_source_stream_create(socket_path ? socket_path : PW_SOURCE_SOCKET, ret, &told);
	if (rc && is_news(rc, socket_path))
		*why = told;
	return rc;
}

/* Counters and events need less than the ledger: no CAP_SYS_ADMIN. */
static int without_ledger(const struct pw_source_options *opt, struct pw_source **ret)
{
	struct pw_source_options less = *opt;
	struct pw_error same;

	if (opt->no_ledger)
		return -EOPNOTSUPP;
	less.no_ledger = true;
	return pw_source_bpf_create(&less, ret, &same);
}

int pw_source_own_create(const struct pw_source_options *opt, struct pw_source **ret,
			 struct pw_error *why, struct pw_error *err)
{
	int rc = pw_source_bpf_create(opt, ret, why);

	if (!rc)
		*why = (struct pw_error){ 0 };
	if (rc == -EOPNOTSUPP)
		rc = without_ledger(opt, ret);
	return rc ? pw_source_proc_create(opt, ret, err) : 0;
}

int pw_source_open_best(const struct pw_source_options *opt, const char *socket_path,
			struct pw_source **ret, struct pw_error *why_or_null, struct pw_error *err)
{
	struct pw_error none, bpf = { 0 }, *why = why_or_null ? why_or_null : &none;
	int rc;

	memset(why, 0, sizeof(*why));
	if (!opt->root && !try_daemon(opt, socket_path, ret, why))
		return 0;
	if (opt->root || opt->only_pid)
		return pw_source_proc_create(opt, ret, err);
	rc = pw_source_own_create(opt, ret, &bpf, err);
	/* a daemon that refuses us is the nearer way to the same */
	if (!why->what[0])
		*why = bpf;
	return rc;
}
