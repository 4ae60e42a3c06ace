/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What holder's limits are and how much its threads do. */
#ifndef TESTS_PROGRAMS_HOLDER_H
#define TESTS_PROGRAMS_HOLDER_H

#define HOLDER_ADDRESS_SPACE (7919ul << 20)
#define HOLDER_DATA (4001ul << 20)
#define HOLDER_FILES 2003ul
#define HOLDER_SLEEPS 101

#endif
