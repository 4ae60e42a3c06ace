// SPDX-License-Identifier: GPL-2.0-or-later
#include "user/daemon/token.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "user/base/cleanup.h"

static int bad(struct pw_error *err, const char *path, const char *why)
{
	pw_error_set(err, -EINVAL, "token_file = %.128s: %s", path, why);
	pw_error_remedy(err, "make one: (umask 077; openssl rand -hex 32 > %.128s)", path);
	return -EINVAL;
}

int pw_token_read(const char *path, struct pw_token *ret, struct pw_error *err)
{
	pw_auto_close int fd = path[0] ? open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) : -1;
	char text[PW_TOKEN_MAX + 2];
	struct stat st;
	ssize_t n;
	size_t len;

	if (!path[0]) {
		*ret = (struct pw_token){ 0 };
		return 0;
	}
	if (fd < 0 || fstat(fd, &st))
		return bad(err, path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return bad(err, path, "it is no regular file");
	if (st.st_mode & 077)
		return bad(err, path, "others than its owner may read it");
	n = read(fd, text, sizeof(text));
	if (n < 0)
		return bad(err, path, strerror(errno));
	for (len = 0; len < (size_t)n && text[len] > ' ' && text[len] < 0x7f;)
		len++;
	if (len < PW_TOKEN_MIN || len > PW_TOKEN_MAX || (len < (size_t)n && text[len] != '\n'))
		return bad(err, path, "its first line is not 16 to 256 printable characters");
	ret->len = len;
	memcpy(ret->text, text, len);
	explicit_bzero(text, sizeof(text));
	return 0;
}

bool pw_token_matches(const struct pw_token *t, const char *authorization)
{
	static const char scheme[] = "Bearer ";
	const char *given = authorization ? authorization + strlen(scheme) : "";
	unsigned char differs;
	size_t len;

	if (!authorization || strncasecmp(authorization, scheme, strlen(scheme)) != 0)
		return false;
	len = strnlen(given, PW_TOKEN_MAX + 1);
	differs = len != t->len || !t->len;
	/* All of what was given is looked at, against something, whatever came before. */
	for (size_t i = 0; i < len; i++)
		differs |= (unsigned char)(given[i] ^ t->text[i % PW_TOKEN_MAX]);
	return !differs;
}
