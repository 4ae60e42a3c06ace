// SPDX-License-Identifier: GPL-2.0-or-later
/* The machine, what Pagewarden itself costs, and what was lost or not seen. */
#include "user/view/tables.h"

#include <stdio.h>
#include <string.h>

#include "user/model/loss.h"
#include "user/view/table_values.h"

#define MACHINE_VALUE(name, condition, set, expression)                                \
	static void get_##name(const void *ctx, const void *row, struct pw_value *ret) \
	{                                                                              \
		const struct pw_model *m = row;                                        \
                                                                                       \
		(void)ctx;                                                             \
		if (condition)                                                         \
			set(ret, expression);                                          \
		else                                                                   \
			pw_value_unknown(ret);                                         \
	}

#define TICKED (m->has_machine && m->sequence > 0)
#define RATED (m->sequence > 1)
#define LEDGER (m->has_machine && (m->machine.coverage & PW_COVER_LEDGER))
/* a history tells neither what its collector cost nor every number of the machine */
#define COLLECTED (m->tick.own_rss_bytes != 0)
#define COLLECTED_RATED (COLLECTED && RATED)
#define EVENTS (COLLECTED && (m->machine.coverage & PW_COVER_EVENTS))
#define EVENTS_RATED (EVENTS && RATED)
#define LEDGER_TICKED (LEDGER && TICKED)
#define LEDGER_RATED (LEDGER && RATED)
#define PAGES(n) ((n) * (uint64_t)m->machine.page_size)

static void get_host(const void *ctx, const void *row, struct pw_value *ret)
{
	const struct pw_model *m = row;

	(void)ctx;
	pw_table_bytes(m->machine.hostname, sizeof(m->machine.hostname), ret);
}

static void get_kernel(const void *ctx, const void *row, struct pw_value *ret)
{
	const struct pw_model *m = row;

	(void)ctx;
	pw_table_bytes(m->machine.release, sizeof(m->machine.release), ret);
}

static void get_boot_id(const void *ctx, const void *row, struct pw_value *ret)
{
	const struct pw_model *m = row;

	(void)ctx;
	pw_table_bytes(m->machine.boot_id, sizeof(m->machine.boot_id), ret);
}

static void get_source(const void *ctx, const void *row, struct pw_value *ret)
{
	const struct pw_model *m = row;

	(void)ctx;
	pw_table_bytes(m->machine.source, sizeof(m->machine.source), ret);
}

/* "complete", or what is missing: "without migrations, OOM kills". */
static void get_coverage(const void *ctx, const void *row, struct pw_value *ret)
{
	struct pw_coverage_row rows[PW_COVERAGE_ROWS_MAX];
	size_t n = pw_coverage_rows(row, rows, PW_COVERAGE_ROWS_MAX);
	size_t used = 0;

	(void)ctx;
	for (size_t i = 0; i < n && used < sizeof(ret->scratch.text); i++) {
		if (rows[i].seen || !rows[i].expected)
			continue;
		used += (size_t)snprintf(ret->scratch.text + used, sizeof(ret->scratch.text) - used,
					 "%s%s", used ? ", " : "without ", rows[i].what);
	}
	pw_value_text(ret, used ? ret->scratch.text : "complete");
	ret->known = ((const struct pw_model *)row)->has_machine;
}

static uint64_t lost_total(const struct pw_model *m)
{
	uint64_t sum = 0;

	for (unsigned int i = 0; i < PW_LOSS_CAUSES; i++)
		sum += m->lost[i];
	return sum;
}

