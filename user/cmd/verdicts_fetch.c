// SPDX-License-Identifier: GPL-2.0-or-later
#include "user/cmd/verdicts_fetch.h"

#include <errno.h>
#include <jansson.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "user/base/cleanup.h"
#include "user/base/clock.h"
#include "user/source/http_client.h"
#include "user/store/trends.h"

#define FETCH_TIMEOUT_MS 10000
#define FETCH_MAX (256u << 20) /* what no table of trends takes */

/* ---- the daemon -------------------------------------------------------------------- */

struct bytes {
	uint8_t *at;
	size_t used, room;
};

static int make_room(struct bytes *b)
{
	size_t room = b->room ? 2 * b->room : 256u << 10;
	uint8_t *at;

	if (b->used < b->room)
		return 0;
	if (room > FETCH_MAX)
		return -E2BIG;
	at = realloc(b->at, room);
	if (!at)
		return -ENOMEM;
	b->at = at;
	b->room = room;
	return 0;
}

static int read_body(struct pw_http_body *body, struct bytes *ret)
{
	for (;;) {
		int rc = make_room(ret);
		int64_t n;

		if (rc)
			return rc;
		n = pw_http_body_read(body, ret->at + ret->used, ret->room - ret->used);
		if (n == -EINTR)
			continue;
		if (n <= 0)
			return (int)n;
		ret->used += (size_t)n;
	}
}

/* The body of the answer, up to the bound; the caller frees ret->at, also after a failure. */
static int get(const char *socket_path, const char *target, struct bytes *ret, struct pw_error *err)
{
	struct pw_http_body body = { .fd = -1 };
	pw_auto_close int fd = -1;
	int rc = pw_http_get(socket_path, target, FETCH_TIMEOUT_MS, &body, err);

	if (rc)
		return rc;
	fd = body.fd;
	rc = read_body(&body, ret);
	return rc ? pw_error_set(err, rc, "cannot read %s of the daemon at %s: %s", target,
				 socket_path, strerror(-rc)) :
		    0;
}

bool pw_daemon_listens(const char *socket_path)
{
	struct pw_http_body body = { .fd = -1 };
	struct pw_error none;
	int rc = pw_http_get(socket_path, "/v1/status", FETCH_TIMEOUT_MS, &body, &none);

	if (body.fd >= 0)
		close(body.fd);
	return rc != -ENOENT && rc != -ECONNREFUSED;
}

int pw_trends_fetch(const char *socket_path, struct pw_trends **ret, struct pw_error *err)
{
	struct bytes all = { 0 };
	int rc = get(socket_path, "/v1/trends", &all, err);

	if (rc) {
		free(all.at);
		return rc;
	}
	rc = pw_trends_read_all(all.at, all.used, ret);
	free(all.at);
	if (rc)
		pw_error_set(err, rc, "cannot take the trends of the daemon at %s: %s", socket_path,
			     rc == -EBADMSG ? "they are of another version, or damaged" :
					      strerror(-rc));
	if (rc == -EBADMSG)
		pw_error_remedy(
			err, "systemctl restart pagewarden, when it was upgraded since its start");
	return rc;
}

bool pw_history_of_daemon(const char *socket_path, char *ret)
{
	struct bytes all = { 0 };
	struct pw_error none;
	json_t *status = NULL;
	const char *path;
	bool told;

	if (!get(socket_path, "/v1/status", &all, &none))
		status = json_loadb((const char *)all.at, all.used, JSON_REJECT_DUPLICATES, NULL);
	path = json_string_value(json_object_get(status, "history_path"));
	/* a path with bytes that were escaped is not that path */
	told = path && !strchr(path, '\\') && snprintf(ret, PATH_MAX, "%s", path) < PATH_MAX;
	json_decref(status);
	free(all.at);
	return told;
}

/* ---- the history's file --------------------------------------------------------------- */

static int open_history(const char *path, struct pw_store **ret, struct pw_error *err)
{
	const struct pw_store_options options = { .read_only = true };
	int rc = pw_store_open(path, &options, ret, err);

	if (rc == -ENOENT)
		pw_error_remedy(err, "the daemon keeps it: systemctl start pagewarden; or name "
				     "another with --history");
	return rc;
}

