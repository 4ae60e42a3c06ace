// SPDX-License-Identifier: GPL-2.0-or-later
#include "user/alert/alertmanager.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "user/alert/post.h"
#include "user/base/cleanup.h"
#include "user/base/clock.h"
#include "user/base/text.h"

#define API_PATH "/api/v2/alerts"
#define BACKOFF_MIN_NS PW_NSEC_PER_SEC
#define BACKOFF_MAX_NS (60 * PW_NSEC_PER_SEC)

struct pw_alertmanager {
	struct pw_post *post;
	struct pw_spool *spool;
	const struct pw_alert_book *book;
	struct pw_alert_way *way;
	uint64_t refresh_ns;
	/* what is under way */
	uint64_t batch[PW_ALERTMANAGER_BATCH]; /* of the spool; none: a refresh */
	size_t batch_count;
	size_t batch_max; /* 1 after a refusal: which of them was it? */
	size_t singles; /* notices to send one by one */
	size_t cursor; /* how many the refresh has sent */
	uint64_t refresh_at_ns, retry_at_ns, backoff_ns;
};

/* ---- the API's form ---------------------------------------------------------------- */

/* Empty labels are none. */
static void put(json_t *object, const char *name, const char *raw)
{
	char text[2048];

	if (!raw[0])
		return;
	pw_text_escape(text, sizeof(text), raw, strlen(raw));
	json_object_set_new(object, name, json_string(text));
}

static void put_number(json_t *object, const char *name, double value)
{
	char text[32];

	if (!isfinite(value))
		return;
	snprintf(text, sizeof(text), "%.9g", value);
	put(object, name, text);
}

static void put_time(json_t *object, const char *name, uint64_t realtime_ns)
{
	char text[PW_RFC3339_LEN];

	json_object_set_new(object, name, json_string(pw_clock_rfc3339(realtime_ns, text)));
}

/* What names the alert: no pid, no figure, nothing that changes while it fires. */
static json_t *labels_of(const struct pw_alert *a)
{
	json_t *labels = json_object();
	char fingerprint[20];

	snprintf(fingerprint, sizeof(fingerprint), "%016" PRIx64, a->fingerprint);
	put(labels, "alertname", a->name);
	put(labels, "severity", a->severity);
	put(labels, "class", a->class);
	put(labels, "series", a->series);
	put(labels, "exe", a->exe);
	put(labels, "cgroup", a->cgroup);
	put(labels, "unit", a->unit);
	put(labels, "container", a->container);
	put(labels, "instance", a->host);
	put(labels, "fingerprint", fingerprint);
	return labels;
}

static json_t *annotations_of(const struct pw_alert *a)
{
	json_t *notes = json_object();

	put(notes, "summary", a->summary);
	put(notes, "description", a->evidence);
	put(notes, "reason", a->reason);
	put(notes, "subject", a->subject);
	put(notes, "comm", a->comm);
	if (a->pid)
		put_number(notes, "pid", a->pid);
	put_number(notes, "members", a->members);
	if (a->count)
		put_number(notes, "count", (double)a->count);
	put_number(notes, "growth_per_hour", a->growth);
	put_number(notes, "confidence", a->confidence);
	put(notes, "limit", a->limit);
	put_number(notes, "seconds_to_limit", a->limit_s);
	return notes;
}

static json_t *form_of(const struct pw_alert *a, uint64_t expires_ns)
{
	json_t *form = json_object();

	json_object_set_new(form, "labels", labels_of(a));
	json_object_set_new(form, "annotations", annotations_of(a));
	put_time(form, "startsAt", a->starts_ns);
	put_time(form, "endsAt", a->state == PW_ALERT_RESOLVED ? a->ends_ns : expires_ns);
	return form;
}

