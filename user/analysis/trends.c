// SPDX-License-Identifier: GPL-2.0-or-later
/* The table's life, and what a tick is. */
#include "user/analysis/trends.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "user/analysis/trends_private.h"

#define SUBJECTS_DEFAULT 24576
#define STRINGS_BYTES (8u << 20)
#define MALLOC_HEADER 16 /* what an allocation costs beside its bytes, about */

const char *const pw_subject_type_names[PW_SUBJECT_TYPES] = { "process", "group", "cgroup" };

int pw_trends_create(const struct pw_trends_options *opt, struct pw_trends **ret)
{
	struct pw_trends *t = calloc(1, sizeof(*t));
	int err;

	if (!t)
		return -ENOMEM;
	if (opt)
		t->options = *opt;
	if (!t->options.subjects)
		t->options.subjects = SUBJECTS_DEFAULT;
	if (!(t->options.time_scale >= PW_TRENDS_SCALE_MIN) ||
	    t->options.time_scale > PW_TRENDS_SCALE_MAX)
		t->options.time_scale = 1;
	t->boot_id = "";
	err = pw_hash_init(&t->subjects, t->options.subjects);
	if (!err)
		err = pw_intern_create(STRINGS_BYTES, &t->strings);
	if (err) {
		pw_trends_destroy(t);
		return err;
	}
	*ret = t;
	return 0;
}

void pw_trends_destroy(struct pw_trends *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < t->subjects.capacity; i++) {
		if (t->subjects.slots[i].item)
			pw_trends_subject_free(t, t->subjects.slots[i].item);
	}
	pw_hash_deinit(&t->subjects);
	pw_trends_events_free(t);
	free(t->forgotten);
	pw_intern_destroy(t->strings);
	free(t);
}

double pw_trends_time_scale(const struct pw_trends *t)
{
	return t->options.time_scale;
}

uint64_t pw_trends_began(const struct pw_trends *t)
{
	return t->began_ns;
}

uint64_t pw_trends_now(const struct pw_trends *t)
{
	return t->now_ns;
}

/* ---- a tick ------------------------------------------------------------------------ */

static uint64_t steps_of(const struct pw_trends *t, uint64_t scaled_step_ns)
{
	return (uint64_t)((double)t->now_ns * t->options.time_scale / (double)scaled_step_ns);
}

/* The clock may be set back; time here never goes. */
static void take_clock(struct pw_trends *t, const struct pw_model *m)
{
	uint64_t real = pw_model_realtime(m, m->now_ns);

	if (real + t->adjust_ns < t->now_ns)
		t->adjust_ns = t->now_ns - real;
	t->now_ns = real + t->adjust_ns;
}

static int take_boot(struct pw_trends *t, const struct pw_model *m)
{
	const char *boot_id = (const char *)m->machine.boot_id;

	if (!strncmp(t->boot_id, boot_id, sizeof(m->machine.boot_id)))
		return 0;
	return pw_trends_set_string(t, &t->boot_id, boot_id, sizeof(m->machine.boot_id));
}

int pw_trends_tick(struct pw_trends *t, const struct pw_model *m)
{
	uint64_t step = t->step, slot = t->slot;
	int err;

	if (!m->has_machine || !m->sequence)
		return 0;
	take_clock(t, m);
	err = take_boot(t, m);
	if (err)
		return err;
	t->step = steps_of(t, PW_TRENDS_STEP_NS);
	t->slot = steps_of(t, PW_TRENDS_LAP_NS / PW_TRENDS_SLOTS);
	if (t->step != step || !t->round)
		err = pw_trends_sample(t, m);
	pw_trends_judge_slots(t, m, slot);
	pw_trends_publish(t);
	return err;
}

void pw_trends_cost(const struct pw_trends *t, struct pw_trends_cost *ret)
{
	size_t subject = sizeof(struct pw_trends_subject) + MALLOC_HEADER;

	*ret = (struct pw_trends_cost){
		.subjects = t->subjects.used,
		.series = t->moved,
		.suspects = t->suspects,
		.windowless = t->windowless,
		.refused = t->refused,
		.judged = t->judged,
		.samples = t->round,
		.bytes = sizeof(*t) + t->subjects.used * subject + t->series_bytes +
			 t->moved * (sizeof(struct pw_trends_series) + MALLOC_HEADER) +
			 t->suspects * (sizeof(struct pw_trends_suspicion) + MALLOC_HEADER) +
			 t->subjects.capacity * sizeof(*t->subjects.slots) +
			 pw_intern_memory(t->strings) + t->fresh_room * sizeof(*t->fresh) +
			 (t->ring ? PW_VERDICT_EVENTS_MAX * sizeof(*t->ring) : 0) +
			 t->forgotten_room * sizeof(*t->forgotten),
	};
}
