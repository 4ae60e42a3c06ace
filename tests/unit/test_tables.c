// SPDX-License-Identifier: GPL-2.0-or-later
/* links: rest. What the columns say about a model built from known records. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tests/lib/trace.h"
#include "user/source/source.h"
#include "user/view/document.h"

#define PAGE 4096ull
#define SERVER 41
#define QUIET 43

/* A server with known counters, and a process that is known by name alone. */
static void write_first(struct trace *t)
{
	struct pw_counters *c;

	trace_machine(t, "boot");
	trace_identity(t, trace_key(SERVER), "/usr/sbin/server", "/system.slice/server.service",
		       "server.service", "server --daemon");
	trace_identity(t, trace_key(QUIET), "/bin/quiet", "/", "", "");
	c = trace_counters(t, trace_key(SERVER), 101);
	c->uid = 33;
	c->file_pages = 53;
	c->shmem_pages = 7;
	c->swap_pages = 3;
	c->minor_faults = 1000;
	c->cpu_ns = TRACE_SECOND;
	c->ledger_live_pages = 90;
	trace_tick(t);
}

static void write_second(struct trace *t)
{
	struct pw_counters *c = trace_counters(t, trace_key(SERVER), 211);
	struct pw_tick *tick;

	c->uid = 33;
	c->file_pages = 53;
	c->shmem_pages = 7;
	c->swap_pages = 3;
	c->minor_faults = 1127;
	c->cpu_ns = TRACE_SECOND + TRACE_SECOND / 4;
	c->ledger_live_pages = 230;
	c->ledger_touched_pages = 110;
	c->hiwater_rss_pages = 307;
	tick = trace_tick(t);
	tick->lost[PW_LOSS_RING_FULL] = 17;
	tick->events_tried = 117;
	tick->events_received = 100;
}

static struct pw_model *model_of(struct trace *t)
{
	struct pw_model *m;
	struct pw_source *source;
	struct pw_error err;

	assert_int_equal(pw_model_create(NULL, &m), 0);
	assert_int_equal(pw_source_array_create(t->bytes, t->len, &source), 0);
	while (pw_source_collect(source, pw_model_ingest, m, &err) == 0)
		;
	pw_source_destroy(source);
	trace_free(t);
	return m;
}

static struct pw_model *usual_model(void)
{
	struct trace t = { .now_ns = 1000 * TRACE_SECOND };

	write_first(&t);
	write_second(&t);
	return model_of(&t);
}

static struct pw_value value_of(const struct pw_column *columns, const char *name,
				const struct pw_model *m, const void *row)
{
	const struct pw_column *c = pw_column_find(columns, name);
	struct pw_value v;

	if (!c)
		fail_msg("no column %s", name);
	c->get(m, row, &v);
	return v;
}

static void assert_bytes(const struct pw_column *columns, const char *name,
			 const struct pw_model *m, const void *row, uint64_t want)
{
	struct pw_value v = value_of(columns, name, m, row);

	if (!v.known || v.u != want)
		fail_msg("%s is %s%llu, not %llu", name, v.known ? "" : "unknown ",
			 (unsigned long long)v.u, (unsigned long long)want);
}

static void assert_unknown(const struct pw_column *columns, const char *name,
			   const struct pw_model *m, const void *row)
{
	if (value_of(columns, name, m, row).known)
		fail_msg("%s is known, but nobody saw it", name);
}

