// SPDX-License-Identifier: GPL-2.0-or-later
/* Bytes as the head of an HTTP answer. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/fuzz.h"
#include "user/source/http_client.h"

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
	free(text);
	return 0;
}
