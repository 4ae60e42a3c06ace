/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bytes from outside (comm, paths, VMA names, command lines) on their way to a
 * person. The one place where they become printable.
 */
#ifndef PW_BASE_TEXT_H
#define PW_BASE_TEXT_H

#include <stddef.h>
#include <stdint.h>

/*
 * Writes valid, printable UTF-8: valid UTF-8 sequences of printable code
 * points pass; control characters, C1, DEL, bidi and other format controls,
 * surrogates and invalid bytes become \xHH; a backslash becomes \\. Always
 * NUL-terminated; cut at a whole unit. Stops at len bytes, or at a NUL when
 * len is SIZE_MAX. Returns the bytes written without the NUL.
 * 4 * len + 1 bytes always suffice.
 */
size_t pw_text_escape(char *out, size_t out_size, const char *bytes, size_t len);
/* Columns that a terminal needs for this (escaped) UTF-8 text. */
size_t pw_text_width(const char *utf8);
/* Cuts or pads to exactly width terminal columns. Returns bytes written. */
size_t pw_text_fit(char *out, size_t out_size, const char *utf8, size_t width, int right_align);

#define PW_SIZE_TEXT 16
/* "0", "812K", "1.4M", "23.0G": at most 6 columns. Returns buf. */
char *pw_text_size(uint64_t bytes, char buf[PW_SIZE_TEXT]);
/* The same with a sign; zero is "0". */
char *pw_text_signed_size(int64_t bytes, char buf[PW_SIZE_TEXT]);
/* "4096", "4K", "64M", "2G". 0, -EINVAL or -ERANGE. */
int pw_text_parse_size(const char *text, uint64_t *ret_bytes);

#endif
