// SPDX-License-Identifier: GPL-2.0-or-later
/* Bytes as a notice that waited on the disk, and as the file of what fires. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/fuzz.h"
#include "user/alert/alert_book.h"
#include "user/alert/alertmanager.h"
#include "user/alert/journal.h"

static void forget(void *ctx, const struct pw_alert *a)
{
	(void)ctx;
	(void)a;
}

/* What was taken can be written, and read again as the same. */
static void write_out(const struct pw_alert *a)
{
	struct pw_alert again;
	char *text = NULL, *entry = NULL, *form = NULL;
	size_t len = 0;

	assert(!pw_alert_to_json(a, &text, &len));
	assert(len < PW_ALERT_JSON_MAX && !memchr(text, '\n', len));
	assert(!pw_alert_from_json(text, len, &again));
	assert(pw_alert_id(a) == pw_alert_id(&again) && strcmp(a->exe, again.exe) == 0);
	assert(!pw_journal_entry(a, &entry, &len));
	assert(!pw_alertmanager_json(&a, 1, 1, &form, &len));
	free(text);
	free(entry);
	free(form);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pw_alert_book *book = NULL;
	char *text = malloc(size ? size : 1), *saved = NULL; /* of exactly its size */
	struct pw_alert a;
	size_t len = 0;

	memcpy(text, data, size);
	if (!pw_alert_from_json(text, size, &a))
		write_out(&a);
	assert(!pw_alert_book_create(10, forget, NULL, &book));
	pw_alert_book_load(book, text, size);
	pw_alert_book_run(book, 1);
	assert(!pw_alert_book_save(book, &saved, &len));
	pw_alert_book_forget(book);
	pw_alert_book_sweep(book, 2, "none is there");
	pw_alert_book_destroy(book);
	free(saved);
	free(text);
	return 0;
}
