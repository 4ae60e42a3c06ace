// SPDX-License-Identifier: GPL-2.0-or-later
#include "user/daemon/trending.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "user/base/clock.h"
#include "user/store/trends.h"

/* ---- the history --------------------------------------------------------------------- */

static void restore(struct pw_daemon *d)
{
	struct pw_error err = { 0 };
	size_t refused;

	d->trends_save_all = true;
	if (!d->store)
		return;
	if (pw_store_restore_trends(d->store, d->trends, &refused, &err))
		pw_daemon_log_error(4, &err);
	else if (refused)
		pw_daemon_log(4, "%zu saved series could not be used; they begin anew", refused);
	else
		d->trends_save_all = false;
}

static void save(struct pw_daemon *d)
{
	struct pw_error err = { 0 };
	uint64_t before;

	if (!d->trends || !d->store)
		return;
	d->trends_saved_ns = pw_clock_boot_ns();
	before = pw_store_lost_rows(d->store);
	if (pw_store_save_trends(d->store, d->trends, d->trends_save_all, &err)) {
		/* the next flush meets the same trouble, and tells */
		d->trends_save_all = true;
		d->store_error = err;
	} else {
		d->trends_save_all = false;
	}
	d->history_lost_rows += pw_store_lost_rows(d->store) - before;
}

/* ---- life ---------------------------------------------------------------------------- */

int pw_trending_start(struct pw_daemon *d)
{
	const struct pw_trends_options opt = { .time_scale = d->config.time_scale };
	int r;

	if (!d->config.trends)
		return 0;
	r = pw_trends_create(&opt, &d->trends);
	if (r)
		return r;
	restore(d);
	d->model->trends = d->trends; /* for the verdicts among its processes and groups */
	d->trends_saved_ns = pw_clock_boot_ns();
	return 0;
}

void pw_trending_stop(struct pw_daemon *d)
{
	save(d);
	if (d->model)
		d->model->trends = NULL;
	pw_trends_destroy(d->trends);
	d->trends = NULL;
}

void pw_trending_reload(struct pw_daemon *d)
{
	if (d->config.trends == (d->trends != NULL) &&
	    (!d->trends || pw_trends_time_scale(d->trends) == d->config.time_scale))
		return;
	pw_trending_stop(d);
	if (pw_trending_start(d))
		pw_daemon_log(3, "no memory for trends: leaks are not looked for");
}

/* ---- the loop ------------------------------------------------------------------------ */

static uint64_t cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * PW_NSEC_PER_SEC + (uint64_t)t.tv_nsec;
}

void pw_trending_tick(struct pw_daemon *d)
{
	uint64_t begin, before;

	if (!d->trends)
		return;
	d->model->trends = d->trends; /* another boot's model has lost it */
	begin = cpu_ns();
	if (pw_trends_tick(d->trends, d->model) && !d->trends_failure_told) {
		pw_daemon_log(4, "no memory for a sample of the trends");
		d->trends_failure_told = true;
	}
	begin = cpu_ns() - begin;
	d->trends_cpu_ns += begin;
	if (begin > d->trends_longest_ns)
		d->trends_longest_ns = begin;
	if (!d->store)
		return;
	before = pw_store_lost_rows(d->store);
	pw_store_take_verdicts(d->store, d->trends);
	d->history_lost_rows += pw_store_lost_rows(d->store) - before;
}

void pw_trending_flush(struct pw_daemon *d)
{
	uint64_t every_ns = (uint64_t)(PW_TRENDING_SAVE_NS / d->config.time_scale);

	if (d->trends && pw_clock_boot_ns() - d->trends_saved_ns >= every_ns)
		save(d);
}
