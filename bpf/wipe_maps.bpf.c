// SPDX-License-Identifier: GPL-2.0-only
/* Where the shared maps and the options of the wipe programs live. */
#define PW_DEFINE_MAPS
#include "bpf/wipe_thread.bpf.h"

char LICENSE[] SEC("license") = "GPL";