MACHINE_VALUE(time, TICKED, pw_value_u, pw_model_realtime(m, m->now_ns))
MACHINE_VALUE(boot_time, m->machine.boot_realtime_ns != 0, pw_value_u, m->machine.boot_realtime_ns)
MACHINE_VALUE(observed_ns, TICKED, pw_value_u, m->now_ns - m->first_ns)
MACHINE_VALUE(ticks, true, pw_value_u, m->sequence)
MACHINE_VALUE(interval_ns, TICKED && m->tick.interval_ns, pw_value_u, m->tick.interval_ns)
MACHINE_VALUE(cpus, m->has_machine, pw_value_u, m->machine.cpus)
MACHINE_VALUE(page_size_bytes, m->has_machine, pw_value_u, m->machine.page_size)
MACHINE_VALUE(memory_total_bytes, m->has_machine, pw_value_u, PAGES(m->machine.memory_pages))
MACHINE_VALUE(memory_available_bytes, TICKED, pw_value_u, PAGES(m->tick.available_pages))
MACHINE_VALUE(memory_free_bytes, m->tick.free_pages != 0, pw_value_u, PAGES(m->tick.free_pages))
MACHINE_VALUE(memory_cached_bytes, TICKED, pw_value_u, PAGES(m->tick.cached_pages))
MACHINE_VALUE(memory_slab_bytes, m->tick.slab_pages != 0, pw_value_u, PAGES(m->tick.slab_pages))
MACHINE_VALUE(swap_total_bytes, m->has_machine, pw_value_u, PAGES(m->machine.swap_pages))
MACHINE_VALUE(swap_free_bytes, TICKED, pw_value_u, PAGES(m->tick.swap_free_pages))
MACHINE_VALUE(processes_alive, TICKED, pw_value_u, m->tick.processes)
MACHINE_VALUE(processes_dead, true, pw_value_u, m->dead)
MACHINE_VALUE(threads, m->tick.threads != 0, pw_value_u, m->tick.threads)
MACHINE_VALUE(sample_every, LEDGER, pw_value_u, m->machine.sample_every)
MACHINE_VALUE(ledger_memory_bytes, LEDGER, pw_value_u, m->machine.ledger_bytes)
MACHINE_VALUE(ledger_live_bytes, LEDGER_TICKED, pw_value_u, PAGES(m->tick.ledger_live_pages))
MACHINE_VALUE(ledger_touched_bytes, LEDGER_TICKED, pw_value_u, PAGES(m->tick.ledger_touched_pages))
MACHINE_VALUE(ledger_freed_bytes, LEDGER_TICKED, pw_value_u, PAGES(m->tick.ledger_freed_pages))
MACHINE_VALUE(bpf_cpu_ratio, LEDGER_RATED, pw_value_d, m->bpf_share)
MACHINE_VALUE(user_cpu_ratio, COLLECTED_RATED, pw_value_d, m->user_share)
MACHINE_VALUE(own_rss_bytes, COLLECTED, pw_value_u, m->tick.own_rss_bytes)
MACHINE_VALUE(events_tried, EVENTS, pw_value_u, m->tick.events_tried)
MACHINE_VALUE(events_received, EVENTS, pw_value_u, m->tick.events_received)
MACHINE_VALUE(events_per_second, EVENTS_RATED, pw_value_d, m->events_rate)
MACHINE_VALUE(lost, true, pw_value_u, lost_total(m))
MACHINE_VALUE(unknown_records, true, pw_value_u, m->unknown_records)
MACHINE_VALUE(invalid_records, true, pw_value_u, m->invalid_records)

const struct pw_column pw_machine_columns[] = {
#define C(name, title, unit, width, standard, help)                             \
	{                                                                       \
#name, title, help, PW_UNIT_##unit, width, standard, get_##name \
	}
	C(host, "host", TEXT, 20, true, "name of the machine"),
	C(kernel, "kernel", TEXT, 20, true, "its kernel's release"),
	C(time, "at", TIME, 24, true, "the end of the last interval"),
	C(boot_time, "booted", TIME, 24, false, "when the machine booted"),
	C(boot_id, "boot", TEXT, 36, false, "the kernel's random id of this boot"),
	C(source, "source", TEXT, 5, true, "who counted: bpf or proc"),
	C(observed_ns, "observed", NS, 8, true, "from the first interval to the last"),
	C(ticks, "ticks", COUNT, 6, false, "intervals so far"),
	C(interval_ns, "interval", NS, 6, false, "length of the last interval"),
	C(cpus, "cpus", COUNT, 4, false, "CPUs"),
	C(page_size_bytes, "page", BYTES, 4, false, "size of a page"),
	C(memory_total_bytes, "memory", BYTES, 6, true, "memory of the machine"),
	C(memory_available_bytes, "available", BYTES, 6, true,
	  "what programs could still get without swapping"),
	C(memory_free_bytes, "free", BYTES, 6, false, "unused"),
	C(memory_cached_bytes, "cached", BYTES, 6, false, "page cache"),
	C(memory_slab_bytes, "slab", BYTES, 6, false, "the kernel's own objects"),
	C(swap_total_bytes, "swap", BYTES, 6, false, "swap space"),
	C(swap_free_bytes, "swapfree", BYTES, 6, false, "unused swap space"),
	C(processes_alive, "processes", COUNT, 6, true, "processes that run"),
	C(processes_dead, "dead", COUNT, 6, true, "dead processes that are remembered"),
	C(threads, "threads", COUNT, 6, true, "threads that run"),
	C(sample_every, "sampled 1 in", COUNT, 4, true, "one page in this many is in the ledger"),
	C(ledger_memory_bytes, "ledger", BYTES, 6, false, "kernel memory that the ledger takes"),
	C(ledger_live_bytes, "live", BYTES, 6, false,
	  "pages in use that the ledger knows, of all processes"),
	C(ledger_touched_bytes, "touched", BYTES, 6, false,
	  "first touches since the ledger began, of all processes"),
	C(ledger_freed_bytes, "freed", BYTES, 6, false,
	  "pages given back since the ledger began, of all processes"),
	C(bpf_cpu_ratio, "own cost: bpf", RATIO, 5, true,
	  "CPU that the BPF programs take, as a share of one CPU (an estimate)"),
	C(user_cpu_ratio, "user", RATIO, 5, true,
	  "CPU that the collecting process takes, as a share of one CPU"),
	C(own_rss_bytes, "rss", BYTES, 6, true, "resident memory of the collecting process"),
	C(events_tried, "tried", COUNT, 8, false, "events that the kernel side tried to send"),
	C(events_received, "received", COUNT, 8, false,
	  "events that arrived; tried = received + the ring_full losses"),
	C(events_per_second, "events/s", PER_SECOND, 6, false, "events in the last interval"),
	C(lost, "lost", COUNT, 6, true, "losses of all causes; the table of losses has each"),
	C(unknown_records, "unknown", COUNT, 4, false, "records of a newer version that were skipped"),
	C(invalid_records, "invalid", COUNT, 4, false, "damaged records that were skipped"),
	C(coverage, "coverage", TEXT, 60, true, "\"complete\", or what is not seen"),
	{ NULL },
#undef C
};

