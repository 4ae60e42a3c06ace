/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Suspected forgotten wipes: a site that nearly always wipes a buffer before
 * it gives it back, and did not this time.
 *
 * The share of wiped releases of a site is estimated by the lower bound of
 * Wilson's score interval (E. B. Wilson, 1927, JASA 22:209-212) at 95 %
 * confidence: with w wiped of n, z = 1.96, p = w / n,
 *
 *	bound = (p + z^2/2n - z * sqrt(p(1-p)/n + z^2/4n^2)) / (1 + z^2/n)
 *
 * A site with bound >= PW_FORGOTTEN_SHARE and at least one release without a
 * wipe is suspected. The bound needs 18 wiped releases to one without; a
 * site that wipes by turns never gets there. It is a suspicion: the buffer may
 * have held nothing secret that time.
 */
#ifndef PW_ANALYSIS_FORGOTTEN_H
#define PW_ANALYSIS_FORGOTTEN_H

#include <stdbool.h>
#include <stdint.h>

#include "user/model/model.h"

#define PW_FORGOTTEN_SHARE 0.75

/* The lower bound of the share of wiped releases; 0 when there are none. */
double pw_forgotten_bound(uint64_t wiped, uint64_t unwiped);
bool pw_forgotten_suspected(const struct pw_wipe_site *site);

/*
 * Suspected sites of the model, the surest first. Free the array, not the items.
 * pid: only sites whose last unwiped release was this process's; 0: all. 0 or -ENOMEM.
 */
int pw_forgotten_sites(const struct pw_model *m, uint32_t pid, const struct pw_wipe_site ***ret,
		       size_t *ret_count);

#endif
