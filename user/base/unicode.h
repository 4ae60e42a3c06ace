/* SPDX-License-Identifier: GPL-2.0-or-later */
/* UTF-8 and the few properties of code points that printing needs. No locale. */
#ifndef PW_BASE_UNICODE_H
#define PW_BASE_UNICODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Decodes the sequence at bytes. Returns its length, or 0 when it is not
 * valid UTF-8 (overlong forms, surrogates and values above U+10FFFF are not).
 */
size_t pw_utf8_decode(const char *bytes, size_t len, uint32_t *ret_code);
/* false: controls, format controls (bidi, joiners, tags), separators, noncharacters. */
bool pw_unicode_printable(uint32_t code);
/* Terminal columns of a printable code point: 0, 1 or 2. */
unsigned int pw_unicode_width(uint32_t code);

#endif
