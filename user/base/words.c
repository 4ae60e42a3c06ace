// SPDX-License-Identifier: GPL-2.0-or-later
#include "user/base/words.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define SHOWN_MAX 64

static bool is_named(const struct pw_words *w, unsigned int number)
{
	return number == 0 || strcmp(w->name(number), w->name(0)) != 0;
}

static void list_names(const struct pw_words *w, struct pw_error *err)
{
	char list[sizeof(err->remedy)] = "";
	size_t used = 0;

	for (unsigned int i = 0; i < w->count && used < sizeof(list); i++) {
		if (is_named(w, i))
			used += (size_t)snprintf(list + used, sizeof(list) - used, "%s%s",
						 used ? ", " : "", w->name(i));
	}
	pw_error_remedy(err, "the names are %s", list);
}

static int take_word(const struct pw_words *w, const char *word, size_t len, bool *set)
{
	for (unsigned int i = 0; i < w->count; i++) {
		const char *name = w->name(i);

		if (is_named(w, i) && strlen(name) == len && strncmp(name, word, len) == 0) {
			set[i] = true;
			return 0;
		}
	}
	return -EINVAL;
}

int pw_words_parse(const struct pw_words *w, const char *text, bool *set, struct pw_error *err)
{
	for (;;) {
		size_t len = strcspn(text, ",");

		if (take_word(w, text, len, set)) {
			pw_error_set(err, -EINVAL, "there is no %s '%.*s'", w->what,
				     (int)(len < SHOWN_MAX ? len : SHOWN_MAX), text);
			list_names(w, err);
			return -EINVAL;
		}
		if (!text[len])
			return 0;
		text += len + 1;
	}
}
