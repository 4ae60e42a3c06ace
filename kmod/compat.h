/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * All that differs between the kernels this module builds on (6.1 to 7.x), and
 * nothing else: each entry names the kernel commit that made the difference.
 */
#ifndef PW_COMPAT_H
#define PW_COMPAT_H

#include <linux/version.h>

#endif /* PW_COMPAT_H */
