// SPDX-License-Identifier: GPL-2.0-or-later
/* The order in which the daemon's parts begin and end. The loop is in loop.c. */
#include "user/daemon/daemon.h"

#include <errno.h>
#include <grp.h>
#include <malloc.h>
#include <signal.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "user/base/clock.h"
#include "user/daemon/http.h"
#include "user/daemon/listen_tcp.h"
#include "user/daemon/loop.h"
#include "user/daemon/state.h"
#include "user/daemon/trending.h"
#include "user/inspect/identity.h"

static gid_t find_group(const char *name)
{
	const struct group *g = getgrnam(name);

	return g ? g->gr_gid : (gid_t)-1;
}

static void take_group(struct pw_daemon *d)
{
	d->group = find_group(d->config.group);
	if (d->group == (gid_t)-1)
		pw_daemon_log(4, "there is no group %s: only root may connect; groupadd --system %s",
			      d->config.group, d->config.group);
}

/* ---- stages ---------------------------------------------------------------------- */

/* A cgroup that is not there yet must not stop the daemon: then no wipes are observed. */
static void find_wipes_cgroup(const struct pw_daemon_config *c, struct pw_wipe_options *wipes)
{
	struct pw_error err = { 0 };
	struct pw_procfs fs;

	if (!wipes->on || !c->wipes_cgroup[0])
		return;
	pw_procfs_init(&fs, c->source.root);
	if (!pw_cgroup_find(&fs, c->wipes_cgroup, &wipes->cgroup_id, &err))
		return;
	pw_daemon_log_error(4, &err);
	pw_daemon_log(4, "wipes are not observed; start the daemon after the cgroup's first process");
	wipes->on = false;
}

static int open_source(struct pw_daemon *d, struct pw_error *err)
{
	struct pw_source_options opt = d->config.source;
	int r;

	find_wipes_cgroup(&d->config, &opt.wipes);
	opt.resources_every_ns = (uint64_t)(PW_SOURCE_RESOURCES_NS / d->config.time_scale);
	r = pw_source_own_create(&opt, &d->source, &d->source_why, err);

	if (d->source_why.what[0])
		pw_daemon_log_error(4, &d->source_why);
	if (!r && strcmp(d->source->ops->name, "proc") == 0)
		pw_daemon_log(4, "going on with /proc alone: no page ledger, no events");
	return r;
}

int pw_daemon_open_store(struct pw_daemon *d, struct pw_error *err)
{
	const struct pw_store_options opt = { .max_bytes = d->config.history_max_bytes };
	struct pw_error said = { 0 };
	int r = pw_make_parent(d->config.history_path, 0750, &said);

	r = r ? r : pw_store_open(d->config.history_path, &opt, &d->store, &said);
	if (said.what[0]) {
		pw_daemon_log_error(r ? 3 : 4, &said);
		d->store_error = said;
	} else {
		d->store_error = (struct pw_error){ 0 };
	}
	d->trends_save_all = true; /* a new file has none */
	if (r)
		*err = said;
	return r;
}

/* A history that is in other hands or of a newer kind stops the start; a full disk does not. */
static int start_store(struct pw_daemon *d, struct pw_error *err)
{
	int r;

	if (!d->config.history_path[0])
		return 0;
	r = pw_daemon_open_store(d, err);
	if (r == -ENOSPC || r == -EDQUOT || r == -EIO) {
		d->store_retry_ns = pw_clock_boot_ns() + PW_STORE_RETRY_NS;
		pw_daemon_log(4, "going on without a history; trying again every minute");
		return 0;
	}
	return r;
}

static int start_alerts(struct pw_daemon *d, struct pw_error *err)
{
	struct pw_alert_options *opt = &d->config.alert;
	int r = opt->spool[0] ? pw_make_parent(opt->spool, 0750, err) : 0;

	r = r ? r : pw_alerter_create(opt, pw_daemon_log, &d->alerter, err);
	if (!r || r == -EINVAL || !opt->spool[0])
		return r;
	/* As with the history: a disk that will not must not keep us from watching. */
	pw_daemon_log_error(4, err);
	pw_daemon_log(4, "notices of alerts wait in memory, and are lost at a restart");
	opt->spool[0] = '\0';
	return pw_alerter_create(opt, pw_daemon_log, &d->alerter, err);
}

static int start_tcp(struct pw_daemon *d, struct pw_error *err)
{
	const char *text = d->config.tcp.address;
	struct pw_tcp_address a;
	int r = pw_token_read(d->config.tcp.token_path, &d->token, err);

	if (r || !text[0])
		return r;
	r = pw_tcp_address_parse(text, &a);
	return r ? pw_error_set(err, r, "listen_tcp = %s: not an address with a port", text) :
		   pw_tcp_listen(&a, text, &d->tcp_fd, err);
}

