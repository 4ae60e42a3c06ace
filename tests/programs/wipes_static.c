// SPDX-License-Identifier: GPL-2.0-or-later
/* tests/programs/wipes, linked statically: see tests/tests.mk. */
#include "tests/programs/wipes.c"
