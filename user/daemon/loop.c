// SPDX-License-Identifier: GPL-2.0-or-later
#include "user/daemon/loop.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "user/base/clock.h"
#include "user/daemon/http.h"
#include "user/daemon/trending.h"

#define FAILURES_MAX 10 /* collects in a row; then systemd may try a fresh start */

/* ---- records --------------------------------------------------------------------- */

/* Every record goes to the model, then to whoever reads along. */
static int take_record(void *ctx, const struct pw_record *rec)
{
	struct pw_daemon *d = ctx;
	struct pw_tick tick;
	int r;

	if (rec->type == PW_REC_TICK && rec->size == sizeof(tick)) {
		tick = *(const struct pw_tick *)rec;
		tick.lost[PW_LOSS_STORE] += d->history_lost_rows;
		rec = &tick.rec;
	}
	r = pw_model_ingest(d->model, rec);
	if (r)
		return r;
	r = pw_broadcast_record(d->broadcast, d->model, rec);
	if (r)
		pw_daemon_log(4, "the stream lost an interval: %s", strerror(-r));
	return 0;
}

static void store_tick(struct pw_daemon *d)
{
	uint64_t before;

	if (!d->store)
		return;
	before = pw_store_lost_rows(d->store);
	pw_store_tick(d->store, d->model); /* a failure shows again, with words, at the flush */
	d->history_lost_rows += pw_store_lost_rows(d->store) - before;
}

static void alert_tick(struct pw_daemon *d)
{
	char machine[sizeof(d->model->machine.hostname) + 1] = "";

	memcpy(machine, d->model->machine.hostname, sizeof(machine) - 1);
	if (pw_alerting_tick(&d->alerting, pw_alerter_book(d->alerter), d->model, d->trends,
			     d->config.alert_instance[0] ? d->config.alert_instance : machine))
		d->trends_saved_ns = 0; /* the next flush saves them: what was told should be known */
}

static int take_interval(struct pw_daemon *d, struct pw_error *err)
{
	uint64_t begin = pw_clock_boot_ns();
	int r = pw_source_collect(d->source, take_record, d, err);

	d->collect_ns = pw_clock_boot_ns() - begin;
	if (d->collect_ns > d->collect_longest_ns)
		d->collect_longest_ns = d->collect_ns;
	if (!r) {
		if (d->failures)
			pw_daemon_log(6, "collecting works again");
		d->failures = 0;
		store_tick(d);
		pw_trending_tick(d);
		alert_tick(d);
		return 0;
	}
	if (d->failures++ == 0)
		pw_daemon_log_error(3, err);
	return d->failures < FAILURES_MAX ? 0 : r;
}

/* ---- history --------------------------------------------------------------------- */

static void store_failed(struct pw_daemon *d, int r, const struct pw_error *err)
{
	d->store_error = *err;
	if (!d->store_failure_told)
		pw_daemon_log_error(4, err);
	d->store_failure_told = true;
	if (r != -EBADMSG)
		return;
	/* Damaged under our hands: opening anew keeps it aside. */
	pw_store_close(d->store);
	d->store = NULL;
	d->store_retry_ns = pw_clock_boot_ns();
}

static void retry_store(struct pw_daemon *d)
{
	struct pw_error err;
	uint64_t now = pw_clock_boot_ns();

	if (!d->config.history_path[0] || now < d->store_retry_ns)
		return;
	d->store_retry_ns = now + PW_STORE_RETRY_NS;
	if (!pw_daemon_open_store(d, &err))
		pw_daemon_log(6, "the history is open again");
}

static void flush_store(struct pw_daemon *d)
{
	struct pw_error err = { 0 };
	uint64_t begin = pw_clock_boot_ns(), took, before;
	int r;

	if (!d->store) {
		retry_store(d);
		return;
	}
	before = pw_store_lost_rows(d->store);
	r = pw_store_flush(d->store, &err);
	/* Even when the flush failed: making room is what may help. */
	if (!r || r == -ENOSPC) {
		int maintained = pw_store_maintain(d->store, pw_clock_real_ns(), r ? NULL : &err);

		r = r ? r : maintained;
	}
	d->history_lost_rows += pw_store_lost_rows(d->store) - before;
	took = pw_clock_boot_ns() - begin;
	if (took > d->flush_longest_ns)
		d->flush_longest_ns = took;
	if (r) {
		store_failed(d, r, &err);
	} else if (d->store_failure_told) {
		pw_daemon_log(6, "the history is written again; %llu rows were lost",
			      (unsigned long long)d->history_lost_rows);
		d->store_failure_told = false;
		d->store_error = (struct pw_error){ 0 };
	}
}

