// SPDX-License-Identifier: GPL-2.0-or-later
#include "user/alert/alerter.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "user/alert/alertmanager.h"
#include "user/alert/hook.h"
#include "user/alert/journal.h"
#include "user/alert/spool.h"
#include "user/base/cleanup.h"
#include "user/base/clock.h"
#include "user/base/replace.h"

#define JOURNAL_RETRY_NS PW_NSEC_PER_SEC
#define JOURNAL_QUEUE 1024 /* all that can begin and end in one round */
#define SAVE_RETRY_NS (10 * PW_NSEC_PER_SEC)
#define FIRING_MAX_BYTES (16u << 20)

struct pw_alerter {
	struct pw_alert_options options;
	pw_alert_log log;
	int epoll_fd;
	struct pw_alert_book *book;
	struct pw_alert_way ways[PW_WAYS];
	struct pw_spool *spools[PW_WAYS];
	struct pw_hooks *hooks;
	struct pw_alertmanager *alertmanager;
	uint64_t journal_at_ns, save_at_ns; /* not before */
	uint64_t wake_ns; /* CLOCK_BOOTTIME */
	bool spool_failure_told, save_failure_told, down_told;
};

/* ---- taking notices ------------------------------------------------------------------ */

static void enqueue(struct pw_alerter *a, enum pw_alert_way_kind k, const char *text, size_t len)
{
	uint64_t before;
	int r;

	if (!a->ways[k].on)
		return;
	before = pw_spool_dropped(a->spools[k]);
	r = pw_spool_put(a->spools[k], text, len);
	a->ways[k].dropped += pw_spool_dropped(a->spools[k]) - before;
	if (r == -ENOMEM || r == -EFBIG)
		a->ways[k].dropped++;
	if (r && !a->spool_failure_told)
		a->log(4,
		       "an alert's notice cannot be kept in %s: %s; it is lost if the daemon ends now",
		       a->options.spool, strerror(-r));
	a->spool_failure_told = r != 0;
}

void pw_alerter_tell(struct pw_alerter *a, const struct pw_alert *alert)
{
	pw_auto_free char *json = NULL, *entry = NULL;
	size_t len = 0, entry_len = 0;
	int r = pw_alert_to_json(alert, &json, &len);

	r = r ? r : pw_journal_entry(alert, &entry, &entry_len);
	if (r) {
		for (int k = 0; k < PW_WAYS; k++)
			a->ways[k].dropped += a->ways[k].on;
		return;
	}
	enqueue(a, PW_WAY_JOURNAL, entry, entry_len);
	enqueue(a, PW_WAY_EXEC, json, len);
	enqueue(a, PW_WAY_ALERTMANAGER, json, len);
}

static void tell_all(void *ctx, const struct pw_alert *alert)
{
	pw_alerter_tell(ctx, alert);
}

/* ---- the journal ----------------------------------------------------------------------- */

/* MESSAGE=... is the entry's first line. */
static void say_instead(struct pw_alerter *a, const char *entry)
{
	const char *message = entry + strlen("MESSAGE=");

	a->log(4, "%.*s", (int)strcspn(message, "\n"), message);
}

static uint64_t run_journal(struct pw_alerter *a, uint64_t now_ns, uint64_t real_ns)
{
	struct pw_alert_way *way = &a->ways[PW_WAY_JOURNAL];
	struct pw_spool *spool = a->spools[PW_WAY_JOURNAL];

	while (pw_spool_count(spool) && now_ns >= a->journal_at_ns) {
		struct pw_spool_item *item = pw_spool_at(spool, 0);
		int r = pw_journal_send(PW_JOURNAL_SOCKET, item->text, item->len);

		if (r == -EAGAIN || r == -ENOBUFS) {
			way->failed++;
			snprintf(way->error, sizeof(way->error), "the journal is busy");
			a->journal_at_ns = now_ns + JOURNAL_RETRY_NS;
			break;
		}
		way->error[0] = '\0';
		if (r) {
			snprintf(way->error, sizeof(way->error),
				 "there is no journal (%s): said on standard error", strerror(-r));
			say_instead(a, item->text);
		}
		way->sent++;
		way->sent_ns = real_ns;
		pw_spool_remove(spool, item->sequence);
	}
	way->waiting = pw_spool_count(spool);
	return way->waiting ? a->journal_at_ns : UINT64_MAX;
}

