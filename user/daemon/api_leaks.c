// SPDX-License-Identifier: GPL-2.0-or-later
#include "user/daemon/api_leaks.h"

#include <errno.h>
#include <stdlib.h>

#include "user/daemon/answer.h"
#include "user/daemon/api.h"
#include "user/daemon/state.h"

static bool has_trends(struct pw_daemon *d, struct pw_http_answer *ret)
{
	if (!d->trends)
		pw_api_error(ret, 404, "set trends = on in pagewarden.conf and reload",
			     "leaks are not looked for: trends are switched off");
	return d->trends;
}

/* What the reports stand on; the events' room is freed by the caller. */
static int gather(struct pw_daemon *d, const struct pw_verdict_event ***ret_room,
		  struct pw_leak_material *ret)
{
	const struct pw_verdict_event **events = calloc(PW_VERDICT_EVENTS_MAX, sizeof(*events));
	uint64_t lost;

	if (!events)
		return -ENOMEM;
	*ret = (struct pw_leak_material){
		.trends = d->trends,
		.model = d->model,
		.origin = "daemon",
		.origin_name = d->config.socket_path,
		.watched_ns = pw_trends_now(d->trends) - pw_trends_began(d->trends),
		.events = events,
		.event_count = pw_trends_events(d->trends, 0, events, PW_VERDICT_EVENTS_MAX, &lost),
	};
	*ret_room = events;
	return 0;
}

void pw_api_leaks(struct pw_daemon *d, const struct pw_leak_query *q, struct pw_http_answer *ret)
{
	struct pw_leak_options opt = q->options;
	const struct pw_verdict_event **events = NULL;
	struct pw_shaped_document doc;
	struct pw_leak_material of;
	struct pw_leak_report r;
	int err;

	if (!has_trends(d, ret))
		return;
	opt.pid = q->target.pid;
	opt.cgroup = q->target.cgroup;
	err = gather(d, &events, &of);
	err = err ? err : pw_leak_report_init(&r, &of, &opt);
	if (err) {
		pw_api_error(ret, 500, NULL, "out of memory");
	} else {
		pw_leak_report_document(&r, false, &doc);
		pw_answer_document(ret, &doc.doc);
		pw_leak_report_deinit(&r);
	}
	free(events);
}

void pw_api_explain(struct pw_daemon *d, const struct pw_leak_query *q, struct pw_http_answer *ret)
{
	struct pw_explain_target target = q->target;
	const struct pw_verdict_event **events = NULL;
	struct pw_error why = { 0 };
	struct pw_shaped_document doc;
	struct pw_leak_material of;
	struct pw_explain_report r;
	int err;

	if (!has_trends(d, ret))
		return;
	if (!target.pid && !target.exe && !target.cgroup) {
		pw_api_error(ret, 400, "/v1/leaks lists the suspects",
			     "explain needs pid, exe or cgroup");
		return;
	}
	target.kind = q->target.kind - 1;
	err = gather(d, &events, &of);
	err = err ? err : pw_explain_report_init(&r, &of, &target, &why);
	if (err) {
		pw_api_error(ret,
			     err == -ESRCH  ? 404 :
			     err == -EEXIST ? 400 :
					      500,
			     why.remedy[0] ? why.remedy : NULL, "%s",
			     why.what[0] ? why.what : "out of memory");
	} else {
		pw_explain_report_document(&r, false, true, &doc);
		pw_answer_document(ret, &doc.doc);
		pw_explain_report_deinit(&r);
	}
	free(events);
}

void pw_api_trends(struct pw_daemon *d, struct pw_http_answer *ret)
{
	void *bytes;
	size_t len;

	if (!has_trends(d, ret))
		return;
	if (pw_trends_write_all(d->trends, &bytes, &len)) {
		pw_api_error(ret, 500, NULL, "out of memory");
		return;
	}
	ret->type = "application/octet-stream";
	ret->bytes = bytes;
	ret->len = len;
}
