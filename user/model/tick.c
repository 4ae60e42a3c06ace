// SPDX-License-Identifier: GPL-2.0-or-later
/* MACHINE and TICK: what opens a trace and what closes an interval. */
#include <string.h>

#include "user/model/cgroup_table.h"
#include "user/model/group_table.h"
#include "user/model/ingest.h"
#include "user/model/process_table.h"
#include "user/model/secret_table.h"
#include "user/model/wipe_ledger.h"

/*
 * After a MACHINE that comes again (a reconnected stream, a restarted source)
 * the source describes every living process anew; who was not named within
 * this many ticks died unseen meanwhile.
 */
#define CONFIRM_TICKS 2

/* Numbers that no machine has: a ledger or a page of nothing divides by zero later. */
static bool machine_in_bounds(const struct pw_machine *r)
{
	bool power_of_two = r->page_size && !(r->page_size & (r->page_size - 1));

	return power_of_two && r->page_size >= 1024 && r->page_size <= 1u << 20 &&
	       r->memory_pages <= 1ull << 46 && r->swap_pages <= 1ull << 46;
}

static void terminate(uint8_t *text, size_t size)
{
	text[size - 1] = '\0';
}

static void doubt_the_living(struct pw_model *m)
{
	for (size_t i = 0; i < m->pids.capacity; i++) {
		struct pw_process *p = m->pids.slots[i].item;

		if (p)
			p->confirmed = false;
	}
	pw_wipe_probes_clear(&m->wipes);
	pw_secrets_doubt(&m->secrets);
	pw_cgroups_doubt(m);
	m->unconfirmed_ticks = CONFIRM_TICKS;
}

int pw_ingest_machine(struct pw_model *m, const struct pw_record *rec)
{
	const struct pw_machine *r = (const void *)rec;
	bool same_boot = !strncmp((const char *)m->machine.boot_id, (const char *)r->boot_id,
				  sizeof(r->boot_id) - 1);
	int err;

	if (!machine_in_bounds(r))
		return pw_ingest_invalid(m);
	pw_ingest_drop_pending(m);
	if (m->has_machine && !same_boot) {
		err = pw_model_reset(m);
		if (err)
			return err;
	} else if (m->has_machine) {
		doubt_the_living(m);
	}
	m->machine = *r;
	terminate(m->machine.hostname, sizeof(r->hostname));
	terminate(m->machine.release, sizeof(r->release));
	terminate(m->machine.boot_id, sizeof(r->boot_id));
	terminate(m->machine.source, sizeof(r->source));
	m->has_machine = true;
	m->tick.sequence = 0; /* the new source counts from its own 1 */
	return 0;
}

/* Retires who was not heard of since MACHINE came again. */
static void bury_the_silent(struct pw_model *m, uint64_t time_ns)
{
	pw_secrets_end_unconfirmed(&m->secrets, time_ns);
	pw_cgroups_end_silent(m);
	for (size_t i = 0; i < m->pids.capacity;) {
		struct pw_process *p = m->pids.slots[i].item;

		if (!p || p->confirmed)
			i++;
		else
			pw_process_retire(m, p, time_ns); /* another may move into this slot */
	}
}

static double per_second(uint64_t before, uint64_t after, uint64_t interval_ns)
{
	if (after <= before || !interval_ns)
		return 0;
	return (double)(after - before) * 1e9 / (double)interval_ns;
}

/* Closes the interval for a living process; interval_ns 0: no rates. */
static void tick_process(struct pw_process *p, uint64_t time_ns, uint64_t interval_ns)
{
	const struct pw_counters *c = &p->now;

	p->has_rates = interval_ns && (p->has_base || (p->forked && p->has_counters));
	p->has_base = p->has_counters;
	if (!p->sampled) { /* silent: nothing changed */
		p->minor_faults_rate = p->major_faults_rate = 0;
		p->touched_rate = p->freed_rate = p->cpu_share = 0;
		return;
	}
	p->sampled = false;
	p->minor_faults_rate = per_second(p->prev_minor_faults, c->minor_faults, interval_ns);
	p->major_faults_rate = per_second(p->prev_major_faults, c->major_faults, interval_ns);
	p->touched_rate = per_second(p->prev_touched, c->ledger_touched_pages, interval_ns);
	p->freed_rate = per_second(p->prev_freed, c->ledger_freed_pages, interval_ns);
	p->cpu_share = per_second(p->prev_cpu_ns, c->cpu_ns, interval_ns) / 1e9;
	pw_process_rebase(p);
	pw_series_add(&p->footprint, time_ns, pw_process_footprint(p));
}

static void tick_processes(struct pw_model *m, const struct pw_tick *t)
{
	/* Right behind a MACHINE that came again, the change is that of the whole gap. */
	uint64_t interval = m->unconfirmed_ticks == CONFIRM_TICKS ? 0 : t->interval_ns;

	if (m->unconfirmed_ticks && --m->unconfirmed_ticks == 0)
		bury_the_silent(m, t->rec.time_ns);
	pw_group_sums_begin(m);
	for (size_t i = 0; i < m->pids.capacity; i++) {
		struct pw_process *p = m->pids.slots[i].item;

		if (!p)
			continue;
		tick_process(p, t->rec.time_ns, interval);
		pw_group_sums_add(p);
	}
	pw_group_sums_end(m, t->rec.time_ns);
}

static void tick_machine(struct pw_model *m, const struct pw_tick *t)
{
	const struct pw_tick *before = &m->tick;
	uint64_t available = t->available_pages < m->machine.memory_pages ? t->available_pages :
									    m->machine.memory_pages;

	m->events_rate = per_second(before->events_received, t->events_received, t->interval_ns);
	m->bpf_share = per_second(before->bpf_ns, t->bpf_ns, t->interval_ns) / 1e9;
	m->user_share = per_second(before->user_ns, t->user_ns, t->interval_ns) / 1e9;
	if (before->sequence && t->sequence > before->sequence + 1)
		m->missed_ticks += t->sequence - before->sequence - 1;
	for (unsigned int i = 0; i < PW_LOSS_CAUSES; i++)
		m->lost[i] = t->lost[i] + m->own_lost[i];
	if (m->has_machine)
		pw_series_add(&m->footprint, t->rec.time_ns, m->machine.memory_pages - available);
}

int pw_ingest_tick(struct pw_model *m, const struct pw_record *rec)
{
	const struct pw_tick *t = (const void *)rec;

	pw_ingest_drop_pending(m);
	tick_processes(m, t);
	tick_machine(m, t);
	pw_wipes_count_calls(&m->wipes);
	m->tick = *t;
	m->now_ns = rec->time_ns;
	if (!m->sequence++)
		m->first_ns = rec->time_ns;
	return 0;
}
