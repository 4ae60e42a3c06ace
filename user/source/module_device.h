/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The module's device, as a reader and an admin use it. Programs use libpagewarden. */
#ifndef PW_SOURCE_MODULE_DEVICE_H
#define PW_SOURCE_MODULE_DEVICE_H

#include <stdint.h>

#include "kmod/uapi/pagewarden.h"
#include "kmod/uapi/pagewarden_dev.h"
#include "user/base/error.h"

/*
 * Opens it, non-blocking; its events begin here. -ENOENT: the module is not
 * loaded; -EACCES, -EPERM; -EPROTONOSUPPORT: something else has its name.
 */
int pw_module_open(int *ret_fd, struct pw_error *err);
int pw_module_info(int fd, struct pw_dev_info *ret);

/*
 * Each live watch that we may see, by ascending id, as the REGISTERED record
 * that a reader who came in time would have read; what it released before is
 * in its page counts: dirty ones, and the rest as unknown, because the device
 * does not tell it apart. Stops with fn's nonzero result. 0 or -errno.
 */
int pw_module_watches(int fd, int (*fn)(void *ctx, const struct pw_secret *s), void *ctx);

/* Registers [start, start + length) of a process until the descriptor is closed. -errno with *err. */
struct pw_module_registration {
	uint32_t pid;
	uint64_t start, length;
	unsigned int flags; /* PW_WATCH_* */
	const char *label; /* cut to its room */
};
int pw_module_register(int fd, const struct pw_module_registration *reg, uint64_t *ret_id,
		       struct pw_error *err);

#endif
