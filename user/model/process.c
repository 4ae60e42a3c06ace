// SPDX-License-Identifier: GPL-2.0-or-later
#include "user/model/process.h"

uint64_t pw_process_footprint(const struct pw_process *p)
{
	return p->now.anon_pages + p->now.shmem_pages + p->now.swap_pages;
}

uint64_t pw_process_rss(const struct pw_process *p)
{
	return p->now.anon_pages + p->now.file_pages + p->now.shmem_pages;
}

int64_t pw_process_residual(const struct pw_process *p)
{
	return (int64_t)(p->now.anon_pages + p->now.shmem_pages) - (int64_t)p->now.ledger_live_pages;
}

uint64_t pw_process_until(const struct pw_process *p, uint64_t now_ns)
{
	return p->alive ? now_ns : p->exit_ns;
}
