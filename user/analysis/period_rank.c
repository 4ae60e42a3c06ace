// SPDX-License-Identifier: GPL-2.0-or-later
/* Asking a period: who changed most, and the machine in three numbers. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "user/analysis/period.h"

int64_t pw_period_group_change(const struct pw_period_group *g)
{
	return (int64_t)(g->end_bytes - g->begin_bytes);
}

int64_t pw_period_process_change(const struct pw_period_process *p)
{
	return (int64_t)(p->end_bytes - p->begin_bytes);
}

const char *pw_period_group_name(const struct pw_period_group *g)
{
	const char *slash = strrchr(g->exe, '/');

	if (slash && slash[1])
		return slash + 1;
	return g->exe[0] ? g->exe : g->comm;
}

/* Larger comes first; 0: left out. */
static uint64_t weight_of_change(enum pw_period_order order, int64_t change, uint64_t end_bytes)
{
	uint64_t amount = change < 0 ? -(uint64_t)change : (uint64_t)change;

	if (order == PW_PERIOD_LARGEST)
		return end_bytes;
	if (amount < PW_PERIOD_NOTABLE_BYTES || (change < 0) != (order == PW_PERIOD_SHRUNK))
		return 0;
	return amount;
}

static uint64_t weight_of_group(enum pw_period_order order, const struct pw_period_group *g)
{
	if (order == PW_PERIOD_RESTARTED)
		return g->restarts ? (uint64_t)g->failures << 32 | g->restarts : 0;
	return weight_of_change(order, pw_period_group_change(g), g->end_bytes);
}

static int by_weight(uint64_t a, uint64_t b)
{
	return (a < b) - (a > b);
}

/* The names decide where the amounts are equal, so that the same past gives the same report. */
static int compare_groups(const void *a, const void *b, void *order)
{
	const struct pw_period_group *x = *(void *const *)a, *y = *(void *const *)b;
	int c = by_weight(weight_of_group(*(enum pw_period_order *)order, x),
			  weight_of_group(*(enum pw_period_order *)order, y));

	c = c ? c : strcmp(x->exe, y->exe);
	c = c ? c : strcmp(x->comm, y->comm);
	return c ? c : strcmp(x->cgroup, y->cgroup);
}

static int compare_processes(const void *a, const void *b, void *order)
{
	const struct pw_period_process *x = *(void *const *)a, *y = *(void *const *)b;
	enum pw_period_order o = *(enum pw_period_order *)order;
	int c = by_weight(weight_of_change(o, pw_period_process_change(x), x->end_bytes),
			  weight_of_change(o, pw_period_process_change(y), y->end_bytes));

	return c ? c : (x->id > y->id) - (x->id < y->id);
}

int pw_period_rank_groups(const struct pw_period *p, enum pw_period_order order,
			  struct pw_period_group ***ret, size_t *ret_count)
{
	struct pw_period_group **rows = malloc((p->group_count + 1) * sizeof(*rows));
	size_t count = 0;

	if (!rows)
		return -ENOMEM;
	for (size_t i = 0; i < p->group_count; i++) {
		if (weight_of_group(order, p->groups[i]))
			rows[count++] = p->groups[i];
	}
	qsort_r(rows, count, sizeof(*rows), compare_groups, &order);
	*ret = rows;
	*ret_count = count;
	return 0;
}

int pw_period_rank_processes(const struct pw_period *p, enum pw_period_order order,
			     struct pw_period_process ***ret, size_t *ret_count)
{
	struct pw_period_process **rows = malloc((p->process_count + 1) * sizeof(*rows));
	size_t count = 0;

	if (!rows)
		return -ENOMEM;
	for (size_t i = 0; i < p->process_count; i++) {
		struct pw_period_process *q = p->processes[i];

		if (weight_of_change(order, pw_period_process_change(q), q->end_bytes))
			rows[count++] = q;
	}
	qsort_r(rows, count, sizeof(*rows), compare_processes, &order);
	*ret = rows;
	*ret_count = count;
	return 0;
}

bool pw_period_use(const struct pw_period *p, struct pw_period_use *ret)
{
	struct pw_period_use use = { 0 };

	for (size_t i = 0; i < p->step_count; i++) {
		const struct pw_period_step *s = &p->steps[i];

		if (!s->watched)
			continue;
		use.first = use.first ? use.first : s;
		use.last = s;
		if (!use.tightest || s->lowest_available_bytes < use.tightest->lowest_available_bytes)
			use.tightest = s;
	}
	if (use.first)
		*ret = use;
	return use.first;
}
