// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <jansson.h>
#include <string.h>
#include <unistd.h>

#include "user/base/cleanup.h"
#include "user/cmd/pid.h"
#include "user/cmd/wipe_source.h"
#include "user/inspect/identity.h"
#include "user/model/loss.h"
#include "user/source/http_client.h"

#define STATUS_BYTES_MAX (1u << 20)
#define STATUS_TIMEOUT_MS 2000

int pw_wipe_wish_bounded(const struct pw_wipe_wish *w, const struct pw_command *c)
{
	if (!w->options.releases || w->options.pid || w->cgroup)
		return PW_OPTION_TAKEN;
	return pw_usage_error(c, "every free of every process is too much to look at: say whose");
}

int pw_wipe_wish_check(struct pw_wipe_wish *w, const char *command, struct pw_error *err)
{
	struct pw_procfs fs;
	int rc = 0;

	pw_procfs_init(&fs, NULL);
	if (w->options.pid)
		rc = pw_pid_check(&fs, w->options.pid, command, err);
	if (!rc && w->cgroup)
		rc = pw_cgroup_find(&fs, w->cgroup, &w->options.cgroup_id, err);
	return rc;
}

/* ---- what the daemon observes ---------------------------------------------------- */

/* The whole body, NUL-terminated; NULL when it is too long or breaks off. */
static char *read_body(struct pw_http_body *body)
{
	pw_auto_free char *text = malloc(STATUS_BYTES_MAX + 1);
	size_t used = 0;
	int64_t n = -1;

	while (text && used < STATUS_BYTES_MAX &&
	       (n = pw_http_body_read(body, text + used, STATUS_BYTES_MAX - used)) > 0)
		used += (size_t)n;
	if (!text || n != 0)
		return NULL;
	text[used] = '\0';
	return pw_steal(text);
}

/* The daemon's status; NULL where none runs, or is not to be asked. */
static json_t *ask_status(const struct pw_common *c)
{
	const char *socket_path = c->socket_path ? c->socket_path : PW_SOURCE_SOCKET;
	struct pw_http_body body;
	struct pw_error ignored;
	pw_auto_free char *text = NULL;

	if (strcmp(socket_path, "none") == 0)
		return NULL;
	if (pw_http_get(socket_path, "/v1/status", STATUS_TIMEOUT_MS, &body, &ignored))
		return NULL;
	text = read_body(&body);
	close(body.fd);
	return text ? json_loads(text, 0, NULL) : NULL;
}

/* Whether what the daemon observes holds all that is wished. */
static bool covers(const json_t *status, const struct pw_wipe_wish *w)
{
	const char *cgroup = json_string_value(json_object_get(status, "wipes_cgroup"));

	if (!json_is_true(json_object_get(status, "wipes")) || w->options.no_kernel ||
	    w->options.read_back_bytes)
		return false;
	if (w->options.releases && !json_is_true(json_object_get(status, "wipes_releases")))
		return false;
	return w->cgroup ? cgroup && strcmp(cgroup, w->cgroup) == 0 : !cgroup;
}

static bool daemon_serves(const struct pw_common *c, const struct pw_wipe_wish *w)
{
	json_t *status = ask_status(c);
	bool serves = status && covers(status, w);

	json_decref(status);
	return serves;
}

bool pw_wipe_source_daemon_sees_module(const struct pw_common *c)
{
	json_t *status = ask_status(c), *part;
	bool sees = false;
	size_t i;

	json_array_foreach(json_object_get(status, "coverage_parts"), i, part)
	{
		const char *what = json_string_value(json_object_get(part, "what"));

		if (what && strcmp(what, pw_coverage_name(PW_COVER_MODULE)) == 0)
			sees = json_is_true(json_object_get(part, "seen"));
	}
	json_decref(status);
	return sees;
}

void pw_wipe_source_choose(struct pw_common *c, const struct pw_wipe_wish *w)
{
	if (c->input || daemon_serves(c, w))
		return;
	c->socket_path = "none";
	c->source.wipes = w->options;
	c->source.wipes.on = true;
	c->source.no_ledger |= !w->ledger;
}

int pw_wipe_source_check(const struct pw_session *s, struct pw_error *err)
{
	const struct pw_model *m = s->model;

	if (m->machine.coverage & (PW_COVER_WIPES | PW_COVER_WIPES_KERNEL))
		return 0;
	if (s->why.what[0]) {
		*err = s->why;
		return geteuid() ? -EPERM : -EOPNOTSUPP;
	}
	pw_error_set(err, geteuid() ? -EPERM : -EOPNOTSUPP,
		     "wipes cannot be observed here: the source is %s", s->source->ops->name);
	pw_error_remedy(err, geteuid() ? "run as root, or ask a daemon with wipes = on" :
					 "pagewarden doctor tells what is missing");
	return geteuid() ? -EPERM : -EOPNOTSUPP;
}
