/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How a frame of a program without frame pointers is left, in a form that a
 * BPF program can search: rows sorted by place, each for the places up to the
 * next row's. Shared by the unwinder and by who makes the tables from the
 * files' call frame information.
 *
 * Two words say what x86-64 programs need: where the frame's base (the CFA)
 * is, and where the caller's rbp was put. The return address is below the
 * base, rsp after the return is the base itself.
 */
#ifndef PW_BPF_UNWIND_H
#define PW_BPF_UNWIND_H

enum pw_unwind_cfa {
	PW_UNWIND_UNKNOWN = 0, /* nobody told, or not in this form: the walk ends incomplete */
	PW_UNWIND_END, /* the outermost frame: the walk is complete */
	PW_UNWIND_RSP, /* rsp + cfa */
	PW_UNWIND_RBP, /* rbp + cfa */
	PW_UNWIND_RSP_DEREF, /* what is at rsp + cfa: a stack that was aligned */
	PW_UNWIND_RBP_DEREF, /* what is at rbp + cfa */
	PW_UNWIND_RSP_DEREF_8, /* ... and 8 on: cryptography's assembly */
	PW_UNWIND_RBP_DEREF_8,
	PW_UNWIND_PLT, /* rsp + 8, and + 16 from byte `cfa` of a PLT entry of 16 on */
	PW_UNWIND_SIGNAL, /* a signal frame: the kernel saved all registers at rsp */
	PW_UNWIND_CFAS
};

enum pw_unwind_rbp {
	PW_UNWIND_RBP_KEPT = 0, /* the caller's is in rbp (or lost: it is not needed then) */
	PW_UNWIND_RBP_AT_CFA, /* at the base + rbp * 8 */
	PW_UNWIND_RBP_AT_RBP, /* at rbp + rbp * 8: beside PW_UNWIND_RBP_DEREF */
};

/* Bytes from rsp to the registers that the kernel saves for a signal handler. */
#define PW_UNWIND_SIGNAL_RBP 120
#define PW_UNWIND_SIGNAL_RSP 160
#define PW_UNWIND_SIGNAL_RIP 168

struct pw_unwind_row {
	unsigned int pc; /* from the file's lowest loaded address */
	/* Bit fields are laid out alike by the compilers of both sides. */
	unsigned int cfa_rule : 4; /* enum pw_unwind_cfa */
	unsigned int rbp_rule : 2; /* enum pw_unwind_rbp */
	signed int cfa : 19; /* in units of 8 bytes */
	signed int rbp : 7; /* in units of 8 bytes */
};

_Static_assert(sizeof(struct pw_unwind_row) == 8, "a row of the unwinder");

#endif
