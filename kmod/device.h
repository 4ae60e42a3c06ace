/* SPDX-License-Identifier: GPL-2.0-only */
/* The character device /dev/pagewarden: what uapi/pagewarden_dev.h promises. */
#ifndef PW_DEVICE_H
#define PW_DEVICE_H

#include <linux/mutex.h>
#include <linux/types.h>

#include "event.h"

/* One open file description; watches know theirs by its address. */
struct pw_file {
	struct pw_reader reader;
	struct mutex read_lock; /* one read(2) at a time */
};

int pw_device_init(void);
void pw_device_exit(void);

/* For watches and arenas: never the same twice while the module is loaded, never 0. */
u64 pw_device_new_id(void);

#endif /* PW_DEVICE_H */
