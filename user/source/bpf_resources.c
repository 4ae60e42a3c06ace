// SPDX-License-Identifier: GPL-2.0-or-later
#include "user/base/clock.h"
#include "user/source/bpf_private.h"

static struct pw_resources resources_of(struct pw_known *p, const struct pw_slot *slot)
{
	return (struct pw_resources){
		.rec = { .type = PW_REC_RESOURCES, .size = sizeof(struct pw_resources) },
		.key = p->key,
		.flags = slot->resources_flags,
		.open_files = (uint32_t)slot->open_files,
		.voluntary_switches =
			pw_bpf_never_falls(&p->voluntary_switches, slot->voluntary_switches),
		.io_calls = pw_bpf_never_falls(&p->io_calls, slot->io_calls),
		/* the kernel's infinity is PW_UNKNOWN: all bits set */
		.limit_address_space_bytes = slot->limit_address_space_bytes,
		.limit_data_bytes = slot->limit_data_bytes,
		.limit_open_files = slot->limit_open_files,
	};
}

int pw_bpf_resources_deliver(struct pw_bpf *b, struct pw_known *p, const struct pw_slot *slot)
{
	struct pw_resources r;
	uint64_t signature;

	/* Who has no table of descriptors any more is ending: what it held in life stands. */
	if (slot->resources_pass == p->resources_pass || p->flags & PW_KNOWN_ENDED ||
	    !(slot->resources_flags & PW_RESOURCES_FILES))
		return 0;
	p->resources_pass = slot->resources_pass;
	r = resources_of(p, slot);
	signature = pw_hash_bytes(&r, sizeof(r), 1) | 1;
	if (signature == p->resources_signature)
		return 0;
	p->resources_signature = signature;
	r.rec.time_ns = pw_clock_boot_ns();
	return pw_bpf_deliver(b, &r.rec);
}