/* ---- the hook --------------------------------------------------------------------------- */

static void hook_says(void *ctx, const char *line)
{
	struct pw_alerter *a = ctx;

	a->log(6, "alert_exec: %s", line);
}

static void hook_ended(struct pw_alerter *a, const struct pw_hook_result *r, uint64_t real_ns)
{
	struct pw_alert_way *way = &a->ways[PW_WAY_EXEC];

	way->error[0] = '\0';
	if (r->timed_out)
		snprintf(way->error, sizeof(way->error), "it was ended after %.1f s",
			 (double)r->took_ns / PW_NSEC_PER_SEC);
	else if (WIFSIGNALED(r->status))
		snprintf(way->error, sizeof(way->error), "signal %d ended it", WTERMSIG(r->status));
	else if (r->status)
		snprintf(way->error, sizeof(way->error), "it exited with status %d",
			 WEXITSTATUS(r->status));
	if (way->error[0]) {
		way->failed++;
		a->log(4, "alert_exec: %s", way->error);
	} else {
		way->sent++;
		way->sent_ns = real_ns;
	}
	/* It had its chance: one that always fails must not be run for ever. */
	pw_spool_remove(a->spools[PW_WAY_EXEC], r->ticket);
}

static void start_hook(struct pw_alerter *a, struct pw_spool_item *item, uint64_t now_ns)
{
	struct pw_alert_way *way = &a->ways[PW_WAY_EXEC];
	int r = pw_hooks_start(a->hooks, item->sequence, item->text, item->len, now_ns);

	if (!r) {
		item->busy = true;
		return;
	}
	snprintf(way->error, sizeof(way->error), "it cannot be started: %s", strerror(-r));
	a->log(4, "alert_exec: %s", way->error);
	way->failed++;
	pw_spool_remove(a->spools[PW_WAY_EXEC], item->sequence);
}

static struct pw_spool_item *next_idle(struct pw_spool *s)
{
	for (size_t i = 0; i < pw_spool_count(s); i++) {
		if (!pw_spool_at(s, i)->busy)
			return pw_spool_at(s, i);
	}
	return NULL;
}

static uint64_t run_hooks(struct pw_alerter *a, uint64_t now_ns, uint64_t real_ns)
{
	struct pw_spool *spool = a->spools[PW_WAY_EXEC];
	struct pw_hook_result result;
	struct pw_spool_item *item;

	while (pw_hooks_run(a->hooks, now_ns, &result))
		hook_ended(a, &result, real_ns);
	while (pw_hooks_has_room(a->hooks) && (item = next_idle(spool)))
		start_hook(a, item, now_ns);
	a->ways[PW_WAY_EXEC].waiting = pw_spool_count(spool);
	return pw_hooks_wake_ns(a->hooks);
}

/* ---- Alertmanager ------------------------------------------------------------------------ */

static uint64_t run_alertmanager(struct pw_alerter *a, uint64_t now_ns, uint64_t real_ns)
{
	struct pw_alert_way *way = &a->ways[PW_WAY_ALERTMANAGER];
	uint64_t again = pw_alertmanager_run(a->alertmanager, now_ns, real_ns);
	bool down = way->error[0] != '\0';

	if (down && !a->down_told)
		a->log(4, "%s: %s; notices wait in the spool", a->options.alertmanager, way->error);
	if (!down && a->down_told)
		a->log(6, "%s takes alerts again", a->options.alertmanager);
	a->down_told = down;
	return again;
}

/* ---- what fires, across a restart ----------------------------------------------------------- */

static void firing_path(const struct pw_alerter *a, char *out, size_t size)
{
	snprintf(out, size, "%s/firing", a->options.spool);
}

