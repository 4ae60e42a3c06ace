/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The text of /proc/PID/maps, and of the head lines in smaps. */
#ifndef PW_INSPECT_MAPS_H
#define PW_INSPECT_MAPS_H

#include "user/inspect/address_space.h"
#include "user/inspect/lock_meter.h"

/* "START-END PERMS OFFSET MAJOR:MINOR INODE [NAME]". 0, or -EBADMSG: no such line. */
int pw_maps_parse(const char *line, struct pw_vma *ret);
/* Calls add for each line of an open maps file. A result of add that is not 0 stops it. */
int pw_maps_read(int fd, struct pw_lock_meter *meter,
		 int (*add)(void *ctx, const struct pw_vma *vma), void *ctx);

#endif