static void a_process_has_its_counters(void **state)
{
	struct pw_model *m = usual_model();
	const struct pw_process *p = pw_model_pid(m, SERVER);
	const struct pw_column *c = pw_process_columns;

	(void)state;
	assert_bytes(c, "pid", m, p, SERVER);
	assert_bytes(c, "uid", m, p, 33);
	assert_bytes(c, "footprint_bytes", m, p, (211 + 7 + 3) * PAGE);
	assert_bytes(c, "rss_bytes", m, p, (211 + 53 + 7) * PAGE);
	assert_bytes(c, "rss_anon_bytes", m, p, 211 * PAGE);
	assert_bytes(c, "rss_file_bytes", m, p, 53 * PAGE);
	assert_bytes(c, "rss_shmem_bytes", m, p, 7 * PAGE);
	assert_bytes(c, "swap_bytes", m, p, 3 * PAGE);
	assert_bytes(c, "hiwater_rss_bytes", m, p, 307 * PAGE);
	assert_bytes(c, "ledger_live_bytes", m, p, 230 * PAGE);
	assert_int_equal(value_of(c, "growth_total_bytes", m, p).i, 110 * PAGE);
	assert_int_equal(value_of(c, "residual_bytes", m, p).i, (211 + 7 - 230) * (int64_t)PAGE);
	assert_true(value_of(c, "minor_faults_per_second", m, p).d == 127);
	assert_true(value_of(c, "touched_pages_per_second", m, p).d == 110);
	assert_true(value_of(c, "cpu_ratio", m, p).d == 0.25);
	assert_true(value_of(c, "alive", m, p).b);
	pw_model_destroy(m);
}

static void what_was_not_seen_is_unknown(void **state)
{
	static const char *const sampled[] = {
		"footprint_bytes", "rss_bytes",		"threads",    "cpu_ns",
		"cpu_ratio",	   "ledger_live_bytes", "mmap_bytes", "growth_1m_bytes_per_minute",
		"container",	   "build_id",		"exit_time",  "hiwater_rss_bytes"
	};
	static const char *const volumes[] = { "mmap_bytes", "munmap_bytes", "brk_grown_bytes",
					       "growth_1h_bytes_per_minute", "exit_status" };
	struct pw_model *m = usual_model();
	const struct pw_process *quiet = pw_model_pid(m, QUIET), *server = pw_model_pid(m, SERVER);

	(void)state;
	for (size_t i = 0; i < sizeof(sampled) / sizeof(sampled[0]); i++)
		assert_unknown(pw_process_columns, sampled[i], m, quiet);
	for (size_t i = 0; i < sizeof(volumes) / sizeof(volumes[0]); i++)
		assert_unknown(pw_process_columns, volumes[i], m, server);
	pw_model_destroy(m);
}

static void without_a_ledger_its_columns_are_unknown(void **state)
{
	static const char *const ledger[] = { "ledger_live_bytes", "ledger_touched_bytes",
					      "residual_bytes", "touched_pages_per_second",
					      "freed_pages_per_second" };
	struct trace t = { .now_ns = 1000 * TRACE_SECOND };
	struct pw_model *m;

	(void)state;
	trace_machine(&t, "boot")->coverage = 0;
	trace_counters(&t, trace_key(SERVER), 5)->flags = 0;
	trace_tick(&t);
	trace_counters(&t, trace_key(SERVER), 5)->flags = 0;
	trace_tick(&t);
	m = model_of(&t);
	for (size_t i = 0; i < sizeof(ledger) / sizeof(ledger[0]); i++)
		assert_unknown(pw_process_columns, ledger[i], m, pw_model_pid(m, SERVER));
	assert_unknown(pw_machine_columns, "sample_every", m, m);
	assert_unknown(pw_machine_columns, "bpf_cpu_ratio", m, m);
	assert_bytes(pw_process_columns, "rss_anon_bytes", m, pw_model_pid(m, SERVER), 5 * PAGE);
	pw_model_destroy(m);
}

static void growth_is_per_minute(void **state)
{
	struct trace t = { .now_ns = 1000 * TRACE_SECOND };
	struct pw_model *m;
	struct pw_value v;

	(void)state;
	trace_machine(&t, "boot");
	for (unsigned int second = 0; second < 70; second++) {
		trace_counters(&t, trace_key(SERVER), 1000 + 3 * second);
		trace_tick(&t);
	}
	m = model_of(&t);
	v = value_of(pw_process_columns, "growth_1m_bytes_per_minute", m, pw_model_pid(m, SERVER));
	assert_true(v.known);
	/* the ends are off by at most one step of a second */
	assert_in_range((uint64_t)v.d, 3 * 59 * PAGE, 3 * 61 * PAGE);
	v = value_of(pw_process_columns, "footprint_series_bytes", m, pw_model_pid(m, SERVER));
	assert_int_equal(v.spark.count, 60);
	assert_unknown(pw_process_columns, "growth_10m_bytes_per_minute", m, pw_model_pid(m, SERVER));
	pw_model_destroy(m);
}