static int start(struct pw_daemon *d, struct pw_error *err)
{
	int r;

	take_group(d);
	/* First what tells of another daemon: it must not find its probes doubled. */
	r = pw_listener_open(d->config.socket_path, d->group, &d->listener, err);
	r = r ? r : start_store(d, err);
	r = r ? r : start_alerts(d, err);
	r = r ? r : start_tcp(d, err);
	r = r ? r : open_source(d, err);
	if (r)
		return r;
	r = pw_model_create(NULL, &d->model);
	r = r ? r : pw_broadcast_create(&d->broadcast);
	r = r ? r : pw_trending_start(d);
	if (r)
		return pw_error_set(err, r, "cannot start the daemon: %s", strerror(-r));
	r = pw_http_create(d, &d->http, err);
	return r ? r : pw_loop_open(d, err);
}

static void stop(struct pw_daemon *d)
{
	pw_loop_close(d);
	pw_http_destroy(d->http);
	if (d->tcp_fd >= 0)
		close(d->tcp_fd);
	explicit_bzero(&d->token, sizeof(d->token));
	pw_alerter_destroy(d->alerter);
	pw_broadcast_destroy(d->broadcast);
	pw_source_destroy(d->source);
	pw_trending_stop(d);
	pw_store_close(d->store);
	pw_model_destroy(d->model);
	pw_listener_close(&d->listener);
}

/* ---- reload ---------------------------------------------------------------------- */

/* The file may hold another token than before, under the same name. */
static void apply_token(struct pw_daemon *d, const struct pw_daemon_config *next)
{
	struct pw_error err = { 0 };

	if (pw_token_read(next->tcp.token_path, &d->token, &err)) {
		pw_daemon_log_error(3, &err);
		pw_daemon_log(4, "the token stays as it was");
		return;
	}
	memcpy(d->config.tcp.token_path, next->tcp.token_path, sizeof(d->config.tcp.token_path));
}

static void apply_config(struct pw_daemon *d, const struct pw_daemon_config *next)
{
	const char *restart = pw_daemon_config_needs_restart(&d->config, next);
	const struct pw_trends *before = d->trends;
	double scale = d->config.time_scale;
	struct pw_error err = { 0 };

	if (restart)
		pw_daemon_log(4, "a change of %s takes effect at the next start", restart);
	d->config.interval_ns = next->interval_ns;
	d->config.flush_ns = next->flush_ns;
	d->config.history_max_bytes = next->history_max_bytes;
	d->config.trends = next->trends;
	d->config.time_scale = next->time_scale;
	memcpy(d->config.group, next->group, sizeof(d->config.group));
	d->config.metrics_groups = next->metrics_groups;
	d->config.alert.rate = next->alert.rate;
	pw_alerter_set_rate(d->alerter, next->alert.rate);
	apply_token(d, next);
	if (d->store && pw_store_set_max_bytes(d->store, next->history_max_bytes, &err))
		pw_daemon_log_error(4, &err);
	pw_trending_reload(d);
	if (!before != !d->trends || scale != d->config.time_scale)
		pw_alerting_reset(&d->alerting);
	take_group(d);
	if (pw_listener_set_group(&d->listener, d->group))
		pw_daemon_log(4, "cannot give the socket to the group %s", d->config.group);
}

void pw_daemon_reload(struct pw_daemon *d)
{
	struct pw_daemon_config next;
	struct pw_error err = { 0 };

	sd_notify(0, "RELOADING=1\nSTATUS=Reloading");
	if (pw_daemon_config_load(d->options, &next, &err)) {
		pw_daemon_log_error(3, &err);
		pw_daemon_log(4, "the configuration stays as it was");
	} else {
		apply_config(d, &next);
		d->reloads++;
		if (pw_loop_set_timers(d))
			pw_daemon_log(4, "cannot set the timers");
		pw_daemon_log(6, "reloaded");
	}
	sd_notify(0, "READY=1");
}

int pw_daemon_run(const struct pw_daemon_options *opt, struct pw_error *err)
{
	static const struct sigaction ignore = { .sa_handler = SIG_IGN };
	struct pw_daemon d = {
		.options = opt,
		.listener = { .fd = -1, .pid_fd = -1 },
		.tcp_fd = -1,
		.epoll_fd = -1,
		.signal_fd = -1,
		.tick_fd = -1,
		.flush_fd = -1,
		.source_fd = -1,
		.started_ns = pw_clock_boot_ns(),
	};
	int r = pw_daemon_config_load(opt, &d.config, err);

	if (r)
		return r;
	sigaction(SIGPIPE, &ignore, NULL);
	pw_loop_hold_signals();
	/* One arena, given back early: answers are big and short-lived. */
	mallopt(M_ARENA_MAX, 1);
	mallopt(M_MMAP_THRESHOLD, 128 << 10);
	mallopt(M_TRIM_THRESHOLD, 256 << 10);
	r = start(&d, err);
	r = r ? r : pw_loop_run(&d, err);
	sd_notify(0, "STOPPING=1\nSTATUS=Stopping");
	stop(&d);
	return r;
}