#define ROW_VALUE(type, name, set, expression)                                                  \
	static void get_##type##_##name(const void *ctx, const void *row, struct pw_value *ret) \
	{                                                                                       \
		const struct pw_##type##_row *r = row;                                          \
                                                                                                \
		(void)ctx;                                                                      \
		set(ret, expression);                                                           \
	}

ROW_VALUE(loss, cause, pw_value_text, r->cause)
ROW_VALUE(loss, count, pw_value_u, r->count)
ROW_VALUE(loss, text, pw_value_text, r->text)
ROW_VALUE(coverage, what, pw_value_text, r->what)
ROW_VALUE(coverage, seen, pw_value_b, r->seen)
ROW_VALUE(coverage, text, pw_value_text, r->text)

const struct pw_column pw_loss_columns[] = {
	{ "cause", "CAUSE", "short name of the cause", PW_UNIT_TEXT, 16, true, get_loss_cause },
	{ "count", "COUNT", "how many", PW_UNIT_COUNT, 10, true, get_loss_count },
	{ "text", "MEANING", "what was lost", PW_UNIT_TEXT, 60, true, get_loss_text },
	{ NULL },
};

const struct pw_column pw_coverage_columns[] = {
	{ "what", "PART", "a part of what can be seen", PW_UNIT_TEXT, 24, true, get_coverage_what },
	{ "seen", "SEEN", "this source sees it", PW_UNIT_BOOL, 4, true, get_coverage_seen },
	{ "text", "WITHOUT IT", "what its absence costs; empty when it is seen", PW_UNIT_TEXT, 70,
	  true, get_coverage_text },
	{ NULL },
};

size_t pw_loss_rows(const struct pw_model *m, struct pw_loss_row *out, size_t n)
{
	size_t used = 0;

	for (unsigned int cause = 0; cause < PW_LOSS_CAUSES && used < n; cause++) {
		if (!m->lost[cause])
			continue;
		out[used++] = (struct pw_loss_row){
			.cause = pw_loss_name(cause) ? pw_loss_name(cause) : "unnamed",
			.text = pw_loss_text(cause) ? pw_loss_text(cause) :
						      "a cause of a newer version",
			.count = m->lost[cause],
		};
	}
	return used;
}

size_t pw_coverage_rows(const struct pw_model *m, struct pw_coverage_row *out, size_t n)
{
	size_t used = 0;

	for (unsigned int i = 0; i < 32 && used < n; i++) {
		unsigned int bit = 1u << i;
		bool seen = (m->machine.coverage & bit) != 0;

		if (!pw_coverage_name(bit))
			continue;
		out[used++] = (struct pw_coverage_row){
			.what = pw_coverage_name(bit),
			.seen = seen,
			.expected = !pw_coverage_is_extra(bit),
			.text = seen ? "" : pw_coverage_missing_text(bit),
		};
	}
	return used;
}
