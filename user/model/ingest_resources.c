// SPDX-License-Identifier: GPL-2.0-or-later
/* RESOURCES and CGROUP: what processes hold beside memory, and what bounds them. */
#include "user/model/cgroup_table.h"
#include "user/model/ingest.h"
#include "user/model/process_table.h"

#define PATH_BYTES_MAX 4095
#define BYTES_LIMIT (PW_INGEST_PAGES_LIMIT * 4096)

int pw_ingest_resources(struct pw_model *m, const struct pw_record *rec)
{
	const struct pw_resources *r = (const void *)rec;
	struct pw_process *p;
	int err = pw_process_obtain(m, &r->key, rec->time_ns, &p);

	if (err || !p)
		return err;
	p->confirmed = true;
	p->resources = *r;
	p->resources.rec.size = sizeof(*r);
	return 0;
}

static bool known_and_in_bounds(const struct pw_cgroup *r)
{
	const uint64_t bytes[] = {
		r->current_bytes, r->max_bytes,		 r->max_used_bytes,
		r->swap_bytes,	  r->swap_max_bytes,	 r->anon_bytes,
		r->file_bytes,	  r->slab_bytes,	 r->slab_reclaimable_bytes,
		r->sock_bytes,	  r->kernel_stack_bytes, r->page_table_bytes,
	};

	for (size_t i = 0; i < sizeof(bytes) / sizeof(bytes[0]); i++) {
		if (bytes[i] != PW_UNKNOWN && bytes[i] > BYTES_LIMIT)
			return false;
	}
	return r->cgroup_id != 0;
}

int pw_ingest_cgroup(struct pw_model *m, const struct pw_record *rec)
{
	const struct pw_cgroup *r = (const void *)rec;

	if (!known_and_in_bounds(r) || r->path_len > PATH_BYTES_MAX ||
	    r->path_len > rec->size - sizeof(*r))
		return pw_ingest_invalid(m);
	return pw_cgroup_update(m, r, (const char *)(r + 1), r->path_len);
}
