/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where the kernel's array of struct page begins, measured; see bpf/calibrate.bpf.c. */
#ifndef PW_SOURCE_CALIBRATE_H
#define PW_SOURCE_CALIBRATE_H

#include "user/source/kernel.h"

struct pw_calibration {
	uint64_t vmemmap_base;
	uint64_t zero_pfn; /* the page that read faults map */
	uint32_t votes; /* pages that agree */
	uint32_t pages; /* pages tried */
};

/* 0; -EPERM, -EOPNOTSUPP with the cause in *err. */
int pw_calibrate(const struct pw_procfs *fs, const struct pw_kernel *k, struct pw_calibration *ret,
		 struct pw_error *err);

#endif
