// SPDX-License-Identifier: GPL-2.0-or-later
/* index_growth: an index in memory over documents that keep coming: it grows by design. */
#include "work.h"

#include <search.h>

int main(void)
{
	static struct hsearch_data table;
	char word[32];

	begin();
	if (!hcreate_r(1u << 20, &table))
		return 1;
	for (unsigned long i = 0; i < 800000; i++) {
		ENTRY entry, *found;

		snprintf(word, sizeof(word), "term-%lx", i * 2654435761u);
		entry.key = strdup(word);
		entry.data = filled(64);
		hsearch_r(entry, ENTER, &found, &table);
		if (i % 20 == 0)
			wait_for(0.02);
	}
	return 0;
}
