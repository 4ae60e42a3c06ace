// SPDX-License-Identifier: GPL-2.0-or-later
#include "user/view/mail.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "user/base/hash.h"
#include "user/view/emitter.h"

#define LINE_BYTES 57 /* 76 letters */
#define WORD_BYTES 42 /* of an encoded word, which may have 75 letters in all */

bool pw_mail_address_is_sane(const char *to)
{
	if (!*to || strlen(to) > 900)
		return false;
	for (const unsigned char *p = (const unsigned char *)to; *p; p++) {
		if (*p < ' ' || *p > '~')
			return false;
	}
	return strchr(to, '@') || !strchr(to, ' '); /* a local user has one word */
}

static void put_base64(const char *bytes, size_t len, FILE *out)
{
	static const char letters[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < len; i += 3) {
		size_t n = len - i < 3 ? len - i : 3;
		uint32_t v = (uint32_t)(uint8_t)bytes[i] << 16;

		v |= n > 1 ? (uint32_t)(uint8_t)bytes[i + 1] << 8 : 0;
		v |= n > 2 ? (uint8_t)bytes[i + 2] : 0;
		putc(letters[v >> 18], out);
		putc(letters[v >> 12 & 63], out);
		putc(n > 1 ? letters[v >> 6 & 63] : '=', out);
		putc(n > 2 ? letters[v & 63] : '=', out);
	}
}

static bool is_plain(const char *text)
{
	for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
		if (*p < ' ' || *p > '~')
			return false;
	}
	return strlen(text) < 60 && !strstr(text, "=?");
}

/* RFC 2047: words of whole characters, each on a line. */
static void put_subject(const char *text, FILE *out)
{
	fputs("Subject: ", out);
	if (is_plain(text)) {
		fprintf(out, "%s\n", text);
		return;
	}
	for (size_t left = strlen(text); left;) {
		size_t n = left < WORD_BYTES ? left : WORD_BYTES;

		while (n > 1 && n < left && (text[n] & 0xc0) == 0x80)
			n--;
		fputs("=?UTF-8?B?", out);
		put_base64(text, n, out);
		fputs(n < left ? "?=\n " : "?=\n", out);
		text += n;
		left -= n;
	}
}

static void put_body(const char *type, const char *bytes, FILE *out)
{
	size_t len = strlen(bytes);

	fprintf(out, "Content-Type: %s; charset=utf-8\nContent-Transfer-Encoding: base64\n\n", type);
	for (size_t i = 0; i < len; i += LINE_BYTES) {
		put_base64(bytes + i, len - i < LINE_BYTES ? len - i : LINE_BYTES, out);
		putc('\n', out);
	}
}

int pw_mail_emit(const struct pw_mail *m, FILE *out)
{
	char boundary[32]; /* base64 has no '_' */

	errno = 0;
	fprintf(out, "To: %s\n", m->to);
	put_subject(m->subject, out);
	fputs("MIME-Version: 1.0\nAuto-Submitted: auto-generated\n", out);
	if (!m->html) {
		put_body("text/plain", m->text, out);
		return pw_emit_status(out);
	}
	snprintf(boundary, sizeof(boundary), "_%016llx",
		 (unsigned long long)pw_hash_bytes(m->html, strlen(m->html), 1));
	fprintf(out, "Content-Type: multipart/alternative; boundary=\"%s\"\n\n--%s\n", boundary,
		boundary);
	put_body("text/plain", m->text, out);
	fprintf(out, "--%s\n", boundary);
	put_body("text/html", m->html, out);
	fprintf(out, "--%s--\n", boundary);
	return pw_emit_status(out);
}
