// SPDX-License-Identifier: GPL-2.0-or-later
#include "user/symbol/unwind_rule.h"

#include <dwarf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* DWARF's numbers of x86-64's registers. */
enum { RBP = 6, RSP = 7, RIP = 16 };

#define CFA_MAX (1 << 18) /* of what the row's fields hold, in units of 8 bytes */
#define RBP_MAX (1 << 6)

/* The register and offset of a DW_OP_breg; -1: it is none. */
static int register_of(const Dwarf_Op *op, int64_t *ret_offset)
{
	if (op->atom >= DW_OP_breg0 && op->atom <= DW_OP_breg31) {
		*ret_offset = (int64_t)op->number;
		return op->atom - DW_OP_breg0;
	}
	if (op->atom == DW_OP_bregx) {
		*ret_offset = (int64_t)op->number2;
		return op->number <= 31 ? (int)op->number : -1;
	}
	return -1;
}

static bool in_words(int64_t bytes, int64_t max, int *ret)
{
	if (bytes % 8 || bytes / 8 >= max || bytes / 8 < -max)
		return false;
	*ret = (int)(bytes / 8);
	return true;
}

/*
 * What linkers say of a lazy PLT, whose entries push between their jumps:
 * rsp + 8 + ((rip & 15) >= N) * 8. N is put into *ret; 0: it is something else.
 */
static int plt_threshold(const Dwarf_Op *ops, size_t count)
{
	static const uint8_t atoms[] = { DW_OP_breg7, DW_OP_breg16, DW_OP_lit15, DW_OP_and, 0,
					 DW_OP_ge,    DW_OP_lit3,   DW_OP_shl,	 DW_OP_plus };

	if (count != sizeof(atoms) || ops[0].number != 8 || ops[1].number != 0 ||
	    ops[4].atom < DW_OP_lit1 || ops[4].atom > DW_OP_lit15)
		return 0;
	for (size_t i = 0; i < count; i++)
		if (atoms[i] && ops[i].atom != atoms[i])
			return 0;
	return ops[4].atom - DW_OP_lit0;
}

static enum pw_unwind_cfa cfa_rule(const Dwarf_Op *ops, size_t count, bool is_signal, int *ret_cfa)
{
	int64_t offset = 0;
	int reg;

	if (!count)
		return PW_UNWIND_UNKNOWN;
	reg = register_of(&ops[0], &offset);
	if (count == 2 && ops[1].atom == DW_OP_deref && is_signal && reg == RSP &&
	    offset == PW_UNWIND_SIGNAL_RSP)
		return PW_UNWIND_SIGNAL;
	*ret_cfa = plt_threshold(ops, count);
	if (*ret_cfa)
		return PW_UNWIND_PLT;
	if ((reg != RSP && reg != RBP) || !in_words(offset, CFA_MAX, ret_cfa))
		return PW_UNWIND_UNKNOWN;
	if (count == 1)
		return reg == RSP ? PW_UNWIND_RSP : PW_UNWIND_RBP;
	if (ops[1].atom != DW_OP_deref)
		return PW_UNWIND_UNKNOWN;
	if (count == 2)
		return reg == RSP ? PW_UNWIND_RSP_DEREF : PW_UNWIND_RBP_DEREF;
	if (count == 3 && ops[2].atom == DW_OP_plus_uconst && ops[2].number == 8)
		return reg == RSP ? PW_UNWIND_RSP_DEREF_8 : PW_UNWIND_RBP_DEREF_8;
	return PW_UNWIND_UNKNOWN;
}

/* A register that is saved at the CFA and an offset. */
static bool is_at_cfa(const Dwarf_Op *ops, size_t count, int64_t *ret_offset)
{
	if (!count || ops[0].atom != DW_OP_call_frame_cfa)
		return false;
	if (count == 2 && ops[1].atom != DW_OP_plus_uconst)
		return false;
	*ret_offset = count == 2 ? (int64_t)ops[1].number : 0;
	return count <= 2;
}

/* Where the return address is: at the CFA - 8, and nothing else is expected. */
static enum pw_unwind_cfa return_rule(Dwarf_Frame *frame, enum pw_unwind_cfa rule)
{
	Dwarf_Op memory[3], *ops;
	int64_t offset;
	size_t count;

	if (dwarf_frame_register(frame, RIP, memory, &ops, &count))
		return PW_UNWIND_UNKNOWN;
	if (!count && ops == memory)
		return PW_UNWIND_END; /* undefined: there is no caller */
	if (rule == PW_UNWIND_SIGNAL)
		return rule;
	return is_at_cfa(ops, count, &offset) && offset == -8 ? rule : PW_UNWIND_UNKNOWN;
}

static bool rbp_rule(Dwarf_Frame *frame, struct pw_unwind_row *ret)
{
	Dwarf_Op memory[3], *ops;
	int64_t offset;
	size_t count;
	int words;

	if (dwarf_frame_register(frame, RBP, memory, &ops, &count))
		return false;
	if (!count) {
		ret->rbp_rule = PW_UNWIND_RBP_KEPT;
		return true;
	}
	if (is_at_cfa(ops, count, &offset))
		ret->rbp_rule = PW_UNWIND_RBP_AT_CFA;
	else if (count == 2 && ops[0].atom == DW_OP_call_frame_cfa && /* below it on the stack */
		 register_of(&ops[1], &offset) == RBP)
		ret->rbp_rule = PW_UNWIND_RBP_AT_RBP;
	else
		return false;
	if (!in_words(offset, RBP_MAX, &words))
		return false;
	ret->rbp = words;
	return true;
}

void pw_unwind_rule(Dwarf_Frame *frame, struct pw_unwind_row *ret)
{
	struct pw_unwind_row row = { 0 };
	enum pw_unwind_cfa rule;
	bool is_signal;
	Dwarf_Op *ops;
	size_t count;
	int cfa = 0;

	*ret = row;
	if (dwarf_frame_info(frame, NULL, NULL, &is_signal) < 0 ||
	    dwarf_frame_cfa(frame, &ops, &count))
		return;
	rule = return_rule(frame, cfa_rule(ops, count, is_signal, &cfa));
	if (rule == PW_UNWIND_UNKNOWN)
		return;
	row.cfa_rule = rule;
	if (rule != PW_UNWIND_END && rule != PW_UNWIND_SIGNAL) {
		row.cfa = cfa;
		if (!rbp_rule(frame, &row))
			return;
	}
	*ret = row;
}