static int write_firing(struct pw_alerter *a)
{
	pw_auto_free char *text = NULL;
	char path[sizeof(a->options.spool) + 16];
	struct pw_replace file = { 0 };
	size_t len = 0;
	int r = pw_alert_book_save(a->book, &text, &len);

	firing_path(a, path, sizeof(path));
	r = r ? r : pw_replace_begin(&file, path);
	if (r)
		return r;
	fwrite(text, 1, len, file.file);
	return pw_replace_commit(&file);
}

static void save_firing(struct pw_alerter *a, uint64_t now_ns)
{
	int r;

	if (!a->options.spool[0] || now_ns < a->save_at_ns ||
	    (!pw_alert_book_is_changed(a->book) && !a->save_failure_told))
		return;
	r = write_firing(a);
	if (r && !a->save_failure_told)
		a->log(4, "what fires cannot be kept in %s: %s; after a restart it is told anew",
		       a->options.spool, strerror(-r));
	a->save_failure_told = r != 0;
	a->save_at_ns = r ? now_ns + SAVE_RETRY_NS : 0;
}

static void load_firing(struct pw_alerter *a)
{
	pw_auto_free char *text = malloc(FIRING_MAX_BYTES);
	char path[sizeof(a->options.spool) + 16];
	pw_auto_close int fd = -1;
	size_t used = 0;
	ssize_t n = 0;

	if (!a->options.spool[0] || !text)
		return;
	firing_path(a, path, sizeof(path));
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	while (fd >= 0 && used < FIRING_MAX_BYTES &&
	       (n = read(fd, text + used, FIRING_MAX_BYTES - used)) > 0)
		used += (size_t)n;
	if (fd < 0 && errno == ENOENT)
		return;
	if (fd < 0 || n < 0 || pw_alert_book_load(a->book, text, used))
		a->log(4, "%s is damaged: alerts that it held may be told again", path);
}

/* ---- running ---------------------------------------------------------------------------------- */

static void sooner(uint64_t *wake_ns, uint64_t at_ns)
{
	if (at_ns < *wake_ns)
		*wake_ns = at_ns;
}

void pw_alerter_run(struct pw_alerter *a)
{
	uint64_t now_ns = pw_clock_boot_ns(), real_ns = pw_clock_real_ns();
	uint64_t book_real_ns = pw_alert_book_run(a->book, real_ns);

	a->wake_ns = UINT64_MAX;
	if (book_real_ns != UINT64_MAX)
		sooner(&a->wake_ns, now_ns + (book_real_ns - real_ns));
	save_firing(a, now_ns);
	if (a->save_at_ns)
		sooner(&a->wake_ns, a->save_at_ns);
	if (a->ways[PW_WAY_JOURNAL].on)
		sooner(&a->wake_ns, run_journal(a, now_ns, real_ns));
	if (a->ways[PW_WAY_EXEC].on)
		sooner(&a->wake_ns, run_hooks(a, now_ns, real_ns));
	if (a->ways[PW_WAY_ALERTMANAGER].on)
		sooner(&a->wake_ns, run_alertmanager(a, now_ns, real_ns));
}

int pw_alerter_fd(const struct pw_alerter *a)
{
	return a->epoll_fd;
}

uint64_t pw_alerter_timeout_ms(const struct pw_alerter *a)
{
	uint64_t now_ns = pw_clock_boot_ns();

	if (a->wake_ns == UINT64_MAX)
		return UINT64_MAX;
	return a->wake_ns > now_ns ? (a->wake_ns - now_ns) / PW_NSEC_PER_MSEC + 1 : 0;
}

struct pw_alert_book *pw_alerter_book(struct pw_alerter *a)
{
	return a->book;
}

const struct pw_alert_way *pw_alerter_way(const struct pw_alerter *a, enum pw_alert_way_kind k)
{
	return &a->ways[k];
}

void pw_alerter_set_rate(struct pw_alerter *a, uint32_t rate)
{
	a->options.rate = rate;
	pw_alert_book_set_rate(a->book, rate);
}

/* ---- life -------------------------------------------------------------------------------------- */