static void the_dead_keep_their_end(void **state)
{
	struct trace t = { .now_ns = 1000 * TRACE_SECOND };
	struct pw_model *m;
	const struct pw_process *p;

	(void)state;
	write_first(&t);
	trace_exit(&t, trace_key(SERVER), 9)->hiwater_rss_pages = 401;
	trace_exit(&t, trace_key(QUIET), 3 << 8);
	trace_tick(&t);
	m = model_of(&t);
	p = pw_model_pid(m, SERVER);
	assert_false(value_of(pw_process_columns, "alive", m, p).b);
	assert_bytes(pw_process_columns, "exit_signal", m, p, 9);
	assert_unknown(pw_process_columns, "exit_status", m, p);
	assert_bytes(pw_process_columns, "hiwater_rss_bytes", m, p, 401 * PAGE);
	p = pw_model_pid(m, QUIET);
	assert_bytes(pw_process_columns, "exit_status", m, p, 3);
	assert_unknown(pw_process_columns, "exit_signal", m, p);
	pw_model_destroy(m);
}

static void a_group_sums_its_members(void **state)
{
	struct trace t = { .now_ns = 1000 * TRACE_SECOND };
	struct pw_model *m;
	struct pw_group **groups;
	size_t count;

	(void)state;
	trace_machine(&t, "boot");
	for (uint32_t pid = 100; pid < 103; pid++) {
		trace_identity(&t, trace_key(pid), "/usr/sbin/worker", "/pool", "", "worker");
		trace_counters(&t, trace_key(pid), 11)->swap_pages = 2;
	}
	trace_tick(&t);
	m = model_of(&t);
	assert_int_equal(pw_model_groups(m, &groups, &count), 0);
	assert_int_equal(count, 1);
	assert_bytes(pw_group_columns, "processes", m, groups[0], 3);
	assert_bytes(pw_group_columns, "rss_anon_bytes", m, groups[0], 33 * PAGE);
	assert_bytes(pw_group_columns, "footprint_bytes", m, groups[0], 39 * PAGE);
	assert_string_equal(value_of(pw_group_columns, "name", m, groups[0]).text.bytes, "worker");
	free(groups);
	pw_model_destroy(m);
}

static void segments_tell_what_is_known(void **state)
{
	struct trace t = { .now_ns = 1000 * TRACE_SECOND };
	struct pw_segment *s;
	struct pw_segments *head;
	struct pw_model *m;
	const struct pw_segment_set *set;
	const struct pw_process *p;
	struct pw_value v;

	(void)state;
	write_first(&t);
	head = trace_segments(&t, trace_key(SERVER), 2);
	head->flags = PW_SEGMENTS_PAGEMAP_SCAN | PW_SEGMENTS_CHANGED;
	head->lock_longest_ns = 1234;
	s = trace_segment(&t, trace_key(SERVER), PW_SEG_HEAP, "", 0x5000, 13 * PAGE);
	s->perms = PW_PERM_R | PW_PERM_W;
	s = trace_segment(&t, trace_key(SERVER), PW_SEG_KERNEL_PAGE_TABLES, "", 0, 0);
	s->end = 0;
	s->anon_bytes = s->file_bytes = s->shmem_bytes = PW_UNKNOWN;
	trace_tick(&t);
	m = model_of(&t);
	p = pw_model_pid(m, SERVER);
	set = p->segments;
	assert_non_null(set);
	assert_int_equal(set->count, 2);
	v = value_of(pw_segment_columns, "perms", m, &set->rows[0]);
	assert_memory_equal(v.scratch.text, "rw-p", 5);
	assert_bytes(pw_segment_columns, "rss_bytes", m, &set->rows[0], 13 * PAGE);
	assert_bytes(pw_segment_columns, "start", m, &set->rows[0], 0x5000);
	assert_unknown(pw_segment_columns, "dirty_bytes", m, &set->rows[0]);
	assert_unknown(pw_segment_columns, "start", m, &set->rows[1]);
	assert_unknown(pw_segment_columns, "rss_bytes", m, &set->rows[1]);
	assert_unknown(pw_segment_columns, "perms", m, &set->rows[1]);
	assert_bytes(pw_scan_columns, "lock_longest_ns", m, p, 1234);
	assert_bytes(pw_scan_columns, "rss_bytes", m, p, 13 * PAGE);
	v = value_of(pw_scan_columns, "seen_by", m, p);
	assert_string_equal(v.scratch.text, "maps, PAGEMAP_SCAN");
	v = value_of(pw_scan_columns, "missing", m, p);
	assert_string_equal(v.scratch.text, "the address space moved under the scan");
	pw_model_destroy(m);
}