static int nothing_usable(const char *path, size_t refused, struct pw_error *err)
{
	pw_error_set(err, -ENODATA, "%s holds no series that can be used", path);
	if (refused)
		pw_error_remedy(err,
				"it has %zu that are damaged, of another version, or of another "
				"time scale: name that with --time-scale",
				refused);
	else
		pw_error_remedy(err, "the daemon that wrote it watched no growth; start it anew");
	return -ENODATA;
}

int pw_trends_of_history(const char *path, double time_scale, struct pw_trends **ret,
			 struct pw_error *err)
{
	const struct pw_trends_options opt = { .time_scale = time_scale };
	struct pw_trends_cost cost;
	struct pw_trends *trends;
	struct pw_store *store;
	size_t refused = 0;
	int rc = open_history(path, &store, err);

	if (rc)
		return rc;
	rc = pw_trends_create(&opt, &trends);
	if (rc) {
		pw_store_close(store);
		return pw_error_set(err, rc, "no memory for the series");
	}
	rc = pw_store_restore_trends(store, trends, &refused, err);
	pw_store_close(store);
	pw_trends_cost(trends, &cost);
	if (!rc && !cost.subjects)
		rc = nothing_usable(path, refused, err);
	if (rc)
		pw_trends_destroy(trends);
	else
		*ret = trends;
	return rc;
}

/* ---- changes ----------------------------------------------------------------------------- */

#define STRINGS 5

struct past {
	struct pw_verdict_event *events;
	size_t count, room;
};

/* The strings of an event, each of which has a place in it. */
static void strings_of(struct pw_subject *s, const char **at[STRINGS])
{
	at[0] = &s->exe;
	at[1] = &s->cgroup;
	at[2] = &s->unit;
	at[3] = &s->container;
	at[4] = &s->boot_id;
}

/* One allocation for all of them; the first is where it begins. */
static int own_strings(struct pw_subject *s)
{
	const char **at[STRINGS];
	size_t size = 0;
	char *to;

	strings_of(s, at);
	for (size_t i = 0; i < STRINGS; i++)
		size += strlen(*at[i] ? *at[i] : "") + 1;
	to = malloc(size);
	if (!to)
		return -ENOMEM;
	for (size_t i = 0; i < STRINGS; i++) {
		const char *from = *at[i] ? *at[i] : "";

		*at[i] = to;
		to = stpcpy(to, from) + 1;
	}
	return 0;
}

static int take_change(void *ctx, const struct pw_verdict_event *e)
{
	struct past *p = ctx;
	int rc;

	if (p->count == p->room) {
		size_t room = p->room ? 2 * p->room : 64;
		struct pw_verdict_event *events = reallocarray(p->events, room, sizeof(*events));

		if (!events)
			return -ENOMEM;
		p->events = events;
		p->room = room;
	}
	p->events[p->count] = *e;
	rc = own_strings(&p->events[p->count].subject);
	p->count += !rc;
	return rc;
}

int pw_verdicts_past(const char *path, uint64_t since_ns, struct pw_verdict_event **ret,
		     size_t *ret_count, struct pw_error *err)
{
	uint64_t now = pw_clock_real_ns();
	struct past past = { 0 };
	struct pw_store *store;
	int rc = open_history(path, &store, err);

	if (rc)
		return rc;
	rc = pw_store_each_verdict(store, now > since_ns ? now - since_ns : 0, UINT64_MAX / 2,
				   take_change, &past);
	pw_store_close(store);
	if (rc) {
		pw_verdicts_past_free(past.events, past.count);
		return pw_error_set(err, rc, "cannot read the changes of verdicts from %s: %s",
				    path, strerror(-rc));
	}
	*ret = past.events;
	*ret_count = past.count;
	return 0;
}

void pw_verdicts_past_free(struct pw_verdict_event *events, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free((char *)events[i].subject.exe); /* and the other strings with it */
	free(events);
}
