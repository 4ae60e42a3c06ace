/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The library's descriptor of /dev/pagewarden: opened once per process, never
 * used in a forked child, and never taken for open because of its number (a
 * daemon closes all descriptors, and another file may get it). Without locks,
 * for signal handlers.
 */
#ifndef PW_LIB_DEVICE_H
#define PW_LIB_DEVICE_H

/* The descriptor, or -ENODEV: no module, -EACCES: no right to it, or another -errno. */
int pw_device_get(void);
/* Closes it. */
void pw_device_close(void);
/* In a forked child: lets go of the parent's. */
void pw_device_forked(void);

#endif
