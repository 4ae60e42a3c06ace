// SPDX-License-Identifier: GPL-2.0-or-later
/* The lines above the table: the machine, what looking costs, and what is not seen. */
#include <inttypes.h>
#include <string.h>

#include "user/analysis/trends.h"
#include "user/base/clock.h"
#include "user/base/text.h"
#include "user/view/screen.h"

#define BAR_MAX 40

static void add_machine_value(struct pw_screen_lines *l, const struct pw_model *m, const char *name,
			      const char *title)
{
	pw_screen_append_value(l, pw_machine_columns, name, title, m, m);
}

static void add_title(struct pw_screen_lines *l, const struct pw_model *m,
		      const struct pw_screen_origin *origin)
{
	char name[PW_SCREEN_LINE_BYTES];

	pw_screen_line(l, PW_STYLE_BOLD, "%s", "");
	add_machine_value(l, m, "host", "");
	add_machine_value(l, m, "kernel", "");
	add_machine_value(l, m, "time", "");
	if (origin->input) {
		pw_text_escape(name, sizeof(name), origin->input, strlen(origin->input));
		pw_screen_append(l, "  %s%s", name, origin->ended ? " (its end)" : "");
	} else if (origin->ended) {
		pw_screen_append(l, "  the source has ended");
	}
}

/* Used memory turns red when little is left: a tenth available, or less. */
static void add_memory(struct pw_screen_lines *l, const struct pw_model *m, int width)
{
	uint64_t total = m->machine.memory_pages, available = m->tick.available_pages;
	uint64_t used = total > available ? total - available : 0;
	int cells = width / 3 < BAR_MAX ? width / 3 : BAR_MAX;
	int filled = total ? (int)((used * (uint64_t)cells + total / 2) / total) : 0;
	char bar[BAR_MAX + 1], used_text[PW_SIZE_TEXT], total_text[PW_SIZE_TEXT];

	if (cells < 1 || !total)
		return;
	memset(bar, '.', (size_t)cells);
	memset(bar, '|', (size_t)filled);
	bar[cells] = '\0';
	pw_screen_line(l, available < total / 10 ? PW_STYLE_BAD : PW_STYLE_PLAIN,
		       "memory [%s] %s of %s", bar,
		       pw_text_size(used * m->machine.page_size, used_text),
		       pw_text_size(total * m->machine.page_size, total_text));
	add_machine_value(l, m, "memory_available_bytes", "available");
	if (m->machine.swap_pages) {
		add_machine_value(l, m, "swap_free_bytes", "swap free");
		add_machine_value(l, m, "swap_total_bytes", "of");
	}
}

static void add_own(struct pw_screen_lines *l, const struct pw_model *m)
{
	pw_screen_line(l, PW_STYLE_PLAIN, "%s", "");
	add_machine_value(l, m, "source", "source");
	if (m->machine.sample_every > 1)
		pw_screen_append(l, ", 1 page in %u", m->machine.sample_every);
	pw_screen_append(l, "  own cost:");
	add_machine_value(l, m, "bpf_cpu_ratio", "bpf");
	add_machine_value(l, m, "user_cpu_ratio", "user");
	add_machine_value(l, m, "own_rss_bytes", "rss");
	add_machine_value(l, m, "processes_alive", "processes");
	add_machine_value(l, m, "processes_dead", "dead");
	add_machine_value(l, m, "events_per_second", "events/s");
}

static void add_coverage(struct pw_screen_lines *l, const struct pw_model *m)
{
	struct pw_coverage_row rows[PW_COVERAGE_ROWS_MAX];
	size_t n = pw_coverage_rows(m, rows, PW_COVERAGE_ROWS_MAX);
	bool any = false;

	for (size_t i = 0; i < n; i++) {
		if (rows[i].seen || !rows[i].expected)
			continue;
		if (!any)
			pw_screen_line(l, PW_STYLE_WARNING, "not seen: %s", rows[i].what);
		else
			pw_screen_append(l, ", %s", rows[i].what);
		any = true;
	}
}

static void add_losses(struct pw_screen_lines *l, const struct pw_model *m)
{
	struct pw_loss_row rows[PW_LOSS_CAUSES];
	size_t n = pw_loss_rows(m, rows, PW_LOSS_CAUSES);

	for (size_t i = 0; i < n; i++) {
		if (i)
			pw_screen_append(l, ", %" PRIu64 " %s", rows[i].count, rows[i].text);
		else
			pw_screen_line(l, PW_STYLE_WARNING, "lost: %" PRIu64 " %s", rows[i].count,
				       rows[i].text);
	}
}

static void add_suspects(struct pw_screen_lines *l, const struct pw_model *m)
{
	struct pw_trends_cost cost;

	if (!m->trends)
		return;
	pw_trends_cost(m->trends, &cost);
	if (cost.suspects)
		pw_screen_line(l, PW_STYLE_BAD,
			       "suspects: %zu series grow as leaks grow (v: whose)  pagewarden leaks",
			       cost.suspects);
}

void pw_screen_status_update(struct pw_screen_status *s, const struct pw_model *m,
			     const struct pw_screen_origin *origin, int width)
{
	struct pw_screen_lines *l = &s->lines;

	l->count = 0;
	if (!m->has_machine || !m->sequence) {
		pw_screen_line(l, PW_STYLE_BOLD, "the first interval is being taken ...");
		return;
	}
	add_title(l, m, origin);
	add_memory(l, m, width);
	add_own(l, m);
	add_suspects(l, m);
	add_coverage(l, m);
	add_losses(l, m);
	if (origin->why[0])
		pw_screen_line(l, PW_STYLE_DIM, "%s", origin->why);
}