/* ---- the loop -------------------------------------------------------------------- */

static int add_fd(struct pw_daemon *d, int fd)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.fd = fd };

	return epoll_ctl(d->epoll_fd, EPOLL_CTL_ADD, fd, &ev) < 0 ? -errno : 0;
}

static void listen_again(struct pw_daemon *d)
{
	if (d->listening || add_fd(d, d->listener.fd))
		return;
	d->listening = true;
	if (d->tcp_fd >= 0)
		add_fd(d, d->tcp_fd);
}

static void accept_all(struct pw_daemon *d, int fd)
{
	if (pw_http_accept(d->http, fd, fd == d->tcp_fd))
		return;
	/* Out of descriptors: a readable listener would spin the loop until some are free. */
	epoll_ctl(d->epoll_fd, EPOLL_CTL_DEL, d->listener.fd, NULL);
	if (d->tcp_fd >= 0)
		epoll_ctl(d->epoll_fd, EPOLL_CTL_DEL, d->tcp_fd, NULL);
	d->listening = false;
}

static void take_signals(struct pw_daemon *d)
{
	struct signalfd_siginfo info;

	while (read(d->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		if (info.ssi_signo == SIGHUP)
			pw_daemon_reload(d);
		else
			d->stopping = true;
	}
}

static uint64_t expirations(int fd)
{
	uint64_t n = 0;

	return read(fd, &n, sizeof(n)) == (ssize_t)sizeof(n) ? n : 0;
}

static void tell_status(struct pw_daemon *d)
{
	sd_notifyf(0, "STATUS=Watching %zu processes by %s%s%s", d->model->alive,
		   d->source->ops->name, d->store_error.what[0] ? "; " : "", d->store_error.what);
}

static int on_tick(struct pw_daemon *d, struct pw_error *err)
{
	uint64_t n = expirations(d->tick_fd);
	int r;

	if (!n)
		return 0;
	d->late_ticks += n - 1;
	r = take_interval(d, err);
	listen_again(d);
	return r;
}

static void on_flush(struct pw_daemon *d)
{
	if (!expirations(d->flush_fd))
		return;
	flush_store(d);
	pw_trending_flush(d);
	tell_status(d);
}

static int on_source(struct pw_daemon *d, struct pw_error *err)
{
	int r = pw_source_drain(d->source, take_record, d, err);

	if (!r)
		return 0;
	/* collect() meets the same trouble and decides; until then don't spin on it. */
	pw_daemon_log_error(4, err);
	epoll_ctl(d->epoll_fd, EPOLL_CTL_DEL, d->source_fd, NULL);
	d->source_fd = -1;
	return 0;
}

static int dispatch(struct pw_daemon *d, int fd, struct pw_error *err)
{
	if (fd == d->signal_fd)
		take_signals(d);
	else if (fd == d->tick_fd)
		return on_tick(d, err);
	else if (fd == d->flush_fd)
		on_flush(d);
	else if (fd == d->listener.fd || (fd >= 0 && fd == d->tcp_fd))
		accept_all(d, fd);
	else if (fd == d->source_fd)
		return on_source(d, err);
	return 0; /* what is HTTP's or the alerter's runs in every round */
}

static void ping_watchdog(struct pw_daemon *d)
{
	uint64_t now = pw_clock_boot_ns();

	if (!d->watchdog_ns || now < d->watchdog_next_ns)
		return;
	sd_notify(0, "WATCHDOG=1");
	d->watchdog_next_ns = now + d->watchdog_ns / 3;
}

static int sleep_ms(const struct pw_daemon *d)
{
	uint64_t ms = pw_http_timeout_ms(d->http), alert_ms = pw_alerter_timeout_ms(d->alerter);

	if (alert_ms < ms)
		ms = alert_ms;
	if (d->watchdog_ns && d->watchdog_ns / 3 / PW_NSEC_PER_MSEC < ms)
		ms = d->watchdog_ns / 3 / PW_NSEC_PER_MSEC;
	return ms > 3600000 ? -1 : (int)ms;
}

static int run_round(struct pw_daemon *d, struct pw_error *err)
{
	struct epoll_event events[16];
	int n = epoll_wait(d->epoll_fd, events, 16, sleep_ms(d));
	int r = 0;

	if (n < 0 && errno != EINTR)
		return pw_error_set(err, -errno, "the daemon's loop failed: %s", strerror(errno));
	for (int i = 0; i < n && !r; i++)
		r = dispatch(d, events[i].data.fd, err);
	pw_http_run(d->http);
	pw_alerter_run(d->alerter);
	ping_watchdog(d);
	return r;
}

int pw_loop_run(struct pw_daemon *d, struct pw_error *err)
{
	int r = take_interval(d, err); /* the first answers are complete */

	if (!r) {
		sd_notifyf(0, "READY=1\nMAINPID=%d", (int)getpid());
		tell_status(d);
		pw_daemon_log(6, "watching %zu processes by %s, socket %s, history %s",
			      d->model->alive, d->source->ops->name, d->config.socket_path,
			      d->store ? d->config.history_path : "off");
	}
	while (!r && !d->stopping)
		r = run_round(d, err);
	return r;
}

/* ---- set-up ---------------------------------------------------------------------- */

static int set_timer(int fd, uint64_t ns)
{
	struct timespec t = { .tv_sec = ns / PW_NSEC_PER_SEC, .tv_nsec = ns % PW_NSEC_PER_SEC };
	struct itimerspec spec = { .it_interval = t, .it_value = t };

	return timerfd_settime(fd, 0, &spec, NULL) < 0 ? -errno : 0;
}

int pw_loop_set_timers(struct pw_daemon *d)
{
	int r = set_timer(d->tick_fd, d->config.interval_ns);

	return r ? r : set_timer(d->flush_fd, d->config.flush_ns);
}

static sigset_t loop_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	return set;
}