int pw_alertmanager_json(const struct pw_alert *const *alerts, size_t count, uint64_t expires_ns,
			 char **ret, size_t *ret_len)
{
	json_t *list = json_array();
	char *text;

	for (size_t i = 0; i < count; i++)
		json_array_append_new(list, form_of(alerts[i], expires_ns));
	text = json_dumps(list, JSON_COMPACT);
	json_decref(list);
	if (!text)
		return -ENOMEM;
	*ret = text;
	*ret_len = strlen(text);
	return 0;
}

/* ---- sending ------------------------------------------------------------------------ */

static int post_alerts(struct pw_alertmanager *m, const struct pw_alert *const *alerts,
		       size_t count, uint64_t now_ns, uint64_t real_ns)
{
	uint64_t expires_ns = real_ns + PW_ALERTMANAGER_LIVES * m->refresh_ns;
	char *body = NULL;
	size_t len = 0;
	int r = pw_alertmanager_json(alerts, count, expires_ns, &body, &len);

	return r ? r : pw_post_begin(m->post, body, len, now_ns);
}

static bool is_among(const struct pw_alert *alerts, size_t count, uint64_t id)
{
	for (size_t i = 0; i < count; i++) {
		if (pw_alert_id(&alerts[i]) == id)
			return true;
	}
	return false;
}

/*
 * The oldest notices, but no two of one alert: the later one has to find the
 * first one taken. What can't be read is dropped.
 */
static size_t choose(struct pw_alertmanager *m, struct pw_alert *alerts)
{
	size_t max = m->singles ? 1 : PW_ALERTMANAGER_BATCH, n = 0;

	for (size_t i = 0; i < pw_spool_count(m->spool) && n < max;) {
		struct pw_spool_item *item = pw_spool_at(m->spool, i);

		if (pw_alert_from_json(item->text, item->len, &alerts[n])) {
			m->way->dropped++;
			pw_spool_remove(m->spool, item->sequence);
			continue;
		}
		i++;
		if (is_among(alerts, n, pw_alert_id(&alerts[n])))
			continue;
		item->busy = true;
		m->batch[n++] = item->sequence;
	}
	return n;
}

static int send_spooled(struct pw_alertmanager *m, uint64_t now_ns, uint64_t real_ns)
{
	pw_auto_free struct pw_alert *alerts = calloc(PW_ALERTMANAGER_BATCH, sizeof(*alerts));
	const struct pw_alert *list[PW_ALERTMANAGER_BATCH];
	size_t n = alerts ? choose(m, alerts) : 0;

	for (size_t i = 0; i < n; i++)
		list[i] = &alerts[i];
	m->batch_count = n;
	return n ? post_alerts(m, list, n, now_ns, real_ns) : alerts ? 0 : -ENOMEM;
}

static int send_refresh(struct pw_alertmanager *m, uint64_t now_ns, uint64_t real_ns)
{
	const struct pw_alert *list[PW_ALERTMANAGER_BATCH];
	size_t n = pw_alert_book_firing(m->book, m->cursor, list, PW_ALERTMANAGER_BATCH);

	m->batch_count = 0;
	m->cursor += n;
	if (n < PW_ALERTMANAGER_BATCH) {
		m->cursor = 0;
		m->refresh_at_ns = now_ns + m->refresh_ns;
	}
	return n ? post_alerts(m, list, n, now_ns, real_ns) : 0;
}

/* ---- answers ------------------------------------------------------------------------ */

static void release_batch(struct pw_alertmanager *m, bool remove)
{
	for (size_t i = 0; i < m->batch_count; i++) {
		struct pw_spool_item *item = pw_spool_find(m->spool, m->batch[i]);

		if (item)
			item->busy = false;
		if (remove)
			pw_spool_remove(m->spool, m->batch[i]);
	}
	m->batch_count = 0;
}

static void arrived(struct pw_alertmanager *m, uint64_t real_ns)
{
	m->way->sent += m->batch_count;
	m->way->sent_ns = real_ns;
	m->way->error[0] = '\0';
	m->backoff_ns = 0;
	m->retry_at_ns = 0;
	if (m->singles)
		m->singles--;
	release_batch(m, true);
}

