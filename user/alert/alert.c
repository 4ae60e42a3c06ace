// SPDX-License-Identifier: GPL-2.0-or-later
#include "user/alert/alert.h"

#include <math.h>
#include <string.h>

#include "user/base/hash.h"

void pw_alert_init(struct pw_alert *a)
{
	*a = (struct pw_alert){
		.growth = NAN,
		.growth_low = NAN,
		.growth_high = NAN,
		.confidence = NAN,
		.limit_s = NAN,
		.limit_low_s = NAN,
		.limit_high_s = NAN,
	};
}

void pw_alert_text(char *out, size_t size, const char *text)
{
	static const char cut[] = "...";
	size_t len = strlen(text);

	if (len < size) {
		memcpy(out, text, len + 1);
		return;
	}
	memcpy(out, cut, sizeof(cut) - 1);
	out += sizeof(cut) - 1;
	size -= sizeof(cut) - 1;
	memcpy(out, text + len - (size - 1), size);
}

uint64_t pw_alert_id_of(uint64_t fingerprint, const char *class)
{
	return pw_hash_bytes(class, strlen(class), fingerprint);
}

uint64_t pw_alert_id(const struct pw_alert *a)
{
	return pw_alert_id_of(a->fingerprint, a->class);
}

const char *pw_alert_state_name(enum pw_alert_state s)
{
	return s == PW_ALERT_RESOLVED ? "resolved" : "firing";
}
