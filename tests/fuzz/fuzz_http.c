// SPDX-License-Identifier: GPL-2.0-or-later
/* Bytes as an HTTP answer, as what heads of requests hold, and as what is configured of either. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/fuzz.h"
#include "user/alert/post.h"
#include "user/daemon/listen_tcp.h"
#include "user/daemon/token.h"
#include "user/source/http_client.h"

static void answer_to_post(const char *text, size_t size)
{
	struct pw_post_result result = { .status = 7 };
	int rc = pw_post_take_answer(text, size, &result);

	assert(rc == 0 || rc == -EPROTO);
	assert(rc ? result.status == 7 : result.status >= 100 && result.status <= 999);
	assert(memchr(result.words, '\0', sizeof(result.words)));
	for (const char *p = result.words; *p; p++)
		assert((unsigned char)*p >= ' '); /* a person reads it */
}

/* text ends in NUL. */
static void words(const char *text)
{
	static const struct pw_token token = { .len = 16, .text = "0123456789abcdef" };
	struct pw_tcp_address address;
	struct pw_url url;
	const char *reason = NULL;

	assert(!pw_token_matches(&token, text) || strcmp(text + 7, "0123456789abcdef") == 0);
	pw_tcp_host_is_local(text);
	if (!pw_tcp_address_parse(text, &address))
		assert(address.len && pw_tcp_host_is_local(text));
	if (pw_url_parse(text, &url, &reason))
		assert(reason);
	else
		assert(url.host[0] && url.port[0] && !strpbrk(url.path, "\r\n "));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size ? size : 1); /* of exactly its size: a byte beyond is found */
	struct pw_http_head head = { .status = 7, .length = 7 };
	int rc;

	memcpy(text, data, size);
	rc = pw_http_parse_head(text, size, &head);
	assert(rc == 0 || rc == -EPROTO);
	if (rc)
		assert(head.status == 7 && head.length == 7);
	else
		assert(head.status >= 100 && head.status <= 999);
	answer_to_post(text, size);
	free(text);
	text = strndup((const char *)data, size);
	words(text);
	free(text);
	return 0;
}
