/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One state of call frame information as a row of the unwinder. */
#ifndef PW_SYMBOL_UNWIND_RULE_H
#define PW_SYMBOL_UNWIND_RULE_H

#include <elfutils/libdw.h>

#include "bpf/unwind.h"

/* Fills all but pc; what doesn't fit is PW_UNWIND_UNKNOWN. */
void pw_unwind_rule(Dwarf_Frame *frame, struct pw_unwind_row *ret);

#endif
