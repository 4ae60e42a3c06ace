// SPDX-License-Identifier: GPL-2.0-or-later
#include "user/analysis/forgotten.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#define Z 1.96 /* 95 % */

double pw_forgotten_bound(uint64_t wiped, uint64_t unwiped)
{
	double n = (double)wiped + (double)unwiped;
	double p, spread, bound;

	if (!wiped)
		return 0;
	p = (double)wiped / n;
	spread = Z * sqrt(p * (1 - p) / n + Z * Z / (4 * n * n));
	bound = (p + Z * Z / (2 * n) - spread) / (1 + Z * Z / n);
	return bound > 0 ? bound : 0;
}

bool pw_forgotten_suspected(const struct pw_wipe_site *site)
{
	return site->unwiped && pw_forgotten_bound(site->wiped, site->unwiped) >= PW_FORGOTTEN_SHARE;
}

static int surest_first(const void *a, const void *b)
{
	const struct pw_wipe_site *x = *(const struct pw_wipe_site *const *)a;
	const struct pw_wipe_site *y = *(const struct pw_wipe_site *const *)b;
	double p = pw_forgotten_bound(x->wiped, x->unwiped);
	double q = pw_forgotten_bound(y->wiped, y->unwiped);

	if (p != q)
		return p > q ? -1 : 1;
	return (x->id > y->id) - (x->id < y->id);
}

int pw_forgotten_sites(const struct pw_model *m, uint32_t pid, const struct pw_wipe_site ***ret,
		       size_t *ret_count)
{
	const struct pw_wipe_ledger *l = &m->wipes;
	const struct pw_wipe_site **sites = calloc(l->site_count + 1, sizeof(*sites));
	size_t count = 0;

	if (!sites)
		return -ENOMEM;
	for (size_t i = 0; i < l->site_count; i++) {
		const struct pw_wipe_site *s = &l->sites[i];

		if ((!pid || s->last_unwiped_key.pid == pid) && pw_forgotten_suspected(s))
			sites[count++] = s;
	}
	qsort(sites, count, sizeof(*sites), surest_first);
	*ret = sites;
	*ret_count = count;
	return 0;
}
