// SPDX-License-Identifier: GPL-2.0-or-later
/* Exits 0 when this process may load a tracing program, else says why not. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <bpf/bpf.h>
#include <linux/bpf.h>

int main(void)
{
	const struct bpf_insn return_zero[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = 0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	int fd = bpf_prog_load(BPF_PROG_TYPE_RAW_TRACEPOINT, "pw_probe", "GPL", return_zero, 2, NULL);

	if (fd < 0) {
		fprintf(stderr, "bpf() refuses a raw tracepoint program: %s\n", strerror(errno));
		return 1;
	}
	return 0;
}