/* 400: one of them is not to its taste, so one by one; alone, it is not wanted. */
static void was_refused(struct pw_alertmanager *m)
{
	m->way->failed++;
	if (m->batch_count == 1) {
		m->way->dropped++;
		if (m->singles)
			m->singles--;
		release_batch(m, true);
		return;
	}
	m->singles = m->batch_count;
	release_batch(m, false);
}

static void was_down(struct pw_alertmanager *m, uint64_t now_ns)
{
	m->way->failed++;
	m->backoff_ns = m->backoff_ns ? 2 * m->backoff_ns : BACKOFF_MIN_NS;
	if (m->backoff_ns > BACKOFF_MAX_NS)
		m->backoff_ns = BACKOFF_MAX_NS;
	m->retry_at_ns = now_ns + m->backoff_ns;
	/* A refresh that did not arrive is not done. */
	if (!m->batch_count)
		m->refresh_at_ns = m->retry_at_ns;
	m->cursor = 0;
	release_batch(m, false);
}

static void take_result(struct pw_alertmanager *m, const struct pw_post_result *result,
			uint64_t now_ns, uint64_t real_ns)
{
	if (!result->err && result->status / 100 == 2) {
		arrived(m, real_ns);
		return;
	}
	snprintf(m->way->error, sizeof(m->way->error), "%s", result->words);
	/* 408 and 429 are the answers of one who is busy, not of one who minds. */
	if (!result->err && result->status / 100 == 4 && result->status != 408 &&
	    result->status != 429 && m->batch_count)
		was_refused(m);
	else
		was_down(m, now_ns);
}

static void begin_next(struct pw_alertmanager *m, uint64_t now_ns, uint64_t real_ns)
{
	int r = 0;

	if (now_ns < m->retry_at_ns)
		return;
	if (pw_spool_count(m->spool))
		r = send_spooled(m, now_ns, real_ns);
	else if (now_ns >= m->refresh_at_ns)
		r = send_refresh(m, now_ns, real_ns);
	if (!r)
		return;
	snprintf(m->way->error, sizeof(m->way->error), "cannot send: %s", strerror(-r));
	was_down(m, now_ns);
}

uint64_t pw_alertmanager_run(struct pw_alertmanager *m, uint64_t now_ns, uint64_t real_ns)
{
	struct pw_post_result result;
	uint64_t again;

	if (!pw_post_is_busy(m->post))
		begin_next(m, now_ns, real_ns);
	while (pw_post_run(m->post, now_ns, &result)) {
		take_result(m, &result, now_ns, real_ns);
		begin_next(m, now_ns, real_ns);
	}
	m->way->waiting = pw_spool_count(m->spool);
	if (pw_post_is_busy(m->post))
		return pw_post_wake_ns(m->post, now_ns);
	again = pw_spool_count(m->spool) ? m->retry_at_ns : m->refresh_at_ns;
	return again > m->retry_at_ns ? again : m->retry_at_ns;
}

/* ---- life ----------------------------------------------------------------------------- */

int pw_alertmanager_create(int epoll_fd, const struct pw_url *url, uint64_t refresh_ns,
			   struct pw_spool *spool, const struct pw_alert_book *book,
			   struct pw_alert_way *way, struct pw_alertmanager **ret)
{
	struct pw_alertmanager *m = calloc(1, sizeof(*m));
	int r;

	if (!m)
		return -ENOMEM;
	r = pw_post_create(epoll_fd, url, API_PATH, PW_ALERTMANAGER_TIMEOUT_NS, &m->post);
	if (r) {
		free(m);
		return r;
	}
	m->refresh_ns = refresh_ns;
	m->spool = spool;
	m->book = book;
	m->way = way;
	*ret = m;
	return 0;
}

void pw_alertmanager_destroy(struct pw_alertmanager *m)
{
	if (!m)
		return;
	pw_post_destroy(m->post);
	free(m);
}