void pw_loop_hold_signals(void)
{
	const sigset_t set = loop_signals();

	sigprocmask(SIG_BLOCK, &set, NULL);
}

static int open_fds(struct pw_daemon *d)
{
	const sigset_t set = loop_signals();

	d->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	d->signal_fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	d->tick_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	d->flush_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	if (d->epoll_fd < 0 || d->signal_fd < 0 || d->tick_fd < 0 || d->flush_fd < 0)
		return -errno;
	return pw_loop_set_timers(d);
}

int pw_loop_open(struct pw_daemon *d, struct pw_error *err)
{
	uint64_t watchdog_us = 0;
	int r = open_fds(d);

	if (d->source->ops->drain)
		d->source_fd = pw_source_fd(d->source);
	r = r ? r : add_fd(d, d->signal_fd);
	r = r ? r : add_fd(d, d->tick_fd);
	r = r ? r : add_fd(d, d->flush_fd);
	r = r ? r : add_fd(d, pw_http_fd(d->http));
	r = r ? r : add_fd(d, pw_alerter_fd(d->alerter));
	r = r ? r : add_fd(d, d->listener.fd);
	if (!r && d->tcp_fd >= 0)
		r = add_fd(d, d->tcp_fd);
	if (!r && d->source_fd >= 0)
		r = add_fd(d, d->source_fd);
	if (r)
		return pw_error_set(err, r, "cannot set up the daemon's loop: %s", strerror(-r));
	d->listening = true;
	if (sd_watchdog_enabled(0, &watchdog_us) > 0)
		d->watchdog_ns = watchdog_us * 1000;
	return 0;
}

void pw_loop_close(struct pw_daemon *d)
{
	int *const fds[] = { &d->epoll_fd, &d->signal_fd, &d->tick_fd, &d->flush_fd };

	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++) {
		if (*fds[i] >= 0)
			close(*fds[i]);
		*fds[i] = -1;
	}
}