static int open_spool(struct pw_alerter *a, enum pw_alert_way_kind k, struct pw_error *err)
{
	/* The journal has no wait worth a file: it is there, or there is none. */
	bool on_disk = a->options.spool[0] && k != PW_WAY_JOURNAL;
	char path[sizeof(a->options.spool) + 16] = "";
	int r;

	if (!a->ways[k].on)
		return 0;
	if (on_disk)
		snprintf(path, sizeof(path), "%s/%s", a->options.spool, a->ways[k].name);
	r = pw_spool_create(path, k == PW_WAY_JOURNAL ? JOURNAL_QUEUE : a->options.spool_max,
			    &a->spools[k], err);
	if (!r)
		a->ways[k].waiting = pw_spool_count(a->spools[k]);
	return r;
}

static int open_exec(struct pw_alerter *a, struct pw_error *err)
{
	int r;

	if (!a->ways[PW_WAY_EXEC].on)
		return 0;
	r = pw_hooks_create(a->epoll_fd, a->options.exec, a->options.exec_timeout_ns, hook_says, a,
			    &a->hooks);
	return r ? pw_error_set(err, r,
				"alert_exec = %.128s: not an absolute path and at most %d words",
				a->options.exec, PW_HOOK_ARGUMENTS) :
		   0;
}

static int open_alertmanager(struct pw_alerter *a, struct pw_error *err)
{
	struct pw_url url;
	const char *reason;
	int r;

	if (!a->ways[PW_WAY_ALERTMANAGER].on)
		return 0;
	r = pw_url_parse(a->options.alertmanager, &url, &reason);
	if (r)
		return pw_error_set(err, r, "alertmanager_url = %.128s: %s",
				    a->options.alertmanager, reason);
	r = pw_alertmanager_create(a->epoll_fd, &url, a->options.refresh_ns,
				   a->spools[PW_WAY_ALERTMANAGER], a->book,
				   &a->ways[PW_WAY_ALERTMANAGER], &a->alertmanager);
	return r ? pw_error_set(err, r, "cannot start alerting: %s", strerror(-r)) : 0;
}

static int open_all(struct pw_alerter *a, struct pw_error *err)
{
	int r = pw_alert_book_create(a->options.rate, tell_all, a, &a->book);

	a->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (a->epoll_fd < 0)
		r = -errno;
	if (!r && a->options.spool[0] && mkdir(a->options.spool, 0750) && errno != EEXIST)
		return pw_error_set(err, -errno, "cannot make %s: %s", a->options.spool,
				    strerror(errno));
	if (r)
		return pw_error_set(err, r, "cannot start alerting: %s", strerror(-r));
	for (int k = 0; k < PW_WAYS && !r; k++)
		r = open_spool(a, k, err);
	r = r ? r : open_exec(a, err);
	return r ? r : open_alertmanager(a, err);
}

int pw_alerter_create(const struct pw_alert_options *opt, pw_alert_log log, struct pw_alerter **ret,
		      struct pw_error *err)
{
	struct pw_alerter *a = calloc(1, sizeof(*a));
	int r;

	if (!a)
		return pw_error_set(err, -ENOMEM, "cannot start alerting: out of memory");
	a->options = *opt;
	a->log = log;
	a->epoll_fd = -1;
	a->ways[PW_WAY_JOURNAL] = (struct pw_alert_way){ .name = "journal", .on = !opt->no_journal };
	a->ways[PW_WAY_EXEC] = (struct pw_alert_way){ .name = "exec", .on = opt->exec[0] };
	a->ways[PW_WAY_ALERTMANAGER] =
		(struct pw_alert_way){ .name = "alertmanager", .on = opt->alertmanager[0] };
	r = open_all(a, err);
	if (r) {
		pw_alerter_destroy(a);
		return r;
	}
	load_firing(a);
	*ret = a;
	return 0;
}

void pw_alerter_destroy(struct pw_alerter *a)
{
	if (!a)
		return;
	if (a->book)
		save_firing(a, UINT64_MAX);
	pw_hooks_destroy(a->hooks);
	pw_alertmanager_destroy(a->alertmanager);
	for (int k = 0; k < PW_WAYS; k++)
		pw_spool_destroy(a->spools[k]);
	pw_alert_book_destroy(a->book);
	if (a->epoll_fd >= 0)
		close(a->epoll_fd);
	free(a);
}
