/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * /proc/PID/smaps: dirty pages, and residency where nothing else tells it. The
 * kernel visits each page of a VMA in one go and stalls the target meanwhile,
 * which is why it is read only on request.
 */
#ifndef PW_INSPECT_SMAPS_H
#define PW_INSPECT_SMAPS_H

#include "user/inspect/layout.h"
#include "user/inspect/lock_meter.h"

/*
 * Sets the dirty bytes of the pieces, and with residency the rest as well.
 * Where a VMA is several pieces, its bytes fill them in address order. 0 or
 * -errno.
 */
int pw_smaps_read(int fd, struct pw_layout *l, bool residency, struct pw_lock_meter *meter);

#endif
