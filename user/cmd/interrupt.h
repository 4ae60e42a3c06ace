/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SIGINT, SIGTERM and SIGHUP end a command cleanly; SIGWINCH wakes it. The
 * handlers only make a descriptor readable, so that a wait that polls it never
 * misses one.
 */
#ifndef PW_CMD_INTERRUPT_H
#define PW_CMD_INTERRUPT_H

#include <stdbool.h>

int pw_interrupt_catch(void); /* 0 or -errno; again is harmless */
bool pw_interrupted(void); /* an ending signal came */
int pw_interrupt_fd(void); /* readable after any of the signals; -1 before catch */
void pw_interrupt_clear(void); /* makes it unreadable again; pw_interrupted() stays */

#endif
