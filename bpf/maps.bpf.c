// SPDX-License-Identifier: GPL-2.0-only
/* Where the shared maps, options and counters live. */
#define PW_DEFINE_MAPS
#include "bpf/maps.bpf.h"

char LICENSE[] SEC("license") = "GPL";

const volatile __u64 vmemmap_base;
const volatile __u32 page_shift;
const volatile __u64 max_pfn;
const volatile __u32 sample_shift;
const volatile __u64 resources_every_ns;

__u64 stray_count;
