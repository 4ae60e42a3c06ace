// SPDX-License-Identifier: GPL-2.0-or-later
#include "user/model/wipe.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const char *const functions[PW_WIPE_FUNCTIONS] = {
	[PW_WIPE_EXPLICIT_BZERO] = "explicit_bzero",
	[PW_WIPE_MEMSET_EXPLICIT] = "memset_explicit",
	[PW_WIPE_MEMSET_S] = "memset_s",
	[PW_WIPE_OPENSSL_CLEANSE] = "OPENSSL_cleanse",
	[PW_WIPE_SODIUM_MEMZERO] = "sodium_memzero",
	[PW_WIPE_GNUTLS_MEMSET] = "gnutls_memset",
	[PW_WIPE_WOLFSSL] = "wc_ForceZero",
	[PW_WIPE_MBEDTLS] = "mbedtls_platform_zeroize",
	[PW_WIPE_EXPLICIT_MEMSET] = "explicit_memset",
	[PW_WIPE_KFREE_SENSITIVE] = "kfree_sensitive",
	[PW_WIPE_KVFREE_SENSITIVE] = "kvfree_sensitive",
	[PW_WIPE_MODULE] = "module-wipe",
	[PW_RELEASE_FREE] = "free",
	[PW_RELEASE_MUNMAP] = "munmap",
	[PW_RELEASE_CRYPTO_FREE] = "CRYPTO_free",
	[PW_RELEASE_CRYPTO_CLEAR_FREE] = "CRYPTO_clear_free",
};

static const char *const verdicts[] = {
	[PW_WIPED_UNKNOWN] = "unknown",
	[PW_WIPED_WHOLE] = "wiped",
	[PW_WIPED_PART] = "wiped-in-part",
	[PW_WIPED_NOTHING] = "not-wiped",
};

static const char *const afters[] = {
	[PW_AFTER_LIVES] = "",
	[PW_AFTER_CLEAN] = "clean",
	[PW_AFTER_REWRITTEN] = "rewritten",
	[PW_AFTER_UNSEEN] = "unseen",
	[PW_AFTER_EXITED] = "exited",
	[PW_AFTER_DIRTY] = "dirty",
};

static const struct {
	const char *name, *text;
} reasons[] = {
	[PW_UNSEEN_NONE] = { "", "" },
	[PW_UNSEEN_SECRETMEM] = { "memfd_secret",
				  "its memory is memfd_secret's, which nobody else may read" },
	[PW_UNSEEN_NOT_RESIDENT] = { "not-resident",
				     "its pages were swapped out or unmapped when looked at" },
	[PW_UNSEEN_TOO_LARGE] = { "too-large",
				  "the range is larger than what is read back; only its beginning was" },
	[PW_UNSEEN_KERNEL] = { "kernel-memory",
			       "kernel memory that was given back at once is not looked at" },
	[PW_UNSEEN_NO_RETURN] = { "no-return",
				  "the call did not return (a signal, longjmp, or the end of the process)" },
	[PW_UNSEEN_FOREIGN] = { "foreign-context",
				"it went in a context that may not look (reclaim, process_madvise)" },
	[PW_UNSEEN_DEVICE] = { "device-memory", "a mapping without pages of its own" },
	[PW_UNSEEN_BUSY] = { "busy", "it could not be looked at without waiting" },
	[PW_UNSEEN_NO_MEMORY] = { "no-memory", "there was no memory to look at it" },
	[PW_UNSEEN_GONE] = { "process-gone", "the process was gone" },
};

const char *const pw_wipe_blind_spots[] = {
	"Only calls of the observed functions are seen, never all wipes.",
	"A memset or memzero_explicit that the compiler put in place of a call has no function to observe.",
	"Wipes compiled into the program are not seen: Rust's zeroize, Go, and other loops of volatile writes.",
	"A wipe function without a symbol is not found: a stripped static program, or a copy that a "
	"library keeps to itself.",
	"Programs and libraries of 32 bits, and files that a FUSE file system serves, are not looked into.",
	"Calls from before a function's probe was attached are not seen: a library's first calls after "
	"it was mapped may be among them.",
	"Where memfd_secret memory can't be read back, such a wipe is unknown, not clean.",
	"Of a range larger than the read-back bound only the beginning is looked at.",
	"Wipes inside the kernel are seen only where it allows probes on kfree_sensitive and "
	"kvfree_sensitive; what they cleared is given back at once and not read.",
	"Copies in registers, stack spills, swap, and other processes are not wiped by a call that "
	"wiped its range.",
	NULL,
};

const char *pw_wipe_function_name(uint16_t function)
{
	return function < COUNT(functions) && functions[function] ? functions[function] : "unknown";
}

const char *pw_wipe_verdict_name(uint8_t verdict)
{
	return verdicts[verdict < COUNT(verdicts) ? verdict : PW_WIPED_UNKNOWN];
}

const char *pw_wipe_after_name(enum pw_wipe_after after)
{
	return (size_t)after < COUNT(afters) ? afters[after] : "";
}

const char *pw_unseen_reason_name(uint8_t reason)
{
	return reason < COUNT(reasons) ? reasons[reason].name : "unknown";
}

const char *pw_unseen_reason_text(uint8_t reason)
{
	return reason < COUNT(reasons) ? reasons[reason].text : "for a reason that is not known";
}

size_t pw_wipe_event_count(const struct pw_wipe_ledger *l)
{
	return l->total < PW_WIPES_MAX ? l->total : PW_WIPES_MAX;
}

const struct pw_wipe_event *pw_wipe_event_at(const struct pw_wipe_ledger *l, size_t index)
{
	return &l->ring[(l->total - pw_wipe_event_count(l) + index) % PW_WIPES_MAX];
}
