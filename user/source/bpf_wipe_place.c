// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A breakpoint on an instruction that the kernel emulates costs a tenth of one
 * on an instruction that it has to single-step. So the probe of a function
 * goes to its first emulated instruction, as long as all before it leave the
 * arguments, the stack pointer and memory alone and run always. x86-64.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "user/source/bpf_wipe.h"

#define WINDOW 64 /* bytes of a function that are looked at */

/* Registers in the order of arguments, as instructions number them: rdi, rsi, rdx, rcx, r8, r9. */
static const uint8_t argument_registers[] = { 7, 6, 2, 1, 8, 9 };

/* May be written before the arguments are read: rax, r10, r11, and arguments that there are not. */
static bool is_scratch(uint8_t reg, unsigned int arguments)
{
	for (unsigned int i = arguments; i < sizeof(argument_registers); i++)
		if (argument_registers[i] == reg)
			return true;
	return reg == 0 || reg == 10 || reg == 11;
}

static bool is_emulated(const uint8_t *code)
{
	if (code[0] == 0x41) /* push r8 .. r15 */
		return (code[1] & 0xf8) == 0x50;
	if (code[0] == 0x0f) /* jcc rel32 */
		return (code[1] & 0xf0) == 0x80;
	/* push, nop, jcc rel8, jmp, call */
	return (code[0] & 0xf8) == 0x50 || code[0] == 0x90 || (code[0] & 0xf0) == 0x70 ||
	       code[0] == 0xeb || code[0] == 0xe9 || code[0] == 0xe8;
}

/* The length of an instruction that changes nothing but flags and scratch registers; 0: another. */
static unsigned int harmless(const uint8_t *code, unsigned int arguments)
{
	static const uint8_t endbr64[] = { 0xf3, 0x0f, 0x1e, 0xfa };
	const uint8_t rex = (code[0] & 0xf0) == 0x40 ? code[0] : 0;
	const uint8_t *op = code + (rex ? 1 : 0);
	const uint8_t mod = op[1] >> 6, rm = (op[1] & 7) | (rex & 1 ? 8 : 0);
	const uint8_t reg = (op[1] >> 3 & 7) | (rex & 4 ? 8 : 0);
	const unsigned int length = (unsigned int)(op - code) + 2;
	const bool registers = mod == 3, rip_relative = mod == 0 && (op[1] & 7) == 5;

	if (memcmp(code, endbr64, sizeof(endbr64)) == 0)
		return sizeof(endbr64);
	switch (op[0]) {
	case 0x85: /* test r, r */
	case 0x39: /* cmp r, r */
		return registers ? length : 0;
	case 0x3b: /* cmp r, r or memory */
		return registers ? length : rip_relative ? length + 4 : 0;
	case 0x31: /* xor r, r */
	case 0x89: /* mov r, r */
		return registers && is_scratch(rm, arguments) ? length : 0;
	case 0x8b: /* mov r, r or memory */
		if (!is_scratch(reg, arguments))
			return 0;
		return registers ? length : rip_relative ? length + 4 : 0;
	case 0x83: /* cmp r, imm8 */
		return registers && (op[1] >> 3 & 7) == 7 ? length + 1 : 0;
	case 0xc7: /* mov r, imm32 */
		return registers && (op[1] >> 3 & 7) == 0 && is_scratch(rm, arguments) ? length + 4 :
											 0;
	case 0xb8: /* mov eax, imm32 */
		return rex ? 0 : 5;
	}
	return 0;
}

uint64_t pw_wipe_place(int fd, uint64_t offset, uint64_t size, unsigned int arguments)
{
	uint8_t code[WINDOW + 16] = { 0 };
	uint64_t end = size && size < WINDOW ? size : WINDOW;
	unsigned int at = 0, length;

	if (pread(fd, code, WINDOW, (off_t)offset) <= 0)
		return offset;
	while (at < end) {
		if (is_emulated(code + at))
			return offset + at;
		length = harmless(code + at, arguments);
		if (!length)
			break;
		at += length;
	}
	return offset;
}
