// SPDX-License-Identifier: GPL-2.0-or-later
#include "bpf/wipe.h"
#include "user/source/bpf_wipe.h"

const struct pw_wipe_target pw_wipe_targets[] = {
	{ "explicit_bzero", PW_WIPE_EXPLICIT_BZERO, PW_CALL_SIZE },
	{ "__explicit_bzero_chk", PW_WIPE_EXPLICIT_BZERO, PW_CALL_SIZE, .fortified = true },
	{ "memset_explicit", PW_WIPE_MEMSET_EXPLICIT, PW_CALL_FILL_SIZE },
	{ "memset_s", PW_WIPE_MEMSET_S, PW_CALL_ROOM_FILL_SIZE },
	{ "explicit_memset", PW_WIPE_EXPLICIT_MEMSET, PW_CALL_FILL_SIZE },
	{ "OPENSSL_cleanse", PW_WIPE_OPENSSL_CLEANSE, PW_CALL_SIZE },
	{ "sodium_memzero", PW_WIPE_SODIUM_MEMZERO, PW_CALL_SIZE },
	{ "gnutls_memset", PW_WIPE_GNUTLS_MEMSET, PW_CALL_FILL_SIZE },
	{ "wc_ForceZero", PW_WIPE_WOLFSSL, PW_CALL_SIZE },
	{ "ForceZero", PW_WIPE_WOLFSSL, PW_CALL_SIZE32 },
	{ "mbedtls_platform_zeroize", PW_WIPE_MBEDTLS, PW_CALL_SIZE },
	{ "free", PW_RELEASE_FREE, .release = true },
	{ "munmap", PW_RELEASE_MUNMAP, .release = true },
	{ "CRYPTO_free", PW_RELEASE_CRYPTO_FREE, .release = true },
	{ "CRYPTO_clear_free", PW_RELEASE_CRYPTO_CLEAR_FREE, .release = true },
};
const size_t pw_wipe_target_count = sizeof(pw_wipe_targets) / sizeof(pw_wipe_targets[0]);
_Static_assert(sizeof(pw_wipe_targets) / sizeof(pw_wipe_targets[0]) <= PW_WIPE_TARGETS_MAX,
	       "room for every target");
