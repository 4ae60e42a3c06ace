// SPDX-License-Identifier: GPL-2.0-or-later
#include "user/analysis/rank.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "user/analysis/trends.h"
#include "user/base/cleanup.h"
#include "user/base/text.h"

static const struct {
	const char *prefix;
	enum pw_filter_field field;
} filter_words[] = {
	{ "comm=", PW_FILTER_COMM },
	{ "exe=", PW_FILTER_EXE },
	{ "cgroup=", PW_FILTER_CGROUP },
	{ "unit=", PW_FILTER_UNIT },
	{ "container=", PW_FILTER_CONTAINER },
	{ "pid=", PW_FILTER_PID },
	{ "uid=", PW_FILTER_UID },
	{ "min=", PW_FILTER_MIN },
	{ "verdict=", PW_FILTER_VERDICT },
};

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static int parse_number(const char *text, uint64_t *ret)
{
	uint64_t n = 0;

	if (!*text)
		return -EINVAL;
	for (; *text; text++) {
		if (*text < '0' || *text > '9' || n > UINT32_MAX)
			return -EINVAL;
		n = n * 10 + (uint64_t)(*text - '0');
	}
	*ret = n;
	return 0;
}

#define ANY_SUSPECT PW_VERDICT_CLASSES

static int parse_verdict(const char *word, uint64_t *ret)
{
	for (uint64_t i = 0; i < PW_VERDICT_CLASSES; i++) {
		if (strcmp(word, pw_verdict_names[i]) == 0) {
			*ret = i;
			return 0;
		}
	}
	*ret = ANY_SUSPECT;
	return strcmp(word, "suspect") ? -EINVAL : 0;
}

static int parse_term(char *word, struct pw_filter_term *t)
{
	*t = (struct pw_filter_term){ .negated = *word == '!' };
	word += t->negated;
	for (size_t i = 0; i < sizeof(filter_words) / sizeof(filter_words[0]); i++) {
		size_t n = strlen(filter_words[i].prefix);

		if (!strncmp(word, filter_words[i].prefix, n)) {
			t->field = filter_words[i].field;
			word += n;
			break;
		}
	}
	if (t->field == PW_FILTER_PID || t->field == PW_FILTER_UID)
		return parse_number(word, &t->number);
	if (t->field == PW_FILTER_MIN)
		return pw_text_parse_size(word, &t->number);
	if (t->field == PW_FILTER_VERDICT)
		return parse_verdict(word, &t->number);
	if (!*word || strlen(word) >= sizeof(t->text))
		return -EINVAL;
	if (t->field == PW_FILTER_ANY && parse_number(word, &t->number))
		t->number = 0;
	for (char *to = t->text; *word; word++)
		*to++ = lower(*word);
	return 0;
}

static int refuse(struct pw_error *err, const char *what, const char *word)
{
	pw_error_set(err, -EINVAL, "the filter's word \"%.100s\" %s", word, what);
	pw_error_remedy(err,
			"at most %d words: TEXT, comm=, exe=, cgroup=, unit=, container=, "
			"pid=N, uid=N, min=SIZE, verdict=NAME (suspect: any that is); ! negates",
			PW_FILTER_TERMS);
	return -EINVAL;
}

int pw_filter_parse(const char *text, struct pw_filter *ret, struct pw_error *err)
{
	struct pw_filter f = { 0 };
	char *copy pw_auto_free = strdup(text);
	char *save = NULL;

	if (!copy)
		return pw_error_set(err, -ENOMEM, "cannot read the filter: out of memory");
	for (char *w = strtok_r(copy, " \t", &save); w; w = strtok_r(NULL, " \t", &save)) {
		if (f.count == PW_FILTER_TERMS)
			return refuse(err, "is one too many", w);
		if (parse_term(w, &f.terms[f.count++]))
			return refuse(err, "makes no sense", w);
	}
	*ret = f;
	return 0;
}

static bool contains(const char *text, const char *needle)
{
	for (; *text; text++) {
		size_t i = 0;

		while (needle[i] && lower(text[i]) == needle[i])
			i++;
		if (!needle[i])
			return true;
	}
	return false;
}

/* What a filter looks at, of a process or of a group. */
struct subject {
	const char *exe, *cgroup, *unit, *container;
	uint64_t footprint_bytes;
	enum pw_verdict_class verdict;
	const struct pw_process *members; /* a list by next_in_group, or one process alone */
	bool alone; /* members is the process itself */
	bool living_only;
};