static void losses_and_gaps_are_said(void **state)
{
	struct pw_model *m = usual_model();
	struct pw_loss_row losses[PW_LOSS_CAUSES];
	struct pw_coverage_row parts[PW_COVERAGE_ROWS_MAX];
	struct pw_value v;
	size_t n;

	(void)state;
	assert_int_equal(pw_loss_rows(m, losses, PW_LOSS_CAUSES), 1);
	assert_string_equal(losses[0].cause, "ring_full");
	assert_int_equal(losses[0].count, 17);
	assert_bytes(pw_machine_columns, "lost", m, m, 17);
	n = pw_coverage_rows(m, parts, PW_COVERAGE_ROWS_MAX);
	assert_true(n >= 10);
	for (size_t i = 0; i < n; i++) /* either seen, or said what it costs */
		assert_int_equal(parts[i].seen, parts[i].text[0] == '\0');
	v = value_of(pw_machine_columns, "coverage", m, m);
	assert_memory_equal(v.scratch.text, "without ", 8);
	pw_model_destroy(m);
}

static void assert_good_columns(const struct pw_column *columns, const char *where)
{
	for (const struct pw_column *c = columns; c->name; c++) {
		if (strspn(c->name, "abcdefghijklmnopqrstuvwxyz0123456789_") != strlen(c->name))
			fail_msg("%s: the name %s is not in lower case", where, c->name);
		if (pw_column_find(columns, c->name) != c)
			fail_msg("%s: two columns are called %s", where, c->name);
		if (!c->help || !c->help[0] || !c->title || !c->title[0])
			fail_msg("%s: %s lacks a title or help", where, c->name);
		if ((c->unit == PW_UNIT_BYTES || c->unit == PW_UNIT_SIGNED_BYTES) &&
		    !strstr(c->name, "_bytes"))
			fail_msg("%s: %s is in bytes and does not say so", where, c->name);
	}
}

static void documents_are_well_formed(void **state)
{
	(void)state;
	for (const struct pw_document_shape *const *s = pw_document_shapes; *s; s++) {
		if ((*s)->header)
			assert_good_columns((*s)->header, (*s)->schema);
		for (const struct pw_table_shape *t = (*s)->tables; t->name; t++) {
			assert_good_columns(t->columns, t->name);
			/* one object: a table may not be called like a column of the header */
			if ((*s)->header && pw_column_find((*s)->header, t->name))
				fail_msg("%s: %s is a column and a table", (*s)->schema, t->name);
			for (const char *const *name = t->shown; name && *name; name++) {
				if (!pw_column_find(t->columns, *name))
					fail_msg("%s: no column %s", t->name, *name);
			}
		}
	}
}

static void a_standard_line_fits_120_columns(void **state)
{
	static const struct pw_column *const tables[] = { pw_process_columns, pw_group_columns };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		unsigned int width = 0;

		for (const struct pw_column *c = tables[i]; c->name; c++)
			width += c->standard ? c->width + 1u : 0;
		assert_in_range(width, 100, 121);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_process_has_its_counters),
		cmocka_unit_test(what_was_not_seen_is_unknown),
		cmocka_unit_test(without_a_ledger_its_columns_are_unknown),
		cmocka_unit_test(growth_is_per_minute),
		cmocka_unit_test(the_dead_keep_their_end),
		cmocka_unit_test(a_group_sums_its_members),
		cmocka_unit_test(segments_tell_what_is_known),
		cmocka_unit_test(losses_and_gaps_are_said),
		cmocka_unit_test(documents_are_well_formed),
		cmocka_unit_test(a_standard_line_fits_120_columns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