static bool member_holds(const struct pw_filter_term *t, const struct pw_process *p)
{
	switch (t->field) {
	case PW_FILTER_PID:
		return p->key.pid == t->number;
	case PW_FILTER_UID:
		return p->uid == t->number;
	case PW_FILTER_COMM:
		return contains(p->comm, t->text);
	default:
		return contains(p->comm, t->text) || contains(p->cmdline, t->text) ||
		       (t->number && p->key.pid == t->number);
	}
}

static bool some_member_holds(const struct pw_filter_term *t, const struct subject *s)
{
	for (const struct pw_process *p = s->members; p; p = s->alone ? NULL : p->next_in_group) {
		if ((p->alive || !s->living_only) && member_holds(t, p))
			return true;
	}
	return false;
}

static bool term_holds(const struct pw_filter_term *t, const struct subject *s)
{
	switch (t->field) {
	case PW_FILTER_ANY:
		return contains(s->exe, t->text) || contains(s->cgroup, t->text) ||
		       contains(s->unit, t->text) || contains(s->container, t->text) ||
		       some_member_holds(t, s);
	case PW_FILTER_EXE:
		return contains(s->exe, t->text);
	case PW_FILTER_CGROUP:
		return contains(s->cgroup, t->text);
	case PW_FILTER_UNIT:
		return contains(s->unit, t->text);
	case PW_FILTER_CONTAINER:
		return contains(s->container, t->text);
	case PW_FILTER_MIN:
		return s->footprint_bytes >= t->number;
	case PW_FILTER_VERDICT:
		return t->number == ANY_SUSPECT ? pw_verdict_is_suspect(s->verdict) :
						  t->number == s->verdict;
	case PW_FILTER_COMM:
	case PW_FILTER_PID:
	case PW_FILTER_UID:
		return some_member_holds(t, s);
	}
	return false;
}

static bool passes(const struct pw_filter *f, const struct subject *s)
{
	for (size_t i = 0; i < f->count; i++) {
		if (term_holds(&f->terms[i], s) == f->terms[i].negated)
			return false;
	}
	return true;
}

bool pw_filter_process(const struct pw_filter *f, const struct pw_process *p, uint32_t page_size)
{
	const struct subject s = {
		.exe = p->exe,
		.cgroup = p->cgroup,
		.unit = p->unit,
		.container = p->container,
		.footprint_bytes = pw_process_footprint(p) * page_size,
		.verdict = f->trends ? pw_trends_of_process(f->trends, &p->key) : PW_VERDICT_UNKNOWN,
		.members = p,
		.alone = true,
	};

	return passes(f, &s);
}

bool pw_filter_group(const struct pw_filter *f, const struct pw_group *g, uint32_t page_size)
{
	const struct subject s = {
		.exe = g->exe,
		.cgroup = g->cgroup,
		.unit = g->unit,
		.container = g->container,
		.footprint_bytes = pw_group_footprint(g) * page_size,
		.verdict = f->trends ? pw_trends_of_group(f->trends, g) : PW_VERDICT_UNKNOWN,
		.members = g->members,
		.living_only = g->alive > 0,
	};

	return passes(f, &s);
}

size_t pw_rank_keep_processes(struct pw_process **rows, size_t count, const struct pw_filter *f,
			      uint32_t page_size)
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++) {
		if (pw_filter_process(f, rows[i], page_size))
			rows[kept++] = rows[i];
	}
	return kept;
}

size_t pw_rank_keep_groups(struct pw_group **rows, size_t count, const struct pw_filter *f,
			   uint32_t page_size)
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++) {
		if (pw_filter_group(f, rows[i], page_size))
			rows[kept++] = rows[i];
	}
	return kept;
}

/* Merges from[low, mid) and from[mid, high) into to[low, high). */
static void merge(const void **from, const void **to, size_t low, size_t mid, size_t high,
		  pw_rank_compare compare, void *ctx)
{
	size_t a = low, b = mid;

	for (size_t i = low; i < high; i++) {
		bool left = b == high || (a < mid && compare(from[a], from[b], ctx) <= 0);

		to[i] = left ? from[a++] : from[b++];
	}
}

int pw_rank_sort(const void **rows, size_t count, pw_rank_compare compare, void *ctx)
{
	const void **spare = count > 1 ? calloc(count, sizeof(*spare)) : NULL;
	const void **from = rows, **to = spare;

	if (count < 2)
		return 0;
	if (!spare)
		return -ENOMEM;
	for (size_t width = 1; width < count; width *= 2) {
		for (size_t low = 0; low < count; low += 2 * width) {
			size_t mid = low + width < count ? low + width : count;
			size_t high = mid + width < count ? mid + width : count;

			merge(from, to, low, mid, high, compare, ctx);
		}
		const void **swap = from;

		from = to;
		to = swap;
	}
	if (from != rows)
		memcpy(rows, from, count * sizeof(*rows));
	free(spare);
	return 0;
}
